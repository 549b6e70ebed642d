/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "compare/collate-markdown.h"

G_BEGIN_DECLS

/* One block of Markdown: labels that bear its text, a card with a copy button for code, a grid for a table.
 */
#define COLLATE_TYPE_BLOCK_VIEW (collate_block_view_get_type ())
G_DECLARE_FINAL_TYPE (CollateBlockView, collate_block_view, COLLATE, BLOCK_VIEW, AdwBin)

GtkWidget *collate_block_view_new (CollateBlock *block);

/* Shows another block; where it is of the same kind, what is equal is not touched. */
void collate_block_view_set_block (CollateBlockView *self, CollateBlock *block);

G_END_DECLS
