/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A button that puts a text on the clipboard and shows for a moment that it did. Its owner handles
 * "clicked". */
#define COLLATE_TYPE_COPY_BUTTON (collate_copy_button_get_type ())
G_DECLARE_FINAL_TYPE (CollateCopyButton, collate_copy_button, COLLATE, COPY_BUTTON, GtkButton)

/* `label` is its tooltip and its accessible name, and begins with "Copy". */
GtkWidget *collate_copy_button_new (const char *label);

void collate_copy_button_copy (CollateCopyButton *self, const char *text);

G_END_DECLS
