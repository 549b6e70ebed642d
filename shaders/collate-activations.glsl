/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The activations of a product as they are, four at a time; ALIGNED says whether their rows are whole fours. */

layout (binding = 3) readonly buffer In
{
  float activations[];
};

layout (binding = 3) readonly buffer InFours
{
  vec4 fours[];
};

/* Four activations from `column` on, of those that begin at `at`; zeros beyond the last column. */
vec4
load_four (uint at, uint column)
{
  uint n_columns = params.weight.columns;
  vec4 four = vec4 (0);

  if (ALIGNED)
    return column < n_columns ? fours[(at + column) / 4] : four;
  [[unroll]] for (uint i = 0; i < 4; i++)
    if (column + i < n_columns)
      four[i] = activations[at + column + i];
  return four;
}
