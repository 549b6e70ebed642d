/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* silu (gate) * up. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

layout (binding = 0) readonly buffer Gate
{
  float gate[];
};

layout (binding = 1) readonly buffer Up
{
  float up[];
};

layout (binding = 2) buffer Out
{
  float numbers[];
};

layout (push_constant) uniform Params
{
  CollateShaderSwiglu params;
};

void
main ()
{
  for (uint i = gl_WorkGroupID.x * LANES + get_lane (); i < params.n; i += gl_NumWorkGroups.x * LANES)
    {
      float x = gate[params.gate + i];

      numbers[params.out_offset + i] = x / (1 + exp (-x)) * up[params.up + i];
    }
}
