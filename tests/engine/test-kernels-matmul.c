/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "engine/cpu/collate-cpu-private.h"
#include "kernel-fixture.h"
#include "reference.h"

/* Products of weights and activations. */

typedef struct
{
  gint64 rows, columns, n_tokens;
  gint64 in_gap, out_gap; /* strides are wider by so much */
  gboolean accumulate, with_bias;
} MatmulCase;

static gboolean
has_quants (CollateType type)
{
  return collate_type_get_block (type) > 1;
}

/* Most of what rounding the activations to steps can change: half a step times the weight. */
static double
get_step_error (const float *weight, const float *in, gint64 columns)
{
  double error = 0;

  for (gint64 block = 0; block < columns; block += 32)
    {
      double most = 0, sum = 0;

      for (gint64 i = block; i < block + 32; i++)
        {
          most = MAX (most, fabs ((double) in[i]));
          sum += fabs ((double) weight[i]);
        }
      error += sum * most / (2 * REFERENCE_STEPS);
    }
  return error;
}

/* What a product should be, [n_tokens][rows], and the sums of the absolute values of what is added up. */
typedef struct
{
  double *sums;
  double *sizes;
} Expected;

static void
expected_init (Expected *expected,
               const MatmulCase *test,
               const float *weight,
               const float *in,
               gint64 in_stride)
{
  gint64 n = test->rows * test->n_tokens;

  expected->sums = g_new0 (double, n);
  expected->sizes = g_new0 (double, n);
  reference_matmul (
      weight, test->rows, test->columns, in, in_stride, test->n_tokens, expected->sums, expected->sizes);
}

static void
expected_clear (Expected *expected)
{
  g_free (expected->sums);
  g_free (expected->sizes);
}

static double
get_tolerance (KernelFixture *fixture)
{
  return KERNEL_SUM_TOLERANCE + (fixture->ways == COLLATE_VULKAN_MATRICES ? KERNEL_HALF_TOLERANCE : 0);
}

static void
check_matmul (KernelFixture *fixture, CollateType type, const MatmulCase *test)
{
  gboolean rounds = fixture->is_cpu && has_quants (type);
  gint64 in_stride = test->columns + test->in_gap;
  gint64 out_stride = test->rows + test->out_gap;
  gint64 n_in = in_stride * test->n_tokens, n_out = out_stride * test->n_tokens;
  g_autofree float *in = kernel_make_numbers (fixture, n_in);
  g_autofree float *before = kernel_make_numbers (fixture, n_out);
  g_autofree float *rounded = g_memdup2 (in, (gsize) n_in * sizeof (float));
  g_autofree float *result = NULL;
  g_autofree char *what = NULL;
  const float *numbers, *biases = NULL;
  Expected exact = { 0 }, expected;
  CollateMatmul params = {
    .in = kernel_put_numbers (fixture, in, n_in),
    .n_tokens = test->n_tokens,
    .in_stride = test->in_gap > 0 ? in_stride : 0,
    .accumulate = test->accumulate,
    .n_products = 1,
    .products = { {
        .weight = kernel_make_weight (fixture, type, test->rows, test->columns, &numbers),
        .bias = test->with_bias ? kernel_make_weight (fixture, COLLATE_F32, 1, test->rows, &biases) : NULL,
        .out = kernel_put_numbers (fixture, before, n_out),
        .out_stride = test->out_gap > 0 ? out_stride : 0,
    } },
  };

  what = g_strdup_printf ("%s %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " tokens, %s",
                          collate_type_get_name (type),
                          test->rows,
                          test->columns,
                          test->n_tokens,
                          fixture->device->description);
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->matmul (fixture->device, &params);
  result = kernel_get_numbers (fixture, params.products[0].out, n_out);

  for (gint64 t = 0; rounds && t < test->n_tokens; t++)
    reference_round_activations (rounded + t * in_stride, test->columns);
  if (rounds)
    expected_init (&exact, test, numbers, in, in_stride);
  expected_init (&expected, test, numbers, rounded, in_stride);

  for (gint64 t = 0; t < test->n_tokens; t++)
    for (gint64 r = 0; r < test->rows; r++)
      {
        gint64 i = t * test->rows + r;
        double added = (test->accumulate ? before[t * out_stride + r] : 0) + (biases != NULL ? biases[r] : 0);
        double tolerance = get_tolerance (fixture) * (expected.sizes[i] + 2);
        double step = has_quants (type)
                          ? get_step_error (numbers + r * test->columns, in + t * in_stride, test->columns)
                          : 0;
        double number = result[t * out_stride + r];

        kernel_assert_near (number,
                            expected.sums[i] + added,
                            tolerance + (fixture->ways == COLLATE_VULKAN_DOTS ? step : 0),
                            what);
        if (rounds)
          kernel_assert_near (number, exact.sums[i] + added, tolerance + step, what);
      }
  for (gint64 t = 0; t < test->n_tokens; t++)
    for (gint64 i = test->rows; i < out_stride; i++)
      g_assert_cmpfloat (result[t * out_stride + i], ==, before[t * out_stride + i]);

  expected_clear (&exact);
  expected_clear (&expected);
  kernel_drop (fixture);
}

/* Around the edges of strips of 4, 8, 16, 32 and 64 rows, and of tiles of as many tokens. */
static const MatmulCase matmul_cases[] = {
  { 1, 1, 1 },
  { 1, 32, 1 },
  { 2, 3, 2 },
  { 3, 7, 3 },
  { 7, 31, 4 },
  { 9, 64, 9 },
  { 15, 96, 8 },
  { 16, 32, 16 },
  { 17, 160, 17 },
  { 31, 33, 5 },
  { 32, 64, 1 },
  { 33, 64, 7, 5, 3 },
  { 47, 256, 6, 0, 0, TRUE, FALSE },
  { 48, 256, 70, 0, 1, FALSE, TRUE },
  { 49, 512, 33, 1, 0, TRUE, TRUE },
  { 64, 576, 1, 0, 0, TRUE, TRUE },
  { 65, 576, 2 },
  { 96, 576, 3 },
  { 97, 1536, 1 },
  { 100, 1536, 13 },
  { 129, 64, 65 },
  { 192, 768, 31, 32, 32 },
  { 17, 2304, 32 },
  { 5, 64, 300 },
  { 1000, 32, 1 },
};

static void
test_matmul (KernelFixture *fixture)
{
  for (guint i = 0; i < KERNEL_N_TYPES; i++)
    for (guint j = 0; j < G_N_ELEMENTS (matmul_cases); j++)
      if (matmul_cases[j].columns % collate_type_get_block (kernel_types[i]) == 0)
        check_matmul (fixture, kernel_types[i], &matmul_cases[j]);
}

/* Each product of several is what it is alone. */
static void
check_products (KernelFixture *fixture, const CollateType *types, gint64 n_tokens, gboolean accumulate)
{
  static const gint64 n_rows[] = { 64, 17, 51 };
  g_autofree float *in = kernel_make_numbers (fixture, n_tokens * 256);
  g_autofree float *before = kernel_make_numbers (fixture, n_tokens * 64);
  CollateMatmul together = {
    .in = kernel_put_numbers (fixture, in, n_tokens * 256),
    .n_tokens = n_tokens,
    .accumulate = accumulate,
    .n_products = COLLATE_MOST_PRODUCTS,
  };

  for (guint i = 0; i < COLLATE_MOST_PRODUCTS; i++)
    together.products[i] = (CollateProduct){
      .weight = kernel_make_weight (fixture, types[i], n_rows[i], 256, NULL),
      .bias = i == 1 ? kernel_make_weight (fixture, COLLATE_F32, 1, n_rows[i], NULL) : NULL,
      .out = kernel_put_numbers (fixture, before, n_tokens * 64),
      .out_stride = i == 2 ? 60 : 0,
    };
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->matmul (fixture->device, &together);
  fixture->device->kernels->end (fixture->device, NULL);

  for (guint i = 0; i < COLLATE_MOST_PRODUCTS; i++)
    {
      CollateMatmul alone = together;
      g_autofree float *result = NULL, *expected = NULL;

      alone.n_products = 1;
      alone.products[0] = together.products[i];
      alone.products[0].out = kernel_put_numbers (fixture, before, n_tokens * 64);
      fixture->device->kernels->begin (fixture->device);
      fixture->device->kernels->matmul (fixture->device, &alone);
      expected = kernel_get_numbers (fixture, alone.products[0].out, n_tokens * 64);

      fixture->device->kernels->begin (fixture->device);
      result = kernel_get_numbers (fixture, together.products[i].out, n_tokens * 64);
      for (gint64 n = 0; n < n_tokens * 64; n++)
        kernel_assert_near (result[n], expected[n], KERNEL_SUM_TOLERANCE * 256, "one of three products");
    }
  kernel_drop (fixture);
}

static void
test_products (KernelFixture *fixture)
{
  static const CollateType mixes[][COLLATE_MOST_PRODUCTS] = {
    { COLLATE_F16, COLLATE_F16, COLLATE_F16 },    { COLLATE_Q4_1, COLLATE_Q4_1, COLLATE_Q4_1 },
    { COLLATE_Q4_K, COLLATE_Q4_K, COLLATE_Q6_K }, { COLLATE_Q8_0, COLLATE_Q5_0, COLLATE_Q8_0 },
    { COLLATE_F32, COLLATE_Q4_0, COLLATE_BF16 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (mixes); i++)
    {
      check_products (fixture, mixes[i], 1, TRUE);
      check_products (fixture, mixes[i], 3, FALSE);
      check_products (fixture, mixes[i], 40, TRUE);
    }
}

/* More than the 128 MiB that some devices take in one piece. */
static void
test_large (KernelFixture *fixture)
{
  const MatmulCase test = { 66000, 576, 1 };

  check_matmul (fixture, COLLATE_F32, &test);
}

/* What is no number spoils the products of its own token at most. */
static void
test_no_numbers (KernelFixture *fixture)
{
  static const float strange[] = { NAN, INFINITY, -INFINITY, 3e38f };

  for (guint i = 0; i < KERNEL_N_TYPES; i++)
    {
      g_autofree float *in = kernel_make_numbers (fixture, 20 * 256);
      g_autofree float *alone = NULL, *beside = NULL;
      CollatePlace out = kernel_put (fixture, NULL, sizeof (float) * 20 * 9);
      CollateMatmul params = {
        .in = kernel_put_numbers (fixture, in, 20 * 256),
        .n_tokens = 20,
        .n_products = 1,
        .products = { { .weight = kernel_make_weight (fixture, kernel_types[i], 9, 256, NULL), .out = out } },
      };

      fixture->device->kernels->begin (fixture->device);
      fixture->device->kernels->matmul (fixture->device, &params);
      alone = kernel_get_numbers (fixture, out, 20 * 9);
      for (guint n = 0; n < G_N_ELEMENTS (strange); n++)
        in[7 * 256 + n * 40] = strange[n];
      params.in = kernel_put_numbers (fixture, in, 20 * 256);
      fixture->device->kernels->begin (fixture->device);
      fixture->device->kernels->matmul (fixture->device, &params);
      beside = kernel_get_numbers (fixture, out, 20 * 9);

      g_assert_cmpmem (alone, 7 * 9 * sizeof (float), beside, 7 * 9 * sizeof (float));
      g_assert_cmpmem (alone + 8 * 9, 12 * 9 * sizeof (float), beside + 8 * 9, 12 * 9 * sizeof (float));
      kernel_drop (fixture);
    }
}

/* More activations than are made into f16 at once. */
static void
test_many (KernelFixture *fixture)
{
  const MatmulCase test = { 3, 8160, 1100, 0, 2 };

  check_matmul (fixture, COLLATE_F16, &test);
}

static float *
multiply_with (CollateLevel level, guint n_threads, CollateType type, gint64 n_tokens)
{
  g_autoptr (CollateDevice) device = collate_cpu_device_new_with (n_threads, level);
  KernelFixture fixture;
  g_autofree float *in = NULL, *result = NULL;
  CollatePlace from, to;
  CollateWeight *weight;

  kernel_fixture_begin (&fixture, device);
  in = kernel_make_numbers (&fixture, 512 * 64);
  weight = kernel_make_weight (&fixture, type, 150, 512, NULL);
  from = kernel_put_numbers (&fixture, in, 512 * 64);
  to = kernel_put (&fixture, NULL, sizeof (float) * 150 * 64);
  device->kernels->begin (device);
  for (gsize t = 0; t < 64; t += (gsize) n_tokens)
    device->kernels->matmul (device,
                             &(CollateMatmul){
                                 .in = { from.buffer, from.offset + t * 512 * sizeof (float) },
                                 .n_tokens = n_tokens,
                                 .n_products = 1,
                                 .products = { {
                                     .weight = weight,
                                     .out = { to.buffer, to.offset + t * 150 * sizeof (float) },
                                 } },
                             });
  result = kernel_get_numbers (&fixture, to, 150 * 64);
  kernel_fixture_end (&fixture);
  return g_steal_pointer (&result);
}

/* However many threads there are, the same bits; for quants also however many tokens there are at a time. */
static void
test_same_bits (gconstpointer data)
{
  const KernelLevel *level = data;

  for (guint i = 0; i < KERNEL_N_TYPES; i++)
    {
      g_autofree float *alone = multiply_with (level->level, 1, kernel_types[i], 64);
      g_autofree float *shared = multiply_with (level->level, 5, kernel_types[i], 64);
      g_autofree float *single = multiply_with (level->level, 5, kernel_types[i], 1);

      g_assert_cmpmem (alone, 150 * 64 * 4, shared, 150 * 64 * 4);
      if (has_quants (kernel_types[i]))
        g_assert_cmpmem (alone, 150 * 64 * 4, single, 150 * 64 * 4);
    }
}

int
main (int argc, char *argv[])
{
  kernel_begin (&argc, &argv);
  kernel_add_ways ();
  kernel_add ("matmul", test_matmul);
  kernel_add ("products", test_products);
  kernel_add ("large", test_large);
  kernel_add ("many", test_many);
  kernel_add ("no-numbers", test_no_numbers);
  for (guint i = 0; kernel_get_level (i) != NULL; i++)
    {
      g_autofree char *path = g_strdup_printf ("/engine/kernels/%s/same-bits", kernel_get_level (i)->name);

      g_test_add_data_func (path, kernel_get_level (i), test_same_bits);
    }
  return kernel_run ();
}
