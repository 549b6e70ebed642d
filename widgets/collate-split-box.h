/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Children beneath each other, or side by side in columns of equal width that scroll sideways where they do
 * not fit. Property: "columns" (boolean, read and write). */
#define COLLATE_TYPE_SPLIT_BOX (collate_split_box_get_type ())
G_DECLARE_FINAL_TYPE (CollateSplitBox, collate_split_box, COLLATE, SPLIT_BOX, GtkWidget)

/* Puts a child in at a place (from 0). */
void collate_split_box_insert (CollateSplitBox *self, GtkWidget *child, guint position);

/* The child at a place; (nullable) (transfer none). */
GtkWidget *collate_split_box_get_child (CollateSplitBox *self, guint position);

/* Takes out the child at a place. */
void collate_split_box_remove (CollateSplitBox *self, guint position);

guint collate_split_box_get_n_children (CollateSplitBox *self);

G_END_DECLS
