/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The widgets that show the whole workspace: the question, the list of models with its sum and line-ups, the
 * history. */

#include <glib/gstdio.h>

#include "compare/collate-workspace.h"
#include "widget-support.h"
#include "widgets/collate-history-list.h"
#include "widgets/collate-history-row.h"
#include "widgets/collate-model-list.h"
#include "widgets/collate-model-row.h"
#include "widgets/collate-question-card.h"
#include "widgets/collate-widgets.h"

static const char models[] =
    "{ \"version\": 1, \"providers\": {"
    "    \"here\": { \"name\": \"Here\", \"api\": \"openai\", \"base_url\": \"http://127.0.0.1:1\" } },"
    "  \"models\": ["
    "    { \"id\": \"one\", \"name\": \"One\", \"context\": 100000, \"max_output\": 1000,"
    "      \"routes\": [ { \"provider\": \"here\", \"model\": \"m\","
    "                      \"price\": { \"input\": 0, \"output\": 1000 } } ] },"
    "    { \"id\": \"two\", \"name\": \"Two\", \"context\": 100000, \"max_output\": 1000,"
    "      \"routes\": [ { \"provider\": \"here\", \"model\": \"m\" } ] } ],"
    "  \"line_ups\": { \"both\": { \"name\": \"Both\", \"models\": [ \"one\", \"two\" ] } } }";

typedef struct
{
  char *folder;
  CollateWorkspace *workspace;
  GSimpleAction *ask;
  guint n_asked;
  GVariant *opened;
  GtkWidget *widget;
  GtkWindow *window;
} Fixture;

static void
asked (Fixture *fixture)
{
  fixture->n_asked++;
}

static void
opened (Fixture *fixture, GVariant *parameter)
{
  g_clear_pointer (&fixture->opened, g_variant_unref);
  fixture->opened = g_variant_ref (parameter);
}

/* The commands that a window would have. */
static void
add_actions (Fixture *fixture)
{
  g_autoptr (GSimpleActionGroup) group = g_simple_action_group_new ();
  g_autoptr (GSimpleAction) open = g_simple_action_new ("open-comparison", G_VARIANT_TYPE_INT64);
  g_autoptr (GSimpleAction) remove = g_simple_action_new ("remove-comparison", G_VARIANT_TYPE_INT64);

  fixture->ask = g_simple_action_new ("ask", NULL);
  g_object_bind_property (fixture->workspace, "can-ask", fixture->ask, "enabled", G_BINDING_SYNC_CREATE);
  g_signal_connect_swapped (fixture->ask, "activate", G_CALLBACK (asked), fixture);
  g_signal_connect_data (open, "activate", G_CALLBACK (opened), fixture, NULL, G_CONNECT_SWAPPED);
  g_action_map_add_action (G_ACTION_MAP (group), G_ACTION (fixture->ask));
  g_action_map_add_action (G_ACTION_MAP (group), G_ACTION (open));
  g_action_map_add_action (G_ACTION_MAP (group), G_ACTION (remove));
  gtk_widget_insert_action_group (GTK_WIDGET (fixture->window), "win", G_ACTION_GROUP (group));
}

static void
set_up (Fixture *fixture, gconstpointer type_name)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (models, strlen (models));
  g_autoptr (CollateEncodings) encodings = collate_encodings_new ("/io/github/collate/Collate/vocabularies");
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, "/nonexistent");
  g_autoptr (CollateCatalogue) catalogue =
      collate_catalogue_new (bytes, "/nonexistent", FALSE, "/nonexistent", keys);
  g_autoptr (CollateLibrary) library = collate_library_new (encodings, g_getenv ("COLLATE_EXTRACT"));
  g_autoptr (CollateHttp) http = collate_http_new ("Collate/test");
  g_autoptr (CollateHistory) history = NULL;
  g_autofree char *path = NULL;

  fixture->folder = g_dir_make_tmp ("collate-widgets-XXXXXX", NULL);
  path = g_build_filename (fixture->folder, "history.sqlite", NULL);
  history = collate_history_new (path);
  fixture->workspace = collate_workspace_new (encodings, library, catalogue, history, http);
  fixture->widget = g_object_new (g_type_from_name (type_name), NULL);
  fixture->window = widget_support_show (fixture->widget, 700);
  add_actions (fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer type_name)
{
  g_autofree char *remove = g_strdup_printf ("rm -r '%s'", fixture->folder);

  g_object_ref (fixture->widget);
  gtk_window_destroy (fixture->window);
  g_assert_finalize_object (fixture->widget);
  collate_history_flush (collate_workspace_get_history (fixture->workspace));
  g_clear_object (&fixture->workspace);
  g_clear_object (&fixture->ask);
  g_clear_pointer (&fixture->opened, g_variant_unref);
  g_assert_true (g_spawn_command_line_sync (remove, NULL, NULL, NULL, NULL));
  g_free (fixture->folder);
}

static GtkWidget *
find_by_action (GtkWidget *root, const char *action)
{
  g_autoptr (GPtrArray) buttons = widget_support_find_all (root, GTK_TYPE_BUTTON);

  for (guint i = 0; i < buttons->len; i++)
    if (g_strcmp0 (gtk_actionable_get_action_name (buttons->pdata[i]), action) == 0)
      return buttons->pdata[i];
  return NULL;
}

static void
select_models (Fixture *fixture, const char *first, const char *second)
{
  const char *const ids[] = { first, second, NULL };

  collate_workspace_select (fixture->workspace, ids);
}

static void
test_question_names (Fixture *fixture, gconstpointer data)
{
  GtkWidget *text = widget_support_find (fixture->widget, GTK_TYPE_TEXT_VIEW);

  g_object_set (fixture->widget, "workspace", fixture->workspace, NULL);
  gtk_test_accessible_assert_role (text, GTK_ACCESSIBLE_ROLE_TEXT_BOX);
  gtk_test_accessible_assert_property (text, GTK_ACCESSIBLE_PROPERTY_LABEL, "Question");
}

static void
test_question_is_the_workspaces (Fixture *fixture, gconstpointer data)
{
  GtkTextView *view = GTK_TEXT_VIEW (widget_support_find (fixture->widget, GTK_TYPE_TEXT_VIEW));
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (view);
  g_autofree char *question = NULL;
  g_autofree char *text = NULL;

  g_object_set (fixture->widget, "workspace", fixture->workspace, NULL);
  g_assert_nonnull (widget_support_find_label (fixture->widget, "Ask something"));
  gtk_text_buffer_set_text (buffer, "Which paper?", -1);
  g_object_get (fixture->workspace, "question", &question, NULL);
  g_assert_cmpstr (question, ==, "Which paper?");
  g_assert_null (widget_support_find_label (fixture->widget, "Ask something"));

  g_object_set (fixture->workspace, "question", "And when?", NULL);
  g_object_get (buffer, "text", &text, NULL);
  g_assert_cmpstr (text, ==, "And when?");
}

static void
test_ask_button (Fixture *fixture, gconstpointer data)
{
  GtkWidget *ask = find_by_action (fixture->widget, "win.ask");

  select_models (fixture, NULL, NULL);
  g_object_set (fixture->widget, "workspace", fixture->workspace, NULL);
  g_assert_cmpstr (gtk_button_get_label (GTK_BUTTON (ask)), ==, "Ask");
  g_assert_cmpstr (gtk_widget_get_tooltip_text (ask), ==, "Tick at least one model");
  g_assert_false (gtk_widget_get_sensitive (ask));

  select_models (fixture, "one", NULL);
  g_assert_cmpstr (gtk_button_get_label (GTK_BUTTON (ask)), ==, "Ask 1 model");
  g_assert_cmpstr (gtk_widget_get_tooltip_text (ask), ==, "Write a question first");

  select_models (fixture, "one", "two");
  g_object_set (fixture->workspace, "question", "Which?", NULL);
  gtk_test_accessible_assert_property (ask, GTK_ACCESSIBLE_PROPERTY_LABEL, "Ask 2 models");
  g_assert_true (gtk_widget_get_sensitive (ask));
  g_signal_emit_by_name (ask, "clicked");
  g_assert_cmpuint (fixture->n_asked, ==, 1);
}

static void
test_stop_button (Fixture *fixture, gconstpointer data)
{
  GtkWidget *stop = find_by_action (fixture->widget, "win.stop-all");

  gtk_test_accessible_assert_property (stop, GTK_ACCESSIBLE_PROPERTY_LABEL, "Stop all");
  g_assert_false (gtk_widget_get_visible (stop));
  g_object_set (fixture->widget, "running", TRUE, NULL);
  g_assert_true (gtk_widget_get_visible (stop));
}

static void
test_samples (Fixture *fixture, gconstpointer data)
{
  const char *const samples[] = { "What is new?", "What is missing?", NULL };
  g_autofree char *question = NULL;
  g_auto (GStrv) read = NULL;

  g_object_set (fixture->widget, "workspace", fixture->workspace, "samples", samples, NULL);
  g_object_get (fixture->widget, "samples", &read, NULL);
  g_assert_cmpuint (g_strv_length (read), ==, 2);
  g_assert_nonnull (widget_support_find_label (fixture->widget, "Sample questions"));

  gtk_widget_activate_action (fixture->widget, "question.use-sample", "s", "What is missing?");
  g_object_get (fixture->workspace, "question", &question, NULL);
  g_assert_cmpstr (question, ==, "What is missing?");
}

static void
test_repeats (Fixture *fixture, gconstpointer data)
{
  GtkDropDown *repeats = GTK_DROP_DOWN (widget_support_find (fixture->widget, GTK_TYPE_DROP_DOWN));
  guint value;

  g_object_set (fixture->widget, "workspace", fixture->workspace, NULL);
  gtk_drop_down_set_selected (repeats, 1);
  g_object_get (fixture->workspace, "repeats", &value, NULL);
  g_assert_cmpuint (value, ==, 3);
  g_object_set (fixture->workspace, "repeats", 5, NULL);
  g_assert_cmpuint (gtk_drop_down_get_selected (repeats), ==, 2);
}

/* The input is counted on a thread of its own. */
static void
wait_for_estimate (Fixture *fixture)
{
  gint64 at_most = COLLATE_MONEY_UNKNOWN;

  while (at_most == COLLATE_MONEY_UNKNOWN)
    {
      g_main_context_iteration (NULL, TRUE);
      g_object_get (fixture->workspace, "at-most", &at_most, NULL);
    }
}

static void
test_model_list (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) rows = NULL;

  select_models (fixture, NULL, NULL);
  g_object_set (fixture->widget, "workspace", fixture->workspace, NULL);
  widget_support_draw (fixture->window);
  rows = widget_support_find_all (fixture->widget, COLLATE_TYPE_MODEL_ROW);
  g_assert_cmpuint (rows->len, ==, 2);
  g_assert_null (widget_support_find_label (fixture->widget, "at most"));

  select_models (fixture, "one", NULL);
  wait_for_estimate (fixture);
  g_assert_nonnull (widget_support_find_label (fixture->widget, "at most $1.00"));
  select_models (fixture, "one", "two");
  g_assert_nonnull (widget_support_find_label (fixture->widget, "at most $1.00 and unknown prices"));
}

static void
test_line_ups (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) buttons = widget_support_find_all (fixture->widget, GTK_TYPE_MENU_BUTTON);
  g_autoptr (GMenuModel) section = NULL;
  g_autofree char *label = NULL;
  g_autofree char *target = NULL;
  GMenuModel *menu;

  g_object_set (fixture->widget, "workspace", fixture->workspace, NULL);
  menu = gtk_menu_button_get_menu_model (buttons->pdata[0]);
  g_assert_cmpint (g_menu_model_get_n_items (menu), ==, 2);
  section = g_menu_model_get_item_link (menu, 0, G_MENU_LINK_SECTION);
  g_assert_true (g_menu_model_get_item_attribute (section, 0, G_MENU_ATTRIBUTE_LABEL, "s", &label));
  g_assert_true (g_menu_model_get_item_attribute (section, 0, G_MENU_ATTRIBUTE_TARGET, "s", &target));
  g_assert_cmpstr (label, ==, "Both");
  g_assert_cmpstr (target, ==, "both");
}

static void
settled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  collate_comparison_settle_finish (COLLATE_COMPARISON (source), result, NULL);
  g_main_loop_quit (user_data);
}

/* Nobody listens where the models are, so every answer fails, and the history has the comparison. */
static gint64
ask_in_vain (Fixture *fixture, const char *question)
{
  const char *const ids[] = { "one", NULL };
  g_autoptr (CollateComparison) comparison = collate_workspace_ask (fixture->workspace, question, ids);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  collate_comparison_stop_all (comparison);
  collate_comparison_settle_async (comparison, NULL, settled, loop);
  g_main_loop_run (loop);
  return collate_comparison_get_id (comparison);
}

static void
test_history (Fixture *fixture, gconstpointer data)
{
  GtkWidget *list = widget_support_find (fixture->widget, GTK_TYPE_LIST_VIEW);
  gint64 id;
  GtkWidget *row;
  GtkWidget *open;

  g_object_set (fixture->widget, "history", collate_workspace_get_history (fixture->workspace), NULL);
  gtk_test_accessible_assert_role (list, GTK_ACCESSIBLE_ROLE_LIST);
  gtk_test_accessible_assert_property (list, GTK_ACCESSIBLE_PROPERTY_LABEL, "History");
  g_assert_nonnull (widget_support_find_label (fixture->widget, "Comparisons are kept here."));

  id = ask_in_vain (fixture, "Summarise the themes");
  widget_support_draw (fixture->window);
  row = widget_support_find (fixture->widget, COLLATE_TYPE_HISTORY_ROW);
  g_assert_nonnull (widget_support_find_label (row, "Summarise the themes"));
  g_assert_nonnull (widget_support_find_label (row, "Today · 1 model"));
  g_assert_nonnull (widget_support_find_label (row, "stopped"));
  g_assert_null (widget_support_find_label (fixture->widget, "Comparisons are kept here."));

  open = find_by_action (row, "win.open-comparison");
  gtk_test_accessible_assert_property (open, GTK_ACCESSIBLE_PROPERTY_LABEL, "Summarise the themes");
  g_signal_emit_by_name (open, "clicked");
  g_assert_nonnull (fixture->opened);
  g_assert_cmpint (g_variant_get_int64 (fixture->opened), ==, id);
}

static void
wait_for_search (Fixture *fixture)
{
  while (widget_support_find_label (fixture->widget, "question 11") != NULL)
    g_main_context_iteration (NULL, TRUE);
}

/* A long history begins short, and gives all on request or by its words. */
static void
test_history_long (Fixture *fixture, gconstpointer data)
{
  GtkWidget *search = widget_support_find (fixture->widget, GTK_TYPE_SEARCH_ENTRY);
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (GPtrArray) more = NULL;
  GtkWidget *button;

  g_object_set (fixture->widget, "history", collate_workspace_get_history (fixture->workspace), NULL);
  g_assert_false (gtk_widget_get_visible (search));
  for (guint i = 0; i < 12; i++)
    {
      g_autofree char *question = g_strdup_printf ("question %u", i);

      ask_in_vain (fixture, question);
    }
  widget_support_draw (fixture->window);
  rows = widget_support_find_all (fixture->widget, COLLATE_TYPE_HISTORY_ROW);
  g_assert_cmpuint (rows->len, ==, 10);

  button =
      gtk_widget_get_ancestor (widget_support_find_label (fixture->widget, "Show more"), GTK_TYPE_BUTTON);
  g_signal_emit_by_name (button, "clicked");
  widget_support_draw (fixture->window);
  more = widget_support_find_all (fixture->widget, COLLATE_TYPE_HISTORY_ROW);
  g_assert_cmpuint (more->len, ==, 12);
  g_assert_false (gtk_widget_get_visible (button));

  g_assert_true (gtk_widget_get_visible (search));
  gtk_editable_set_text (GTK_EDITABLE (search), "question 3");
  wait_for_search (fixture);
  g_assert_nonnull (widget_support_find_label (fixture->widget, "question 3"));
}

#define ADD(path, type, func) g_test_add (path, Fixture, type, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
  collate_widgets_init ();

  ADD ("/question/names", "CollateQuestionCard", test_question_names);
  ADD ("/question/is-the-workspaces", "CollateQuestionCard", test_question_is_the_workspaces);
  ADD ("/question/ask-button", "CollateQuestionCard", test_ask_button);
  ADD ("/question/stop-button", "CollateQuestionCard", test_stop_button);
  ADD ("/question/samples", "CollateQuestionCard", test_samples);
  ADD ("/question/repeats", "CollateQuestionCard", test_repeats);
  ADD ("/model-list/rows-and-sum", "CollateModelList", test_model_list);
  ADD ("/model-list/line-ups", "CollateModelList", test_line_ups);
  ADD ("/history/rows", "CollateHistoryList", test_history);
  ADD ("/history/long", "CollateHistoryList", test_history_long);

  return g_test_run ();
}
