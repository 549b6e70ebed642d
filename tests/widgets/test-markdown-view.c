/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Markdown as widgets: what is shown, and that a growing text touches its tail only. */

#include "widget-support.h"
#include "widgets/collate-block-view.h"
#include "widgets/collate-copy-button.h"
#include "widgets/collate-markdown-view.h"

static CollateMarkdownView *
view_new (void)
{
  return COLLATE_MARKDOWN_VIEW (g_object_ref_sink (collate_markdown_view_new ()));
}

/* All that the labels say, which is what a screen reader reads; a line a label. */
static char *
read_labels (GtkWidget *root)
{
  g_autoptr (GPtrArray) labels = widget_support_find_all (root, GTK_TYPE_LABEL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < labels->len; i++)
    g_string_append_printf (text, "%s\n", gtk_label_get_text (labels->pdata[i]));
  return g_string_free (text, FALSE);
}

static void
test_reads_whole (void)
{
  const char *text = "# Title\n\nDense *attention* & <b>all</b>\n\n- one\n- two\n\n> said\n\n"
                     "```c\nint a;\n```\n\n| A | B |\n|---|--:|\n| 1 | 2 |\n\n---\n\nend";
  g_autoptr (CollateMarkdownView) view = view_new ();
  g_autofree char *labels = NULL;

  collate_markdown_view_set_text (view, text, -1);
  labels = read_labels (GTK_WIDGET (view));
  g_assert_cmpstr (
      labels, ==, "Title\nDense attention & <b>all</b>\n•\none\n•\ntwo\nsaid\nc\nint a;\nA\nB\n1\n2\nend\n");
}

static void
test_label_names (void)
{
  g_autoptr (CollateMarkdownView) view = view_new ();
  GtkWidget *label;

  collate_markdown_view_set_text (view, "Sparse **attention** first.", -1);
  label = widget_support_find (GTK_WIDGET (view), GTK_TYPE_LABEL);
  gtk_test_accessible_assert_role (view, GTK_ACCESSIBLE_ROLE_GROUP);
  gtk_test_accessible_assert_property (label, GTK_ACCESSIBLE_PROPERTY_LABEL, "Sparse attention first.");
}

static void
test_copy_code (void)
{
  g_autoptr (CollateMarkdownView) view = view_new ();
  GtkWidget *button;

  collate_markdown_view_set_text (view, "```\nx = 1\n```", -1);
  button = widget_support_find (GTK_WIDGET (view), COLLATE_TYPE_COPY_BUTTON);
  g_assert_nonnull (button);
  gtk_test_accessible_assert_property (button, GTK_ACCESSIBLE_PROPERTY_LABEL, "Copy code");
}

/* The widgets that are other ones, or say something else, than before. */
static guint
count_touched (GPtrArray *before, GStrv texts, GPtrArray *after)
{
  guint n = 0;

  for (guint i = 0; i < after->len; i++)
    if (i >= before->len || before->pdata[i] != after->pdata[i] ||
        !g_str_equal (texts[i], gtk_label_get_text (after->pdata[i])))
      n++;
  return n;
}

static GStrv
get_texts (GPtrArray *labels)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < labels->len; i++)
    g_strv_builder_add (builder, gtk_label_get_text (labels->pdata[i]));
  return g_strv_builder_end (builder);
}

static const char *const paragraphs[] = {
  "Dense attention lets every token look at every earlier one, so its cost grows with the square.\n\n",
  "1. complexity **O(L·k)** in place of *O(L²)*;\n2. quality within noise.\n\n",
  "```c\nfor (int i = 0; i < n; i++)\n  sum += x[i];\n```\n\n",
  "| model | score |\n|---|--:|\n| dense | 71.2 |\n| sparse | 70.9 |\n\n",
  "### A heading\n\n> and a quote of some length\n\n",
};

/* An answer of 60,000 characters, a token at a time: each update touches a few labels, however much is
 * there. */
static void
test_tail_only (void)
{
  g_autoptr (CollateMarkdownView) view = view_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GPtrArray) before = widget_support_find_all (GTK_WIDGET (view), GTK_TYPE_LABEL);
  g_auto (GStrv) texts = get_texts (before);

  for (guint i = 0; text->len < 60000; i++)
    {
      const char *paragraph = paragraphs[i % G_N_ELEMENTS (paragraphs)];
      gsize half = g_utf8_offset_to_pointer (paragraph, g_utf8_strlen (paragraph, -1) / 2) - paragraph;

      for (guint part = 0; part < 2; part++)
        {
          g_autoptr (GPtrArray) after = NULL;

          g_string_append_len (
              text, paragraph + (part ? half : 0), part ? (gssize) strlen (paragraph + half) : (gssize) half);
          collate_markdown_view_set_text (view, text->str, text->len);
          after = widget_support_find_all (GTK_WIDGET (view), GTK_TYPE_LABEL);
          g_assert_cmpuint (count_touched (before, texts, after), <=, 10);

          g_ptr_array_unref (before);
          before = g_steal_pointer (&after);
          g_strfreev (texts);
          texts = get_texts (before);
        }
    }
  g_assert_cmpuint (before->len, >, 500);
}

/* A text that is shorter, or another one, leaves nothing of the old one behind. */
static void
test_other_text (void)
{
  g_autoptr (CollateMarkdownView) view = view_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *labels = NULL;

  for (guint i = 0; i < 100; i++)
    g_string_append_printf (text, "paragraph %u\n\n", i);
  collate_markdown_view_set_text (view, text->str, -1);
  collate_markdown_view_set_text (view, "paragraph 0\n\n# other\n\n- item", -1);
  labels = read_labels (GTK_WIDGET (view));
  g_assert_cmpstr (labels, ==, "paragraph 0\nother\n•\nitem\n");

  collate_markdown_view_set_text (view, "", -1);
  g_assert_null (widget_support_find (GTK_WIDGET (view), GTK_TYPE_LABEL));
}

/* Code and paragraphs without end are cut into labels that are laid out one by one, and nothing is lost. */
static void
test_huge_blocks (void)
{
  g_autoptr (CollateMarkdownView) view = view_new ();
  g_autoptr (GString) code = g_string_new ("```\n");
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (GPtrArray) labels = NULL;
  gsize length = 0;

  for (guint i = 0; i < 1000; i++)
    g_string_append_printf (code, "line %u\n", i);
  collate_markdown_view_set_text (view, code->str, -1);
  g_assert_nonnull (widget_support_find_label (GTK_WIDGET (view), "line 0\n"));
  g_assert_nonnull (widget_support_find_label (GTK_WIDGET (view), "line 992\n"));

  while (line->len < 100000)
    g_string_append (line, "wörter ");
  collate_markdown_view_set_text (view, line->str, -1);
  labels = widget_support_find_all (GTK_WIDGET (view), GTK_TYPE_LABEL);
  for (guint i = 0; i < labels->len; i++)
    {
      const char *text = gtk_label_get_text (labels->pdata[i]);

      g_assert_true (g_utf8_validate (text, -1, NULL));
      g_assert_cmpuint (strlen (text), <=, 4100);
      length += strlen (text);
    }
  g_assert_cmpuint (length, >=, line->len - 1);
}

static void
test_goes_away (void)
{
  CollateMarkdownView *view = view_new ();
  GtkWindow *window = widget_support_show (GTK_WIDGET (view), 400);

  collate_markdown_view_set_text (view, "a\n\n```\ncode\n```\n\n|a|b|\n|-|-|\n|c|d|", -1);
  widget_support_draw (window);
  gtk_window_destroy (window);
  g_assert_finalize_object (view);
}

int
main (int argc, char *argv[])
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

  g_test_add_func ("/markdown-view/reads-whole", test_reads_whole);
  g_test_add_func ("/markdown-view/label-names", test_label_names);
  g_test_add_func ("/markdown-view/copy-code", test_copy_code);
  g_test_add_func ("/markdown-view/tail-only", test_tail_only);
  g_test_add_func ("/markdown-view/other-text", test_other_text);
  g_test_add_func ("/markdown-view/huge-blocks", test_huge_blocks);
  g_test_add_func ("/markdown-view/goes-away", test_goes_away);

  return g_test_run ();
}
