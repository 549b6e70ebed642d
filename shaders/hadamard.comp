/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Rows times Sylvester's matrix / sqrt (columns): sums and differences over distances of 1, 2, 4 … A workgroup, which is
 * a subgroup, takes a row after the other. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

const uint MOST_COLUMNS = 1024;

layout (binding = 0) buffer Rows
{
  float rows[];
};

layout (push_constant) uniform Params
{
  CollateShaderHadamard params;
};

shared float numbers[MOST_COLUMNS];

void
wait ()
{
  subgroupMemoryBarrierShared ();
  subgroupBarrier ();
}

/* Pair i of numbers that are so far apart, of which the first stands at a place without that bit. */
void
add_pair (uint i, uint distance)
{
  uint at = (i & ~(distance - 1)) * 2 + (i & (distance - 1));
  float x = numbers[at];
  float y = numbers[at + distance];

  numbers[at] = x + y;
  numbers[at + distance] = x - y;
}

void
transform (uint first)
{
  float factor = 1 / sqrt (float (params.columns));

  for (uint i = get_lane (); i < params.columns; i += LANES)
    numbers[i] = rows[first + i];
  wait ();
  for (uint distance = 1; distance < params.columns; distance *= 2)
    {
      for (uint i = get_lane (); i < params.columns / 2; i += LANES)
        add_pair (i, distance);
      wait ();
    }
  for (uint i = get_lane (); i < params.columns; i += LANES)
    rows[first + i] = numbers[i] * factor;
  wait ();
}

void
main ()
{
  for (uint row = gl_WorkGroupID.x; row < params.n_rows; row += gl_NumWorkGroups.x)
    transform (params.rows + row * params.columns);
}
