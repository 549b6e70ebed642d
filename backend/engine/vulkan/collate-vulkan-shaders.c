/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-shaders.h"

#include <collate-shader-code.h>

/* SPIR-V in this program, and what its host has to know of it. */

#define SHADER(code, n_bindings, written, params, divisible)                                                 \
  {                                                                                                          \
    shader_##code, sizeof (shader_##code), n_bindings, written, params, divisible                            \
  }

#define FORMS(X)                                                                                             \
  X (COLLATE_FORM_F32, f32)                                                                                  \
  X (COLLATE_FORM_F16, f16)                                                                                  \
  X (COLLATE_FORM_BF16, bf16)                                                                                \
  QUANTS (X)

#define QUANTS(X)                                                                                            \
  X (COLLATE_FORM_Q8, q8)                                                                                    \
  X (COLLATE_FORM_Q4, q4)                                                                                    \
  X (COLLATE_FORM_Q5, q5)                                                                                    \
  X (COLLATE_FORM_Q4_K, q4_k)                                                                                \
  X (COLLATE_FORM_Q5_K, q5_k)                                                                                \
  X (COLLATE_FORM_Q6_K, q6_k)

#define EMBED(form, name)                                                                                    \
  [COLLATE_SHADER_EMBED + (form)] = SHADER (embed_##name, 5, 1 << 4, sizeof (CollateShaderEmbed), FALSE),
#define MATMUL(form, name)                                                                                   \
  [COLLATE_SHADER_MATMUL + (form)] = SHADER (matmul_##name, 6, 1 << 4, sizeof (CollateShaderMatmul), TRUE),
#define DOT(form, name)                                                                                      \
  [COLLATE_SHADER_DOT + (form)] = SHADER (dot_##name, 6, 1 << 4, sizeof (CollateShaderMatmul), TRUE),
#define TILE(form, name)                                                                                     \
  [COLLATE_SHADER_TILE + (form)] = SHADER (tile_##name, 6, 1 << 4, sizeof (CollateShaderMatmul), TRUE),
#define MATRIX(form, name)                                                                                   \
  [COLLATE_SHADER_MATRIX + (form)] = SHADER (matrix_##name, 6, 1 << 4, sizeof (CollateShaderMatmul), TRUE),

static const CollateShader shaders[COLLATE_SHADER_N_SHADERS] = {
  [COLLATE_SHADER_PROBE] = SHADER (probe, 1, 1 << 0, 0, FALSE),
  [COLLATE_SHADER_RMS_NORM] = SHADER (rms_norm, 3, 1 << 2, sizeof (CollateShaderNorm), FALSE),
  [COLLATE_SHADER_ROPE] = SHADER (rope, 3, 1 << 2, sizeof (CollateShaderRope), FALSE),
  [COLLATE_SHADER_STORE] = SHADER (store, 4, 1 << 2 | 1 << 3, sizeof (CollateShaderStore), FALSE),
  [COLLATE_SHADER_ATTENTION] = SHADER (attention, 5, 1 << 3, sizeof (CollateShaderAttention), TRUE),
  [COLLATE_SHADER_COMBINE] = SHADER (combine, 2, 1 << 1, sizeof (CollateShaderCombine), FALSE),
  [COLLATE_SHADER_SWIGLU] = SHADER (swiglu, 3, 1 << 2, sizeof (CollateShaderSwiglu), FALSE),
  [COLLATE_SHADER_HALVE] = SHADER (halve, 2, 1 << 1, sizeof (CollateShaderConvert), FALSE),
  [COLLATE_SHADER_QUANTISE] = SHADER (quantise, 2, 1 << 1, sizeof (CollateShaderConvert), FALSE),
  [COLLATE_SHADER_LAYER_NORM] = SHADER (layer_norm, 4, 1 << 3, sizeof (CollateShaderNorm), FALSE),
  [COLLATE_SHADER_HADAMARD] = SHADER (hadamard, 1, 1 << 0, sizeof (CollateShaderHadamard), FALSE),
  [COLLATE_SHADER_STORE_BYTES] =
      SHADER (store_bytes, 3, 1 << 1 | 1 << 2, sizeof (CollateShaderStoreBytes), FALSE),
  [COLLATE_SHADER_BOUND] = SHADER (bound, 2, 1 << 1, sizeof (CollateShaderBound), FALSE),
  [COLLATE_SHADER_SUM_SIGNS] = SHADER (sum_signs, 2, 1 << 1, sizeof (CollateShaderSumSigns), FALSE),
  [COLLATE_SHADER_INDEX] = SHADER (index, 5, 1 << 4, sizeof (CollateShaderIndex), TRUE),
  [COLLATE_SHADER_SELECT] = SHADER (select, 2, 1 << 1, sizeof (CollateShaderSelect), TRUE),
  [COLLATE_SHADER_MARK] = SHADER (mark, 2, 1 << 1, sizeof (CollateShaderMark), FALSE),
  [COLLATE_SHADER_ROUTE] = SHADER (route, 4, 1 << 2 | 1 << 3, sizeof (CollateShaderRoute), FALSE),
  [COLLATE_SHADER_SORT_EXPERTS] = SHADER (sort_experts, 2, 1 << 1, sizeof (CollateShaderSort), FALSE),
  [COLLATE_SHADER_SUM_EXPERTS] = SHADER (sum_experts, 3, 1 << 2, sizeof (CollateShaderSumExperts), FALSE),
  FORMS (EMBED) FORMS (MATMUL) FORMS (TILE)
#if HAVE_DOT_SHADERS
      QUANTS (DOT)
#endif
#if HAVE_MATRIX_SHADERS
          [COLLATE_SHADER_INDEX_MATRIX] = SHADER (index_matrix, 5, 1 << 4, sizeof (CollateShaderIndex), TRUE),
  [COLLATE_SHADER_PROBE_MATRICES] = SHADER (probe_matrices, 1, 1 << 0, 0, FALSE),
  FORMS (MATRIX)
#endif
};

const CollateShader *
collate_shader_get (CollateShaderId id)
{
  return &shaders[id];
}
