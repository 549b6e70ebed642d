/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a subgroup does that makes STRIPS strips of rows for TOKENS tokens: add_block() adds a block of columns to its
 * sums. */

void
main ()
{
  uint first_strip = gl_WorkGroupID.x * STRIPS;
  uint first_token = gl_WorkGroupID.y * TOKENS;

  [[unroll]] for (uint s = 0; s < STRIPS; s++)
    [[unroll]] for (uint t = 0; t < TOKENS; t++)
      sums[s][t] = 0;

  for (uint n = 0; n < params.weight.n_blocks; n++)
    add_block (n, first_strip, first_token);

  [[unroll]] for (uint s = 0; s < STRIPS; s++)
    {
      uint row = (first_strip + s) * params.weight.n_lanes + get_lane ();

      if (get_lane () < params.weight.n_lanes && row < params.weight.n_rows)
        [[unroll]] for (uint t = 0; t < TOKENS; t++)
          if (first_token + t < params.n_tokens)
            put (row, first_token + t, sums[s][t]);
    }
}
