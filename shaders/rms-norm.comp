/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* RMSNorm (arXiv:1910.07467): a workgroup takes a row after the other. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

layout (binding = 0) readonly buffer In
{
  float numbers[];
};

layout (binding = 1) readonly buffer Weight
{
  float weight[];
};

layout (binding = 2) buffer Out
{
  float normed[];
};

layout (push_constant) uniform Params
{
  CollateShaderNorm params;
};

void
norm_row (uint row)
{
  uint from = params.in_offset + row * params.in_stride;
  uint to = params.out_offset + row * params.out_stride;
  float squares = 0;

  for (uint i = get_lane (); i < params.columns; i += LANES)
    squares += numbers[from + i] * numbers[from + i];

  float mean = subgroupAdd (squares) / float (params.columns);
  float factor = 1 / sqrt (mean + params.epsilon);

  for (uint i = get_lane (); i < params.columns; i += LANES)
    normed[to + i] = numbers[from + i] * factor * (params.has_weight != 0 ? weight[i] : 1);
}

void
main ()
{
  for (uint row = gl_WorkGroupID.x; row < params.n_rows; row += gl_NumWorkGroups.x)
    norm_row (row);
}
