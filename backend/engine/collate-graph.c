/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-graph.h"

/* The forward pass of a transformer as Llama and Qwen have it, read from top to bottom, one kernel a line. The helpers
 * only spell out the kernels' parameters. */

typedef struct
{
  CollateEngineModel *model;
  gint64 n_tokens;
  gint64 position;
} Pass;

static void
embed (const Pass *pass, const gint32 *tokens, CollatePlace out)
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

/* n_parts vectors of a token, each normed by itself; an architecture without this norm has no weight for it. */
static void
norm (const Pass *pass,
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

static CollateProduct
product (const CollateWeight *weight, const CollateWeight *bias, CollatePlace out)
{
  return (CollateProduct){ .weight = weight, .bias = bias, .out = out };
}

static void
multiply (const Pass *pass, CollatePlace in, gsize n_products, const CollateProduct *products)
{
  CollateDevice *device = pass->model->device;
  CollateMatmul params = { .in = in, .n_tokens = pass->n_tokens, .n_products = n_products };

  for (gsize i = 0; i < n_products; i++)
    params.products[i] = products[i];
  device->kernels->matmul (device, &params);
}

/* Adds the product to the residual stream. */
static void
add (const Pass *pass, CollatePlace in, const CollateWeight *weight, CollatePlace stream)
{
  CollateDevice *device = pass->model->device;

  device->kernels->matmul (device,
                           &(CollateMatmul){
                               .in = in,
                               .n_tokens = pass->n_tokens,
                               .accumulate = TRUE,
                               .n_products = 1,
                               .products = { product (weight, NULL, stream) },
                           });
}

static void
rotate (const Pass *pass, CollatePlace heads, gint64 n_heads)
{
  const CollateShape *shape = &pass->model->shape;
  CollateDevice *device = pass->model->device;

  device->kernels->rope (device,
                         &(CollateRope){
                             .heads = heads,
                             .frequencies = pass->model->frequencies,
                             .n_tokens = pass->n_tokens,
                             .n_heads = n_heads,
                             .head_size = shape->head_size,
                             .n_rotated = shape->n_rotated,
                             .stride = n_heads * shape->head_size,
                             .position = pass->position,
                             .interleaved = shape->interleaved,
                         });
}

static void
store (const Pass *pass,
       CollatePlace keys,
       CollatePlace values,
       CollatePlace key_cache,
       CollatePlace value_cache)
{
  const CollateShape *shape = &pass->model->shape;
  CollateDevice *device = pass->model->device;

  device->kernels->store (device,
                          &(CollateStore){
                              .keys = keys,
                              .values = values,
                              .key_cache = key_cache,
                              .value_cache = value_cache,
                              .n_tokens = pass->n_tokens,
                              .n_columns = shape->n_kv_heads * shape->head_size,
                              .stride = shape->n_kv_heads * shape->head_size,
                              .position = pass->position,
                          });
}

static void
attend (const Pass *pass,
        CollatePlace queries,
        CollatePlace key_cache,
        CollatePlace value_cache,
        CollatePlace out)
{
  const CollateShape *shape = &pass->model->shape;
  CollateDevice *device = pass->model->device;

  device->kernels->attention (device,
                              &(CollateAttention){
                                  .queries = queries,
                                  .key_cache = key_cache,
                                  .value_cache = value_cache,
                                  .out = out,
                                  .n_tokens = pass->n_tokens,
                                  .n_heads = shape->n_heads,
                                  .n_kv_heads = shape->n_kv_heads,
                                  .head_size = shape->head_size,
                                  .stride = shape->n_heads * shape->head_size,
                                  .position = pass->position,
                                  .scale = shape->attention_scale,
                              });
}

/* `gate` becomes silu (gate) * up. */
static void
activate (const Pass *pass, CollatePlace gate, CollatePlace up)
{
  CollateDevice *device = pass->model->device;

  device->kernels->swiglu (device,
                           &(CollateSwiglu){
                               .gate = gate,
                               .up = up,
                               .out = gate,
                               .n = pass->n_tokens * pass->model->shape.hidden,
                           });
}

/* Queries, and keys and values in their caches. */
static void
look (const Pass *pass, const CollateLayer *layer, const CollateActivations *at, gint64 n)
{
  const CollateShape *shape = &pass->model->shape;
  const CollateProduct products[] = {
    product (layer->query, layer->query_bias, at->query),
    product (layer->key, layer->key_bias, at->key),
    product (layer->value, layer->value_bias, at->value),
  };

  norm (pass, at->stream, layer->attention_norm, 1, shape->width, at->normed);
  multiply (pass, at->normed, G_N_ELEMENTS (products), products);
  norm (pass, at->query, layer->query_norm, shape->n_heads, shape->head_size, at->query);
  norm (pass, at->key, layer->key_norm, shape->n_kv_heads, shape->head_size, at->key);
  rotate (pass, at->query, shape->n_heads);
  rotate (pass, at->key, shape->n_kv_heads);
  store (pass, at->key, at->value, at->key_caches[n], at->value_caches[n]);
}

/* What the layer adds to the stream. */
static void
answer (const Pass *pass, const CollateLayer *layer, const CollateActivations *at, gint64 n)
{
  const CollateProduct products[] = {
    product (layer->gate, NULL, at->gate),
    product (layer->up, NULL, at->up),
  };

  attend (pass, at->query, at->key_caches[n], at->value_caches[n], at->heads);
  add (pass, at->heads, layer->attention_out, at->stream);

  norm (pass, at->stream, layer->hidden_norm, 1, pass->model->shape.width, at->normed);
  multiply (pass, at->normed, G_N_ELEMENTS (products), products);
  activate (pass, at->gate, at->up);
  add (pass, at->gate, layer->down, at->stream);
}

static CollatePlace
skip (CollatePlace rows, gint64 n_rows, gint64 columns)
{
  rows.offset += n_rows * columns * sizeof (float);
  return rows;
}

/* The last layer's answer, for the last tokens alone: nobody looks at the others. */
static void
answer_last (const Pass *pass,
             const CollateLayer *layer,
             const CollateActivations *at,
             gint64 n,
             gint64 n_wanted)
{
  const CollateShape *shape = &pass->model->shape;
  gint64 n_skipped = pass->n_tokens - n_wanted;
  Pass rest = { pass->model, n_wanted, pass->position + n_skipped };
  CollateActivations from = *at;

  from.stream = skip (at->stream, n_skipped, shape->width);
  from.query = skip (at->query, n_skipped, shape->n_heads * shape->head_size);
  if (n_wanted > 0)
    answer (&rest, layer, &from, n);
}

void
collate_graph_forward (CollateEngineModel *model,
                       const CollateActivations *at,
                       const gint32 *tokens,
                       gint64 n_tokens,
                       gint64 position,
                       gint64 n_wanted)
{
  Pass pass = { model, n_tokens, position };
  gint64 last = model->shape.n_layers - 1;

  embed (&pass, tokens, at->stream);
  for (gint64 i = 0; i < last; i++)
    {
      look (&pass, &model->layers[i], at, i);
      answer (&pass, &model->layers[i], at, i);
    }
  look (&pass, &model->layers[last], at, last);
  answer_last (&pass, &model->layers[last], at, last, n_wanted);
}

void
collate_graph_logits (CollateEngineModel *model,
                      const CollateActivations *at,
                      gint64 first,
                      gint64 n_tokens,
                      CollatePlace out)
{
  Pass pass = { model, n_tokens, 0 };
  CollateProduct logits = product (model->output, NULL, out);

  norm (&pass, skip (at->stream, first, model->shape.width), model->norm, 1, model->shape.width, at->normed);
  multiply (&pass, at->normed, 1, &logits);
}
