/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Past comparisons, newest first: title, day, number of documents and models, and how it ended where not
 * all is done. Property: "history" (CollateHistory, read and write). Uses the actions win.open-comparison
 * and win.remove-comparison ("x": the comparison's id). */
#define COLLATE_TYPE_HISTORY_LIST (collate_history_list_get_type ())
G_DECLARE_FINAL_TYPE (CollateHistoryList, collate_history_list, COLLATE, HISTORY_LIST, AdwBin)

G_END_DECLS
