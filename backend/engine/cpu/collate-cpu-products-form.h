/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The inner loops of products, in the vectors of the level that includes this file. */

/* Quants whose products need their sign at the levels that say so. */
#define SIGNED_OFFSET 128

/* As steps, which are within their bounds also where a number is infinite, or none: such numbers come to nothing that
 * counts, but they may not overflow. */
INLINE Ints
round_to_steps (Floats in, Floats inverse)
{
  Floats steps = largest (in * inverse, repeat (-COLLATE_MOST_STEPS));

  return round_lanes (-largest (-steps, repeat (-COLLATE_MOST_STEPS)));
}

/* Sixteen numbers as two bytes each; their sum in steps. */
INLINE int
quantize_half (const float *in, Floats inverse, gint8 *quants, gint8 *rests)
{
  Ints sums = { 0 };

  for (guint i = 0; i < COLLATE_BLOCK / 2; i += LANES)
    {
      Ints steps = round_to_steps (load (in + i), inverse);
      Ints whole = round_lanes (__builtin_convertvector(steps, Floats) * (1.0f / COLLATE_STEPS));
      Narrow bytes = __builtin_convertvector(whole, Narrow);
      Narrow rest = __builtin_convertvector(steps - whole * COLLATE_STEPS, Narrow);

      memcpy (quants + i, &bytes, sizeof bytes);
      memcpy (rests + i, &rest, sizeof rest);
      sums += steps;
    }
  return (int) add_lanes (__builtin_convertvector(sums, Floats));
}

TARGET static void
quantize (const float *in, gint64 columns, guint group, int offset, const CollateQuantRow *row)
{
  int bias = NEEDS_SIGN && offset == SIGNED_OFFSET ? 0 : -offset;

  for (gint64 block = 0; block < columns / COLLATE_BLOCK; block++)
    {
      const float *at = in + block * COLLATE_BLOCK;
      gint8 *quants = row->quants + block * COLLATE_BLOCK;
      Floats most_lanes = { 0 };
      Floats inverse;
      gint8 *rests = row->rests + block * COLLATE_BLOCK;
      int low, high;
      float most;

      for (guint i = 0; i < COLLATE_BLOCK; i += LANES)
        most_lanes = largest (most_lanes, largest (load (at + i), -load (at + i)));
      most = max_lanes (most_lanes);
      inverse = repeat (most > COLLATE_LEAST_SCALED ? COLLATE_MOST_STEPS / most : 0);
      low = quantize_half (at, inverse, quants, rests);
      high = quantize_half (
          at + COLLATE_BLOCK / 2, inverse, quants + COLLATE_BLOCK / 2, rests + COLLATE_BLOCK / 2);

      row->scales[block] = most > COLLATE_LEAST_SCALED ? most / COLLATE_MOST_STEPS : 0;
      row->sums[block] = row->scales[block] * (float) (low + high);
      if (group == 32)
        row->biases[block] = bias * (low + high);
      else
        {
          row->biases[block * 2] = bias * low;
          row->biases[block * 2 + 1] = bias * high;
        }
    }
}

/* LANES of a strip's scales or minima, from the one numbered `index` on. */
INLINE Floats
load_scales (const guint8 *scales, gint64 index, gboolean wide)
{
  if (wide)
    return load ((const float *) (gconstpointer) scales + index);
  return load_halves ((const guint16 *) (gconstpointer) scales + index);
}

/* Sums of products with both bytes of an activation, as sums of products with the whole. */
INLINE Ints
join (Ints wholes, Ints rests)
{
  return (wholes << 8) - wholes + rests;
}

INLINE Floats
add_scaled (Floats sums, Ints products, Floats scales, float scale)
{
  return __builtin_convertvector(products, Floats) * (scales * scale) + sums;
}

/* Sums of products of half a block. */
typedef struct
{
  Ints wholes[WIDTH], rests[WIDTH];
} Half;

INLINE void
begin_half (Half *half, gint32 bias)
{
  for (guint w = 0; w < WIDTH; w++)
    {
      half->wholes[w] = (Ints){ 0 };
      half->rests[w] = repeat_int (bias);
    }
}

INLINE void
add_to_half (Half *half, guint w, Bytes quants, const CollateQuantRow *row, gint64 at, gboolean with_sign)
{
  half->wholes[w] = add_products (half->wholes[w], quants, repeat_four (row->quants + at), with_sign);
  half->rests[w] = add_products (half->rests[w], quants, repeat_four (row->rests + at), with_sign);
}

/* How far ahead of its use a weight is asked for, in bytes: across the bounds of pages, where the processor itself stops
 * to look ahead. Beyond a weight's end nothing comes of it. */
#define BYTES_AHEAD 4096

INLINE void
ask_for_block (const guint8 *at, gsize n_bytes)
{
  for (gsize i = 0; i < n_bytes; i += 64)
    __builtin_prefetch (at + BYTES_AHEAD + i);
}

/* The products of 32 columns, by halves: those are what lies in the halves of bytes, and what groups of 16 need. */
INLINE void
multiply_block (const guint8 *strip,
                gint64 block,
                gboolean nibbles,
                gboolean with_sign,
                const CollateQuantRow *row,
                Half *low,
                Half *high)
{
#pragma GCC unroll 4
  for (guint i = 0; i < 4; i++)
    for (guint w = 0; w < WIDTH; w++)
      {
        const guint8 *at = strip + block * (nibbles ? 256 : 512) + i * 64 + w * LANES * 4;
        gint64 in = block * COLLATE_BLOCK + i * 4;
        Bytes first = load_bytes (at);
        Bytes second = nibbles ? first >> 4 : load_bytes (at + 256);

        add_to_half (low, w, nibbles ? first & 15 : first, row, in, with_sign);
        add_to_half (high, w, second, row, in + COLLATE_BLOCK / 2, with_sign);
      }
}

INLINE void
dot (const CollateStrips *strips,
     const guint8 *strip,
     const CollateQuantRow *row,
     float *result,
     gboolean nibbles,
     gboolean halves,
     gboolean wide,
     gboolean minima,
     gboolean with_sign)
{
  const guint8 *scales = strip + strips->scales_at, *lowest = strip + strips->minima_at;
  Floats sums[WIDTH] = { 0 };

  for (gint64 block = 0; block < strips->columns / COLLATE_BLOCK; block++)
    {
      float scale = row->scales[block];
      Half low, high;

      begin_half (&low, row->biases[halves ? block * 2 : block]);
      begin_half (&high, halves ? row->biases[block * 2 + 1] : 0);
      ask_for_block (strip + block * (nibbles ? 256 : 512), nibbles ? 256 : 512);
      multiply_block (strip, block, nibbles, with_sign, row, &low, &high);
      for (guint w = 0; w < WIDTH; w++)
        {
          gint64 at = block * COLLATE_STRIP + w * LANES;
          Ints first = join (low.wholes[w], low.rests[w]), second = join (high.wholes[w], high.rests[w]);

          if (halves)
            {
              gint64 group = at + block * COLLATE_STRIP;

              sums[w] = add_scaled (sums[w], first, load_scales (scales, group, wide), scale);
              sums[w] =
                  add_scaled (sums[w], second, load_scales (scales, group + COLLATE_STRIP, wide), scale);
            }
          else
            sums[w] = add_scaled (sums[w], first + second, load_scales (scales, at, wide), scale);
          if (minima)
            sums[w] = load_scales (lowest, at, wide) * row->sums[block] + sums[w];
        }
    }
  for (guint w = 0; w < WIDTH; w++)
    store (result + w * LANES, sums[w]);
}

/* A copy of the loop for each kind of strip. */
TARGET static void
dot_quants (const CollateStrips *strips, const guint8 *strip, const CollateQuantRow *row, float *sums)
{
  if (strips->group == 16)
    dot (strips, strip, row, sums, FALSE, TRUE, TRUE, FALSE, FALSE);
  else if (strips->form == COLLATE_FORM_NIBBLES && strips->wide_scales)
    dot (strips, strip, row, sums, TRUE, FALSE, TRUE, TRUE, FALSE);
  else if (strips->form == COLLATE_FORM_NIBBLES && strips->has_minima)
    dot (strips, strip, row, sums, TRUE, FALSE, FALSE, TRUE, FALSE);
  else if (strips->form == COLLATE_FORM_NIBBLES)
    dot (strips, strip, row, sums, TRUE, FALSE, FALSE, FALSE, FALSE);
  else if (strips->wide_scales)
    dot (strips, strip, row, sums, FALSE, FALSE, TRUE, TRUE, FALSE);
  else if (strips->has_minima)
    dot (strips, strip, row, sums, FALSE, FALSE, FALSE, TRUE, FALSE);
  else
    dot (strips, strip, row, sums, FALSE, FALSE, FALSE, FALSE, strips->offset == SIGNED_OFFSET);
}

/* LANES numbers of a strip that are no quants. */
INLINE Floats
load_column (const guint8 *strip, gint64 index, CollateForm form)
{
  if (form == COLLATE_FORM_F32)
    return load ((const float *) (gconstpointer) strip + index);
  if (form == COLLATE_FORM_F16)
    return load_halves ((const guint16 *) (gconstpointer) strip + index);
  {
    typedef guint16 Halves __attribute__ ((vector_size (LANES * 2)));
    Halves halves;

    memcpy (&halves, strip + index * 2, sizeof halves);
    return (Floats) (__builtin_convertvector(halves, Ints) << 16);
  }
}

/* Eight sums at a time, so that none waits for the one before. */
INLINE void
dot_form (const guint8 *strip, gint64 columns, const float *in, float *result, CollateForm form)
{
  enum
  {
    PARTS = WIDTH < 8 ? 8 / WIDTH : 1
  };
  Floats sums[PARTS][WIDTH];
  gint64 column = 0;

  for (guint i = 0; i < PARTS; i++)
    for (guint w = 0; w < WIDTH; w++)
      sums[i][w] = (Floats){ 0 };
  for (; column + PARTS <= columns; column += PARTS)
    {
      gsize number_bytes = form == COLLATE_FORM_F32 ? 4 : 2;

      ask_for_block (strip + (gsize) column * COLLATE_STRIP * number_bytes,
                     PARTS * COLLATE_STRIP * number_bytes);
      for (guint i = 0; i < PARTS; i++)
        for (guint w = 0; w < WIDTH; w++)
          sums[i][w] = in[column + i] * load_column (strip, (column + i) * COLLATE_STRIP + w * LANES, form) +
                       sums[i][w];
    }
  for (; column < columns; column++)
    for (guint w = 0; w < WIDTH; w++)
      sums[0][w] = in[column] * load_column (strip, column * COLLATE_STRIP + w * LANES, form) + sums[0][w];
  for (guint n = PARTS / 2; n > 0; n /= 2)
    for (guint i = 0; i < n; i++)
      for (guint w = 0; w < WIDTH; w++)
        sums[i][w] += sums[i + n][w];
  for (guint w = 0; w < WIDTH; w++)
    store (result + w * LANES, sums[0][w]);
}

TARGET static void
dot_floats (const CollateStrips *strips, const guint8 *strip, const float *in, float *sums)
{
  if (strips->form == COLLATE_FORM_F32)
    dot_form (strip, strips->columns, in, sums, COLLATE_FORM_F32);
  else if (strips->form == COLLATE_FORM_F16)
    dot_form (strip, strips->columns, in, sums, COLLATE_FORM_F16);
  else
    dot_form (strip, strips->columns, in, sums, COLLATE_FORM_BF16);
}

TARGET static void
expand_nibbles (const guint8 *nibbles, gint64 n_blocks, guint8 *quants)
{
  for (gint64 block = 0; block < n_blocks; block++)
    for (guint i = 0; i < 256; i += LANES * 4)
      {
        Bytes both = load_bytes (nibbles + block * 256 + i);

        store_bytes (quants + block * 512 + i, both & 15);
        store_bytes (quants + block * 512 + 256 + i, both >> 4);
      }
}

/* Strips of a panel against some tokens, one group of columns after the other. Where there are fewer tokens the last one
 * stands in for the missing ones, and nothing of them is kept. */
INLINE void
multiply_quant_tile (const CollateQuantPanel *panel,
                     guint first_strip,
                     const CollateQuantRow *rows,
                     gint64 n_tokens,
                     float *result,
                     gint64 stride,
                     gboolean add,
                     gint64 group,
                     gboolean minima,
                     gboolean with_sign)
{
  enum
  {
    VECTORS = TILE_STRIPS * WIDTH
  };
  gint64 n_groups = panel->n_blocks * COLLATE_BLOCK / group;
  gint64 first_group = panel->first_block * COLLATE_BLOCK / group;
  const guint8 *quants[TILE_STRIPS];
  const float *scales[TILE_STRIPS], *lowest[TILE_STRIPS];
  const CollateQuantRow *row[QUANT_TOKENS];
  Floats sums[QUANT_TOKENS][VECTORS];

  for (guint s = 0; s < TILE_STRIPS; s++)
    {
      quants[s] = panel->quants[first_strip + s];
      scales[s] = panel->scales[first_strip + s];
      lowest[s] = panel->minima[first_strip + s];
    }
  for (guint t = 0; t < QUANT_TOKENS; t++)
    {
      gint64 token = MIN (t, n_tokens - 1);

      row[t] = &rows[token];
      for (guint v = 0; v < VECTORS; v++)
        sums[t][v] = add ? load (result + token * stride + v * LANES) : (Floats){ 0 };
    }

  for (gint64 g = 0; g < n_groups; g++)
    {
      gint64 block = (first_group + g) * group / COLLATE_BLOCK;
      Ints wholes[QUANT_TOKENS][VECTORS], rests[QUANT_TOKENS][VECTORS];

      for (guint t = 0; t < QUANT_TOKENS; t++)
        for (guint v = 0; v < VECTORS; v++)
          {
            wholes[t][v] = (Ints){ 0 };
            rests[t][v] = repeat_int (row[t]->biases[first_group + g]);
          }
#pragma GCC unroll 8
      for (gint64 i = 0; i < group / 4; i++)
        {
          Bytes some[VECTORS];

          for (guint v = 0; v < VECTORS; v++)
            some[v] =
                load_bytes (quants[v / WIDTH] + g * group * COLLATE_STRIP + i * 64 + v % WIDTH * LANES * 4);
          for (guint t = 0; t < QUANT_TOKENS; t++)
            {
              gint64 at = (first_group + g) * group + i * 4;
              Bytes whole = repeat_four (row[t]->quants + at), rest = repeat_four (row[t]->rests + at);

              for (guint v = 0; v < VECTORS; v++)
                {
                  wholes[t][v] = add_products (wholes[t][v], some[v], whole, with_sign);
                  rests[t][v] = add_products (rests[t][v], some[v], rest, with_sign);
                }
            }
        }
      for (guint v = 0; v < VECTORS; v++)
        {
          gint64 at = g * COLLATE_STRIP + v % WIDTH * LANES;
          Floats scale = load (scales[v / WIDTH] + at);

          for (guint t = 0; t < QUANT_TOKENS; t++)
            sums[t][v] =
                add_scaled (sums[t][v], join (wholes[t][v], rests[t][v]), scale, row[t]->scales[block]);
          if (minima)
            for (guint t = 0; t < QUANT_TOKENS; t++)
              sums[t][v] = load (lowest[v / WIDTH] + at) * row[t]->sums[block] + sums[t][v];
        }
    }

  for (guint t = 0; t < QUANT_TOKENS && t < n_tokens; t++)
    for (guint v = 0; v < VECTORS; v++)
      store (result + t * stride + v * LANES, sums[t][v]);
}

TARGET static void
multiply_quants (const CollateQuantPanel *panel,
                 const CollateQuantRow *rows,
                 gint64 n_tokens,
                 float *sums,
                 gint64 stride,
                 gboolean add)
{
  for (guint s = 0; s < COLLATE_PANEL_STRIPS; s += TILE_STRIPS)
    for (gint64 t = 0; t < n_tokens; t += QUANT_TOKENS)
      {
        float *at = sums + t * stride + s * COLLATE_STRIP;
        gint64 n = n_tokens - t;

        if (panel->group == 16)
          multiply_quant_tile (panel, s, rows + t, n, at, stride, add, 16, FALSE, FALSE);
        else if (panel->minima[0] != NULL)
          multiply_quant_tile (panel, s, rows + t, n, at, stride, add, 32, TRUE, FALSE);
        else if (NEEDS_SIGN && panel->offset == SIGNED_OFFSET)
          multiply_quant_tile (panel, s, rows + t, n, at, stride, add, 32, FALSE, TRUE);
        else
          multiply_quant_tile (panel, s, rows + t, n, at, stride, add, 32, FALSE, FALSE);
      }
}

INLINE void
expand_form (const guint8 *strip, gint64 first_column, gint64 n_columns, float *panel, CollateForm form)
{
  for (gint64 c = 0; c < n_columns; c++)
    for (guint i = 0; i < COLLATE_STRIP; i += LANES)
      store (panel + c * COLLATE_PANEL + i,
             load_column (strip, (first_column + c) * COLLATE_STRIP + i, form));
}

TARGET static void
expand_floats (const CollateStrips *strips,
               const guint8 *strip,
               gint64 first_column,
               gint64 n_columns,
               float *panel)
{
  if (strips->form == COLLATE_FORM_F32)
    expand_form (strip, first_column, n_columns, panel, COLLATE_FORM_F32);
  else if (strips->form == COLLATE_FORM_F16)
    expand_form (strip, first_column, n_columns, panel, COLLATE_FORM_F16);
  else
    expand_form (strip, first_column, n_columns, panel, COLLATE_FORM_BF16);
}

/* As with quants: the last token stands in for missing ones. */
INLINE void
multiply_float_tile (const float *panel,
                     gint64 n_columns,
                     const float *in,
                     gint64 in_stride,
                     gint64 in_step,
                     gint64 n_tokens,
                     float *result,
                     gint64 stride,
                     gboolean add,
                     guint n_vectors)
{
  Floats sums[FLOAT_TOKENS][TILE_STRIPS * WIDTH];
  const float *rows[FLOAT_TOKENS];

  for (guint t = 0; t < FLOAT_TOKENS; t++)
    {
      gint64 token = MIN (t, n_tokens - 1);

      rows[t] = in + token * in_stride;
      for (guint v = 0; v < n_vectors; v++)
        sums[t][v] = add ? load (result + token * stride + v * LANES) : (Floats){ 0 };
    }
  for (gint64 c = 0; c < n_columns; c++)
    {
      Floats column[TILE_STRIPS * WIDTH];

      for (guint v = 0; v < n_vectors; v++)
        column[v] = load (panel + c * COLLATE_PANEL + v * LANES);
      for (guint t = 0; t < FLOAT_TOKENS; t++)
        for (guint v = 0; v < n_vectors; v++)
          sums[t][v] = rows[t][c * in_step] * column[v] + sums[t][v];
    }
  for (guint t = 0; t < FLOAT_TOKENS && t < n_tokens; t++)
    for (guint v = 0; v < n_vectors; v++)
      store (result + t * stride + v * LANES, sums[t][v]);
}

INLINE void
multiply_strips (const float *panel,
                 gint64 n_columns,
                 guint n_strips,
                 const float *in,
                 gint64 in_stride,
                 gint64 in_step,
                 gint64 n_tokens,
                 float *sums,
                 gint64 stride,
                 gboolean add)
{
  for (gint64 t = 0; t < n_tokens; t += FLOAT_TOKENS)
    multiply_float_tile (panel,
                         n_columns,
                         in + t * in_stride,
                         in_stride,
                         in_step,
                         n_tokens - t,
                         sums + t * stride,
                         stride,
                         add,
                         n_strips * WIDTH);
}

/* As many strips together as a tile has, then one by one. */
INLINE void
multiply_panel (const float *panel,
                gint64 n_columns,
                guint n_strips,
                const float *in,
                gint64 in_stride,
                gint64 in_step,
                gint64 n_tokens,
                float *sums,
                gint64 stride,
                gboolean add)
{
  while (n_strips > 0)
    {
      guint n = n_strips >= TILE_STRIPS ? TILE_STRIPS : 1;

      if (n == TILE_STRIPS)
        multiply_strips (panel, n_columns, TILE_STRIPS, in, in_stride, in_step, n_tokens, sums, stride, add);
      else
        multiply_strips (panel, n_columns, 1, in, in_stride, in_step, n_tokens, sums, stride, add);
      panel += n * COLLATE_STRIP;
      sums += n * COLLATE_STRIP;
      n_strips -= n;
    }
}

TARGET static void
multiply_floats (const float *panel,
                 gint64 n_columns,
                 guint n_strips,
                 const float *in,
                 gint64 in_stride,
                 gint64 n_tokens,
                 float *sums,
                 gint64 stride,
                 gboolean add)
{
  multiply_panel (panel, n_columns, n_strips, in, in_stride, 1, n_tokens, sums, stride, add);
}

TARGET static void
multiply_columns (const float *panel,
                  gint64 n_columns,
                  guint n_strips,
                  const float *in,
                  gint64 in_step,
                  gint64 n_tokens,
                  float *sums,
                  gint64 stride,
                  gboolean add)
{
  multiply_panel (panel, n_columns, n_strips, in, 1, in_step, n_tokens, sums, stride, add);
}
