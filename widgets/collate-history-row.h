/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A past comparison in a list. Property: "item" (CollateHistoryItem, read and write; nullable). Uses the
 * actions win.open-comparison and win.remove-comparison. */
#define COLLATE_TYPE_HISTORY_ROW (collate_history_row_get_type ())
G_DECLARE_FINAL_TYPE (CollateHistoryRow, collate_history_row, COLLATE, HISTORY_ROW, AdwBin)

G_END_DECLS
