/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* The lists of the keys that are selected for each token as a bit for each key: a lane makes the bits of 32 keys. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

layout (binding = 0) readonly buffer Selected
{
  uint selected[]; /* ascending; what stands behind a list's end is above all keys */
};

layout (binding = 1) writeonly buffer Marks
{
  uint marks[];
};

layout (push_constant) uniform Params
{
  CollateShaderMark params;
};

/* How many of a list, which begins at `list`, are less. */
uint
count_less (uint list, uint key)
{
  uint first = 0;
  uint end = params.n_selected;

  while (first < end)
    {
      uint middle = (first + end) / 2;

      if (selected[list + middle] < key)
        first = middle + 1;
      else
        end = middle;
    }
  return first;
}

uint
make_marks (uint token, uint first)
{
  uint list = params.selected + token * params.n_selected;
  uint bits = 0;

  for (uint n = count_less (list, first); n < params.n_selected && selected[list + n] < first + 32; n++)
    bits |= 1 << (selected[list + n] - first);
  return bits;
}

void
main ()
{
  for (uint i = gl_WorkGroupID.x * LANES + get_lane (); i < params.n_tokens * params.n_words;
       i += gl_NumWorkGroups.x * LANES)
    marks[i] = make_marks (i / params.n_words, i % params.n_words * 32);
}
