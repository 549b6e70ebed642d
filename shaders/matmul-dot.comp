/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* The product of a quantised weight and few tokens' activations in whole numbers, as quantise.comp makes them: four
 * multiplications of bytes at once. A subgroup makes STRIPS strips of rows, a row a lane, for TOKENS tokens. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"
#include "collate-weight.glsl"
#include "collate-product.glsl"
#extension GL_EXT_integer_dot_product : require

layout (constant_id = COLLATE_SPEC_1) const uint TOKENS = 1;
layout (constant_id = COLLATE_SPEC_2) const uint STRIPS = 1;

/* Four columns each. */
const uint WORDS = COLLATE_FORM_BLOCK / 4;

layout (binding = 3) readonly buffer In
{
  uvec4 quantised[];
};

float sums[STRIPS][TOKENS];
uint strips[STRIPS];
uint ins[TOKENS];

/* A token's block: steps are COLLATE_STEPS * whole + rest. */
struct Steps
{
  uvec4 whole[2], rest[2];
  float scale;
  vec2 sums; /* of the numbers, of either half */
};

/* Block n of the activations that begin at `first`. */
Steps
load_steps (uint first, uint n)
{
  uint at = first + n * COLLATE_STEPS_UNITS;
  Steps steps;

  [[unroll]] for (uint i = 0; i < 2; i++)
    {
      steps.whole[i] = quantised[at + i];
      steps.rest[i] = quantised[at + 2 + i];
    }
  vec4 last = uintBitsToFloat (quantised[at + 4]);
  steps.scale = last.x;
  steps.sums = last.yz;
  return steps;
}

float
multiply (Block block, Steps steps)
{
  ivec2 dots = ivec2 (0);

  [[unroll]] for (uint i = 0; i < WORDS; i++)
    {
      int codes = int (get_four_codes (block, i));
      int whole = dotPacked4x8EXT (codes, int (steps.whole[i / 4][i % 4]));
      int rest = dotPacked4x8EXT (codes, int (steps.rest[i / 4][i % 4]));

      dots[i / (WORDS / 2)] += COLLATE_STEPS * whole + rest;
    }
  return dot (block.scale, vec2 (dots) * steps.scale + get_offset () * steps.sums) +
         block.minimum * (steps.sums.x + steps.sums.y);
}

void
add_block (uint n)
{
  CollateShaderWeight weight = params.weight;
  uint lane = min (get_lane (), weight.n_lanes - 1);
  Block blocks[STRIPS];

  [[unroll]] for (uint s = 0; s < STRIPS; s++)
    blocks[s] = load_block (strips[s], n, lane, weight);
  [[unroll]] for (uint t = 0; t < TOKENS; t++)
    {
      Steps steps = load_steps (ins[t], n);

      [[unroll]] for (uint s = 0; s < STRIPS; s++)
        sums[s][t] += multiply (blocks[s], steps);
    }
}

#include "collate-strips.glsl"
