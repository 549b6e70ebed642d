/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-shaders.h"

/* SPIR-V in this program, and what its host has to know of it. */

#define CODE(name) static const guint32 name[] =

CODE (probe){
#include <probe.spv>
};

CODE (rms_norm){
#include <rms-norm.spv>
};

CODE (rope){
#include <rope.spv>
};

CODE (store){
#include <store.spv>
};

CODE (attention){
#include <attention.spv>
};

CODE (combine){
#include <combine.spv>
};

CODE (swiglu){
#include <swiglu.spv>
};

CODE (embed_f32){
#include <embed-f32.spv>
};

CODE (embed_f16){
#include <embed-f16.spv>
};

CODE (embed_bf16){
#include <embed-bf16.spv>
};

CODE (embed_q8){
#include <embed-q8.spv>
};

CODE (embed_q4){
#include <embed-q4.spv>
};

CODE (embed_q5){
#include <embed-q5.spv>
};

CODE (embed_q4_k){
#include <embed-q4-k.spv>
};

CODE (embed_q5_k){
#include <embed-q5-k.spv>
};

CODE (embed_q6_k){
#include <embed-q6-k.spv>
};

CODE (matmul_f32){
#include <matmul-f32.spv>
};

CODE (matmul_f16){
#include <matmul-f16.spv>
};

CODE (matmul_bf16){
#include <matmul-bf16.spv>
};

CODE (matmul_q8){
#include <matmul-q8.spv>
};

CODE (matmul_q4){
#include <matmul-q4.spv>
};

CODE (matmul_q5){
#include <matmul-q5.spv>
};

CODE (matmul_q4_k){
#include <matmul-q4-k.spv>
};

CODE (matmul_q5_k){
#include <matmul-q5-k.spv>
};

CODE (matmul_q6_k){
#include <matmul-q6-k.spv>
};

#define SHADER(code, n_bindings, written, params, divisible)                                                 \
  {                                                                                                          \
    code, sizeof (code), n_bindings, written, params, divisible                                              \
  }
#define EMBED(form, code)                                                                                    \
  [COLLATE_SHADER_EMBED + (form)] = SHADER (code, 5, 1 << 4, sizeof (CollateShaderEmbed), FALSE)
#define MATMUL(form, code)                                                                                   \
  [COLLATE_SHADER_MATMUL + (form)] = SHADER (code, 6, 1 << 4, sizeof (CollateShaderMatmul), TRUE)

static const CollateShader shaders[COLLATE_SHADER_N_SHADERS] = {
  [COLLATE_SHADER_PROBE] = SHADER (probe, 1, 1 << 0, 0, FALSE),
  [COLLATE_SHADER_RMS_NORM] = SHADER (rms_norm, 3, 1 << 2, sizeof (CollateShaderNorm), FALSE),
  [COLLATE_SHADER_ROPE] = SHADER (rope, 2, 1 << 0, sizeof (CollateShaderRope), FALSE),
  [COLLATE_SHADER_STORE] = SHADER (store, 4, 1 << 2 | 1 << 3, sizeof (CollateShaderStore), FALSE),
  [COLLATE_SHADER_ATTENTION] = SHADER (attention, 4, 1 << 3, sizeof (CollateShaderAttention), TRUE),
  [COLLATE_SHADER_COMBINE] = SHADER (combine, 2, 1 << 1, sizeof (CollateShaderCombine), FALSE),
  [COLLATE_SHADER_SWIGLU] = SHADER (swiglu, 3, 1 << 2, sizeof (CollateShaderSwiglu), FALSE),
  EMBED (COLLATE_FORM_F32, embed_f32),
  EMBED (COLLATE_FORM_F16, embed_f16),
  EMBED (COLLATE_FORM_BF16, embed_bf16),
  EMBED (COLLATE_FORM_Q8, embed_q8),
  EMBED (COLLATE_FORM_Q4, embed_q4),
  EMBED (COLLATE_FORM_Q5, embed_q5),
  EMBED (COLLATE_FORM_Q4_K, embed_q4_k),
  EMBED (COLLATE_FORM_Q5_K, embed_q5_k),
  EMBED (COLLATE_FORM_Q6_K, embed_q6_k),
  MATMUL (COLLATE_FORM_F32, matmul_f32),
  MATMUL (COLLATE_FORM_F16, matmul_f16),
  MATMUL (COLLATE_FORM_BF16, matmul_bf16),
  MATMUL (COLLATE_FORM_Q8, matmul_q8),
  MATMUL (COLLATE_FORM_Q4, matmul_q4),
  MATMUL (COLLATE_FORM_Q5, matmul_q5),
  MATMUL (COLLATE_FORM_Q4_K, matmul_q4_k),
  MATMUL (COLLATE_FORM_Q5_K, matmul_q5_k),
  MATMUL (COLLATE_FORM_Q6_K, matmul_q6_k),
};

const CollateShader *
collate_shader_get (CollateShaderId id)
{
  return &shaders[id];
}
