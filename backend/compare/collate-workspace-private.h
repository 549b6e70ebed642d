/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compare/collate-client-pool.h"
#include "compare/collate-workspace.h"

G_BEGIN_DECLS

/* Private to the workspace's two files. */

struct _CollateWorkspace
{
  GObject parent_instance;

  CollateEncodings *encodings;
  CollateLibrary *library;
  CollateCatalogue *catalogue;
  CollateHistory *history;
  CollateHttp *http;
  CollateClientPool *pool;
  GListStore *entries;
  GHashTable *
      lost; /* ids of entries to tick when their model comes: it was there, ticked, and a reload brings it back */

  char *question;
  guint repeats;
  gint64 max_output;
  gboolean sequential;
  char *device;
  gint64 top_k;

  guint n_selected;
  CollateMoney at_most;
  gboolean at_most_incomplete;
  gboolean can_ask;

  GHashTable *counts; /* encoding's name to gint64: instruction and question; NULL until counted */
  guint count_timer;
  gboolean counting;
  gboolean count_again; /* what is being counted is out of date */
  guint estimate_idle;
};

typedef enum
{
  COLLATE_WORKSPACE_PROP_0,
  COLLATE_WORKSPACE_PROP_QUESTION,
  COLLATE_WORKSPACE_PROP_REPEATS,
  COLLATE_WORKSPACE_PROP_MAX_OUTPUT,
  COLLATE_WORKSPACE_PROP_SEQUENTIAL,
  COLLATE_WORKSPACE_PROP_DEVICE,
  COLLATE_WORKSPACE_PROP_TOP_K,
  COLLATE_WORKSPACE_PROP_N_SELECTED,
  COLLATE_WORKSPACE_PROP_AT_MOST,
  COLLATE_WORKSPACE_PROP_AT_MOST_INCOMPLETE,
  COLLATE_WORKSPACE_PROP_CAN_ASK,
  COLLATE_WORKSPACE_N_PROPS,
} CollateWorkspaceProperty;

void collate_workspace_notify (CollateWorkspace *self, CollateWorkspaceProperty property);

guint collate_workspace_count_entries (CollateWorkspace *self);

/* The entry at a position that there is; (transfer none). */
CollateEntry *collate_workspace_get_entry (CollateWorkspace *self, guint position);

/* Whether there is a question, somebody to ask, and no document still being read. */
void collate_workspace_update_can_ask (CollateWorkspace *self);

/* The sums over what is ticked. */
void collate_workspace_update_totals (CollateWorkspace *self);

/* Estimates all entries anew, soon. */
void collate_workspace_queue_estimate (CollateWorkspace *self);

/* Counts the question anew, and estimates then. */
void collate_workspace_queue_count (CollateWorkspace *self);

G_END_DECLS
