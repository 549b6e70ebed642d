/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* An entry that can be ticked: the model's name, its price, whether the documents fit, what it would cost
 * at most, what keeps it from being asked, and its facts. Property: "entry" (CollateEntry, read and write;
 * nullable). Uses the action app.preferences. */
#define COLLATE_TYPE_MODEL_ROW (collate_model_row_get_type ())
G_DECLARE_FINAL_TYPE (CollateModelRow, collate_model_row, COLLATE, MODEL_ROW, AdwBin)

G_END_DECLS
