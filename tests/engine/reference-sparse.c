/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "reference.h"

#include <math.h>
#include <stdlib.h>

/* Sparse attention and experts, as plain as can be. */

double
reference_e4m3 (guint8 byte)
{
  int exponent = byte >> 3 & 15, mantissa = byte & 7;
  double size = exponent == 0 ? ldexp (mantissa, -9) : ldexp (8 + mantissa, exponent - 10);

  return byte & 0x80 ? -size : size;
}

static guint8
find_nearest (double number)
{
  guint8 best = 0;

  for (guint8 byte = 1; byte < 0x7f; byte++)
    {
      double distance = fabs (reference_e4m3 (byte) - fabs (number));
      double least = fabs (reference_e4m3 (best) - fabs (number));

      if (distance < least || (distance == least && byte % 2 == 0))
        best = byte;
    }
  return best | (signbit (number) ? 0x80 : 0);
}

void
reference_store_bytes (const float *keys, gint64 n_tokens, gint64 n_columns, guint8 *bytes, float *scales)
{
  for (gint64 t = 0; t < n_tokens; t++)
    {
      float most = 1e-4f;

      for (gint64 c = 0; c < n_columns; c++)
        most = MAX (most, fabsf (keys[t * n_columns + c]));
      scales[t] = 0x1p-60f;
      while (scales[t] < most / 448)
        scales[t] *= 2;
      for (gint64 c = 0; c < n_columns; c++)
        bytes[t * n_columns + c] = find_nearest ((double) keys[t * n_columns + c] / scales[t]);
    }
}

/* Of one query: softmax of the scores of its keys, then the mean of the values by it. */
static void
attend (const CollateAttention *params,
        const float *query,
        const guint16 *keys,
        const guint16 *values,
        const gint32 *places,
        gint64 n_keys,
        double *out)
{
  gint64 value_size = params->value_size != 0 ? params->value_size : params->head_size;
  gint64 key_stride = params->key_stride != 0 ? params->key_stride : params->n_kv_heads * params->head_size;
  gint64 value_stride = params->value_stride != 0 ? params->value_stride : params->n_kv_heads * value_size;
  g_autofree double *scores = g_new0 (double, n_keys);
  double most = -INFINITY;
  double sum = 0;

  for (gint64 n = 0; n < n_keys; n++)
    {
      const guint16 *key = keys + (places != NULL ? places[n] : n) * key_stride;

      for (gint64 i = 0; i < params->head_size; i++)
        scores[n] += (double) params->scale * query[i] * collate_f16_to_f32 (key[i]);
      most = MAX (most, scores[n]);
    }
  for (gint64 n = 0; n < n_keys; n++)
    sum += exp (scores[n] - most);
  for (gint64 i = 0; i < value_size; i++)
    out[i] = 0;
  for (gint64 n = 0; n < n_keys; n++)
    for (gint64 i = 0; i < value_size; i++)
      out[i] += exp (scores[n] - most) / sum *
                collate_f16_to_f32 (values[(places != NULL ? places[n] : n) * value_stride + i]);
}

void
reference_attention (const CollateAttention *params,
                     const float *queries,
                     const guint16 *keys,
                     const guint16 *values,
                     const gint32 *selected,
                     double *out)
{
  gint64 value_size = params->value_size != 0 ? params->value_size : params->head_size;

  for (gint64 t = 0; t < params->n_tokens; t++)
    for (gint64 h = 0; h < params->n_heads; h++)
      {
        gint64 kv_head = h / (params->n_heads / params->n_kv_heads);
        gint64 n_visible = params->position + t + 1;

        attend (params,
                queries + t * params->stride + h * params->head_size,
                keys + kv_head * params->head_size,
                values + kv_head * value_size,
                selected != NULL ? selected + t * params->n_selected : NULL,
                selected != NULL ? MIN (n_visible, params->n_selected) : n_visible,
                out + (t * params->n_heads + h) * value_size);
      }
}

void
reference_bound (const CollateBound *params, const guint16 *keys, guint16 *bounds)
{
  gint64 n = params->n_columns;

  for (gint64 key = params->position; key < params->position + params->n_tokens; key++)
    for (gint64 c = 0; c < n && key % COLLATE_PAGE == COLLATE_PAGE - 1; c++)
      {
        double most = -INFINITY, least = INFINITY;

        for (gint64 i = key - COLLATE_PAGE + 1; i <= key; i++)
          {
            most = MAX (most, collate_f16_to_f32 (keys[i * n + c]));
            least = MIN (least, collate_f16_to_f32 (keys[i * n + c]));
          }
        bounds[key / COLLATE_PAGE * 2 * n + c] = collate_f32_to_f16 ((float) most);
        bounds[(key / COLLATE_PAGE * 2 + 1) * n + c] = collate_f32_to_f16 ((float) least);
      }
}

void
reference_sum_signs (const CollateSumSigns *params, const float *queries, double *out, double *sizes)
{
  gint64 group = params->n_heads / params->n_kv_heads, n = params->n_kv_heads * params->head_size;

  for (gint64 i = 0; i < params->n_tokens * 2 * n; i++)
    out[i] = sizes[i] = 0;
  for (gint64 t = 0; t < params->n_tokens; t++)
    for (gint64 i = 0; i < params->n_heads * params->head_size; i++)
      {
        double number = queries[t * params->stride + i];
        gint64 at = i / params->head_size / group * params->head_size + i % params->head_size;

        at += (t * 2 + (number < 0)) * n;
        out[at] += number;
        sizes[at] += fabs (number);
      }
}

void
reference_index (const CollateIndex *params,
                 const float *queries,
                 const float *weights,
                 const double *keys,
                 double *scores,
                 double *sizes)
{
  for (gint64 t = 0; t < params->n_tokens; t++)
    for (gint64 key = 0; key <= (params->position + t) / params->page; key++)
      {
        double sum = 0, size = 0;

        for (gint64 h = 0; h < params->n_heads; h++)
          {
            const float *query = queries + (t * params->n_heads + h) * params->head_size;
            double weight = weights != NULL ? weights[t * params->n_heads + h] : 1;
            double product = 0;

            for (gint64 i = 0; i < params->head_size; i++)
              {
                product += query[i] * keys[key * params->head_size + i];
                size += fabs (weight * query[i] * keys[key * params->head_size + i]);
              }
            sum += weight * (weights != NULL ? MAX (product, 0) : product);
          }
        scores[t * params->scores_stride + key] = params->scale * sum;
        sizes[t * params->scores_stride + key] = params->scale * size;
      }
}

typedef struct
{
  gint32 key;
  gboolean forced;
  double score; /* NaN: no number */
} Ranked;

static int
compare_ranked (gconstpointer a, gconstpointer b)
{
  const Ranked *first = a, *second = b;

  if (first->forced != second->forced)
    return first->forced ? -1 : 1;
  if (!first->forced && isnan (first->score) != isnan (second->score))
    return isnan (first->score) ? 1 : -1;
  if (!first->forced && first->score != second->score && !isnan (first->score))
    return first->score > second->score ? -1 : 1;
  return first->key - second->key;
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return *(const gint32 *) a - *(const gint32 *) b;
}

void
reference_select (const CollateSelect *params, const float *scores, gint32 *selected)
{
  g_autofree Ranked *ranked = g_new (Ranked, params->position + params->n_tokens);

  for (gint64 t = 0; t < params->n_tokens; t++)
    {
      gint64 n_visible = params->position + t + 1;
      gint64 k = MIN (params->k, n_visible);
      gint32 *row = selected + t * params->k;

      for (gint64 key = 0; key < n_visible; key++)
        ranked[key] = (Ranked){ (gint32) key,
                                key < params->n_first || key >= n_visible - params->n_last,
                                scores[t * params->scores_stride + key / params->page] };
      qsort (ranked, (gsize) n_visible, sizeof *ranked, compare_ranked);
      for (gint64 i = 0; i < params->k; i++)
        row[i] = i < k ? ranked[i].key : -1;
      qsort (row, (gsize) k, sizeof *row, compare_keys);
    }
}

static gint64
take_largest (double *numbers, gint64 n)
{
  gint64 best = 0;

  for (gint64 i = 1; i < n; i++)
    if (numbers[i] > numbers[best])
      best = i;
  numbers[best] = -INFINITY;
  return best;
}

static double
weigh_group (const CollateRoute *params, const double *choices, gint64 n)
{
  g_autofree double *left = g_memdup2 (choices, (gsize) n * sizeof *choices);
  double sum = choices[take_largest (left, n)];

  return params->gating == COLLATE_GATING_SOFTMAX || n == 1 ? sum : sum + choices[take_largest (left, n)];
}

void
reference_route (const CollateRoute *params,
                 const float *logits,
                 const float *bias,
                 gint32 *experts,
                 double *shares)
{
  gint64 n = params->n_experts, n_group = n / params->n_groups, n_used = params->n_used;
  g_autofree double *gates = g_new (double, n), *choices = g_new (double, n);
  g_autofree double *groups = g_new (double, params->n_groups);

  for (gint64 t = 0; t < params->n_tokens; t++, logits += n, experts += n_used, shares += n_used)
    {
      double all = 0, sum = 0;

      for (gint64 e = 0; e < n; e++)
        all += exp (logits[e]);
      for (gint64 e = 0; e < n; e++)
        {
          gates[e] =
              params->gating == COLLATE_GATING_SIGMOID ? 1 / (1 + exp (-logits[e])) : exp (logits[e]) / all;
          choices[e] = gates[e] + (bias != NULL ? bias[e] : 0);
        }
      for (gint64 g = 0; g < params->n_groups; g++)
        groups[g] = weigh_group (params, choices + g * n_group, n_group);
      for (gint64 g = 0; g < params->n_groups_used; g++)
        take_largest (groups, params->n_groups);
      for (gint64 e = 0; e < n && params->n_groups > 1; e++)
        if (groups[e / n_group] != -INFINITY)
          choices[e] = -INFINITY;
      for (gint64 i = 0; i < n_used; i++)
        {
          experts[i] = (gint32) take_largest (choices, n);
          shares[i] = gates[experts[i]];
          sum += shares[i];
        }
      for (gint64 i = 0; i < n_used; i++)
        shares[i] *= params->scale / (params->normalised ? sum : 1);
    }
}

/* Adds one expert's share of a token. */
static void
add_expert (const CollateExperts *params,
            const float *in,
            double share,
            const float *gate,
            const float *up,
            const float *down,
            double *out,
            double *sizes)
{
  gint64 width = params->width, hidden = params->hidden;
  g_autofree double *numbers = g_new0 (double, 4 * hidden);
  double *gates = numbers, *ups = gates + hidden, *gate_sizes = ups + hidden, *up_sizes = gate_sizes + hidden;

  reference_matmul (gate, hidden, width, in, width, 1, gates, gate_sizes);
  reference_matmul (up, hidden, width, in, width, 1, ups, up_sizes);
  for (gint64 h = 0; h < hidden; h++)
    {
      double silu = gates[h] / (1 + exp (-gates[h]));
      double size = fabs (silu * ups[h]) + fabs (silu) * up_sizes[h] + 1.1 * fabs (ups[h]) * gate_sizes[h];

      for (gint64 c = 0; c < width; c++)
        {
          out[c] += share * down[c * hidden + h] * silu * ups[h];
          sizes[c] += fabs (share * down[c * hidden + h]) * size;
        }
    }
}

void
reference_experts (const CollateExperts *params,
                   const float *in,
                   const gint32 *experts,
                   const float *shares,
                   const float *gate,
                   const float *up,
                   const float *down,
                   double *out,
                   double *sizes)
{
  gint64 n = params->width * params->hidden;

  for (gint64 i = 0; i < params->n_tokens * params->n_used; i++)
    {
      gint64 t = i / params->n_used, e = experts[i];

      add_expert (params,
                  in + t * params->width,
                  shares[i],
                  gate + e * n,
                  up + e * n,
                  down + e * n,
                  out + t * params->width,
                  sizes + t * params->width);
    }
}
