/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Activations in whole numbers of two bytes: of each block of 32 the largest is COLLATE_MOST_STEPS steps, and steps are
 * COLLATE_STEPS * whole + rest, a signed byte each. A block is COLLATE_STEPS_UNITS units of 16 bytes: the whole ones, the
 * rests, then what a step is and the sums of either half of the numbers. A lane makes a block. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

/* Activations of a block that are all below this count as zero: their steps would be no numbers. */
const float LEAST = 1e-30;

layout (binding = 0) readonly buffer In
{
  float activations[];
};

layout (binding = 1) writeonly buffer Out
{
  uvec4 quantised[];
};

layout (push_constant) uniform Params
{
  CollateShaderConvert params;
};

uint
pack (ivec4 bytes)
{
  uvec4 low = uvec4 (bytes) & 255;

  return low.x | low.y << 8 | low.z << 16 | low.w << 24;
}

void
quantise (uint token, uint n)
{
  uint from = params.in_offset + token * params.in_stride + n * COLLATE_FORM_BLOCK;
  uint to = (token * params.n_blocks + n) * COLLATE_STEPS_UNITS;
  vec4 fours[COLLATE_FORM_BLOCK / 4];
  uvec4 whole[2], rest[2];
  vec2 sums = vec2 (0);
  float most = 0;

  [[unroll]] for (uint c = 0; c < COLLATE_FORM_BLOCK; c++)
    {
      float number = n * COLLATE_FORM_BLOCK + c < params.columns ? activations[from + c] : 0;

      fours[c / 4][c % 4] = number;
      most = max (most, abs (number));
    }

  float inverse = most > LEAST ? COLLATE_MOST_STEPS / most : 0;
  float scale = most > LEAST ? most / COLLATE_MOST_STEPS : 0;

  [[unroll]] for (uint i = 0; i < COLLATE_FORM_BLOCK / 4; i++)
    {
      vec4 steps = roundEven (fours[i] * inverse);
      vec4 wholes = roundEven (steps / COLLATE_STEPS);

      whole[i / 4][i % 4] = pack (ivec4 (wholes));
      rest[i / 4][i % 4] = pack (ivec4 (steps - wholes * COLLATE_STEPS));
      sums[i / 4] += dot (steps, vec4 (scale));
    }

  [[unroll]] for (uint i = 0; i < 2; i++)
    {
      quantised[to + i] = whole[i];
      quantised[to + 2 + i] = rest[i];
    }
  quantised[to + 4] = floatBitsToUint (vec4 (scale, sums, 0));
}

void
main ()
{
  uint n_all = params.n_tokens * params.n_blocks;

  for (uint i = gl_WorkGroupID.x * LANES + get_lane (); i < n_all; i += gl_NumWorkGroups.x * LANES)
    quantise (i / params.n_blocks, i % params.n_blocks);
}
