/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-activations.h"

G_BEGIN_DECLS

/* Attention in a layer; its tokens, their position and what is selected for them are left to the caller. */
CollateAttention collate_graph_describe_attention (CollateEngineModel *model,
                                                   const CollateActivations *at,
                                                   gint64 layer);

/* All of these record kernels: between the device's begin() and end(), under the model's lock. */

/* Computes a chunk of tokens, whose first is at `position`, and writes its keys and values into the caches. Logits can
 * be had of the last `n_wanted` tokens: what is for them alone is not computed for the others. */
void collate_graph_forward (CollateEngineModel *model,
                            const CollateEngineReading *reading,
                            const CollateActivations *at,
                            const gint32 *tokens,
                            gint64 n_tokens,
                            gint64 position,
                            gint64 n_wanted);

/* The logits after the chunk's tokens from `first` on, which are among those wanted → out [n_tokens][n_vocabulary]. */
void collate_graph_logits (CollateEngineModel *model,
                           const CollateActivations *at,
                           gint64 first,
                           gint64 n_tokens,
                           CollatePlace out);

/* What the network made of the last `n_tokens` tokens of the chunk, all of which were wanted → at->hidden, from the row
 * `first` on. */
void collate_graph_keep (CollateEngineModel *model,
                         const CollateActivations *at,
                         gint64 n_chunk,
                         gint64 n_tokens,
                         gint64 first);

/* Multi-token prediction (arXiv:2412.19437, section 2.2): each row of at->hidden, the first one of `position`, with the
 * token after it gives what predicts the token after that one. What the network made of the last of the `n_chunk` tokens
 * before goes to at->hidden where that is not 0. The logits of the last row → out [n_vocabulary]; (nullable). */
void collate_graph_draft (CollateEngineModel *model,
                          const CollateActivations *at,
                          const gint32 *tokens,
                          gint64 n_tokens,
                          gint64 position,
                          gint64 n_chunk,
                          CollatePlace out);

G_END_DECLS
