/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compare/collate-history-disk.h"
#include "compare/collate-history-item.h"
#include "compare/collate-history.h"

G_BEGIN_DECLS

/* Private to this room. */

struct _CollateHistory
{
  GObject parent_instance;

  CollateHistoryDisk *disk;
  GPtrArray *items;
  GError *problem;

  GHashTable *watches; /* CollateComparison to Watch: those that this program asked */
  guint timer;
};

/* Writes a comparison that this program asks, now and whenever it changes. */
void collate_history_add (CollateHistory *self, CollateComparison *comparison);

/* Private to the history's two files. */

/* Takes the error, or NULL: all is well again. */
void collate_history_take_problem (CollateHistory *self, GError *problem);

/* The item with this id, and where it stands; (nullable) (transfer none). */
CollateHistoryItem *collate_history_find_item (CollateHistory *self, gint64 id, guint *position);

/* Hands all that changed over to the disk. */
void collate_history_write_all (CollateHistory *self);

/* Writes a title that a person gave. */
void collate_history_title_changed_cb (CollateComparison *comparison, GParamSpec *pspec, gpointer self);

/* After a change that nothing waits for; takes the reference to the history. */
void collate_history_changed_on_disk_cb (GObject *source, GAsyncResult *result, gpointer self);

/* Ends the writing of a comparison. */
void collate_history_watch_free (gpointer watch);

G_END_DECLS
