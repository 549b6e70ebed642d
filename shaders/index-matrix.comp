/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* The lightning indexer (DeepSeek-V3.2-Exp, section 2.1) on a card's matrix units: a workgroup makes the products of
 * COLLATE_TILE keys and as many queries, of whole tokens, or of a part of one token's heads after the other; then it sums
 * up what is positive of them, and only that leaves it. */

#extension GL_GOOGLE_include_directive : require
#define COLLATE_GROUP COLLATE_SPEC_1
#include "collate-common.glsl"
#include "collate-e4m3.glsl"
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require

layout (constant_id = COLLATE_SPEC_1) const uint INVOCATIONS = 128;

/* Of the matrix units: M keys by N queries, K numbers at a time. */
layout (constant_id = COLLATE_SPEC_2) const uint M = 16;
layout (constant_id = COLLATE_SPEC_3) const uint N = 16;
layout (constant_id = COLLATE_SPEC_4) const uint K = 16;
layout (constant_id = COLLATE_SPEC_5) const bool BYTES = false; /* keys are e4m3 with scales */

const uint FOURS = COLLATE_FORM_BLOCK / 4;
const uint PART = COLLATE_TILE_PART;

/* From a row in shared memory to the next, in fours: beside each other they would meet in the same banks. */
const uint STRIDE = FOURS + 2;

layout (binding = 0) readonly buffer Queries
{
  uvec4 halves[]; /* as halve.comp makes them of all heads of all tokens */
};

layout (binding = 1) readonly buffer Weights
{
  float weights[];
};

layout (binding = 2) readonly buffer Keys
{
  uint keys[];
};

layout (binding = 3) readonly buffer Scales
{
  float scales[];
};

layout (binding = 4) writeonly buffer Scores
{
  float scores[];
};

layout (push_constant) uniform Params
{
  CollateShaderIndex params;
};

#define SUMS coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>

SUMS sums[PART / M][PART / N];

shared f16vec4 of_keys[COLLATE_TILE * STRIDE];
shared f16vec4 of_queries[COLLATE_TILE * STRIDE];
shared float products[COLLATE_TILE * COLLATE_TILE]; /* [query][key] */
shared float shares[COLLATE_TILE];                  /* of a query: its head's weight and its own scale */
shared float totals[COLLATE_TILE];                  /* of a key, of the heads so far */

/* Tokens of a tile. */
uint
get_n_tokens ()
{
  return max (COLLATE_TILE / params.n_heads, 1);
}

/* Units of 16 bytes of a query. */
uint
get_stride ()
{
  return params.head_size / 8 + 1;
}

/* Query i of the tile from `head` on; beyond the last token that one's, of which nothing is kept. */
uint
get_query (uint i, uint head)
{
  uint heads = min (params.n_heads, COLLATE_TILE);
  uint token = min (gl_WorkGroupID.y * get_n_tokens () + i / heads, params.n_tokens - 1);

  return token * params.n_heads + head + i % heads;
}

void
stage_key (uint i, uint n, uint last)
{
  uint key = min (gl_WorkGroupID.x * COLLATE_TILE + i, last);
  uint at = params.keys + (key * params.head_size + n * COLLATE_FORM_BLOCK) / (BYTES ? 4 : 2);

  [[unroll]] for (uint f = 0; f < FOURS; f++)
    of_keys[i * STRIDE + f] = BYTES ? f16vec4 (expand_e4m3 (keys[at + f]))
                                    : f16vec4 (unpackFloat2x16 (keys[at + f * 2]), unpackFloat2x16 (keys[at + f * 2 + 1]));
}

void
stage_query (uint i, uint n, uint head)
{
  uint at = params.queries + get_query (i, head) * get_stride () + n * (FOURS / 2);

  [[unroll]] for (uint f = 0; f < FOURS / 2; f++)
    {
      uvec4 eight = halves[at + f];

      of_queries[i * STRIDE + f * 2] = f16vec4 (unpackFloat2x16 (eight.x), unpackFloat2x16 (eight.y));
      of_queries[i * STRIDE + f * 2 + 1] = f16vec4 (unpackFloat2x16 (eight.z), unpackFloat2x16 (eight.w));
    }
}

void
stage_share (uint i, uint head)
{
  uint query = get_query (i, head);

  shares[i] = weights[params.weights + query] *
              uintBitsToFloat (halves[params.queries + query * get_stride () + params.head_size / 8].x);
}

void
stage (uint n, uint head, uint last)
{
  for (uint i = gl_LocalInvocationID.x; i < 2 * COLLATE_TILE; i += INVOCATIONS)
    if (i < COLLATE_TILE)
      stage_key (i, n, last);
    else
      stage_query (i - COLLATE_TILE, n, head);
}

void
clear ()
{
  [[unroll]] for (uint k = 0; k < PART / M; k++)
    [[unroll]] for (uint q = 0; q < PART / N; q++)
      sums[k][q] = SUMS (0);
}

void
add ()
{
  uint first_key = gl_SubgroupID % 2 * PART;
  uint first_query = gl_SubgroupID / 2 * PART;

  for (uint i = 0; i < COLLATE_FORM_BLOCK / K; i++)
    {
      coopmat<float16_t, gl_ScopeSubgroup, K, N, gl_MatrixUseB> queries[PART / N];

      [[unroll]] for (uint q = 0; q < PART / N; q++)
        coopMatLoad (queries[q], of_queries, (first_query + q * N) * STRIDE + i * K / 4, STRIDE,
                     gl_CooperativeMatrixLayoutColumnMajor);
      [[unroll]] for (uint k = 0; k < PART / M; k++)
        {
          coopmat<float16_t, gl_ScopeSubgroup, M, K, gl_MatrixUseA> some_keys;

          coopMatLoad (some_keys, of_keys, (first_key + k * M) * STRIDE + i * K / 4, STRIDE,
                       gl_CooperativeMatrixLayoutRowMajor);
          [[unroll]] for (uint q = 0; q < PART / N; q++)
            sums[k][q] = coopMatMulAdd (some_keys, queries[q], sums[k][q]);
        }
    }
}

/* How a subgroup's numbers lie in its matrices only the card knows: they pass through shared memory. */
void
share ()
{
  uint first = gl_SubgroupID / 2 * PART * COLLATE_TILE + gl_SubgroupID % 2 * PART;

  [[unroll]] for (uint k = 0; k < PART / M; k++)
    [[unroll]] for (uint q = 0; q < PART / N; q++)
      coopMatStore (sums[k][q], products, first + q * N * COLLATE_TILE + k * M, COLLATE_TILE,
                    gl_CooperativeMatrixLayoutColumnMajor);
}

/* The products of all keys and the tile's queries from `head` on. */
void
multiply (uint head, uint last)
{
  clear ();
  for (uint n = 0; n < params.head_size / COLLATE_FORM_BLOCK; n++)
    {
      barrier ();
      stage (n, head, last);
      barrier ();
      add ();
    }
  share ();
  for (uint i = gl_LocalInvocationID.x; i < COLLATE_TILE; i += INVOCATIONS)
    stage_share (i, head);
  barrier ();
}

void
put (uint token, uint key, float total)
{
  if (token < params.n_tokens && key <= (params.position + token) / params.page)
    scores[params.scores + token * params.scores_stride + key] =
        total * params.scale * (BYTES ? scales[params.scales + key] : 1);
}

/* What token t of the tile makes of key i, of some of its heads. */
float
sum_up (uint t, uint i)
{
  uint heads = min (params.n_heads, COLLATE_TILE);
  float total = 0;

  for (uint q = t * heads; q < (t + 1) * heads; q++)
    total += shares[q] * max (products[q * COLLATE_TILE + i], 0);
  return total;
}

/* Of one token, with more heads than a tile has queries. */
void
make_by_heads (uint last)
{
  for (uint head = 0; head < params.n_heads; head += COLLATE_TILE)
    {
      multiply (head, last);
      for (uint i = gl_LocalInvocationID.x; i < COLLATE_TILE; i += INVOCATIONS)
        totals[i] = (head > 0 ? totals[i] : 0) + sum_up (0, i);
    }
  for (uint i = gl_LocalInvocationID.x; i < COLLATE_TILE; i += INVOCATIONS)
    put (gl_WorkGroupID.y, gl_WorkGroupID.x * COLLATE_TILE + i, totals[i]);
}

void
make_by_tokens (uint last)
{
  multiply (0, last);
  for (uint i = gl_LocalInvocationID.x; i < get_n_tokens () * COLLATE_TILE; i += INVOCATIONS)
    put (gl_WorkGroupID.y * get_n_tokens () + i / COLLATE_TILE,
         gl_WorkGroupID.x * COLLATE_TILE + i % COLLATE_TILE,
         sum_up (i / COLLATE_TILE, i % COLLATE_TILE));
}

void
main ()
{
  uint last_token = min ((gl_WorkGroupID.y + 1) * get_n_tokens (), params.n_tokens) - 1;
  uint last = (params.position + last_token) / params.page;

  if (gl_WorkGroupID.x * COLLATE_TILE > last)
    return;
  if (params.n_heads > COLLATE_TILE)
    make_by_heads (last);
  else
    make_by_tokens (last);
}
