/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-graph.h"

#include "engine/collate-graph-steps.h"

/* The forward pass of a transformer as Llama, Qwen and DeepSeek have it, read from top to bottom, one kernel a line:
 * attention (collate-graph-attention.c), then a feed-forward network or experts. */

void
collate_graph_norm (const CollatePass *pass,
                    CollatePlace in,
                    const CollateWeight *weight,
                    gint64 n_parts,
                    gint64 columns,
                    CollatePlace out)
{
  CollateDevice *device = pass->model->device;

  if (weight)
    device->kernels->rms_norm (device,
                               &(CollateRmsNorm){
                                   .in = in,
                                   .out = out,
                                   .weight = weight,
                                   .n_rows = pass->n_tokens * n_parts,
                                   .columns = columns,
                                   .epsilon = pass->model->shape.epsilon,
                               });
}

void
collate_graph_multiply (const CollatePass *pass,
                        CollatePlace in,
                        gsize n_products,
                        const CollateProduct *products)
{
  CollateDevice *device = pass->model->device;
  CollateMatmul params = { .in = in, .n_tokens = pass->n_tokens, .n_products = n_products };

  for (gsize i = 0; i < n_products; i++)
    params.products[i] = products[i];
  device->kernels->matmul (device, &params);
}

void
collate_graph_add (const CollatePass *pass, CollatePlace in, const CollateWeight *weight)
{
  CollateDevice *device = pass->model->device;

  device->kernels->matmul (device,
                           &(CollateMatmul){
                               .in = in,
                               .n_tokens = pass->n_tokens,
                               .accumulate = TRUE,
                               .n_products = 1,
                               .products = { collate_product (weight, NULL, pass->at->stream) },
                           });
}

void
collate_graph_embed (const CollatePass *pass, const gint32 *tokens, CollatePlace out)
{
  CollateDevice *device = pass->model->device;

  device->kernels->embed (device,
                          &(CollateEmbed){
                              .table = pass->model->embedding,
                              .ids = tokens,
                              .out = out,
                              .n_tokens = pass->n_tokens,
                          });
}

/* `gate` becomes silu (gate) * up. */
static void
activate (const CollatePass *pass, gint64 hidden)
{
  const CollateActivations *at = pass->at;
  CollateDevice *device = pass->model->device;

  device->kernels->swiglu (device,
                           &(CollateSwiglu){
                               .gate = at->gate,
                               .up = at->up,
                               .out = at->gate,
                               .n = pass->n_tokens * hidden,
                           });
}

static void
choose_experts (const CollatePass *pass, const CollateLayer *layer)
{
  const CollateExpertsShape *experts = &pass->model->shape.experts;
  const CollateActivations *at = pass->at;
  CollateDevice *device = pass->model->device;

  device->kernels->route (device,
                          &(CollateRoute){
                              .logits = at->route,
                              .bias = layer->route_bias,
                              .experts = at->experts,
                              .shares = at->shares,
                              .n_tokens = pass->n_tokens,
                              .n_experts = experts->n_experts,
                              .n_used = experts->n_used,
                              .n_groups = experts->n_groups,
                              .n_groups_used = experts->n_groups_used,
                              .gating = experts->gating,
                              .normalised = experts->normalised,
                              .scale = experts->scale,
                          });
}

static void
add_experts (const CollatePass *pass, const CollateLayer *layer)
{
  const CollateShape *shape = &pass->model->shape;
  const CollateActivations *at = pass->at;
  CollateDevice *device = pass->model->device;

  device->kernels->experts (device,
                            &(CollateExperts){
                                .in = at->normed,
                                .out = at->stream,
                                .experts = at->experts,
                                .shares = at->shares,
                                .gate = layer->experts_gate,
                                .up = layer->experts_up,
                                .down = layer->experts_down,
                                .n_tokens = pass->n_tokens,
                                .n_experts = shape->experts.n_experts,
                                .n_used = shape->experts.n_used,
                                .width = shape->width,
                                .hidden = shape->experts.hidden,
                            });
}

/* The feed-forward network, or the experts and those that all tokens share. */
static void
think (const CollatePass *pass, gint64 n)
{
  const CollateShape *shape = &pass->model->shape;
  const CollateLayer *layer = &pass->model->layers[n];
  const CollateActivations *at = pass->at;
  gint64 hidden = layer->route ? shape->experts.n_shared * shape->experts.hidden : shape->hidden;
  const CollateProduct products[] = {
    collate_product (layer->gate, NULL, at->gate),
    collate_product (layer->up, NULL, at->up),
  };
  const CollateProduct route = collate_product (layer->route, NULL, at->route);

  collate_graph_norm (pass, at->stream, layer->hidden_norm, 1, shape->width, at->normed);
  if (layer->route)
    {
      collate_graph_multiply (pass, at->normed, 1, &route);
      choose_experts (pass, layer);
      add_experts (pass, layer);
    }
  if (layer->gate)
    {
      collate_graph_multiply (pass, at->normed, G_N_ELEMENTS (products), products);
      activate (pass, hidden);
      collate_graph_add (pass, at->gate, layer->down);
    }
}

void
collate_graph_answer_last (const CollatePass *pass, gint64 n, gint64 n_wanted)
{
  const CollateShape *shape = &pass->model->shape;
  const CollateIndexShape *index = &shape->index;
  gint64 n_skipped = pass->n_tokens - n_wanted;
  CollateActivations from = *pass->at;
  CollatePass rest = { pass->model, pass->reading, &from, n_wanted, pass->position + n_skipped };

  if (n_wanted == 0)
    return;
  from.stream = collate_place_skip (from.stream, n_skipped * shape->width);
  from.query = collate_place_skip (from.query, n_skipped * shape->n_heads * shape->head_size);
  from.absorbed = collate_place_skip (from.absorbed, n_skipped * shape->n_heads * shape->head_size);
  from.index_query = collate_place_skip (from.index_query, n_skipped * index->n_heads * index->size);
  from.index_weights = collate_place_skip (from.index_weights, n_skipped * index->n_heads);
  from.selected = collate_place_skip (from.selected, n_skipped * pass->reading->top_k);
  collate_graph_attend (&rest, n);
  think (&rest, n);
}

void
collate_graph_forward (CollateEngineModel *model,
                       const CollateEngineReading *reading,
                       const CollateActivations *at,
                       const gint32 *tokens,
                       gint64 n_tokens,
                       gint64 position,
                       gint64 n_wanted)
{
  CollatePass pass = { model, reading, at, n_tokens, position };
  gint64 last = model->shape.n_layers - 1;

  collate_graph_embed (&pass, tokens, at->stream);
  for (gint64 i = 0; i < last; i++)
    {
      collate_graph_look (&pass, i);
      collate_graph_attend (&pass, i);
      think (&pass, i);
    }
  collate_graph_look (&pass, last);
  collate_graph_answer_last (&pass, last, n_wanted);
}

void
collate_graph_logits (CollateEngineModel *model,
                      const CollateActivations *at,
                      gint64 first,
                      gint64 n_tokens,
                      CollatePlace out)
{
  CollatePass pass = { .model = model, .at = at, .n_tokens = n_tokens };
  CollateProduct logits = collate_product (model->output, NULL, out);
  gint64 width = model->shape.width;

  collate_graph_norm (
      &pass, collate_place_skip (at->stream, first * width), model->norm, 1, width, at->normed);
  collate_graph_multiply (&pass, at->normed, 1, &logits);
}
