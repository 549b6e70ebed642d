/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Findings, metrics and charts of a comparison, as a person and a screen reader meet them. */

#include <locale.h>
#include <math.h>

#include "charts/collate-chart.h"
#include "compare/collate-export.h"
#include "widget-support.h"
#include "widgets/collate-chart-data.h"
#include "widgets/collate-chart-view.h"
#include "widgets/collate-findings-bar.h"
#include "widgets/collate-metrics-table.h"

typedef struct
{
  const char *id;
  const char *name;
  guint run;
  const char *state;
  int input; /* -1: unknown */
  int output;
  int reasoning;
  const char *cost; /* "null": unknown */
  double time;
  double first;
  gboolean estimated;
} Result;

static const Result tutorial[] = {
  { "gpt-5", "GPT-5", 1, "done", 56937, 1996, 576, "0.1623025", 42.28, 9.8 },
  { "claude-sonnet-4.5", "Claude Sonnet 4.5", 1, "done", 65855, 485, 0, "0.20484", 14.6, 1.1 },
  { "deepseek-v3.2-exp", "DeepSeek v3.2-Exp", 1, "done", 56842, 698, 0, "0.01620892", 32.16, 1.2 },
  { "deepseek-v3.1-terminus", "DeepSeek v3.1-Terminus", 1, "done", 56842, 700, 0, "0.0327961", 21, 1.4 },
};

/* Two runs of two models, a model that failed, and one whose server told no price. */
static const Result mixed[] = {
  { "a", "Alpha", 1, "done", 100, 10, 0, "0.01", 10, 1 },
  { "a", "Alpha", 2, "done", 100, 30, 0, "0.03", 20, 3 },
  { "b", "Beta", 1, "done", 100, 50, 0, "0.05", 40, 2 },
  { "b", "Beta", 2, "stopped", 100, 20, 0, "0.02", 5, 2, TRUE },
  { "c", "Gamma", 1, "failed", -1, 0, 0, "null", 3, NAN },
  { "d", "Delta", 1, "done", 100, 40, 0, "null", 50, 4 },
};

static void
append_result (GString *json, const Result *result)
{
  char time[G_ASCII_DTOSTR_BUF_SIZE];
  char first[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_dtostr (time, sizeof time, result->time);
  g_ascii_dtostr (first, sizeof first, result->first);
  g_string_append_printf (json,
                          "%s{\"id\": \"%s\", \"model\": \"%s\", \"run\": %u, \"state\": \"%s\", "
                          "\"response\": \"Yes.\", \"cost\": %s, \"time\": %s, \"usage_estimated\": %s",
                          g_str_has_suffix (json->str, "[") ? "" : ", ",
                          result->id,
                          result->name,
                          result->run,
                          result->state,
                          result->cost,
                          time,
                          result->estimated ? "true" : "false");
  if (!isnan (result->first))
    g_string_append_printf (json, ", \"time_to_first_token\": %s", first);
  if (result->input >= 0)
    g_string_append_printf (json,
                            ", \"input_tokens\": %d, \"output_tokens\": %d, \"reasoning_tokens\": %d",
                            result->input,
                            result->output,
                            result->reasoning);
  g_string_append (json, "}");
}

static CollateComparison *
make_comparison (const Result *results, guint n)
{
  g_autoptr (GString) json = g_string_new ("{\"question\": \"What differs?\", \"results\": [");
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;
  CollateComparison *comparison;

  for (guint i = 0; i < n; i++)
    append_result (json, &results[i]);
  g_string_append (json, "]}");
  node = json_from_string (json->str, &error);
  g_assert_no_error (error);
  comparison = collate_comparison_new_from_json (json_node_get_object (node), &error);
  g_assert_no_error (error);

  return comparison;
}

/* What charts draw. */

static void
test_data_of_the_tutorial (void)
{
  g_autoptr (CollateComparison) comparison = make_comparison (tutorial, G_N_ELEMENTS (tutorial));
  g_autoptr (GPtrArray) items = collate_chart_data_new (comparison);
  g_autoptr (GPtrArray) again = collate_chart_data_new (comparison);

  g_assert_cmpuint (items->len, ==, 4);
  for (guint i = 0; i < items->len; i++)
    {
      const CollateChartItem *item = g_ptr_array_index (items, i);
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (comparison), i);

      g_assert_cmpstr (item->name, ==, tutorial[i].name);
      g_assert_cmpuint (item->color, ==, i);
      g_assert_cmpuint (collate_chart_color_for_answer (comparison, answer), ==, i);
      g_assert_true (item->finished);
      g_assert_false (item->local);
      g_assert_cmpfloat_with_epsilon (item->cost, g_ascii_strtod (tutorial[i].cost, NULL), 1e-9);
      g_assert_true (isnan (item->cost_low) && isnan (item->time_high));
      g_assert_cmpfloat_with_epsilon (item->time, tutorial[i].time, 1e-6);
      g_assert_cmpfloat_with_epsilon (item->first_token, tutorial[i].first, 1e-6);
      g_assert_cmpfloat (item->input_tokens, ==, tutorial[i].input);
      g_assert_cmpfloat (item->output_tokens, ==, tutorial[i].output);
    }
  g_assert_true (collate_chart_data_equal (items, again));
  ((CollateChartItem *) g_ptr_array_index (again, 2))->time += 1;
  g_assert_false (collate_chart_data_equal (items, again));
}

static void
test_data_over_runs (void)
{
  g_autoptr (CollateComparison) comparison = make_comparison (mixed, G_N_ELEMENTS (mixed));
  g_autoptr (GPtrArray) items = collate_chart_data_new (comparison);
  const CollateChartItem *alpha = g_ptr_array_index (items, 0);
  const CollateChartItem *beta = g_ptr_array_index (items, 1);
  const CollateChartItem *gamma = g_ptr_array_index (items, 2);
  const CollateChartItem *delta = g_ptr_array_index (items, 3);
  static const guint colors[] = { 0, 0, 1, 1, 2, 3 };

  g_assert_cmpuint (items->len, ==, 4);
  g_assert_true (alpha->finished);
  g_assert_cmpfloat_with_epsilon (alpha->cost, 0.02, 1e-9);
  g_assert_cmpfloat_with_epsilon (alpha->cost_low, 0.01, 1e-9);
  g_assert_cmpfloat_with_epsilon (alpha->cost_high, 0.03, 1e-9);
  g_assert_cmpfloat_with_epsilon (alpha->time, 15, 1e-9);
  g_assert_cmpfloat_with_epsilon (alpha->first_token, 2, 1e-9);
  g_assert_cmpfloat (alpha->output_tokens, ==, 20);

  /* One run was stopped: the other stands for the entry. */
  g_assert_true (beta->finished);
  g_assert_cmpfloat_with_epsilon (beta->cost, 0.05, 1e-9);
  g_assert_cmpfloat_with_epsilon (beta->time, 40, 1e-9);

  g_assert_false (gamma->finished);
  g_assert_true (isnan (gamma->cost) && isnan (gamma->output_tokens) && isnan (gamma->first_token));
  g_assert_true (delta->finished);
  g_assert_true (isnan (delta->cost));

  for (guint i = 0; i < G_N_ELEMENTS (colors); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (comparison), i);

      g_assert_cmpuint (collate_chart_color_for_answer (comparison, answer), ==, colors[i]);
    }
}

/* The style sheets' marks are the charts' colours. */
static void
assert_style_sheet (const char *name, gboolean dark)
{
  g_autofree char *path = g_strconcat ("/io/github/collate/Collate/", name, NULL);
  g_autoptr (GBytes) bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autofree char *css = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  for (guint i = 0; i < COLLATE_N_COLORS; i++)
    {
      double red, green, blue;
      g_autofree char *rule = NULL;

      collate_chart_get_color (i, dark, &red, &green, &blue);
      rule = g_strdup_printf (".mark-%u {\n  background: #%02x%02x%02x;",
                              i,
                              (guint) round (red * 255),
                              (guint) round (green * 255),
                              (guint) round (blue * 255));
      if (strstr (css, rule) == NULL)
        g_error ("%s has no “%s”", name, rule);
    }
}

static void
test_style_sheets (void)
{
  assert_style_sheet ("style.css", FALSE);
  assert_style_sheet ("style-dark.css", TRUE);
}

/* Charts. */

static void
assert_words (GtkWidget *widget, GtkAccessibleProperty property, const char *expected)
{
  g_autofree char *difference =
      gtk_test_accessible_check_property (GTK_ACCESSIBLE (widget), property, expected);

  g_assert_cmpstr (difference, ==, NULL);
}

static GtkWidget *
show_chart (CollateChartKind kind, CollateComparison *comparison, GtkWindow **window)
{
  GtkWidget *chart = collate_chart_view_new ();

  g_object_set (chart, "kind", kind, "comparison", comparison, NULL);
  *window = widget_support_show (chart, 480);

  return chart;
}

static void
test_charts_are_named (void)
{
  static const char *const names[][2] = {
    { "Cost", "Claude Sonnet 4.5 costs 13 times as much as DeepSeek v3.2-Exp" },
    { "Response time", "GPT-5 takes 2.9 times as long as Claude Sonnet 4.5" },
    { "Tokens", "GPT-5 wrote 4.1 times as much as Claude Sonnet 4.5" },
    { "Cost and time",
      "DeepSeek v3.2-Exp costs least, Claude Sonnet 4.5 is fastest; nearer the corner is better" },
    { "Time per token", "How long a token took is not known" },
  };
  g_autoptr (CollateComparison) comparison = make_comparison (tutorial, G_N_ELEMENTS (tutorial));

  for (guint kind = 0; kind < COLLATE_N_CHARTS; kind++)
    {
      GtkWindow *window;
      GtkWidget *chart = show_chart (kind, comparison, &window);

      gtk_test_accessible_assert_role (chart, GTK_ACCESSIBLE_ROLE_IMG);
      assert_words (chart, GTK_ACCESSIBLE_PROPERTY_LABEL, names[kind][0]);
      assert_words (chart, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, names[kind][1]);
      g_assert_true (gtk_widget_get_focusable (chart) == (kind != COLLATE_CHART_PACE));
      g_assert_true (gtk_widget_has_css_class (chart, "card"));

      g_object_set (chart, "comparison", NULL, NULL);
      assert_words (chart, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "No answer has finished yet");
      g_assert_false (gtk_widget_get_focusable (chart));
      gtk_window_destroy (window);
    }
}

static void
press (GtkWidget *widget, guint key)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);

  /* The class's shortcuts, as a key would find them. */
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (!GTK_IS_SHORTCUT_CONTROLLER (controller))
        continue;
      for (guint j = 0; j < g_list_model_get_n_items (G_LIST_MODEL (controller)); j++)
        {
          g_autoptr (GtkShortcut) shortcut = g_list_model_get_item (G_LIST_MODEL (controller), j);
          GtkShortcutTrigger *trigger = gtk_shortcut_get_trigger (shortcut);

          if (GTK_IS_KEYVAL_TRIGGER (trigger) &&
              gtk_keyval_trigger_get_keyval (GTK_KEYVAL_TRIGGER (trigger)) == key)
            gtk_shortcut_action_activate (
                gtk_shortcut_get_action (shortcut), 0, widget, gtk_shortcut_get_arguments (shortcut));
        }
    }
}

static void
test_keys_walk_through_marks (void)
{
  static const struct
  {
    guint key;
    const char *words;
  } steps[] = {
    { GDK_KEY_Right, "DeepSeek v3.1-Terminus: $0.0328" }, { GDK_KEY_Down, "GPT-5: $0.1623" },
    { GDK_KEY_Left, "DeepSeek v3.1-Terminus: $0.0328" },  { GDK_KEY_End, "Claude Sonnet 4.5: $0.2048" },
    { GDK_KEY_Right, "Claude Sonnet 4.5: $0.2048" },      { GDK_KEY_Home, "DeepSeek v3.2-Exp: $0.0162" },
    { GDK_KEY_Up, "DeepSeek v3.2-Exp: $0.0162" },
  };
  g_autoptr (CollateComparison) comparison = make_comparison (tutorial, G_N_ELEMENTS (tutorial));
  GtkWindow *window;
  GtkWidget *chart = show_chart (COLLATE_CHART_COST, comparison, &window);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      press (chart, steps[i].key);
      assert_words (chart, GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, steps[i].words);
    }
  gtk_window_destroy (window);
}

static void
test_chart_height_follows_width (void)
{
  g_autoptr (CollateComparison) comparison = make_comparison (tutorial, G_N_ELEMENTS (tutorial));
  GtkWindow *window;
  GtkWidget *chart = show_chart (COLLATE_CHART_TIME, comparison, &window);
  int narrow;
  int wide;

  gtk_widget_measure (chart, GTK_ORIENTATION_VERTICAL, 240, &narrow, NULL, NULL, NULL);
  gtk_widget_measure (chart, GTK_ORIENTATION_VERTICAL, 900, &wide, NULL, NULL, NULL);
  g_assert_cmpint (narrow, >, wide);
  g_assert_cmpint (wide, >, 60);
  gtk_window_destroy (window);
}

/* An answer that ends while the chart is on show changes what it says, in the next frame. */
static void
test_chart_follows_answers (void)
{
  g_autoptr (CollateComparison) comparison = widget_support_comparison_new (2);
  GtkWindow *window;
  GtkWidget *chart = show_chart (COLLATE_CHART_COST, comparison, &window);

  assert_words (chart, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "No answer has finished yet");
  widget_support_write (comparison, 0, "Yes.");
  widget_support_finish (comparison, 0, 56937, 1996);
  widget_support_draw (window);
  assert_words (chart, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "GPT-5 costs $0.1623");
  widget_support_write (comparison, 1, "No.");
  widget_support_finish (comparison, 1, 65855, 485);
  widget_support_draw (window);
  assert_words (
      chart, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "Claude Sonnet 4.5 costs 26\u00a0% more than GPT-5");
  gtk_window_destroy (window);
}

/* The run that read most is the one whose curve is drawn: the next one finds nearly all of it read. */
static void
test_pace_data (void)
{
  g_autoptr (CollateComparison) comparison = widget_support_comparison_new (2);
  g_autoptr (GPtrArray) before = collate_chart_data_new (comparison);
  g_autoptr (GPtrArray) items = NULL;
  const CollateChartItem *item;

  for (gint64 i = 1; i <= 3; i++)
    widget_support_step (comparison, 1, FALSE, 256 * i, 256, 500 * i);
  widget_support_step (comparison, 1, TRUE, 769, 1, 70);
  items = collate_chart_data_new (comparison);
  item = g_ptr_array_index (items, 1);

  g_assert_cmpuint (item->reading->len, ==, 3);
  g_assert_cmpuint (item->writing->len, ==, 1);
  g_assert_cmpfloat (g_array_index (item->reading, CollateChartStep, 2).end, ==, 768);
  g_assert_cmpfloat (g_array_index (item->reading, CollateChartStep, 2).n_tokens, ==, 256);
  g_assert_cmpfloat (g_array_index (item->reading, CollateChartStep, 2).seconds, ==, 0.0015);
  g_assert_cmpuint (((CollateChartItem *) g_ptr_array_index (items, 0))->reading->len, ==, 0);
  g_assert_false (collate_chart_data_equal (before, items));
  g_assert_true (collate_chart_data_equal (items, items));
}

/* Metrics. */

typedef struct
{
  GtkWindow *window;
  GtkWidget *table;
  GtkColumnView *view;
} Table;

static Table
show_table (CollateComparison *comparison, int width)
{
  Table table = { .table = collate_metrics_table_new () };

  g_object_set (table.table, "comparison", comparison, NULL);
  table.window = widget_support_show (table.table, width);
  table.view = GTK_COLUMN_VIEW (widget_support_find (table.table, GTK_TYPE_COLUMN_VIEW));

  return table;
}

static void
sort_by (Table *table, guint place, GtkSortType direction)
{
  g_autoptr (GtkColumnViewColumn) column =
      g_list_model_get_item (gtk_column_view_get_columns (table->view), place);

  gtk_column_view_sort_by_column (table->view, column, direction);
}

/* The ids of entries and their runs in the order shown: "a1 a2 b1". */
static char *
get_order (Table *table)
{
  GListModel *rows = G_LIST_MODEL (gtk_column_view_get_model (table->view));
  g_autoptr (GString) order = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (rows); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (rows, i);

      g_string_append_printf (order,
                              "%s%s%u",
                              i ? " " : "",
                              collate_answer_get_entry_id (answer),
                              collate_answer_get_run (answer));
    }

  return g_string_free (g_steal_pointer (&order), FALSE);
}

static void
test_every_column_sorts (void)
{
  static const struct
  {
    guint column;
    const char *ascending;
    const char *descending;
  } cases[] = {
    { 0, "a1 a2 b1 b2 d1 c1", "c1 d1 b2 b1 a2 a1" }, /* Alpha Beta Delta Gamma */
    { 3, "a1 b2 a2 d1 b1 c1", "b1 d1 a2 b2 a1 c1" }, /* output */
    { 5, "a1 b2 a2 d1 b1 c1", "b1 d1 a2 b2 a1 c1" }, /* total */
    { 6, "a1 b2 a2 b1 c1 d1", "b1 a2 b2 a1 c1 d1" }, /* cost: unknown last either way */
    { 7, "a1 b1 b2 a2 d1 c1", "d1 a2 b1 b2 a1 c1" }, /* first token */
    { 8, "c1 b2 a1 a2 b1 d1", "d1 b1 a2 a1 b2 c1" }, /* time */
  };
  g_autoptr (CollateComparison) comparison = make_comparison (mixed, G_N_ELEMENTS (mixed));
  Table table = show_table (comparison, 1000);
  g_autofree char *unsorted = get_order (&table);
  GListModel *columns = gtk_column_view_get_columns (table.view);

  g_assert_cmpstr (unsorted, ==, "a1 a2 b1 b2 c1 d1");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *ascending = NULL;
      g_autofree char *descending = NULL;

      sort_by (&table, cases[i].column, GTK_SORT_ASCENDING);
      ascending = get_order (&table);
      g_assert_cmpstr (ascending, ==, cases[i].ascending);
      sort_by (&table, cases[i].column, GTK_SORT_DESCENDING);
      descending = get_order (&table);
      g_assert_cmpstr (descending, ==, cases[i].descending);
    }
  for (guint i = 0; i < g_list_model_get_n_items (columns); i++)
    {
      g_autoptr (GtkColumnViewColumn) column = g_list_model_get_item (columns, i);

      g_assert_nonnull (gtk_column_view_column_get_sorter (column));
    }
  gtk_window_destroy (table.window);
}

static void
test_columns (void)
{
  static const char *const titles[] = { "Model",     "Input",        "Cached",   "Output",
                                        "Reasoning", "Total tokens", "Cost",     "First token",
                                        "Time",      "Tokens/s",     "Keys read" };
  g_autoptr (CollateComparison) comparison = make_comparison (tutorial, G_N_ELEMENTS (tutorial));
  Table table = show_table (comparison, 1000);
  GListModel *columns = gtk_column_view_get_columns (table.view);

  assert_words (GTK_WIDGET (table.view), GTK_ACCESSIBLE_PROPERTY_LABEL, "Metrics");
  g_assert_cmpuint (g_list_model_get_n_items (columns), ==, G_N_ELEMENTS (titles));
  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    {
      g_autoptr (GtkColumnViewColumn) column = g_list_model_get_item (columns, i);

      g_assert_cmpstr (gtk_column_view_column_get_title (column), ==, titles[i]);
      g_assert_true (gtk_column_view_column_get_visible (column) == (i + 1 < G_N_ELEMENTS (titles)));
    }
  gtk_window_destroy (table.window);
}

static GtkWidget *
find_figure (Table *table, const char *text)
{
  GtkWidget *label = widget_support_find_label (GTK_WIDGET (table->view), text);

  if (label == NULL)
    g_error ("no cell begins “%s”", text);

  return label;
}

static void
test_figures (void)
{
  static const char *const figures[] = {
    "56,937",  "1,996", "576",     "58,933",  "$0.1623", "9.80 s",
    "42.28 s", "61.5",  "$0.2048", "$0.0162", "14.60 s",
  };
  g_autoptr (CollateComparison) comparison = make_comparison (tutorial, G_N_ELEMENTS (tutorial));
  Table table = show_table (comparison, 1000);

  for (guint i = 0; i < G_N_ELEMENTS (figures); i++)
    g_assert_true (gtk_widget_has_css_class (find_figure (&table, figures[i]), "numeric"));

  /* The best cost and times are marked, and only those. */
  g_assert_true (gtk_widget_has_css_class (find_figure (&table, "$0.0162"), "success"));
  g_assert_true (gtk_widget_has_css_class (find_figure (&table, "14.60 s"), "success"));
  g_assert_true (gtk_widget_has_css_class (find_figure (&table, "1.10 s"), "success"));
  g_assert_false (gtk_widget_has_css_class (find_figure (&table, "$0.1623"), "success"));
  g_assert_false (gtk_widget_has_css_class (find_figure (&table, "485"), "success"));
  assert_words (find_figure (&table, "$0.0162"), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "the best");
  assert_words (find_figure (&table, "$0.1623"), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "");
  gtk_window_destroy (table.window);
}

static void
test_runs_and_unknown_figures (void)
{
  g_autoptr (CollateComparison) comparison = make_comparison (mixed, G_N_ELEMENTS (mixed));
  Table table = show_table (comparison, 1000);

  find_figure (&table, "Alpha · run 2");
  find_figure (&table, "—");
  g_assert_null (widget_support_find_label (GTK_WIDGET (table.view), "…"));
  assert_words (find_figure (&table, "~$0.0200"),
                GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                "counted here: the server did not say");
  g_assert_false (gtk_widget_has_css_class (find_figure (&table, "5.00 s"), "success"));
  gtk_window_destroy (table.window);
}

/* There is a column for the share of the keys as soon as a model of this machine tells it. */
static void
test_keys_read (void)
{
  g_autoptr (CollateComparison) comparison = widget_support_comparison_new (2);
  Table table = show_table (comparison, 1000);
  GListModel *columns = gtk_column_view_get_columns (table.view);
  g_autoptr (GtkColumnViewColumn) keys = g_list_model_get_item (columns, 10);

  g_assert_false (gtk_column_view_column_get_visible (keys));
  widget_support_tell_share (comparison, 0, 0.125);
  widget_support_draw (table.window);
  g_assert_true (gtk_column_view_column_get_visible (keys));
  assert_words (find_figure (&table, "12.5\u00a0%"),
                GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                "of the tokens that stand before each, those that it read");
  gtk_window_destroy (table.window);
}

static void
test_table_follows_answers (void)
{
  g_autoptr (CollateComparison) comparison = widget_support_comparison_new (1);
  Table table = show_table (comparison, 1000);

  find_figure (&table, "…");
  widget_support_write (comparison, 0, "Yes.");
  widget_support_finish (comparison, 0, 56937, 1996);
  widget_support_draw (table.window);
  find_figure (&table, "$0.1623");
  g_assert_null (widget_support_find_label (GTK_WIDGET (table.view), "…"));
  gtk_window_destroy (table.window);
}

static void
test_narrow_table_scrolls (void)
{
  g_autoptr (CollateComparison) comparison = make_comparison (tutorial, G_N_ELEMENTS (tutorial));
  Table table = show_table (comparison, 360);
  GtkWidget *scroller = widget_support_find (table.table, GTK_TYPE_SCROLLED_WINDOW);
  GtkAdjustment *sideways = gtk_scrolled_window_get_hadjustment (GTK_SCROLLED_WINDOW (scroller));
  GtkAdjustment *down = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller));

  g_assert_cmpint (gtk_widget_get_width (table.table), <=, 360);
  g_assert_cmpfloat (gtk_adjustment_get_upper (sideways), >, gtk_adjustment_get_page_size (sideways));
  g_assert_cmpfloat (gtk_adjustment_get_upper (down), <=, gtk_adjustment_get_page_size (down));
  gtk_window_destroy (table.window);
}

/* Findings. */

static void
test_findings (void)
{
  static const char *const words[] = {
    "Most cost-effective",
    "DeepSeek v3.2-Exp · $0.0162",
    "a hundred such questions: $1.62, Claude Sonnet 4.5: $20.48",
    "Fastest",
    "Claude Sonnet 4.5 · 14.60 s",
    "GPT-5: 42.28 s · one run: repeat to know the spread",
    "This question",
    "$0.4161 in all",
    "236,476 tokens read, 3,879 written",
  };
  g_autoptr (CollateComparison) comparison = make_comparison (tutorial, G_N_ELEMENTS (tutorial));
  GtkWidget *bar = collate_findings_bar_new ();
  GtkWindow *window = widget_support_show (bar, 900);

  g_assert_false (gtk_widget_get_visible (bar));
  g_object_set (bar, "comparison", comparison, NULL);
  g_assert_true (gtk_widget_get_visible (bar));
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (widget_support_find_label (bar, words[i]) == NULL)
      g_error ("no finding begins “%s”", words[i]);
  gtk_window_destroy (window);
}

static void
test_findings_wrap (void)
{
  g_autoptr (CollateComparison) comparison = make_comparison (tutorial, G_N_ELEMENTS (tutorial));
  GtkWidget *bar = collate_findings_bar_new ();
  GtkWindow *window;
  int narrow;
  int wide;

  g_object_set (bar, "comparison", comparison, NULL);
  window = widget_support_show (bar, 900);
  gtk_widget_measure (bar, GTK_ORIENTATION_VERTICAL, 300, NULL, &narrow, NULL, NULL);
  gtk_widget_measure (bar, GTK_ORIENTATION_VERTICAL, 900, NULL, &wide, NULL, NULL);
  g_assert_cmpint (narrow, >, 2 * wide);
  gtk_widget_measure (bar, GTK_ORIENTATION_HORIZONTAL, -1, &narrow, NULL, NULL, NULL);
  g_assert_cmpint (narrow, <=, 240);
  gtk_window_destroy (window);
}

static void
test_findings_without_a_winner (void)
{
  g_autoptr (CollateComparison) comparison = widget_support_comparison_new (2);
  GtkWidget *bar = collate_findings_bar_new ();
  GtkWindow *window = widget_support_show (bar, 900);

  g_object_set (bar, "comparison", comparison, NULL);
  g_assert_false (gtk_widget_get_visible (bar));
  widget_support_write (comparison, 0, "Yes.");
  widget_support_finish (comparison, 0, 56937, 1996);
  g_assert_true (gtk_widget_get_visible (bar));
  g_assert_nonnull (widget_support_find_label (bar, "known once two answers are finished"));
  g_assert_nonnull (widget_support_find_label (bar, "…"));
  g_assert_nonnull (widget_support_find_label (bar, "$0.1623 in all"));
  gtk_window_destroy (window);
}

/* What is free competes with nobody, however many are finished. */
static void
test_findings_of_this_machine (void)
{
  g_autoptr (CollateComparison) comparison = widget_support_local_comparison_new (2);
  GtkWidget *bar = collate_findings_bar_new ();
  GtkWindow *window = widget_support_show (bar, 900);

  g_object_set (bar, "comparison", comparison, NULL);
  for (guint i = 0; i < 2; i++)
    {
      widget_support_write (comparison, i, "Yes.");
      widget_support_finish (comparison, i, 100, 10);
      g_assert_true (!widget_support_find_label (bar, "answers of this machine are free") == (i == 0));
    }
  g_assert_null (widget_support_find_label (bar, "known once"));
  gtk_window_destroy (window);
}

static void
test_nothing_leaks (void)
{
  g_autoptr (CollateComparison) comparison = make_comparison (tutorial, G_N_ELEMENTS (tutorial));
  GtkWidget *widgets[] = { collate_chart_view_new (),
                           collate_metrics_table_new (),
                           collate_findings_bar_new () };

  for (guint i = 0; i < G_N_ELEMENTS (widgets); i++)
    {
      GtkWindow *window;
      g_autoptr (GtkWidget) widget = g_object_ref_sink (widgets[i]);

      g_object_set (widget, "comparison", comparison, NULL);
      window = widget_support_show (widget, 600);
      gtk_window_destroy (window);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_finalize_object (g_steal_pointer (&widget));
    }
}

int
main (int argc, char *argv[])
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

  g_test_add_func ("/figures/data/tutorial", test_data_of_the_tutorial);
  g_test_add_func ("/figures/data/runs", test_data_over_runs);
  g_test_add_func ("/figures/style-sheets", test_style_sheets);
  g_test_add_func ("/figures/charts/names", test_charts_are_named);
  g_test_add_func ("/figures/charts/keys", test_keys_walk_through_marks);
  g_test_add_func ("/figures/charts/height", test_chart_height_follows_width);
  g_test_add_func ("/figures/charts/follow", test_chart_follows_answers);
  g_test_add_func ("/figures/metrics/columns", test_columns);
  g_test_add_func ("/figures/metrics/sort", test_every_column_sorts);
  g_test_add_func ("/figures/metrics/figures", test_figures);
  g_test_add_func ("/figures/metrics/unknown", test_runs_and_unknown_figures);
  g_test_add_func ("/figures/charts/pace", test_pace_data);
  g_test_add_func ("/figures/metrics/keys-read", test_keys_read);
  g_test_add_func ("/figures/metrics/follow", test_table_follows_answers);
  g_test_add_func ("/figures/metrics/narrow", test_narrow_table_scrolls);
  g_test_add_func ("/figures/findings/words", test_findings);
  g_test_add_func ("/figures/findings/wrap", test_findings_wrap);
  g_test_add_func ("/figures/findings/open", test_findings_without_a_winner);
  g_test_add_func ("/figures/findings/local", test_findings_of_this_machine);
  g_test_add_func ("/figures/leaks", test_nothing_leaks);

  return g_test_run ();
}
