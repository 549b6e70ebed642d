/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The sidebar's list of past comparisons. It lies in the sidebar's own scrolling, where a list view cannot
 * leave out rows, so it begins with the newest few, shows more on request, and finds any by its words. */
#include "widgets/collate-history-list.h"

#include "compare/collate-history.h"
#include "widgets/collate-history-row.h"

#define FIRST_ROWS 10
#define MORE_ROWS 30

struct _CollateHistoryList
{
  AdwBin parent_instance;

  CollateHistory *history;

  GtkSearchEntry *search;
  GtkFilterListModel *filtered;
  GtkStringFilter *filter;
  GtkSliceListModel *slice;
  GtkWidget *empty;
  GtkWidget *more;
};

G_DEFINE_FINAL_TYPE (CollateHistoryList, collate_history_list, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_HISTORY,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
update (CollateHistoryList *self)
{
  guint n_all = self->history != NULL ? g_list_model_get_n_items (G_LIST_MODEL (self->history)) : 0;
  guint n_found = g_list_model_get_n_items (G_LIST_MODEL (self->filtered));

  gtk_widget_set_visible (self->empty, n_all == 0);
  gtk_widget_set_visible (GTK_WIDGET (self->search), n_all > FIRST_ROWS);
  gtk_widget_set_visible (self->more, n_found > gtk_slice_list_model_get_size (self->slice));
}

static void
search_changed (CollateHistoryList *self)
{
  gtk_string_filter_set_search (self->filter, gtk_editable_get_text (GTK_EDITABLE (self->search)));
  gtk_slice_list_model_set_size (self->slice, FIRST_ROWS);
  update (self);
}

static void
show_more (CollateHistoryList *self)
{
  gtk_slice_list_model_set_size (self->slice, gtk_slice_list_model_get_size (self->slice) + MORE_ROWS);
  update (self);
}

static void
collate_history_list_dispose (GObject *object)
{
  g_clear_object (&COLLATE_HISTORY_LIST (object)->history);

  G_OBJECT_CLASS (collate_history_list_parent_class)->dispose (object);
}

static void
collate_history_list_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateHistoryList *self = COLLATE_HISTORY_LIST (object);

  switch (prop_id)
    {
    case PROP_HISTORY:
      g_value_set_object (value, self->history);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_history_list_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateHistoryList *self = COLLATE_HISTORY_LIST (object);

  switch (prop_id)
    {
    case PROP_HISTORY:
      g_set_object (&self->history, g_value_get_object (value));
      gtk_filter_list_model_set_model (self->filtered, G_LIST_MODEL (self->history));
      update (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_history_list_class_init (CollateHistoryListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_history_list_dispose;
  object_class->get_property = collate_history_list_get_property;
  object_class->set_property = collate_history_list_set_property;

  properties[PROP_HISTORY] = g_param_spec_object (
      "history", NULL, NULL, COLLATE_TYPE_HISTORY, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (COLLATE_TYPE_HISTORY_ROW);
  g_type_ensure (COLLATE_TYPE_HISTORY_ITEM);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-history-list.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateHistoryList, search);
  gtk_widget_class_bind_template_child (widget_class, CollateHistoryList, filtered);
  gtk_widget_class_bind_template_child (widget_class, CollateHistoryList, filter);
  gtk_widget_class_bind_template_child (widget_class, CollateHistoryList, slice);
  gtk_widget_class_bind_template_child (widget_class, CollateHistoryList, empty);
  gtk_widget_class_bind_template_child (widget_class, CollateHistoryList, more);
  gtk_widget_class_bind_template_callback (widget_class, search_changed);
  gtk_widget_class_bind_template_callback (widget_class, show_more);
}

static void
collate_history_list_init (CollateHistoryList *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  gtk_slice_list_model_set_size (self->slice, FIRST_ROWS);
  g_signal_connect_object (self->filtered, "items-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}
