/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The card of one answer. The answer changes as often as it likes; the card marks itself dirty and shows
 * what holds once a frame, and, while the answer runs, ten times a second for its clock. */
#include "widgets/collate-answer-view.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "compare/collate-sentences.h"
#include "widgets/collate-chart-data.h"
#include "widgets/collate-copy-button.h"
#include "widgets/collate-markdown-view.h"

#define CLOCK_MS 100
#define BYTES_PER_FRAME 8192
#define MAX_FRAMES_LEFT_OUT 12

struct _CollateAnswerView
{
  AdwBin parent_instance;

  CollateComparison *comparison;
  CollateAnswer *answer;

  GtkWidget *toggle;
  GtkWidget *mark;
  GtkLabel *title;
  GtkWidget *copy;
  GtkWidget *retry;
  GtkWidget *stop;
  GtkWidget *body;
  GtkWidget *problem_box;
  GtkLabel *problem;
  GtkWidget *mend;
  GtkLabel *warning;
  GtkExpander *reasoning_expander;
  CollateMarkdownView *reasoning;
  GtkWidget *waiting;
  GtkLabel *waiting_label;
  CollateMarkdownView *text;
  GtkLabel *drafts;

  gsize text_length; /* of what is on show */
  gsize reasoning_length;
  guint tick_id;  /* while dirty */
  guint clock_id; /* while the answer runs */
  guint frames_left_out;
  CollateAnswerState shown_state;
};

G_DEFINE_FINAL_TYPE (CollateAnswerView, collate_answer_view, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_COMPARISON,
  PROP_ANSWER,
  PROP_EXPANDED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
set_label (GtkLabel *label, const char *text)
{
  if (strcmp (gtk_label_get_label (label), text) != 0)
    gtk_label_set_text (label, text);
}

/* Shows the text in a label, which is hidden where there is none. */
static void
set_optional_label (GtkLabel *label, GtkWidget *box, const char *text)
{
  set_label (label, text != NULL ? text : "");
  gtk_widget_set_visible (box, text != NULL);
}

static gboolean
is_running (CollateAnswerView *self)
{
  return !collate_answer_state_is_final (collate_answer_get_state (self->answer));
}

static void
show_title (CollateAnswerView *self)
{
  const char *label = collate_answer_get_label (self->answer);
  g_autofree char *state = collate_sentence_for_state (self->answer);
  g_autofree char *markup =
      g_markup_printf_escaped ("<b>%s</b> <span alpha=\"70%%\" size=\"smaller\">— %s</span>", label, state);

  if (strcmp (gtk_label_get_label (self->title), markup) != 0)
    gtk_label_set_markup (self->title, markup);
}

/* The card's name says how it ended; while it runs, a name that changed with every tick would be noise. */
static void
show_name (CollateAnswerView *self)
{
  const char *label = collate_answer_get_label (self->answer);
  g_autofree char *state = collate_sentence_for_state (self->answer);
  g_autofree char *name = NULL;

  if (!is_running (self))
    name = g_strdup_printf ("%s — %s", label, state);
  gtk_accessible_update_property (
      GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name != NULL ? name : label, -1);
}

static void
show_problem (CollateAnswerView *self)
{
  const GError *error = collate_answer_get_error (self->answer);
  const char *key = collate_answer_get_key_name (self->answer);
  gboolean mendable = g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_KEY) && key != NULL;
  g_autofree char *problem = collate_sentence_for_answer (self->answer);
  g_autofree char *warning = collate_sentence_for_warning (self->answer);

  set_optional_label (self->problem, self->problem_box, problem);
  set_optional_label (self->warning, GTK_WIDGET (self->warning), warning);
  gtk_widget_set_visible (self->mend, mendable);
  if (mendable)
    {
      g_autofree char *target = g_strconcat ("key:", key, NULL);

      gtk_actionable_set_action_target (GTK_ACTIONABLE (self->mend), "s", target);
    }
}

static void
show_drafts (CollateAnswerView *self)
{
  g_autofree char *drafts = collate_sentence_for_drafts (self->answer);

  set_optional_label (self->drafts, GTK_WIDGET (self->drafts), drafts);
}

static void
show_buttons (CollateAnswerView *self)
{
  gboolean running = is_running (self);

  gtk_widget_set_visible (self->stop, running);
  gtk_widget_set_visible (self->retry,
                          !running && collate_comparison_can_retry (self->comparison, self->answer));
  gtk_widget_set_visible (self->copy, collate_answer_get_text_length (self->answer) > 0);
}

/* "Reasoning, 6.1 s · 576 tokens", as far as it is known. */
static char *
get_reasoning_title (CollateAnswer *answer)
{
  const CollateTimings *timings = collate_answer_get_timings (answer);
  const CollateUsage *usage = collate_answer_get_usage (answer);
  gint64 end = timings->first_text >= 0 ? timings->first_text : timings->last_token;
  g_autoptr (GString) title = g_string_new (_ ("Reasoning"));

  if (timings->first_reasoning >= 0 && end > timings->first_reasoning)
    {
      g_autofree char *time = collate_format_seconds ((end - timings->first_reasoning) / 1e6);

      g_string_append_printf (title, ", %s", time);
    }
  if (usage != NULL && usage->reasoning > 0)
    {
      g_autofree char *count = collate_format_count (usage->reasoning);

      g_string_append (title, " · ");
      g_string_append_printf (
          title, g_dngettext (GETTEXT_PACKAGE, "%s token", "%s tokens", usage->reasoning), count);
    }
  return g_string_free (g_steal_pointer (&title), FALSE);
}

static void
show_reasoning (CollateAnswerView *self)
{
  gsize length = collate_answer_get_reasoning_length (self->answer);
  g_autofree char *title = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->reasoning_expander), length > 0);
  if (length == 0)
    return;

  title = get_reasoning_title (self->answer);
  if (g_strcmp0 (gtk_expander_get_label (self->reasoning_expander), title) != 0)
    {
      gtk_expander_set_label (self->reasoning_expander, title);
      gtk_accessible_update_property (
          GTK_ACCESSIBLE (self->reasoning_expander), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    }
  if (gtk_expander_get_expanded (self->reasoning_expander) && length != self->reasoning_length)
    {
      collate_markdown_view_set_text (self->reasoning, collate_answer_get_reasoning (self->answer), length);
      self->reasoning_length = length;
    }
}

static void
show_text (CollateAnswerView *self)
{
  gsize length = collate_answer_get_text_length (self->answer);
  CollateAnswerState state = collate_answer_get_state (self->answer);
  g_autofree char *waiting = collate_sentence_for_activity (self->answer);

  gtk_widget_set_visible (self->waiting, length == 0 && !collate_answer_state_is_final (state));
  set_label (self->waiting_label, waiting);

  if (length == self->text_length || !gtk_widget_get_visible (self->body))
    return;
  collate_markdown_view_set_text (self->text, collate_answer_get_text (self->answer), length);
  self->text_length = length;
}

static gboolean
run_clock (gpointer user_data)
{
  show_title (user_data);
  return G_SOURCE_CONTINUE;
}

static void
run_clock_while_running (CollateAnswerView *self)
{
  if (is_running (self) && self->clock_id == 0)
    self->clock_id = g_timeout_add (CLOCK_MS, run_clock, self);
  else if (!is_running (self))
    g_clear_handle_id (&self->clock_id, g_source_remove);
}

static void
update (CollateAnswerView *self)
{
  CollateAnswerState state = collate_answer_get_state (self->answer);

  if (state != self->shown_state)
    {
      self->shown_state = state;
      show_name (self);
      show_title (self);
    }
  else if (!is_running (self))
    show_title (self);
  show_buttons (self);
  show_problem (self);
  show_reasoning (self);
  show_text (self);
  show_drafts (self);
  run_clock_while_running (self);
}

/* A long text is parsed and drawn whole: it leaves out frames, the more the longer it is. */
static gboolean
tick (GtkWidget *widget, GdkFrameClock *clock, gpointer user_data)
{
  CollateAnswerView *self = COLLATE_ANSWER_VIEW (widget);

  if (self->frames_left_out > 0 && is_running (self))
    {
      self->frames_left_out--;
      return G_SOURCE_CONTINUE;
    }
  self->tick_id = 0;
  self->frames_left_out = MIN (self->text_length / BYTES_PER_FRAME, MAX_FRAMES_LEFT_OUT);
  update (self);
  return G_SOURCE_REMOVE;
}

static void
queue_update (CollateAnswerView *self)
{
  if (self->tick_id == 0)
    self->tick_id = gtk_widget_add_tick_callback (GTK_WIDGET (self), tick, NULL, NULL);
}

static void
copy_answer (CollateAnswerView *self)
{
  collate_copy_button_copy (COLLATE_COPY_BUTTON (self->copy), collate_answer_get_text (self->answer));
}

static void
stop_answer (CollateAnswerView *self)
{
  collate_comparison_stop (self->comparison, self->answer);
}

static void
retry_answer (CollateAnswerView *self)
{
  collate_comparison_retry (self->comparison, self->answer);
}

static void
toggled (CollateAnswerView *self)
{
  gboolean expanded = gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->toggle));

  gtk_widget_set_visible (self->body, expanded);
  gtk_accessible_update_state (GTK_ACCESSIBLE (self->toggle), GTK_ACCESSIBLE_STATE_EXPANDED, expanded, -1);
  if (self->answer != NULL)
    show_text (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EXPANDED]);
}

/* Buttons are named by the model too: "Copy" alone says nothing where there are four. Takes the name. */
static void
name_button (GtkWidget *button, char *name)
{
  gtk_widget_set_tooltip_text (button, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  g_free (name);
}

static void
set_names (CollateAnswerView *self)
{
  const char *label = collate_answer_get_label (self->answer);
  g_autofree char *details = g_strdup_printf (_ ("Answer of %s"), label);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self->toggle), GTK_ACCESSIBLE_PROPERTY_LABEL, details, -1);
  name_button (self->copy, g_strdup_printf (_ ("Copy the answer of %s"), label));
  name_button (self->retry, g_strdup_printf (_ ("Retry %s"), label));
  name_button (self->stop, g_strdup_printf (_ ("Stop %s"), label));
}

static void
collate_answer_view_constructed (GObject *object)
{
  CollateAnswerView *self = COLLATE_ANSWER_VIEW (object);
  g_autofree char *mark = NULL;

  G_OBJECT_CLASS (collate_answer_view_parent_class)->constructed (object);

  g_signal_connect_object (self->answer, "notify", G_CALLBACK (queue_update), self, G_CONNECT_SWAPPED);
  mark = g_strdup_printf ("mark-%u", collate_chart_color_for_answer (self->comparison, self->answer));
  gtk_widget_add_css_class (self->mark, mark);
  set_names (self);
  self->shown_state = collate_answer_get_state (self->answer);
  show_title (self);
  show_name (self);
  toggled (self);
  update (self);
}

static void
collate_answer_view_dispose (GObject *object)
{
  CollateAnswerView *self = COLLATE_ANSWER_VIEW (object);

  g_clear_handle_id (&self->clock_id, g_source_remove);
  if (self->tick_id != 0)
    gtk_widget_remove_tick_callback (GTK_WIDGET (self), self->tick_id);
  self->tick_id = 0;
  g_clear_object (&self->answer);
  g_clear_object (&self->comparison);

  G_OBJECT_CLASS (collate_answer_view_parent_class)->dispose (object);
}

static void
collate_answer_view_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateAnswerView *self = COLLATE_ANSWER_VIEW (object);

  switch (prop_id)
    {
    case PROP_COMPARISON:
      g_value_set_object (value, self->comparison);
      break;
    case PROP_ANSWER:
      g_value_set_object (value, self->answer);
      break;
    case PROP_EXPANDED:
      g_value_set_boolean (value, gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->toggle)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_answer_view_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateAnswerView *self = COLLATE_ANSWER_VIEW (object);

  switch (prop_id)
    {
    case PROP_COMPARISON:
      self->comparison = g_value_dup_object (value);
      break;
    case PROP_ANSWER:
      self->answer = g_value_dup_object (value);
      break;
    case PROP_EXPANDED:
      gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (self->toggle), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_answer_view_class_init (CollateAnswerViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->constructed = collate_answer_view_constructed;
  object_class->dispose = collate_answer_view_dispose;
  object_class->get_property = collate_answer_view_get_property;
  object_class->set_property = collate_answer_view_set_property;

  properties[PROP_COMPARISON] =
      g_param_spec_object ("comparison",
                           NULL,
                           NULL,
                           COLLATE_TYPE_COMPARISON,
                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  properties[PROP_ANSWER] =
      g_param_spec_object ("answer",
                           NULL,
                           NULL,
                           COLLATE_TYPE_ANSWER,
                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  properties[PROP_EXPANDED] = g_param_spec_boolean (
      "expanded", NULL, NULL, TRUE, G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (COLLATE_TYPE_COPY_BUTTON);
  g_type_ensure (COLLATE_TYPE_MARKDOWN_VIEW);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-answer-view.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, toggle);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, mark);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, title);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, copy);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, retry);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, stop);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, body);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, problem_box);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, problem);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, mend);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, warning);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, reasoning_expander);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, reasoning);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, waiting);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, waiting_label);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, text);
  gtk_widget_class_bind_template_child (widget_class, CollateAnswerView, drafts);
  gtk_widget_class_bind_template_callback (widget_class, copy_answer);
  gtk_widget_class_bind_template_callback (widget_class, retry_answer);
  gtk_widget_class_bind_template_callback (widget_class, stop_answer);
  gtk_widget_class_bind_template_callback (widget_class, toggled);
  gtk_widget_class_bind_template_callback (widget_class, queue_update);
}

static void
collate_answer_view_init (CollateAnswerView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
collate_answer_view_new (CollateComparison *comparison, CollateAnswer *answer)
{
  return g_object_new (COLLATE_TYPE_ANSWER_VIEW, "comparison", comparison, "answer", answer, NULL);
}

CollateAnswer *
collate_answer_view_get_answer (CollateAnswerView *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER_VIEW (self), NULL);

  return self->answer;
}
