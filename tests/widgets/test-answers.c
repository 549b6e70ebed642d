/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Answers: what a card says in each state, that it follows its answer once a frame, and how the list keeps
 * up with its comparison. */

#include "charts/collate-chart.h"
#include "compare/collate-comparison-private.h"
#include "widget-support.h"
#include "widgets/collate-announcer.h"
#include "widgets/collate-answer-list.h"
#include "widgets/collate-answer-view.h"
#include "widgets/collate-copy-button.h"
#include "widgets/collate-markdown-view.h"

typedef struct
{
  CollateComparison *comparison;
  CollateAnswerList *list;
  GtkWindow *window;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->comparison = widget_support_comparison_new (GPOINTER_TO_UINT (data));
  fixture->list = g_object_new (COLLATE_TYPE_ANSWER_LIST, "comparison", fixture->comparison, NULL);
  fixture->window = widget_support_show (GTK_WIDGET (fixture->list), 900);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_ref (fixture->list);
  gtk_window_destroy (fixture->window);
  g_assert_finalize_object (fixture->list);
  g_assert_finalize_object (fixture->comparison);
}

static GtkWidget *
get_view (Fixture *fixture, guint position)
{
  g_autoptr (GPtrArray) views =
      widget_support_find_all (GTK_WIDGET (fixture->list), COLLATE_TYPE_ANSWER_VIEW);

  g_assert_cmpuint (position, <, views->len);
  return g_ptr_array_index (views, position);
}

/* The visible button whose accessible name begins so. */
static GtkWidget *
find_button (GtkWidget *view, const char *tooltip)
{
  g_autoptr (GPtrArray) buttons = widget_support_find_all (view, GTK_TYPE_BUTTON);

  for (guint i = 0; i < buttons->len; i++)
    {
      const char *text = gtk_widget_get_tooltip_text (buttons->pdata[i]);

      if (text != NULL && g_str_has_prefix (text, tooltip) && gtk_widget_get_visible (buttons->pdata[i]))
        return buttons->pdata[i];
    }
  return NULL;
}

static void
test_names (Fixture *fixture, gconstpointer data)
{
  GtkWidget *view = get_view (fixture, 1);

  gtk_test_accessible_assert_role (view, GTK_ACCESSIBLE_ROLE_GROUP);
  gtk_test_accessible_assert_property (view, GTK_ACCESSIBLE_PROPERTY_LABEL, "Claude Sonnet 4.5");
  gtk_test_accessible_assert_property (
      find_button (view, "Stop"), GTK_ACCESSIBLE_PROPERTY_LABEL, "Stop Claude Sonnet 4.5");
  g_assert_null (find_button (view, "Copy"));
  g_assert_nonnull (widget_support_find_label (view, "Waiting for its turn"));
}

static void
test_writes (Fixture *fixture, gconstpointer data)
{
  GtkWidget *view = get_view (fixture, 0);

  widget_support_write (fixture->comparison, 0, "Dense attention ");
  widget_support_write (fixture->comparison, 0, "reads **all**.\n\nSparse");
  widget_support_draw (fixture->window);

  g_assert_nonnull (widget_support_find_label (view, "Dense attention reads all."));
  g_assert_nonnull (widget_support_find_label (view, "Sparse"));
  g_assert_null (widget_support_find_label (view, "Nothing came yet"));
  g_assert_nonnull (find_button (view, "Copy"));
  g_assert_nonnull (find_button (view, "Stop"));

  widget_support_finish (fixture->comparison, 0, 56937, 1996);
  widget_support_draw (fixture->window);
  g_assert_null (find_button (view, "Stop"));
  g_assert_nonnull (widget_support_find_label (view, "GPT-5 — $0.1623"));
}

/* How many drafts were right stands below the text of an answer that has some. */
static void
test_drafts (Fixture *fixture, gconstpointer data)
{
  widget_support_write (fixture->comparison, 0, "Yes.");
  widget_support_write (fixture->comparison, 1, "No.");
  widget_support_draw (fixture->window);
  g_assert_null (widget_support_find_label (get_view (fixture, 0), "Drafts right"));

  widget_support_finish_with_drafts (fixture->comparison, 0, 75, 62);
  widget_support_finish_with_drafts (fixture->comparison, 1, 0, 0);
  widget_support_draw (fixture->window);
  g_assert_nonnull (
      widget_support_find_label (get_view (fixture, 0), "Drafts right: 62 of 75 (83\302\240%)"));
  g_assert_null (widget_support_find_label (get_view (fixture, 1), "Drafts right"));
}

/* A model file waits for another one, is loaded, and reads. */
static void
test_model_file (Fixture *fixture, gconstpointer data)
{
  GtkWidget *view = get_view (fixture, 0);

  widget_support_wait (fixture->comparison, 0, "tiny");
  widget_support_draw (fixture->window);
  g_assert_nonnull (widget_support_find_label (view, "Waiting for tiny"));
  g_assert_nonnull (find_button (view, "Stop"));
  widget_support_wait (fixture->comparison, 0, "other");
  widget_support_draw (fixture->window);
  g_assert_nonnull (widget_support_find_label (view, "Waiting for other"));

  widget_support_load (fixture->comparison, 0);
  widget_support_draw (fixture->window);
  g_assert_nonnull (widget_support_find_label (view, "Loading the model"));
  g_assert_nonnull (widget_support_find_label (view, "GPT-5 — loading…"));
  g_assert_nonnull (find_button (view, "Stop"));

  widget_support_read (fixture->comparison, 0, 1024, 3913);
  widget_support_draw (fixture->window);
  g_assert_nonnull (widget_support_find_label (view, "Reading: 1,024 of 3,913 tokens"));
  widget_support_read (fixture->comparison, 0, 3913, 3913);
  widget_support_draw (fixture->window);
  g_assert_nonnull (widget_support_find_label (view, "Nothing came yet"));

  widget_support_write (fixture->comparison, 0, "Yes.");
  widget_support_draw (fixture->window);
  g_assert_null (widget_support_find_label (view, "Nothing came yet"));
}

/* A thousand pieces of text between two frames are one change of the widgets. */
static void
test_once_a_frame (Fixture *fixture, gconstpointer data)
{
  GtkWidget *view = get_view (fixture, 0);
  guint n_changes = 0;
  GtkWidget *label;

  widget_support_write (fixture->comparison, 0, "a");
  widget_support_draw (fixture->window);
  label = widget_support_find_label (view, "a");
  g_assert_nonnull (label);
  g_signal_connect_swapped (label, "notify::label", G_CALLBACK (g_atomic_int_inc), &n_changes);

  for (guint i = 0; i < 1000; i++)
    widget_support_write (fixture->comparison, 0, "b");
  g_assert_cmpuint (n_changes, ==, 0);
  widget_support_draw (fixture->window);
  g_assert_cmpuint (n_changes, ==, 1);
  g_assert_cmpuint (strlen (gtk_label_get_text (GTK_LABEL (label))), ==, 1001);
}

/* A long text leaves out frames while it is written, and is whole as soon as it ends. */
static void
test_long_text_is_whole (Fixture *fixture, gconstpointer data)
{
  GtkWidget *view = get_view (fixture, 0);
  g_autoptr (GString) text = g_string_new (NULL);

  while (text->len < 60000)
    g_string_append (text, "One paragraph of many.\n\n");
  widget_support_write (fixture->comparison, 0, text->str);
  widget_support_draw (fixture->window);
  for (guint i = 0; i < 3; i++)
    {
      widget_support_write (fixture->comparison, 0, "more and ");
      widget_support_draw (fixture->window);
    }
  widget_support_write (fixture->comparison, 0, "the end.");
  widget_support_finish (fixture->comparison, 0, 10, 10);
  widget_support_draw (fixture->window);
  g_assert_nonnull (widget_support_find_label (view, "more and more and more and the end."));
}

static void
test_fails_in_place (Fixture *fixture, gconstpointer data)
{
  GtkWidget *view = get_view (fixture, 0);
  g_autoptr (GPtrArray) buttons = widget_support_find_all (view, GTK_TYPE_BUTTON);
  GtkWidget *mend = NULL;

  widget_support_fail (fixture->comparison, 0, COLLATE_ERROR_KEY, "no key");
  widget_support_draw (fixture->window);

  for (guint i = 0; i < buttons->len; i++)
    if (g_strcmp0 (gtk_actionable_get_action_name (buttons->pdata[i]), "app.preferences") == 0)
      mend = buttons->pdata[i];
  g_assert_nonnull (mend);
  g_assert_true (gtk_widget_get_visible (mend));
  g_assert_cmpstr (
      g_variant_get_string (gtk_actionable_get_action_target_value (GTK_ACTIONABLE (mend)), NULL),
      ==,
      "key:OPENAI_API_KEY");
  g_assert_null (widget_support_find_label (get_view (fixture, 1), "OpenAI"));
}

static void
test_partial_text_stays (Fixture *fixture, gconstpointer data)
{
  GtkWidget *view = get_view (fixture, 0);

  widget_support_write (fixture->comparison, 0, "half an ans");
  widget_support_fail (fixture->comparison, 0, COLLATE_ERROR_SERVER, "overloaded");
  widget_support_draw (fixture->window);
  g_assert_nonnull (widget_support_find_label (view, "half an ans"));
  g_assert_null (widget_support_find_label (view, "Nothing came yet"));
}

static void
test_reasoning_folded (Fixture *fixture, gconstpointer data)
{
  GtkWidget *view = get_view (fixture, 0);
  GtkWidget *expander = widget_support_find (view, GTK_TYPE_EXPANDER);

  g_assert_false (gtk_widget_get_visible (expander));
  widget_support_think (fixture->comparison, 0, "let me see");
  widget_support_draw (fixture->window);
  g_assert_true (gtk_widget_get_visible (expander));
  g_assert_null (widget_support_find_label (view, "let me see"));

  gtk_expander_set_expanded (GTK_EXPANDER (expander), TRUE);
  widget_support_draw (fixture->window);
  g_assert_nonnull (widget_support_find_label (view, "let me see"));
}

/* A folded answer does no work for its text, and shows all of it when it is opened. */
static void
test_folds (Fixture *fixture, gconstpointer data)
{
  GtkWidget *view = get_view (fixture, 0);

  g_object_set (view, "expanded", FALSE, NULL);
  widget_support_write (fixture->comparison, 0, "while away");
  widget_support_draw (fixture->window);
  g_assert_null (widget_support_find_label (view, "while away"));

  g_object_set (view, "expanded", TRUE, NULL);
  g_assert_nonnull (widget_support_find_label (view, "while away"));
}

static void
test_follows_comparison (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CollateComparison) other = widget_support_comparison_new (3);
  GtkWidget *first = get_view (fixture, 0);

  gtk_test_accessible_assert_property (first, GTK_ACCESSIBLE_PROPERTY_LABEL, "GPT-5");
  g_object_set (fixture->list, "comparison", other, NULL);
  gtk_test_accessible_assert_property (
      get_view (fixture, 2), GTK_ACCESSIBLE_PROPERTY_LABEL, "DeepSeek v3.2-Exp");
  g_object_set (fixture->list, "comparison", NULL, NULL);
  g_assert_null (widget_support_find (GTK_WIDGET (fixture->list), COLLATE_TYPE_ANSWER_VIEW));
  g_object_set (fixture->list, "comparison", fixture->comparison, NULL);
}

/* An answer that is asked again takes its place; the others keep their cards. */
static void
test_replaced (Fixture *fixture, gconstpointer data)
{
  GtkWidget *first = get_view (fixture, 0);
  GtkWidget *last = get_view (fixture, 2);
  CollateAnswer *old = widget_support_get_answer (fixture->comparison, 1);
  g_autoptr (CollateComparison) other = widget_support_comparison_new (2);
  g_autoptr (CollateAnswer) replacement = g_object_ref (widget_support_get_answer (other, 1));

  collate_comparison_replace (fixture->comparison, old, replacement);
  g_assert_true (get_view (fixture, 0) == first);
  g_assert_true (get_view (fixture, 2) == last);
  g_assert_true (collate_answer_view_get_answer (COLLATE_ANSWER_VIEW (get_view (fixture, 1))) == replacement);
}

static void
test_columns (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    widget_support_write (fixture->comparison, i, "Some words of an answer that wrap where it is narrow.");
  g_object_set (fixture->list, "layout", COLLATE_ANSWER_LAYOUT_COLUMNS, NULL);
  widget_support_draw (fixture->window);

  for (guint i = 0; i < 3; i++)
    {
      graphene_rect_t bounds;

      g_assert_true (gtk_widget_compute_bounds (get_view (fixture, i), GTK_WIDGET (fixture->list), &bounds));
      g_assert_cmpfloat (bounds.size.width, >=, 300);
      g_assert_cmpfloat (bounds.size.width, <, 320);
    }
}

/* The style sheets' marks are the charts' palette. */
static void
test_palette (void)
{
  const char *const sheets[] = { "style.css", "style-dark.css" };

  for (guint dark = 0; dark < G_N_ELEMENTS (sheets); dark++)
    {
      g_autofree char *path = g_strconcat ("/io/github/collate/Collate/", sheets[dark], NULL);
      g_autoptr (GBytes) sheet = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

      for (guint i = 0; i < COLLATE_N_COLORS; i++)
        {
          double red, green, blue;
          g_autofree char *rule = NULL;

          collate_chart_get_color (i, dark, &red, &green, &blue);
          rule = g_strdup_printf (".mark-%u {\n  background: #%02x%02x%02x;",
                                  i,
                                  (guint) (red * 255 + 0.5),
                                  (guint) (green * 255 + 0.5),
                                  (guint) (blue * 255 + 0.5));
          g_assert_nonnull (g_strstr_len (g_bytes_get_data (sheet, NULL), g_bytes_get_size (sheet), rule));
        }
    }
}

static void
count_announcement (GtkLabel *label, GParamSpec *pspec, GPtrArray *heard)
{
  g_ptr_array_add (heard, g_strdup (gtk_label_get_text (label)));
}

static void
test_announcements (void)
{
  g_autoptr (CollateComparison) comparison = widget_support_comparison_new (2);
  GtkWidget *announcer = g_object_ref_sink (g_object_new (COLLATE_TYPE_ANNOUNCER, NULL));
  g_autoptr (GPtrArray) heard = g_ptr_array_new_with_free_func (g_free);
  GtkWidget *label = widget_support_find (announcer, GTK_TYPE_LABEL);

#if GTK_CHECK_VERSION(4, 14, 0)
  g_test_skip ("widgets announce by themselves");
#else
  gtk_test_accessible_assert_role (label, GTK_ACCESSIBLE_ROLE_STATUS);
  g_signal_connect (label, "notify::label", G_CALLBACK (count_announcement), heard);
  g_object_set (announcer, "comparison", comparison, NULL);
  for (guint i = 0; i < 100; i++)
    widget_support_write (comparison, i % 2, "word ");
  widget_support_finish (comparison, 0, 10, 10);
  widget_support_fail (comparison, 1, COLLATE_ERROR_OFFLINE, "no route");

  g_assert_cmpuint (heard->len, ==, 4);
  g_assert_cmpstr (heard->pdata[0], ==, "Asking for 2 answers");
  g_assert_true (g_str_has_prefix (heard->pdata[1], "GPT-5: "));
  g_assert_true (g_str_has_prefix (heard->pdata[2], "Claude Sonnet 4.5: "));
  g_assert_cmpstr (heard->pdata[3], ==, "All 2 answers ended");
#endif
  g_assert_finalize_object (announcer);
}

/* Nothing is told of a comparison that ended before it was opened. */
static void
test_past_is_silent (void)
{
  g_autoptr (CollateComparison) comparison = widget_support_comparison_new (1);
  GtkWidget *announcer = g_object_ref_sink (g_object_new (COLLATE_TYPE_ANNOUNCER, NULL));
  GtkWidget *label = widget_support_find (announcer, GTK_TYPE_LABEL);

  widget_support_write (comparison, 0, "text");
  widget_support_finish (comparison, 0, 10, 10);
  g_object_set (announcer, "comparison", comparison, NULL);
  g_assert_cmpstr (gtk_label_get_text (GTK_LABEL (label)), ==, "");
  g_assert_finalize_object (announcer);
}

#define ADD(path, n, func) g_test_add (path, Fixture, GUINT_TO_POINTER (n), set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

  ADD ("/answers/names", 2, test_names);
  ADD ("/answers/writes", 1, test_writes);
  ADD ("/answers/drafts", 2, test_drafts);
  ADD ("/answers/model-file", 1, test_model_file);
  ADD ("/answers/once-a-frame", 1, test_once_a_frame);
  ADD ("/answers/long-text-is-whole", 1, test_long_text_is_whole);
  ADD ("/answers/fails-in-place", 2, test_fails_in_place);
  ADD ("/answers/partial-text-stays", 1, test_partial_text_stays);
  ADD ("/answers/reasoning-folded", 1, test_reasoning_folded);
  ADD ("/answers/folds", 1, test_folds);
  ADD ("/answers/follows-comparison", 1, test_follows_comparison);
  ADD ("/answers/replaced", 3, test_replaced);
  ADD ("/answers/columns", 3, test_columns);
  g_test_add_func ("/answers/palette", test_palette);
  g_test_add_func ("/announcer/says-n-plus-two", test_announcements);
  g_test_add_func ("/announcer/past-is-silent", test_past_is_silent);

  return g_test_run ();
}
