/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Rows of a table, by the tokens' ids: a token for each workgroup of y, a block of columns for each lane. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"
#include "collate-weight.glsl"

layout (binding = 3) readonly buffer Ids
{
  uint ids[];
};

layout (binding = 4) writeonly buffer Out
{
  float numbers[];
};

layout (push_constant) uniform Params
{
  CollateShaderEmbed params;
};

void
main ()
{
  CollateShaderWeight weight = params.weight;
  uint n = gl_WorkGroupID.x * LANES + get_lane ();
  uint token = gl_WorkGroupID.y;
  uint row = ids[params.ids + token] - weight.first_row;
  uint at = params.out_offset + token * weight.columns + n * COLLATE_FORM_BLOCK;

  /* A row of another part wraps around to a large number. */
  if (n >= weight.n_blocks || row >= weight.n_rows)
    return;

  Block block = load_block (row / weight.n_lanes, n, row % weight.n_lanes, weight);
  [[unroll]] for (uint c = 0; c < COLLATE_FORM_BLOCK; c++)
    if (n * COLLATE_FORM_BLOCK + c < weight.columns)
      numbers[at + c] = get_number (block, c);
}
