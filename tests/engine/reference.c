/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "reference.h"

#include <math.h>

void
reference_matmul (const float *weight,
                  gint64 rows,
                  gint64 columns,
                  const float *in,
                  gint64 in_stride,
                  gint64 n_tokens,
                  double *out,
                  double *sizes)
{
  for (gint64 t = 0; t < n_tokens; t++)
    for (gint64 r = 0; r < rows; r++)
      for (gint64 c = 0; c < columns; c++)
        {
          double product = (double) weight[r * columns + c] * in[t * in_stride + c];

          out[t * rows + r] += product;
          sizes[t * rows + r] += fabs (product);
        }
}

void
reference_round_activations (float *numbers, gint64 count)
{
  for (gint64 block = 0; block < count; block += 32)
    {
      float most = 0;

      for (gint64 i = block; i < block + 32; i++)
        most = MAX (most, fabsf (numbers[i]));
      for (gint64 i = block; i < block + 32 && most > 0; i++)
        numbers[i] = rintf (numbers[i] * (REFERENCE_STEPS / most)) * (most / REFERENCE_STEPS);
    }
}

void
reference_rms_norm (const float *in,
                    const float *weight,
                    gint64 n_rows,
                    gint64 columns,
                    gint64 in_stride,
                    double epsilon,
                    double *out)
{
  for (gint64 row = 0; row < n_rows; row++)
    {
      const float *numbers = in + row * in_stride;
      double squares = 0;

      for (gint64 c = 0; c < columns; c++)
        squares += (double) numbers[c] * numbers[c];
      for (gint64 c = 0; c < columns; c++)
        out[row * columns + c] =
            (weight != NULL ? weight[c] : 1) * numbers[c] / sqrt (squares / (double) columns + epsilon);
    }
}

void
reference_rope (double *heads,
                const float *frequencies,
                gint64 n_tokens,
                gint64 n_heads,
                gint64 head_size,
                gint64 n_rotated,
                gint64 stride,
                gint64 position,
                gboolean interleaved,
                double magnitude)
{
  for (gint64 t = 0; t < n_tokens; t++)
    for (gint64 h = 0; h < n_heads; h++)
      for (gint64 i = 0; i < n_rotated / 2; i++)
        {
          double *head = heads + t * stride + h * head_size;
          double *first = head + (interleaved ? 2 * i : i);
          double *second = head + (interleaved ? 2 * i + 1 : i + n_rotated / 2);
          double angle = (double) (position + t) * frequencies[i];
          double x = *first;
          double y = *second;

          *first = (x * cos (angle) - y * sin (angle)) * magnitude;
          *second = (x * sin (angle) + y * cos (angle)) * magnitude;
        }
}

void
reference_layer_norm (const CollateLayerNorm *params,
                      const float *in,
                      const float *weight,
                      const float *bias,
                      double *out)
{
  gint64 n = params->columns;

  for (gint64 row = 0; row < params->n_rows; row++, in += n, out += n)
    {
      double mean = 0, variance = 0;

      for (gint64 c = 0; c < n; c++)
        mean += in[c] / (double) n;
      for (gint64 c = 0; c < n; c++)
        variance += (in[c] - mean) * (in[c] - mean) / (double) n;
      for (gint64 c = 0; c < n; c++)
        out[c] = (in[c] - mean) / sqrt (variance + params->epsilon) * weight[c] + bias[c];
    }
}

void
reference_grouped_matmul (const CollateGroupedMatmul *params,
                          const float *weight,
                          gint64 rows,
                          gint64 columns,
                          const float *in,
                          double *out,
                          double *sizes)
{
  gint64 n_rows = rows / params->n_groups;

  for (gint64 t = 0; t < params->n_tokens; t++)
    for (gint64 g = 0; g < params->n_groups; g++)
      reference_matmul (weight + g * n_rows * columns,
                        n_rows,
                        columns,
                        in + t * params->in_stride + g * params->in_group_stride,
                        columns,
                        1,
                        out + (t * params->n_groups + g) * n_rows,
                        sizes + (t * params->n_groups + g) * n_rows);
}

static int
get_sign (gint64 row, gint64 column)
{
  return __builtin_parityll ((unsigned long long) (row & column)) ? -1 : 1;
}

void
reference_hadamard (double *rows, gint64 n_rows, gint64 columns)
{
  g_autofree double *row = g_new (double, columns);

  for (gint64 r = 0; r < n_rows; r++)
    {
      for (gint64 i = 0; i < columns; i++)
        {
          row[i] = 0;
          for (gint64 j = 0; j < columns; j++)
            row[i] += get_sign (i, j) * rows[r * columns + j];
        }
      for (gint64 i = 0; i < columns; i++)
        rows[r * columns + i] = row[i] / sqrt ((double) columns);
    }
}

void
reference_swiglu (const float *gate, const float *up, gint64 n, double *out)
{
  for (gint64 i = 0; i < n; i++)
    out[i] = gate[i] / (1 + exp (-(double) gate[i])) * up[i];
}
