/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* File name endings of what the helper program reads, without the dot, NULL-terminated; static. */
const char *const *collate_folder_get_suffixes (void);

/* Looks which of `files` are folders, and into those. Main thread; nothing blocks. */
void collate_folder_scan_async (GPtrArray *files,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

/* The files to read, in the order of `files` (GFile): each as it is, a folder as the files in it with a known
 * ending, without hidden ones and without subfolders. A folder that cannot be listed stays, as does what
 * cannot be read though it is named as a document, so that reading it says why; (nullable) (transfer full). */
GPtrArray *collate_folder_scan_finish (GAsyncResult *result, GError **error);

G_END_DECLS
