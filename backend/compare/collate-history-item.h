/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compare/collate-history.h"
#include "compare/collate-store.h"

G_BEGIN_DECLS

/* Private to this room. Takes the row; (transfer full). */
CollateHistoryItem *collate_history_item_new (CollateStoreRow *row);

void collate_history_item_set_title (CollateHistoryItem *self, const char *title);
void collate_history_item_set_state (CollateHistoryItem *self, const char *state);

G_END_DECLS
