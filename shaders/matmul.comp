/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* The product of a weight and activations. A workgroup makes STRIPS strips of rows, a row a lane, for TOKENS tokens: all
 * sums stay in registers. An activation is loaded once, by one lane, and handed to the others. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"
#include "collate-weight.glsl"

layout (constant_id = COLLATE_SPEC_1) const uint TOKENS = 1;
layout (constant_id = COLLATE_SPEC_2) const uint STRIPS = 1;

/* Columns whose activations are loaded at once. */
const uint LOADED = LANES < COLLATE_FORM_BLOCK ? LANES : COLLATE_FORM_BLOCK;

layout (binding = 3) readonly buffer In
{
  float activations[];
};

layout (binding = 4) buffer Out
{
  float products[];
};

layout (binding = 5) readonly buffer Bias
{
  float bias[];
};

layout (push_constant) uniform Params
{
  CollateShaderMatmul params;
};

float sums[STRIPS][TOKENS];

void
add_block (uint n, uint first_strip, uint first_token)
{
  CollateShaderWeight weight = params.weight;
  uint last_strip = (weight.n_rows - 1) / weight.n_lanes;
  uint lane = min (get_lane (), weight.n_lanes - 1);
  Block blocks[STRIPS];
  float loaded[TOKENS];

  [[unroll]] for (uint s = 0; s < STRIPS; s++)
    blocks[s] = load_block (min (first_strip + s, last_strip), n, lane, weight);

  [[unroll]] for (uint c = 0; c < COLLATE_FORM_BLOCK; c++)
    {
      if (c % LOADED == 0)
        {
          uint column = n * COLLATE_FORM_BLOCK + c + get_lane () % LOADED;
          bool inside = column < weight.columns;

          [[unroll]] for (uint t = 0; t < TOKENS; t++)
            {
              uint token = min (first_token + t, params.n_tokens - 1);
              uint at = params.in_offset + token * params.in_stride + min (column, weight.columns - 1);

              loaded[t] = inside ? activations[at] : 0;
            }
        }
      [[unroll]] for (uint s = 0; s < STRIPS; s++)
        {
          float number = get_number (blocks[s], c);

          [[unroll]] for (uint t = 0; t < TOKENS; t++)
            sums[s][t] = fma (number, subgroupBroadcast (loaded[t], c % LOADED), sums[s][t]);
        }
    }
}

void
put (uint row, uint token, float sum)
{
  uint at = params.out_offset + token * params.out_stride + params.weight.first_row + row;

  if (params.accumulate != 0)
    sum += products[at];
  if (params.has_bias != 0)
    sum += bias[params.weight.first_row + row];
  products[at] = sum;
}

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
