/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-loops.h"

#include <math.h>
#include <string.h>

/* The inner loops in plain C: what a processor without any of the known vector instructions runs, and what says best
 * what the others do. */

static void
quantize (const float *in, gint64 columns, guint group, int offset, const CollateQuantRow *row)
{
  for (gint64 block = 0; block < columns / COLLATE_BLOCK; block++)
    {
      const float *numbers = in + block * COLLATE_BLOCK;
      gint8 *quants = row->quants + block * COLLATE_BLOCK;
      float most = 0, inverse;
      int sum = 0;

      for (guint i = 0; i < COLLATE_BLOCK; i++)
        most = MAX (most, fabsf (numbers[i]));
      inverse = most > COLLATE_LEAST_SCALED ? 127 / most : 0;
      for (guint i = 0; i < COLLATE_BLOCK; i++)
        {
          quants[i] = (gint8) lrintf (numbers[i] * inverse);
          sum += quants[i];
          if ((i + 1) % group == 0)
            {
              gint64 n = (block * COLLATE_BLOCK + i) / group;

              row->biases[n] = -offset * sum;
              if (i + 1 < COLLATE_BLOCK)
                sum = 0;
            }
        }
      row->scales[block] = most > COLLATE_LEAST_SCALED ? most / 127 : 0;
      row->sums[block] = row->scales[block] * (float) sum;
    }
}

static float
read_scale (const CollateStrips *strips, const guint8 *scales, gint64 index)
{
  if (strips->wide_scales)
    return ((const float *) (gconstpointer) scales)[index];
  return collate_f16_to_f32 (((const guint16 *) (gconstpointer) scales)[index]);
}

static void
expand_quants (const CollateStrips *strips,
               const guint8 *strip,
               gint64 first_block,
               const CollateQuantPanel *panel,
               guint n)
{
  guint8 *quants = panel->quants + n * panel->n_blocks * COLLATE_BLOCK * COLLATE_STRIP;
  gint64 n_scales = panel->n_blocks * COLLATE_BLOCK / strips->group * COLLATE_STRIP;
  gint64 first_scale = first_block * COLLATE_BLOCK / strips->group * COLLATE_STRIP;

  if (strips->form == COLLATE_FORM_BYTES)
    memcpy (quants, strip + first_block * 512, (gsize) panel->n_blocks * 512);
  else
    for (gint64 block = 0; block < panel->n_blocks; block++)
      for (guint i = 0; i < 256; i++)
        {
          guint8 pair = strip[(first_block + block) * 256 + i];

          quants[block * 512 + i] = pair & 15;
          quants[block * 512 + 256 + i] = pair >> 4;
        }

  for (gint64 i = 0; i < n_scales; i++)
    panel->scales[n * n_scales + i] = read_scale (strips, strip + strips->scales_at, first_scale + i);
  if (strips->has_minima)
    for (gint64 i = 0; i < n_scales; i++)
      panel->minima[n * n_scales + i] = read_scale (strips, strip + strips->minima_at, first_scale + i);
}

static void
add_group (const guint8 *quants, const gint8 *in, guint group, gint32 bias, gint32 *sums)
{
  for (guint r = 0; r < COLLATE_STRIP; r++)
    sums[r] = bias;
  for (guint i = 0; i < group; i += 4)
    for (guint r = 0; r < COLLATE_STRIP; r++)
      for (guint k = 0; k < 4; k++)
        sums[r] += quants[i * COLLATE_STRIP + r * 4 + k] * in[i + k];
}

static void
multiply_strip (const CollateQuantPanel *panel,
                const CollateQuantRow *row,
                gint64 first_block,
                guint n,
                float *sums)
{
  guint n_groups = COLLATE_BLOCK / panel->group; /* of a block */
  gint64 strip_groups = panel->n_blocks * n_groups;

  for (gint64 g = 0; g < strip_groups; g++)
    {
      gint64 at = n * strip_groups + g;
      gint64 in_group = first_block * n_groups + g;
      gint64 in_block = in_group / n_groups;
      gint32 products[COLLATE_STRIP];

      add_group (panel->quants + at * panel->group * COLLATE_STRIP,
                 row->quants + in_group * panel->group,
                 panel->group,
                 row->biases[in_group],
                 products);
      for (guint r = 0; r < COLLATE_STRIP; r++)
        sums[r] += (float) products[r] * (panel->scales[at * COLLATE_STRIP + r] * row->scales[in_block]);
      if (panel->minima != NULL)
        for (guint r = 0; r < COLLATE_STRIP; r++)
          sums[r] += panel->minima[at * COLLATE_STRIP + r] * row->sums[in_block];
    }
}

static void
multiply_quants (const CollateQuantPanel *panel,
                 const CollateQuantRow *rows,
                 gint64 first_block,
                 gint64 n_tokens,
                 float *sums)
{
  for (gint64 t = 0; t < n_tokens; t++)
    for (guint n = 0; n < COLLATE_PANEL_STRIPS; n++)
      multiply_strip (panel, &rows[t], first_block, n, sums + t * COLLATE_PANEL + n * COLLATE_STRIP);
}

static void
expand_floats (const CollateStrips *strips,
               const guint8 *strip,
               gint64 first_column,
               gint64 n_columns,
               float *panel)
{
  gsize number_bytes = strips->form == COLLATE_FORM_F32 ? 4 : 2;
  CollateType type = strips->form == COLLATE_FORM_F32   ? COLLATE_F32
                     : strips->form == COLLATE_FORM_F16 ? COLLATE_F16
                                                        : COLLATE_BF16;

  for (gint64 c = 0; c < n_columns; c++)
    collate_type_expand (type,
                         strip + (gsize) (first_column + c) * COLLATE_STRIP * number_bytes,
                         panel + c * COLLATE_PANEL,
                         COLLATE_STRIP);
}

static void
multiply_floats (const float *panel,
                 gint64 panel_stride,
                 gint64 n_columns,
                 guint n_strips,
                 const float *in,
                 gint64 in_stride,
                 gint64 n_tokens,
                 float *sums,
                 gint64 sums_stride)
{
  guint width = n_strips * COLLATE_STRIP;

  for (gint64 t = 0; t < n_tokens; t++)
    for (gint64 c = 0; c < n_columns; c++)
      for (guint r = 0; r < width; r++)
        sums[t * sums_stride + r] += in[t * in_stride + c] * panel[c * panel_stride + r];
}

static void
to_f16 (const float *in, guint16 *out, gint64 n)
{
  for (gint64 i = 0; i < n; i++)
    out[i] = collate_f32_to_f16 (in[i]);
}

static void
from_f16 (const guint16 *in, float *out, gint64 n)
{
  collate_type_expand (COLLATE_F16, in, out, n);
}

static void
transpose_f16 (const guint16 *in,
               gint64 stride,
               gint64 n_rows,
               gint64 n_columns,
               float *out,
               gint64 out_stride)
{
  for (gint64 n = 0; n < n_rows; n++)
    for (gint64 i = 0; i < n_columns; i++)
      out[i * out_stride + n] = collate_f16_to_f32 (in[n * stride + i]);
}

static float
add_squares (const float *in, gint64 n)
{
  float sums[16] = { 0 };
  float sum = 0;

  for (gint64 i = 0; i < n; i++)
    sums[i % 16] += in[i] * in[i];
  for (guint i = 0; i < 16; i++)
    sum += sums[i];
  return sum;
}

static void
swiglu (const float *gate, const float *up, float *out, gint64 n)
{
  for (gint64 i = 0; i < n; i++)
    out[i] = gate[i] / (1 + expf (-gate[i])) * up[i];
}

static float
weigh (float *numbers, gint64 n, float *most)
{
  float sum = 0;

  for (gint64 i = 0; i < n; i++)
    *most = MAX (*most, numbers[i]);
  for (gint64 i = 0; i < n; i++)
    {
      numbers[i] = expf (numbers[i] - *most);
      sum += numbers[i];
    }
  return sum;
}

const CollateCpuLoops collate_plain_loops = {
  .name = "plain C",
  .quantize = quantize,
  .expand_quants = expand_quants,
  .multiply_quants = multiply_quants,
  .expand_floats = expand_floats,
  .multiply_floats = multiply_floats,
  .to_f16 = to_f16,
  .from_f16 = from_f16,
  .transpose_f16 = transpose_f16,
  .add_squares = add_squares,
  .swiglu = swiglu,
  .weigh = weigh,
};
