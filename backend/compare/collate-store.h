/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compare/collate-record.h"

G_BEGIN_DECLS

/* Private to this room: the history's file. Plain data in and out; it belongs to the history's thread. */
typedef struct _CollateStore CollateStore;

/* A row to list. */
typedef struct
{
  gint64 id;
  gint64 created; /* microseconds since 1970 */
  char *title;
  char *question;
  GStrv documents;   /* names */
  GStrv models;      /* ids of entries, each once */
  const char *state; /* static, as a list's item tells it */
} CollateStoreRow;

void collate_store_row_free (CollateStoreRow *row);

/* How answers look together: "done" where each is, else the first of running, failed, stopped, interrupted
 * that one of them is. Static. */
const char *collate_store_join_states (const CollateAnswerState *states, guint n_states);

/* What became of an answer since it was written last. */
typedef struct
{
  guint position;
  gboolean whole; /* the text is all of it, and a row is made where there is none; else appended */
  CollateAnswerRecord *record; /* (owned) */
} CollateStoreChange;

void collate_store_change_free (CollateStoreChange *change);

/* Opens or makes the file at `path`; (nullable) (transfer full). */
CollateStore *collate_store_open (const char *path, GError **error);
void collate_store_close (CollateStore *store);

/* FALSE where the file was taken away or replaced since it was opened. */
gboolean collate_store_is_there (CollateStore *store);

/* All rows, newest first, in two queries; (nullable) (transfer full). */
GPtrArray *collate_store_list (CollateStore *store, GError **error);

/* One comparison; answers that run in a program that is gone are interrupted, with what they used by then;
 * COLLATE_ERROR_UNREADABLE where there is none; (nullable) (transfer full). */
CollateComparisonRecord *collate_store_read (CollateStore *store, gint64 id, GError **error);

/* The documents (of CollateDocumentRecord) of a comparison with their texts; COLLATE_ERROR_UNREADABLE where one of
 * them is not there; (nullable) (transfer full). */
GPtrArray *collate_store_read_documents (CollateStore *store, gint64 id, GError **error);

/* Adds a comparison that this program asks; its id, or 0 on error. */
gint64 collate_store_insert (CollateStore *store, const CollateComparisonRecord *record, GError **error);

/* Adds the texts of all its documents (of CollateDocumentRecord), or of none where one is not known, or where they
 * are too long. */
gboolean collate_store_insert_texts (CollateStore *store, gint64 id, GPtrArray *documents, GError **error);

/* Writes changes (of CollateStoreChange) in one transaction. A comparison that was removed stays so. */
gboolean collate_store_write (CollateStore *store, gint64 id, GPtrArray *changes, GError **error);

gboolean collate_store_rename (CollateStore *store, gint64 id, const char *title, GError **error);
gboolean collate_store_remove (CollateStore *store, gint64 id, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateStore, collate_store_close)

G_END_DECLS
