/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compare/collate-history.h"

G_BEGIN_DECLS

/* Private to this room: writes a comparison that this program asks, now and whenever it changes. */
void collate_history_add (CollateHistory *self, CollateComparison *comparison);

G_END_DECLS
