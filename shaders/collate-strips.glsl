/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a subgroup does that makes STRIPS strips of rows for TOKENS tokens: add_block() adds a block of columns to its
 * sums, of activations that begin at ins[]. */

void
main ()
{
  Tile tile = get_tile (TOKENS);
  uint first_strip = gl_WorkGroupID.x * STRIPS;
  uint last_strip = (params.weight.n_rows - 1) / params.weight.n_lanes;

  if (LISTED != COLLATE_LIST_NONE && tile.count == 0)
    return;
  [[unroll]] for (uint t = 0; t < TOKENS; t++)
    ins[t] = get_in (tile, t);
  [[unroll]] for (uint s = 0; s < STRIPS; s++)
    {
      strips[s] = get_strip (tile, min (first_strip + s, last_strip));
      [[unroll]] for (uint t = 0; t < TOKENS; t++)
        sums[s][t] = 0;
    }

  for (uint n = 0; n < params.weight.n_blocks; n++)
    add_block (n);

  [[unroll]] for (uint s = 0; s < STRIPS; s++)
    {
      uint row = (first_strip + s) * params.weight.n_lanes + get_lane ();

      if (get_lane () < params.weight.n_lanes && row < params.weight.n_rows)
        [[unroll]] for (uint t = 0; t < TOKENS; t++)
          if (t < tile.count)
            put (tile, row, t, sums[s][t]);
    }
}
