/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-private.h"

/* What keys are worth to tokens. */

#define BLOCK_KEYS 96

/* e4m3 as the f16 that is 1 / 256 of it: all numbers of e4m3 are numbers of f16 then. */
#define BYTE_FACTOR 256

static void
widen_bytes (const guint8 *bytes, guint16 *halves, gint64 n)
{
  for (gint64 i = 0; i < n; i++)
    halves[i] = (guint16) ((bytes[i] & 0x80) << 8 | (bytes[i] & 0x7f) << 7);
}

/* Of a block of keys, as one token sees it. */
static void
add_heads (const CollateIndex *params, gint64 t, gint64 first_key, gint64 n_keys, const float *products)
{
  const float *weights =
      params->weights.buffer != NULL ? collate_place_get (params->weights) + t * params->n_heads : NULL;
  float *scores = collate_place_get (params->scores) + t * params->scores_stride + first_key;

  for (gint64 key = 0; key < n_keys; key++)
    {
      float sum = 0;

      for (gint64 head = 0; head < params->n_heads; head++)
        {
          float product = products[head * BLOCK_KEYS + key];

          sum += weights != NULL ? weights[head] * MAX (product, 0) : product;
        }
      sum *= params->scale;
      if (params->scales.buffer != NULL)
        sum *= collate_place_get (params->scales)[first_key + key] * BYTE_FACTOR;
      scores[key] = sum;
    }
}

static void
score_block (const CollateCpuCall *call, gint64 block, float *scratch)
{
  const CollateIndex *params = call->params;
  gint64 head_size = params->head_size, first = block * BLOCK_KEYS;
  guint16 *halves = (guint16 *) (gpointer) (scratch + params->n_heads * BLOCK_KEYS);
  const guint16 *keys = collate_place_get_halves (params->keys) + first * head_size;
  gint64 n_all = (params->position + params->n_tokens - 1) / params->page + 1;
  gint64 n_keys = MIN (n_all - first, BLOCK_KEYS);

  if (params->scales.buffer != NULL)
    {
      widen_bytes (
          (const guint8 *) collate_place_get (params->keys) + first * head_size, halves, n_keys * head_size);
      keys = halves;
    }
  for (gint64 t = 0; t < params->n_tokens; t++)
    {
      gint64 n = MIN ((params->position + t) / params->page + 1 - first, n_keys);

      if (n <= 0)
        continue;
      call->cpu->loops->score_keys (collate_place_get (params->queries) + t * params->n_heads * head_size,
                                    params->n_heads,
                                    keys,
                                    head_size,
                                    NULL,
                                    n,
                                    head_size,
                                    scratch,
                                    BLOCK_KEYS);
      add_heads (params, t, first, n, scratch);
    }
}

static void
score_blocks (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateCpuCall *call = data;

  for (gint64 block = first; block < end; block++)
    score_block (call, block, (float *) (gpointer) call->cpu->scratches[thread]);
}

void
collate_cpu_index (CollateDevice *device, const CollateIndex *params)
{
  CollateCpuCall call = { (CollateCpuDevice *) device, params };
  gint64 n_keys = (params->position + params->n_tokens - 1) / params->page + 1;

  collate_pool_run (call.cpu->pool, score_blocks, &call, (n_keys + BLOCK_KEYS - 1) / BLOCK_KEYS, 1);
}
