/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "engine/cpu/collate-cpu-private.h"
#include "gguf-writer.h"
#include "kernel-fixture.h"
#include "reference.h"

/* The kernels of sparse attention: indices, selection, and attention to what is selected. */

static void
check_hadamard (KernelFixture *fixture, gint64 n_rows, gint64 columns)
{
  gint64 n = n_rows * columns;
  g_autofree float *rows = kernel_make_numbers (fixture, n), *result = NULL;
  g_autofree double *expected = g_new (double, n);
  CollateHadamard params = { kernel_put_numbers (fixture, rows, n), n_rows, columns };

  for (gint64 i = 0; i < n; i++)
    expected[i] = rows[i];
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->hadamard (fixture->device, &params);
  result = kernel_get_numbers (fixture, params.rows, n);
  reference_hadamard (expected, n_rows, columns);
  for (gint64 i = 0; i < n; i++)
    kernel_assert_near (result[i], expected[i], 2e-6 * sqrt ((double) columns), "hadamard");
  kernel_drop (fixture);
}

static void
test_hadamard (KernelFixture *fixture)
{
  static const float ramp[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
  static const double golden[] = { 9.8994949, -1.4142136, -2.8284271, 0, -5.6568542, 0, 0, 0 };
  g_autofree float *result = NULL;
  CollatePlace rows;

  for (gint64 columns = 2; columns <= 1024; columns *= 2)
    {
      check_hadamard (fixture, 1, columns);
      check_hadamard (fixture, 67, columns);
    }
  rows = kernel_put_numbers (fixture, ramp, 8);
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->hadamard (fixture->device, &(CollateHadamard){ rows, 1, 8 });
  result = kernel_get_numbers (fixture, rows, 8);
  for (guint i = 0; i < 8; i++)
    kernel_assert_near (result[i], golden[i], 2e-6, "the golden ramp");
}

static void
check_store_bytes (KernelFixture *fixture,
                   const float *keys,
                   gint64 n_tokens,
                   gint64 n_columns,
                   gint64 position)
{
  gint64 n = n_tokens * n_columns, n_all = (position + n_tokens) * n_columns;
  g_autofree guint8 *bytes = NULL, *expected = g_new (guint8, n);
  g_autofree float *scales = NULL, *expected_scales = g_new (float, n_tokens);
  CollateStoreBytes params = {
    .keys = kernel_put_numbers (fixture, keys, n),
    .cache = kernel_put (fixture, NULL, (gsize) n_all),
    .scales = kernel_put (fixture, NULL, (gsize) (position + n_tokens) * sizeof (float)),
    .n_tokens = n_tokens,
    .n_columns = n_columns,
    .position = position,
  };

  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->store_bytes (fixture->device, &params);
  bytes = kernel_get (fixture, params.cache, (gsize) n_all);
  scales = kernel_get_numbers (fixture, params.scales, position + n_tokens);
  reference_store_bytes (keys, n_tokens, n_columns, expected, expected_scales);
  for (gint64 i = 0; i < position * n_columns; i++)
    g_assert_cmphex (bytes[i], ==, 0xff);
  for (gint64 t = 0; t < n_tokens; t++)
    g_assert_cmpfloat (scales[position + t], ==, expected_scales[t]);
  for (gint64 i = 0; i < n; i++)
    g_assert_cmpfloat (reference_e4m3 (bytes[position * n_columns + i]), ==, reference_e4m3 (expected[i]));
  kernel_drop (fixture);
}

static void
test_store_bytes (KernelFixture *fixture)
{
  /* A row's largest number decides its scale: 448 makes it 1, and golden conversions stand as they are. */
  static const float golden[][8] = {
    { 448, 0.0009765625f, 0.001f, 1.0625f, 1.1875f, 17, 19, -3.3f },
    { 448, 240, -0.0009765625f, 0.0625f, 0.0029f, 431.9f, 432, -432.1f },
    { 449, 465, 1, 2, 3, 4, 5, 6 },
    { 1e-6f, 0, -0.0f, 1e-30f, 1e-42f, 0, 0, 0 },
    { 1, 0, 0, 0, 0, 0, 0, 0 },
    { 3.5f, 0, 0, 0, 0, 0, 0, 0 },
    { 7, 0, 0, 0, 0, 0, 0, 0 },
    { 100, 0, 0, 0, 0, 0, 0, 1e-3f },
  };
  static const gint64 columns[] = { 4, 64, 128, 132 };

  check_store_bytes (fixture, golden[0], G_N_ELEMENTS (golden), 8, 0);
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    for (guint power = 0; power < 3; power++)
      {
        g_autofree float *keys = kernel_make_numbers (fixture, 33 * columns[i]);

        for (gint64 n = 0; n < 33 * columns[i]; n++)
          keys[n] *= (float) exp (4 * power * gguf_random (&fixture->seed));
        check_store_bytes (fixture, keys, 1, columns[i], 5);
        check_store_bytes (fixture, keys, 33, columns[i], power);
      }
}

static void
check_bound (KernelFixture *fixture, gint64 n_tokens, gint64 n_columns, gint64 position)
{
  gint64 n_keys = position + n_tokens, n_bounds = (n_keys / COLLATE_PAGE + 1) * 2 * n_columns;
  g_autofree guint16 *keys = kernel_make_halves (fixture, n_keys * n_columns), *result = NULL;
  g_autofree guint16 *expected = g_new (guint16, n_bounds);
  CollateBound params = {
    .key_cache = kernel_put (fixture, keys, (gsize) (n_keys * n_columns) * 2),
    .bounds = kernel_put (fixture, NULL, (gsize) n_bounds * 2),
    .n_tokens = n_tokens,
    .n_columns = n_columns,
    .position = position,
  };

  memset (expected, 0xff, (gsize) n_bounds * 2);
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->bound (fixture->device, &params);
  result = kernel_get (fixture, params.bounds, (gsize) n_bounds * 2);
  reference_bound (&params, keys, expected);
  g_assert_cmpmem (result, (gsize) n_bounds * 2, expected, (gsize) n_bounds * 2);
  kernel_drop (fixture);
}

static void
test_bound (KernelFixture *fixture)
{
  static const gint64 columns[] = { 2, 64, 130, 192, 576 };

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      check_bound (fixture, 1, columns[i], 0);
      check_bound (fixture, 1, columns[i], 15);
      check_bound (fixture, 16, columns[i], 16);
      check_bound (fixture, 16, columns[i], 17);
      check_bound (fixture, 100, columns[i], 9);
    }
}

static void
check_sum_signs (KernelFixture *fixture, CollateSumSigns params)
{
  gint64 n = params.n_tokens * params.stride,
         n_out = params.n_tokens * 2 * params.n_kv_heads * params.head_size;
  g_autofree float *queries = kernel_make_numbers (fixture, n), *result = NULL;
  g_autofree double *expected = g_new (double, n_out), *sizes = g_new (double, n_out);

  params.queries = kernel_put_numbers (fixture, queries, n);
  params.out = kernel_put (fixture, NULL, (gsize) n_out * sizeof (float));
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->sum_signs (fixture->device, &params);
  result = kernel_get_numbers (fixture, params.out, n_out);
  reference_sum_signs (&params, queries, expected, sizes);
  for (gint64 i = 0; i < n_out; i++)
    kernel_assert_near (result[i], expected[i], KERNEL_SUM_TOLERANCE * sizes[i], "sum_signs");
  kernel_drop (fixture);
}

static void
test_sum_signs (KernelFixture *fixture)
{
  check_sum_signs (
      fixture,
      (CollateSumSigns){ .n_tokens = 1, .n_heads = 1, .n_kv_heads = 1, .head_size = 4, .stride = 4 });
  check_sum_signs (
      fixture,
      (CollateSumSigns){ .n_tokens = 1, .n_heads = 9, .n_kv_heads = 3, .head_size = 64, .stride = 576 });
  check_sum_signs (
      fixture,
      (CollateSumSigns){ .n_tokens = 37, .n_heads = 9, .n_kv_heads = 3, .head_size = 64, .stride = 960 });
  check_sum_signs (
      fixture,
      (CollateSumSigns){ .n_tokens = 5, .n_heads = 8, .n_kv_heads = 8, .head_size = 80, .stride = 641 });
  check_sum_signs (
      fixture,
      (CollateSumSigns){ .n_tokens = 3, .n_heads = 32, .n_kv_heads = 1, .head_size = 128, .stride = 4096 });
}

typedef enum
{
  INDEX_PLAIN, /* no weights */
  INDEX_HALVES,
  INDEX_BYTES,
} IndexWay;

/* Keys as the way says, and what they mean. */
static void
put_index_keys (KernelFixture *fixture, CollateIndex *params, gint64 n_keys, IndexWay way, double *meant)
{
  gint64 n = n_keys * params->head_size;
  g_autofree float *numbers = kernel_make_numbers (fixture, n),
                   *scales = kernel_make_numbers (fixture, n_keys);
  g_autofree guint16 *halves = kernel_make_halves (fixture, n);
  g_autofree guint8 *bytes = g_new (guint8, n);

  /* Any code but those of what is no number. */
  for (gint64 i = 0; i < n; i++)
    {
      bytes[i] = (guint8) (numbers[i] * 127 + 128);
      bytes[i] ^= (bytes[i] & 0x7f) == 0x7f;
    }
  for (gint64 i = 0; i < n_keys; i++)
    scales[i] = 0.001f + fabsf (scales[i]) / 256;
  for (gint64 i = 0; i < n; i++)
    meant[i] = way == INDEX_BYTES ? reference_e4m3 (bytes[i]) * scales[i / params->head_size]
                                  : collate_f16_to_f32 (halves[i]);
  if (way != INDEX_BYTES)
    params->keys = kernel_put (fixture, halves, (gsize) n * 2);
  else
    {
      params->keys = kernel_put (fixture, bytes, (gsize) n);
      params->scales = kernel_put_numbers (fixture, scales, n_keys);
    }
}

static double
get_index_tolerance (KernelFixture *fixture)
{
  return KERNEL_SUM_TOLERANCE + (fixture->is_cpu ? 0 : KERNEL_HALF_TOLERANCE);
}

static void
check_index (KernelFixture *fixture, CollateIndex params, IndexWay way)
{
  gint64 n_keys = (params.position + params.n_tokens - 1) / params.page + 1;
  gint64 n_weights = params.n_tokens * params.n_heads, n_queries = n_weights * params.head_size;
  gint64 n_scores = (params.scores_stride = n_keys + 3) * params.n_tokens;
  g_autofree float *queries = kernel_make_numbers (fixture, n_queries);
  g_autofree float *weights = kernel_make_numbers (fixture, n_weights);
  g_autofree float *before = kernel_make_numbers (fixture, n_scores), *result = NULL;
  g_autofree double *keys = g_new (double, n_keys *params.head_size);
  g_autofree double *expected = g_new (double, n_scores), *sizes = g_new0 (double, n_scores);

  put_index_keys (fixture, &params, n_keys, way, keys);
  params.queries = kernel_put_numbers (fixture, queries, n_queries);
  if (way != INDEX_PLAIN)
    params.weights = kernel_put_numbers (fixture, weights, n_weights);
  params.scores = kernel_put_numbers (fixture, before, n_scores);
  params.scale = 0.125f;
  for (gint64 i = 0; i < n_scores; i++)
    expected[i] = before[i];
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->index (fixture->device, &params);
  result = kernel_get_numbers (fixture, params.scores, n_scores);
  reference_index (&params, queries, way != INDEX_PLAIN ? weights : NULL, keys, expected, sizes);
  for (gint64 i = 0; i < n_scores; i++)
    kernel_assert_near (result[i], expected[i], get_index_tolerance (fixture) * sizes[i], "index");
  kernel_drop (fixture);
}

static void
test_index (KernelFixture *fixture)
{
  static const CollateIndex cases[] = {
    { .n_tokens = 1, .n_heads = 1, .head_size = 4, .position = 0, .page = 1 },
    { .n_tokens = 1, .n_heads = 64, .head_size = 128, .position = 99, .page = 1 },
    { .n_tokens = 1, .n_heads = 4, .head_size = 64, .position = 1000, .page = 1 },
    { .n_tokens = 3, .n_heads = 5, .head_size = 12, .position = 47, .page = 1 },
    { .n_tokens = 70, .n_heads = 4, .head_size = 64, .position = 0, .page = 1 },
    { .n_tokens = 33, .n_heads = 64, .head_size = 128, .position = 95, .page = 1 },
    { .n_tokens = 17, .n_heads = 32, .head_size = 128, .position = 300, .page = 1 },
    { .n_tokens = 9, .n_heads = 3, .head_size = 64, .position = 15, .page = 1 },
    { .n_tokens = 12, .n_heads = 128, .head_size = 64, .position = 70, .page = 1 },
    { .n_tokens = 1, .n_heads = 1, .head_size = 384, .position = 2000, .page = 16 },
    { .n_tokens = 40, .n_heads = 1, .head_size = 384, .position = 1001, .page = 16 },
    { .n_tokens = 40, .n_heads = 2, .head_size = 64, .position = 7, .page = 16 },
    { .n_tokens = 2, .n_heads = 1, .head_size = 2048, .position = 200, .page = 16 },
    { .n_tokens = 1, .n_heads = 4, .head_size = 64, .position = 131071, .page = 1 },
    { .n_tokens = 2, .n_heads = 1, .head_size = 32, .position = 131070, .page = 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      check_index (fixture, cases[i], INDEX_PLAIN);
      if (cases[i].head_size <= 128)
        {
          check_index (fixture, cases[i], INDEX_HALVES);
          check_index (fixture, cases[i], INDEX_BYTES);
        }
    }
}

/* What a score can be, for selection. */
typedef enum
{
  SCORES_RANDOM,
  SCORES_CONSTANT,
  SCORES_TWO, /* zeros of both signs count as one */
  SCORES_FEW,
  SCORES_RISING,
  SCORES_FALLING,
  SCORES_DENORMAL,
  SCORES_CLOSE,   /* apart by their last bits */
  SCORES_STRANGE, /* with infinities, and with what is no number */
  SCORES_NONE,    /* no number at all */
  N_SCORES,
} Scores;

static float
make_score (Scores scores, gint64 i, float number)
{
  static const float few[] = { -1, -0.0f, 0, 1, 2, 3, -2 };
  static const float strange[] = { NAN, INFINITY, -INFINITY, 1, -NAN, 0, -1, 3e38f, 1e-45f };

  switch (scores)
    {
    case SCORES_CONSTANT:
      return -3;
    case SCORES_TWO:
      return number > 0 ? 0.0f : -0.0f;
    case SCORES_FEW:
      return few[(gsize) ((number + 1) * 1e6f) % G_N_ELEMENTS (few)];
    case SCORES_RISING:
      return (float) i - 1000;
    case SCORES_FALLING:
      return -(float) i;
    case SCORES_DENORMAL:
      return number * 1e-40f;
    case SCORES_CLOSE:
      return 1 + (float) ((gsize) ((number + 1) * 1e6f) % 64) * 0x1p-23f;
    case SCORES_STRANGE:
      return strange[(gsize) ((number + 1) * 1e6f) % G_N_ELEMENTS (strange)];
    case SCORES_NONE:
      return NAN;
    default:
      return number;
    }
}

static gint32 *
run_select (KernelFixture *fixture, CollateSelect params, const float *scores)
{
  gsize n_bytes = (gsize) (params.n_tokens * params.k) * sizeof (gint32);
  gint32 *result;

  params.scores = kernel_put_numbers (fixture, scores, params.scores_stride * params.n_tokens);
  params.selected = kernel_put (fixture, NULL, n_bytes);
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->select (fixture->device, &params);
  result = kernel_get (fixture, params.selected, n_bytes);
  kernel_drop (fixture);
  return result;
}

static void
check_select (KernelFixture *fixture, CollateSelect params, Scores scores)
{
  gint64 stride = (params.position + params.n_tokens - 1) / params.page + 2;
  g_autofree float *numbers = kernel_make_numbers (fixture, stride * params.n_tokens);
  g_autofree gint32 *expected = g_new (gint32, params.n_tokens * params.k), *result = NULL;

  params.scores_stride = stride;
  for (gint64 i = 0; i < stride * params.n_tokens; i++)
    numbers[i] = i % stride == stride - 1 ? INFINITY : make_score (scores, i % stride, numbers[i]);
  result = run_select (fixture, params, numbers);
  reference_select (&params, numbers, expected);
  for (gint64 i = 0; i < params.n_tokens * params.k; i++)
    if (result[i] != expected[i])
      g_error ("selected %d instead of %d at %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
               ", scores of kind %d, position %" G_GINT64_FORMAT,
               result[i],
               expected[i],
               i % params.k,
               params.k,
               scores,
               params.position + i / params.k);
}

static const CollateSelect select_cases[] = {
  { .n_tokens = 1, .k = 1, .position = 0, .page = 1 },
  { .n_tokens = 5, .k = 3, .position = 0, .page = 1 },
  { .n_tokens = 1, .k = 1, .position = 4000, .page = 1 },
  { .n_tokens = 3, .k = 512, .position = 510, .page = 1 },
  { .n_tokens = 3, .k = 2048, .position = 2046, .page = 1 },
  { .n_tokens = 33, .k = 100, .position = 1000, .page = 1 },
  { .n_tokens = 1, .k = 512, .position = 8191, .page = 1 },
  { .n_tokens = 2, .k = 4096, .position = 10000, .page = 1 },
  { .n_tokens = 2, .k = 4096, .position = 4095, .page = 1 },
  { .n_tokens = 1, .k = 2047, .position = 20001, .page = 1 },
  { .n_tokens = 2, .k = 64, .position = 500, .page = 1, .n_first = 4, .n_last = 60 },
  { .n_tokens = 2, .k = 64, .position = 500, .page = 1, .n_first = 0, .n_last = 17 },
  { .n_tokens = 6, .k = 64, .position = 60, .page = 1, .n_first = 4, .n_last = 16 },
  { .n_tokens = 20, .k = 100, .position = 990, .page = 16 },
  { .n_tokens = 20, .k = 100, .position = 990, .page = 16, .n_first = 4, .n_last = 64 },
  { .n_tokens = 3, .k = 512, .position = 8190, .page = 16, .n_first = 16, .n_last = 64 },
  { .n_tokens = 40, .k = 33, .position = 0, .page = 16, .n_first = 2, .n_last = 20 },
  { .n_tokens = 3, .k = 30, .position = 300, .page = 16, .n_first = 4, .n_last = 64 },
};

static void
test_select (KernelFixture *fixture)
{
  for (guint i = 0; i < G_N_ELEMENTS (select_cases); i++)
    for (guint scores = 0; scores < N_SCORES; scores++)
      check_select (fixture, select_cases[i], (Scores) scores);
}

/* Every place is a length, and every length's neighbours. */
static void
test_select_lengths (KernelFixture *fixture)
{
  check_select (fixture, (CollateSelect){ .n_tokens = 150, .k = 40, .page = 1 }, SCORES_RANDOM);
  check_select (fixture, (CollateSelect){ .n_tokens = 150, .k = 40, .page = 1 }, SCORES_FEW);
}

/* A million keys, or pages of keys, twice: the same both times. */
static void
check_select_long (KernelFixture *fixture, CollateSelect params, Scores scores)
{
  g_autofree float *numbers = kernel_make_numbers (fixture, params.scores_stride);
  g_autofree gint32 *expected = g_new (gint32, params.k), *first = NULL, *second = NULL;

  for (gint64 i = 0; i < params.scores_stride; i++)
    numbers[i] = make_score (scores, i, numbers[i]);
  first = run_select (fixture, params, numbers);
  second = run_select (fixture, params, numbers);
  reference_select (&params, numbers, expected);
  g_assert_cmpmem (first, (gsize) params.k * 4, second, (gsize) params.k * 4);
  g_assert_cmpmem (first, (gsize) params.k * 4, expected, (gsize) params.k * 4);
}

static void
test_select_long (KernelFixture *fixture)
{
  static const CollateSelect cases[] = {
    { .n_tokens = 1, .k = 2048, .position = 1000000, .page = 1, .scores_stride = 1000001 },
    { .n_tokens = 1,
      .k = 512,
      .position = 1000000,
      .page = 16,
      .scores_stride = 62501,
      .n_first = 4,
      .n_last = 64 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint scores = SCORES_RANDOM; scores <= SCORES_FALLING; scores++)
      check_select_long (fixture, cases[i], (Scores) scores);
}

/* Attention over caches, with k keys for each token. */
typedef struct
{
  gint64 n_tokens, n_heads, n_kv_heads, head_size, value_size; /* 0: keys and values of one size, apart */
  gint64 position, k;
} SelectedCase;

/* What tokens prefer: keys here and there, or those of a band, of which there are two, the next token's another one: whole
 * blocks of keys are nobody's, or one token's alone. */
typedef enum
{
  PREFER_ANY,
  PREFER_BAND,
} Preference;

static void
prefer_bands (const SelectedCase *test, float *scores)
{
  gint64 n_keys = test->position + test->n_tokens;

  for (gint64 t = 0; t < test->n_tokens; t++)
    for (gint64 key = 0; key < n_keys; key++)
      scores[t * n_keys + key] = -fabsf ((float) (key - (t % 2 == 0 ? 0 : n_keys * 2 / 3)));
}

static void
fill_selected (KernelFixture *fixture,
               const SelectedCase *test,
               Preference preference,
               CollateAttention *params,
               gint32 *selected)
{
  g_autofree float *scores =
      kernel_make_numbers (fixture, test->n_tokens * (test->position + test->n_tokens));
  const CollateSelect select = {
    .n_tokens = test->n_tokens,
    .k = test->k,
    .position = test->position,
    .page = 1,
    .scores_stride = test->position + test->n_tokens,
  };

  if (preference == PREFER_BAND)
    prefer_bands (test, scores);
  reference_select (&select, scores, selected);
  params->selected = kernel_put (fixture, selected, (gsize) (test->n_tokens * test->k) * sizeof (gint32));
  params->n_selected = test->k;
}

static float *
attend (KernelFixture *fixture, CollateAttention *params)
{
  gint64 value_size = params->value_size != 0 ? params->value_size : params->head_size;
  gint64 n = params->n_tokens * params->n_heads * value_size;

  params->out = kernel_put (fixture, NULL, (gsize) n * sizeof (float));
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->attention (fixture->device, params);
  return kernel_get_numbers (fixture, params->out, n);
}

/* What attention to selected keys is held against. */
typedef struct
{
  const gint32 *selected;
  const double *expected;
  const float *dense;    /* of all keys */
  const float *gathered; /* of those that are selected */
  gint64 row;            /* numbers of a token */
} Held;

/* From which number of visible keys on they are gathered changes nothing but the last bits: none of tokens that see no more
 * keys than they read, none of those that gather, and never what is selected. */
static void
check_masked (KernelFixture *fixture, CollateAttention params, gint64 n_dense, const Held *held)
{
  gint64 n_whole = CLAMP (params.n_selected - params.position, 0, params.n_tokens);
  gboolean is_few = params.n_tokens <= COLLATE_FEW_TOKENS;
  gint64 n_masked = is_few ? n_whole : CLAMP (n_dense - params.position, n_whole, params.n_tokens);
  gsize row_bytes = (gsize) held->row * sizeof (float);
  gsize list_bytes = (gsize) (params.n_tokens * params.n_selected) * sizeof (gint32);
  g_autofree float *result = NULL, *again = NULL;
  g_autofree gint32 *selected = NULL;

  params.n_dense = n_dense;
  result = attend (fixture, &params);
  again = attend (fixture, &params);
  selected = kernel_get (fixture, params.selected, list_bytes);
  for (gint64 i = 0; i < params.n_tokens * held->row; i++)
    kernel_assert_near (result[i], held->expected[i], 4e-6, "attention under a mask");
  g_assert_cmpmem (result, (gsize) params.n_tokens * row_bytes, again, (gsize) params.n_tokens * row_bytes);
  g_assert_cmpmem (result, (gsize) n_whole * row_bytes, held->dense, (gsize) n_whole * row_bytes);
  g_assert_cmpmem (result + n_masked * held->row,
                   (gsize) (params.n_tokens - n_masked) * row_bytes,
                   held->gathered + n_masked * held->row,
                   (gsize) (params.n_tokens - n_masked) * row_bytes);
  g_assert_cmpmem (selected, list_bytes, held->selected, list_bytes);
}

/* Near the reference; and of tokens that see no more keys than they read, to the last bit what is made of all keys. */
static void
check_selected (KernelFixture *fixture, const SelectedCase *test, Preference preference)
{
  gint64 value_size = test->value_size != 0 ? test->value_size : test->head_size;
  gint64 n_out = test->n_tokens * test->n_heads * value_size;
  gint64 n_queries = test->n_tokens * test->n_heads * test->head_size;
  gint64 n_cache = (test->position + test->n_tokens) * test->n_kv_heads * test->head_size;
  gint64 n_dense = CLAMP (test->k - test->position, 0, test->n_tokens);
  gsize dense_bytes = (gsize) (n_dense * test->n_heads * value_size) * sizeof (float);
  g_autofree float *queries = kernel_make_numbers (fixture, n_queries);
  g_autofree guint16 *keys = kernel_make_halves (fixture, n_cache), *values = NULL;
  g_autofree gint32 *selected = g_new (gint32, test->n_tokens * test->k);
  g_autofree float *result = NULL, *again = NULL, *dense = NULL;
  g_autofree double *expected = g_new (double, n_out);
  CollateAttention params = {
    .queries = kernel_put_numbers (fixture, queries, n_queries),
    .key_cache = kernel_put (fixture, keys, (gsize) n_cache * 2),
    .n_tokens = test->n_tokens,
    .n_heads = test->n_heads,
    .n_kv_heads = test->n_kv_heads,
    .head_size = test->head_size,
    .stride = test->n_heads * test->head_size,
    .value_size = test->value_size,
    .value_stride = test->value_size != 0 ? test->head_size : 0,
    .position = test->position,
    .scale = 1 / sqrtf ((float) test->head_size),
  };

  values =
      test->value_size != 0 ? g_memdup2 (keys, (gsize) n_cache * 2) : kernel_make_halves (fixture, n_cache);
  params.value_cache =
      test->value_size != 0 ? params.key_cache : kernel_put (fixture, values, (gsize) n_cache * 2);
  dense = attend (fixture, &params);
  fill_selected (fixture, test, preference, &params, selected);
  result = attend (fixture, &params);
  again = attend (fixture, &params);
  reference_attention (&params, queries, keys, values, selected, expected);
  for (gint64 i = 0; i < n_out; i++)
    kernel_assert_near (result[i], expected[i], 4e-6, "attention to selected keys");
  g_assert_cmpmem (result, dense_bytes, dense, dense_bytes);
  g_assert_cmpmem (result, (gsize) n_out * sizeof (float), again, (gsize) n_out * sizeof (float));
  if (test->n_tokens > 1)
    for (guint n = 1; n <= 2; n++)
      check_masked (fixture,
                    params,
                    test->position + test->n_tokens * n / 2,
                    &(Held){ selected, expected, dense, result, test->n_heads * value_size });
  kernel_drop (fixture);
}

static void
test_selected (KernelFixture *fixture)
{
  static const SelectedCase cases[] = {
    { 1, 1, 1, 4, 0, 7, 3 },           { 1, 9, 3, 64, 0, 0, 16 },          { 1, 9, 3, 64, 0, 700, 512 },
    { 1, 2, 1, 48, 32, 131071, 2048 }, { 1, 9, 3, 64, 0, 510, 512 },       { 1, 9, 3, 64, 0, 511, 512 },
    { 1, 9, 3, 64, 0, 512, 512 },      { 5, 9, 3, 64, 0, 510, 512 },       { 70, 9, 3, 64, 0, 0, 32 },
    { 70, 9, 3, 64, 0, 300, 100 },     { 130, 9, 3, 64, 0, 60, 128 },      { 2, 8, 1, 576, 512, 100, 64 },
    { 1, 128, 1, 576, 512, 150, 97 },  { 40, 8, 1, 576, 512, 30, 48 },     { 9, 128, 1, 576, 512, 60, 64 },
    { 3, 4, 4, 48, 0, 200, 96 },       { 33, 4, 2, 33, 0, 90, 95 },        { 4, 20, 1, 80, 0, 400, 200 },
    { 3, 16, 1, 96, 64, 900, 500 },    { 1, 32, 1, 576, 512, 3000, 2048 }, { 70, 9, 3, 64, 0, 900, 100 },
    { 12, 60, 1, 96, 64, 400, 128 },   { 60, 3, 3, 64, 0, 500, 200 },      { 20, 10, 2, 32, 0, 300, 64 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      check_selected (fixture, &cases[i], PREFER_ANY);
      if (cases[i].n_tokens > COLLATE_FEW_TOKENS)
        check_selected (fixture, &cases[i], PREFER_BAND);
    }
}

/* How many threads there are is nobody's business. */
static gpointer
run_threads (CollateLevel level, guint n_threads)
{
  g_autoptr (CollateDevice) device = collate_cpu_device_new_with (n_threads, level);
  const gint64 n_tokens = 20, position = 3000, k = 300, n_keys = position + n_tokens;
  KernelFixture fixture;
  g_autofree float *queries = NULL, *weights = NULL;
  g_autofree guint16 *keys = NULL;
  CollateIndex index = {
    .n_tokens = n_tokens, .n_heads = 6, .head_size = 64, .position = position, .page = 1, .scale = 1
  };
  CollateSelect select = { .n_tokens = n_tokens, .k = k, .position = position, .page = 1 };
  CollateAttention attention = {
    .n_tokens = n_tokens,
    .n_heads = 6,
    .n_kv_heads = 1,
    .head_size = 64,
    .stride = 384,
    .position = position,
    .scale = 0.125f,
    .n_selected = k,
  };
  gpointer result;

  kernel_fixture_begin (&fixture, device);
  queries = kernel_make_numbers (&fixture, n_tokens * 384);
  weights = kernel_make_numbers (&fixture, n_tokens * 6);
  keys = kernel_make_halves (&fixture, n_keys * 64);
  attention.queries = index.queries = kernel_put_numbers (&fixture, queries, n_tokens * 384);
  index.weights = kernel_put_numbers (&fixture, weights, n_tokens * 6);
  attention.key_cache = attention.value_cache = index.keys =
      kernel_put (&fixture, keys, (gsize) (n_keys * 64) * 2);
  select.scores = index.scores = kernel_put (&fixture, NULL, (gsize) (n_tokens * n_keys) * sizeof (float));
  select.scores_stride = index.scores_stride = n_keys;
  attention.selected = select.selected =
      kernel_put (&fixture, NULL, (gsize) (n_tokens * k) * sizeof (gint32));
  attention.out = kernel_put (&fixture, NULL, (gsize) (n_tokens * 384) * sizeof (float));
  device->kernels->begin (device);
  device->kernels->index (device, &index);
  device->kernels->select (device, &select);
  device->kernels->attention (device, &attention);
  result = kernel_get (&fixture, attention.out, (gsize) (n_tokens * 384) * sizeof (float));
  kernel_fixture_end (&fixture);
  return result;
}

static void
test_same_bits (gconstpointer data)
{
  const KernelLevel *level = data;
  g_autofree float *alone = run_threads (level->level, 1), *shared = run_threads (level->level, 5);

  g_assert_cmpmem (alone, 20 * 384 * sizeof (float), shared, 20 * 384 * sizeof (float));
}

/* What a token alone makes of its keys, against its row among others'. */
static void
check_alone (KernelFixture *fixture, CollateIndex params, gint64 t, const float *row, const double *sizes)
{
  gint64 n_keys = params.position + t + 1;
  gsize n_bytes = (gsize) n_keys * sizeof (float);
  g_autofree float *alone = NULL;

  params.queries.offset += (gsize) (t * params.n_heads * params.head_size) * sizeof (float);
  params.weights.offset += (gsize) (t * params.n_heads) * sizeof (float);
  params.scores = kernel_put (fixture, NULL, n_bytes);
  params.n_tokens = 1;
  params.position += t;
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->index (fixture->device, &params);
  alone = kernel_get_numbers (fixture, params.scores, n_keys);
  if (fixture->is_cpu)
    g_assert_cmpmem (alone, n_bytes, row, n_bytes);
  for (gint64 key = 0; key < n_keys; key++)
    kernel_assert_near (alone[key], row[key], KERNEL_SUM_TOLERANCE * sizes[key], "a token's index");
}

/* Scores of a key do not depend on how many tokens there are at a time, else prefill in other parts selects others: on the
 * CPU not at all, on a card no more than by the order of sums, however it rounds queries. */
static void
check_index_alone (KernelFixture *fixture, gint64 n_heads, IndexWay way)
{
  const gint64 n_tokens = 12, position = 100, n_keys = position + n_tokens, row = n_heads * 128;
  g_autofree float *queries = kernel_make_numbers (fixture, n_tokens * row);
  g_autofree float *weights = kernel_make_numbers (fixture, n_tokens * n_heads), *together = NULL;
  g_autofree double *keys = g_new (double, n_keys * 128), *expected = g_new0 (double, n_tokens *n_keys);
  g_autofree double *sizes = g_new0 (double, n_tokens *n_keys);
  CollateIndex params = {
    .queries = kernel_put_numbers (fixture, queries, n_tokens * row),
    .weights = kernel_put_numbers (fixture, weights, n_tokens * n_heads),
    .scores = kernel_put (fixture, NULL, (gsize) (n_tokens * n_keys) * sizeof (float)),
    .n_tokens = n_tokens,
    .n_heads = n_heads,
    .head_size = 128,
    .position = position,
    .page = 1,
    .scores_stride = n_keys,
    .scale = 1,
  };

  put_index_keys (fixture, &params, n_keys, way, keys);
  reference_index (&params, queries, weights, keys, expected, sizes);
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->index (fixture->device, &params);
  together = kernel_get_numbers (fixture, params.scores, n_tokens * n_keys);
  for (gint64 t = 0; t < n_tokens; t++)
    check_alone (fixture, params, t, together + t * n_keys, sizes + t * n_keys);
  kernel_drop (fixture);
}

static void
test_index_alone (KernelFixture *fixture)
{
  static const gint64 n_heads[] = { 4, 5, 64, 128 };

  for (guint i = 0; i < G_N_ELEMENTS (n_heads); i++)
    {
      check_index_alone (fixture, n_heads[i], INDEX_HALVES);
      check_index_alone (fixture, n_heads[i], INDEX_BYTES);
    }
}

int
main (int argc, char *argv[])
{
  kernel_begin (&argc, &argv);
  kernel_add ("hadamard", test_hadamard);
  kernel_add ("store-bytes", test_store_bytes);
  kernel_add ("bound", test_bound);
  kernel_add ("sum-signs", test_sum_signs);
  kernel_add ("select", test_select);
  kernel_add ("select-lengths", test_select_lengths);
  kernel_add ("select-long", test_select_long);
  kernel_add ("selected", test_selected);
  kernel_add_ways ();
  kernel_add ("index", test_index);
  kernel_add ("index-alone", test_index_alone);
  for (guint i = 0; kernel_get_level (i) != NULL; i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/engine/kernels/%s/sparse-same-bits", kernel_get_level (i)->name);

      g_test_add_data_func (path, kernel_get_level (i), test_same_bits);
    }
  return kernel_run ();
}
