/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-private.h"

#include <math.h>
#include <string.h>

/* Which experts a token goes to. */

#define LEAST_SUM 1e-20f /* of shares, which are divided by it */

/* One token's experts: what gating makes of their logits, and what they are chosen by. */
typedef struct
{
  const CollateRoute *params;
  float *gates;   /* [n_experts] */
  float *choices; /* [n_experts] */
  float *groups;  /* [n_groups] */
  guint8 *taken;  /* [n_experts], or of groups */
} Gate;

/* The first of the largest that are not taken; what is no number is below all others. */
static gint64
find_largest (const float *numbers, const guint8 *taken, gint64 n)
{
  gint64 best = -1;

  for (gint64 i = 0; i < n; i++)
    if (!taken[i] &&
        (best < 0 || numbers[i] > numbers[best] || (isnan (numbers[best]) && !isnan (numbers[i]))))
      best = i;
  return MAX (best, 0);
}

static void
apply_sigmoid (const float *logits, float *gates, gint64 n)
{
  for (gint64 e = 0; e < n; e++)
    gates[e] = 1 / (1 + expf (-logits[e]));
}

static void
apply_softmax (const float *logits, float *gates, gint64 n)
{
  float most = -INFINITY, sum = 0;

  for (gint64 e = 0; e < n; e++)
    most = fmaxf (most, logits[e]);
  for (gint64 e = 0; e < n; e++)
    {
      gates[e] = expf (logits[e] - most);
      sum += gates[e];
    }
  for (gint64 e = 0; e < n; e++)
    gates[e] /= sum;
}

/* A group is worth its two best experts, or with softmax its best one. */
static float
weigh_group (const Gate *gate, gint64 first, gint64 n)
{
  const float *choices = gate->choices + first;
  guint8 *taken = gate->taken + first;
  gint64 best = find_largest (choices, taken, n);
  float second = -INFINITY;

  if (gate->params->gating == COLLATE_GATING_SOFTMAX || n == 1)
    return choices[best];
  taken[best] = TRUE;
  second = choices[find_largest (choices, taken, n)];
  taken[best] = FALSE;
  return choices[best] + second;
}

/* Experts of groups that are not among the best count as taken. */
static void
drop_groups (const Gate *gate)
{
  const CollateRoute *params = gate->params;
  gint64 n = params->n_experts / params->n_groups;
  g_autofree guint8 *kept = g_new0 (guint8, params->n_groups);

  for (gint64 g = 0; g < params->n_groups; g++)
    gate->groups[g] = weigh_group (gate, g * n, n);
  for (gint64 i = 0; i < params->n_groups_used; i++)
    kept[find_largest (gate->groups, kept, params->n_groups)] = TRUE;
  for (gint64 g = 0; g < params->n_groups; g++)
    memset (gate->taken + g * n, !kept[g], (gsize) n);
}

static void
choose (const Gate *gate, gint64 t)
{
  const CollateRoute *params = gate->params;
  gint32 *experts = collate_place_get_ints (params->experts) + t * params->n_used;
  float *shares = collate_place_get (params->shares) + t * params->n_used;
  float sum = 0, factor;

  for (gint64 i = 0; i < params->n_used; i++)
    {
      gint64 best = find_largest (gate->choices, gate->taken, params->n_experts);

      gate->taken[best] = TRUE;
      experts[i] = (gint32) best;
      shares[i] = gate->gates[best];
      sum += shares[i];
    }
  factor = params->normalised ? params->scale / (sum + LEAST_SUM) : params->scale;
  for (gint64 i = 0; i < params->n_used; i++)
    shares[i] *= factor;
}

static void
route_token (const Gate *gate, gint64 t)
{
  const CollateRoute *params = gate->params;
  const float *logits = collate_place_get (params->logits) + t * params->n_experts;

  if (params->gating == COLLATE_GATING_SIGMOID)
    apply_sigmoid (logits, gate->gates, params->n_experts);
  else
    apply_softmax (logits, gate->gates, params->n_experts);
  for (gint64 e = 0; e < params->n_experts; e++)
    gate->choices[e] = gate->gates[e] + (params->bias != NULL ? params->bias->numbers[e] : 0);
  memset (gate->taken, FALSE, (gsize) params->n_experts);
  if (params->n_groups > 1)
    drop_groups (gate);
  choose (gate, t);
}

static void
route_tokens (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateRoute *params = ((const CollateCpuCall *) data)->params;
  gint64 n = params->n_experts;
  g_autofree float *numbers = g_new (float, 2 * n + params->n_groups);
  g_autofree guint8 *taken = g_new (guint8, n);
  Gate gate = { params, numbers, numbers + n, numbers + 2 * n, taken };

  for (gint64 t = first; t < end; t++)
    route_token (&gate, t);
}

void
collate_cpu_route (CollateDevice *device, const CollateRoute *params)
{
  CollateCpuCall call = { (CollateCpuDevice *) device, params };

  collate_pool_run (call.cpu->pool, route_tokens, &call, params->n_tokens, 4);
}
