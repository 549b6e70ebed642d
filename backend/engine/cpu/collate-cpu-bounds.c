/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-private.h"

/* The index that any model has: the bounds of pages of its own keys, and queries to meet them. */

#define COLUMNS 64 /* that are worked on together */

static void
bound_columns (const guint16 *keys, gint64 stride, gint64 n, guint16 *most, guint16 *least)
{
  float highest[COLUMNS], lowest[COLUMNS];

  for (gint64 key = 0; key < COLLATE_PAGE; key++)
    for (gint64 i = 0; i < n; i++)
      {
        float number = collate_f16_to_f32 (keys[key * stride + i]);

        highest[i] = key == 0 || number > highest[i] ? number : highest[i];
        lowest[i] = key == 0 || number < lowest[i] ? number : lowest[i];
      }
  for (gint64 i = 0; i < n; i++)
    {
      most[i] = collate_f32_to_f16 (highest[i]);
      least[i] = collate_f32_to_f16 (lowest[i]);
    }
}

static void
bound_pages (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateBound *params = ((const CollateCpuCall *) data)->params;
  gint64 first_page = params->position / COLLATE_PAGE, n_columns = params->n_columns;

  for (gint64 page = first_page + first; page < first_page + end; page++)
    {
      const guint16 *keys = collate_place_get_halves (params->key_cache) + page * COLLATE_PAGE * n_columns;
      guint16 *bounds = collate_place_get_halves (params->bounds) + page * 2 * n_columns;

      for (gint64 i = 0; i < n_columns; i += COLUMNS)
        bound_columns (keys + i, n_columns, MIN (COLUMNS, n_columns - i), bounds + i, bounds + n_columns + i);
    }
}

void
collate_cpu_bound (CollateDevice *device, const CollateBound *params)
{
  CollateCpuCall call = { (CollateCpuDevice *) device, params };
  gint64 end = (params->position + params->n_tokens) / COLLATE_PAGE;

  collate_pool_run (call.cpu->pool,
                    bound_pages,
                    &call,
                    end - params->position / COLLATE_PAGE,
                    collate_cpu_get_grain (params->n_columns * COLLATE_PAGE));
}

static void
sum_signs_of_token (const CollateSumSigns *params, gint64 t)
{
  gint64 n = params->n_kv_heads * params->head_size, group = params->n_heads / params->n_kv_heads;
  const float *token = collate_place_get (params->queries) + t * params->stride;
  float *positive = collate_place_get (params->out) + t * 2 * n, *negative = positive + n;

  for (gint64 kv_head = 0; kv_head < params->n_kv_heads; kv_head++)
    for (gint64 i = 0; i < params->head_size; i++)
      {
        const float *query = token + kv_head * group * params->head_size + i;
        gint64 at = kv_head * params->head_size + i;

        positive[at] = negative[at] = 0;
        for (gint64 head = 0; head < group; head++, query += params->head_size)
          {
            positive[at] += *query > 0 ? *query : 0;
            negative[at] += *query < 0 ? *query : 0;
          }
      }
}

static void
sum_signs_of_tokens (gpointer data, gint64 first, gint64 end, guint thread)
{
  for (gint64 t = first; t < end; t++)
    sum_signs_of_token (((const CollateCpuCall *) data)->params, t);
}

void
collate_cpu_sum_signs (CollateDevice *device, const CollateSumSigns *params)
{
  CollateCpuCall call = { (CollateCpuDevice *) device, params };

  collate_pool_run (call.cpu->pool,
                    sum_signs_of_tokens,
                    &call,
                    params->n_tokens,
                    collate_cpu_get_grain (params->n_heads * params->head_size));
}
