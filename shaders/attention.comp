/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Causal attention of grouped queries (arXiv:2305.13245) in one pass over the keys, with a running maximum and sum
 * (arXiv:1805.02867). The queries that read the same keys, of all tokens and of all heads of a group, stand in a row: a
 * workgroup takes QUERIES of them. It takes as many keys at once as it has lanes: a lane makes the scores of one key;
 * then each lane adds up a part of the head's numbers, two at a time, over these keys. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

layout (constant_id = COLLATE_SPEC_1) const uint QUERIES = 1;
layout (constant_id = COLLATE_SPEC_2) const uint HEAD = 64;
layout (constant_id = COLLATE_SPEC_3) const bool EVEN = true;   /* rows of the caches begin with a word */
layout (constant_id = COLLATE_SPEC_4) const bool SPLIT = false; /* between workgroups, by keys */

const uint PAIRS = ((HEAD + 1) / 2 + LANES - 1) / LANES; /* a lane's part of a head */
const float NOTHING = -3e38;

layout (binding = 0) readonly buffer Queries
{
  float queries[];
};

layout (binding = 1) readonly buffer Keys
{
  uint keys[];
};

layout (binding = 2) readonly buffer Values
{
  uint values[];
};

layout (binding = 3) writeonly buffer Out
{
  float numbers[];
};

layout (push_constant) uniform Params
{
  CollateShaderAttention params;
};

float largest[QUERIES];
float sums[QUERIES];
vec2 heads[QUERIES][PAIRS];

/* Numbers n and n + 1 of a row that begins at element `row` of a cache. */
vec2
load_key (uint row, uint n)
{
  if (EVEN)
    return unpackHalf2x16 (keys[(row + n) / 2]);

  uint first = row + min (n, HEAD - 1);
  uint second = row + min (n + 1, HEAD - 1);
  return vec2 (unpackHalf2x16 (keys[first / 2])[first % 2], unpackHalf2x16 (keys[second / 2])[second % 2]);
}

vec2
load_value (uint row, uint n)
{
  if (EVEN)
    return unpackHalf2x16 (values[(row + n) / 2]);

  uint first = row + min (n, HEAD - 1);
  uint second = row + min (n + 1, HEAD - 1);
  return vec2 (unpackHalf2x16 (values[first / 2])[first % 2],
               unpackHalf2x16 (values[second / 2])[second % 2]);
}

uint
get_group ()
{
  return params.n_heads / params.n_kv_heads;
}

/* The queries of a group, token after token; beyond the end the last one, of which nothing is kept. */
uint
get_token (uint query)
{
  return min (query / get_group (), params.n_tokens - 1);
}

uint
get_head (uint query)
{
  return gl_WorkGroupID.y * get_group () + query % get_group ();
}

/* The scores of this lane's key, of which `row` is the first element. */
void
make_scores (uint first_query, uint row, out float scores[QUERIES])
{
  [[unroll]] for (uint q = 0; q < QUERIES; q++)
    scores[q] = 0;

  for (uint n = 0; n < HEAD; n += LANES)
    {
      float loaded[QUERIES];

      [[unroll]] for (uint q = 0; q < QUERIES; q++)
        {
          uint at = params.queries + get_token (first_query + q) * params.stride +
                    get_head (first_query + q) * HEAD + n + get_lane ();

          loaded[q] = n + get_lane () < HEAD ? queries[at] : 0;
        }
      [[unroll]] for (uint i = 0; i < LANES; i += 2)
        {
          /* Beyond the head there are zeros to multiply with, but nothing to load. */
          vec2 key = load_key (row, EVEN ? min (n + i, HEAD - 2) : n + i);

          [[unroll]] for (uint q = 0; q < QUERIES; q++)
            scores[q] += subgroupBroadcast (loaded[q], i) * key.x + subgroupBroadcast (loaded[q], i + 1) * key.y;
        }
    }
}

/* Takes the keys from `first` on, which end before `end`. */
void
add_keys (uint first_query, uint first, uint end, float scores[QUERIES])
{
  float weights[QUERIES];
  uint columns = params.n_kv_heads * HEAD;

  [[unroll]] for (uint q = 0; q < QUERIES; q++)
    {
      uint last = params.position + get_token (first_query + q);
      bool seen = first + get_lane () < end && first + get_lane () <= last;
      float most = max (largest[q], subgroupMax (seen ? scores[q] * params.scale : NOTHING));
      float factor = exp (largest[q] - most);

      weights[q] = seen ? exp (scores[q] * params.scale - most) : 0;
      sums[q] = sums[q] * factor + subgroupAdd (weights[q]);
      largest[q] = most;
      [[unroll]] for (uint p = 0; p < PAIRS; p++)
        heads[q][p] *= factor;
    }

  [[unroll]] for (uint i = 0; i < LANES; i++)
    {
      uint row = params.value_cache + min (first + i, end - 1) * columns + gl_WorkGroupID.y * HEAD;

      [[unroll]] for (uint p = 0; p < PAIRS; p++)
        {
          uint n = (p * LANES + get_lane ()) * 2;
          vec2 value = load_value (row, EVEN ? min (n, HEAD - 2) : n);

          [[unroll]] for (uint q = 0; q < QUERIES; q++)
            heads[q][p] += subgroupBroadcast (weights[q], i) * value;
        }
    }
}

void
put (uint at, uint n, float number)
{
  if (n < HEAD)
    numbers[at + n] = number;
}

void
put_query (uint query, uint q)
{
  uint n = get_token (query) * params.n_heads + get_head (query);
  uint at = params.out_offset + n * HEAD;
  float factor = SPLIT ? 1 : 1 / sums[q];

  if (SPLIT)
    {
      at = params.out_offset + (n * params.n_chunks + gl_WorkGroupID.z) * (HEAD + 2) + 2;
      if (get_lane () == 0)
        {
          numbers[at - 2] = largest[q];
          numbers[at - 1] = sums[q];
        }
    }
  [[unroll]] for (uint p = 0; p < PAIRS; p++)
    {
      uint i = (p * LANES + get_lane ()) * 2;

      put (at, i, heads[q][p].x * factor);
      put (at, i + 1, heads[q][p].y * factor);
    }
}

void
main ()
{
  uint first_query = gl_WorkGroupID.x * QUERIES;
  uint n_seen = params.position + get_token (first_query + QUERIES - 1) + 1;
  uint first = gl_WorkGroupID.z * params.chunk;
  uint end = min (first + params.chunk, n_seen);
  uint columns = params.n_kv_heads * HEAD;

  [[unroll]] for (uint q = 0; q < QUERIES; q++)
    {
      largest[q] = NOTHING;
      sums[q] = 0;
      [[unroll]] for (uint p = 0; p < PAIRS; p++)
        heads[q][p] = vec2 (0);
    }

  for (uint key = first; key < end; key += LANES)
    {
      uint row = params.key_cache + min (key + get_lane (), end - 1) * columns + gl_WorkGroupID.y * HEAD;
      float scores[QUERIES];

      make_scores (first_query, row, scores);
      add_keys (first_query, key, end, scores);
    }

  [[unroll]] for (uint q = 0; q < QUERIES; q++)
    if (first_query + q < params.n_tokens * get_group ())
      put_query (first_query + q, q);
}
