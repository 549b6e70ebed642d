/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* The sums over the heads that share keys of their queries' positive numbers, then of the negative ones (Quest,
 * arXiv:2406.10774). A lane makes both sums of a number. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

layout (binding = 0) readonly buffer Queries
{
  float queries[];
};

layout (binding = 1) writeonly buffer Out
{
  float sums[];
};

layout (push_constant) uniform Params
{
  CollateShaderSumSigns params;
};

void
main ()
{
  uint columns = params.n_kv_heads * params.head_size;
  uint group = params.n_heads / params.n_kv_heads;

  for (uint i = gl_WorkGroupID.x * LANES + get_lane (); i < params.n_tokens * columns;
       i += gl_NumWorkGroups.x * LANES)
    {
      uint token = i / columns;
      uint kv_head = i % columns / params.head_size;
      uint from = params.queries + token * params.stride + kv_head * group * params.head_size +
                  i % params.head_size;
      uint to = params.out_offset + token * 2 * columns + i % columns;
      float positive = 0;
      float negative = 0;

      for (uint h = 0; h < group; h++)
        {
          positive += max (queries[from + h * params.head_size], 0);
          negative += min (queries[from + h * params.head_size], 0);
        }
      sums[to] = positive;
      sums[to + columns] = negative;
    }
}
