/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A block of Markdown as widgets. A label is laid out whole when its text changes, so no label is let grow
 * without end: code is cut into labels of some lines, and a text beyond all sense is shown plain, in
 * pieces. */
#include "widgets/collate-block-view.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "widgets/collate-copy-button.h"

#define PIECE_LINES 32
#define PIECE_BYTES 4096
#define MARKUP_BYTES 16384
#define LEVEL_INDENT 22
#define MARKER_SPACING 8
#define CELL_CHARS 40

struct _CollateBlockView
{
  AdwBin parent_instance;

  CollateBlock *block;
  GtkWidget *content; /* the box of pieces, or the grid of cells; NULL for a rule */
  GtkWidget *marker;  /* of a list item */
  GtkWidget *language;
  GPtrArray *labels; /* of GtkLabel, in order; owned by their parents */
};

G_DEFINE_FINAL_TYPE (CollateBlockView, collate_block_view, ADW_TYPE_BIN)

static GtkWidget *
label_new (gboolean wrap)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), wrap);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_natural_wrap_mode (GTK_LABEL (label), GTK_NATURAL_WRAP_NONE);
  gtk_widget_set_hexpand (label, wrap);
  return label;
}

static GtkLabel *
get_label (CollateBlockView *self, guint position)
{
  if (position < self->labels->len)
    return g_ptr_array_index (self->labels, position);
  return NULL;
}

/* The label at a place, made where the block has just grown to it. */
static GtkLabel *
ensure_piece (CollateBlockView *self, guint position)
{
  GtkLabel *label = get_label (self, position);

  if (label == NULL)
    {
      label = GTK_LABEL (label_new (collate_block_get_kind (self->block) != COLLATE_BLOCK_CODE));
      g_ptr_array_add (self->labels, label);
      gtk_box_append (GTK_BOX (self->content), GTK_WIDGET (label));
    }
  return label;
}

static void
set_plain (GtkLabel *label, const char *text)
{
  if (gtk_label_get_use_markup (label) || strcmp (gtk_label_get_label (label), text) != 0)
    gtk_label_set_text (label, text);
}

static void
set_markup (GtkLabel *label, const char *markup)
{
  if (!gtk_label_get_use_markup (label) || strcmp (gtk_label_get_label (label), markup) != 0)
    gtk_label_set_markup (label, markup);
}

static void
remove_labels_from (CollateBlockView *self, guint position)
{
  while (self->labels->len > position)
    {
      GtkWidget *label = g_ptr_array_steal_index (self->labels, self->labels->len - 1);
      GtkWidget *parent = gtk_widget_get_parent (label);

      if (GTK_IS_GRID (parent))
        gtk_grid_remove (GTK_GRID (parent), label);
      else
        gtk_box_remove (GTK_BOX (parent), label);
    }
}

/* Where the piece that starts at `text` ends: after PIECE_LINES lines, or, in a line without end, after
 * PIECE_BYTES bytes and at a character's border. */
static const char *
find_piece_end (const char *text)
{
  const char *p = text;

  for (guint lines = 0; *p != '\0' && p - text < PIECE_BYTES;)
    {
      if (*p == '\n' && ++lines == PIECE_LINES)
        return p;
      p = g_utf8_next_char (p);
    }
  return p;
}

static void
show_pieces (CollateBlockView *self, const char *text)
{
  guint n = 0;

  do
    {
      const char *end = find_piece_end (text);
      g_autofree char *piece = g_strndup (text, end - text);

      set_plain (ensure_piece (self, n++), piece);
      text = *end == '\n' ? end + 1 : end;
    }
  while (*text != '\0');
  remove_labels_from (self, n);
}

static void
show_text (CollateBlockView *self)
{
  if (strlen (collate_block_get_text (self->block)) > MARKUP_BYTES)
    {
      show_pieces (self, collate_block_get_text (self->block));
      return;
    }
  set_markup (ensure_piece (self, 0), collate_block_get_markup (self->block));
  remove_labels_from (self, 1);
}

/* A cell is as wide as its text, or wraps at a width of its own: what is scrolled sideways has no width to
 * wrap to. */
static void
fit_cell (GtkLabel *cell)
{
  gboolean wraps = g_utf8_strlen (gtk_label_get_text (cell), -1) > CELL_CHARS;

  gtk_label_set_wrap (cell, wraps);
  gtk_label_set_width_chars (cell, wraps ? CELL_CHARS : -1);
  gtk_label_set_max_width_chars (cell, wraps ? CELL_CHARS : -1);
}

static void
show_table (CollateBlockView *self)
{
  guint n_columns = collate_block_get_n_columns (self->block);
  guint n_cells = n_columns * collate_block_get_n_rows (self->block);

  for (guint i = 0; i < n_cells; i++)
    {
      GtkLabel *label = get_label (self, i);

      if (label == NULL)
        {
          label = GTK_LABEL (label_new (FALSE));
          gtk_label_set_yalign (label, 0);
          gtk_label_set_xalign (label, (collate_block_get_alignment (self->block, i % n_columns) + 1) / 2.0);
          gtk_widget_add_css_class (GTK_WIDGET (label), i < n_columns ? "table-header" : "table-cell");
          g_ptr_array_add (self->labels, label);
          gtk_grid_attach (GTK_GRID (self->content), GTK_WIDGET (label), i % n_columns, i / n_columns, 1, 1);
        }
      set_markup (label, collate_block_get_cell (self->block, i / n_columns, i % n_columns));
      fit_cell (label);
    }
  remove_labels_from (self, n_cells);
}

static GtkWidget *
sideways_scroller_new (GtkWidget *child)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();

  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), child);
  return scroller;
}

static void
copy_code (CollateBlockView *self, CollateCopyButton *button)
{
  collate_copy_button_copy (button, collate_block_get_text (self->block));
}

static GtkWidget *
build_code (CollateBlockView *self)
{
  GtkWidget *card = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *bar = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  GtkWidget *copy = collate_copy_button_new (_ ("Copy code"));

  self->language = gtk_label_new (NULL);
  gtk_widget_add_css_class (self->language, "dim-label");
  gtk_widget_add_css_class (self->language, "caption");
  gtk_widget_set_hexpand (self->language, TRUE);
  gtk_label_set_xalign (GTK_LABEL (self->language), 0);
  gtk_label_set_ellipsize (GTK_LABEL (self->language), PANGO_ELLIPSIZE_END);
  gtk_box_append (GTK_BOX (bar), self->language);
  g_signal_connect_object (copy, "clicked", G_CALLBACK (copy_code), self, G_CONNECT_SWAPPED);
  gtk_box_append (GTK_BOX (bar), copy);

  self->content = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  gtk_widget_add_css_class (self->content, "monospace");
  gtk_box_append (GTK_BOX (card), bar);
  gtk_box_append (GTK_BOX (card), sideways_scroller_new (self->content));
  return card;
}

/* A grid, for a horizontal box would ask the text for its width at a height: dozens of layouts. */
static GtkWidget *
build_list_item (CollateBlockView *self)
{
  GtkWidget *row = gtk_grid_new ();
  guint level = CLAMP (collate_block_get_level (self->block), 1, 8);

  self->marker = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (self->marker), 1);
  gtk_label_set_yalign (GTK_LABEL (self->marker), 0);
  gtk_widget_add_css_class (self->marker, "marker");
  gtk_widget_set_margin_start (row, (level - 1) * LEVEL_INDENT);
  gtk_grid_set_column_spacing (GTK_GRID (row), MARKER_SPACING);
  gtk_grid_attach (GTK_GRID (row), self->marker, 0, 0, 1, 1);
  gtk_grid_attach (GTK_GRID (row), self->content, 1, 0, 1, 1);
  return row;
}

static GtkWidget *
build_table (CollateBlockView *self)
{
  self->content = gtk_grid_new ();
  gtk_widget_set_halign (self->content, GTK_ALIGN_START);
  return sideways_scroller_new (self->content);
}

static const char *
get_kind_class (CollateBlockKind kind)
{
  switch (kind)
    {
    case COLLATE_BLOCK_HEADING:
      return "block-heading";
    case COLLATE_BLOCK_LIST_ITEM:
      return "block-item";
    case COLLATE_BLOCK_QUOTE:
      return "block-quote";
    case COLLATE_BLOCK_CODE:
      return "block-code";
    case COLLATE_BLOCK_TABLE:
      return "block-table";
    case COLLATE_BLOCK_RULE:
      return "block-rule";
    case COLLATE_BLOCK_PARAGRAPH:
    default:
      return "block-paragraph";
    }
}

static void
set_css_classes (CollateBlockView *self)
{
  g_autofree char *level = g_strdup_printf ("level-%u", collate_block_get_level (self->block));
  const char *classes[] = { get_kind_class (collate_block_get_kind (self->block)), level, NULL };

  gtk_widget_set_css_classes (GTK_WIDGET (self), classes);
}

static void
build (CollateBlockView *self)
{
  CollateBlockKind kind = collate_block_get_kind (self->block);
  GtkWidget *child;

  g_ptr_array_set_size (self->labels, 0);
  self->content = NULL;
  if (kind != COLLATE_BLOCK_RULE && kind != COLLATE_BLOCK_TABLE && kind != COLLATE_BLOCK_CODE)
    self->content = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  switch (kind)
    {
    case COLLATE_BLOCK_CODE:
      child = build_code (self);
      break;
    case COLLATE_BLOCK_TABLE:
      child = build_table (self);
      break;
    case COLLATE_BLOCK_LIST_ITEM:
      child = build_list_item (self);
      break;
    case COLLATE_BLOCK_RULE:
      child = gtk_separator_new (GTK_ORIENTATION_HORIZONTAL);
      break;
    case COLLATE_BLOCK_PARAGRAPH:
    case COLLATE_BLOCK_HEADING:
    case COLLATE_BLOCK_QUOTE:
    default:
      child = self->content;
      break;
    }
  adw_bin_set_child (ADW_BIN (self), child);
  set_css_classes (self);
}

static void
show (CollateBlockView *self)
{
  const char *language = collate_block_get_language (self->block);
  const char *marker = collate_block_get_marker (self->block);

  switch (collate_block_get_kind (self->block))
    {
    case COLLATE_BLOCK_CODE:
      gtk_label_set_text (GTK_LABEL (self->language), language != NULL ? language : "");
      show_pieces (self, collate_block_get_text (self->block));
      break;
    case COLLATE_BLOCK_TABLE:
      show_table (self);
      break;
    case COLLATE_BLOCK_LIST_ITEM:
      gtk_label_set_text (GTK_LABEL (self->marker), marker != NULL ? marker : "");
      show_text (self);
      break;
    case COLLATE_BLOCK_RULE:
      break;
    case COLLATE_BLOCK_PARAGRAPH:
    case COLLATE_BLOCK_HEADING:
    case COLLATE_BLOCK_QUOTE:
    default:
      show_text (self);
      break;
    }
}

/* TRUE where the widgets that show `old` can show `block` after their texts were set. */
static gboolean
has_same_shape (CollateBlock *old, CollateBlock *block)
{
  if (old == NULL || collate_block_get_kind (old) != collate_block_get_kind (block) ||
      collate_block_get_level (old) != collate_block_get_level (block))
    return FALSE;
  if (collate_block_get_kind (block) != COLLATE_BLOCK_TABLE)
    return TRUE;

  if (collate_block_get_n_columns (old) != collate_block_get_n_columns (block))
    return FALSE;
  for (guint i = 0; i < collate_block_get_n_columns (block); i++)
    if (collate_block_get_alignment (old, i) != collate_block_get_alignment (block, i))
      return FALSE;
  return TRUE;
}

/* A label that can be selected takes the focus, and an answer has hundreds: Tab passes by those that offer
 * nothing to activate. */
static gboolean
collate_block_view_focus (GtkWidget *widget, GtkDirectionType direction)
{
  CollateBlockView *self = COLLATE_BLOCK_VIEW (widget);
  gboolean by_tab = direction == GTK_DIR_TAB_FORWARD || direction == GTK_DIR_TAB_BACKWARD;

  if (by_tab && collate_block_get_kind (self->block) != COLLATE_BLOCK_CODE &&
      strstr (collate_block_get_markup (self->block), "<a ") == NULL)
    return FALSE;
  return GTK_WIDGET_CLASS (collate_block_view_parent_class)->focus (widget, direction);
}

static void
collate_block_view_dispose (GObject *object)
{
  CollateBlockView *self = COLLATE_BLOCK_VIEW (object);

  g_ptr_array_set_size (self->labels, 0);
  g_clear_object (&self->block);

  G_OBJECT_CLASS (collate_block_view_parent_class)->dispose (object);
}

static void
collate_block_view_finalize (GObject *object)
{
  g_ptr_array_unref (COLLATE_BLOCK_VIEW (object)->labels);

  G_OBJECT_CLASS (collate_block_view_parent_class)->finalize (object);
}

static void
collate_block_view_class_init (CollateBlockViewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = collate_block_view_dispose;
  G_OBJECT_CLASS (klass)->finalize = collate_block_view_finalize;
  GTK_WIDGET_CLASS (klass)->focus = collate_block_view_focus;
}

static void
collate_block_view_init (CollateBlockView *self)
{
  self->labels = g_ptr_array_new ();
}

GtkWidget *
collate_block_view_new (CollateBlock *block)
{
  CollateBlockView *self = g_object_new (COLLATE_TYPE_BLOCK_VIEW, NULL);

  collate_block_view_set_block (self, block);
  return GTK_WIDGET (self);
}

void
collate_block_view_set_block (CollateBlockView *self, CollateBlock *block)
{
  gboolean same;

  g_return_if_fail (COLLATE_IS_BLOCK_VIEW (self));
  g_return_if_fail (COLLATE_IS_BLOCK (block));

  same = has_same_shape (self->block, block);
  g_set_object (&self->block, block);
  if (!same)
    build (self);
  show (self);
}
