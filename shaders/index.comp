/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* What each key is worth to each token: the lightning indexer (DeepSeek-V3.2-Exp, section 2.1), or plain products. A lane
 * takes a key, a workgroup TOKENS tokens, HEADS of their heads at once: products are summed up as they come. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"
#include "collate-e4m3.glsl"

layout (constant_id = COLLATE_SPEC_1) const uint TOKENS = 1;
layout (constant_id = COLLATE_SPEC_2) const uint HEADS = 8;
layout (constant_id = COLLATE_SPEC_3) const bool BYTES = false;  /* keys are e4m3 with scales */
layout (constant_id = COLLATE_SPEC_4) const bool HALVED = false; /* queries are rounded as for matrix units */

layout (binding = 0) readonly buffer Queries
{
  float queries[];
};

layout (binding = 0) readonly buffer Halves
{
  uint halves[]; /* as halve.comp makes them of all heads of all tokens */
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

/* Numbers n to n + 3 of the key that begins at word `row`. */
vec4
load_key (uint row, uint n)
{
  if (BYTES)
    return expand_e4m3 (keys[row + n / 4]);
  return vec4 (unpackHalf2x16 (keys[row + n / 2]), unpackHalf2x16 (keys[row + n / 2 + 1]));
}

uint
get_token (uint t)
{
  return min (gl_WorkGroupID.y * TOKENS + t, params.n_tokens - 1);
}

/* Words of a query. */
uint
get_stride ()
{
  return params.head_size / 2 + 4;
}

float
load_query (uint query, uint n)
{
  if (HALVED)
    return unpackHalf2x16 (halves[params.queries + query * get_stride () + n / 2])[n % 2];
  return queries[params.queries + query * params.head_size + n];
}

/* What a query's sum is multiplied with: its head's weight, and its own scale. */
float
get_share (uint query)
{
  float weight = params.has_weights != 0 ? weights[params.weights + query] : 1;

  return HALVED ? weight * uintBitsToFloat (halves[params.queries + query * get_stride () + params.head_size / 2])
                : weight;
}

/* Adds to each token's total what some heads from `head` on say of the key. */
void
add_heads (uint head, uint row, inout float totals[TOKENS])
{
  float sums[TOKENS][HEADS];

  [[unroll]] for (uint t = 0; t < TOKENS; t++)
    [[unroll]] for (uint h = 0; h < HEADS; h++)
      sums[t][h] = 0;

  for (uint n = 0; n < params.head_size; n += LANES)
    {
      float loaded[TOKENS][HEADS];
      uint mine = min (n + get_lane (), params.head_size - 1);

      [[unroll]] for (uint t = 0; t < TOKENS; t++)
        [[unroll]] for (uint h = 0; h < HEADS; h++)
          {
            uint at = get_token (t) * params.n_heads + min (head + h, params.n_heads - 1);

            loaded[t][h] = n + get_lane () < params.head_size ? load_query (at, mine) : 0;
          }
      [[unroll]] for (uint i = 0; i < LANES; i += 4)
        {
          /* Beyond the head there are zeros to multiply with, but nothing to load. */
          vec4 key = load_key (row, min (n + i, params.head_size - 4));

          [[unroll]] for (uint t = 0; t < TOKENS; t++)
            [[unroll]] for (uint h = 0; h < HEADS; h++)
              [[unroll]] for (uint c = 0; c < 4; c++)
                sums[t][h] = fma (subgroupBroadcast (loaded[t][h], i + c), key[c], sums[t][h]);
        }
    }

  [[unroll]] for (uint t = 0; t < TOKENS; t++)
    [[unroll]] for (uint h = 0; h < HEADS; h++)
      if (head + h < params.n_heads)
        {
          float share = get_share (get_token (t) * params.n_heads + head + h);

          totals[t] = fma (share, params.has_weights != 0 ? max (sums[t][h], 0) : sums[t][h], totals[t]);
        }
}

void
main ()
{
  uint first = (gl_WorkGroupID.z * COLLATE_INDEX_GROUPS + gl_WorkGroupID.x) * LANES;
  uint last = (params.position + get_token (TOKENS - 1)) / params.page;
  uint key = min (first + get_lane (), last);
  uint row = params.keys + key * (params.head_size / (BYTES ? 4 : 2));
  float totals[TOKENS];

  if (first > last)
    return;
  [[unroll]] for (uint t = 0; t < TOKENS; t++)
    totals[t] = 0;
  for (uint head = 0; head < params.n_heads; head += HEADS)
    add_heads (head, row, totals);

  float scale = params.scale * (BYTES ? scales[params.scales + key] : 1);

  [[unroll]] for (uint t = 0; t < TOKENS; t++)
    {
      uint token = gl_WorkGroupID.y * TOKENS + t;

      if (token < params.n_tokens && first + get_lane () <= (params.position + token) / params.page)
        scores[params.scores + token * params.scores_stride + key] = totals[t] * scale;
    }
}
