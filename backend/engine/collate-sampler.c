/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-sampler.h"

#include <math.h>

/* Chooses the next token. The candidates are never sorted whole, which would take longer than a small model's step: the
 * best of them are selected, and only as many as the filters let through. */

/* How many candidates are sorted first where top-p has to find its end; then four times as many. */
#define FIRST_SORTED 64

typedef struct
{
  float logit;
  gint32 id;
} Candidate;

struct _CollateSampler
{
  CollateSampling sampling;
  guint64 state;
  Candidate *candidates;
  gsize n_allocated;
};

CollateSampler *
collate_sampler_new (const CollateSampling *sampling)
{
  CollateSampler *self = g_new0 (CollateSampler, 1);

  self->sampling = *sampling;
  self->state = sampling->seed;
  return self;
}

void
collate_sampler_free (CollateSampler *sampler)
{
  g_free (sampler->candidates);
  g_free (sampler);
}

/* SplitMix64 (Steele, Lea, Flood 2014): every seed is as good as another. In [0, 1). */
static double
draw (CollateSampler *self)
{
  guint64 z = self->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ z >> 30) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  z ^= z >> 31;
  return (z >> 11) * 0x1p-53;
}

/* The order of candidates: no two are equal. */
static inline gboolean
is_better (const Candidate *a, const Candidate *b)
{
  return a->logit > b->logit || (a->logit == b->logit && a->id < b->id);
}

static int
compare (const void *a, const void *b)
{
  return is_better (a, b) ? -1 : 1;
}

static gint32
pick_best (const float *logits, gsize n_logits)
{
  gsize best = 0;

  for (gsize i = 1; i < n_logits; i++)
    if (logits[i] > logits[best] || (isnan (logits[best]) && !isnan (logits[i])))
      best = i;
  return best;
}

static inline void
swap (Candidate *a, Candidate *b)
{
  Candidate kept = *a;

  *a = *b;
  *b = kept;
}

/* Brings the best `n_best` to the front, in no order; n on average (Hoare's selection). The pivot is drawn, because a
 * fixed one has inputs that take n². */
static void
select_best (CollateSampler *self, gsize n, gsize n_best)
{
  Candidate *all = self->candidates;
  guint64 state = n;
  gsize low = 0, high = n;

  while (high - low > 1)
    {
      gsize end = low;

      state = state * G_GUINT64_CONSTANT (6364136223846793005) + G_GUINT64_CONSTANT (1442695040888963407);
      swap (&all[low + (state >> 33) % (high - low)], &all[high - 1]);
      for (gsize i = low; i < high - 1; i++)
        if (is_better (&all[i], &all[high - 1]))
          swap (&all[i], &all[end++]);
      swap (&all[end], &all[high - 1]);

      if (end == n_best)
        return;
      if (end < n_best)
        low = end + 1;
      else
        high = end;
    }
}

/* Sorts the best `n_best` to the front. */
static void
sort_best (CollateSampler *self, gsize n, gsize n_best)
{
  if (n_best < n)
    select_best (self, n, n_best);
  qsort (self->candidates, n_best, sizeof (Candidate), compare);
}

/* A candidate's weight; 1 for the best. */
static inline double
weigh (const Candidate *candidate, float best, double temperature)
{
  return candidate->logit == -INFINITY ? 0 : exp (((double) candidate->logit - best) / temperature);
}

/* How many candidates, best first, make up top_p of all probability: those are sorted. */
static gsize
keep_top_p (CollateSampler *self, gsize n, float best)
{
  double wanted = 0, sum = 0;
  gsize n_sorted = 0;

  for (gsize i = 0; i < n; i++)
    wanted += weigh (&self->candidates[i], best, 1);
  wanted *= self->sampling.top_p;

  for (gsize i = 0; i < n; i++)
    {
      if (i == n_sorted)
        {
          n_sorted = MIN (n, MAX (FIRST_SORTED, n_sorted * 4));
          sort_best (self, n, n_sorted);
        }
      sum += weigh (&self->candidates[i], best, 1);
      if (sum >= wanted)
        return i + 1;
    }
  return n;
}

/* Moves those with at least min_p of the best one's probability to the front; their number. */
static gsize
keep_min_p (CollateSampler *self, gsize n, float best)
{
  double least = MIN (self->sampling.min_p, 1);
  gsize n_kept = 0;

  for (gsize i = 0; i < n; i++)
    if (weigh (&self->candidates[i], best, 1) >= least)
      self->candidates[n_kept++] = self->candidates[i];
  return n_kept;
}

static gint32
pick_by_chance (CollateSampler *self, gsize n, float best)
{
  double temperature = self->sampling.temperature;
  double sum = 0;
  double left;
  gint32 id = self->candidates[0].id;

  for (gsize i = 0; i < n; i++)
    sum += weigh (&self->candidates[i], best, temperature);
  left = draw (self) * sum;
  for (gsize i = 0; i < n; i++)
    {
      double weight = weigh (&self->candidates[i], best, temperature);

      if (weight == 0)
        continue;
      id = self->candidates[i].id;
      left -= weight;
      if (left < 0)
        break;
    }
  return id;
}

static void
list_candidates (CollateSampler *self, const float *logits, gsize n_logits)
{
  if (self->n_allocated < n_logits)
    {
      self->candidates = g_renew (Candidate, self->candidates, n_logits);
      self->n_allocated = n_logits;
    }
  for (gsize i = 0; i < n_logits; i++)
    self->candidates[i] = (Candidate){ isnan (logits[i]) ? -INFINITY : logits[i], i };
}

gint32
collate_sampler_pick (CollateSampler *sampler, const float *logits, gsize n_logits)
{
  const CollateSampling *sampling = &sampler->sampling;
  gsize n = n_logits;
  gint32 best;

  if (n_logits == 0)
    return -1;
  best = pick_best (logits, n_logits);
  /* Where the best is not finite, probabilities are not defined. */
  if (!(sampling->temperature > 0) || !isfinite (logits[best]))
    return best;

  list_candidates (sampler, logits, n_logits);
  if (sampling->top_k > 0 && (gsize) sampling->top_k < n)
    {
      n = sampling->top_k;
      select_best (sampler, n_logits, n);
    }
  if (sampling->top_p > 0 && sampling->top_p < 1)
    n = keep_top_p (sampler, n, logits[best]);
  if (sampling->min_p > 0)
    n = keep_min_p (sampler, n, logits[best]);
  return pick_by_chance (sampler, n, logits[best]);
}
