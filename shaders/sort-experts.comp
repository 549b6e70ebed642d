/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Pairs of a token and one of its experts → a list of them by experts, in tiles, as collate-shaders.h says; one workgroup.
 * Which of an expert's pairs comes first is left to chance: each gets its result for itself. */

#extension GL_GOOGLE_include_directive : require
#define COLLATE_GROUP COLLATE_SPEC_1
#include "collate-common.glsl"
#include "collate-count.glsl"

layout (constant_id = COLLATE_SPEC_1) const uint INVOCATIONS = COLLATE_SORTERS;

layout (binding = 0) readonly buffer Experts
{
  uint experts[];
};

layout (binding = 1) writeonly buffer List
{
  uint list[];
};

layout (push_constant) uniform Params
{
  CollateShaderSort params;
};

shared uint counts[COLLATE_MOST_EXPERTS];
shared uint firsts[COLLATE_MOST_EXPERTS];      /* of an expert's pairs */
shared uint first_tiles[COLLATE_MOST_EXPERTS]; /* and tiles */

uint
count_tiles (uint n_pairs)
{
  return (n_pairs + params.size - 1) / params.size;
}

void
count ()
{
  for (uint e = gl_LocalInvocationID.x; e < params.n_experts; e += INVOCATIONS)
    counts[e] = 0;
  barrier ();
  for (uint i = gl_LocalInvocationID.x; i < params.n_pairs; i += INVOCATIONS)
    COLLATE_COUNT (counts[experts[params.experts + i]], 1);
  barrier ();
}

/* The experts are few: one invocation adds them up. */
void
add_up ()
{
  uint pair = 0;
  uint tile = 0;

  if (gl_LocalInvocationID.x == 0)
    for (uint e = 0; e < params.n_experts; e++)
      {
        firsts[e] = pair;
        first_tiles[e] = tile;
        pair += counts[e];
        tile += count_tiles (counts[e]);
      }
  barrier ();
}

void
put_tile (uint tile, uint expert, uint first, uint n_pairs)
{
  uint at = params.list + tile * COLLATE_LIST_TILE;

  list[at] = expert;
  list[at + 1] = first;
  list[at + 2] = n_pairs;
}

void
put_tiles ()
{
  uint last = params.n_experts - 1;
  uint n_tiles = first_tiles[last] + count_tiles (counts[last]);

  for (uint e = gl_LocalInvocationID.x; e < params.n_experts; e += INVOCATIONS)
    for (uint i = 0; i < count_tiles (counts[e]); i++)
      put_tile (first_tiles[e] + i, e, firsts[e] + i * params.size, min (counts[e] - i * params.size, params.size));
  for (uint i = n_tiles + gl_LocalInvocationID.x; i < params.n_tiles; i += INVOCATIONS)
    put_tile (i, 0, 0, 0);
}

void
put_pairs ()
{
  barrier ();
  for (uint i = gl_LocalInvocationID.x; i < params.n_pairs; i += INVOCATIONS)
    list[params.list + params.n_tiles * COLLATE_LIST_TILE +
         COLLATE_COUNT (firsts[experts[params.experts + i]], 1)] = i;
}

void
main ()
{
  count ();
  add_up ();
  put_tiles ();
  put_pairs ();
}
