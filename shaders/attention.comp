/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Causal attention of grouped queries (arXiv:2305.13245) in one pass over the keys, with a running maximum and sum
 * (arXiv:1805.02867). The queries that read the same keys, of all tokens and of all heads of a group, stand in a row: a
 * workgroup takes QUERIES of them. It takes as many keys at once as it has lanes: a lane makes the scores of one key;
 * then each lane adds up a part of the value's numbers, two at a time, over these keys.
 *
 * With SELECTED each token reads the keys of a list of its own, and a workgroup takes queries of one token. With MARKED it
 * reads those of all keys that are marked for it, and what no query of a workgroup reads is passed over. Where that are all
 * visible keys, each query's sums are made in the same order as without a list, of the same operations: what could be
 * contracted or not is written out. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

layout (constant_id = COLLATE_SPEC_1) const uint QUERIES = 1;
layout (constant_id = COLLATE_SPEC_2) const uint HEAD = 64;
layout (constant_id = COLLATE_SPEC_3) const bool EVEN = true;   /* rows of the caches begin with a word */
layout (constant_id = COLLATE_SPEC_4) const bool SPLIT = false; /* between workgroups, by keys */
layout (constant_id = COLLATE_SPEC_5) const uint VALUE = 64;
layout (constant_id = COLLATE_SPEC_6) const uint READS = COLLATE_READ_ALL;

const bool SELECTED = READS == COLLATE_READ_LIST;
const bool MARKED = READS == COLLATE_READ_MARKED;

const uint PAIRS = ((VALUE + 1) / 2 + LANES - 1) / LANES; /* a lane's part of a value */

/* More than this stays in no registers, and would be too much to unroll. */
const bool STAGED = PAIRS > COLLATE_MOST_PAIRS;
const uint HELD = STAGED ? 1 : PAIRS;
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

layout (binding = 4) readonly buffer Selected
{
  uint selected[];
};

layout (push_constant) uniform Params
{
  CollateShaderAttention params;
};

float largest[QUERIES];
float sums[QUERIES];
vec2 heads[QUERIES][HELD];
shared vec2 staged[STAGED ? QUERIES * PAIRS * LANES : 1]; /* [query][pair][lane], each lane's its own */

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

  uint first = row + min (n, VALUE - 1);
  uint second = row + min (n + 1, VALUE - 1);
  return vec2 (unpackHalf2x16 (values[first / 2])[first % 2],
               unpackHalf2x16 (values[second / 2])[second % 2]);
}

uint
get_group ()
{
  return params.n_heads / params.n_kv_heads;
}

/* From token to token: with lists, whole workgroups. */
uint
get_queries_of_token ()
{
  return SELECTED ? (get_group () + QUERIES - 1) / QUERIES * QUERIES : get_group ();
}

/* The queries of a group, token after token; beyond the end the last one, of which nothing is kept. */
uint
get_token (uint query)
{
  return min (query / get_queries_of_token (), params.n_tokens - 1);
}

uint
get_head (uint query)
{
  return gl_WorkGroupID.y * get_group () + min (query % get_queries_of_token (), get_group () - 1);
}

bool
is_kept (uint query)
{
  return query < params.n_tokens * get_queries_of_token () && query % get_queries_of_token () < get_group ();
}

/* Where key n of those that a token reads stands. */
uint
get_position (uint token, uint n)
{
  return SELECTED ? selected[params.selected + token * params.n_selected + n] : n;
}

/* Whether a token reads a key, of those that are marked. */
bool
is_marked (uint token, uint key)
{
  return (selected[params.selected + token * params.n_selected + key / 32] >> key % 32 & 1) != 0;
}

/* Whether any query reads any of the lanes' keys. */
bool
is_wanted (uint first_query, uint key, uint end)
{
  bool mine = false;

  [[unroll]] for (uint q = 0; q < QUERIES; q++)
    mine = mine || (key < end && is_marked (get_token (first_query + q), key));
  return subgroupBallotBitCount (subgroupBallot (mine)) > 0;
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
            {
              scores[q] = fma (subgroupBroadcast (loaded[q], i), key.x, scores[q]);
              scores[q] = fma (subgroupBroadcast (loaded[q], i + 1), key.y, scores[q]);
            }
        }
    }
}

/* Where key i of those from `first` on has its value. */
uint
get_value_row (uint i, uint first, uint end, uint position)
{
  uint at = SELECTED ? subgroupBroadcast (position, i) : min (first + i, end - 1);

  return params.value_cache + at * params.value_stride + gl_WorkGroupID.y * VALUE;
}

vec2
load_pair (uint row, uint p)
{
  uint n = (p * LANES + get_lane ()) * 2;

  return load_value (row, EVEN ? min (n, VALUE - 2) : n);
}

uint
find_staged (uint q, uint p)
{
  return (q * PAIRS + p) * LANES + get_lane ();
}

void
add_values (uint first, uint end, uint position, float factors[QUERIES], float weights[QUERIES])
{
  [[unroll]] for (uint q = 0; q < QUERIES; q++)
    [[unroll]] for (uint p = 0; p < HELD; p++)
      heads[q][p] *= factors[q];

  [[unroll]] for (uint i = 0; i < LANES; i++)
    {
      uint row = get_value_row (i, first, end, position);

      [[unroll]] for (uint p = 0; p < HELD; p++)
        {
          vec2 value = load_pair (row, p);

          [[unroll]] for (uint q = 0; q < QUERIES; q++)
            heads[q][p] = fma (vec2 (subgroupBroadcast (weights[q], i)), value, heads[q][p]);
        }
    }
}

/* The same, a pair of all queries after the other. */
void
add_staged_values (uint first, uint end, uint position, float factors[QUERIES], float weights[QUERIES])
{
  [[dont_unroll]] for (uint p = 0; p < PAIRS; p++)
    {
      vec2 pairs[QUERIES];

      [[unroll]] for (uint q = 0; q < QUERIES; q++)
        pairs[q] = staged[find_staged (q, p)] * factors[q];
      [[unroll]] for (uint i = 0; i < LANES; i++)
        {
          vec2 value = load_pair (get_value_row (i, first, end, position), p);

          [[unroll]] for (uint q = 0; q < QUERIES; q++)
            pairs[q] = fma (vec2 (subgroupBroadcast (weights[q], i)), value, pairs[q]);
        }
      [[unroll]] for (uint q = 0; q < QUERIES; q++)
        staged[find_staged (q, p)] = pairs[q];
    }
}

/* Takes the keys from `first` on, which end before `end`; `position` is where this lane's key stands. */
void
add_keys (uint first_query, uint first, uint end, uint position, float scores[QUERIES])
{
  float weights[QUERIES];
  float factors[QUERIES];

  [[unroll]] for (uint q = 0; q < QUERIES; q++)
    {
      uint last = params.position + get_token (first_query + q);
      bool seen = first + get_lane () < end && (SELECTED || first + get_lane () <= last);

      if (MARKED && seen)
        seen = is_marked (get_token (first_query + q), first + get_lane ());

      precise float score = seen ? scores[q] * params.scale : NOTHING;
      float most = max (largest[q], subgroupMax (score));

      factors[q] = most == largest[q] ? 1 : exp (largest[q] - most);
      weights[q] = seen ? exp (score - most) : 0;
      sums[q] = fma (sums[q], factors[q], subgroupAdd (weights[q]));
      largest[q] = most;
    }
  if (STAGED)
    add_staged_values (first, end, position, factors, weights);
  else
    add_values (first, end, position, factors, weights);
}

void
put (uint at, uint n, float number)
{
  if (n < VALUE)
    numbers[at + n] = number;
}

void
put_pair (uint at, uint p, vec2 pair)
{
  uint n = (p * LANES + get_lane ()) * 2;

  put (at, n, pair.x);
  put (at, n + 1, pair.y);
}

void
put_query (uint query, uint q)
{
  uint n = get_token (query) * params.n_heads + get_head (query);
  uint at = params.out_offset + n * VALUE;
  float factor = SPLIT ? 1 : 1 / sums[q];

  if (SPLIT)
    {
      at = params.out_offset + (n * params.n_chunks + gl_WorkGroupID.z) * (VALUE + 2) + 2;
      if (get_lane () == 0)
        {
          numbers[at - 2] = largest[q];
          numbers[at - 1] = sums[q];
        }
    }
  if (STAGED)
    [[dont_unroll]] for (uint p = 0; p < PAIRS; p++)
      put_pair (at, p, staged[find_staged (q, p)] * factor);
  else
    [[unroll]] for (uint p = 0; p < HELD; p++)
      put_pair (at, p, heads[q][p] * factor);
}

void
main ()
{
  uint first_query = gl_WorkGroupID.x * QUERIES;
  uint token = get_token (first_query + QUERIES - 1);
  uint n_seen = params.position + token + 1;
  uint n_read = SELECTED ? min (n_seen, params.n_selected) : n_seen;
  uint first = gl_WorkGroupID.z * params.chunk;
  uint end = min (first + params.chunk, n_read);

  [[unroll]] for (uint q = 0; q < QUERIES; q++)
    {
      largest[q] = NOTHING;
      sums[q] = 0;
      [[unroll]] for (uint p = 0; p < HELD; p++)
        heads[q][p] = vec2 (0);
    }
  if (STAGED)
    [[dont_unroll]] for (uint i = get_lane (); i < QUERIES * PAIRS * LANES; i += LANES)
      staged[i] = vec2 (0);

  for (uint key = first; key < end; key += LANES)
    {
      uint position = get_position (token, min (key + get_lane (), end - 1));
      float scores[QUERIES];

      if (MARKED && !is_wanted (first_query, key + get_lane (), end))
        continue;
      make_scores (
          first_query, params.key_cache + position * params.key_stride + gl_WorkGroupID.y * HEAD, scores);
      add_keys (first_query, key, end, position, scores);
    }

  [[unroll]] for (uint q = 0; q < QUERIES; q++)
    if (is_kept (first_query + q))
      put_query (first_query + q, q);
}
