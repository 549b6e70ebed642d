/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/collate-error.h"
#include "kernel-fixture.h"
#include "reference.h"

/* Attention over caches. */

typedef struct
{
  gint64 n_tokens, n_heads, n_kv_heads, head_size, gap, position;
  float sharpness; /* of the scores */
} AttentionCase;

static const AttentionCase attention_cases[] = {
  { 1, 1, 1, 1, 0, 0, 1 },      { 1, 9, 3, 64, 0, 0, 1 },    { 1, 9, 3, 64, 5, 95, 1 },
  { 1, 9, 3, 64, 0, 96, 1 },    { 1, 9, 3, 64, 0, 2100, 1 }, { 2, 4, 4, 48, 0, 31, 1 },
  { 3, 8, 1, 128, 0, 7, 1 },    { 1, 8, 1, 128, 0, 999, 9 }, { 70, 9, 3, 64, 64, 0, 1 },
  { 70, 9, 3, 64, 0, 130, 30 }, { 33, 4, 4, 48, 0, 1, 1 },   { 65, 8, 1, 128, 0, 63, 1 },
  { 5, 2, 1, 33, 0, 100, 1 },   { 2, 50, 1, 16, 0, 40, 1 },  { 4, 2, 2, 512, 0, 17, 1 },
  { 40, 1, 1, 7, 0, 3, 1 },     { 8, 2, 2, 80, 3, 476, 1 },  { 2, 8, 2, 64, 0, 479, 5 },
  { 9, 3, 1, 7, 1, 5, 1 },      { 17, 6, 2, 64, 0, 15, 1 },  { 1, 3, 1, 64, 0, 4095, 3 },
  { 1, 2, 1, 96, 0, 255, 1 },   { 1, 2, 1, 256, 0, 256, 1 }, { 129, 3, 3, 32, 0, 257, 2 },
};

/* Keys and values beyond the last token are no numbers: nothing of them may come through. */
static CollatePlace
put_cache (KernelFixture *fixture, const guint16 *cache, gint64 n)
{
  gsize n_bytes = (gsize) n * 2;
  g_autofree guint8 *padded = g_malloc (n_bytes + 4096);

  memset (padded, 0xff, n_bytes + 4096);
  memcpy (padded, cache, n_bytes);
  return kernel_put (fixture, padded, n_bytes + 4096);
}

static void
run_attention (KernelFixture *fixture, CollateAttention *params, float sharpness)
{
  gint64 value_size = params->value_size != 0 ? params->value_size : params->head_size;
  gint64 n_out = params->n_tokens * params->n_heads * value_size,
         n_seen = params->position + params->n_tokens;
  gint64 n_keys =
      n_seen * (params->key_stride != 0 ? params->key_stride : params->n_kv_heads * params->head_size);
  gint64 n_values =
      n_seen * (params->value_stride != 0 ? params->value_stride : params->n_kv_heads * value_size);
  gboolean joined = params->value_size != 0 && params->value_stride == params->key_stride;
  g_autofree float *queries = kernel_make_numbers (fixture, params->stride * params->n_tokens);
  g_autofree guint16 *keys = kernel_make_halves (fixture, n_keys);
  g_autofree guint16 *values = kernel_make_halves (fixture, n_values);
  g_autofree float *result = NULL;
  g_autofree double *expected = g_new (double, n_out);

  params->scale = sharpness / sqrtf ((float) params->head_size);
  params->queries = kernel_put_numbers (fixture, queries, params->stride * params->n_tokens);
  params->key_cache = put_cache (fixture, keys, n_keys);
  params->value_cache = joined ? params->key_cache : put_cache (fixture, values, n_values);
  params->out = kernel_put (fixture, NULL, (gsize) n_out * sizeof (float));
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->attention (fixture->device, params);
  result = kernel_get_numbers (fixture, params->out, n_out);
  reference_attention (params, queries, keys, joined ? keys : values, NULL, expected);
  for (gint64 i = 0; i < n_out; i++)
    kernel_assert_near (result[i], expected[i], 2e-6 * (1 + sharpness), "attention");
  kernel_drop (fixture);
}

static void
test_attention (KernelFixture *fixture)
{
  for (guint i = 0; i < G_N_ELEMENTS (attention_cases); i++)
    {
      const AttentionCase *test = &attention_cases[i];
      CollateAttention params = {
        .n_tokens = test->n_tokens,
        .n_heads = test->n_heads,
        .n_kv_heads = test->n_kv_heads,
        .head_size = test->head_size,
        .stride = test->n_heads * test->head_size + test->gap,
        .position = test->position,
      };

      run_attention (fixture, &params, test->sharpness);
    }
}

/* Keys that begin with their values, or are larger than these, as in latent attention. */
static void
test_values (KernelFixture *fixture)
{
  static const struct
  {
    gint64 n_tokens, n_heads, n_kv_heads, head_size, value_size, key_stride, value_stride, position;
  } cases[] = {
    { 1, 8, 1, 576, 512, 576, 576, 40 },  { 1, 128, 1, 576, 512, 576, 576, 200 },
    { 3, 128, 1, 576, 512, 576, 576, 0 }, { 40, 4, 1, 576, 512, 576, 576, 100 },
    { 1, 16, 1, 192, 128, 0, 0, 70 },     { 30, 4, 2, 192, 128, 0, 0, 3 },
    { 2, 4, 2, 24, 16, 100, 40, 11 },     { 20, 4, 2, 24, 16, 100, 40, 11 },
    { 9, 2, 1, 48, 32, 48, 48, 97 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CollateAttention params = {
        .n_tokens = cases[i].n_tokens,
        .n_heads = cases[i].n_heads,
        .n_kv_heads = cases[i].n_kv_heads,
        .head_size = cases[i].head_size,
        .stride = cases[i].n_heads * cases[i].head_size,
        .value_size = cases[i].value_size,
        .key_stride = cases[i].key_stride,
        .value_stride = cases[i].value_stride,
        .position = cases[i].position,
      };

      run_attention (fixture, &params, 1);
    }
}

static void
test_refused_heads (KernelFixture *fixture)
{
  g_autofree float *numbers = kernel_make_numbers (fixture, 577);
  CollatePlace place = kernel_put_numbers (fixture, numbers, 577);
  g_autoptr (GError) error = NULL;

  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->attention (fixture->device,
                                       &(CollateAttention){
                                           .queries = place,
                                           .key_cache = place,
                                           .value_cache = place,
                                           .out = place,
                                           .n_tokens = 1,
                                           .n_heads = 1,
                                           .n_kv_heads = 1,
                                           .head_size = 577,
                                           .stride = 577,
                                           .scale = 1,
                                       });
  g_assert_false (fixture->device->kernels->end (fixture->device, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  fixture->device->kernels->begin (fixture->device);
  g_assert_true (fixture->device->kernels->end (fixture->device, &error));
}

int
main (int argc, char *argv[])
{
  kernel_begin (&argc, &argv);
  kernel_add ("attention", test_attention);
  kernel_add ("values", test_values);
  kernel_add ("refused-heads", test_refused_heads);
  return kernel_run ();
}
