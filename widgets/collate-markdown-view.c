/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Markdown as it is written: the whole text is parsed anew (that is cheap), the blocks are compared with
 * those on show from the start, and only what differs is touched. Blocks lie in boxes of some, because a box
 * lays out all its children when one of them grows: so the cost of a frame hardly depends on the length. */
#include "widgets/collate-markdown-view.h"

#include "compare/collate-markdown.h"
#include "widgets/collate-block-view.h"

#define BLOCKS_PER_BOX 32

struct _CollateMarkdownView
{
  AdwBin parent_instance;

  GtkWidget *boxes;   /* a box of boxes of blocks */
  GPtrArray *blocks;  /* of CollateBlock, on show */
  GPtrArray *widgets; /* of CollateBlockView, one a block; owned by their boxes */
};

G_DEFINE_FINAL_TYPE (CollateMarkdownView, collate_markdown_view, ADW_TYPE_BIN)

static void
append_block (CollateMarkdownView *self, CollateBlock *block)
{
  GtkWidget *widget = collate_block_view_new (block);

  if (self->widgets->len % BLOCKS_PER_BOX == 0)
    gtk_box_append (GTK_BOX (self->boxes), gtk_box_new (GTK_ORIENTATION_VERTICAL, 0));
  gtk_box_append (GTK_BOX (gtk_widget_get_last_child (self->boxes)), widget);
  g_ptr_array_add (self->widgets, widget);
}

static void
remove_last_block (CollateMarkdownView *self)
{
  GtkWidget *box = gtk_widget_get_last_child (self->boxes);

  gtk_box_remove (GTK_BOX (box), g_ptr_array_steal_index (self->widgets, self->widgets->len - 1));
  if (self->widgets->len % BLOCKS_PER_BOX == 0)
    gtk_box_remove (GTK_BOX (self->boxes), box);
}

static void
collate_markdown_view_dispose (GObject *object)
{
  CollateMarkdownView *self = COLLATE_MARKDOWN_VIEW (object);

  g_ptr_array_set_size (self->widgets, 0);

  G_OBJECT_CLASS (collate_markdown_view_parent_class)->dispose (object);
}

static void
collate_markdown_view_finalize (GObject *object)
{
  CollateMarkdownView *self = COLLATE_MARKDOWN_VIEW (object);

  g_ptr_array_unref (self->blocks);
  g_ptr_array_unref (self->widgets);

  G_OBJECT_CLASS (collate_markdown_view_parent_class)->finalize (object);
}

static void
collate_markdown_view_class_init (CollateMarkdownViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = collate_markdown_view_dispose;
  G_OBJECT_CLASS (klass)->finalize = collate_markdown_view_finalize;
  gtk_widget_class_set_css_name (widget_class, "markdown");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
collate_markdown_view_init (CollateMarkdownView *self)
{
  self->blocks = g_ptr_array_new_with_free_func (g_object_unref);
  self->widgets = g_ptr_array_new ();
  self->boxes = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  adw_bin_set_child (ADW_BIN (self), self->boxes);
}

GtkWidget *
collate_markdown_view_new (void)
{
  return g_object_new (COLLATE_TYPE_MARKDOWN_VIEW, NULL);
}

void
collate_markdown_view_set_text (CollateMarkdownView *self, const char *text, gssize length)
{
  g_autoptr (GPtrArray) blocks = NULL;
  guint n_equal = 0;

  g_return_if_fail (COLLATE_IS_MARKDOWN_VIEW (self));
  g_return_if_fail (text != NULL);

  blocks = collate_markdown_parse (text, length);
  while (n_equal < MIN (blocks->len, self->blocks->len) &&
         collate_block_equal (blocks->pdata[n_equal], self->blocks->pdata[n_equal]))
    n_equal++;

  while (self->widgets->len > blocks->len)
    remove_last_block (self);
  for (guint i = n_equal; i < self->widgets->len; i++)
    collate_block_view_set_block (self->widgets->pdata[i], blocks->pdata[i]);
  for (guint i = self->widgets->len; i < blocks->len; i++)
    append_block (self, blocks->pdata[i]);

  g_ptr_array_unref (self->blocks);
  self->blocks = g_steal_pointer (&blocks);
}
