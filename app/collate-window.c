/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-window-private.h"

#include <glib/gi18n-lib.h>

#include "collate-toast.h"
#include "compare/collate-sentences.h"

/* Puts the widgets together and hands them the models; what its actions do stands in
 * collate-window-actions.c. */

enum
{
  PROP_COMPARISON = 1,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (CollateWindow, collate_window, ADW_TYPE_APPLICATION_WINDOW)

void
_collate_window_toast (CollateWindow *self, const char *sentence)
{
  adw_toast_overlay_add_toast (self->toasts, collate_toast_new (sentence));
}

void
_collate_window_update_running (CollateWindow *self)
{
  gboolean running = self->comparison != NULL && collate_comparison_is_running (self->comparison);

  g_object_set (self->question_card, "running", running, NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.stop-all", running);
  gtk_widget_action_set_enabled (
      GTK_WIDGET (self), "win.ask-again", self->comparison != NULL && !running && !self->restoring);
}

static void
update_title (CollateWindow *self)
{
  const char *title =
      self->comparison != NULL ? collate_comparison_get_title (self->comparison) : _ ("New question");

  adw_window_title_set_title (self->title, title);
}

void
_collate_window_set_comparison (CollateWindow *self, CollateComparison *comparison)
{
  gboolean shown = comparison != NULL;

  if (!g_set_object (&self->comparison, comparison))
    return;
  g_signal_group_set_target (self->comparison_signals, comparison);
  g_object_set (self->comparison_view, "comparison", comparison, NULL);
  g_object_set (self->announcer, "comparison", comparison, NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->comparison_view), shown);
  gtk_widget_set_visible (self->empty, !shown);
  gtk_widget_set_sensitive (GTK_WIDGET (self->formats_button), shown);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.export", shown);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroller), 0);
  _collate_window_update_running (self);
  update_title (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COMPARISON]);
}

static void
update_can_ask (CollateWindow *self)
{
  gboolean can_ask;

  g_object_get (self->workspace, "can-ask", &can_ask, NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.ask", can_ask);
}

static gboolean
any_model_available (CollateCatalogue *catalogue)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (catalogue)); i++)
    {
      g_autoptr (CollateModel) model = g_list_model_get_item (G_LIST_MODEL (catalogue), i);

      if (collate_model_get_availability (model) == COLLATE_AVAILABLE)
        return TRUE;
    }
  return FALSE;
}

static void
update_catalogue_notices (CollateWindow *self)
{
  CollateCatalogue *catalogue = collate_workspace_get_catalogue (self->workspace);
  const GError *problem = collate_catalogue_get_problem (catalogue);
  g_autofree char *sentence = problem != NULL ? collate_sentence_for_error (problem, NULL) : NULL;

  collate_notice_set_text (
      self->keys_notice,
      any_model_available (catalogue)
          ? NULL
          : _ ("No model can be asked yet: there is no key. Enter one here, or set a variable such as "
               "OPENAI_API_KEY in the environment or in a file named .env."));
  collate_notice_set_text (self->models_notice, sentence);
}

static void
update_history_notice (CollateWindow *self)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *sentence = NULL;

  g_object_get (collate_workspace_get_history (self->workspace), "problem", &problem, NULL);
  if (problem != NULL)
    sentence = collate_sentence_for_error (problem, _ ("The history"));
  collate_notice_set_text (self->history_notice, sentence);
}

static void
update_empty (CollateWindow *self)
{
  GListModel *library = G_LIST_MODEL (collate_workspace_get_library (self->workspace));

  gtk_widget_set_visible (self->empty_button, g_list_model_get_n_items (library) == 0);
}

static void
bind_workspace (CollateWindow *self)
{
  CollateLibrary *library = collate_workspace_get_library (self->workspace);
  CollateHistory *history = collate_workspace_get_history (self->workspace);
  g_auto (GStrv) samples = collate_session_dup_sample_questions ();

  g_object_set (self->document_list, "library", library, NULL);
  g_object_set (self->model_list, "workspace", self->workspace, NULL);
  g_object_set (self->history_list, "history", history, NULL);
  g_object_set (self->question_card, "workspace", self->workspace, "samples", samples, NULL);

  g_signal_group_set_target (self->catalogue_signals, collate_workspace_get_catalogue (self->workspace));
  g_signal_connect_object (
      self->workspace, "notify::can-ask", G_CALLBACK (update_can_ask), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
      history, "notify::problem", G_CALLBACK (update_history_notice), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (library, "items-changed", G_CALLBACK (update_empty), self, G_CONNECT_SWAPPED);
  update_can_ask (self);
  update_catalogue_notices (self);
  update_history_notice (self);
  update_empty (self);
}

static void
bind_settings (CollateWindow *self)
{
  g_settings_bind (self->settings, "window-width", self, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (self->settings, "window-height", self, "default-height", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (self->settings, "window-maximized", self, "maximized", G_SETTINGS_BIND_DEFAULT);
  adw_flap_set_reveal_flap (self->flap, g_settings_get_boolean (self->settings, "sidebar-shown"));
  g_settings_bind (self->settings, "answer-layout", self->comparison_view, "layout", G_SETTINGS_BIND_DEFAULT);
}

/* What is being written is stopped, and kept as far as it came. */
static gboolean
collate_window_close_request (GtkWindow *window)
{
  CollateWindow *self = COLLATE_WINDOW (window);

  for (guint i = 0; i < self->asked->len; i++)
    collate_comparison_stop_all (g_ptr_array_index (self->asked, i));
  /* A folded sidebar hides by itself, which is nobody's choice. */
  if (!adw_flap_get_folded (self->flap))
    g_settings_set_boolean (self->settings, "sidebar-shown", adw_flap_get_reveal_flap (self->flap));
  g_cancellable_cancel (self->cancellable);
  return GTK_WINDOW_CLASS (collate_window_parent_class)->close_request (window);
}

static void
collate_window_dispose (GObject *object)
{
  CollateWindow *self = COLLATE_WINDOW (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->choices);
  g_clear_object (&self->comparison_signals);
  g_clear_object (&self->catalogue_signals);
  g_clear_object (&self->comparison);
  g_clear_pointer (&self->asked, g_ptr_array_unref);
  gtk_widget_dispose_template (GTK_WIDGET (object), COLLATE_TYPE_WINDOW);
  g_clear_object (&self->workspace);
  g_clear_object (&self->local_models);
  g_clear_object (&self->settings);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (collate_window_parent_class)->dispose (object);
}

static void
collate_window_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CollateWindow *self = COLLATE_WINDOW (object);

  if (id == PROP_COMPARISON)
    g_value_set_object (value, self->comparison);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
collate_window_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CollateWindow *self = COLLATE_WINDOW (object);

  if (id == PROP_COMPARISON)
    _collate_window_set_comparison (self, g_value_get_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
collate_window_class_init (CollateWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_window_dispose;
  object_class->get_property = collate_window_get_property;
  object_class->set_property = collate_window_set_property;
  GTK_WINDOW_CLASS (klass)->close_request = collate_window_close_request;

  properties[PROP_COMPARISON] =
      g_param_spec_object ("comparison",
                           NULL,
                           NULL,
                           COLLATE_TYPE_COMPARISON,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (COLLATE_TYPE_NOTICE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-window.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, flap);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, title);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, menu_button);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, formats_button);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, scroller);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, empty);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, empty_button);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, keys_notice);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, models_notice);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, history_notice);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, document_list);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, model_list);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, history_list);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, question_card);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, comparison_view);
  gtk_widget_class_bind_template_child (widget_class, CollateWindow, announcer);
  _collate_window_class_install_actions (widget_class);
}

static void
collate_window_init (CollateWindow *self)
{
  self->asked = g_ptr_array_new_with_free_func (g_object_unref);
  self->cancellable = g_cancellable_new ();
  self->comparison_signals = g_signal_group_new (COLLATE_TYPE_COMPARISON);
  g_signal_group_connect_swapped (
      self->comparison_signals, "notify::running", G_CALLBACK (_collate_window_update_running), self);
  g_signal_group_connect_swapped (self->comparison_signals, "notify::title", G_CALLBACK (update_title), self);
  self->catalogue_signals = g_signal_group_new (COLLATE_TYPE_CATALOGUE);
  g_signal_group_connect_swapped (
      self->catalogue_signals, "changed", G_CALLBACK (update_catalogue_notices), self);

  gtk_widget_init_template (GTK_WIDGET (self));
  _collate_window_take_drops (self);
  gtk_widget_set_visible (GTK_WIDGET (self->comparison_view), FALSE);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.export", FALSE);
  _collate_window_update_running (self);
  update_title (self);
}

CollateWindow *
collate_window_new (CollateApplication *application)
{
  CollateWindow *self = g_object_new (COLLATE_TYPE_WINDOW, "application", application, NULL);

  self->workspace =
      g_object_ref (collate_session_get_workspace (collate_application_get_session (application)));
  self->local_models =
      g_object_ref (collate_session_get_local_models (collate_application_get_session (application)));
  self->settings = g_object_ref (collate_application_get_settings (application));
  self->choices = collate_choices_new (self->workspace, self->settings);
  bind_settings (self);
  bind_workspace (self);
  _collate_window_watch_models (self);
  return self;
}
