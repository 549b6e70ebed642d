/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Adds the results of each token's experts by their shares, one after the other. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

layout (binding = 0) readonly buffer Results
{
  float results[];
};

layout (binding = 1) readonly buffer Shares
{
  float shares[];
};

layout (binding = 2) buffer Out
{
  float numbers[];
};

layout (push_constant) uniform Params
{
  CollateShaderSumExperts params;
};

void
main ()
{
  uint n = params.n_tokens * params.columns;

  for (uint i = gl_WorkGroupID.x * LANES + get_lane (); i < n; i += gl_NumWorkGroups.x * LANES)
    {
      uint first = i / params.columns * params.n_used;
      float sum = numbers[params.out_offset + i];

      for (uint u = 0; u < params.n_used; u++)
        sum += shares[params.shares + first + u] *
               results[params.results + (first + u) * params.columns + i % params.columns];
      numbers[params.out_offset + i] = sum;
    }
}
