/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The answers of a comparison, beneath each other or side by side. There are few, and each keeps what is
 * folded and selected, so each has a card of its own: rows of a list view would be recycled. */
#include "widgets/collate-answer-list.h"

#include "compare/collate-comparison.h"
#include "widgets/collate-answer-view.h"

#define COLUMN_WIDTH 300

struct _CollateAnswerList
{
  AdwBin parent_instance;

  CollateComparison *comparison;
  CollateAnswerLayout layout;

  GtkWidget *stacked;
  GtkWidget *columns;
  GtkScrolledWindow *scroller;
  GtkBox *box; /* of CollateAnswerView, in the order of the comparison */
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

static GtkWidget *
get_view (CollateAnswerList *self, guint position)
{
  GtkWidget *view = gtk_widget_get_first_child (GTK_WIDGET (self->box));

  while (view != NULL && position-- > 0)
    view = gtk_widget_get_next_sibling (view);
  return view;
}

static void
lay_out_view (CollateAnswerList *self, GtkWidget *view)
{
  gboolean columns = self->layout == COLLATE_ANSWER_LAYOUT_COLUMNS;

  gtk_widget_set_size_request (view, columns ? COLUMN_WIDTH : -1, -1);
  gtk_widget_set_valign (view, columns ? GTK_ALIGN_START : GTK_ALIGN_FILL);
}

static void
lay_out (CollateAnswerList *self)
{
  gboolean columns = self->layout == COLLATE_ANSWER_LAYOUT_COLUMNS;

  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->box),
                                  columns ? GTK_ORIENTATION_HORIZONTAL : GTK_ORIENTATION_VERTICAL);
  gtk_box_set_homogeneous (self->box, columns);
  gtk_scrolled_window_set_policy (
      self->scroller, columns ? GTK_POLICY_AUTOMATIC : GTK_POLICY_NEVER, GTK_POLICY_NEVER);
  for (GtkWidget *view = get_view (self, 0); view != NULL; view = gtk_widget_get_next_sibling (view))
    lay_out_view (self, view);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (columns ? self->columns : self->stacked), TRUE);
}

static void
set_layout (CollateAnswerList *self, CollateAnswerLayout layout)
{
  if (layout == self->layout)
    return;

  self->layout = layout;
  lay_out (self);
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
  GtkWidget *before = position > 0 ? get_view (self, position - 1) : NULL;

  while (removed-- > 0)
    gtk_box_remove (self->box, get_view (self, position));
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (self->comparison), i);
      GtkWidget *view = collate_answer_view_new (self->comparison, answer);

      lay_out_view (self, view);
      gtk_box_insert_child_after (self->box, view, before);
      before = view;
    }
}

static guint
get_n_views (CollateAnswerList *self)
{
  guint n = 0;

  for (GtkWidget *view = get_view (self, 0); view != NULL; view = gtk_widget_get_next_sibling (view))
    n++;
  return n;
}

static void
set_comparison (CollateAnswerList *self, CollateComparison *comparison)
{
  if (comparison == self->comparison)
    return;

  if (self->comparison != NULL)
    g_signal_handlers_disconnect_by_data (self->comparison, self);
  answers_changed (self, 0, get_n_views (self), 0);

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

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-answer-list.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerList, stacked);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerList, columns);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerList, scroller);
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

  view = get_view (self, position);
  if (view == NULL)
    return FALSE;
  g_object_set (view, "expanded", TRUE, NULL);
  return gtk_widget_child_focus (view, GTK_DIR_TAB_FORWARD);
}
