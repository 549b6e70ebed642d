/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "base/collate-worker.h"
#include "tokens/collate-encoding.h"

G_BEGIN_DECLS

/* Counts the tokens of `text`, a ref-counted string that is taken over, on the worker's thread. A count that
 * has begun ends, even when it is cancelled: its result is dropped. Main thread. */
void collate_counting_count_async (CollateWorker *worker,
                                   CollateEncodings *encodings,
                                   const char *encoding,
                                   char *text,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);

/* The number of tokens; -1 with an error where the encoding cannot be had. */
gint64 collate_counting_count_finish (GAsyncResult *result, GError **error);

G_END_DECLS
