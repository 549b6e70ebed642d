/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What all products of a weight and activations share: parameters, which tokens and rows a workgroup multiplies, and where
 * a product goes. */

layout (constant_id = COLLATE_SPEC_5) const uint LISTED = COLLATE_LIST_NONE;

layout (binding = 4) buffer Out
{
  float products[];
};

layout (binding = 5) readonly buffer Bias
{
  float bias[];
};

/* As collate-shaders.h says; nothing that is listed has a bias. */
layout (binding = 5) readonly buffer List
{
  uint list[];
};

layout (push_constant) uniform Params
{
  CollateShaderMatmul params;
};

/* A group of rows, and the tokens or pairs that a workgroup multiplies with them. */
struct Tile
{
  uint group; /* of the part's */
  uint first;
  uint count; /* 0: there is nothing to do */
};

Tile
get_tile (uint most)
{
  uint n = gl_WorkGroupID.y;
  uint at = params.list + n * COLLATE_LIST_TILE;
  Tile tile;

  if (LISTED == COLLATE_LIST_NONE)
    return Tile (gl_WorkGroupID.z, n * most, min (params.n_tokens - n * most, most));
  if (LISTED == COLLATE_LIST_PAIRS)
    tile = Tile (list[params.list + n], n, 1);
  else
    tile = Tile (list[at], list[at + 1], list[at + 2]);

  /* An expert of another part wraps around to a large number. */
  tile.group -= params.first_group;
  if (tile.group >= params.n_groups)
    tile.count = 0;
  return tile;
}

/* A token or pair of a tile; beyond the end the last one. */
uint
get_entry (Tile tile, uint i)
{
  uint entry = tile.first + min (i, tile.count - 1);

  return LISTED == COLLATE_LIST_SORTED ? list[params.list + params.n_tiles * COLLATE_LIST_TILE + entry] : entry;
}

/* Where its activations begin. */
uint
get_in (Tile tile, uint i)
{
  uint entry = get_entry (tile, i);

  if (LISTED == COLLATE_LIST_NONE)
    return params.in_offset + entry * params.in_stride + tile.group * params.group_in;
  return params.in_offset + entry / params.n_used * params.in_stride;
}

uint
get_strip (Tile tile, uint strip)
{
  return tile.group * params.group_strips + strip;
}

void
put (Tile tile, uint row, uint i, float sum)
{
  uint at = params.out_offset + get_entry (tile, i) * params.out_stride + params.weight.first_row + row;

  if (LISTED != COLLATE_LIST_NONE)
    {
      products[at] = sum;
      return;
    }
  at += tile.group * params.group_out;
  if (params.accumulate != 0)
    sum += products[at];
  if (params.has_bias != 0)
    sum += bias[params.weight.first_row + row];
  products[at] = sum;
}
