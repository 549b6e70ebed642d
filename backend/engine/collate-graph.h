/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-activations.h"

G_BEGIN_DECLS

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

G_END_DECLS
