/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How long the helper may take for one document, in milliseconds. */
#define COLLATE_READER_TIME_LIMIT (120 * 1000)

/* Reads `file` in a helper process of its own, the program at `extract_path`, which is killed after
 * `time_limit` milliseconds or when `cancellable` is. Main thread; nothing blocks, whatever the file is. */
void collate_reader_read_async (const char *extract_path,
                                GFile *file,
                                guint time_limit,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

/* The pages (char *, UTF-8, "" where one has no text); (nullable) (transfer full). COLLATE_ERROR_UNREADABLE
 * (gone, forbidden, no regular file), _TOO_LARGE (size, time), _DAMAGED (the helper crashed or babbled) or
 * what the helper says. */
GPtrArray *collate_reader_read_finish (GAsyncResult *result, GError **error);

G_END_DECLS
