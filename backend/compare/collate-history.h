/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "compare/collate-comparison.h"

G_BEGIN_DECLS

/* Past comparisons in SQLite with the text of their documents, newest first: a GListModel of CollateHistoryItem.
 * Rows are written on a worker thread as text arrives, at least twice a second. Several programs may share the
 * file; an answer that is not final is "interrupted" only where the program that asked it is gone (it holds a lock while it
 * lives). Main thread. Property "problem" (boxed GError, notified): what keeps the history from being read
 * or written, or NULL. */

#define COLLATE_TYPE_HISTORY (collate_history_get_type ())
G_DECLARE_FINAL_TYPE (CollateHistory, collate_history, COLLATE, HISTORY, GObject)

/* A row to list. Properties, read only and notified: "id", "title", "question", "created" (GDateTime),
 * "n-documents", "n-models", "state" (string: "done" where every answer is, else the first of running,
 * failed, stopped, interrupted that applies). */
#define COLLATE_TYPE_HISTORY_ITEM (collate_history_item_get_type ())
G_DECLARE_FINAL_TYPE (CollateHistoryItem, collate_history_item, COLLATE, HISTORY_ITEM, GObject)

gint64 collate_history_item_get_id (CollateHistoryItem *self);
const char *collate_history_item_get_title (CollateHistoryItem *self);
const char *collate_history_item_get_question (CollateHistoryItem *self);
GDateTime *collate_history_item_get_created (CollateHistoryItem *self);
const char *const *collate_history_item_get_documents (CollateHistoryItem *self); /* names */
const char *const *collate_history_item_get_models (CollateHistoryItem *self);    /* ids of entries */
const char *collate_history_item_get_state (CollateHistoryItem *self);

/* The history at `path`, whose folder also holds the locks of running programs; (transfer full). */
CollateHistory *collate_history_new (const char *path);

/* Reads the list; also done once by itself after it was made. */
void collate_history_load_async (CollateHistory *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean collate_history_load_finish (CollateHistory *self, GAsyncResult *result, GError **error);

/* Opens a past comparison as it was; one that this program runs is that very object. */
void collate_history_open_async (CollateHistory *self,
                                 gint64 id,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

/* (nullable) (transfer full); COLLATE_ERROR_UNREADABLE where there is no such row. */
CollateComparison *collate_history_open_finish (CollateHistory *self, GAsyncResult *result, GError **error);

/* Makes the documents anew that a comparison was asked over, from their text as it was then. */
void collate_history_restore_async (CollateHistory *self,
                                    gint64 id,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

/* An array of CollateDocument; COLLATE_ERROR_UNREADABLE where the history has not all of their text, as of comparisons
 * that an older program asked; (nullable) (transfer full). */
GPtrArray *collate_history_restore_finish (CollateHistory *self, GAsyncResult *result, GError **error);

/* Takes a comparison out of the list at once, and out of the file. */
void collate_history_remove (CollateHistory *self, gint64 id);

/* Waits until all that was handed over is on disk, at most a few seconds: before the program ends. Main
 * thread. */
void collate_history_flush (CollateHistory *self);

G_END_DECLS
