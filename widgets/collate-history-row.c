/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A row of the history. */
#include "widgets/collate-history-row.h"

#include <glib/gi18n-lib.h>

#include "compare/collate-history.h"
#include "widgets/collate-dates.h"

struct _CollateHistoryRow
{
  AdwBin parent_instance;

  GSignalGroup *item;

  GtkButton *open;
  GtkLabel *title;
  GtkLabel *details;
  GtkLabel *state;
  GtkButton *remove;
};

G_DEFINE_FINAL_TYPE (CollateHistoryRow, collate_history_row, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_ITEM,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* "Yesterday · 3 documents · 4 models". */
static char *
describe (CollateHistoryItem *item)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *day = collate_format_day (collate_history_item_get_created (item), now);
  guint n_documents = g_strv_length ((GStrv) collate_history_item_get_documents (item));
  guint n_models = g_strv_length ((GStrv) collate_history_item_get_models (item));
  g_autofree char *documents = g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "%u document", "%u documents", n_documents), n_documents);
  g_autofree char *models =
      g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u model", "%u models", n_models), n_models);

  if (n_documents == 0)
    return g_strjoin (" · ", day, models, NULL);
  return g_strjoin (" · ", day, documents, models, NULL);
}

/* How it ended where not all is done; NULL where it is. */
static const char *
describe_state (const char *state)
{
  if (g_str_equal (state, "running"))
    return _ ("running");
  if (g_str_equal (state, "failed"))
    return _ ("an answer failed");
  if (g_str_equal (state, "stopped"))
    return _ ("stopped");
  if (g_str_equal (state, "interrupted"))
    return _ ("interrupted");
  return NULL;
}

static void
show_item (CollateHistoryRow *self)
{
  g_autoptr (CollateHistoryItem) item = g_signal_group_dup_target (self->item);
  const char *title;
  const char *state;
  g_autofree char *details = NULL;
  g_autofree char *remove = NULL;

  if (item == NULL)
    return;

  title = collate_history_item_get_title (item);
  state = describe_state (collate_history_item_get_state (item));
  details = describe (item);
  remove = g_strdup_printf (_ ("Remove “%s” from the history"), title);

  gtk_label_set_text (self->title, title);
  gtk_label_set_text (self->details, details);
  gtk_label_set_text (self->state, state != NULL ? state : "");
  gtk_widget_set_visible (GTK_WIDGET (self->state), state != NULL);

  gtk_widget_set_tooltip_text (GTK_WIDGET (self->open), collate_history_item_get_question (item));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->open),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  title,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  details,
                                  -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->remove), GTK_ACCESSIBLE_PROPERTY_LABEL, remove, -1);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->open), "x", collate_history_item_get_id (item));
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->remove), "x", collate_history_item_get_id (item));
}

static void
collate_history_row_dispose (GObject *object)
{
  g_clear_object (&COLLATE_HISTORY_ROW (object)->item);

  G_OBJECT_CLASS (collate_history_row_parent_class)->dispose (object);
}

static void
collate_history_row_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateHistoryRow *self = COLLATE_HISTORY_ROW (object);

  switch (prop_id)
    {
    case PROP_ITEM:
      g_value_take_object (value, g_signal_group_dup_target (self->item));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_history_row_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateHistoryRow *self = COLLATE_HISTORY_ROW (object);

  switch (prop_id)
    {
    case PROP_ITEM:
      g_signal_group_set_target (self->item, g_value_get_object (value));
      show_item (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_history_row_class_init (CollateHistoryRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_history_row_dispose;
  object_class->get_property = collate_history_row_get_property;
  object_class->set_property = collate_history_row_set_property;

  properties[PROP_ITEM] = g_param_spec_object (
      "item", NULL, NULL, COLLATE_TYPE_HISTORY_ITEM, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-history-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateHistoryRow, open);
  gtk_widget_class_bind_template_child (widget_class, CollateHistoryRow, title);
  gtk_widget_class_bind_template_child (widget_class, CollateHistoryRow, details);
  gtk_widget_class_bind_template_child (widget_class, CollateHistoryRow, state);
  gtk_widget_class_bind_template_child (widget_class, CollateHistoryRow, remove);
}

static void
collate_history_row_init (CollateHistoryRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->item = g_signal_group_new (COLLATE_TYPE_HISTORY_ITEM);
  g_signal_group_connect_swapped (self->item, "notify", G_CALLBACK (show_item), self);
}
