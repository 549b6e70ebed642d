/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A model's Markdown as blocks to show: parsed whole by md4c (its one file), each block with Pango markup
 * in which all of the model's text is escaped and only http and https links are links. Immutable. */

typedef enum
{
  COLLATE_BLOCK_PARAGRAPH,
  COLLATE_BLOCK_HEADING,   /* level 1 to 6 */
  COLLATE_BLOCK_LIST_ITEM, /* level from 1; marker "•", "3." or "☑" */
  COLLATE_BLOCK_QUOTE,
  COLLATE_BLOCK_CODE,  /* text is the code, language may be known */
  COLLATE_BLOCK_TABLE, /* cells, row by row; the first row is the header */
  COLLATE_BLOCK_RULE,
} CollateBlockKind;

#define COLLATE_TYPE_BLOCK (collate_block_get_type ())
G_DECLARE_FINAL_TYPE (CollateBlock, collate_block, COLLATE, BLOCK, GObject)

CollateBlockKind collate_block_get_kind (CollateBlock *self);
guint collate_block_get_level (CollateBlock *self);
const char *collate_block_get_markup (CollateBlock *self);   /* Pango markup; "" for tables and rules */
const char *collate_block_get_text (CollateBlock *self);     /* the same without markup */
const char *collate_block_get_marker (CollateBlock *self);   /* (nullable) */
const char *collate_block_get_language (CollateBlock *self); /* (nullable) */

/* A table's size and its cells' markup and alignment (-1 left, 0 middle, 1 right). */
guint collate_block_get_n_columns (CollateBlock *self);
guint collate_block_get_n_rows (CollateBlock *self);
const char *collate_block_get_cell (CollateBlock *self, guint row, guint column);
int collate_block_get_alignment (CollateBlock *self, guint column);

/* TRUE where both would look the same. */
gboolean collate_block_equal (CollateBlock *a, CollateBlock *b);

/* Parses a text into an array of CollateBlock; half-written Markdown is shown as far as it goes; (transfer
 * full). */
GPtrArray *collate_markdown_parse (const char *text, gssize length);

/* The text as HTML: only what Markdown says, everything else escaped; (transfer full). */
char *collate_markdown_to_html (const char *text);

G_END_DECLS
