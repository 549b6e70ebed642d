/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "engine/collate-graph-steps.h"

/* Attention in the graph: of grouped queries, or latent, in its absorbed form, whose row in the cache is key and value of
 * all heads (arXiv:2405.04434, section 2.1); and before it, in sparse attention, the choice of what each token reads. */

/* Of the norm of index keys: in no file, but so in DeepSeek-V3.2-Exp (inference/model.py). */
#define INDEX_EPSILON 1e-6f

/* What is read in any case where there is nothing trained to choose by: the beginning, which many heads lean on, and what was
 * just said; no page that is still being written lies outside of it. */
#define FIRST_KEYS 4
#define LAST_KEYS (4 * COLLATE_PAGE)

static void
rotate (const CollatePass *pass, CollatePlace heads, gint64 n_heads, gint64 head_size, gboolean interleaved)
{
  const CollateShape *shape = &pass->model->shape;
  CollateDevice *device = pass->model->device;

  device->kernels->rope (device,
                         &(CollateRope){
                             .heads = heads,
                             .frequencies = pass->model->frequencies,
                             .n_tokens = pass->n_tokens,
                             .n_heads = n_heads,
                             .head_size = head_size,
                             .n_rotated = shape->n_rotated,
                             .stride = n_heads * head_size,
                             .position = pass->position,
                             .interleaved = interleaved,
                             .magnitude = shape->rotation_scale,
                         });
}

static void
store (const CollatePass *pass,
       CollatePlace keys,
       CollatePlace values,
       CollatePlace key_cache,
       CollatePlace value_cache,
       gint64 n_columns)
{
  CollateDevice *device = pass->model->device;

  device->kernels->store (device,
                          &(CollateStore){
                              .keys = keys,
                              .values = values,
                              .key_cache = key_cache,
                              .value_cache = value_cache,
                              .n_tokens = pass->n_tokens,
                              .n_columns = n_columns,
                              .stride = n_columns,
                              .position = pass->position,
                          });
}

static void
look_grouped (const CollatePass *pass, const CollateLayer *layer, gint64 n)
{
  const CollateShape *shape = &pass->model->shape;
  const CollateActivations *at = pass->at;
  const CollateProduct products[] = {
    collate_product (layer->query, layer->query_bias, at->query),
    collate_product (layer->key, layer->key_bias, at->key),
    collate_product (layer->value, layer->value_bias, at->value),
  };

  collate_graph_multiply (pass, at->normed, G_N_ELEMENTS (products), products);
  collate_graph_norm (pass, at->query, layer->query_norm, shape->n_heads, shape->head_size, at->query);
  collate_graph_norm (pass, at->key, layer->key_norm, shape->n_kv_heads, shape->head_size, at->key);
  rotate (pass, at->query, shape->n_heads, shape->head_size, shape->interleaved);
  rotate (pass, at->key, shape->n_kv_heads, shape->head_size, shape->interleaved);
  store (
      pass, at->key, at->value, at->key_caches[n], at->value_caches[n], shape->n_kv_heads * shape->head_size);
}

/* The latent numbers alone are normed; its last ones are rotated. */
static void
look_at_latent (const CollatePass *pass, const CollateLayer *layer, gint64 n)
{
  const CollateShape *shape = &pass->model->shape;
  const CollateActivations *at = pass->at;
  CollateDevice *device = pass->model->device;
  gint64 rank = shape->latent.rank;

  device->kernels->rms_norm (device,
                             &(CollateRmsNorm){
                                 .in = at->key,
                                 .out = at->key,
                                 .weight = layer->latent_norm,
                                 .n_rows = pass->n_tokens,
                                 .columns = rank,
                                 .in_stride = shape->head_size,
                                 .out_stride = shape->head_size,
                                 .epsilon = shape->epsilon,
                             });
  rotate (pass, collate_place_skip (at->key, rank), 1, shape->head_size, shape->interleaved);
  store (pass, at->key, (CollatePlace){ NULL }, at->key_caches[n], (CollatePlace){ NULL }, shape->head_size);
}

/* Queries as latent rows are compared with: each head's plain numbers through the weights that would have made its key, and
 * its rotated ones. */
static void
absorb (const CollatePass *pass, const CollateLayer *layer)
{
  const CollateShape *shape = &pass->model->shape;
  const CollateActivations *at = pass->at;
  CollateDevice *device = pass->model->device;
  gint64 size = shape->latent.n_plain + shape->n_rotated;

  device->kernels->grouped_matmul (device,
                                   &(CollateGroupedMatmul){
                                       .in = at->query,
                                       .out = at->absorbed,
                                       .weight = layer->absorb,
                                       .n_tokens = pass->n_tokens,
                                       .n_groups = shape->n_heads,
                                       .in_stride = shape->n_heads * size,
                                       .in_group_stride = size,
                                       .out_stride = shape->n_heads * shape->head_size,
                                       .out_group_stride = shape->head_size,
                                   });
  device->kernels->rope (device,
                         &(CollateRope){
                             .heads = collate_place_skip (at->query, shape->latent.n_plain),
                             .frequencies = pass->model->frequencies,
                             .n_tokens = pass->n_tokens,
                             .n_heads = shape->n_heads,
                             .head_size = size,
                             .n_rotated = shape->n_rotated,
                             .stride = shape->n_heads * size,
                             .position = pass->position,
                             .interleaved = shape->interleaved,
                             .magnitude = shape->rotation_scale,
                             .out = collate_place_skip (at->absorbed, shape->latent.rank),
                             .out_head_size = shape->head_size,
                             .out_stride = shape->n_heads * shape->head_size,
                         });
}

static void
look_latent (const CollatePass *pass, const CollateLayer *layer, gint64 n)
{
  const CollateShape *shape = &pass->model->shape;
  const CollateActivations *at = pass->at;
  gboolean low_rank = shape->latent.query_rank > 0;
  const CollateProduct products[] = {
    collate_product (layer->latent, NULL, at->key),
    low_rank ? collate_product (layer->query_down, NULL, at->query_rank)
             : collate_product (layer->query, NULL, at->query),
  };
  const CollateProduct query = collate_product (layer->query, NULL, at->query);

  collate_graph_multiply (pass, at->normed, G_N_ELEMENTS (products), products);
  if (low_rank)
    {
      collate_graph_norm (
          pass, at->query_rank, layer->latent_query_norm, 1, shape->latent.query_rank, at->query_rank);
      collate_graph_multiply (pass, at->query_rank, 1, &query);
    }
  look_at_latent (pass, layer, n);
  absorb (pass, layer);
}

/* A Hadamard matrix on both sides changes no product; it spreads what stands out before eight bits are left of it. */
static void
spread (const CollatePass *pass, CollatePlace rows, gint64 n_rows)
{
  CollateDevice *device = pass->model->device;

  device->kernels->hadamard (device,
                             &(CollateHadamard){
                                 .rows = rows,
                                 .n_rows = pass->n_tokens * n_rows,
                                 .columns = pass->model->shape.index.size,
                             });
}

static void
store_index_keys (const CollatePass *pass, gint64 n)
{
  const CollateActivations *at = pass->at;
  gint64 size = pass->model->shape.index.size;
  CollateDevice *device = pass->model->device;

  if (!pass->reading->narrow_index)
    {
      store (pass, at->index_key, (CollatePlace){ NULL }, at->indexes[n], (CollatePlace){ NULL }, size);
      return;
    }
  spread (pass, at->index_key, 1);
  device->kernels->store_bytes (device,
                                &(CollateStoreBytes){
                                    .keys = at->index_key,
                                    .cache = at->indexes[n],
                                    .scales = at->index_scales[n],
                                    .n_tokens = pass->n_tokens,
                                    .n_columns = size,
                                    .position = pass->position,
                                });
}

/* TRUE where some token of the chunk sees more than it reads. */
static gboolean
has_to_choose (const CollatePass *pass)
{
  return pass->reading->sparse && pass->position + pass->n_tokens > pass->reading->top_k;
}

/* The indexer's queries and weights, and its keys, which later tokens choose by even where these tokens read all. */
static void
look_by_indexer (const CollatePass *pass, const CollateLayer *layer, gint64 n)
{
  const CollateIndexShape *index = &pass->model->shape.index;
  const CollateActivations *at = pass->at;
  CollateDevice *device = pass->model->device;
  const CollateProduct products[] = {
    collate_product (layer->index_key, NULL, at->index_key),
    collate_product (layer->index_weights, NULL, at->index_weights),
  };
  const CollateProduct query = collate_product (layer->index_query, NULL, at->index_query);

  collate_graph_multiply (pass, at->normed, has_to_choose (pass) ? 2 : 1, products);
  device->kernels->layer_norm (device,
                               &(CollateLayerNorm){
                                   .in = at->index_key,
                                   .out = at->index_key,
                                   .weight = layer->index_norm,
                                   .bias = layer->index_norm_bias,
                                   .n_rows = pass->n_tokens,
                                   .columns = index->size,
                                   .epsilon = INDEX_EPSILON,
                               });
  rotate (pass, at->index_key, 1, index->size, index->interleaved);
  store_index_keys (pass, n);
  if (!has_to_choose (pass))
    return;
  collate_graph_multiply (pass, at->query_rank, 1, &query);
  rotate (pass, at->index_query, index->n_heads, index->size, index->interleaved);
  if (pass->reading->narrow_index)
    spread (pass, at->index_query, index->n_heads);
}

static void
bound_pages (const CollatePass *pass, gint64 n)
{
  const CollateShape *shape = &pass->model->shape;
  CollateDevice *device = pass->model->device;

  device->kernels->bound (device,
                          &(CollateBound){
                              .key_cache = pass->at->key_caches[n],
                              .bounds = pass->at->indexes[n],
                              .n_tokens = pass->n_tokens,
                              .n_columns = shape->n_kv_heads * shape->head_size,
                              .position = pass->position,
                          });
}

void
collate_graph_look (const CollatePass *pass, gint64 n)
{
  const CollateShape *shape = &pass->model->shape;
  const CollateLayer *layer = &pass->model->layers[n];
  const CollateActivations *at = pass->at;

  collate_graph_norm (pass, at->stream, layer->attention_norm, 1, shape->width, at->normed);
  if (shape->latent.rank > 0)
    look_latent (pass, layer, n);
  else
    look_grouped (pass, layer, n);

  if (!pass->reading->sparse || n >= shape->n_layers)
    return;
  if (layer->index_query)
    look_by_indexer (pass, layer, n);
  else if (shape->index.n_heads == 0)
    bound_pages (pass, n);
}

static CollateIndex
index_by_indexer (const CollatePass *pass, gint64 n)
{
  const CollateIndexShape *index = &pass->model->shape.index;
  const CollateActivations *at = pass->at;

  return (CollateIndex){
    .queries = at->index_query,
    .weights = at->index_weights,
    .keys = at->indexes[n],
    .scales = at->index_scales[n],
    .n_heads = index->n_heads,
    .head_size = index->size,
    .page = 1,
    .scale = 1 / sqrtf ((float) (index->n_heads * index->size)),
  };
}

static CollateIndex
index_by_bounds (const CollatePass *pass, CollatePlace queries, gint64 n)
{
  const CollateShape *shape = &pass->model->shape;
  const CollateActivations *at = pass->at;
  CollateDevice *device = pass->model->device;

  device->kernels->sum_signs (device,
                              &(CollateSumSigns){
                                  .queries = queries,
                                  .out = at->index_query,
                                  .n_tokens = pass->n_tokens,
                                  .n_heads = shape->n_heads,
                                  .n_kv_heads = shape->n_kv_heads,
                                  .head_size = shape->head_size,
                                  .stride = shape->n_heads * shape->head_size,
                              });
  return (CollateIndex){
    .queries = at->index_query,
    .keys = at->indexes[n],
    .n_heads = 1,
    .head_size = 2 * shape->n_kv_heads * shape->head_size,
    .page = COLLATE_PAGE,
    .scale = 1,
  };
}

/* Scores the keys, for as many tokens at once as there is room for, and selects the best. */
static void
choose (const CollatePass *pass, CollateIndex index)
{
  const CollateActivations *at = pass->at;
  CollateDevice *device = pass->model->device;
  CollatePlace queries = index.queries, weights = index.weights;
  gint64 end = pass->position + pass->n_tokens;

  index.scores = at->scores;
  index.scores_stride = (end - 1) / index.page + 1;
  for (gint64 first = 0; first < pass->n_tokens; first += at->n_scored)
    {
      index.n_tokens = MIN (at->n_scored, pass->n_tokens - first);
      index.position = pass->position + first;
      index.queries = collate_place_skip (queries, first * index.n_heads * index.head_size);
      if (weights.buffer)
        index.weights = collate_place_skip (weights, first * index.n_heads);
      device->kernels->index (device, &index);
      device->kernels->select (
          device,
          &(CollateSelect){
              .scores = at->scores,
              .selected = collate_place_skip (at->selected, first * pass->reading->top_k),
              .n_tokens = index.n_tokens,
              .k = pass->reading->top_k,
              .position = index.position,
              .page = index.page,
              .scores_stride = index.scores_stride,
              .n_first = index.page > 1 ? FIRST_KEYS : 0,
              .n_last = index.page > 1 ? LAST_KEYS : 0,
          });
    }
}

CollateAttention
collate_graph_describe_attention (CollateEngineModel *model, const CollateActivations *at, gint64 layer)
{
  const CollateShape *shape = &model->shape;
  gboolean latent = shape->latent.rank > 0;

  return (CollateAttention){
    .queries = latent ? at->absorbed : at->query,
    .key_cache = at->key_caches[layer],
    .value_cache = latent ? at->key_caches[layer] : at->value_caches[layer],
    .out = at->heads,
    .n_heads = shape->n_heads,
    .n_kv_heads = shape->n_kv_heads,
    .head_size = shape->head_size,
    .stride = shape->n_heads * shape->head_size,
    .value_size = shape->value_size,
    .value_stride = latent ? shape->head_size : 0,
    .scale = shape->attention_scale,
  };
}

void
collate_graph_attend (const CollatePass *pass, gint64 n)
{
  const CollateShape *shape = &pass->model->shape;
  const CollateLayer *layer = &pass->model->layers[n];
  const CollateActivations *at = pass->at;
  CollateDevice *device = pass->model->device;
  CollateAttention attention = collate_graph_describe_attention (pass->model, at, n);
  gboolean latent = shape->latent.rank > 0;
  gboolean sparse = n < shape->n_layers && has_to_choose (pass);

  if (sparse && layer->index_query)
    choose (pass, index_by_indexer (pass, n));
  else if (sparse && shape->index.n_heads == 0)
    choose (pass, index_by_bounds (pass, attention.queries, n));

  attention.n_tokens = pass->n_tokens;
  attention.position = pass->position;
  attention.selected = sparse ? at->selected : (CollatePlace){ NULL };
  attention.n_selected = pass->reading->top_k;
  attention.n_dense = at->n_dense;
  device->kernels->attention (device, &attention);
  if (latent)
    device->kernels->grouped_matmul (device,
                                     &(CollateGroupedMatmul){
                                         .in = at->heads,
                                         .out = at->expanded,
                                         .weight = layer->expand,
                                         .n_tokens = pass->n_tokens,
                                         .n_groups = shape->n_heads,
                                         .in_stride = shape->n_heads * shape->value_size,
                                         .in_group_stride = shape->value_size,
                                         .out_stride = shape->n_heads * shape->latent.out_size,
                                         .out_group_stride = shape->latent.out_size,
                                     });
  collate_graph_add (pass, latent ? at->expanded : at->heads, layer->attention_out);
}
