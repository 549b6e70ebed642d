/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-product.h"

/* Products as the graph asks for them, some tokens at a time. */

/* The same tokens go through all factors. */
static void
run_shared (CollateProductJob *job, const CollateMatmul *params, gint64 in_stride)
{
  const CollateStrips *strips = &job->factors[0].strips;

  for (gint64 t = 0; t < params->n_tokens; t += COLLATE_PANEL_TOKENS)
    {
      const float *in = collate_place_get (params->in) + t * in_stride;
      gint64 n_tokens = MIN (params->n_tokens - t, COLLATE_PANEL_TOKENS);

      if (collate_strips_have_quants (strips))
        collate_product_quantize (job->cpu, strips, in, in_stride, n_tokens, 0);
      for (gsize i = 0; i < job->n_factors; i++)
        {
          job->factors[i].in = in;
          job->factors[i].n_tokens = n_tokens;
        }
      collate_product_run (job);
      for (gsize i = 0; i < job->n_factors; i++)
        job->factors[i].out += n_tokens * job->factors[i].out_stride;
    }
}

/* Neighbours that are alike go together. */
void
collate_cpu_matmul (CollateDevice *device, const CollateMatmul *params)
{
  CollateFactor factors[COLLATE_MOST_PRODUCTS];
  CollateProductJob job = {
    .cpu = (CollateCpuDevice *) device,
    .factors = factors,
    .accumulate = params->accumulate,
  };
  gint64 columns = params->products[0].weight->strips.columns;
  gint64 in_stride = params->in_stride != 0 ? params->in_stride : columns;

  for (gsize i = 0; i < params->n_products; i++)
    {
      const CollateProduct *at = &params->products[i];
      const CollateStrips *strips = &at->weight->strips;

      if (job.n_factors > 0 && !collate_product_are_alike (&factors[0].strips, strips))
        {
          run_shared (&job, params, in_stride);
          job.n_factors = 0;
        }
      factors[job.n_factors++] = (CollateFactor){
        .strips = *strips,
        .tensor = at->weight->tensor,
        .bias = at->bias,
        .in_stride = in_stride,
        .out = collate_place_get (at->out),
        .out_stride = at->out_stride != 0 ? at->out_stride : strips->rows,
      };
    }
  run_shared (&job, params, in_stride);
}

/* Some tokens through the weights of all groups. */
static void
run_groups (CollateProductJob *job, const CollateGroupedMatmul *params, gint64 first_token, gint64 n_tokens)
{
  for (gint64 g = 0; g < params->n_groups; g++)
    {
      CollateFactor *factor = &job->factors[g];

      *factor = collate_product_get_group (params->weight, g);
      factor->in =
          collate_place_get (params->in) + first_token * params->in_stride + g * params->in_group_stride;
      factor->in_stride = params->in_stride;
      factor->first_row = g * n_tokens;
      factor->out =
          collate_place_get (params->out) + first_token * params->out_stride + g * params->out_group_stride;
      factor->out_stride = params->out_stride;
      factor->n_tokens = n_tokens;
      if (collate_strips_have_quants (&factor->strips))
        collate_product_quantize (
            job->cpu, &factor->strips, factor->in, factor->in_stride, n_tokens, factor->first_row);
    }
  collate_product_run (job);
}

void
collate_cpu_grouped_matmul (CollateDevice *device, const CollateGroupedMatmul *params)
{
  CollateCpuDevice *cpu = (CollateCpuDevice *) device;
  const CollateStrips *strips = &params->weight->strips;
  g_autofree CollateFactor *factors = g_new (CollateFactor, params->n_groups);
  CollateProductJob job = { .cpu = cpu, .factors = factors, .n_factors = (gsize) params->n_groups };
  gint64 n_rows = params->n_groups * MIN (params->n_tokens, COLLATE_PANEL_TOKENS);

  if (cpu->error != NULL || (collate_strips_have_quants (strips) &&
                             !collate_cpu_reserve_rows (cpu, n_rows, strips->columns, &cpu->error)))
    return;
  for (gint64 t = 0; t < params->n_tokens; t += COLLATE_PANEL_TOKENS)
    run_groups (&job, params, t, MIN (params->n_tokens - t, COLLATE_PANEL_TOKENS));
}
