/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The answers of a comparison, beneath each other or side by side. There are few, and each keeps what is
 * folded and selected, so each has a card of its own: rows of a list view would be recycled. */
#include "widgets/collate-answer-list.h"

#include "compare/collate-comparison.h"
#include "widgets/collate-answer-view.h"
#include "widgets/collate-split-box.h"

struct _CollateAnswerList
{
  AdwBin parent_instance;

  CollateComparison *comparison;
  CollateAnswerLayout layout;

  GtkWidget *stacked;
  GtkWidget *columns;
  CollateSplitBox *box; /* of CollateAnswerView, in the order of the comparison */
};

G_DEFINE_ENUM_TYPE (CollateAnswerLayout,
                    collate_answer_layout,
                    G_DEFINE_ENUM_VALUE (COLLATE_ANSWER_LAYOUT_STACKED, "stacked"),
                    G_DEFINE_ENUM_VALUE (COLLATE_ANSWER_LAYOUT_COLUMNS, "columns"))

G_DEFINE_FINAL_TYPE (CollateAnswerList, collate_answer_list, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_COMPARISON,
  PROP_LAYOUT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
set_layout (CollateAnswerList *self, CollateAnswerLayout layout)
{
  gboolean columns = layout == COLLATE_ANSWER_LAYOUT_COLUMNS;

  if (layout == self->layout)
    return;

  self->layout = layout;
  g_object_set (self->box, "columns", columns, NULL);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (columns ? self->columns : self->stacked), TRUE);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LAYOUT]);
}

static void
layout_toggled (CollateAnswerList *self)
{
  gboolean columns = gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->columns));

  set_layout (self, columns ? COLLATE_ANSWER_LAYOUT_COLUMNS : COLLATE_ANSWER_LAYOUT_STACKED);
}

static void
answers_changed (CollateAnswerList *self, guint position, guint removed, guint added)
{
  while (removed-- > 0)
    collate_split_box_remove (self->box, position);
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (self->comparison), i);

      collate_split_box_insert (self->box, collate_answer_view_new (self->comparison, answer), i);
    }
}

static void
set_comparison (CollateAnswerList *self, CollateComparison *comparison)
{
  if (comparison == self->comparison)
    return;

  if (self->comparison != NULL)
    g_signal_handlers_disconnect_by_data (self->comparison, self);
  answers_changed (self, 0, collate_split_box_get_n_children (self->box), 0);

  g_set_object (&self->comparison, comparison);
  if (comparison != NULL)
    {
      g_signal_connect_object (
          comparison, "items-changed", G_CALLBACK (answers_changed), self, G_CONNECT_SWAPPED);
      answers_changed (self, 0, 0, g_list_model_get_n_items (G_LIST_MODEL (comparison)));
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COMPARISON]);
}

static void
collate_answer_list_dispose (GObject *object)
{
  CollateAnswerList *self = COLLATE_ANSWER_LIST (object);

  if (self->comparison != NULL)
    g_signal_handlers_disconnect_by_data (self->comparison, self);
  g_clear_object (&self->comparison);

  G_OBJECT_CLASS (collate_answer_list_parent_class)->dispose (object);
}

static void
collate_answer_list_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateAnswerList *self = COLLATE_ANSWER_LIST (object);

  switch (prop_id)
    {
    case PROP_COMPARISON:
      g_value_set_object (value, self->comparison);
      break;
    case PROP_LAYOUT:
      g_value_set_enum (value, self->layout);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_answer_list_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateAnswerList *self = COLLATE_ANSWER_LIST (object);

  switch (prop_id)
    {
    case PROP_COMPARISON:
      set_comparison (self, g_value_get_object (value));
      break;
    case PROP_LAYOUT:
      set_layout (self, g_value_get_enum (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_answer_list_class_init (CollateAnswerListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_answer_list_dispose;
  object_class->get_property = collate_answer_list_get_property;
  object_class->set_property = collate_answer_list_set_property;

  properties[PROP_COMPARISON] =
      g_param_spec_object ("comparison",
                           NULL,
                           NULL,
                           COLLATE_TYPE_COMPARISON,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_LAYOUT] =
      g_param_spec_enum ("layout",
                         NULL,
                         NULL,
                         COLLATE_TYPE_ANSWER_LAYOUT,
                         COLLATE_ANSWER_LAYOUT_STACKED,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (COLLATE_TYPE_SPLIT_BOX);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-answer-list.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerList, stacked);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerList, columns);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerList, box);
  gtk_widget_class_bind_template_callback (widget_class, layout_toggled);
}

static void
collate_answer_list_init (CollateAnswerList *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

gboolean
collate_answer_list_focus_answer (CollateAnswerList *self, guint position)
{
  GtkWidget *view;

  g_return_val_if_fail (COLLATE_IS_ANSWER_LIST (self), FALSE);

  view = collate_split_box_get_child (self->box, position);
  if (view == NULL)
    return FALSE;
  g_object_set (view, "expanded", TRUE, NULL);
  return gtk_widget_child_focus (view, GTK_DIR_TAB_FORWARD);
}
