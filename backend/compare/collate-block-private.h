/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compare/collate-markdown.h"

G_BEGIN_DECLS

/* Private to this room: how the parser fills a block. */

/* An empty block; (transfer full). */
CollateBlock *collate_block_new (CollateBlockKind kind, guint level);

void collate_block_set_content (CollateBlock *self, const char *markup, const char *text);
void collate_block_take_marker (CollateBlock *self, char *marker);
void collate_block_set_language (CollateBlock *self, const char *language, gsize length);

/* A table's size, before its cells; cells are counted row by row, and those outside are left out. */
void collate_block_set_size (CollateBlock *self, guint n_rows, guint n_columns);
void collate_block_set_cell (CollateBlock *self, guint index, const char *markup);
void collate_block_set_alignment (CollateBlock *self, guint column, int alignment);

G_END_DECLS
