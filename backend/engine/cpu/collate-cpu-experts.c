/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-product.h"

#include <string.h>

/* Mixture of experts: the tokens at hand are sorted by expert, so that each expert's weights are read once for all of
 * its tokens, and nothing of an expert that nobody chose is touched. */

/* A choice is a token and one of its experts. */
typedef struct
{
  CollateCpuDevice *cpu;
  const CollateExperts *params;
  gint64 first_token, n_tokens; /* at hand */
  const gint32 *experts;
  const float *shares;

  gint64 *ends;  /* of each expert's choices, sorted */
  gint64 *slots; /* where each choice is sorted to */
  CollateFactor *factors;

  float *rows;       /* [choice][width], sorted: what goes in, later what comes out */
  float *gates, *up; /* [choice][hidden], sorted */
} Mixture;

/* Sorts the choices by expert; those of one stay in their order. */
static void
sort_choices (Mixture *mixture)
{
  gint64 n = mixture->n_tokens * mixture->params->n_used, n_experts = mixture->params->n_experts;

  memset (mixture->ends, 0, (gsize) n_experts * sizeof *mixture->ends);
  for (gint64 i = 0; i < n; i++)
    mixture->ends[mixture->experts[i]]++;
  for (gint64 e = 1; e < n_experts; e++)
    mixture->ends[e] += mixture->ends[e - 1];
  for (gint64 i = n - 1; i >= 0; i--)
    mixture->slots[i] = --mixture->ends[mixture->experts[i]];
  for (gint64 i = 0; i < n; i++)
    mixture->ends[mixture->experts[i]]++;
}

static void
gather_choices (gpointer data, gint64 first, gint64 end, guint thread)
{
  const Mixture *mixture = data;
  gint64 width = mixture->params->width;
  const float *in = collate_place_get (mixture->params->in) + mixture->first_token * width;

  for (gint64 i = first; i < end; i++)
    memcpy (mixture->rows + mixture->slots[i] * width,
            in + i / mixture->params->n_used * width,
            (gsize) width * sizeof *in);
}

/* Each expert that was chosen with its tokens; appends to the factors, returns how many there are now. */
static gsize
add_factors (const Mixture *mixture, gsize n, const CollateWeight *weight, const float *in, float *out)
{
  gint64 first = 0;

  for (gint64 e = 0; e < mixture->params->n_experts; e++)
    {
      CollateFactor factor = collate_product_get_group (weight, e);
      gint64 end = MAX (mixture->ends[e], first);

      factor.in = in + first * factor.strips.columns;
      factor.in_stride = factor.strips.columns;
      factor.first_row = first;
      factor.out = out + first * factor.strips.rows;
      factor.out_stride = factor.strips.rows;
      factor.n_tokens = end - first;
      if (end > first)
        mixture->factors[n++] = factor;
      first = end;
    }
  return n;
}

static void
run_factors (const Mixture *mixture, gsize n_factors, const float *in)
{
  CollateProductJob job = { .cpu = mixture->cpu, .factors = mixture->factors, .n_factors = n_factors };
  const CollateStrips *strips = &mixture->factors[0].strips;

  if (collate_strips_have_quants (strips))
    collate_product_quantize (
        mixture->cpu, strips, in, strips->columns, mixture->n_tokens * mixture->params->n_used, 0);
  collate_product_run (&job);
}

static void
gate_numbers (gpointer data, gint64 first, gint64 end, guint thread)
{
  const Mixture *mixture = data;

  mixture->cpu->loops->swiglu (
      mixture->gates + first, mixture->up + first, mixture->gates + first, end - first);
}

static void
add_tokens (gpointer data, gint64 first, gint64 end, guint thread)
{
  const Mixture *mixture = data;
  gint64 width = mixture->params->width, n_used = mixture->params->n_used;

  for (gint64 t = first; t < end; t++)
    {
      float *out = collate_place_get (mixture->params->out) + (mixture->first_token + t) * width;

      for (gint64 i = t * n_used; i < (t + 1) * n_used; i++)
        {
          const float *row = mixture->rows + mixture->slots[i] * width;

          for (gint64 c = 0; c < width; c++)
            out[c] += mixture->shares[i] * row[c];
        }
    }
}

static void
mix_tokens (Mixture *mixture)
{
  const CollateExperts *params = mixture->params;
  CollatePool *pool = mixture->cpu->pool;
  gint64 n = mixture->n_tokens * params->n_used;
  gsize n_factors;

  sort_choices (mixture);
  collate_pool_run (pool, gather_choices, mixture, n, collate_cpu_get_grain (params->width));
  n_factors = add_factors (mixture, 0, params->gate, mixture->rows, mixture->gates);
  if (!collate_product_are_alike (&params->gate->strips, &params->up->strips))
    {
      run_factors (mixture, n_factors, mixture->rows);
      n_factors = 0;
    }
  n_factors = add_factors (mixture, n_factors, params->up, mixture->rows, mixture->up);
  run_factors (mixture, n_factors, mixture->rows);
  collate_pool_run (pool, gate_numbers, mixture, n * params->hidden, COLLATE_GRAIN);
  n_factors = add_factors (mixture, 0, params->down, mixture->gates, mixture->rows);
  run_factors (mixture, n_factors, mixture->gates);
  collate_pool_run (pool, add_tokens, mixture, mixture->n_tokens, collate_cpu_get_grain (params->width));
}

static gboolean
reserve (Mixture *mixture, gint64 n_choices, GError **error)
{
  const CollateExperts *params = mixture->params;
  gint64 columns = MAX (params->width, params->hidden);

  if (!collate_cpu_reserve_rows (mixture->cpu, n_choices, columns, error))
    return FALSE;
  mixture->rows =
      collate_cpu_reserve_partials (mixture->cpu, n_choices * (params->width + 2 * params->hidden), error);
  if (mixture->rows == NULL)
    return FALSE;
  mixture->gates = mixture->rows + n_choices * params->width;
  mixture->up = mixture->gates + n_choices * params->hidden;
  return TRUE;
}

void
collate_cpu_experts (CollateDevice *device, const CollateExperts *params)
{
  CollateCpuDevice *cpu = (CollateCpuDevice *) device;
  gint64 n_choices = MIN (params->n_tokens, COLLATE_PANEL_TOKENS) * params->n_used;
  g_autofree gint64 *ends = g_new (gint64, params->n_experts), *slots = g_new (gint64, n_choices);
  g_autofree CollateFactor *factors = g_new (CollateFactor, 2 * MIN (params->n_experts, n_choices));
  Mixture mixture = { .cpu = cpu, .params = params, .ends = ends, .slots = slots, .factors = factors };

  if (cpu->error != NULL || !reserve (&mixture, n_choices, &cpu->error))
    return;
  for (gint64 t = 0; t < params->n_tokens; t += COLLATE_PANEL_TOKENS)
    {
      mixture.first_token = t;
      mixture.n_tokens = MIN (params->n_tokens - t, COLLATE_PANEL_TOKENS);
      mixture.experts = collate_place_get_ints (params->experts) + t * params->n_used;
      mixture.shares = collate_place_get (params->shares) + t * params->n_used;
      mix_tokens (&mixture);
    }
}
