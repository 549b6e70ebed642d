/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "engine/cpu/collate-cpu-private.h"
#include "golden.h"
#include "kernel-fixture.h"
#include "reference.h"

/* Layer norm, products of groups, and mixtures of experts. */

static void
check_layer_norm (KernelFixture *fixture, gint64 n_rows, gint64 columns, gboolean in_place)
{
  gint64 n = n_rows * columns;
  g_autofree float *in = kernel_make_numbers (fixture, n), *result = NULL;
  g_autofree double *expected = g_new (double, n);
  const float *weight, *bias;
  CollateLayerNorm params = {
    .weight = kernel_make_weight (fixture, COLLATE_F32, 1, columns, &weight),
    .bias = kernel_make_weight (fixture, COLLATE_F32, 1, columns, &bias),
    .n_rows = n_rows,
    .columns = columns,
    .epsilon = 1e-6f,
  };

  /* Far from zero, where a variance of squares has no digits left. */
  for (gint64 i = 0; i < n; i++)
    in[i] += 100;
  params.in = kernel_put_numbers (fixture, in, n);
  params.out = in_place ? params.in : kernel_put (fixture, NULL, sizeof (float) * (gsize) n);
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->layer_norm (fixture->device, &params);
  result = kernel_get_numbers (fixture, params.out, n);
  reference_layer_norm (&params, in, weight, bias, expected);
  /* The mean of numbers near 100, against numbers of about one half. */
  for (gint64 i = 0; i < n; i++)
    kernel_assert_near (result[i], expected[i], columns > 1 ? 1e-4 : 1e-6, "layer_norm");
  kernel_drop (fixture);
}

static void
test_layer_norm (KernelFixture *fixture)
{
  static const gint64 columns[] = { 1, 3, 15, 16, 33, 64, 128, 576 };

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      check_layer_norm (fixture, 1, columns[i], TRUE);
      check_layer_norm (fixture, 67, columns[i], FALSE);
    }
}

static gboolean
has_quants (CollateType type)
{
  return collate_type_get_block (type) > 1;
}

static double
get_tolerance (KernelFixture *fixture, CollateType type)
{
  if (fixture->ways == COLLATE_VULKAN_MATRICES || fixture->ways == COLLATE_VULKAN_BEST)
    return fixture->is_cpu ? (has_quants (type) ? KERNEL_STEP_TOLERANCE : KERNEL_SUM_TOLERANCE)
                           : 2 * KERNEL_HALF_TOLERANCE;
  return has_quants (type) ? KERNEL_STEP_TOLERANCE : KERNEL_SUM_TOLERANCE;
}

typedef struct
{
  gint64 n_tokens, n_groups, rows, columns;
  gint64 gap; /* strides are wider by so much */
} GroupCase;

/* Groups inside of tokens, as the heads of queries are. */
static void
check_groups (KernelFixture *fixture, CollateType type, const GroupCase *test)
{
  gint64 in_group = test->columns + test->gap, out_group = test->rows + test->gap;
  gint64 n_in = test->n_tokens * test->n_groups * in_group;
  gint64 n_out = test->n_tokens * test->n_groups * out_group;
  gint64 n = test->n_tokens * test->n_groups * test->rows;
  g_autofree float *in = kernel_make_numbers (fixture, n_in), *before = kernel_make_numbers (fixture, n_out);
  g_autofree float *result = NULL;
  g_autofree double *expected = g_new0 (double, n), *sizes = g_new0 (double, n);
  const float *numbers;
  CollateGroupedMatmul params = {
    .in = kernel_put_numbers (fixture, in, n_in),
    .out = kernel_put_numbers (fixture, before, n_out),
    .weight = kernel_make_groups (fixture, type, test->n_groups, test->rows, test->columns, &numbers),
    .n_tokens = test->n_tokens,
    .n_groups = test->n_groups,
    .in_stride = test->n_groups * in_group,
    .in_group_stride = in_group,
    .out_stride = test->n_groups * out_group,
    .out_group_stride = out_group,
  };

  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->grouped_matmul (fixture->device, &params);
  result = kernel_get_numbers (fixture, params.out, n_out);
  reference_grouped_matmul (
      &params, numbers, test->n_groups * test->rows, test->columns, in, expected, sizes);
  for (gint64 i = 0; i < n_out; i++)
    {
      gint64 row = i % out_group, at = i / out_group * test->rows + row;

      if (row < test->rows)
        kernel_assert_near (
            result[i], expected[at], get_tolerance (fixture, type) * (sizes[at] + 1), "grouped_matmul");
      else
        g_assert_cmpfloat (result[i], ==, before[i]);
    }
  kernel_drop (fixture);
}

static void
test_grouped_matmul (KernelFixture *fixture)
{
  static const GroupCase cases[] = {
    { 1, 1, 16, 256, 0 }, { 1, 5, 17, 256, 3 },   { 3, 4, 50, 256, 0 }, { 37, 3, 47, 256, 64 },
    { 4, 16, 1, 512, 0 }, { 300, 2, 33, 256, 0 }, { 2, 7, 49, 256, 1 },
  };

  for (guint i = 0; i < KERNEL_N_TYPES; i++)
    for (guint j = 0; j < G_N_ELEMENTS (cases); j++)
      check_groups (fixture, kernel_types[i], &cases[j]);
}

static void
check_route (KernelFixture *fixture, CollateRoute params, gboolean with_bias)
{
  gint64 n = params.n_tokens * params.n_experts, n_chosen = params.n_tokens * params.n_used;
  g_autofree float *logits = kernel_make_numbers (fixture, n), *shares = NULL;
  g_autofree gint32 *experts = NULL, *expected = g_new (gint32, n_chosen);
  g_autofree double *expected_shares = g_new (double, n_chosen);
  const float *bias = NULL;

  params.logits = kernel_put_numbers (fixture, logits, n);
  params.bias = with_bias ? kernel_make_weight (fixture, COLLATE_F32, 1, params.n_experts, &bias) : NULL;
  params.experts = kernel_put (fixture, NULL, (gsize) n_chosen * sizeof *experts);
  params.shares = kernel_put (fixture, NULL, (gsize) n_chosen * sizeof *shares);
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->route (fixture->device, &params);
  experts = kernel_get (fixture, params.experts, (gsize) n_chosen * sizeof *experts);
  shares = kernel_get_numbers (fixture, params.shares, n_chosen);
  reference_route (&params, logits, bias, expected, expected_shares);
  for (gint64 i = 0; i < n_chosen; i++)
    {
      g_assert_cmpint (experts[i], ==, expected[i]);
      kernel_assert_near (shares[i], expected_shares[i], 5e-6 * expected_shares[i], "route");
    }
  kernel_drop (fixture);
}

static void
test_route (KernelFixture *fixture)
{
  static const struct
  {
    gint64 n_tokens, n_experts, n_used, n_groups, n_groups_used;
  } cases[] = {
    { 1, 256, 8, 8, 4 }, { 33, 256, 8, 8, 4 }, { 5, 64, 6, 1, 1 },  { 3, 160, 6, 8, 3 }, { 7, 2, 1, 1, 1 },
    { 9, 16, 4, 4, 2 },  { 4, 8, 8, 1, 1 },    { 3, 384, 8, 1, 1 }, { 6, 12, 3, 12, 5 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint way = 0; way < 8; way++)
      check_route (fixture,
                   (CollateRoute){
                       .n_tokens = cases[i].n_tokens,
                       .n_experts = cases[i].n_experts,
                       .n_used = cases[i].n_used,
                       .n_groups = cases[i].n_groups,
                       .n_groups_used = cases[i].n_groups_used,
                       .gating = way & 1 ? COLLATE_GATING_SIGMOID : COLLATE_GATING_SOFTMAX,
                       .normalised = (way & 2) != 0,
                       .scale = 2.5f,
                   },
                   (way & 4) != 0);
}

#define GOLDEN_EXPERTS 16
#define GOLDEN_USED 4

static void
route_golden (KernelFixture *fixture,
              gboolean with_bias,
              gint64 n_groups,
              const gint32 *expected,
              const double *expected_shares)
{
  Golden golden = { 777 };
  float logits[GOLDEN_EXPERTS], bias[GOLDEN_EXPERTS];
  g_autofree gint32 *experts = NULL;
  g_autofree float *shares = NULL;
  CollateRoute params = {
    .n_tokens = 1,
    .n_experts = GOLDEN_EXPERTS,
    .n_used = GOLDEN_USED,
    .n_groups = n_groups,
    .n_groups_used = (n_groups + 1) / 2,
    .gating = COLLATE_GATING_SIGMOID,
    .normalised = TRUE,
    .scale = 2.5f,
  };

  for (guint i = 0; i < GOLDEN_EXPERTS; i++)
    logits[i] = (float) (2 * golden_draw (&golden));
  for (guint i = 0; i < GOLDEN_EXPERTS; i++)
    bias[i] = (float) (0.3 * golden_draw (&golden));
  params.logits = kernel_put_numbers (fixture, logits, GOLDEN_EXPERTS);
  params.bias = with_bias ? kernel_make_row (fixture, bias, GOLDEN_EXPERTS) : NULL;
  params.experts = kernel_put (fixture, NULL, sizeof (gint32) * GOLDEN_USED);
  params.shares = kernel_put (fixture, NULL, sizeof (float) * GOLDEN_USED);
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->route (fixture->device, &params);
  experts = kernel_get (fixture, params.experts, sizeof (gint32) * GOLDEN_USED);
  shares = kernel_get_numbers (fixture, params.shares, GOLDEN_USED);
  g_assert_cmpmem (experts, sizeof (gint32) * GOLDEN_USED, expected, sizeof (gint32) * GOLDEN_USED);
  for (guint i = 0; expected_shares != NULL && i < GOLDEN_USED; i++)
    kernel_assert_near (shares[i], expected_shares[i], 2e-6, "the golden shares");
  kernel_drop (fixture);
}

/* The bias chooses and does not share: shares that had it in would be others. */
static void
test_golden_route (KernelFixture *fixture)
{
  static const gint32 right[] = { 11, 5, 7, 8 }, ungrouped[] = { 11, 5, 7, 12 }, unbiased[] = { 2, 11, 8, 1 };
  static const double shares[] = { 0.754300, 0.562800, 0.466606, 0.716294 };

  route_golden (fixture, TRUE, 4, right, shares);
  route_golden (fixture, TRUE, 1, ungrouped, NULL);
  route_golden (fixture, FALSE, 1, unbiased, NULL);
}

/* Equal experts: the earlier. What is no number: experts nonetheless, each of them once. */
static void
test_strange_route (KernelFixture *fixture)
{
  static const float strange[] = { 0, 1e30f, -1e30f, INFINITY, -INFINITY, NAN };

  for (guint i = 0; i < G_N_ELEMENTS (strange); i++)
    {
      float logits[24];
      g_autofree gint32 *experts = NULL;
      guint32 seen = 0;
      CollateRoute params = {
        .experts = kernel_put (fixture, NULL, sizeof (gint32) * 4),
        .shares = kernel_put (fixture, NULL, sizeof (float) * 4),
        .n_tokens = 1,
        .n_experts = 24,
        .n_used = 4,
        .n_groups = 4,
        .n_groups_used = 2,
        .gating = COLLATE_GATING_SIGMOID,
        .normalised = TRUE,
        .scale = 1,
      };

      for (guint e = 0; e < 24; e++)
        logits[e] = strange[i];
      params.logits = kernel_put_numbers (fixture, logits, 24);
      fixture->device->kernels->begin (fixture->device);
      fixture->device->kernels->route (fixture->device, &params);
      experts = kernel_get (fixture, params.experts, sizeof (gint32) * 4);
      for (guint e = 0; e < 4; e++)
        {
          g_assert_cmpint (experts[e], >=, 0);
          g_assert_cmpint (experts[e], <, 24);
          if (isfinite (strange[i]))
            g_assert_cmpint (experts[e], ==, e);
          seen |= 1u << experts[e];
        }
      g_assert_cmpint (__builtin_popcount (seen), ==, 4);
      kernel_drop (fixture);
    }
}

typedef struct
{
  gint64 n_tokens, n_experts, n_used, width, hidden;
} ExpertCase;

static void
check_experts (KernelFixture *fixture, CollateType type, CollateType down_type, const ExpertCase *test)
{
  gint64 n = test->n_tokens * test->width, n_chosen = test->n_tokens * test->n_used;
  g_autofree float *in = kernel_make_numbers (fixture, n), *before = kernel_make_numbers (fixture, n);
  g_autofree float *shares = kernel_make_numbers (fixture, n_chosen), *result = NULL;
  g_autofree gint32 *experts = g_new (gint32, n_chosen);
  g_autofree double *expected = g_new (double, n), *sizes = g_new0 (double, n);
  const float *gate, *up, *down;
  CollateExperts params = {
    .in = kernel_put_numbers (fixture, in, n),
    .out = kernel_put_numbers (fixture, before, n),
    .shares = kernel_put_numbers (fixture, shares, n_chosen),
    .gate = kernel_make_groups (fixture, type, test->n_experts, test->hidden, test->width, &gate),
    .up = kernel_make_groups (fixture, type, test->n_experts, test->hidden, test->width, &up),
    .down = kernel_make_groups (fixture, down_type, test->n_experts, test->width, test->hidden, &down),
    .n_tokens = test->n_tokens,
    .n_experts = test->n_experts,
    .n_used = test->n_used,
    .width = test->width,
    .hidden = test->hidden,
  };

  /* Some experts are chosen by many, some by none. */
  for (gint64 i = 0; i < n_chosen; i++)
    experts[i] = (gint32) ((i / test->n_used % 3 + i % test->n_used) % test->n_experts);
  params.experts = kernel_put (fixture, experts, (gsize) n_chosen * sizeof *experts);
  for (gint64 i = 0; i < n; i++)
    expected[i] = before[i];
  fixture->device->kernels->begin (fixture->device);
  fixture->device->kernels->experts (fixture->device, &params);
  result = kernel_get_numbers (fixture, params.out, n);
  reference_experts (&params, in, experts, shares, gate, up, down, expected, sizes);
  for (gint64 i = 0; i < n; i++)
    kernel_assert_near (
        result[i], expected[i], get_tolerance (fixture, type) * 2 * (sizes[i] + 1), "experts");
  kernel_drop (fixture);
}

static void
test_experts (KernelFixture *fixture)
{
  static const ExpertCase cases[] = {
    { 1, 5, 2, 256, 256 },
    { 3, 4, 3, 256, 256 },
    { 20, 3, 2, 256, 256 },
  };

  for (guint i = 0; i < KERNEL_N_TYPES; i++)
    for (guint j = 0; j < G_N_ELEMENTS (cases); j++)
      check_experts (fixture, kernel_types[i], kernel_types[i], &cases[j]);
  check_experts (fixture, COLLATE_Q4_K, COLLATE_Q6_K, &cases[1]);
  check_experts (fixture, COLLATE_Q4_0, COLLATE_F16, &cases[2]);
  /* More tokens than are worked on together. */
  check_experts (fixture, COLLATE_Q8_0, COLLATE_Q8_0, &(ExpertCase){ 300, 3, 2, 64, 32 });
  /* Rows that fill no strip. */
  check_experts (fixture, COLLATE_F32, COLLATE_F32, &(ExpertCase){ 5, 7, 2, 24, 40 });
  check_experts (fixture, COLLATE_F16, COLLATE_F16, &(ExpertCase){ 1, 3, 2, 33, 17 });
}

/* Weights that stay in the file give the same to the last bit. */
static float *
run_sparing (CollateLevel level, gboolean sparing, CollateType type, gint64 n_tokens)
{
  g_autoptr (CollateDevice) device = collate_cpu_device_new_with (3, level);
  KernelFixture fixture;
  g_autofree float *in = NULL, *shares = NULL, *result = NULL;
  g_autofree gint32 *experts = g_new (gint32, n_tokens * 2);
  CollateExperts params = { .n_tokens = n_tokens, .n_experts = 3, .n_used = 2, .width = 256, .hidden = 256 };
  gint64 before;

  kernel_fixture_begin (&fixture, device);
  fixture.stays_in_file = sparing;
  in = kernel_make_numbers (&fixture, n_tokens * 256);
  shares = kernel_make_numbers (&fixture, n_tokens * 2);
  for (gint64 i = 0; i < n_tokens * 2; i++)
    experts[i] = (gint32) (i * 2 % 3);
  params.in = kernel_put_numbers (&fixture, in, n_tokens * 256);
  params.out = kernel_put_numbers (&fixture, in, n_tokens * 256);
  params.shares = kernel_put_numbers (&fixture, shares, n_tokens * 2);
  params.experts = kernel_put (&fixture, experts, (gsize) (n_tokens * 2) * sizeof *experts);
  before = device->kernels->get_memory (device);
  params.gate = kernel_make_groups (&fixture, type, 3, 256, 256, NULL);
  params.up = kernel_make_groups (&fixture, type, 3, 256, 256, NULL);
  params.down = kernel_make_groups (&fixture, type, 3, 256, 256, NULL);
  g_assert_cmpint (device->kernels->get_memory (device) > before, ==, !sparing);
  device->kernels->begin (device);
  device->kernels->experts (device, &params);
  result = kernel_get_numbers (&fixture, params.out, n_tokens * 256);
  kernel_fixture_end (&fixture);
  return g_steal_pointer (&result);
}

static void
test_sparing (gconstpointer data)
{
  const KernelLevel *level = data;

  for (guint i = 0; i < KERNEL_N_TYPES; i++)
    for (gint64 n_tokens = 1; n_tokens < 21; n_tokens += 19)
      {
        g_autofree float *packed = run_sparing (level->level, FALSE, kernel_types[i], n_tokens);
        g_autofree float *mapped = run_sparing (level->level, TRUE, kernel_types[i], n_tokens);

        g_assert_cmpmem (packed, (gsize) n_tokens * 1024, mapped, (gsize) n_tokens * 1024);
      }
}

int
main (int argc, char *argv[])
{
  kernel_begin (&argc, &argv);
  kernel_add_ways ();
  kernel_add ("layer-norm", test_layer_norm);
  kernel_add ("grouped-matmul", test_grouped_matmul);
  kernel_add ("route", test_route);
  kernel_add ("golden-route", test_golden_route);
  kernel_add ("strange-route", test_strange_route);
  kernel_add ("experts", test_experts);
  for (guint i = 0; kernel_get_level (i) != NULL; i++)
    {
      g_autofree char *path = g_strdup_printf ("/engine/kernels/%s/sparing", kernel_get_level (i)->name);

      g_test_add_data_func (path, kernel_get_level (i), test_sparing);
    }
  return kernel_run ();
}
