/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The inner loops of indices, in the vectors of the level that includes this file: the lanes are keys, so that no sum
 * crosses lanes, and a score is added up in the same order however many tokens and keys there are. */

/* Rows become columns: each round puts half of the rows between the others. */
INLINE void
transpose (Floats *rows)
{
  for (guint round = 1; round < LANES; round *= 2)
    {
      Floats mixed[LANES];

      for (guint i = 0; i < LANES / 2; i++)
        {
          mixed[2 * i] = mix_low (rows[i], rows[i + LANES / 2]);
          mixed[2 * i + 1] = mix_high (rows[i], rows[i + LANES / 2]);
        }
      for (guint i = 0; i < LANES; i++)
        rows[i] = mixed[i];
    }
}

/* Keys that are asked for ahead: many lie beside each other, which the processor does not take for one stream. */
#define PANEL_AHEAD 64

TARGET static void
lay_out_keys (const guint16 *keys, gint64 stride, gint64 n_keys, gint64 n_columns, float *panel)
{
  for (gint64 key = 0; key < n_keys; key += LANES)
    for (gint64 c = 0; c < n_columns; c += LANES)
      {
        Floats rows[LANES];

        for (guint i = 0; i < LANES; i++)
          rows[i] = load_halves_part (keys + MIN (key + i, n_keys - 1) * stride + c, n_columns - c);
        for (guint i = 0; i < LANES && c % 32 == 0; i++)
          __builtin_prefetch (keys + (key + PANEL_AHEAD + i) * stride + c);
        transpose (rows);
        if (n_columns - c >= LANES)
          for (guint i = 0; i < LANES; i++)
            store (panel + (c + i) * COLLATE_PANEL + key, rows[i]);
        else
          for (gint64 i = 0; i < n_columns - c; i++)
            store (panel + (c + i) * COLLATE_PANEL + key, rows[i]);
      }
}

/* e4m3 as the f16 that is 1 / COLLATE_BYTE_FACTOR of it: all numbers of e4m3 are numbers of f16 then. */
TARGET static void
widen_bytes (const guint8 *bytes, guint16 *halves, gint64 n)
{
  for (gint64 i = 0; i < n; i++)
    halves[i] = (guint16) ((bytes[i] & 0x80) << 8 | (bytes[i] & 0x7f) << 7);
}

/* Some rows of queries, up to `most` of them, from a head of the first token on; the last one stands in for missing ones. */
INLINE void
score_tile (const float *panel,
            gint64 head_size,
            const float *queries,
            const float *weights,
            gint64 n_rows,
            gint64 head,
            gint64 n_heads,
            float *sums,
            guint n_vectors,
            guint most)
{
  Floats products[FLOAT_TOKENS][TILE_STRIPS * WIDTH], all[TILE_STRIPS * WIDTH];
  const float *rows[FLOAT_TOKENS];

  for (guint r = 0; r < most; r++)
    {
      rows[r] = queries + MIN (r, n_rows - 1) * head_size;
      for (guint v = 0; v < n_vectors; v++)
        products[r][v] = (Floats){ 0 };
    }
  for (gint64 c = 0; c < head_size; c++)
    {
      Floats column[TILE_STRIPS * WIDTH];

      for (guint v = 0; v < n_vectors; v++)
        column[v] = load (panel + c * COLLATE_PANEL + v * LANES);
      for (guint r = 0; r < most; r++)
        for (guint v = 0; v < n_vectors; v++)
          products[r][v] = rows[r][c] * column[v] + products[r][v];
    }
  for (guint v = 0; v < n_vectors; v++)
    all[v] = head > 0 ? load (sums + v * LANES) : (Floats){ 0 };
  for (guint r = 0; r < most && r < n_rows; r++)
    {
      for (guint v = 0; v < n_vectors; v++)
        all[v] = weights[r] * largest (products[r][v], (Floats){ 0 }) + all[v];
      if (++head < n_heads && r + 1 < n_rows)
        continue;
      for (guint v = 0; v < n_vectors; v++)
        {
          store (sums + v * LANES, all[v]);
          all[v] = (Floats){ 0 };
        }
      if (head == n_heads)
        {
          sums += COLLATE_PANEL;
          head = 0;
        }
    }
}

/* A tile of half the rows where there are no more. */
INLINE void
score_strips (const float *panel,
              gint64 head_size,
              const float *queries,
              const float *weights,
              gint64 n_rows,
              gint64 n_heads,
              float *sums,
              guint n_vectors)
{
  gint64 row = 0;

  for (; row + FLOAT_TOKENS / 2 < n_rows; row += FLOAT_TOKENS)
    score_tile (panel,
                head_size,
                queries + row * head_size,
                weights + row,
                MIN (n_rows - row, FLOAT_TOKENS),
                row % n_heads,
                n_heads,
                sums + row / n_heads * COLLATE_PANEL,
                n_vectors,
                FLOAT_TOKENS);
  if (row < n_rows)
    score_tile (panel,
                head_size,
                queries + row * head_size,
                weights + row,
                n_rows - row,
                row % n_heads,
                n_heads,
                sums + row / n_heads * COLLATE_PANEL,
                n_vectors,
                FLOAT_TOKENS / 2);
}

TARGET static void
score_panel (const float *panel,
             gint64 head_size,
             guint n_strips,
             const float *queries,
             const float *weights,
             gint64 n_tokens,
             gint64 n_heads,
             float *sums)
{
  while (n_strips > 0)
    {
      guint n = n_strips >= TILE_STRIPS ? TILE_STRIPS : 1;

      if (n == TILE_STRIPS)
        score_strips (
            panel, head_size, queries, weights, n_tokens * n_heads, n_heads, sums, TILE_STRIPS * WIDTH);
      else
        score_strips (panel, head_size, queries, weights, n_tokens * n_heads, n_heads, sums, WIDTH);
      panel += n * COLLATE_STRIP;
      sums += n * COLLATE_STRIP;
      n_strips -= n;
    }
}
