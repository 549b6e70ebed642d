/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-graph-steps.h"

/* The layer that predicts one token further (arXiv:2412.19437, section 2.2), as DeepSeek's weights have it: the token's
 * embedding comes first, and what the network made of the token before is taken after the final norm. Its attention is
 * dense. */

static const CollateEngineReading dense = { FALSE };

/* `in` [n_tokens][width] → columns from `column` on of at->joined. */
static void
join (const CollatePass *pass, CollatePlace in, const CollateWeight *weight, gint64 column)
{
  gint64 width = pass->model->shape.width;
  CollateDevice *device = pass->model->device;

  device->kernels->rms_norm (device,
                             &(CollateRmsNorm){
                                 .in = in,
                                 .out = collate_place_skip (pass->at->joined, column),
                                 .weight = weight,
                                 .n_rows = pass->n_tokens,
                                 .columns = width,
                                 .out_stride = 2 * width,
                                 .epsilon = pass->model->shape.epsilon,
                             });
}

void
collate_graph_keep (CollateEngineModel *model,
                    const CollateActivations *at,
                    gint64 n_chunk,
                    gint64 n_tokens,
                    gint64 first)
{
  gint64 width = model->shape.width;
  CollatePass pass = { .model = model, .at = at, .n_tokens = n_tokens };

  collate_graph_norm (&pass,
                      collate_place_skip (at->stream, (n_chunk - n_tokens) * width),
                      model->norm,
                      1,
                      width,
                      collate_place_skip (at->hidden, first * width));
}

void
collate_graph_draft (CollateEngineModel *model,
                     const CollateActivations *at,
                     const gint32 *tokens,
                     gint64 n_tokens,
                     gint64 position,
                     gint64 n_chunk,
                     CollatePlace out)
{
  CollatePass pass = { model, &dense, at, n_tokens, position };
  gint64 n = model->shape.n_layers, width = model->shape.width;
  const CollateLayer *layer = &model->layers[n];
  const CollateProduct joined = collate_product (layer->draft_join, NULL, at->stream);
  const CollateProduct logits = collate_product (model->output, NULL, out);

  collate_graph_embed (&pass, tokens, at->normed);
  join (&pass, at->normed, layer->draft_token_norm, 0);
  join (&pass, at->hidden, layer->draft_stream_norm, width);
  if (n_chunk > 0)
    collate_graph_keep (model, at, n_chunk, 1, 0);
  collate_graph_multiply (&pass, at->joined, 1, &joined);

  collate_graph_look (&pass, n);
  if (!out.buffer)
    return;
  collate_graph_answer_last (&pass, n, 1);
  pass.n_tokens = 1;
  collate_graph_norm (&pass,
                      collate_place_skip (at->stream, (n_tokens - 1) * width),
                      layer->draft_norm ? layer->draft_norm : model->norm,
                      1,
                      width,
                      at->normed);
  collate_graph_multiply (&pass, at->normed, 1, &logits);
}
