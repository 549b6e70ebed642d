/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* The product of a weight and activations. A workgroup makes STRIPS strips of rows, a row a lane, for TOKENS tokens: all
 * sums stay in registers. An activation is loaded once, by one lane, and handed to the others. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"
#include "collate-weight.glsl"
#include "collate-product.glsl"

layout (constant_id = COLLATE_SPEC_1) const uint TOKENS = 1;
layout (constant_id = COLLATE_SPEC_2) const uint STRIPS = 1;
layout (constant_id = COLLATE_SPEC_3) const bool ALIGNED = true; /* rows of activations are whole fours */

#include "collate-activations.glsl"

/* A lane loads four activations at once. */
const uint FOURS = COLLATE_FORM_BLOCK / 4;
const uint LOADS = (FOURS + LANES - 1) / LANES;

float sums[STRIPS][TOKENS];
uint strips[STRIPS];
uint ins[TOKENS];

void
add_block (uint n)
{
  CollateShaderWeight weight = params.weight;
  uint lane = min (get_lane (), weight.n_lanes - 1);
  Block blocks[STRIPS];
  vec4 loaded[TOKENS][LOADS];

  [[unroll]] for (uint s = 0; s < STRIPS; s++)
    blocks[s] = load_block (strips[s], n, lane, weight);
  [[unroll]] for (uint t = 0; t < TOKENS; t++)
    [[unroll]] for (uint i = 0; i < LOADS; i++)
      loaded[t][i] = load_four (ins[t], n * COLLATE_FORM_BLOCK + (i * LANES + get_lane ()) % FOURS * 4);

  [[unroll]] for (uint c = 0; c < COLLATE_FORM_BLOCK; c++)
    [[unroll]] for (uint s = 0; s < STRIPS; s++)
      {
        float number = get_number (blocks[s], c);

        [[unroll]] for (uint t = 0; t < TOKENS; t++)
          {
            float activation = subgroupBroadcast (loaded[t][c / 4 / LANES][c % 4], c / 4 % LANES);

            sums[s][t] = fma (number, activation, sums[s][t]);
          }
      }
}

#include "collate-strips.glsl"
