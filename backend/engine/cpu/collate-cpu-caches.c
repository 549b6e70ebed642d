/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-private.h"

#include <math.h>
#include <string.h>

/* What is written into caches: keys and values, turned to their positions. */

/* Where a head's numbers go to: in place where there is no `out`. */
static float *
get_out (const CollateRope *params, gint64 t, float *token, gint64 *head_size)
{
  if (params->out.buffer == NULL)
    {
      *head_size = params->head_size;
      return token;
    }
  *head_size = params->out_head_size;
  return collate_place_get (params->out) + t * params->out_stride;
}

static void
rotate_token (const CollateRope *params, gint64 t)
{
  float *token = collate_place_get (params->heads) + t * params->stride;
  gint64 n_pairs = params->n_rotated / 2;
  gint64 distance = params->interleaved ? 1 : n_pairs;
  float magnitude = params->magnitude != 0 ? params->magnitude : 1;
  gint64 out_head_size;
  float *out = get_out (params, t, token, &out_head_size);

  for (gint64 i = 0; i < n_pairs; i++)
    {
      float angle = (float) (params->position + t) * params->frequencies[i];
      float cosine = cosf (angle) * magnitude;
      float sine = sinf (angle) * magnitude;
      gint64 at = params->interleaved ? 2 * i : i;

      for (gint64 head = 0; head < params->n_heads; head++)
        {
          const float *pair = token + head * params->head_size + at;
          float *turned = out + head * out_head_size + at;
          float x = pair[0];
          float y = pair[distance];

          turned[0] = x * cosine - y * sine;
          turned[distance] = x * sine + y * cosine;
        }
    }
}

static void
rotate_tokens (gpointer data, gint64 first, gint64 end, guint thread)
{
  for (gint64 t = first; t < end; t++)
    rotate_token (((const CollateCpuCall *) data)->params, t);
}

void
collate_cpu_rope (CollateDevice *device, const CollateRope *params)
{
  CollateCpuCall call = { (CollateCpuDevice *) device, params };

  collate_pool_run (call.cpu->pool, rotate_tokens, &call, params->n_tokens, 4);
}

static void
store_row (const CollateCpuCall *call, CollatePlace from, CollatePlace cache, gint64 t)
{
  const CollateStore *params = call->params;

  call->cpu->loops->to_f16 (collate_place_get (from) + t * params->stride,
                            collate_place_get_halves (cache) + (params->position + t) * params->n_columns,
                            params->n_columns);
}

static void
store_tokens (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateCpuCall *call = data;
  const CollateStore *params = call->params;

  for (gint64 t = first; t < end; t++)
    {
      store_row (call, params->keys, params->key_cache, t);
      if (params->values.buffer != NULL)
        store_row (call, params->values, params->value_cache, t);
    }
}

void
collate_cpu_store (CollateDevice *device, const CollateStore *params)
{
  CollateCpuCall call = { (CollateCpuDevice *) device, params };

  collate_pool_run (
      call.cpu->pool, store_tokens, &call, params->n_tokens, collate_cpu_get_grain (params->n_columns));
}

/* e4m3: the largest number, and the least that has all its bits. */
#define MOST_BYTE 448.0f
#define LEAST_NORMAL 0x1p-6f

/* The least that counts as a key's largest number, and the most whose scale is a number. */
#define LEAST_LARGEST 1e-4f
#define MOST_LARGEST 0x1p127f

static guint8
to_e4m3 (float number)
{
  float size = fminf (fabsf (number), MOST_BYTE); /* which makes a number of what is none */
  guint8 sign = signbit (number) ? 0x80 : 0;
  guint32 bits;

  if (size < LEAST_NORMAL)
    return sign | (guint8) lrintf (size * 512);
  memcpy (&bits, &size, sizeof bits);
  bits += 0x7ffff + (bits >> 20 & 1);
  return sign | (guint8) ((bits >> 20) - (120 << 3));
}

/* The power of two from `number` up. */
static float
raise_to_power (float number)
{
  guint32 bits;

  memcpy (&bits, &number, sizeof bits);
  bits = (bits + 0x7fffff) & 0xff800000;
  memcpy (&number, &bits, sizeof bits);
  return number;
}

static void
store_key_bytes (const float *key, gint64 n, guint8 *bytes, float *scale)
{
  float most = LEAST_LARGEST, inverse;

  for (gint64 i = 0; i < n; i++)
    most = fmaxf (most, fabsf (key[i]));
  *scale = raise_to_power (fminf (most, MOST_LARGEST) / MOST_BYTE);
  inverse = 1 / *scale;
  for (gint64 i = 0; i < n; i++)
    bytes[i] = to_e4m3 (key[i] * inverse);
}

static void
store_bytes_of_tokens (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateStoreBytes *params = ((const CollateCpuCall *) data)->params;
  guint8 *bytes = (guint8 *) collate_place_get (params->cache);

  for (gint64 t = first; t < end; t++)
    store_key_bytes (collate_place_get (params->keys) + t * params->n_columns,
                     params->n_columns,
                     bytes + (params->position + t) * params->n_columns,
                     collate_place_get (params->scales) + params->position + t);
}

void
collate_cpu_store_bytes (CollateDevice *device, const CollateStoreBytes *params)
{
  CollateCpuCall call = { (CollateCpuDevice *) device, params };

  collate_pool_run (call.cpu->pool,
                    store_bytes_of_tokens,
                    &call,
                    params->n_tokens,
                    collate_cpu_get_grain (params->n_columns));
}
