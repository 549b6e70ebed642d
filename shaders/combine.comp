/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Joins what attention made of the chunks of keys: a workgroup takes a query after the other. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

layout (binding = 0) readonly buffer Partials
{
  float partials[];
};

layout (binding = 1) writeonly buffer Out
{
  float numbers[];
};

layout (push_constant) uniform Params
{
  CollateShaderCombine params;
};

void
combine (uint query)
{
  uint size = params.value_size + 2;
  uint first = params.partials + query * params.n_chunks * size;
  float most = partials[first];
  float sum = 0;

  for (uint i = 1; i < params.n_chunks; i++)
    most = max (most, partials[first + i * size]);
  for (uint i = 0; i < params.n_chunks; i++)
    sum += partials[first + i * size + 1] * exp (partials[first + i * size] - most);

  for (uint n = get_lane (); n < params.value_size; n += LANES)
    {
      float number = 0;

      for (uint i = 0; i < params.n_chunks; i++)
        number += partials[first + i * size + 2 + n] * exp (partials[first + i * size] - most);
      numbers[params.out_offset + query * params.value_size + n] = number / sum;
    }
}

void
main ()
{
  for (uint query = gl_WorkGroupID.x; query < params.n_queries; query += gl_NumWorkGroups.x)
    combine (query);
}
