/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The sidebar's list of models, the sum of what the ticked ones cost at most, and the line-ups. */
#include "widgets/collate-model-list.h"

#include <glib/gi18n-lib.h>

#include "compare/collate-workspace.h"
#include "widgets/collate-model-row.h"

struct _CollateModelList
{
  AdwBin parent_instance;

  GSignalGroup *workspace;
  GSignalGroup *line_ups;

  GtkLabel *at_most;
  GtkNoSelection *selection;
  GMenu *line_up_menu;
};

G_DEFINE_FINAL_TYPE (CollateModelList, collate_model_list, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_WORKSPACE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
show_at_most (CollateModelList *self)
{
  g_autoptr (CollateWorkspace) workspace = g_signal_group_dup_target (self->workspace);
  gint64 at_most;
  gboolean incomplete;
  guint n_selected;
  g_autofree char *money = NULL;
  g_autofree char *text = NULL;

  if (workspace == NULL)
    return;

  g_object_get (
      workspace, "at-most", &at_most, "at-most-incomplete", &incomplete, "n-selected", &n_selected, NULL);
  money = collate_money_format (at_most, 2);
  if (n_selected == 0)
    text = g_strdup ("");
  else if (at_most == COLLATE_MONEY_UNKNOWN)
    text = g_strdup (_ ("price unknown"));
  else if (incomplete)
    text = g_strdup_printf (_ ("at most %s and unknown prices"), money);
  else
    text = g_strdup_printf (_ ("at most %s"), money);
  gtk_label_set_text (self->at_most, text);
}

static void
fill_line_up_menu (CollateModelList *self)
{
  g_autoptr (GListModel) line_ups = g_signal_group_dup_target (self->line_ups);
  g_autoptr (GMenu) named = g_menu_new ();
  g_autoptr (GMenu) own = g_menu_new ();

  for (guint i = 0; line_ups != NULL && i < g_list_model_get_n_items (line_ups); i++)
    {
      g_autoptr (CollateLineUp) line_up = g_list_model_get_item (line_ups, i);
      g_autoptr (GMenuItem) item = g_menu_item_new (collate_line_up_get_name (line_up), NULL);

      g_menu_item_set_action_and_target (item, "win.line-up", "s", collate_line_up_get_id (line_up));
      g_menu_append_item (named, item);
    }
  g_menu_append (own, _ ("_Save Line-up…"), "win.save-line-up");

  g_menu_remove_all (self->line_up_menu);
  g_menu_append_section (self->line_up_menu, NULL, G_MENU_MODEL (named));
  g_menu_append_section (self->line_up_menu, NULL, G_MENU_MODEL (own));
}

static void
set_workspace (CollateModelList *self, CollateWorkspace *workspace)
{
  GListModel *line_ups = NULL;

  if (workspace != NULL)
    line_ups = collate_catalogue_get_line_ups (collate_workspace_get_catalogue (workspace));
  g_signal_group_set_target (self->workspace, workspace);
  g_signal_group_set_target (self->line_ups, line_ups);
  gtk_no_selection_set_model (self->selection,
                              workspace != NULL ? collate_workspace_get_entries (workspace) : NULL);
  fill_line_up_menu (self);
  show_at_most (self);
}

static void
collate_model_list_dispose (GObject *object)
{
  CollateModelList *self = COLLATE_MODEL_LIST (object);

  g_clear_object (&self->workspace);
  g_clear_object (&self->line_ups);

  G_OBJECT_CLASS (collate_model_list_parent_class)->dispose (object);
}

static void
collate_model_list_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateModelList *self = COLLATE_MODEL_LIST (object);

  switch (prop_id)
    {
    case PROP_WORKSPACE:
      g_value_take_object (value, g_signal_group_dup_target (self->workspace));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_model_list_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateModelList *self = COLLATE_MODEL_LIST (object);

  switch (prop_id)
    {
    case PROP_WORKSPACE:
      set_workspace (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_model_list_class_init (CollateModelListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_model_list_dispose;
  object_class->get_property = collate_model_list_get_property;
  object_class->set_property = collate_model_list_set_property;

  properties[PROP_WORKSPACE] = g_param_spec_object (
      "workspace", NULL, NULL, COLLATE_TYPE_WORKSPACE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (COLLATE_TYPE_MODEL_ROW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-model-list.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateModelList, at_most);
  gtk_widget_class_bind_template_child (widget_class, CollateModelList, selection);
  gtk_widget_class_bind_template_child (widget_class, CollateModelList, line_up_menu);
}

static void
collate_model_list_init (CollateModelList *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->workspace = g_signal_group_new (COLLATE_TYPE_WORKSPACE);
  g_signal_group_connect_swapped (self->workspace, "notify", G_CALLBACK (show_at_most), self);
  self->line_ups = g_signal_group_new (G_TYPE_LIST_MODEL);
  g_signal_group_connect_swapped (self->line_ups, "items-changed", G_CALLBACK (fill_line_up_menu), self);
}
