/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Keys → e4m3 with a power of two as scale each (DeepSeek-V3.2-Exp, act_quant with ue8m0): a workgroup takes a token
 * after the other, a lane four numbers. All of it is made from the bits, so that it is the same on any device. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

const float LEAST = 1e-4;
const float MOST = 448; /* = 1.75 * 2^8 */

layout (binding = 0) readonly buffer Keys
{
  float keys[];
};

layout (binding = 1) writeonly buffer Cache
{
  uint cache[];
};

layout (binding = 2) writeonly buffer Scales
{
  float scales[];
};

layout (push_constant) uniform Params
{
  CollateShaderStoreBytes params;
};

/* The exponent of the least power of two that is not below largest / MOST. */
int
find_exponent (float largest)
{
  uint bits = floatBitsToUint (largest);
  int exponent = int (bits >> 23) - 127 - 8;

  return (bits & 0x7fffff) > 0x600000 ? exponent + 1 : exponent;
}

float
make_power (int exponent)
{
  return uintBitsToFloat (uint (exponent + 127) << 23);
}

/* To the nearest, halves to even; the least normal number is 2^-6, and steps below it are 2^-9. */
uint
to_e4m3 (float number)
{
  uint sign = floatBitsToUint (number) >> 24 & 0x80;
  float magnitude = min (abs (number), MOST);
  uint bits = floatBitsToUint (magnitude);

  if (isnan (number))
    return sign | 0x7f;
  if (magnitude < 0.015625)
    return sign | uint (roundEven (magnitude * 512));
  return sign | ((bits + 0x7ffff + (bits >> 20 & 1)) >> 20) - (120 << 3);
}

void
store (uint token)
{
  uint from = params.keys + token * params.n_columns;
  uint to = params.cache + (params.position + token) * (params.n_columns / 4);
  float largest = LEAST;

  for (uint i = get_lane (); i < params.n_columns; i += LANES)
    largest = max (largest, abs (keys[from + i]));

  int exponent = find_exponent (subgroupMax (largest));
  float inverse = make_power (-exponent);

  for (uint i = get_lane (); i < params.n_columns / 4; i += LANES)
    {
      uint word = 0;

      [[unroll]] for (uint n = 0; n < 4; n++)
        word |= to_e4m3 (keys[from + i * 4 + n] * inverse) << 8 * n;
      cache[to + i] = word;
    }
  if (get_lane () == 0)
    scales[params.scales + params.position + token] = make_power (exponent);
}

void
main ()
{
  for (uint token = gl_WorkGroupID.x; token < params.n_tokens; token += gl_NumWorkGroups.x)
    store (token);
}
