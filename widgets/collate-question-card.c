/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The card in which the question is written. Whether it can be asked is the workspace's to say and the
 * action's to enforce; the card says why not. */
#include "widgets/collate-question-card.h"

#include <glib/gi18n-lib.h>

#include "compare/collate-workspace.h"
#include "documents/collate-text.h"

struct _CollateQuestionCard
{
  AdwBin parent_instance;

  GSignalGroup *workspace;
  GBindingGroup *bindings;
  GStrv samples;
  gboolean running;

  GtkTextView *text;
  GtkTextBuffer *buffer;
  GtkWidget *placeholder;
  GtkWidget *samples_button;
  GMenu *samples_menu;
  GtkDropDown *repeats;
  GtkLabel *at_most;
  GtkButton *ask;
  GtkWidget *stop;
};

G_DEFINE_FINAL_TYPE (CollateQuestionCard, collate_question_card, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_WORKSPACE,
  PROP_SAMPLES,
  PROP_RUNNING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* What the drop-down of the template offers, in its order. */
static const guint repeats[] = { 1, 3, 5, 10 };

/* Why nothing can be asked now, and what to do; NULL where it can. */
static const char *
get_reason (CollateWorkspace *workspace)
{
  g_autofree char *question = NULL;
  gboolean can_ask;
  guint n_selected;

  g_object_get (workspace, "question", &question, "can-ask", &can_ask, "n-selected", &n_selected, NULL);
  if (can_ask)
    return NULL;
  if (n_selected == 0)
    return _ ("Tick at least one model");
  if (question == NULL || collate_text_is_blank (question))
    return _ ("Write a question first");
  if (collate_library_is_loading (collate_workspace_get_library (workspace)))
    return _ ("The documents are being read");
  return _ ("None of the ticked models can be asked: see what they say");
}

static char *
get_ask_label (guint n_selected)
{
  if (n_selected == 0)
    return g_strdup (_ ("Ask"));
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Ask %u model", "Ask %u models", n_selected),
                          n_selected);
}

static void
show_ask (CollateQuestionCard *self, CollateWorkspace *workspace)
{
  const char *reason = get_reason (workspace);
  guint n_selected;
  g_autofree char *label = NULL;

  g_object_get (workspace, "n-selected", &n_selected, NULL);
  label = get_ask_label (n_selected);
  gtk_button_set_label (self->ask, label);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->ask), reason != NULL ? reason : _ ("Ask (Ctrl+Enter)"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->ask),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  label,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  reason != NULL ? reason : "",
                                  -1);
}

static void
show_at_most (CollateQuestionCard *self, CollateWorkspace *workspace)
{
  gint64 at_most;
  guint n_selected;
  g_autofree char *money = NULL;
  g_autofree char *text = NULL;

  g_object_get (workspace, "at-most", &at_most, "n-selected", &n_selected, NULL);
  money = collate_money_format (at_most, 2);
  if (n_selected > 0 && at_most != COLLATE_MONEY_UNKNOWN)
    text = g_strdup_printf (_ ("at most %s"), money);
  gtk_label_set_text (self->at_most, text != NULL ? text : "");
}

static void
show_repeats (CollateQuestionCard *self, CollateWorkspace *workspace)
{
  guint value;

  g_object_get (workspace, "repeats", &value, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (repeats); i++)
    if (repeats[i] == value)
      gtk_drop_down_set_selected (self->repeats, i);
}

static void
show_workspace (CollateQuestionCard *self)
{
  g_autoptr (CollateWorkspace) workspace = g_signal_group_dup_target (self->workspace);

  if (workspace == NULL)
    return;

  show_ask (self, workspace);
  show_at_most (self, workspace);
  show_repeats (self, workspace);
}

static void
repeats_chosen (CollateQuestionCard *self)
{
  g_autoptr (CollateWorkspace) workspace = g_signal_group_dup_target (self->workspace);
  guint selected = gtk_drop_down_get_selected (self->repeats);

  if (workspace != NULL && selected < G_N_ELEMENTS (repeats))
    g_object_set (workspace, "repeats", repeats[selected], NULL);
}

static void
text_changed (CollateQuestionCard *self)
{
  gtk_widget_set_visible (self->placeholder, gtk_text_buffer_get_char_count (self->buffer) == 0);
}

static void
use_sample (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  CollateQuestionCard *self = COLLATE_QUESTION_CARD (widget);

  gtk_text_buffer_set_text (self->buffer, g_variant_get_string (parameter, NULL), -1);
  gtk_widget_grab_focus (GTK_WIDGET (self->text));
}

static void
set_samples (CollateQuestionCard *self, GStrv samples)
{
  g_strfreev (self->samples);
  self->samples = g_strdupv (samples);

  g_menu_remove_all (self->samples_menu);
  for (guint i = 0; samples != NULL && samples[i] != NULL; i++)
    {
      g_autoptr (GMenuItem) item = g_menu_item_new (samples[i], NULL);

      g_menu_item_set_action_and_target (item, "question.use-sample", "s", samples[i]);
      g_menu_append_item (self->samples_menu, item);
    }
  gtk_widget_set_visible (self->samples_button,
                          g_menu_model_get_n_items (G_MENU_MODEL (self->samples_menu)) > 0);
}

/* A buffer takes no NULL. */
static gboolean
question_to_text (GBinding *binding, const GValue *from, GValue *to, gpointer user_data)
{
  const char *question = g_value_get_string (from);

  g_value_set_string (to, question != NULL ? question : "");
  return TRUE;
}

static void
collate_question_card_dispose (GObject *object)
{
  CollateQuestionCard *self = COLLATE_QUESTION_CARD (object);

  g_clear_object (&self->workspace);
  g_clear_object (&self->bindings);

  G_OBJECT_CLASS (collate_question_card_parent_class)->dispose (object);
}

static void
collate_question_card_finalize (GObject *object)
{
  g_strfreev (COLLATE_QUESTION_CARD (object)->samples);

  G_OBJECT_CLASS (collate_question_card_parent_class)->finalize (object);
}

static void
collate_question_card_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateQuestionCard *self = COLLATE_QUESTION_CARD (object);

  switch (prop_id)
    {
    case PROP_WORKSPACE:
      g_value_take_object (value, g_signal_group_dup_target (self->workspace));
      break;
    case PROP_SAMPLES:
      g_value_set_boxed (value, self->samples);
      break;
    case PROP_RUNNING:
      g_value_set_boolean (value, self->running);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_question_card_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateQuestionCard *self = COLLATE_QUESTION_CARD (object);

  switch (prop_id)
    {
    case PROP_WORKSPACE:
      g_signal_group_set_target (self->workspace, g_value_get_object (value));
      g_binding_group_set_source (self->bindings, g_value_get_object (value));
      show_workspace (self);
      break;
    case PROP_SAMPLES:
      set_samples (self, g_value_get_boxed (value));
      break;
    case PROP_RUNNING:
      self->running = g_value_get_boolean (value);
      gtk_widget_set_visible (self->stop, self->running);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_question_card_class_init (CollateQuestionCardClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_question_card_dispose;
  object_class->finalize = collate_question_card_finalize;
  object_class->get_property = collate_question_card_get_property;
  object_class->set_property = collate_question_card_set_property;

  properties[PROP_WORKSPACE] = g_param_spec_object (
      "workspace", NULL, NULL, COLLATE_TYPE_WORKSPACE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_SAMPLES] =
      g_param_spec_boxed ("samples", NULL, NULL, G_TYPE_STRV, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_RUNNING] =
      g_param_spec_boolean ("running", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-question-card.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateQuestionCard, text);
  gtk_widget_class_bind_template_child (widget_class, CollateQuestionCard, buffer);
  gtk_widget_class_bind_template_child (widget_class, CollateQuestionCard, placeholder);
  gtk_widget_class_bind_template_child (widget_class, CollateQuestionCard, samples_button);
  gtk_widget_class_bind_template_child (widget_class, CollateQuestionCard, samples_menu);
  gtk_widget_class_bind_template_child (widget_class, CollateQuestionCard, repeats);
  gtk_widget_class_bind_template_child (widget_class, CollateQuestionCard, at_most);
  gtk_widget_class_bind_template_child (widget_class, CollateQuestionCard, ask);
  gtk_widget_class_bind_template_child (widget_class, CollateQuestionCard, stop);
  gtk_widget_class_bind_template_callback (widget_class, text_changed);
  gtk_widget_class_bind_template_callback (widget_class, repeats_chosen);
  gtk_widget_class_install_action (widget_class, "question.use-sample", "s", use_sample);
}

static void
collate_question_card_init (CollateQuestionCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->workspace = g_signal_group_new (COLLATE_TYPE_WORKSPACE);
  g_signal_group_connect_swapped (self->workspace, "notify", G_CALLBACK (show_workspace), self);
  self->bindings = g_binding_group_new ();
  g_binding_group_bind_full (self->bindings,
                             "question",
                             self->buffer,
                             "text",
                             G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL,
                             question_to_text,
                             NULL,
                             NULL,
                             NULL);
}

void
collate_question_card_focus (CollateQuestionCard *self)
{
  GtkTextIter start, end;

  g_return_if_fail (COLLATE_IS_QUESTION_CARD (self));

  gtk_text_buffer_get_bounds (self->buffer, &start, &end);
  gtk_text_buffer_select_range (self->buffer, &start, &end);
  gtk_widget_grab_focus (GTK_WIDGET (self->text));
}
