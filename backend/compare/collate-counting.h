/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalogue/collate-model.h"
#include "documents/collate-library.h"

G_BEGIN_DECLS

/* Private to this room: how many tokens an input is. */

/* Counts texts (NULL-terminated, copied) in encodings (NULL-terminated names) on a thread. */
void collate_count_async (CollateEncodings *encodings,
                          const char *const *names,
                          const char *const *texts,
                          GAsyncReadyCallback callback,
                          gpointer user_data);

/* The sum over the texts for each name (char * to gint64 *; a name that is no encoding is not in it);
 * (transfer full). */
GHashTable *collate_count_finish (GAsyncResult *result);

/* The encoding that counts for a model: its own, or the default one. */
const char *collate_counting_encoding (CollateModel *model);

/* What a server will count for `tokens` of an encoding in a system message and a question: with what the chat format
 * adds, and scaled where the encoding is not the model's own. */
gint64 collate_counting_estimate (CollateModel *model,
                                  const char *encoding,
                                  gint64 tokens,
                                  gboolean thinking);

G_END_DECLS
