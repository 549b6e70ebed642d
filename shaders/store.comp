/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Keys and values → f16 caches. A lane writes a word, which is two numbers; where a row begins or ends within a word, it
 * keeps the other half. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

layout (binding = 0) readonly buffer Keys
{
  float keys[];
};

layout (binding = 1) readonly buffer Values
{
  float values[];
};

layout (binding = 2) buffer KeyCache
{
  uint key_cache[];
};

layout (binding = 3) buffer ValueCache
{
  uint value_cache[];
};

layout (push_constant) uniform Params
{
  CollateShaderStore params;
};

/* A value shifted right by `n` bits (1 to 31), to nearest, ties to even. */
uint
shift_rounded (uint value, uint n)
{
  uint kept = value >> n;
  uint rest = value & ((1u << n) - 1);
  uint tie = 1u << (n - 1);

  return kept + (rest > tie || (rest == tie && (kept & 1) == 1) ? 1 : 0);
}

/* To nearest even on any device; packHalf2x16() leaves the rounding to the driver. */
uint
to_f16 (float number)
{
  uint bits = floatBitsToUint (number);
  uint sign = bits >> 16 & 0x8000;
  uint magnitude = bits & 0x7fffffff;

  if (magnitude > 0x7f800000)
    return sign | 0x7e00 | (magnitude >> 13 & 0x3ff);
  if (magnitude >= 0x477ff000)
    return sign | 0x7c00;
  if (magnitude >= 0x38800000)
    return sign | (shift_rounded (magnitude, 13) - (112 << 10));
  if (magnitude < 0x33000000)
    return sign;
  return sign | shift_rounded ((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >> 23));
}

/* Where number n of what is stored stands among the activations. */
uint
find (uint n)
{
  return n / params.n_columns * params.stride + n % params.n_columns;
}

/* Word w of a cache, of what is written beyond its element `first`: which halves are new, and which numbers they are. */
void
find_halves (uint w, uint first, out bvec2 are_new, out uvec2 n)
{
  uint count = params.n_tokens * params.n_columns;

  n = uvec2 (w * 2 - first, w * 2 + 1 - first); /* what lies before wraps around */
  are_new = lessThan (n, uvec2 (count));
  n = min (n, uvec2 (count - 1));
}

uint
merge (uint old, bvec2 are_new, uint low, uint high)
{
  return (are_new.x ? low : old & 0xffff) | (are_new.y ? high << 16 : old & 0xffff0000);
}

void
store_keys (uint w, uint first)
{
  bvec2 are_new;
  uvec2 n;
  uint old;

  find_halves (w, first, are_new, n);
  old = all (are_new) ? 0 : key_cache[w];
  key_cache[w] = merge (old,
                        are_new,
                        to_f16 (keys[params.keys + find (n.x)]),
                        to_f16 (keys[params.keys + find (n.y)]));
}

void
store_values (uint w, uint first)
{
  bvec2 are_new;
  uvec2 n;
  uint old;

  find_halves (w, first, are_new, n);
  old = all (are_new) ? 0 : value_cache[w];
  value_cache[w] = merge (old,
                          are_new,
                          to_f16 (values[params.values + find (n.x)]),
                          to_f16 (values[params.values + find (n.y)]));
}

void
main ()
{
  uint before = params.position * params.n_columns;
  uint count = params.n_tokens * params.n_columns;
  bool is_key = gl_WorkGroupID.y == 0;
  uint first = before + (is_key ? params.key_cache : params.value_cache);
  uint n_words = (first + count + 1) / 2 - first / 2;

  for (uint i = gl_WorkGroupID.x * LANES + get_lane (); i < n_words; i += gl_NumWorkGroups.x * LANES)
    if (is_key)
      store_keys (first / 2 + i, first);
    else
      store_values (first / 2 + i, first);
}
