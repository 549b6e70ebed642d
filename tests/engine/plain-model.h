/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the engine is held against: a model file's logits by the definition alone, in double precision, without caches,
 * chunks or devices. As slow as it is plain. */

/* The logits after each token, [n_tokens][*n_vocabulary], where each reads all before it (top_k 0), or the best so many by
 * the bounds of pages; (transfer full). */
double *plain_model_run (const char *path,
                         const gint32 *tokens,
                         gsize n_tokens,
                         gsize top_k,
                         gsize *n_vocabulary);

G_END_DECLS
