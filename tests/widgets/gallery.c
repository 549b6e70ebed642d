/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Shows the widgets with made-up data, for people who look at them, and can write what it shows to a
 * picture: gallery [--dark] [--columns] [--width=N] [--height=N] [--picture=FILE.png] */

#include "catalogue/collate-catalogue.h"
#include "compare/collate-entry.h"
#include "widget-support.h"
#include "widgets/collate-comparison-view.h"
#include "widgets/collate-document-list.h"
#include "widgets/collate-model-row.h"
#include "widgets/collate-question-card.h"

static gboolean dark;
static gboolean columns;
static int width = 1280;
static int height = 1180;
static char *picture;

static const GOptionEntry options[] = {
  { "dark", 0, 0, G_OPTION_ARG_NONE, &dark, "Dark colours", NULL },
  { "columns", 0, 0, G_OPTION_ARG_NONE, &columns, "Answers side by side", NULL },
  { "width", 0, 0, G_OPTION_ARG_INT, &width, "The window's width", "N" },
  { "height", 0, 0, G_OPTION_ARG_INT, &height, "The window's height", "N" },
  { "picture", 0, 0, G_OPTION_ARG_FILENAME, &picture, "Write a picture and end", "FILE" },
  { NULL },
};

static const char answer[] =
    "Dense attention lets every token look at every earlier token, so its cost grows with the square of the "
    "length. **Sparse attention** first asks a small *lightning indexer* which tokens matter, then attends "
    "to those only:\n\n"
    "- complexity `O(L·k)` in place of `O(L²)`, with k = 2,048;\n"
    "- quality within noise of the dense model on the reported [benchmarks](https://example.org):\n"
    "  1. long documents,\n  2. code.\n\n"
    "### How it selects\n\n"
    "```python\nscores = indexer(query, keys)          # every earlier token\n"
    "chosen = scores.topk(min(k, len(scores)))\n```\n\n"
    "| Model | Context | Score |\n|---|--:|--:|\n| Dense | 131,072 | 71.2 |\n| Sparse | 131,072 | 70.9 |\n\n"
    "> The indexer costs little beside what it saves.\n\n---\n\nIn short: *the same answers, cheaper*.";

static CollateComparison *
make_comparison (void)
{
  CollateComparison *comparison = widget_support_comparison_new (4);

  widget_support_think (
      comparison, 2, "The question is about **differences**. First the cost, then quality.");
  widget_support_write (comparison, 2, answer);
  widget_support_finish (comparison, 2, 56842, 698);
  widget_support_write (comparison, 0, "Sparse attention reads fewer tokens than dense attention does.");
  widget_support_finish (comparison, 0, 56937, 1996);
  widget_support_fail (comparison, 1, COLLATE_ERROR_KEY, "invalid x-api-key");
  widget_support_think (comparison, 3, "Let me look at both papers");
  return comparison;
}

static GtkWidget *
make_models (void)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  g_autoptr (GBytes) models =
      g_resources_lookup_data ("/io/github/collate/Collate/models.json", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, "/nonexistent");
  CollateCatalogue *catalogue = collate_catalogue_new (models, "/nonexistent", FALSE, "/nonexistent", keys);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (catalogue)); i++)
    {
      g_autoptr (CollateModel) model = g_list_model_get_item (G_LIST_MODEL (catalogue), i);
      g_autoptr (CollateEntry) entry = collate_entry_new (model, COLLATE_READING_WHOLE);

      collate_entry_estimate (entry, 57298, 0);
      collate_entry_set_selected (entry, i % 3 != 2);
      gtk_box_append (GTK_BOX (box), g_object_new (COLLATE_TYPE_MODEL_ROW, "entry", entry, NULL));
    }
  return box;
}

static GtkWidget *
make_sidebar (void)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *scroller = gtk_scrolled_window_new ();

  gtk_box_append (GTK_BOX (box), g_object_new (COLLATE_TYPE_DOCUMENT_LIST, NULL));
  gtk_box_append (GTK_BOX (box), make_models ());
  gtk_widget_set_size_request (scroller, 300, -1);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), box);
  gtk_widget_set_hexpand (scroller, FALSE);
  gtk_widget_add_css_class (scroller, "sidebar");
  return scroller;
}

static GtkWidget *
make_card (void)
{
  const char *const samples[] = { "Summarise the common themes", "Which paper reports the cost?", NULL };
  GtkWidget *card = g_object_new (COLLATE_TYPE_QUESTION_CARD, "samples", samples, "running", TRUE, NULL);
  GtkWidget *clamp = adw_clamp_new ();

  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), 980);
  adw_clamp_set_child (ADW_CLAMP (clamp), card);
  gtk_widget_set_margin_start (clamp, 12);
  gtk_widget_set_margin_end (clamp, 12);
  return clamp;
}

static GtkWidget *
make_main (void)
{
  g_autoptr (CollateComparison) comparison = make_comparison ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 18);
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *view = g_object_new (COLLATE_TYPE_COMPARISON_VIEW,
                                  "comparison",
                                  comparison,
                                  "layout",
                                  columns ? COLLATE_ANSWER_LAYOUT_COLUMNS : COLLATE_ANSWER_LAYOUT_STACKED,
                                  NULL);

  gtk_box_append (GTK_BOX (box), make_card ());
  gtk_box_append (GTK_BOX (box), view);
  gtk_widget_set_margin_top (box, 12);
  gtk_widget_set_margin_bottom (box, 24);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), box);
  gtk_widget_set_hexpand (scroller, TRUE);
  return scroller;
}

static void
write_picture (GtkWidget *window)
{
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (window);
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;

  gdk_paintable_snapshot (paintable, snapshot, width, height);
  node = gtk_snapshot_free_to_node (snapshot);
  texture = gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (window)), node, NULL);
  gdk_texture_save_to_png (texture, picture);
}

static gboolean
end (gpointer user_data)
{
  write_picture (user_data);
  gtk_window_destroy (user_data);
  return G_SOURCE_REMOVE;
}

/* The commands that the widgets name, so that their buttons are as in the application. */
static void
add_actions (GActionMap *map, const char *const *names, const GVariantType *type)
{
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autoptr (GSimpleAction) action = g_simple_action_new (names[i], type);

      g_action_map_add_action (map, G_ACTION (action));
    }
}

static void
activate (GtkApplication *application)
{
  const char *const plain[] = { "open", "ask", "stop-all", "ask-again", "save-line-up", NULL };
  const char *const preferences[] = { "preferences", NULL };
  GtkWidget *window = adw_application_window_new (application);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);

  add_actions (G_ACTION_MAP (window), plain, NULL);
  add_actions (G_ACTION_MAP (application), preferences, G_VARIANT_TYPE_STRING);
  if (width >= 700)
    gtk_box_append (GTK_BOX (box), make_sidebar ());
  gtk_box_append (GTK_BOX (box), make_main ());
  adw_application_window_set_content (ADW_APPLICATION_WINDOW (window), box);
  gtk_window_set_default_size (GTK_WINDOW (window), width, height);
  gtk_window_present (GTK_WINDOW (window));
  if (picture != NULL)
    g_timeout_add (2500, end, window);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (AdwApplication) application = NULL;
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }

  application = adw_application_new (APP_ID, G_APPLICATION_NON_UNIQUE);
  g_signal_connect (application, "activate", G_CALLBACK (activate), NULL);
  adw_init ();
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      dark ? ADW_COLOR_SCHEME_FORCE_DARK : ADW_COLOR_SCHEME_FORCE_LIGHT);
  return g_application_run (G_APPLICATION (application), 0, NULL);
}
