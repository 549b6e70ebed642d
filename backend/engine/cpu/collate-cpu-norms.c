/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-private.h"

#include <math.h>

/* What brings rows to one measure: norms, and Hadamard's matrix. */

static void
norm_rows (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateCpuCall *call = data;
  const CollateRmsNorm *params = call->params;
  const float *weight = params->weight != NULL ? params->weight->numbers : NULL;
  gint64 in_stride = params->in_stride != 0 ? params->in_stride : params->columns;
  gint64 out_stride = params->out_stride != 0 ? params->out_stride : params->columns;

  for (gint64 row = first; row < end; row++)
    {
      const float *in = collate_place_get (params->in) + row * in_stride;
      float *out = collate_place_get (params->out) + row * out_stride;
      float squares = call->cpu->loops->add_squares (in, params->columns);
      float factor = 1 / sqrtf (squares / (float) params->columns + params->epsilon);

      for (gint64 i = 0; i < params->columns; i++)
        out[i] = in[i] * factor * (weight != NULL ? weight[i] : 1);
    }
}

void
collate_cpu_rms_norm (CollateDevice *device, const CollateRmsNorm *params)
{
  CollateCpuCall call = { (CollateCpuDevice *) device, params };

  collate_pool_run (
      call.cpu->pool, norm_rows, &call, params->n_rows, collate_cpu_get_grain (params->columns));
}

static void
norm_layer_row (const CollateLayerNorm *params, const float *in, float *out)
{
  double sum = 0, squares = 0;
  float mean, factor;

  for (gint64 i = 0; i < params->columns; i++)
    sum += in[i];
  mean = (float) (sum / (double) params->columns);
  for (gint64 i = 0; i < params->columns; i++)
    squares += (double) (in[i] - mean) * (in[i] - mean);
  factor = 1 / sqrtf ((float) (squares / (double) params->columns) + params->epsilon);
  for (gint64 i = 0; i < params->columns; i++)
    out[i] = (in[i] - mean) * factor * params->weight->numbers[i] + params->bias->numbers[i];
}

static void
norm_layer_rows (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateLayerNorm *params = ((const CollateCpuCall *) data)->params;

  for (gint64 row = first; row < end; row++)
    norm_layer_row (params,
                    collate_place_get (params->in) + row * params->columns,
                    collate_place_get (params->out) + row * params->columns);
}

void
collate_cpu_layer_norm (CollateDevice *device, const CollateLayerNorm *params)
{
  CollateCpuCall call = { (CollateCpuDevice *) device, params };

  collate_pool_run (
      call.cpu->pool, norm_layer_rows, &call, params->n_rows, collate_cpu_get_grain (params->columns));
}

/* Butterflies over 1, 2, 4 … numbers (Fino and Algazi, 1976). */
static void
transform_row (float *row, gint64 columns)
{
  float factor = 1 / sqrtf ((float) columns);

  for (gint64 half = 1; half < columns; half *= 2)
    for (gint64 start = 0; start < columns; start += 2 * half)
      for (gint64 i = start; i < start + half; i++)
        {
          float a = row[i], b = row[i + half];

          row[i] = a + b;
          row[i + half] = a - b;
        }
  for (gint64 i = 0; i < columns; i++)
    row[i] *= factor;
}

static void
transform_rows (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateHadamard *params = ((const CollateCpuCall *) data)->params;

  for (gint64 row = first; row < end; row++)
    transform_row (collate_place_get (params->rows) + row * params->columns, params->columns);
}

void
collate_cpu_hadamard (CollateDevice *device, const CollateHadamard *params)
{
  CollateCpuCall call = { (CollateCpuDevice *) device, params };

  collate_pool_run (
      call.cpu->pool, transform_rows, &call, params->n_rows, collate_cpu_get_grain (params->columns));
}
