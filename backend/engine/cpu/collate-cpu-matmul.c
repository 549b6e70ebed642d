/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-private.h"

#include <string.h>

/* The product of a weight and activations. Threads share rows and tokens out, never columns: a sum is made by one
 * thread in one order, so that results do not depend on how many threads there are. A few tokens go over a strip as it
 * lies in memory, whose speed is the limit; many tokens go over a panel that was expanded for them. */

/* From here on the work of expanding a panel is won back. */
#define MANY_TOKENS 4

/* Rows of a piece of work for one thread. */
#define PIECES_A_THREAD 4

/* One weight, whose strips (panels) are counted from `first` on among those of all. */
typedef struct
{
  const CollateStrips *strips;
  const CollateWeight *bias;
  float *out; /* of the tokens at hand */
  gint64 out_stride;
  gint64 first;
} Factor;

typedef struct
{
  CollateCpuDevice *cpu;
  const CollateMatmul *params;

  guint n_factors;
  Factor factors[COLLATE_MOST_PRODUCTS];
  gint64 columns, in_stride;

  /* The tokens at hand. */
  const float *in;
  gint64 n_tokens;
  gint64 tokens_a_piece, n_token_pieces;
} Product;

static gsize
get_row_bytes (gint64 columns)
{
  gsize n = (gsize) columns / COLLATE_BLOCK;

  return (gsize) columns + n * (sizeof (float) * 2 + sizeof (gint32) * 2);
}

static CollateQuantRow
get_row (const Product *product, gint64 t)
{
  gint64 columns = product->columns;
  gint64 n_blocks = columns / COLLATE_BLOCK;
  guint8 *row = product->cpu->rows + (gsize) t * get_row_bytes (columns);
  float *scales = (float *) (gpointer) (row + columns);

  return (CollateQuantRow){
    (gint8 *) row, scales, scales + n_blocks, (gint32 *) (gpointer) (scales + n_blocks * 2)
  };
}

gboolean
collate_cpu_reserve_rows (CollateCpuDevice *cpu, gint64 columns, GError **error)
{
  guint8 *rows;

  if (columns <= cpu->rows_columns)
    return TRUE;
  rows = collate_cpu_allocate (get_row_bytes (columns) * COLLATE_PANEL_TOKENS, error);
  if (rows == NULL)
    return FALSE;
  free (cpu->rows);
  cpu->rows = rows;
  cpu->rows_columns = columns;
  return TRUE;
}

static void
quantize_tokens (gpointer data, gint64 first, gint64 end, guint thread)
{
  const Product *product = data;
  const CollateStrips *strips = product->factors[0].strips;

  for (gint64 t = first; t < end; t++)
    {
      CollateQuantRow row = get_row (product, t);

      product->cpu->loops->quantize (
          product->in + t * product->in_stride, strips->columns, strips->group, strips->offset, &row);
    }
}

static const Factor *
find_factor (const Product *product, gint64 item)
{
  guint n = product->n_factors - 1;

  while (product->factors[n].first > item)
    n--;
  return &product->factors[n];
}

/* Hands the sums of `n_rows` rows of a token over. */
static void
put (const Product *product,
     const Factor *factor,
     gint64 token,
     gint64 first_row,
     gint64 n_rows,
     const float *sums)
{
  float *out = factor->out + token * factor->out_stride + first_row;

  n_rows = MIN (n_rows, factor->strips->rows - first_row);
  if (product->params->accumulate)
    for (gint64 i = 0; i < n_rows; i++)
      out[i] += sums[i];
  else
    memcpy (out, sums, (gsize) n_rows * sizeof *out);
  if (factor->bias != NULL)
    for (gint64 i = 0; i < n_rows; i++)
      out[i] += factor->bias->numbers[first_row + i];
}

static void
multiply_few (gpointer data, gint64 first, gint64 end, guint thread)
{
  const Product *product = data;
  const CollateCpuLoops *loops = product->cpu->loops;

  for (gint64 i = first; i < end; i++)
    {
      const Factor *factor = find_factor (product, i);
      const guint8 *strip = collate_strips_get (factor->strips, i - factor->first);

      for (gint64 t = 0; t < product->n_tokens; t++)
        {
          float sums[COLLATE_STRIP];

          if (collate_strips_have_quants (factor->strips))
            {
              CollateQuantRow row = get_row (product, t);

              loops->dot_quants (factor->strips, strip, &row, sums);
            }
          else
            loops->dot_floats (factor->strips, strip, product->in + t * product->in_stride, sums);
          put (product, factor, t, (i - factor->first) * COLLATE_STRIP, COLLATE_STRIP, sums);
        }
    }
}

/* Columns of a part of a panel: parts of even size, of whole blocks. */
static gint64
get_part (gint64 columns)
{
  gint64 n_parts = (columns + COLLATE_PANEL_COLUMNS - 1) / COLLATE_PANEL_COLUMNS;
  gint64 part = (columns + n_parts - 1) / n_parts;

  return (part + COLLATE_BLOCK - 1) / COLLATE_BLOCK * COLLATE_BLOCK;
}

/* The strip at place n of a panel; the last one again beyond the end, where nobody looks at the sums. */
static const guint8 *
get_strip (const CollateStrips *strips, gint64 panel, guint n)
{
  return collate_strips_get (strips, MIN (panel * COLLATE_PANEL_STRIPS + n, strips->n_strips - 1));
}

static void
multiply_quants (const Product *product,
                 const CollateStrips *strips,
                 gint64 panel,
                 gint64 first_token,
                 gint64 n_tokens,
                 guint8 *scratch,
                 float *sums)
{
  const CollateCpuLoops *loops = product->cpu->loops;
  gint64 part = get_part (strips->columns) / COLLATE_BLOCK;
  gint64 n_blocks = strips->columns / COLLATE_BLOCK;
  CollateQuantRow rows[COLLATE_PANEL_TOKENS];

  for (gint64 t = 0; t < n_tokens; t++)
    rows[t] = get_row (product, first_token + t);
  for (gint64 block = 0; block < n_blocks; block += part)
    {
      CollateQuantPanel at = { .quants = scratch,
                               .group = strips->group,
                               .offset = strips->offset,
                               .n_blocks = MIN (part, n_blocks - block) };

      at.scales = (float *) (gpointer) (scratch + at.n_blocks * COLLATE_BLOCK * COLLATE_PANEL);
      if (strips->has_minima)
        at.minima = at.scales + at.n_blocks * COLLATE_BLOCK / at.group * COLLATE_PANEL;
      for (guint n = 0; n < COLLATE_PANEL_STRIPS; n++)
        loops->expand_quants (strips, get_strip (strips, panel, n), block, &at, n);
      loops->multiply_quants (&at, rows, block, n_tokens, sums);
    }
}

static void
multiply_floats (const Product *product,
                 const CollateStrips *strips,
                 gint64 panel,
                 gint64 first_token,
                 gint64 n_tokens,
                 float *scratch,
                 float *sums)
{
  const CollateCpuLoops *loops = product->cpu->loops;
  gint64 part = get_part (strips->columns);

  for (gint64 column = 0; column < strips->columns; column += part)
    {
      gint64 n_columns = MIN (part, strips->columns - column);

      for (guint n = 0; n < COLLATE_PANEL_STRIPS; n++)
        loops->expand_floats (
            strips, get_strip (strips, panel, n), column, n_columns, scratch + n * COLLATE_STRIP);
      loops->multiply_floats (scratch,
                              COLLATE_PANEL,
                              n_columns,
                              COLLATE_PANEL_STRIPS,
                              product->in + first_token * product->in_stride + column,
                              product->in_stride,
                              n_tokens,
                              sums,
                              COLLATE_PANEL);
    }
}

static void
multiply_many (gpointer data, gint64 first, gint64 end, guint thread)
{
  const Product *product = data;
  float *sums = (float *) (gpointer) product->cpu->scratches[thread];
  float *scratch = sums + COLLATE_PANEL_TOKENS * COLLATE_PANEL;

  for (gint64 i = first; i < end; i++)
    {
      const Factor *factor = find_factor (product, i / product->n_token_pieces);
      gint64 panel = i / product->n_token_pieces - factor->first;
      gint64 first_token = i % product->n_token_pieces * product->tokens_a_piece;
      gint64 n_tokens = MIN (product->tokens_a_piece, product->n_tokens - first_token);

      memset (sums, 0, (gsize) (n_tokens * COLLATE_PANEL) * sizeof *sums);
      if (collate_strips_have_quants (factor->strips))
        multiply_quants (product, factor->strips, panel, first_token, n_tokens, (guint8 *) scratch, sums);
      else
        multiply_floats (product, factor->strips, panel, first_token, n_tokens, scratch, sums);
      for (gint64 t = 0; t < n_tokens; t++)
        put (
            product, factor, first_token + t, panel * COLLATE_PANEL, COLLATE_PANEL, sums + t * COLLATE_PANEL);
    }
}

/* Numbers the strips of all factors, `unit` of them at a time; returns how many there are. */
static gint64
count_units (Product *product, gint64 unit)
{
  gint64 n = 0;

  for (guint i = 0; i < product->n_factors; i++)
    {
      product->factors[i].first = n;
      n += (product->factors[i].strips->n_strips + unit - 1) / unit;
    }
  return n;
}

/* All tokens at hand for a piece of work where there are panels enough for the threads, else fewer. */
static void
run_many (Product *product)
{
  guint n_threads = collate_pool_get_n_threads (product->cpu->pool);
  gint64 n_panels = count_units (product, COLLATE_PANEL_STRIPS);
  gint64 most = MAX (product->n_tokens / 32, 1);

  product->n_token_pieces = CLAMP (n_threads * PIECES_A_THREAD / n_panels, 1, most);
  product->tokens_a_piece = (product->n_tokens + product->n_token_pieces - 1) / product->n_token_pieces;
  product->n_token_pieces = (product->n_tokens + product->tokens_a_piece - 1) / product->tokens_a_piece;
  collate_pool_run (product->cpu->pool, multiply_many, product, n_panels * product->n_token_pieces, 1);
}

static void
run_few (Product *product)
{
  gint64 n_pieces = (gint64) collate_pool_get_n_threads (product->cpu->pool) * PIECES_A_THREAD;
  gint64 n_strips = count_units (product, 1);

  collate_pool_run (product->cpu->pool, multiply_few, product, n_strips, MAX (n_strips / n_pieces, 1));
}

/* TRUE where both weights can be multiplied with the same quants, or both with none. */
static gboolean
are_alike (const CollateStrips *a, const CollateStrips *b)
{
  if (!collate_strips_have_quants (a) || !collate_strips_have_quants (b))
    return collate_strips_have_quants (a) == collate_strips_have_quants (b);
  return a->group == b->group && a->offset == b->offset;
}

static void
run (Product *product)
{
  CollateCpuDevice *cpu = product->cpu;
  const CollateMatmul *params = product->params;

  for (gint64 t = 0; t < params->n_tokens; t += COLLATE_PANEL_TOKENS)
    {
      product->in = collate_place_get (params->in) + t * product->in_stride;
      product->n_tokens = MIN (params->n_tokens - t, COLLATE_PANEL_TOKENS);
      if (collate_strips_have_quants (product->factors[0].strips))
        collate_pool_run (cpu->pool, quantize_tokens, product, product->n_tokens, 8);
      if (product->n_tokens < MANY_TOKENS && cpu->loops->dot_quants != NULL)
        run_few (product);
      else
        run_many (product);
      for (guint i = 0; i < product->n_factors; i++)
        product->factors[i].out += product->n_tokens * product->factors[i].out_stride;
    }
}

/* Neighbours that are alike go together. */
void
collate_cpu_matmul (CollateDevice *device, const CollateMatmul *params)
{
  Product product = { .cpu = (CollateCpuDevice *) device, .params = params };

  product.columns = params->products[0].weight->strips.columns;
  product.in_stride = params->in_stride != 0 ? params->in_stride : product.columns;
  for (gsize i = 0; i < params->n_products; i++)
    {
      const CollateProduct *at = &params->products[i];
      const CollateStrips *strips = &at->weight->strips;

      if (product.n_factors > 0 && !are_alike (product.factors[0].strips, strips))
        {
          run (&product);
          product.n_factors = 0;
        }
      product.factors[product.n_factors++] = (Factor){
        .strips = strips,
        .bias = at->bias,
        .out = collate_place_get (at->out),
        .out_stride = at->out_stride != 0 ? at->out_stride : strips->rows,
      };
    }
  run (&product);
}
