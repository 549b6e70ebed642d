/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-graph.h"

G_BEGIN_DECLS

/* What the files of the graph share: a chunk on its way through the layers, and kernels with their parameters spelled
 * out. */

typedef struct
{
  CollateEngineModel *model;
  const CollateEngineReading *reading;
  const CollateActivations *at;
  gint64 n_tokens;
  gint64 position;
} CollatePass;

static inline CollateProduct
collate_product (const CollateWeight *weight, const CollateWeight *bias, CollatePlace out)
{
  return (CollateProduct){ .weight = weight, .bias = bias, .out = out };
}

/* So many numbers of four bytes on. */
static inline CollatePlace
collate_place_skip (CollatePlace place, gint64 n_numbers)
{
  place.offset += (gsize) n_numbers * sizeof (float);
  return place;
}

/* n_parts vectors of a token, each normed by itself; an architecture without this norm has no weight for it. */
void collate_graph_norm (const CollatePass *pass,
                         CollatePlace in,
                         const CollateWeight *weight,
                         gint64 n_parts,
                         gint64 columns,
                         CollatePlace out);

void collate_graph_multiply (const CollatePass *pass,
                             CollatePlace in,
                             gsize n_products,
                             const CollateProduct *products);

/* Adds the product to the residual stream. */
void collate_graph_add (const CollatePass *pass, CollatePlace in, const CollateWeight *weight);

/* Attention's two halves: queries, and keys and values in their caches; and what they add to the stream. A `layer` by its
 * number. */
void collate_graph_look (const CollatePass *pass, gint64 layer);
void collate_graph_attend (const CollatePass *pass, gint64 layer);

/* Tokens' numbers → out. */
void collate_graph_embed (const CollatePass *pass, const gint32 *tokens, CollatePlace out);

/* What the layer adds to the stream of the last tokens alone, of which there are so many: nobody looks at the others. */
void collate_graph_answer_last (const CollatePass *pass, gint64 layer, gint64 n_wanted);

G_END_DECLS
