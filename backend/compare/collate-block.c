/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A piece of an answer to show: a paragraph, a list's item, a table. */

#include "compare/collate-block-private.h"

struct _CollateBlock
{
  GObject parent_instance;

  CollateBlockKind kind;
  guint level;
  char *markup;
  char *text;
  char *marker;
  char *language;

  guint n_rows;
  guint n_columns;
  char **cells; /* n_rows * n_columns, NULL where empty */
  int *alignments;
};

G_DEFINE_FINAL_TYPE (CollateBlock, collate_block, G_TYPE_OBJECT)

static void
collate_block_finalize (GObject *object)
{
  CollateBlock *self = COLLATE_BLOCK (object);

  g_free (self->markup);
  g_free (self->text);
  g_free (self->marker);
  g_free (self->language);
  for (guint i = 0; i < self->n_rows * self->n_columns; i++)
    g_free (self->cells[i]);
  g_free (self->cells);
  g_free (self->alignments);

  G_OBJECT_CLASS (collate_block_parent_class)->finalize (object);
}

static void
collate_block_class_init (CollateBlockClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = collate_block_finalize;
}

static void
collate_block_init (CollateBlock *self)
{
  self->markup = g_strdup ("");
  self->text = g_strdup ("");
}

CollateBlock *
collate_block_new (CollateBlockKind kind, guint level)
{
  CollateBlock *self = g_object_new (COLLATE_TYPE_BLOCK, NULL);

  self->kind = kind;
  self->level = level;

  return self;
}

void
collate_block_set_content (CollateBlock *self, const char *markup, const char *text)
{
  g_free (self->markup);
  g_free (self->text);
  self->markup = g_strdup (markup);
  self->text = g_strdup (text);
}

void
collate_block_take_marker (CollateBlock *self, char *marker)
{
  g_free (self->marker);
  self->marker = marker;
}

void
collate_block_set_language (CollateBlock *self, const char *language, gsize length)
{
  g_free (self->language);
  self->language = length > 0 ? g_strndup (language, length) : NULL;
}

void
collate_block_set_size (CollateBlock *self, guint n_rows, guint n_columns)
{
  g_return_if_fail (self->cells == NULL);

  self->n_rows = n_rows;
  self->n_columns = n_columns;
  self->cells = g_new0 (char *, (gsize) n_rows *n_columns);
  self->alignments = g_new0 (int, n_columns);
}

void
collate_block_set_cell (CollateBlock *self, guint index, const char *markup)
{
  if (index >= self->n_rows * self->n_columns)
    return;

  g_free (self->cells[index]);
  self->cells[index] = g_strdup (markup);
}

void
collate_block_set_alignment (CollateBlock *self, guint column, int alignment)
{
  g_return_if_fail (column < self->n_columns);

  self->alignments[column] = alignment;
}

CollateBlockKind
collate_block_get_kind (CollateBlock *self)
{
  g_return_val_if_fail (COLLATE_IS_BLOCK (self), COLLATE_BLOCK_PARAGRAPH);

  return self->kind;
}

guint
collate_block_get_level (CollateBlock *self)
{
  g_return_val_if_fail (COLLATE_IS_BLOCK (self), 0);

  return self->level;
}

const char *
collate_block_get_markup (CollateBlock *self)
{
  g_return_val_if_fail (COLLATE_IS_BLOCK (self), NULL);

  return self->markup;
}

const char *
collate_block_get_text (CollateBlock *self)
{
  g_return_val_if_fail (COLLATE_IS_BLOCK (self), NULL);

  return self->text;
}

const char *
collate_block_get_marker (CollateBlock *self)
{
  g_return_val_if_fail (COLLATE_IS_BLOCK (self), NULL);

  return self->marker;
}

const char *
collate_block_get_language (CollateBlock *self)
{
  g_return_val_if_fail (COLLATE_IS_BLOCK (self), NULL);

  return self->language;
}

guint
collate_block_get_n_columns (CollateBlock *self)
{
  g_return_val_if_fail (COLLATE_IS_BLOCK (self), 0);

  return self->n_columns;
}

guint
collate_block_get_n_rows (CollateBlock *self)
{
  g_return_val_if_fail (COLLATE_IS_BLOCK (self), 0);

  return self->n_rows;
}

const char *
collate_block_get_cell (CollateBlock *self, guint row, guint column)
{
  const char *cell;

  g_return_val_if_fail (COLLATE_IS_BLOCK (self), NULL);
  g_return_val_if_fail (row < self->n_rows && column < self->n_columns, NULL);

  cell = self->cells[row * self->n_columns + column];

  return cell != NULL ? cell : "";
}

int
collate_block_get_alignment (CollateBlock *self, guint column)
{
  g_return_val_if_fail (COLLATE_IS_BLOCK (self), -1);
  g_return_val_if_fail (column < self->n_columns, -1);

  return self->alignments[column];
}

gboolean
collate_block_equal (CollateBlock *a, CollateBlock *b)
{
  g_return_val_if_fail (COLLATE_IS_BLOCK (a), FALSE);
  g_return_val_if_fail (COLLATE_IS_BLOCK (b), FALSE);

  if (a == b)
    return TRUE;
  if (a->kind != b->kind || a->level != b->level || a->n_rows != b->n_rows || a->n_columns != b->n_columns ||
      g_strcmp0 (a->markup, b->markup) != 0 || g_strcmp0 (a->marker, b->marker) != 0 ||
      g_strcmp0 (a->language, b->language) != 0)
    return FALSE;

  for (guint i = 0; i < a->n_columns; i++)
    if (a->alignments[i] != b->alignments[i])
      return FALSE;
  for (guint i = 0; i < a->n_rows * a->n_columns; i++)
    if (g_strcmp0 (a->cells[i], b->cells[i]) != 0)
      return FALSE;

  return TRUE;
}
