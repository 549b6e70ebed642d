/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Multiplies two matrices of known numbers on the matrix units, for the host to see whether they do what they should. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require

layout (constant_id = COLLATE_SPEC_2) const uint M = 16;
layout (constant_id = COLLATE_SPEC_3) const uint N = 16;
layout (constant_id = COLLATE_SPEC_4) const uint K = 16;

layout (binding = 0) buffer Out
{
  float products[]; /* [N][M] */
};

shared f16vec4 rows[M * K / 4];
shared f16vec4 tokens[N * K / 4];
shared float sums[N * M];

f16vec4
make_four (uint i, uint modulus)
{
  return f16vec4 ((uvec4 (i * 4) + uvec4 (0, 1, 2, 3)) % modulus);
}

void
main ()
{
  coopmat<float16_t, gl_ScopeSubgroup, M, K, gl_MatrixUseA> a;
  coopmat<float16_t, gl_ScopeSubgroup, K, N, gl_MatrixUseB> b;
  coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator> c;

  for (uint i = get_lane (); i < M * K / 4; i += LANES)
    rows[i] = make_four (i, COLLATE_PROBE_ROWS);
  for (uint i = get_lane (); i < N * K / 4; i += LANES)
    tokens[i] = make_four (i, COLLATE_PROBE_TOKENS);
  barrier ();

  coopMatLoad (a, rows, 0, K / 4, gl_CooperativeMatrixLayoutRowMajor);
  coopMatLoad (b, tokens, 0, K / 4, gl_CooperativeMatrixLayoutColumnMajor);
  c = coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator> (1);
  c = coopMatMulAdd (a, b, c);
  coopMatStore (c, sums, 0, M, gl_CooperativeMatrixLayoutColumnMajor);
  barrier ();

  for (uint i = get_lane (); i < N * M; i += LANES)
    products[i] = sums[i];
}
