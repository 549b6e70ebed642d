/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Of each number of a page's keys the largest, then of each the least (Quest, arXiv:2406.10774). A lane makes a word,
 * which is two numbers, and compares the bits of f16: nothing is rounded. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

layout (binding = 0) readonly buffer Keys
{
  uint keys[];
};

layout (binding = 1) writeonly buffer Bounds
{
  uint bounds[];
};

layout (push_constant) uniform Params
{
  CollateShaderBound params;
};

uint
load_half (uint at)
{
  return keys[at / 2] >> (at % 2 * 16) & 0xffff;
}

/* Bits in the order of the numbers, and back. */
uint
to_order (uint half_bits)
{
  return (half_bits & 0x8000) != 0 ? ~half_bits & 0xffff : half_bits | 0x8000;
}

uint
from_order (uint order)
{
  return (order & 0x8000) != 0 ? order & 0x7fff : ~order & 0xffff;
}

/* Number n of all bounds from the first page on. */
uint
find_bound (uint n)
{
  uint column = n % params.n_columns;
  uint page = params.first_page + n / (2 * params.n_columns);
  uint first = params.key_cache + page * COLLATE_KEYS_OF_PAGE * params.n_columns + column;
  bool is_largest = n / params.n_columns % 2 == 0;
  uint bound = to_order (load_half (first));

  for (uint i = 1; i < COLLATE_KEYS_OF_PAGE; i++)
    {
      uint order = to_order (load_half (first + i * params.n_columns));

      bound = is_largest ? max (bound, order) : min (bound, order);
    }
  return from_order (bound);
}

void
main ()
{
  uint n_words = params.n_pages * params.n_columns;
  uint first = params.bounds / 2 + params.first_page * params.n_columns;

  for (uint i = gl_WorkGroupID.x * LANES + get_lane (); i < n_words; i += gl_NumWorkGroups.x * LANES)
    bounds[first + i] = find_bound (2 * i) | find_bound (2 * i + 1) << 16;
}
