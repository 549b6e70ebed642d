/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-private.h"

#include <string.h>

/* The product of a weight and activations. Threads share rows and tokens out, never columns: a sum is made by one
 * thread in one order, so that results do not depend on how many threads there are. A few tokens go over a strip as it
 * lies in memory, whose speed is the limit; many tokens go over a panel that was expanded for them. */

/* From here on the work of expanding a panel is won back. */
#define MANY_TOKENS 4

/* Pieces of work for a thread: enough that nobody waits long for the last, and as long as memory likes to be read where
 * there are few tokens. */
#define PIECES_A_THREAD 4
#define PIECES_OF_FEW 3

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

  return (gsize) columns * 2 + n * (sizeof (float) * 2 + sizeof (gint32) * 2);
}

static CollateQuantRow
get_row (const Product *product, gint64 t)
{
  gint64 columns = product->columns;
  gint64 n_blocks = columns / COLLATE_BLOCK;
  guint8 *row = product->cpu->rows + (gsize) t * get_row_bytes (columns);
  float *scales = (float *) (gpointer) (row + columns * 2);

  return (CollateQuantRow){
    (gint8 *) row,
    (gint8 *) row + columns,
    scales,
    scales + n_blocks,
    (gint32 *) (gpointer) (scales + n_blocks * 2),
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
}

static void
add_bias (const Factor *factor, gint64 first_token, gint64 n_tokens, gint64 first_row, gint64 n_rows)
{
  n_rows = MIN (n_rows, factor->strips->rows - first_row);
  for (gint64 t = first_token; factor->bias != NULL && t < first_token + n_tokens; t++)
    for (gint64 i = first_row; i < first_row + n_rows; i++)
      factor->out[t * factor->out_stride + i] += factor->bias->numbers[i];
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
      add_bias (factor, 0, product->n_tokens, (i - factor->first) * COLLATE_STRIP, COLLATE_STRIP);
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

/* Where many tokens meet a panel. */
typedef struct
{
  const Product *product;
  const CollateStrips *strips;
  gint64 panel;
  gint64 first_token, n_tokens;
  guint8 *scratch;
  float *sums;
  gint64 stride;
  gboolean add;
} Meeting;

/* `n` scales (minima) from the one numbered `first` on as f32: in place, or in the scratch. */
static const float *
widen (const Meeting *meeting, const guint8 *scales, gint64 first, gint64 n, float **scratch)
{
  float *out = *scratch;

  if (meeting->strips->wide_scales)
    return (const float *) (gconstpointer) scales + first;
  meeting->product->cpu->loops->from_f16 ((const guint16 *) (gconstpointer) scales + first, out, n);
  *scratch += n;
  return out;
}

static void
lay_out_panel (const Meeting *meeting, CollateQuantPanel *panel)
{
  const CollateStrips *strips = meeting->strips;
  gint64 first = panel->first_block * COLLATE_BLOCK / strips->group * COLLATE_STRIP;
  gint64 n = panel->n_blocks * COLLATE_BLOCK / strips->group * COLLATE_STRIP;
  gsize n_bytes = (gsize) (panel->n_blocks * COLLATE_BLOCK * COLLATE_STRIP);
  float *scratch = (float *) (gpointer) (meeting->scratch + n_bytes * COLLATE_PANEL_STRIPS);

  for (guint i = 0; i < COLLATE_PANEL_STRIPS; i++)
    {
      const guint8 *strip = get_strip (strips, meeting->panel, i);
      guint8 *quants = meeting->scratch + i * n_bytes;

      if (strips->form == COLLATE_FORM_BYTES)
        panel->quants[i] = strip + panel->first_block * COLLATE_BLOCK * COLLATE_STRIP;
      else
        {
          meeting->product->cpu->loops->expand_nibbles (
              strip + panel->first_block * COLLATE_BLOCK * COLLATE_STRIP / 2, panel->n_blocks, quants);
          panel->quants[i] = quants;
        }
      panel->scales[i] = widen (meeting, strip + strips->scales_at, first, n, &scratch);
      if (strips->has_minima)
        panel->minima[i] = widen (meeting, strip + strips->minima_at, first, n, &scratch);
    }
}

static void
multiply_quants (const Meeting *meeting)
{
  const CollateStrips *strips = meeting->strips;
  gint64 part = get_part (strips->columns) / COLLATE_BLOCK;
  gint64 n_blocks = strips->columns / COLLATE_BLOCK;
  CollateQuantRow rows[COLLATE_PANEL_TOKENS];

  for (gint64 t = 0; t < meeting->n_tokens; t++)
    rows[t] = get_row (meeting->product, meeting->first_token + t);
  for (gint64 block = 0; block < n_blocks; block += part)
    {
      CollateQuantPanel panel = { .group = strips->group,
                                  .offset = strips->offset,
                                  .first_block = block,
                                  .n_blocks = MIN (part, n_blocks - block) };

      lay_out_panel (meeting, &panel);
      meeting->product->cpu->loops->multiply_quants (
          &panel, rows, meeting->n_tokens, meeting->sums, meeting->stride, meeting->add || block > 0);
    }
}

static void
multiply_floats (const Meeting *meeting)
{
  const Product *product = meeting->product;
  const CollateStrips *strips = meeting->strips;
  const CollateCpuLoops *loops = product->cpu->loops;
  float *panel = (float *) (gpointer) meeting->scratch;
  gint64 part = get_part (strips->columns);

  for (gint64 column = 0; column < strips->columns; column += part)
    {
      gint64 n_columns = MIN (part, strips->columns - column);

      for (guint n = 0; n < COLLATE_PANEL_STRIPS; n++)
        loops->expand_floats (
            strips, get_strip (strips, meeting->panel, n), column, n_columns, panel + n * COLLATE_STRIP);
      loops->multiply_floats (panel,
                              n_columns,
                              COLLATE_PANEL_STRIPS,
                              product->in + meeting->first_token * product->in_stride + column,
                              product->in_stride,
                              meeting->n_tokens,
                              meeting->sums,
                              meeting->stride,
                              meeting->add || column > 0);
    }
}

/* Sums go where they belong at once, but for rows of a panel that are beyond the last. */
static void
multiply_panel (const Product *product,
                const Factor *factor,
                gint64 panel,
                gint64 first_token,
                gint64 n_tokens,
                guint8 *scratch)
{
  gint64 first_row = panel * COLLATE_PANEL;
  gboolean whole = first_row + COLLATE_PANEL <= factor->strips->rows;
  float *sums = (float *) (gpointer) scratch;
  Meeting meeting = {
    .product = product,
    .strips = factor->strips,
    .panel = panel,
    .first_token = first_token,
    .n_tokens = n_tokens,
    .scratch = scratch + COLLATE_PANEL_TOKENS * COLLATE_PANEL * sizeof *sums,
    .sums = whole ? factor->out + first_token * factor->out_stride + first_row : sums,
    .stride = whole ? factor->out_stride : COLLATE_PANEL,
    .add = whole && product->params->accumulate,
  };

  if (collate_strips_have_quants (factor->strips))
    multiply_quants (&meeting);
  else
    multiply_floats (&meeting);
  for (gint64 t = 0; !whole && t < n_tokens; t++)
    put (product, factor, first_token + t, first_row, COLLATE_PANEL, sums + t * COLLATE_PANEL);
  add_bias (factor, first_token, n_tokens, first_row, COLLATE_PANEL);
}

static void
multiply_many (gpointer data, gint64 first, gint64 end, guint thread)
{
  const Product *product = data;

  for (gint64 i = first; i < end; i++)
    {
      const Factor *factor = find_factor (product, i / product->n_token_pieces);
      gint64 first_token = i % product->n_token_pieces * product->tokens_a_piece;

      multiply_panel (product,
                      factor,
                      i / product->n_token_pieces - factor->first,
                      first_token,
                      MIN (product->tokens_a_piece, product->n_tokens - first_token),
                      product->cpu->scratches[thread]);
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
  gint64 n_pieces = (gint64) collate_pool_get_n_threads (product->cpu->pool) * PIECES_OF_FEW;
  gint64 n_strips = count_units (product, 1);

  collate_pool_run (
      product->cpu->pool, multiply_few, product, n_strips, (n_strips + n_pieces - 1) / n_pieces);
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
      if (product->n_tokens < MANY_TOKENS)
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
