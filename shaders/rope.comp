/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Rotates pairs of numbers of each head (arXiv:2104.09864). Cosines and sines come from the host: devices promise their
 * own only for small angles. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

layout (binding = 0) readonly buffer Heads
{
  float numbers[];
};

layout (binding = 1) readonly buffer Angles
{
  vec2 angles[];
};

layout (binding = 2) writeonly buffer Out
{
  float rotated[];
};

layout (push_constant) uniform Params
{
  CollateShaderRope params;
};

void
rotate (uint n)
{
  uint pair = n % params.n_pairs;
  uint head = n / params.n_pairs % params.n_heads;
  uint token = n / params.n_pairs / params.n_heads;
  bool interleaved = params.interleaved != 0;
  uint within = interleaved ? 2 * pair : pair;
  uint distance = interleaved ? 1 : params.n_pairs;
  uint from = params.heads + token * params.stride + head * params.head_size + within;
  uint to = params.out_offset + token * params.out_stride + head * params.out_head_size + within;
  vec2 angle = angles[params.angles + token * params.n_pairs + pair];
  float x = numbers[from];
  float y = numbers[from + distance];

  rotated[to] = x * angle.x - y * angle.y;
  rotated[to + distance] = x * angle.y + y * angle.x;
}

void
main ()
{
  uint n = params.n_tokens * params.n_heads * params.n_pairs;

  for (uint i = gl_WorkGroupID.x * LANES + get_lane (); i < n; i += gl_NumWorkGroups.x * LANES)
    rotate (i);
}
