/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* The product of a weight and many tokens' activations, where a card has many lanes: a workgroup makes a tile of rows by
 * tokens. Block after block, it lays its rows and its tokens out in shared memory, from where all its invocations take
 * them; with MATRICES its subgroups multiply them on the card's matrix units, in f16 with sums of f32. */

#extension GL_GOOGLE_include_directive : require
#define COLLATE_GROUP COLLATE_SPEC_1
#include "collate-common.glsl"
#include "collate-weight.glsl"
#include "collate-product.glsl"

#if MATRICES
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require

/* Of the matrix units: M rows by N tokens, K columns at a time. */
layout (constant_id = COLLATE_SPEC_2) const uint M = 16;
layout (constant_id = COLLATE_SPEC_3) const uint N = 16;
layout (constant_id = COLLATE_SPEC_4) const uint K = 16;
#define FOUR f16vec4
#else
layout (constant_id = COLLATE_SPEC_2) const bool ALIGNED = true; /* rows of activations are whole fours */
#define FOUR vec4
#endif
layout (constant_id = COLLATE_SPEC_1) const uint INVOCATIONS = 128;

const uint FOURS = COLLATE_FORM_BLOCK / 4;

/* From a row in shared memory to the next, in fours: beside each other they would meet in the same banks. */
const uint STRIDE = FOURS + 16 / (MATRICES != 0 ? 8 : 16);

#if MATRICES
layout (binding = 3) readonly buffer In
{
  uvec4 halves[]; /* as halve.comp makes them */
};
#else
#include "collate-activations.glsl"
#endif

shared FOUR rows[COLLATE_TILE * STRIDE];
shared FOUR tokens[COLLATE_TILE * STRIDE];

uint
get_first_row ()
{
  return gl_WorkGroupID.x * COLLATE_TILE;
}

/* Block n of a row of the tile. */
void
stage_row (Tile tile, uint row, uint n)
{
  CollateShaderWeight weight = params.weight;
  uint at = min (get_first_row () + row, weight.n_rows - 1);
  Block block = load_block (get_strip (tile, at / weight.n_lanes), n, at % weight.n_lanes, weight);

  [[unroll]] for (uint i = 0; i < FOURS; i++)
    {
      vec4 four = vec4 (get_number (block, i * 4), get_number (block, i * 4 + 1), get_number (block, i * 4 + 2),
                        get_number (block, i * 4 + 3));

#if MATRICES
      four = clamp (four, -65504, 65504);
#endif
      rows[row * STRIDE + i] = FOUR (four);
    }
}

#if MATRICES

void
stage_token (Tile tile, uint token, uint n)
{
  uint at = get_in (tile, token) + n * (FOURS / 2);

  [[unroll]] for (uint i = 0; i < FOURS / 2; i++)
    {
      uvec4 eight = halves[at + i];

      tokens[token * STRIDE + i * 2] = f16vec4 (unpackFloat2x16 (eight.x), unpackFloat2x16 (eight.y));
      tokens[token * STRIDE + i * 2 + 1] = f16vec4 (unpackFloat2x16 (eight.z), unpackFloat2x16 (eight.w));
    }
}

/* The last one of what halve.comp makes of a token. */
float
get_scale (Tile tile, uint token)
{
  return uintBitsToFloat (halves[get_in (tile, token) + params.weight.n_blocks * (FOURS / 2)].x);
}

#else

void
stage_token (Tile tile, uint token, uint n)
{
  uint at = get_in (tile, token);

  [[unroll]] for (uint i = 0; i < FOURS; i++)
    tokens[token * STRIDE + i] = load_four (at, n * COLLATE_FORM_BLOCK + i * 4);
}

float
get_scale (Tile tile, uint token)
{
  return 1;
}

#endif

void
stage (Tile tile, uint n)
{
  for (uint i = gl_LocalInvocationID.x; i < 2 * COLLATE_TILE; i += INVOCATIONS)
    if (i < COLLATE_TILE)
      stage_row (tile, i, n);
    else
      stage_token (tile, i - COLLATE_TILE, n);
}

void
put_inside (Tile tile, uint row, uint token, float sum)
{
  if (row < params.weight.n_rows && token < tile.count)
    put (tile, row, token, sum * get_scale (tile, token));
}

#if MATRICES

const uint PART = COLLATE_TILE_PART;

#define SUMS coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>

SUMS sums[PART / M][PART / N];

shared float all[COLLATE_TILE * COLLATE_TILE]; /* [token][row] */

void
clear ()
{
  [[unroll]] for (uint r = 0; r < PART / M; r++)
    [[unroll]] for (uint t = 0; t < PART / N; t++)
      sums[r][t] = SUMS (0);
}

void
add ()
{
  uint first_row = gl_SubgroupID % 2 * PART;
  uint first_token = gl_SubgroupID / 2 * PART;

  for (uint k = 0; k < COLLATE_FORM_BLOCK / K; k++)
    {
      coopmat<float16_t, gl_ScopeSubgroup, K, N, gl_MatrixUseB> of_tokens[PART / N];

      [[unroll]] for (uint t = 0; t < PART / N; t++)
        coopMatLoad (of_tokens[t], tokens, (first_token + t * N) * STRIDE + k * K / 4, STRIDE,
                     gl_CooperativeMatrixLayoutColumnMajor);
      [[unroll]] for (uint r = 0; r < PART / M; r++)
        {
          coopmat<float16_t, gl_ScopeSubgroup, M, K, gl_MatrixUseA> of_rows;

          coopMatLoad (of_rows, rows, (first_row + r * M) * STRIDE + k * K / 4, STRIDE,
                       gl_CooperativeMatrixLayoutRowMajor);
          [[unroll]] for (uint t = 0; t < PART / N; t++)
            sums[r][t] = coopMatMulAdd (of_rows, of_tokens[t], sums[r][t]);
        }
    }
}

/* How a subgroup's numbers lie in its matrices only the card knows: they pass through shared memory. */
void
put_all (Tile tile)
{
  uint first = gl_SubgroupID / 2 * PART * COLLATE_TILE + gl_SubgroupID % 2 * PART;

  [[unroll]] for (uint r = 0; r < PART / M; r++)
    [[unroll]] for (uint t = 0; t < PART / N; t++)
      coopMatStore (sums[r][t], all, first + t * N * COLLATE_TILE + r * M, COLLATE_TILE,
                    gl_CooperativeMatrixLayoutColumnMajor);
  barrier ();
  for (uint i = gl_LocalInvocationID.x; i < COLLATE_TILE * COLLATE_TILE; i += INVOCATIONS)
    put_inside (tile, get_first_row () + i % COLLATE_TILE, i / COLLATE_TILE, all[i]);
}

#else

/* Of the tile, what an invocation makes: every eighth row of some tokens. */
const uint ROWS_EACH = COLLATE_TILE / 8;
const uint TOKENS_EACH = COLLATE_TILE / (INVOCATIONS / 8);

float sums[ROWS_EACH][TOKENS_EACH];

void
clear ()
{
  [[unroll]] for (uint r = 0; r < ROWS_EACH; r++)
    [[unroll]] for (uint t = 0; t < TOKENS_EACH; t++)
      sums[r][t] = 0;
}

uint
get_row (uint r)
{
  return r * 8 + gl_LocalInvocationID.x % 8;
}

uint
get_token (uint t)
{
  return gl_LocalInvocationID.x / 8 * TOKENS_EACH + t;
}

void
add ()
{
  for (uint i = 0; i < FOURS; i++)
    {
      vec4 of_rows[ROWS_EACH];

      [[unroll]] for (uint r = 0; r < ROWS_EACH; r++)
        of_rows[r] = rows[get_row (r) * STRIDE + i];
      [[unroll]] for (uint t = 0; t < TOKENS_EACH; t++)
        {
          vec4 of_token = tokens[get_token (t) * STRIDE + i];

          [[unroll]] for (uint r = 0; r < ROWS_EACH; r++)
            [[unroll]] for (uint c = 0; c < 4; c++)
              sums[r][t] = fma (of_rows[r][c], of_token[c], sums[r][t]);
        }
    }
}

void
put_all (Tile tile)
{
  [[unroll]] for (uint t = 0; t < TOKENS_EACH; t++)
    [[unroll]] for (uint r = 0; r < ROWS_EACH; r++)
      put_inside (tile, get_first_row () + get_row (r), get_token (t), sums[r][t]);
}

#endif

void
main ()
{
  Tile tile = get_tile (COLLATE_TILE);

  if (LISTED != COLLATE_LIST_NONE && tile.count == 0)
    return;
  clear ();
  for (uint n = 0; n < params.weight.n_blocks; n++)
    {
      barrier ();
      stage (tile, n);
      barrier ();
      add ();
    }
  put_all (tile);
}
