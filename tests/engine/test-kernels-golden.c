/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "golden.h"
#include "kernel-fixture.h"
#include "reference.h"

/* The lightning indexer from raw keys to the selected ones, against values that were computed in double precision
 * elsewhere; and that what is known to go wrong with it does not pass. */

#define HEADS 4
#define COLUMNS 128
#define ROTATED 64
#define TOKENS 8
#define BIAS_SCALE 0.25

static const gint64 positions[TOKENS] = { 0, 1, 2, 3, 100, 1000, 20000, 50000 };

typedef struct
{
  gboolean interleaved;
  gboolean without_bias;
  gboolean without_hadamard;
  gboolean in_bytes;
} Variant;

/* What the values are made of. */
typedef struct
{
  float keys[TOKENS][COLUMNS];
  float weight[COLUMNS], bias[COLUMNS];
  float queries[HEADS][COLUMNS]; /* of the last token */
  float weights[HEADS];
  float frequencies[ROTATED / 2];
} Ingredients;

/* YaRN (arXiv:2309.00071) for 40 times 4096 positions: from the one pair to the other more and more of the numbers that
 * are 40 times slower. */
static float
get_frequency (guint i)
{
  double frequency = pow (10000, -2.0 * i / ROTATED);
  double slow = CLAMP ((i - 10.0) / (23 - 10), 0, 1);

  return (float) (frequency / 40 * slow + frequency * (1 - slow));
}

static void
draw (Ingredients *all)
{
  Golden golden = { 12345 };

  for (guint t = 0; t < TOKENS; t++)
    for (guint i = 0; i < COLUMNS; i++)
      all->keys[t][i] = (float) golden_draw (&golden);
  for (guint i = 0; i < COLUMNS; i++)
    all->weight[i] = (float) (1 + BIAS_SCALE * golden_draw (&golden));
  for (guint i = 0; i < COLUMNS; i++)
    all->bias[i] = (float) (BIAS_SCALE * golden_draw (&golden));
  for (guint t = 0; t < TOKENS; t++)
    for (guint h = 0; h < HEADS; h++)
      for (guint i = 0; i < COLUMNS; i++)
        all->queries[h][i] = (float) golden_draw (&golden);
  for (guint t = 0; t < TOKENS; t++)
    for (guint h = 0; h < HEADS; h++)
      all->weights[h] = (float) golden_draw (&golden);
  for (guint i = 0; i < ROTATED / 2; i++)
    all->frequencies[i] = get_frequency (i);
}

static void
rotate (KernelFixture *fixture,
        const Ingredients *all,
        CollatePlace heads,
        gint64 n_heads,
        gint64 position,
        gboolean interleaved)
{
  fixture->device->kernels->rope (fixture->device,
                                  &(CollateRope){
                                      .heads = heads,
                                      .frequencies = all->frequencies,
                                      .n_tokens = 1,
                                      .n_heads = n_heads,
                                      .head_size = COLUMNS,
                                      .n_rotated = ROTATED,
                                      .stride = n_heads * COLUMNS,
                                      .position = position,
                                      .interleaved = interleaved,
                                  });
}

/* Raw keys and queries become what is compared. */
static void
prepare (KernelFixture *fixture,
         const Ingredients *all,
         const Variant *variant,
         CollatePlace keys,
         CollatePlace queries)
{
  static const float no_bias[COLUMNS];
  const CollateDeviceKernels *kernels = fixture->device->kernels;
  CollateLayerNorm norm = {
    .in = keys,
    .out = keys,
    .weight = kernel_make_row (fixture, all->weight, COLUMNS),
    .bias = kernel_make_row (fixture, variant->without_bias ? no_bias : all->bias, COLUMNS),
    .n_rows = TOKENS,
    .columns = COLUMNS,
    .epsilon = 1e-6f,
  };

  kernels->layer_norm (fixture->device, &norm);
  for (gsize t = 0; t < TOKENS; t++)
    rotate (fixture,
            all,
            (CollatePlace){ keys.buffer, keys.offset + t * COLUMNS * sizeof (float) },
            1,
            positions[t],
            variant->interleaved);
  rotate (fixture, all, queries, HEADS, positions[TOKENS - 1], variant->interleaved);
  if (variant->without_hadamard)
    return;
  kernels->hadamard (fixture->device, &(CollateHadamard){ keys, TOKENS, COLUMNS });
  kernels->hadamard (fixture->device, &(CollateHadamard){ queries, HEADS, COLUMNS });
}

/* The queries as the bytes that the official computation makes of them. */
static void
round_queries (KernelFixture *fixture, CollatePlace *queries, float *weights)
{
  CollateStoreBytes store = {
    .keys = *queries,
    .cache = kernel_put (fixture, NULL, HEADS * COLUMNS),
    .scales = kernel_put (fixture, NULL, HEADS * sizeof (float)),
    .n_tokens = HEADS,
    .n_columns = COLUMNS,
  };
  g_autofree guint8 *bytes = NULL;
  g_autofree float *scales = NULL;
  float numbers[HEADS * COLUMNS];

  fixture->device->kernels->store_bytes (fixture->device, &store);
  bytes = kernel_get (fixture, store.cache, HEADS * COLUMNS);
  scales = kernel_get_numbers (fixture, store.scales, HEADS);
  for (guint i = 0; i < HEADS * COLUMNS; i++)
    numbers[i] = (float) reference_e4m3 (bytes[i]);
  for (guint h = 0; h < HEADS; h++)
    weights[h] *= scales[h];
  *queries = kernel_put_numbers (fixture, numbers, HEADS * COLUMNS);
  fixture->device->kernels->begin (fixture->device);
}

static void
store_keys (KernelFixture *fixture, const Variant *variant, CollatePlace keys, CollateIndex *index)
{
  const CollateDeviceKernels *kernels = fixture->device->kernels;

  index->keys = kernel_put (fixture, NULL, TOKENS * COLUMNS * sizeof (guint16));
  if (!variant->in_bytes)
    {
      kernels->store (fixture->device,
                      &(CollateStore){
                          .keys = keys,
                          .key_cache = index->keys,
                          .n_tokens = TOKENS,
                          .n_columns = COLUMNS,
                          .stride = COLUMNS,
                      });
      return;
    }
  index->scales = kernel_put (fixture, NULL, TOKENS * sizeof (float));
  kernels->store_bytes (fixture->device,
                        &(CollateStoreBytes){ keys, index->keys, index->scales, TOKENS, COLUMNS, 0 });
}

static void
score (KernelFixture *fixture, Variant variant, float *scores)
{
  Ingredients all;
  CollatePlace keys;
  g_autofree float *result = NULL;
  CollateIndex index = {
    .scores = kernel_put (fixture, NULL, TOKENS * sizeof (float)),
    .n_tokens = 1,
    .n_heads = HEADS,
    .head_size = COLUMNS,
    .position = TOKENS - 1,
    .page = 1,
    .scores_stride = TOKENS,
    .scale = 1 / sqrtf (HEADS * COLUMNS),
  };

  draw (&all);
  keys = kernel_put_numbers (fixture, all.keys[0], TOKENS * COLUMNS);
  index.queries = kernel_put_numbers (fixture, all.queries[0], HEADS * COLUMNS);
  fixture->device->kernels->begin (fixture->device);
  prepare (fixture, &all, &variant, keys, index.queries);
  store_keys (fixture, &variant, keys, &index);
  if (variant.in_bytes)
    round_queries (fixture, &index.queries, all.weights);
  index.weights = kernel_put_numbers (fixture, all.weights, HEADS);
  fixture->device->kernels->index (fixture->device, &index);
  result = kernel_get_numbers (fixture, index.scores, TOKENS);
  for (guint i = 0; i < TOKENS; i++)
    scores[i] = result[i];
}

static const double golden_scores[] = { 0.000000, 0.011941, -0.368845, -0.062688,
                                        0.385618, 0.007136, 0.223826,  -0.233282 };

static gboolean
is_near (const float *scores, const double *expected, double tolerance)
{
  for (guint i = 0; i < TOKENS; i++)
    if (!(fabs (scores[i] - expected[i]) <= tolerance))
      return FALSE;
  return TRUE;
}

/* Keys by their score, the largest first: each k adds the next one to what is selected. */
static void
assert_order (KernelFixture *fixture, const float *scores, const gint32 *order)
{
  for (gint64 k = 1; k <= TOKENS; k++)
    {
      CollateSelect select = {
        .scores = kernel_put_numbers (fixture, scores, TOKENS),
        .selected = kernel_put (fixture, NULL, TOKENS * sizeof (gint32)),
        .n_tokens = 1,
        .k = k,
        .position = TOKENS - 1,
        .page = 1,
        .scores_stride = TOKENS,
      };
      g_autofree gint32 *selected = NULL;
      guint found = 0, expected = 0;

      fixture->device->kernels->begin (fixture->device);
      fixture->device->kernels->select (fixture->device, &select);
      selected = kernel_get (fixture, select.selected, (gsize) k * sizeof *selected);
      for (gint64 i = 0; i < k; i++)
        {
          found |= 1u << selected[i];
          expected |= 1u << order[i];
        }
      g_assert_cmphex (found, ==, expected);
    }
}

/* Keys are rounded to f16, and angles of position 50,000 to f32. */
#define TOLERANCE 2e-3

/* What is rounded so may take the next step of e4m3 here and there. */
#define BYTES_TOLERANCE 4e-3

static void
test_scores (KernelFixture *fixture)
{
  static const gint32 order[] = { 4, 6, 1, 5, 0, 3, 7, 2 };
  float scores[TOKENS], plain[TOKENS];

  score (fixture, (Variant){ 0 }, scores);
  g_assert_true (is_near (scores, golden_scores, TOLERANCE));
  g_assert_cmpfloat (scores[0], ==, 0); /* where all heads are negative */
  assert_order (fixture, scores, order);
  score (fixture, (Variant){ .without_hadamard = TRUE }, plain);
  g_assert_true (is_near (plain, golden_scores, TOLERANCE));
}

static void
test_bytes (KernelFixture *fixture)
{
  static const double rotated[] = { 0.000000, 0.014034, -0.370125, -0.064317,
                                    0.384965, 0.007177, 0.232478,  -0.236653 };
  static const double plain[] = { 0.000000, 0.014343, -0.369616, -0.067474,
                                  0.372271, 0.010494, 0.231505,  -0.226575 };
  static const gint32 order[] = { 4, 6, 1, 5, 0, 3, 7, 2 };
  float scores[TOKENS];

  score (fixture, (Variant){ .in_bytes = TRUE }, scores);
  g_assert_true (is_near (scores, rotated, BYTES_TOLERANCE));
  assert_order (fixture, scores, order);
  score (fixture, (Variant){ .in_bytes = TRUE, .without_hadamard = TRUE }, scores);
  g_assert_true (is_near (scores, plain, BYTES_TOLERANCE));
}

/* Pairs of neighbours instead of halves give other scores, which are known too; so does a norm without its bias. */
static void
test_mutants (KernelFixture *fixture)
{
  static const double interleaved[] = { -0.149238, 0.145853,  0.059767, -0.377543,
                                        0.146456,  -0.275722, 0.048710, -0.233282 };
  float scores[TOKENS];

  score (fixture, (Variant){ .interleaved = TRUE }, scores);
  g_assert_true (is_near (scores, interleaved, TOLERANCE));
  g_assert_false (is_near (scores, golden_scores, 10 * TOLERANCE));
  score (fixture, (Variant){ .without_bias = TRUE }, scores);
  g_assert_false (is_near (scores, golden_scores, 10 * TOLERANCE));
}

static void
test_rope (KernelFixture *fixture)
{
  static const struct
  {
    gboolean interleaved;
    guint at;
    double number;
  } golden[] = {
    { TRUE, 0, -1.09138 },   { TRUE, 1, 1.95164 },    { TRUE, 2, -4.99908 },   { TRUE, 3, 0.09569 },
    { TRUE, 30, -42.70569 }, { TRUE, 31, 12.69739 },  { TRUE, 32, 47.37447 },  { TRUE, 33, 0.81194 },
    { TRUE, 62, 62.78629 },  { TRUE, 63, 64.20967 },  { FALSE, 0, -26.72465 }, { FALSE, 1, -28.75460 },
    { FALSE, 16, 46.61886 }, { FALSE, 17, 3.97388 },  { FALSE, 32, 19.38539 }, { FALSE, 33, -18.25302 },
    { FALSE, 62, 63.13719 }, { FALSE, 63, 64.10633 },
  };
  Ingredients all;
  float ramp[COLUMNS] = { 0 };

  draw (&all);
  for (guint i = 0; i < ROTATED; i++)
    ramp[i] = (float) (i + 1);
  for (guint i = 0; i < G_N_ELEMENTS (golden); i++)
    {
      CollatePlace place = kernel_put_numbers (fixture, ramp, COLUMNS);
      g_autofree float *result = NULL;

      fixture->device->kernels->begin (fixture->device);
      rotate (fixture, &all, place, 1, 1000, golden[i].interleaved);
      result = kernel_get_numbers (fixture, place, COLUMNS);
      kernel_assert_near (result[golden[i].at], golden[i].number, 1e-2, "the golden ramp, turned");
    }
}

int
main (int argc, char *argv[])
{
  kernel_begin (&argc, &argv);
  kernel_add ("golden-rope", test_rope);
  kernel_add ("golden-scores", test_scores);
  kernel_add ("golden-bytes", test_bytes);
  kernel_add ("golden-mutants", test_mutants);
  return kernel_run ();
}
