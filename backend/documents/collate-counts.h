/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "base/collate-worker.h"
#include "tokens/collate-encoding.h"

G_BEGIN_DECLS

/* The tokens of one text, the joined context, in the default encoding and in those that somebody asked for.
 * Main thread. */
typedef struct _CollateCounts CollateCounts;

/* Counts of the empty text; `counted` runs when a count has ended; (transfer full). */
CollateCounts *collate_counts_new (void (*counted) (gpointer user_data), gpointer user_data);

/* The text has become another one: what is under way is dropped. */
void collate_counts_forget (CollateCounts *counts);

/* Begins to count `text`, a ref-counted string, in each encoding where that is not done; TRUE where all is
 * done already. */
gboolean collate_counts_update (CollateCounts *counts,
                                CollateWorker *worker,
                                CollateEncodings *encodings,
                                char *text);

/* Asks for another encoding; FALSE where it was asked for before. */
gboolean collate_counts_ask (CollateCounts *counts, const char *encoding);

/* TRUE where the count has ended in an encoding that was asked for. */
gboolean collate_counts_is_done (CollateCounts *counts, const char *encoding);

/* The tokens in an encoding that was asked for; -1 until that is done, and where the encoding cannot be had. */
gint64 collate_counts_get (CollateCounts *counts, const char *encoding);

void collate_counts_free (CollateCounts *counts);

G_END_DECLS
