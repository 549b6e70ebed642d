/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Documents that wait for a helper process, so that not too many run at once. Main thread. */
typedef struct _CollateReadQueue CollateReadQueue;

/* A queue for the helper program at `extract_path`; (transfer full). */
CollateReadQueue *collate_read_queue_new (const char *extract_path);

/* Reads as collate_reader_read_async() does, when the turn comes. */
void collate_read_queue_read_async (CollateReadQueue *queue,
                                    GFile *file,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

/* As collate_reader_read_finish(); (nullable) (transfer full). */
GPtrArray *collate_read_queue_read_finish (GAsyncResult *result, GError **error);

/* What waits is still answered: whoever wants it to end cancels it. */
void collate_read_queue_unref (CollateReadQueue *queue);

G_END_DECLS
