/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "gguf-writer.h"
#include "kernel-fixture.h"
#include "reference.h"

/* Kernels that go over rows, number by number. */

/* The CPU expands as the definition does, bit for bit. */
static void
check_embed (KernelFixture *fixture, CollateType type, const gint32 *ids, gint64 n_tokens, gint64 columns)
{
  const float *numbers;
  CollateEmbed params = {
    .table = kernel_make_weight (fixture, type, 70, columns, &numbers),
    .ids = ids,
    .out = kernel_put (fixture, NULL, sizeof (float) * (gsize) (n_tokens * columns)),
    .n_tokens = n_tokens,
  };
  g_autofree float *result = NULL;

  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->embed (fixture->device, &params);
  result = kernel_get_numbers (fixture, params.out, n_tokens * columns);
  for (gint64 t = 0; t < n_tokens; t++)
    for (gint64 c = 0; c < columns; c++)
      kernel_assert_near (
          result[t * columns + c], numbers[ids[t] * columns + c], fixture->is_cpu ? 0 : 1e-6, "embed");
  kernel_drop (fixture);
}

static void
test_embed (KernelFixture *fixture)
{
  static const gint32 ids[] = { 6, 0, 3, 3, 69, 8, 64, 63, 1 };

  for (guint i = 0; i < KERNEL_N_TYPES; i++)
    {
      check_embed (fixture, kernel_types[i], ids, G_N_ELEMENTS (ids), 256);
      check_embed (fixture, kernel_types[i], ids, 1, 768);
    }
  check_embed (fixture, COLLATE_F16, ids, 3, 37);
  check_embed (fixture, COLLATE_Q4_1, ids, 4, 96);
}

static void
check_rms_norm (KernelFixture *fixture,
                gint64 n_rows,
                gint64 columns,
                gint64 gap,
                gboolean with_weight,
                gboolean in_place)
{
  gint64 stride = columns + gap, n = n_rows * stride;
  g_autofree float *in = kernel_make_numbers (fixture, n);
  g_autofree float *result = NULL;
  g_autofree double *expected = g_new0 (double, n_rows *columns);
  const float *numbers = NULL;
  CollateRmsNorm params = {
    .in = kernel_put_numbers (fixture, in, n),
    .weight = with_weight ? kernel_make_weight (fixture, COLLATE_F32, 1, columns, &numbers) : NULL,
    .n_rows = n_rows,
    .columns = columns,
    .in_stride = gap > 0 ? stride : 0,
    .out_stride = gap > 0 ? stride : 0,
    .epsilon = 1e-5f,
  };

  params.out = in_place ? params.in : kernel_put_numbers (fixture, in, n);
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->rms_norm (fixture->device, &params);
  result = kernel_get_numbers (fixture, params.out, n);
  reference_rms_norm (in, numbers, n_rows, columns, stride, params.epsilon, expected);
  for (gint64 row = 0; row < n_rows; row++)
    for (gint64 i = 0; i < stride; i++)
      {
        double number = i < columns ? expected[row * columns + i] : in[row * stride + i];

        kernel_assert_near (
            result[row * stride + i], number, i < columns ? 2e-6 * fabs (number) + 1e-30 : 0, "rms_norm");
      }
  kernel_drop (fixture);
}

static void
test_rms_norm (KernelFixture *fixture)
{
  static const gint64 columns[] = { 1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 64, 576, 1536 };

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      check_rms_norm (fixture, 1, columns[i], 0, TRUE, FALSE);
      check_rms_norm (fixture, 3, columns[i], 0, FALSE, TRUE);
      check_rms_norm (fixture, 70, columns[i], 0, TRUE, TRUE);
    }
}

static void
test_rms_norm_apart (KernelFixture *fixture)
{
  check_rms_norm (fixture, 5, 512, 64, TRUE, TRUE);
  check_rms_norm (fixture, 9, 33, 7, TRUE, FALSE);
}

typedef struct
{
  gint64 n_tokens, n_heads, head_size, n_rotated, gap, position;
  float magnitude; /* 0: 1 */
} RopeCase;

/* Where `out_gap` is not negative, to a place of its own, heads so many numbers further apart than they need. */
static void
check_rope (KernelFixture *fixture, const RopeCase *test, gboolean interleaved, gint64 out_gap)
{
  gint64 stride = test->n_heads * test->head_size + test->gap;
  gint64 n = stride * test->n_tokens;
  gint64 out_head_size = test->n_rotated + MAX (out_gap, 0);
  gint64 out_stride = test->n_heads * out_head_size + 1, n_out = out_stride * test->n_tokens;
  g_autofree float *heads = kernel_make_numbers (fixture, n), *before = kernel_make_numbers (fixture, n_out);
  g_autofree float *frequencies = g_new (float, test->n_rotated / 2);
  g_autofree float *result = NULL;
  g_autofree double *expected = g_new (double, n);
  double tolerance = 1e-6 + (double) (test->position + test->n_tokens) * 6e-8;
  CollateRope params = {
    .heads = kernel_put_numbers (fixture, heads, n),
    .frequencies = frequencies,
    .n_tokens = test->n_tokens,
    .n_heads = test->n_heads,
    .head_size = test->head_size,
    .n_rotated = test->n_rotated,
    .stride = stride,
    .position = test->position,
    .interleaved = interleaved,
    .magnitude = test->magnitude,
    .out_head_size = out_head_size,
    .out_stride = out_stride,
  };

  if (out_gap >= 0)
    params.out = kernel_put_numbers (fixture, before, n_out);
  for (gint64 i = 0; i < test->n_rotated / 2; i++)
    frequencies[i] = (float) pow (10000, -2.0 * (double) i / (double) test->n_rotated);
  for (gint64 i = 0; i < n; i++)
    expected[i] = heads[i];
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->rope (fixture->device, &params);
  reference_rope (expected,
                  frequencies,
                  test->n_tokens,
                  test->n_heads,
                  test->head_size,
                  test->n_rotated,
                  stride,
                  test->position,
                  interleaved,
                  test->magnitude != 0 ? test->magnitude : 1);
  /* The angle is a product of two f32, rounded: half a unit of its last place. */
  if (out_gap < 0)
    {
      result = kernel_get_numbers (fixture, params.heads, n);
      for (gint64 i = 0; i < n; i++)
        kernel_assert_near (result[i], expected[i], tolerance, "rope");
    }
  else
    {
      result = kernel_get_numbers (fixture, params.out, n_out);
      for (gint64 i = 0; i < n_out; i++)
        {
          gint64 t = i / out_stride, head = i % out_stride / out_head_size;
          gint64 at = i % out_stride % out_head_size;
          gboolean rotated = head < test->n_heads && at < test->n_rotated;

          kernel_assert_near (result[i],
                              rotated ? expected[t * stride + head * test->head_size + at] : before[i],
                              rotated ? tolerance : 0,
                              "rope to another place");
        }
    }
  kernel_drop (fixture);
}

static const RopeCase rope_cases[] = {
  { 1, 1, 2, 2, 0, 0 },      { 1, 9, 64, 64, 0, 5 },        { 70, 3, 64, 64, 7, 100 },
  { 3, 4, 48, 48, 0, 8000 }, { 2, 8, 128, 64, 3, 1, 1.25 }, { 5, 1, 80, 32, 0, 2047 },
};

static void
test_rope (KernelFixture *fixture)
{
  for (guint i = 0; i < G_N_ELEMENTS (rope_cases); i++)
    {
      check_rope (fixture, &rope_cases[i], FALSE, -1);
      check_rope (fixture, &rope_cases[i], TRUE, -1);
    }
}

static void
test_rope_elsewhere (KernelFixture *fixture)
{
  for (guint i = 0; i < G_N_ELEMENTS (rope_cases); i++)
    {
      check_rope (fixture, &rope_cases[i], FALSE, 0);
      check_rope (fixture, &rope_cases[i], TRUE, 512);
    }
}

static void
check_store (KernelFixture *fixture, gint64 n_tokens, gint64 n_columns, gint64 position, gboolean with_values)
{
  gint64 stride = n_columns + 3;
  gsize n_bytes = (gsize) ((position + n_tokens + 1) * n_columns) * 2;
  g_autofree float *keys = kernel_make_numbers (fixture, stride * n_tokens);
  g_autofree float *values = kernel_make_numbers (fixture, stride * n_tokens);
  g_autofree guint16 *stored_keys = NULL, *stored_values = NULL;
  CollateStore params = {
    .key_cache = kernel_put (fixture, NULL, n_bytes),
    .value_cache = kernel_put (fixture, NULL, n_bytes),
    .n_tokens = n_tokens,
    .n_columns = n_columns,
    .stride = stride,
    .position = position,
  };

  keys[0] = 1e9f; /* beyond f16 */
  keys[1] = 1e-7f;
  params.keys = kernel_put_numbers (fixture, keys, stride * n_tokens);
  if (with_values)
    params.values = kernel_put_numbers (fixture, values, stride * n_tokens);
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->store (fixture->device, &params);
  stored_keys = kernel_get (fixture, params.key_cache, n_bytes);
  stored_values = kernel_get (fixture, params.value_cache, n_bytes);
  for (gint64 t = -position; t <= n_tokens; t++)
    for (gint64 c = 0; c < n_columns; c++)
      {
        gint64 i = (position + t) * n_columns + c;
        gboolean inside = t >= 0 && t < n_tokens;

        g_assert_cmphex (stored_keys[i], ==, inside ? collate_f32_to_f16 (keys[t * stride + c]) : 0xffff);
        inside = inside && with_values;
        g_assert_cmphex (stored_values[i], ==, inside ? collate_f32_to_f16 (values[t * stride + c]) : 0xffff);
      }
  kernel_drop (fixture);
}

static void
test_store (KernelFixture *fixture)
{
  static const gint64 columns[] = { 2, 3, 15, 16, 17, 192, 1024 };

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      check_store (fixture, 1, columns[i], 0, TRUE);
      check_store (fixture, 1, columns[i], 9, TRUE);
      check_store (fixture, 37, columns[i], 2, TRUE);
    }
}

static void
test_store_keys (KernelFixture *fixture)
{
  check_store (fixture, 1, 576, 3, FALSE);
  check_store (fixture, 12, 128, 0, FALSE);
}

/* exp() of Vulkan is right to 3 + 2 |x| units of the last place. */
static void
check_swiglu (KernelFixture *fixture, gint64 n)
{
  g_autofree float *gate = kernel_make_numbers (fixture, n), *up = kernel_make_numbers (fixture, n);
  g_autofree float *result = NULL;
  g_autofree double *expected = g_new (double, n);
  CollateSwiglu params = {
    .up = kernel_put_numbers (fixture, up, n),
    .out = kernel_put (fixture, NULL, (gsize) n * sizeof (float)),
    .n = n,
  };

  /* From far below what exp() can say to far above it. */
  for (gint64 i = 0; i < n; i++)
    gate[i] *= (float) exp (5 * gguf_random (&fixture->seed));
  params.gate = kernel_put_numbers (fixture, gate, n);
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->swiglu (fixture->device, &params);
  result = kernel_get_numbers (fixture, params.out, n);
  reference_swiglu (gate, up, n, expected);
  for (gint64 i = 0; i < n; i++)
    {
      double step = fixture->is_cpu ? 1e-6 : (8 + 2 * fabs ((double) gate[i])) * 6e-8;

      kernel_assert_near (result[i], expected[i], step * fabs (expected[i]) + 1e-30, "swiglu");
    }
  kernel_drop (fixture);
}

static void
test_swiglu (KernelFixture *fixture)
{
  static const gint64 sizes[] = { 1, 15, 16, 17, 33, 1536, 40001 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    check_swiglu (fixture, sizes[i]);
}

#define CHAIN_TOKENS 21
#define CHAIN_COLUMNS 72

/* What the chain below makes of the numbers. */
static void
reference_chain (const float *in, const float *norm, const float *matrix, double *out)
{
  const gint64 n = CHAIN_TOKENS * CHAIN_COLUMNS;
  g_autofree float *numbers = g_memdup2 (in, (gsize) n * sizeof (float));
  g_autofree double *normed = g_new (double, n), *product = g_new (double, n);
  g_autofree double *sizes = g_new0 (double, n), *activated = g_new (double, n);
  g_autofree float *between = g_new (float, n);

  for (guint round = 0; round < 3; round++)
    {
      reference_rms_norm (numbers, norm, CHAIN_TOKENS, CHAIN_COLUMNS, CHAIN_COLUMNS, 1e-5f, normed);
      for (gint64 i = 0; i < n; i++)
        {
          between[i] = (float) normed[i];
          product[i] = 0;
        }
      reference_matmul (
          matrix, CHAIN_COLUMNS, CHAIN_COLUMNS, between, CHAIN_COLUMNS, CHAIN_TOKENS, product, sizes);
      for (gint64 i = 0; i < n; i++)
        between[i] = (float) product[i];
      reference_swiglu (between, numbers, n, activated);
      for (gint64 i = 0; i < n; i++)
        numbers[i] = (float) activated[i];
    }
  for (gint64 i = 0; i < n; i++)
    out[i] = numbers[i];
}

/* Kernels that read what the ones before them wrote, and write where those read, recorded together. */
static void
test_chain (KernelFixture *fixture)
{
  const gint64 n = CHAIN_TOKENS * CHAIN_COLUMNS;
  const CollateDeviceKernels *kernels = fixture->device->kernels;
  g_autofree float *in = kernel_make_numbers (fixture, n);
  g_autofree float *result = NULL;
  g_autofree double *expected = g_new (double, n);
  const float *norm_numbers, *matrix_numbers;
  CollateWeight *norm = kernel_make_weight (fixture, COLLATE_F32, 1, CHAIN_COLUMNS, &norm_numbers);
  CollateWeight *matrix =
      kernel_make_weight (fixture, COLLATE_F32, CHAIN_COLUMNS, CHAIN_COLUMNS, &matrix_numbers);
  CollatePlace stream = kernel_put_numbers (fixture, in, n);
  CollatePlace normed = kernel_put (fixture, NULL, (gsize) n * sizeof (float));
  CollatePlace product = kernel_put (fixture, NULL, (gsize) n * sizeof (float));

  kernels->begin (fixture->device);
  for (guint round = 0; round < 3; round++)
    {
      kernels->rms_norm (
          fixture->device,
          &(CollateRmsNorm){ stream, normed, norm, CHAIN_TOKENS, CHAIN_COLUMNS, .epsilon = 1e-5f });
      kernels->matmul (fixture->device,
                       &(CollateMatmul){
                           .in = normed,
                           .n_tokens = CHAIN_TOKENS,
                           .n_products = 1,
                           .products = { { .weight = matrix, .out = product } },
                       });
      kernels->swiglu (fixture->device, &(CollateSwiglu){ product, stream, stream, n });
    }
  result = kernel_get_numbers (fixture, stream, n);
  reference_chain (in, norm_numbers, matrix_numbers, expected);
  for (gint64 i = 0; i < n; i++)
    kernel_assert_near (result[i], expected[i], 2e-5 * (1 + fabs (expected[i])), "chain");
}

int
main (int argc, char *argv[])
{
  kernel_begin (&argc, &argv);
  kernel_add ("embed", test_embed);
  kernel_add ("rms-norm", test_rms_norm);
  kernel_add ("rms-norm-apart", test_rms_norm_apart);
  kernel_add ("rope", test_rope);
  kernel_add ("rope-elsewhere", test_rope_elsewhere);
  kernel_add ("store", test_store);
  kernel_add ("store-keys", test_store_keys);
  kernel_add ("swiglu", test_swiglu);
  kernel_add ("chain", test_chain);
  return kernel_run ();
}
