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
                    double epsilon,
                    double *out)
{
  for (gint64 row = 0; row < n_rows; row++)
    {
      const float *numbers = in + row * columns;
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
                gboolean interleaved)
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

          *first = x * cos (angle) - y * sin (angle);
          *second = x * sin (angle) + y * cos (angle);
        }
}

/* Of one query: softmax of the scores of all visible keys, then the mean of the values by it. */
static void
attend (const float *query,
        const guint16 *keys,
        const guint16 *values,
        gint64 n_keys,
        gint64 key_stride,
        gint64 head_size,
        double scale,
        double *out)
{
  g_autofree double *scores = g_new0 (double, n_keys);
  double most = -INFINITY;
  double sum = 0;

  for (gint64 key = 0; key < n_keys; key++)
    {
      for (gint64 i = 0; i < head_size; i++)
        scores[key] += scale * query[i] * collate_f16_to_f32 (keys[key * key_stride + i]);
      most = MAX (most, scores[key]);
    }
  for (gint64 key = 0; key < n_keys; key++)
    sum += exp (scores[key] - most);
  for (gint64 i = 0; i < head_size; i++)
    out[i] = 0;
  for (gint64 key = 0; key < n_keys; key++)
    for (gint64 i = 0; i < head_size; i++)
      out[i] += exp (scores[key] - most) / sum * collate_f16_to_f32 (values[key * key_stride + i]);
}

void
reference_attention (const float *queries,
                     const guint16 *keys,
                     const guint16 *values,
                     gint64 n_tokens,
                     gint64 n_heads,
                     gint64 n_kv_heads,
                     gint64 head_size,
                     gint64 stride,
                     gint64 position,
                     double scale,
                     double *out)
{
  for (gint64 t = 0; t < n_tokens; t++)
    for (gint64 h = 0; h < n_heads; h++)
      {
        gint64 kv_head = h / (n_heads / n_kv_heads);

        attend (queries + t * stride + h * head_size,
                keys + kv_head * head_size,
                values + kv_head * head_size,
                position + t + 1,
                n_kv_heads * head_size,
                head_size,
                scale,
                out + (t * n_heads + h) * head_size);
      }
}

void
reference_swiglu (const float *gate, const float *up, gint64 n, double *out)
{
  for (gint64 i = 0; i < n; i++)
    out[i] = gate[i] / (1 + exp (-(double) gate[i])) * up[i];
}
