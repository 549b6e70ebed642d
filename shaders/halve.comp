/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Activations as matrix units take them: f16, each token's numbers scaled by a power of two so that the largest stays
 * finite and the small ones keep their digits. A row is whole blocks, zeros beyond the last column, then four words of
 * which the first is what the numbers are to be multiplied with again. A workgroup takes a token after the other. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

/* Of the largest number, as frexp() counts: it comes to lie between 2^14 and 2^15. */
const int LARGEST = 15;

layout (binding = 0) readonly buffer In
{
  float activations[];
};

layout (binding = 1) writeonly buffer Out
{
  uvec4 halves[];
};

layout (push_constant) uniform Params
{
  CollateShaderConvert params;
};

float
get_activation (uint at, uint column)
{
  return column < params.columns ? activations[at + column] : 0;
}

void
halve (uint token)
{
  uint from = params.in_offset + token * params.in_stride;
  uint n_eights = params.n_blocks * (COLLATE_FORM_BLOCK / 8);
  uint to = token * (n_eights + 1);
  float largest = 0;
  int exponent;

  for (uint i = get_lane (); i < params.columns; i += LANES)
    largest = max (largest, abs (activations[from + i]));
  frexp (subgroupMax (largest), exponent);
  exponent = clamp (exponent, -100, 100) - LARGEST;

  for (uint i = get_lane (); i < n_eights; i += LANES)
    {
      uvec4 eight;

      [[unroll]] for (uint n = 0; n < 4; n++)
        {
          uint column = i * 8 + n * 2;

          eight[n] = packHalf2x16 (ldexp (vec2 (get_activation (from, column), get_activation (from, column + 1)),
                                          ivec2 (-exponent)));
        }
      halves[to + i] = eight;
    }
  if (get_lane () == 0)
    halves[to + n_eights] = uvec4 (floatBitsToUint (ldexp (1.0, exponent)), 0, 0, 0);
}

void
main ()
{
  for (uint token = gl_WorkGroupID.x; token < params.n_tokens; token += gl_NumWorkGroups.x)
    halve (token);
}
