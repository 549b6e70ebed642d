/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The table of figures. Cells are labels that the list recycles; those on show are filled anew once a frame
 * while answers change. */
#include "widgets/collate-metrics-table.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "compare/collate-comparison.h"
#include "widgets/collate-chart-data.h"
#include "widgets/collate-metrics.h"

typedef struct
{
  CollateMetricsTable *table;
  CollateMetric metric;
} Column;

struct _CollateMetricsTable
{
  AdwBin parent_instance;

  CollateComparison *comparison;

  GtkColumnView *view;
  GtkColumnViewColumn *keys; /* there is one only where a model of this machine answers */
  GtkSortListModel *rows;
  GtkSorter *sorter;
  Column columns[COLLATE_N_METRICS];
  GPtrArray *cells[COLLATE_N_METRICS]; /* GtkListItem, not owned: those that are bound */

  CollateAnswer *unknown; /* while two answers are compared: the one whose figure decided by its absence */
  guint tick_id;
};

G_DEFINE_FINAL_TYPE (CollateMetricsTable, collate_metrics_table, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_COMPARISON,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* Cells. */

static void
setup_model (GtkSignalListItemFactory *factory, GtkListItem *cell)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  GtkWidget *mark = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  GtkWidget *label = gtk_label_new (NULL);

  gtk_widget_set_valign (mark, GTK_ALIGN_CENTER);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_width_chars (GTK_LABEL (label), 15);
  gtk_box_append (GTK_BOX (box), mark);
  gtk_box_append (GTK_BOX (box), label);
  gtk_list_item_set_child (cell, box);
  gtk_list_item_set_activatable (cell, FALSE);
}

static void
setup_figure (GtkSignalListItemFactory *factory, GtkListItem *cell)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 1);
  gtk_widget_add_css_class (label, "numeric");
  gtk_list_item_set_child (cell, label);
  gtk_list_item_set_activatable (cell, FALSE);
}

static void
show_model (CollateMetricsTable *self, GtkListItem *cell)
{
  CollateAnswer *answer = gtk_list_item_get_item (cell);
  GtkWidget *mark = gtk_widget_get_first_child (gtk_list_item_get_child (cell));
  GtkWidget *label = gtk_widget_get_next_sibling (mark);
  g_autofree char *color =
      g_strdup_printf ("mark-%u", collate_chart_color_for_answer (self->comparison, answer));

  gtk_widget_set_css_classes (mark, (const char *[]){ "mark", color, NULL });
  gtk_label_set_text (GTK_LABEL (label), collate_answer_get_label (answer));
  gtk_widget_set_tooltip_text (label, collate_answer_get_label (answer));
}

/* The best figure is told by weight, colour and, to those who cannot see it, in words. */
static void
mark_figure (GtkWidget *label, gboolean best, gboolean estimated, gboolean keys)
{
  g_autoptr (GString) words = g_string_new (NULL);
  PangoAttrList *attributes = NULL;

  if (best)
    {
      attributes = pango_attr_list_new ();
      pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
      gtk_widget_add_css_class (label, "success");
      g_string_append (words, _ ("the best"));
    }
  else
    {
      gtk_widget_remove_css_class (label, "success");
    }
  gtk_label_set_attributes (GTK_LABEL (label), attributes);
  g_clear_pointer (&attributes, pango_attr_list_unref);
  if (estimated)
    g_string_append_printf (
        words, "%s%s", words->len ? ", " : "", _ ("counted here: the server did not say"));
  if (keys)
    g_string_append (words, _ ("of the tokens that stand before each, those that it read"));

  gtk_widget_set_tooltip_text (label, words->len ? words->str : NULL);
  gtk_accessible_update_property (
      GTK_ACCESSIBLE (label), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, words->str, -1);
}

static void
show_figure (const Column *column, GtkListItem *cell)
{
  CollateAnswer *answer = gtk_list_item_get_item (cell);
  GtkWidget *label = gtk_list_item_get_child (cell);
  g_autofree char *text = collate_metric_get_text (column->metric, answer);

  gtk_label_set_text (GTK_LABEL (label), text);
  mark_figure (label,
               collate_metric_is_best (column->metric, answer, G_LIST_MODEL (column->table->comparison)),
               collate_metric_is_estimated (column->metric, answer),
               column->metric == COLLATE_METRIC_KEYS &&
                   isfinite (collate_metric_get_value (column->metric, answer)));
}

static void
show_cell (const Column *column, GtkListItem *cell)
{
  if (column->table->comparison == NULL)
    return;
  if (column->metric == COLLATE_METRIC_MODEL)
    show_model (column->table, cell);
  else
    show_figure (column, cell);
}

static void
bind_cell (GtkSignalListItemFactory *factory, GtkListItem *cell, gpointer user_data)
{
  const Column *column = user_data;

  g_ptr_array_add (column->table->cells[column->metric], cell);
  show_cell (column, cell);
}

static void
unbind_cell (GtkSignalListItemFactory *factory, GtkListItem *cell, gpointer user_data)
{
  const Column *column = user_data;

  g_ptr_array_remove_fast (column->table->cells[column->metric], cell);
}

/* Sorting. */

static int
compare_names (CollateAnswer *a, CollateAnswer *b)
{
  int order = g_utf8_collate (collate_answer_get_name (a), collate_answer_get_name (b));

  return order ? order : (int) collate_answer_get_run (a) - (int) collate_answer_get_run (b);
}

static int
compare_column (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const Column *column = user_data;
  CollateAnswer *left = (CollateAnswer *) a;
  CollateAnswer *right = (CollateAnswer *) b;
  double x = collate_metric_get_value (column->metric, left);
  double y = collate_metric_get_value (column->metric, right);

  if (column->metric == COLLATE_METRIC_MODEL)
    return compare_names (left, right);
  if (!isnan (x) && !isnan (y))
    return x < y ? GTK_ORDERING_SMALLER : x > y;
  if (isnan (x) && isnan (y))
    return GTK_ORDERING_EQUAL;

  column->table->unknown = isnan (x) ? left : right;
  return isnan (x) ? GTK_ORDERING_LARGER : GTK_ORDERING_SMALLER;
}

/* The view's own sorter turns a column's order round where it descends; what is not known stays last. */
static int
compare_rows (gconstpointer a, gconstpointer b, gpointer user_data)
{
  CollateMetricsTable *self = user_data;
  int order;

  self->unknown = NULL;
  order = gtk_sorter_compare (gtk_column_view_get_sorter (self->view), (gpointer) a, (gpointer) b);
  if (self->unknown == NULL)
    return order;

  return self->unknown == a ? GTK_ORDERING_LARGER : GTK_ORDERING_SMALLER;
}

static void
sort_again (CollateMetricsTable *self)
{
  gtk_sorter_changed (self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
}

/* Updates. */

static void
show_all (CollateMetricsTable *self)
{
  for (guint i = 0; i < COLLATE_N_METRICS; i++)
    for (guint j = 0; j < self->cells[i]->len; j++)
      show_cell (&self->columns[i], g_ptr_array_index (self->cells[i], j));
}

static void
show_columns (CollateMetricsTable *self)
{
  gtk_column_view_column_set_visible (
      self->keys,
      self->comparison != NULL &&
          collate_metric_is_known (COLLATE_METRIC_KEYS, G_LIST_MODEL (self->comparison)));
}

static gboolean
update_in_frame (GtkWidget *widget, GdkFrameClock *clock, gpointer user_data)
{
  CollateMetricsTable *self = COLLATE_METRICS_TABLE (widget);

  self->tick_id = 0;
  show_columns (self);
  sort_again (self);
  show_all (self);

  return G_SOURCE_REMOVE;
}

static void
queue_update (CollateMetricsTable *self)
{
  if (self->tick_id == 0)
    self->tick_id = gtk_widget_add_tick_callback (GTK_WIDGET (self), update_in_frame, NULL, NULL);
}

static void
set_comparison (CollateMetricsTable *self, CollateComparison *comparison)
{
  if (comparison == self->comparison)
    return;

  if (self->comparison != NULL)
    g_signal_handlers_disconnect_by_data (self->comparison, self);
  gtk_sort_list_model_set_model (self->rows, NULL);
  g_set_object (&self->comparison, comparison);
  if (comparison != NULL)
    {
      g_signal_connect_object (
          comparison, "answer-changed", G_CALLBACK (queue_update), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (
          comparison, "items-changed", G_CALLBACK (queue_update), self, G_CONNECT_SWAPPED);
      gtk_sort_list_model_set_model (self->rows, G_LIST_MODEL (comparison));
    }
  show_columns (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COMPARISON]);
}

/* Columns. */

static void
set_up_column (CollateMetricsTable *self, CollateMetric metric)
{
  GListModel *columns = gtk_column_view_get_columns (self->view);
  g_autoptr (GtkColumnViewColumn) column = g_list_model_get_item (columns, metric);
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkSorter) sorter = NULL;
  Column *data = &self->columns[metric];

  data->table = self;
  data->metric = metric;
  self->cells[metric] = g_ptr_array_new ();
  g_signal_connect (factory,
                    "setup",
                    metric == COLLATE_METRIC_MODEL ? G_CALLBACK (setup_model) : G_CALLBACK (setup_figure),
                    NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cell), data);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cell), data);
  gtk_column_view_column_set_factory (column, factory);
  sorter = GTK_SORTER (gtk_custom_sorter_new (compare_column, data, NULL));
  gtk_column_view_column_set_sorter (column, sorter);
}

/* A column's title has no alignment of its own: the box in its button is moved over its figures, and the
 * arrow that stands behind the title before it. */
static void
align_titles (CollateMetricsTable *self)
{
  GtkWidget *header = gtk_widget_get_first_child (GTK_WIDGET (self->view));
  GtkWidget *title = header ? gtk_widget_get_first_child (header) : NULL;

  while (title && (title = gtk_widget_get_next_sibling (title)))
    {
      GtkWidget *box = gtk_widget_get_first_child (title);

      if (!GTK_IS_BOX (box))
        continue;
      gtk_widget_set_halign (box, GTK_ALIGN_END);
      gtk_box_reorder_child_after (GTK_BOX (box), gtk_widget_get_last_child (box), NULL);
    }
}

static void
collate_metrics_table_dispose (GObject *object)
{
  CollateMetricsTable *self = COLLATE_METRICS_TABLE (object);

  if (self->tick_id != 0)
    gtk_widget_remove_tick_callback (GTK_WIDGET (self), self->tick_id);
  self->tick_id = 0;
  if (self->view != NULL)
    {
      set_comparison (self, NULL);
      gtk_column_view_set_model (self->view, NULL);
      g_signal_handlers_disconnect_by_data (gtk_column_view_get_sorter (self->view), self);
    }
  g_clear_object (&self->rows);
  g_clear_object (&self->sorter);
  gtk_widget_dispose_template (GTK_WIDGET (self), COLLATE_TYPE_METRICS_TABLE);

  G_OBJECT_CLASS (collate_metrics_table_parent_class)->dispose (object);
}

static void
collate_metrics_table_finalize (GObject *object)
{
  CollateMetricsTable *self = COLLATE_METRICS_TABLE (object);

  for (guint i = 0; i < COLLATE_N_METRICS; i++)
    g_ptr_array_unref (self->cells[i]);

  G_OBJECT_CLASS (collate_metrics_table_parent_class)->finalize (object);
}

static void
collate_metrics_table_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateMetricsTable *self = COLLATE_METRICS_TABLE (object);

  switch (prop_id)
    {
    case PROP_COMPARISON:
      g_value_set_object (value, self->comparison);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_metrics_table_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateMetricsTable *self = COLLATE_METRICS_TABLE (object);

  switch (prop_id)
    {
    case PROP_COMPARISON:
      set_comparison (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_metrics_table_class_init (CollateMetricsTableClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_metrics_table_dispose;
  object_class->finalize = collate_metrics_table_finalize;
  object_class->get_property = collate_metrics_table_get_property;
  object_class->set_property = collate_metrics_table_set_property;

  properties[PROP_COMPARISON] =
      g_param_spec_object ("comparison",
                           NULL,
                           NULL,
                           COLLATE_TYPE_COMPARISON,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-metrics-table.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateMetricsTable, view);
  gtk_widget_class_bind_template_child (widget_class, CollateMetricsTable, keys);
}

static void
collate_metrics_table_init (CollateMetricsTable *self)
{
  GtkNoSelection *selection;

  gtk_widget_init_template (GTK_WIDGET (self));
  for (CollateMetric metric = 0; metric < COLLATE_N_METRICS; metric++)
    set_up_column (self, metric);
  align_titles (self);

  self->sorter = GTK_SORTER (gtk_custom_sorter_new (compare_rows, self, NULL));
  self->rows = gtk_sort_list_model_new (NULL, g_object_ref (self->sorter));
  selection = gtk_no_selection_new (G_LIST_MODEL (g_object_ref (self->rows)));
  gtk_column_view_set_model (self->view, GTK_SELECTION_MODEL (selection));
  g_object_unref (selection);
  g_signal_connect_object (
      gtk_column_view_get_sorter (self->view), "changed", G_CALLBACK (sort_again), self, G_CONNECT_SWAPPED);
}

GtkWidget *
collate_metrics_table_new (void)
{
  return g_object_new (COLLATE_TYPE_METRICS_TABLE, NULL);
}
