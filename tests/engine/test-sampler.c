/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "engine/collate-sampler.h"

/* Draws per case: three deviations of a share are then below 0.007. */
#define N_DRAWS 50000
#define TOLERANCE 0.008

#define MOST_LOGITS 4

static gint32
pick_once (const CollateSampling *sampling, const float *logits, gsize n_logits)
{
  g_autoptr (CollateSampler) sampler = collate_sampler_new (sampling);

  return collate_sampler_pick (sampler, logits, n_logits);
}

static void
test_greedy (void)
{
  static const struct
  {
    float logits[4];
    gsize n;
    gint32 best;
  } cases[] = {
    { { 1, 3, 2 }, 3, 1 },
    { { 3, 3, 3 }, 3, 0 },
    { { 1, 2, 2 }, 3, 1 },
    { { NAN, -5, -6 }, 3, 1 },
    { { -5, NAN, -4 }, 3, 2 },
    { { NAN, -INFINITY, NAN }, 3, 1 },
    { { NAN, NAN }, 2, 0 },
    { { -INFINITY, -INFINITY }, 2, 0 },
    { { 1, INFINITY, INFINITY }, 3, 1 },
    { { 7 }, 1, 0 },
    { { 0 }, 0, -1 },
  };
  CollateSampling greedy = { 0 };
  CollateSampling cold = { .temperature = NAN };
  CollateSampling below = { .temperature = -1 };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_cmpint (pick_once (&greedy, cases[i].logits, cases[i].n), ==, cases[i].best);
      g_assert_cmpint (pick_once (&cold, cases[i].logits, cases[i].n), ==, cases[i].best);
      g_assert_cmpint (pick_once (&below, cases[i].logits, cases[i].n), ==, cases[i].best);
    }
}

/* How often each token comes, against what the definition of the filters says. */
static void
test_shares (void)
{
  /* Probabilities 0.5, 0.25, 0.125, 0.125 in the order of ids 2, 0, 1, 3. */
  static const float quarters[] = {
    -1.3862943611198906f, -2.0794415416798357f, -0.6931471805599453f, -2.0794415416798357f
  };
  static const float broken[] = { NAN, 0, -INFINITY, 0 };
  static const struct
  {
    CollateSampling sampling;
    const float *logits;
    gsize n;
    double shares[4];
  } cases[] = {
    { { .temperature = 1 }, quarters, 4, { 0.25, 0.125, 0.5, 0.125 } },
    { { .temperature = 0.5 }, quarters, 4, { 2.0 / 11, 0.5 / 11, 8.0 / 11, 0.5 / 11 } },
    { { .temperature = INFINITY }, quarters, 4, { 0.25, 0.25, 0.25, 0.25 } },
    { { .temperature = 1e-300 }, quarters, 4, { 0, 0, 1, 0 } },
    { { .temperature = 1, .top_k = 1 }, quarters, 4, { 0, 0, 1, 0 } },
    { { .temperature = 1, .top_k = 2 }, quarters, 4, { 1.0 / 3, 0, 2.0 / 3, 0 } },
    /* Of the equal two, the lower id. */
    { { .temperature = 1, .top_k = 3 }, quarters, 4, { 2.0 / 7, 1.0 / 7, 4.0 / 7, 0 } },
    { { .temperature = 1, .top_k = 9 }, quarters, 4, { 0.25, 0.125, 0.5, 0.125 } },
    { { .temperature = 1, .top_k = -1 }, quarters, 4, { 0.25, 0.125, 0.5, 0.125 } },
    { { .temperature = 1, .top_p = 0.4 }, quarters, 4, { 0, 0, 1, 0 } },
    { { .temperature = 1, .top_p = 0.6 }, quarters, 4, { 1.0 / 3, 0, 2.0 / 3, 0 } },
    { { .temperature = 1, .top_p = 0.8 }, quarters, 4, { 2.0 / 7, 1.0 / 7, 4.0 / 7, 0 } },
    { { .temperature = 1, .top_p = 1 }, quarters, 4, { 0.25, 0.125, 0.5, 0.125 } },
    { { .temperature = 1, .min_p = 0.3 }, quarters, 4, { 1.0 / 3, 0, 2.0 / 3, 0 } },
    { { .temperature = 1, .min_p = 0.2 }, quarters, 4, { 0.25, 0.125, 0.5, 0.125 } },
    { { .temperature = 1, .min_p = 7 }, quarters, 4, { 0, 0, 1, 0 } },
    /* Top-k first: of what it leaves, 0.6 is the best alone. */
    { { .temperature = 1, .top_k = 2, .top_p = 0.6 }, quarters, 4, { 0, 0, 1, 0 } },
    /* The temperature last: it does not change what the filters leave. */
    { { .temperature = 9, .top_p = 0.4 }, quarters, 4, { 0, 0, 1, 0 } },
    { { .temperature = 9, .min_p = 0.6 }, quarters, 4, { 0, 0, 1, 0 } },
    { { .temperature = 1 }, broken, 4, { 0, 0.5, 0, 0.5 } },
    { { .temperature = INFINITY }, broken, 4, { 0, 0.5, 0, 0.5 } },
    { { .temperature = 1, .top_k = 3, .top_p = 0.9 }, broken, 4, { 0, 0.5, 0, 0.5 } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (CollateSampler) sampler = collate_sampler_new (&cases[i].sampling);
      gsize counts[MOST_LOGITS] = { 0 };

      for (gsize draw = 0; draw < N_DRAWS; draw++)
        {
          gint32 id = collate_sampler_pick (sampler, cases[i].logits, cases[i].n);

          g_assert_cmpint (id, >=, 0);
          g_assert_cmpint (id, <, cases[i].n);
          counts[id]++;
        }
      for (gsize id = 0; id < cases[i].n; id++)
        {
          double share = (double) counts[id] / N_DRAWS;

          if (fabs (share - cases[i].shares[id]) > TOLERANCE || (cases[i].shares[id] == 0 && counts[id] > 0))
            g_test_fail_printf (
                "case %zu: token %zu has a share of %g, not %g", i, id, share, cases[i].shares[id]);
        }
    }
}

/* The same seed gives the same tokens, another one gives others. */
static void
test_seed (void)
{
  enum
  {
    N_LOGITS = 1000,
    N_PICKS = 64,
  };
  g_autofree float *logits = g_new (float, N_LOGITS);
  CollateSampling sampling = { .temperature = 1, .top_k = 500, .top_p = 0.95, .min_p = 0.001, .seed = 7 };
  CollateSampling other = sampling;
  g_autoptr (CollateSampler) a = collate_sampler_new (&sampling);
  g_autoptr (CollateSampler) b = collate_sampler_new (&sampling);
  g_autoptr (CollateSampler) c = NULL;
  gsize n_other = 0;

  other.seed = 8;
  c = collate_sampler_new (&other);
  for (gsize i = 0; i < N_LOGITS; i++)
    logits[i] = sinf (i);
  for (gsize i = 0; i < N_PICKS; i++)
    {
      gint32 id = collate_sampler_pick (a, logits, N_LOGITS);

      g_assert_cmpint (id, ==, collate_sampler_pick (b, logits, N_LOGITS));
      n_other += id != collate_sampler_pick (c, logits, N_LOGITS);
    }
  g_assert_cmpuint (n_other, >, N_PICKS / 2);
}

static int
compare_down (const void *a, const void *b)
{
  float left = *(const float *) a;
  float right = *(const float *) b;

  return (left < right) - (left > right);
}

/* Selection and the stepwise sorting of top-p, where they have many candidates and many of them equal: nothing beyond
 * the bound is ever picked, and the last within it is. */
static void
test_many (void)
{
  enum
  {
    N_LOGITS = 2000,
    N_EQUAL = 10, /* of each value */
    N_KEPT = 300,
  };
  g_autofree float *logits = g_new (float, N_LOGITS);
  g_autofree float *sorted = NULL;
  g_autofree gboolean *seen = g_new0 (gboolean, N_LOGITS);
  CollateSampling top_k = { .temperature = 100, .top_k = N_KEPT };
  CollateSampling top_p = { .temperature = 100 };
  double sum = 0;
  double kept = 0;

  for (gsize i = 0; i < N_LOGITS; i++)
    logits[i] = (float) (i * 7919 % N_LOGITS / N_EQUAL) / 100;
  sorted = g_memdup2 (logits, N_LOGITS * sizeof (float));
  qsort (sorted, N_LOGITS, sizeof (float), compare_down);
  for (gsize i = 0; i < N_LOGITS; i++)
    {
      sum += exp (sorted[i]);
      kept += i < N_KEPT ? exp (sorted[i]) : 0;
    }
  top_p.top_p = (kept - 0.5 * exp (sorted[N_KEPT - 1])) / sum;

  for (gsize filter = 0; filter < 2; filter++)
    {
      g_autoptr (CollateSampler) sampler = collate_sampler_new (filter ? &top_p : &top_k);
      gsize n_seen = 0;

      for (gsize i = 0; i < N_KEPT * 20; i++)
        {
          gint32 id = collate_sampler_pick (sampler, logits, N_LOGITS);

          g_assert_cmpfloat (logits[id], >=, sorted[N_KEPT - 1]);
          seen[id] = TRUE;
        }
      for (gsize i = 0; i < N_LOGITS; i++)
        {
          n_seen += seen[i];
          seen[i] = FALSE;
        }
      g_assert_cmpuint (n_seen, ==, N_KEPT);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/sampler/greedy", test_greedy);
  g_test_add_func ("/engine/sampler/shares", test_shares);
  g_test_add_func ("/engine/sampler/seed", test_seed);
  g_test_add_func ("/engine/sampler/many", test_many);
  return g_test_run ();
}
