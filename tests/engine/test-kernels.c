/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/collate-error.h"
#include "engine/cpu/collate-cpu-private.h"
#include "gguf-writer.h"
#include "reference.h"

/* Every kernel of the CPU device, with every set of instructions that this processor has, against the plain reference,
 * over odd and even shapes. Tolerances are parts of the sum of the absolute values of what is added up. */

#define SUM_TOLERANCE 4e-6 /* of sums in f32 */

static const CollateType all_types[] = {
  COLLATE_F32,  COLLATE_F16,  COLLATE_BF16, COLLATE_Q8_0, COLLATE_Q4_0, COLLATE_Q4_1,
  COLLATE_Q5_0, COLLATE_Q5_1, COLLATE_Q4_K, COLLATE_Q5_K, COLLATE_Q6_K,
};

typedef struct
{
  CollateDevice *device;
  GPtrArray *buffers;
  guint64 seed;
} Fixture;

static float *
make_numbers (Fixture *fixture, gint64 n)
{
  float *numbers = g_new (float, MAX (n, 1));

  for (gint64 i = 0; i < n; i++)
    numbers[i] = gguf_random (&fixture->seed);
  return numbers;
}

/* Memory of the device with a copy of these bytes, or with bytes that are no sensible numbers; its start lies off the
 * lines of the cache, as within a scratch that several kernels share. */
static CollatePlace
put (Fixture *fixture, const void *data, gsize n_bytes)
{
  g_autoptr (GError) error = NULL;
  CollatePlace place = { fixture->device->kernels->allocate (fixture->device, n_bytes + 4, &error), 4 };
  g_autofree guint8 *garbage = NULL;

  g_assert_no_error (error);
  g_ptr_array_add (fixture->buffers, place.buffer);
  if (data == NULL)
    {
      garbage = g_malloc (MAX (n_bytes, 1));
      memset (garbage, 0xff, n_bytes);
      data = garbage;
    }
  g_assert_true (fixture->device->kernels->write (fixture->device, place, data, n_bytes, &error));
  g_assert_no_error (error);
  return place;
}

static CollatePlace
put_numbers (Fixture *fixture, const float *numbers, gint64 n)
{
  return put (fixture, numbers, (gsize) n * sizeof (float));
}

static gpointer
get (Fixture *fixture, CollatePlace place, gsize n_bytes)
{
  g_autofree guint8 *data = g_malloc (MAX (n_bytes, 1));
  g_autoptr (GError) error = NULL;

  g_assert_true (fixture->device->kernels->end (fixture->device, &error));
  g_assert_no_error (error);
  g_assert_true (fixture->device->kernels->read (fixture->device, place, data, n_bytes, &error));
  g_assert_no_error (error);
  return g_steal_pointer (&data);
}

static float *
get_numbers (Fixture *fixture, CollatePlace place, gint64 n)
{
  return get (fixture, place, (gsize) n * sizeof (float));
}

/* A weight with random numbers; `*tensor_data` holds its blocks, `*numbers` what they mean. */
static CollateWeight *
make_weight (Fixture *fixture,
             CollateType type,
             gint64 rows,
             gint64 columns,
             guint8 **tensor_data,
             float **numbers)
{
  g_autoptr (GError) error = NULL;
  CollateTensor tensor = {
    type, columns, rows, NULL, collate_type_get_row_bytes (type, columns) * (gsize) rows
  };
  CollateWeight *weight;

  *numbers = make_numbers (fixture, rows * columns);
  *tensor_data = g_malloc (tensor.n_bytes);
  gguf_pack (type, *numbers, *tensor_data, rows * columns);
  collate_type_expand (type, *tensor_data, *numbers, rows * columns);
  tensor.data = *tensor_data;
  weight = fixture->device->kernels->load (fixture->device, &tensor, &error);
  g_assert_no_error (error);
  g_assert_nonnull (weight);
  return weight;
}

static void
drop_buffers (Fixture *fixture)
{
  for (guint i = 0; i < fixture->buffers->len; i++)
    fixture->device->kernels->free_buffer (fixture->device, g_ptr_array_index (fixture->buffers, i));
  g_ptr_array_set_size (fixture->buffers, 0);
}

static void
assert_near (double number, double expected, double tolerance, const char *what)
{
  if (!(fabs (number - expected) <= tolerance))
    g_error ("%s: %.9g instead of %.9g, off by %.3g where %.3g is allowed",
             what,
             number,
             expected,
             fabs (number - expected),
             tolerance);
}

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

/* Most of what rounding the activations to 255 steps can change: half a step times the weight. */
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
      error += sum * most / 254;
    }
  return error;
}

static void
check_matmul (Fixture *fixture, CollateType type, const MatmulCase *test)
{
  gint64 in_stride = test->columns + test->in_gap;
  gint64 out_stride = test->rows + test->out_gap;
  gint64 n_in = in_stride * test->n_tokens, n_out = out_stride * test->n_tokens;
  gint64 n_sums = test->rows * test->n_tokens;
  g_autofree guint8 *tensor_data = NULL, *bias_data = NULL;
  g_autofree float *weight_numbers = NULL, *bias_numbers = NULL, *rounded = NULL, *result = NULL;
  g_autofree float *in = make_numbers (fixture, n_in);
  g_autofree float *before = make_numbers (fixture, n_out);
  g_autofree double *expected = g_new0 (double, n_sums), *exact = g_new0 (double, n_sums);
  g_autofree double *sizes = g_new0 (double, n_sums), *exact_sizes = g_new0 (double, n_sums);
  g_autofree char *what = NULL;
  CollateWeight *weight =
      make_weight (fixture, type, test->rows, test->columns, &tensor_data, &weight_numbers);
  CollateWeight *bias =
      test->with_bias ? make_weight (fixture, COLLATE_F32, 1, test->rows, &bias_data, &bias_numbers) : NULL;
  CollatePlace out = put_numbers (fixture, before, n_out);

  what = g_strdup_printf ("%s %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " tokens, %s",
                          collate_type_get_name (type),
                          test->rows,
                          test->columns,
                          test->n_tokens,
                          fixture->device->description);
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->matmul (fixture->device,
                                    &(CollateMatmul){
                                        .in = put_numbers (fixture, in, n_in),
                                        .n_tokens = test->n_tokens,
                                        .in_stride = test->in_gap > 0 ? in_stride : 0,
                                        .accumulate = test->accumulate,
                                        .n_products = 1,
                                        .products = { {
                                            .weight = weight,
                                            .bias = bias,
                                            .out = out,
                                            .out_stride = test->out_gap > 0 ? out_stride : 0,
                                        } },
                                    });
  result = get_numbers (fixture, out, n_out);

  reference_matmul (
      weight_numbers, test->rows, test->columns, in, in_stride, test->n_tokens, exact, exact_sizes);
  rounded = g_memdup2 (in, (gsize) n_in * sizeof (float));
  if (has_quants (type))
    for (gint64 t = 0; t < test->n_tokens; t++)
      reference_round_activations (rounded + t * in_stride, test->columns);
  reference_matmul (
      weight_numbers, test->rows, test->columns, rounded, in_stride, test->n_tokens, expected, sizes);

  for (gint64 t = 0; t < test->n_tokens; t++)
    for (gint64 r = 0; r < test->rows; r++)
      {
        gint64 i = t * test->rows + r;
        double added =
            (test->accumulate ? before[t * out_stride + r] : 0) + (bias != NULL ? bias_numbers[r] : 0);
        double tolerance = SUM_TOLERANCE * (sizes[i] + 2);
        double number = result[t * out_stride + r];

        assert_near (number, expected[i] + added, tolerance, what);
        if (has_quants (type))
          assert_near (number,
                       exact[i] + added,
                       tolerance + get_step_error (
                                       weight_numbers + r * test->columns, in + t * in_stride, test->columns),
                       what);
      }
  for (gint64 t = 0; t < test->n_tokens; t++)
    for (gint64 i = test->rows; i < out_stride; i++)
      g_assert_cmpfloat (result[t * out_stride + i], ==, before[t * out_stride + i]);

  fixture->device->kernels->free_weight (fixture->device, weight);
  fixture->device->kernels->free_weight (fixture->device, bias);
  drop_buffers (fixture);
}

static const MatmulCase matmul_cases[] = {
  { 1, 1, 1 },
  { 1, 32, 1 },
  { 2, 3, 2 },
  { 3, 7, 3 },
  { 7, 31, 4 },
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
  { 192, 768, 31, 32, 32 },
  { 17, 2304, 32 },
  { 5, 64, 300 },
};

static void
test_matmul (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (all_types); i++)
    for (guint j = 0; j < G_N_ELEMENTS (matmul_cases); j++)
      if (matmul_cases[j].columns % collate_type_get_block (all_types[i]) == 0)
        check_matmul (fixture, all_types[i], &matmul_cases[j]);
}

/* Each product of several is what it is alone. */
static void
check_products (Fixture *fixture, const CollateType *types, gint64 n_tokens, gboolean accumulate)
{
  static const gint64 n_rows[] = { 64, 17, 51 };
  g_autofree float *in = make_numbers (fixture, n_tokens * 256);
  g_autofree float *before = make_numbers (fixture, n_tokens * 64);
  CollateMatmul together = {
    .in = put_numbers (fixture, in, n_tokens * 256),
    .n_tokens = n_tokens,
    .accumulate = accumulate,
    .n_products = COLLATE_MOST_PRODUCTS,
  };
  CollateMatmul alone = together;
  CollateWeight *biases[COLLATE_MOST_PRODUCTS];
  guint8 *data[COLLATE_MOST_PRODUCTS * 2];
  float *numbers[COLLATE_MOST_PRODUCTS * 2];

  alone.n_products = 1;
  fixture->device->kernels->begin (fixture->device);
  for (guint i = 0; i < COLLATE_MOST_PRODUCTS; i++)
    {
      biases[i] = make_weight (fixture, COLLATE_F32, 1, n_rows[i], &data[i * 2], &numbers[i * 2]);
      together.products[i] = (CollateProduct){
        .weight = make_weight (fixture, types[i], n_rows[i], 256, &data[i * 2 + 1], &numbers[i * 2 + 1]),
        .bias = i == 1 ? biases[i] : NULL,
        .out = put_numbers (fixture, before, n_tokens * 64),
        .out_stride = i == 2 ? 60 : 0,
      };
    }
  fixture->device->kernels->matmul (fixture->device, &together);
  for (guint i = 0; i < COLLATE_MOST_PRODUCTS; i++)
    {
      g_autofree float *result = get_numbers (fixture, together.products[i].out, n_tokens * 64);
      g_autofree float *expected = NULL;

      alone.products[0] = together.products[i];
      alone.products[0].out = put_numbers (fixture, before, n_tokens * 64);
      fixture->device->kernels->begin (fixture->device);
      fixture->device->kernels->matmul (fixture->device, &alone);
      expected = get_numbers (fixture, alone.products[0].out, n_tokens * 64);
      for (gint64 n = 0; n < n_tokens * 64; n++)
        assert_near (result[n], expected[n], SUM_TOLERANCE * 256, "one of three products");
    }
  for (guint i = 0; i < COLLATE_MOST_PRODUCTS; i++)
    {
      fixture->device->kernels->free_weight (fixture->device, biases[i]);
      fixture->device->kernels->free_weight (fixture->device, (CollateWeight *) together.products[i].weight);
    }
  for (guint i = 0; i < COLLATE_MOST_PRODUCTS * 2; i++)
    {
      g_free (data[i]);
      g_free (numbers[i]);
    }
  drop_buffers (fixture);
}

static void
test_products (Fixture *fixture, gconstpointer data)
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

static void
test_embed (Fixture *fixture, gconstpointer data)
{
  static const gint32 ids[] = { 6, 0, 3, 3, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (all_types); i++)
    {
      g_autofree guint8 *tensor_data = NULL;
      g_autofree float *numbers = NULL, *result = NULL;
      CollateWeight *table = make_weight (fixture, all_types[i], 7, 256, &tensor_data, &numbers);
      CollatePlace out = put (fixture, NULL, sizeof (float) * G_N_ELEMENTS (ids) * 256);

      fixture->device->kernels->begin (fixture->device);
      fixture->device->kernels->embed (fixture->device,
                                       &(CollateEmbed){ table, ids, out, G_N_ELEMENTS (ids) });
      result = get_numbers (fixture, out, G_N_ELEMENTS (ids) * 256);
      for (guint t = 0; t < G_N_ELEMENTS (ids); t++)
        g_assert_cmpmem (result + t * 256, 1024, numbers + ids[t] * 256, 1024);
      fixture->device->kernels->free_weight (fixture->device, table);
    }
}

static void
check_rms_norm (Fixture *fixture, gint64 n_rows, gint64 columns, gboolean with_weight, gboolean in_place)
{
  g_autofree guint8 *tensor_data = NULL;
  g_autofree float *weight_numbers = NULL, *result = NULL;
  g_autofree float *in = make_numbers (fixture, n_rows * columns);
  g_autofree double *expected = g_new0 (double, n_rows *columns);
  CollateWeight *weight =
      with_weight ? make_weight (fixture, COLLATE_F32, 1, columns, &tensor_data, &weight_numbers) : NULL;
  CollatePlace from = put_numbers (fixture, in, n_rows * columns);
  CollatePlace out = in_place ? from : put (fixture, NULL, sizeof (float) * (gsize) (n_rows * columns));

  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->rms_norm (fixture->device,
                                      &(CollateRmsNorm){ from, out, weight, n_rows, columns, 1e-5f });
  result = get_numbers (fixture, out, n_rows * columns);
  reference_rms_norm (in, weight_numbers, n_rows, columns, 1e-5f, expected);
  for (gint64 i = 0; i < n_rows * columns; i++)
    assert_near (result[i], expected[i], 2e-6 * fabs (expected[i]) + 1e-30, "rms_norm");
  fixture->device->kernels->free_weight (fixture->device, weight);
  drop_buffers (fixture);
}

static void
test_rms_norm (Fixture *fixture, gconstpointer data)
{
  static const gint64 columns[] = { 1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 64, 576, 1536 };

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      check_rms_norm (fixture, 1, columns[i], TRUE, FALSE);
      check_rms_norm (fixture, 3, columns[i], FALSE, TRUE);
      check_rms_norm (fixture, 70, columns[i], TRUE, TRUE);
    }
}

typedef struct
{
  gint64 n_tokens, n_heads, head_size, n_rotated, gap, position;
} RopeCase;

static void
check_rope (Fixture *fixture, const RopeCase *test, gboolean interleaved)
{
  gint64 stride = test->n_heads * test->head_size + test->gap;
  gint64 n = stride * test->n_tokens;
  g_autofree float *heads = make_numbers (fixture, n);
  g_autofree float *frequencies = g_new (float, test->n_rotated / 2);
  g_autofree float *result = NULL;
  g_autofree double *expected = g_new (double, n);
  CollatePlace place = put_numbers (fixture, heads, n);

  for (gint64 i = 0; i < test->n_rotated / 2; i++)
    frequencies[i] = (float) pow (10000, -2.0 * (double) i / (double) test->n_rotated);
  for (gint64 i = 0; i < n; i++)
    expected[i] = heads[i];
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->rope (fixture->device,
                                  &(CollateRope){
                                      .heads = place,
                                      .frequencies = frequencies,
                                      .n_tokens = test->n_tokens,
                                      .n_heads = test->n_heads,
                                      .head_size = test->head_size,
                                      .n_rotated = test->n_rotated,
                                      .stride = stride,
                                      .position = test->position,
                                      .interleaved = interleaved,
                                  });
  result = get_numbers (fixture, place, n);
  reference_rope (expected,
                  frequencies,
                  test->n_tokens,
                  test->n_heads,
                  test->head_size,
                  test->n_rotated,
                  stride,
                  test->position,
                  interleaved);
  /* The angle is a product of two f32, rounded: half a unit of its last place. */
  for (gint64 i = 0; i < n; i++)
    assert_near (result[i], expected[i], 1e-6 + (double) (test->position + test->n_tokens) * 6e-8, "rope");
  drop_buffers (fixture);
}

static void
test_rope (Fixture *fixture, gconstpointer data)
{
  static const RopeCase cases[] = {
    { 1, 1, 2, 2, 0, 0 },      { 1, 9, 64, 64, 0, 5 },  { 70, 3, 64, 64, 7, 100 },
    { 3, 4, 48, 48, 0, 8000 }, { 2, 8, 128, 64, 3, 1 }, { 5, 1, 80, 32, 0, 2047 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      check_rope (fixture, &cases[i], FALSE);
      check_rope (fixture, &cases[i], TRUE);
    }
}

static void
check_store (Fixture *fixture, gint64 n_tokens, gint64 n_columns, gint64 position)
{
  gint64 stride = n_columns + 3;
  gsize n_bytes = (gsize) ((position + n_tokens + 1) * n_columns) * 2;
  g_autofree float *keys = make_numbers (fixture, stride * n_tokens);
  g_autofree float *values = make_numbers (fixture, stride * n_tokens);
  g_autofree guint16 *stored_keys = NULL, *stored_values = NULL;
  CollatePlace key_cache = put (fixture, NULL, n_bytes), value_cache = put (fixture, NULL, n_bytes);

  keys[0] = 1e9f; /* beyond f16 */
  keys[1] = 1e-7f;
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->store (fixture->device,
                                   &(CollateStore){
                                       .keys = put_numbers (fixture, keys, stride * n_tokens),
                                       .values = put_numbers (fixture, values, stride * n_tokens),
                                       .key_cache = key_cache,
                                       .value_cache = value_cache,
                                       .n_tokens = n_tokens,
                                       .n_columns = n_columns,
                                       .stride = stride,
                                       .position = position,
                                   });
  stored_keys = get (fixture, key_cache, n_bytes);
  stored_values = get (fixture, value_cache, n_bytes);
  for (gint64 t = -position; t <= n_tokens; t++)
    for (gint64 c = 0; c < n_columns; c++)
      {
        gint64 i = (position + t) * n_columns + c;
        gboolean inside = t >= 0 && t < n_tokens;

        g_assert_cmphex (stored_keys[i], ==, inside ? collate_f32_to_f16 (keys[t * stride + c]) : 0xffff);
        g_assert_cmphex (stored_values[i], ==, inside ? collate_f32_to_f16 (values[t * stride + c]) : 0xffff);
      }
  drop_buffers (fixture);
}

static void
test_store (Fixture *fixture, gconstpointer data)
{
  static const gint64 columns[] = { 2, 3, 15, 16, 17, 192, 1024 };

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      check_store (fixture, 1, columns[i], 0);
      check_store (fixture, 1, columns[i], 9);
      check_store (fixture, 37, columns[i], 2);
    }
}

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
};

static guint16 *
make_cache (Fixture *fixture, gint64 n)
{
  guint16 *cache = g_new (guint16, n);

  for (gint64 i = 0; i < n; i++)
    cache[i] = collate_f32_to_f16 (gguf_random (&fixture->seed));
  return cache;
}

/* Keys and values beyond the last token are no numbers: nothing of them may come through. */
static CollatePlace
put_cache (Fixture *fixture, const guint16 *cache, gint64 n)
{
  gsize n_bytes = (gsize) n * 2;
  g_autofree guint8 *padded = g_malloc (n_bytes + 4096);

  memset (padded, 0xff, n_bytes + 4096);
  memcpy (padded, cache, n_bytes);
  return put (fixture, padded, n_bytes + 4096);
}

static void
check_attention (Fixture *fixture, const AttentionCase *test)
{
  gint64 stride = test->n_heads * test->head_size + test->gap;
  gint64 n_out = test->n_tokens * test->n_heads * test->head_size;
  gint64 n_cache = (test->position + test->n_tokens) * test->n_kv_heads * test->head_size;
  float scale = test->sharpness / sqrtf ((float) test->head_size);
  g_autofree float *queries = make_numbers (fixture, stride * test->n_tokens);
  g_autofree guint16 *keys = make_cache (fixture, n_cache), *values = make_cache (fixture, n_cache);
  g_autofree float *result = NULL;
  g_autofree double *expected = g_new (double, n_out);
  CollatePlace out = put (fixture, NULL, (gsize) n_out * sizeof (float));

  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->attention (fixture->device,
                                       &(CollateAttention){
                                           .queries = put_numbers (fixture, queries, stride * test->n_tokens),
                                           .key_cache = put_cache (fixture, keys, n_cache),
                                           .value_cache = put_cache (fixture, values, n_cache),
                                           .out = out,
                                           .n_tokens = test->n_tokens,
                                           .n_heads = test->n_heads,
                                           .n_kv_heads = test->n_kv_heads,
                                           .head_size = test->head_size,
                                           .stride = stride,
                                           .position = test->position,
                                           .scale = scale,
                                       });
  result = get_numbers (fixture, out, n_out);
  reference_attention (queries,
                       keys,
                       values,
                       test->n_tokens,
                       test->n_heads,
                       test->n_kv_heads,
                       test->head_size,
                       stride,
                       test->position,
                       scale,
                       expected);
  for (gint64 i = 0; i < n_out; i++)
    assert_near (result[i], expected[i], 2e-6 * (1 + test->sharpness), "attention");
  drop_buffers (fixture);
}

static void
test_attention (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (attention_cases); i++)
    check_attention (fixture, &attention_cases[i]);
}

static void
test_swiglu (Fixture *fixture, gconstpointer data)
{
  static const gint64 sizes[] = { 1, 15, 16, 17, 33, 1536, 40001 };

  for (guint n = 0; n < G_N_ELEMENTS (sizes); n++)
    {
      g_autofree float *gate = make_numbers (fixture, sizes[n]), *up = make_numbers (fixture, sizes[n]);
      g_autofree float *result = NULL;
      g_autofree double *expected = g_new (double, sizes[n]);
      CollatePlace out = put (fixture, NULL, (gsize) sizes[n] * sizeof (float));

      /* From far below what exp() can say to far above it. */
      for (gint64 i = 0; i < sizes[n]; i++)
        gate[i] *= (float) exp (5 * gguf_random (&fixture->seed));
      fixture->device->kernels->begin (fixture->device);
      fixture->device->kernels->swiglu (fixture->device,
                                        &(CollateSwiglu){
                                            put_numbers (fixture, gate, sizes[n]),
                                            put_numbers (fixture, up, sizes[n]),
                                            out,
                                            sizes[n],
                                        });
      result = get_numbers (fixture, out, sizes[n]);
      reference_swiglu (gate, up, sizes[n], expected);
      for (gint64 i = 0; i < sizes[n]; i++)
        assert_near (result[i], expected[i], 1e-6 * fabs (expected[i]) + 1e-30, "swiglu");
      drop_buffers (fixture);
    }
}

static void
test_memory (Fixture *fixture, gconstpointer data)
{
  const CollateDeviceKernels *kernels = fixture->device->kernels;
  gint64 before = kernels->get_memory (fixture->device);
  g_autoptr (GError) error = NULL;
  CollateBuffer *buffer = kernels->allocate (fixture->device, 1000, &error);

  g_assert_no_error (error);
  g_assert_cmpint (kernels->get_memory (fixture->device), ==, before + 1000);
  kernels->free_buffer (fixture->device, buffer);
  kernels->free_buffer (fixture->device, NULL);
  kernels->free_weight (fixture->device, NULL);
  g_assert_cmpint (kernels->get_memory (fixture->device), ==, before);

  g_assert_null (kernels->allocate (fixture->device, G_MAXSIZE, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_null (kernels->allocate (fixture->device, (gsize) 1 << 46, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_assert_cmpint (kernels->get_memory (fixture->device), ==, before);
}

static void
test_refused_weight (Fixture *fixture, gconstpointer data)
{
  CollateTensor tensor = { COLLATE_F32, G_MAXINT64 / 8, G_MAXINT64 / 8, "", 0 };
  g_autoptr (GError) error = NULL;

  g_assert_null (fixture->device->kernels->load (fixture->device, &tensor, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
}

static void
test_refused_heads (Fixture *fixture, gconstpointer data)
{
  g_autofree float *numbers = make_numbers (fixture, 513);
  CollatePlace place = put_numbers (fixture, numbers, 513);
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
                                           .head_size = 513,
                                           .stride = 513,
                                           .scale = 1,
                                       });
  g_assert_false (fixture->device->kernels->end (fixture->device, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  fixture->device->kernels->begin (fixture->device);
  g_assert_true (fixture->device->kernels->end (fixture->device, &error));
}

typedef struct
{
  const char *name;
  CollateLevel level;
  guint n_threads;
} Setup;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  const Setup *setup = data;

  fixture->device = collate_cpu_device_new_with (setup->n_threads, setup->level);
  fixture->buffers = g_ptr_array_new ();
  fixture->seed = 1;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  drop_buffers (fixture);
  g_ptr_array_unref (fixture->buffers);
  collate_device_free (fixture->device);
}

static float *
multiply_with (const Setup *setup, CollateType type, gint64 n_tokens)
{
  Fixture fixture;
  g_autofree guint8 *tensor_data = NULL;
  g_autofree float *numbers = NULL, *in = NULL, *result = NULL;
  CollateWeight *weight;
  CollatePlace out;

  set_up (&fixture, setup);
  in = make_numbers (&fixture, 512 * 64);
  weight = make_weight (&fixture, type, 150, 512, &tensor_data, &numbers);
  out = put (&fixture, NULL, sizeof (float) * 150 * 64);
  fixture.device->kernels->begin (fixture.device);
  for (gint64 t = 0; t < 64; t += n_tokens)
    fixture.device->kernels->matmul (
        fixture.device,
        &(CollateMatmul){
            .in = put_numbers (&fixture, in + t * 512, n_tokens * 512),
            .n_tokens = n_tokens,
            .n_products = 1,
            .products = { {
                .weight = weight,
                .out = { out.buffer, out.offset + (gsize) t * 150 * sizeof (float) },
            } },
        });
  result = get_numbers (&fixture, out, 150 * 64);
  fixture.device->kernels->free_weight (fixture.device, weight);
  tear_down (&fixture, setup);
  return g_steal_pointer (&result);
}

/* However many threads there are, the same bits; for quants also however many tokens there are at a time. */
static void
test_same_bits (gconstpointer data)
{
  const Setup *setup = data;
  Setup one = { setup->name, setup->level, 1 };
  Setup five = { setup->name, setup->level, 5 };

  for (guint i = 0; i < G_N_ELEMENTS (all_types); i++)
    {
      g_autofree float *alone = multiply_with (&one, all_types[i], 64);
      g_autofree float *shared = multiply_with (&five, all_types[i], 64);
      g_autofree float *single = multiply_with (&five, all_types[i], 1);

      g_assert_cmpmem (alone, 150 * 64 * 4, shared, 150 * 64 * 4);
      if (has_quants (all_types[i]))
        g_assert_cmpmem (alone, 150 * 64 * 4, single, 150 * 64 * 4);
    }
}

static void
test_default_device (void)
{
  g_autoptr (CollateDevice) device = collate_cpu_device_new (0);

  g_assert_nonnull (device);
  g_assert_cmpstr (device->name, ==, "cpu");
  g_assert_cmpstr (device->kernels->type, ==, "cpu");
  g_assert_nonnull (device->description);
}

static void
add_tests (const Setup *setup)
{
  static const struct
  {
    const char *name;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "matmul", test_matmul },
    { "products", test_products },
    { "embed", test_embed },
    { "rms-norm", test_rms_norm },
    { "rope", test_rope },
    { "store", test_store },
    { "attention", test_attention },
    { "swiglu", test_swiglu },
    { "memory", test_memory },
    { "refused-weight", test_refused_weight },
    { "refused-heads", test_refused_heads },
  };

  if (collate_cpu_loops_get (setup->level) == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strdup_printf ("/engine/kernels/%s/%s", setup->name, tests[i].name);

      g_test_add (path, Fixture, setup, set_up, tests[i].test, tear_down);
    }
  {
    g_autofree char *path = g_strdup_printf ("/engine/kernels/%s/same-bits", setup->name);

    g_test_add_data_func (path, setup, test_same_bits);
  }
}

int
main (int argc, char *argv[])
{
  static const Setup setups[] = {
    { "plain", COLLATE_LEVEL_PLAIN, 3 },
    { "avx2", COLLATE_LEVEL_AVX2, 3 },
    { "avx512", COLLATE_LEVEL_AVX512, 3 },
  };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/kernels/default-device", test_default_device);
  for (guint i = 0; i < G_N_ELEMENTS (setups); i++)
    add_tests (&setups[i]);
  return g_test_run ();
}
