/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "catalogue/collate-keys.h"
#include "catalogue/collate-model.h"

G_BEGIN_DECLS

/* A provider's key: where it was found, a field to enter another one, a button to forget it, and where to
 * get one. It never shows a key. Signal "failed" (string): a sentence about what went wrong. */
#define COLLATE_TYPE_KEY_ROW (collate_key_row_get_type ())
G_DECLARE_FINAL_TYPE (CollateKeyRow, collate_key_row, COLLATE, KEY_ROW, AdwExpanderRow)

GtkWidget *collate_key_row_new (CollateKeys *keys, CollateProvider *provider);

/* "OPENAI_API_KEY"; (transfer none). */
const char *collate_key_row_get_key_name (CollateKeyRow *self);

/* Unfolds the row, with the keyboard focus where the key is entered. */
void collate_key_row_edit (CollateKeyRow *self);

G_END_DECLS
