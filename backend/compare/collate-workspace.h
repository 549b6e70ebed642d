/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "catalogue/collate-catalogue.h"
#include "compare/collate-comparison.h"
#include "compare/collate-entry.h"
#include "compare/collate-history.h"
#include "documents/collate-library.h"

G_BEGIN_DECLS

/* The root: made once by the application or the command line, and handed down. It owns library, catalogue,
 * history and entries, keeps the estimates, and asks. Main thread. Properties: "question" (the question
 * being written, read and write), "repeats" (1 to 20), "max-output" (tokens, 0: the default), "sequential"
 * (one model after another), "device" (what model files of this machine run on, by name; NULL: the best one), "top-k"
 * (tokens that a token reads in sparse attention; 0: as the model file says), read and write; "n-selected", "at-most"
 * (CollateMoney as gint64, of all ticked entries), "at-most-incomplete" (a ticked entry's price is unknown), "can-ask"
 * (read only, notified). */

#define COLLATE_TYPE_WORKSPACE (collate_workspace_get_type ())
G_DECLARE_FINAL_TYPE (CollateWorkspace, collate_workspace, COLLATE, WORKSPACE, GObject)

/* (transfer full); the parts are referenced. */
CollateWorkspace *collate_workspace_new (CollateEncodings *encodings,
                                         CollateLibrary *library,
                                         CollateCatalogue *catalogue,
                                         CollateHistory *history,
                                         CollateHttp *http);

CollateLibrary *collate_workspace_get_library (CollateWorkspace *self);
CollateCatalogue *collate_workspace_get_catalogue (CollateWorkspace *self);
CollateHistory *collate_workspace_get_history (CollateWorkspace *self);
CollateHttp *collate_workspace_get_http (CollateWorkspace *self);

/* A GListModel of CollateEntry, one for each model of the catalogue; (transfer none). */
GListModel *collate_workspace_get_entries (CollateWorkspace *self);

/* The entry with this id; (nullable) (transfer none). */
CollateEntry *collate_workspace_lookup_entry (CollateWorkspace *self, const char *id);

/* Ticks exactly these entries; those that are not there, should they come. */
void collate_workspace_select (CollateWorkspace *self, const char *const *ids);

/* The ids of the ticked entries, in the catalogue's order; (transfer full). */
GStrv collate_workspace_dup_selected (CollateWorkspace *self);

/* The ids of what is ticked at the first start, and asked where nothing is named: the default line-up; or, where none of
 * it can be asked and a model file of this machine can, that one (the first, where there are several); (transfer full). */
GStrv collate_workspace_dup_default (CollateWorkspace *self);

/* Asks `question` of these entries (ids in the order to show; NULL: the ticked ones) over the library's
 * documents as they are now, and starts at once; (transfer full). It is handed to the history before this
 * returns; its "id" says when it is written. Ids of no entry are left out. Entries that cannot be asked (key,
 * retired, too long) are answers that failed. Each asks as often as "repeats" says, one run after another. */
CollateComparison *collate_workspace_ask (CollateWorkspace *self,
                                          const char *question,
                                          const char *const *ids);

G_END_DECLS
