/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-product.h"

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

static gsize
get_row_bytes (gint64 columns)
{
  gsize n = (gsize) columns / COLLATE_BLOCK;

  return (gsize) columns * 2 + n * (sizeof (float) * 2 + sizeof (gint32) * 2);
}

static CollateQuantRow
get_row (const CollateCpuDevice *cpu, gint64 columns, gint64 n)
{
  gint64 n_blocks = columns / COLLATE_BLOCK;
  guint8 *row = cpu->rows + (gsize) n * get_row_bytes (columns);
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
collate_cpu_reserve_rows (CollateCpuDevice *cpu, gint64 n_rows, gint64 columns, GError **error)
{
  gsize n_bytes = get_row_bytes (columns) * (gsize) n_rows;
  guint8 *rows;

  if (n_bytes <= cpu->n_row_bytes)
    return TRUE;
  rows = collate_cpu_allocate (n_bytes, error);
  if (rows == NULL)
    return FALSE;
  free (cpu->rows);
  cpu->rows = rows;
  cpu->n_row_bytes = n_bytes;
  return TRUE;
}

/* Tokens to be written as quants. */
typedef struct
{
  CollateCpuDevice *cpu;
  const CollateStrips *strips;
  const float *in;
  gint64 in_stride, first_row;
} Quantizing;

static void
quantize_tokens (gpointer data, gint64 first, gint64 end, guint thread)
{
  const Quantizing *this = data;
  const CollateStrips *strips = this->strips;

  for (gint64 t = first; t < end; t++)
    {
      CollateQuantRow row = get_row (this->cpu, strips->columns, this->first_row + t);

      this->cpu->loops->quantize (
          this->in + t * this->in_stride, strips->columns, strips->group, strips->offset, &row);
    }
}

void
collate_product_quantize (CollateCpuDevice *cpu,
                          const CollateStrips *strips,
                          const float *in,
                          gint64 in_stride,
                          gint64 n_tokens,
                          gint64 first_row)
{
  Quantizing quantizing = { cpu, strips, in, in_stride, first_row };

  collate_pool_run (cpu->pool, quantize_tokens, &quantizing, n_tokens, 8);
}

/* The last factor that begins at this piece of work, or before it. */
static const CollateFactor *
find_factor (const CollateProductJob *job, gint64 item)
{
  gsize low = 0, high = job->n_factors;

  while (high - low > 1)
    {
      gsize middle = (low + high) / 2;

      if (job->factors[middle].first <= item)
        low = middle;
      else
        high = middle;
    }
  return &job->factors[low];
}

/* Hands the sums of `n_rows` rows of a token over. */
static void
put (const CollateProductJob *job,
     const CollateFactor *factor,
     gint64 token,
     gint64 first_row,
     gint64 n_rows,
     const float *sums)
{
  float *out = factor->out + token * factor->out_stride + first_row;

  n_rows = MIN (n_rows, factor->strips.rows - first_row);
  if (job->accumulate)
    for (gint64 i = 0; i < n_rows; i++)
      out[i] += sums[i];
  else
    memcpy (out, sums, (gsize) n_rows * sizeof *out);
}

static void
add_bias (const CollateFactor *factor, gint64 first_token, gint64 n_tokens, gint64 first_row, gint64 n_rows)
{
  n_rows = MIN (n_rows, factor->strips.rows - first_row);
  for (gint64 t = first_token; factor->bias != NULL && t < first_token + n_tokens; t++)
    for (gint64 i = first_row; i < first_row + n_rows; i++)
      factor->out[t * factor->out_stride + i] += factor->bias->numbers[i];
}

CollateFactor
collate_product_get_group (const CollateWeight *weight, gint64 group)
{
  return (CollateFactor){
    .strips = collate_strips_get_group (&weight->strips, group),
    .tensor = collate_strips_get_group_tensor (&weight->tensor, group),
  };
}

/* Strip n of a factor, made at place `at` of the thread's own ones where it stays in the file. */
static const guint8 *
get_strip (const CollateProductJob *job, const CollateFactor *factor, gint64 n, guint at, guint thread)
{
  guint8 *own;

  if (factor->strips.data != NULL)
    return collate_strips_get (&factor->strips, n);
  own = job->cpu->strips + thread * job->cpu->strips_bytes + at * factor->strips.strip_bytes;
  collate_strips_pack_one (&factor->strips, &factor->tensor, n, own);
  return own;
}

static void
multiply_strip (const CollateProductJob *job, const CollateFactor *factor, gint64 n, guint thread)
{
  const CollateCpuLoops *loops = job->cpu->loops;
  const CollateStrips *strips = &factor->strips;
  const guint8 *strip = get_strip (job, factor, n, 0, thread);

  for (gint64 t = 0; t < factor->n_tokens; t++)
    {
      float sums[COLLATE_STRIP];

      if (collate_strips_have_quants (strips))
        {
          CollateQuantRow row = get_row (job->cpu, strips->columns, factor->first_row + t);

          loops->dot_quants (strips, strip, &row, sums);
        }
      else
        loops->dot_floats (strips, strip, factor->in + t * factor->in_stride, sums);
      put (job, factor, t, n * COLLATE_STRIP, COLLATE_STRIP, sums);
    }
  add_bias (factor, 0, factor->n_tokens, n * COLLATE_STRIP, COLLATE_STRIP);
}

/* Columns of a part of a panel: parts of even size, of whole blocks. */
static gint64
get_part (gint64 columns)
{
  gint64 n_parts = (columns + COLLATE_PANEL_COLUMNS - 1) / COLLATE_PANEL_COLUMNS;
  gint64 part = (columns + n_parts - 1) / n_parts;

  return (part + COLLATE_BLOCK - 1) / COLLATE_BLOCK * COLLATE_BLOCK;
}

/* Where many tokens meet a panel. */
typedef struct
{
  const CollateProductJob *job;
  const CollateFactor *factor;
  const guint8 *strips[COLLATE_PANEL_STRIPS];
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

  if (meeting->factor->strips.wide_scales)
    return (const float *) (gconstpointer) scales + first;
  meeting->job->cpu->loops->from_f16 ((const guint16 *) (gconstpointer) scales + first, out, n);
  *scratch += n;
  return out;
}

static void
lay_out_panel (const Meeting *meeting, CollateQuantPanel *panel)
{
  const CollateStrips *strips = &meeting->factor->strips;
  gint64 first = panel->first_block * COLLATE_BLOCK / strips->group * COLLATE_STRIP;
  gint64 n = panel->n_blocks * COLLATE_BLOCK / strips->group * COLLATE_STRIP;
  gsize n_bytes = (gsize) (panel->n_blocks * COLLATE_BLOCK * COLLATE_STRIP);
  float *scratch = (float *) (gpointer) (meeting->scratch + n_bytes * COLLATE_PANEL_STRIPS);

  for (guint i = 0; i < COLLATE_PANEL_STRIPS; i++)
    {
      const guint8 *strip = meeting->strips[i];
      guint8 *quants = meeting->scratch + i * n_bytes;

      if (strips->form == COLLATE_FORM_BYTES)
        panel->quants[i] = strip + panel->first_block * COLLATE_BLOCK * COLLATE_STRIP;
      else
        {
          meeting->job->cpu->loops->expand_nibbles (
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
  const CollateStrips *strips = &meeting->factor->strips;
  gint64 part = get_part (strips->columns) / COLLATE_BLOCK;
  gint64 n_blocks = strips->columns / COLLATE_BLOCK;
  CollateQuantRow rows[COLLATE_PANEL_TOKENS];

  for (gint64 t = 0; t < meeting->n_tokens; t++)
    rows[t] =
        get_row (meeting->job->cpu, strips->columns, meeting->factor->first_row + meeting->first_token + t);
  for (gint64 block = 0; block < n_blocks; block += part)
    {
      CollateQuantPanel panel = { .group = strips->group,
                                  .offset = strips->offset,
                                  .first_block = block,
                                  .n_blocks = MIN (part, n_blocks - block) };

      lay_out_panel (meeting, &panel);
      meeting->job->cpu->loops->multiply_quants (
          &panel, rows, meeting->n_tokens, meeting->sums, meeting->stride, meeting->add || block > 0);
    }
}

static void
multiply_floats (const Meeting *meeting)
{
  const CollateFactor *factor = meeting->factor;
  const CollateStrips *strips = &factor->strips;
  const CollateCpuLoops *loops = meeting->job->cpu->loops;
  float *panel = (float *) (gpointer) meeting->scratch;
  gint64 part = get_part (strips->columns);

  for (gint64 column = 0; column < strips->columns; column += part)
    {
      gint64 n_columns = MIN (part, strips->columns - column);

      for (guint n = 0; n < COLLATE_PANEL_STRIPS; n++)
        loops->expand_floats (strips, meeting->strips[n], column, n_columns, panel + n * COLLATE_STRIP);
      loops->multiply_floats (panel,
                              n_columns,
                              COLLATE_PANEL_STRIPS,
                              factor->in + meeting->first_token * factor->in_stride + column,
                              factor->in_stride,
                              meeting->n_tokens,
                              meeting->sums,
                              meeting->stride,
                              meeting->add || column > 0);
    }
}

/* Sums go where they belong at once, but for rows of a panel that are beyond the last. */
static void
multiply_panel (const CollateProductJob *job,
                const CollateFactor *factor,
                gint64 panel,
                gint64 first_token,
                gint64 n_tokens,
                guint thread)
{
  guint8 *scratch = job->cpu->scratches[thread];
  gint64 first_row = panel * COLLATE_PANEL;
  gboolean whole = first_row + COLLATE_PANEL <= factor->strips.rows;
  float *sums = (float *) (gpointer) scratch;
  Meeting meeting = {
    .job = job,
    .factor = factor,
    .first_token = first_token,
    .n_tokens = n_tokens,
    .scratch = scratch + COLLATE_PANEL_TOKENS * COLLATE_PANEL * sizeof *sums,
    .sums = whole ? factor->out + first_token * factor->out_stride + first_row : sums,
    .stride = whole ? factor->out_stride : COLLATE_PANEL,
    .add = whole && job->accumulate,
  };

  /* Beyond the end the first strip again: nobody looks at its sums. */
  for (guint i = 0; i < COLLATE_PANEL_STRIPS; i++)
    {
      gint64 n = panel * COLLATE_PANEL_STRIPS + i;

      meeting.strips[i] =
          n < factor->strips.n_strips ? get_strip (job, factor, n, i, thread) : meeting.strips[0];
    }
  if (collate_strips_have_quants (&factor->strips))
    multiply_quants (&meeting);
  else
    multiply_floats (&meeting);
  for (gint64 t = 0; !whole && t < n_tokens; t++)
    put (job, factor, first_token + t, first_row, COLLATE_PANEL, sums + t * COLLATE_PANEL);
  add_bias (factor, first_token, n_tokens, first_row, COLLATE_PANEL);
}

static void
multiply_unit (const CollateProductJob *job, gint64 item, guint thread)
{
  const CollateFactor *factor = find_factor (job, item);
  gint64 unit = (item - factor->first) % factor->n_units;
  gint64 first_token = (item - factor->first) / factor->n_units * factor->tokens_a_piece;
  gint64 end = MIN ((unit + 1) * job->unit, factor->strips.n_strips);

  if (factor->n_tokens >= MANY_TOKENS)
    multiply_panel (
        job, factor, unit, first_token, MIN (factor->tokens_a_piece, factor->n_tokens - first_token), thread);
  else
    for (gint64 n = unit * job->unit; n < end; n++)
      multiply_strip (job, factor, n, thread);
}

static void
multiply_units (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateProductJob *job = data;

  for (gint64 item = first; item < end; item++)
    multiply_unit (job, item, thread);
}

/* All tokens of a factor for a piece of work where there are panels enough for the threads, else fewer. */
static void
share_tokens (CollateFactor *factor, gint64 n_pieces)
{
  gint64 most = MAX (factor->n_tokens / 32, 1);
  gint64 least = (factor->n_tokens + COLLATE_PANEL_TOKENS - 1) / COLLATE_PANEL_TOKENS;

  n_pieces = MAX (MIN (n_pieces, most), MAX (least, 1));
  factor->tokens_a_piece = (factor->n_tokens + n_pieces - 1) / n_pieces;
}

/* Numbers the pieces of work; returns how many there are. */
static gint64
plan (CollateProductJob *job)
{
  gint64 n_threads = collate_pool_get_n_threads (job->cpu->pool), n_units = 0, n_pieces = 0, most = 0;

  for (gsize i = 0; i < job->n_factors; i++)
    most = MAX (most, job->factors[i].n_tokens);
  job->unit = most < MANY_TOKENS ? 1 : COLLATE_PANEL_STRIPS;
  for (gsize i = 0; i < job->n_factors; i++)
    {
      job->factors[i].n_units = (job->factors[i].strips.n_strips + job->unit - 1) / job->unit;
      n_units += job->factors[i].n_units;
    }
  for (gsize i = 0; i < job->n_factors; i++)
    {
      CollateFactor *factor = &job->factors[i];

      share_tokens (factor, n_threads * PIECES_A_THREAD / n_units);
      factor->first = n_pieces;
      n_pieces += (factor->n_tokens + factor->tokens_a_piece - 1) / factor->tokens_a_piece * factor->n_units;
    }
  return n_pieces;
}

void
collate_product_run (CollateProductJob *job)
{
  gint64 n_threads = collate_pool_get_n_threads (job->cpu->pool);
  gint64 n = plan (job);
  gint64 grain = job->unit == 1 ? (n + n_threads * PIECES_OF_FEW - 1) / (n_threads * PIECES_OF_FEW) : 1;

  collate_pool_run (job->cpu->pool, multiply_units, job, n, grain);
}

gboolean
collate_product_are_alike (const CollateStrips *a, const CollateStrips *b)
{
  if (!collate_strips_have_quants (a) || !collate_strips_have_quants (b))
    return collate_strips_have_quants (a) == collate_strips_have_quants (b);
  return a->group == b->group && a->offset == b->offset;
}
