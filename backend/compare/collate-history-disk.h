/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "compare/collate-store.h"

G_BEGIN_DECLS

/* Private to this room: the store on its thread, as asynchronous calls that are done in the order they were
 * made. A file that cannot be opened makes each of them fail with the reason. Main thread. */
typedef struct _CollateHistoryDisk CollateHistoryDisk;

/* A comparison's place in the file, which is not known before it is inserted. Counted. */
typedef struct _CollateHistoryRow CollateHistoryRow;

CollateHistoryRow *collate_history_row_new (gint64 id); /* 0: not inserted yet */
CollateHistoryRow *collate_history_row_ref (CollateHistoryRow *row);
void collate_history_row_unref (CollateHistoryRow *row);

CollateHistoryDisk *collate_history_disk_new (const char *path);

/* Does what is queued, closes the file, ends the thread. */
void collate_history_disk_free (CollateHistoryDisk *disk);

/* Finishes with an array of CollateStoreRow; a file that could not be opened is tried again. */
void collate_history_disk_list (CollateHistoryDisk *disk, GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *collate_history_disk_list_finish (GAsyncResult *result, GError **error);

void collate_history_disk_read (CollateHistoryDisk *disk,
                                gint64 id,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
CollateComparisonRecord *collate_history_disk_read_finish (GAsyncResult *result, GError **error);

/* Finishes with what collate_store_read_documents() says. */
void collate_history_disk_read_documents (CollateHistoryDisk *disk,
                                          gint64 id,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
GPtrArray *collate_history_disk_read_documents_finish (GAsyncResult *result, GError **error);

/* Takes the record, and fills the row's id for what is queued behind it; finishes with the id, or -1. */
void collate_history_disk_insert (CollateHistoryDisk *disk,
                                  CollateHistoryRow *row,
                                  CollateComparisonRecord *record,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
gint64 collate_history_disk_insert_finish (GAsyncResult *result, GError **error);

/* Takes the changes. For a row that could not be inserted, or whose file is gone, there is nothing to do. */
void collate_history_disk_write (CollateHistoryDisk *disk,
                                 CollateHistoryRow *row,
                                 GPtrArray *changes,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
void collate_history_disk_rename (CollateHistoryDisk *disk,
                                  CollateHistoryRow *row,
                                  const char *title,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
void collate_history_disk_remove (CollateHistoryDisk *disk,
                                  gint64 id,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

/* The outcome of the last three. */
gboolean collate_history_disk_write_finish (GAsyncResult *result, GError **error);

/* Blocks until all that is queued is done, at most this long. */
void collate_history_disk_wait (CollateHistoryDisk *disk, gint64 microseconds);

G_END_DECLS
