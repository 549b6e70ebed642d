/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-window-private.h"

#include <glib/gi18n-lib.h>

#include "base/collate-error.h"
#include "collate-dialogs.h"
#include "collate-output.h"
#include "compare/collate-sentences.h"

/* What win.… does. Whatever may come late is given the window's cancellable, and a reference. */

/* What the person chose, where they did; why not is said; (nullable) (transfer full). */
static GListModel *
get_chosen (CollateWindow *self, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  GListModel *files = collate_dialogs_files_finish (result, &error);
  g_autofree char *problem = collate_dialogs_dup_problem (error);

  if (problem != NULL)
    _collate_window_toast (self, problem);

  return files;
}

static void
add_files (CollateWindow *self, GAsyncResult *result)
{
  g_autoptr (GListModel) files = get_chosen (self, result);
  g_autoptr (GPtrArray) array = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; files != NULL && i < g_list_model_get_n_items (files); i++)
    g_ptr_array_add (array, g_list_model_get_item (files, i));
  collate_window_add_files (self, array);
}

static void
files_chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CollateWindow) self = user_data;

  add_files (self, result);
}

static void
open_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  collate_dialogs_open_files_async (GTK_WINDOW (widget),
                                    collate_library_get_mime_types (),
                                    COLLATE_WINDOW (widget)->cancellable,
                                    files_chosen_cb,
                                    g_object_ref (widget));
}

static void
open_folder_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  collate_dialogs_open_folder_async (
      GTK_WINDOW (widget), COLLATE_WINDOW (widget)->cancellable, files_chosen_cb, g_object_ref (widget));
}

/* On a narrow window the sidebar lies over the answers. */
static void
uncover_answers (CollateWindow *self)
{
  if (adw_flap_get_folded (self->flap))
    adw_flap_set_reveal_flap (self->flap, FALSE);
}

void
_collate_window_ask (CollateWindow *self)
{
  g_autofree char *question = NULL;
  g_autoptr (CollateComparison) comparison = NULL;

  g_object_get (self->workspace, "question", &question, NULL);
  comparison = collate_workspace_ask (self->workspace, question, NULL);
  g_ptr_array_add (self->asked, g_object_ref (comparison));
  _collate_window_set_comparison (self, comparison);
  uncover_answers (self);
}

static void
ask_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  _collate_window_ask (COLLATE_WINDOW (widget));
}

static void
stop_all_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  collate_comparison_stop_all (COLLATE_WINDOW (widget)->comparison);
}

static void
new_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  CollateWindow *self = COLLATE_WINDOW (widget);

  _collate_window_set_comparison (self, NULL);
  g_object_set (self->workspace, "question", "", NULL);
  collate_question_card_focus (self->question_card);
}

static void
ask_again_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  _collate_window_ask_again (COLLATE_WINDOW (widget));
}

static CollateLineUp *
find_line_up (CollateCatalogue *catalogue, const char *id)
{
  GListModel *line_ups = collate_catalogue_get_line_ups (catalogue);

  for (guint i = 0; i < g_list_model_get_n_items (line_ups); i++)
    {
      g_autoptr (CollateLineUp) line_up = g_list_model_get_item (line_ups, i);

      if (g_str_equal (collate_line_up_get_id (line_up), id))
        return line_up;
    }
  return NULL;
}

static void
line_up_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  CollateWindow *self = COLLATE_WINDOW (widget);
  CollateCatalogue *catalogue = collate_workspace_get_catalogue (self->workspace);
  CollateLineUp *line_up = find_line_up (catalogue, g_variant_get_string (parameter, NULL));

  if (line_up != NULL)
    collate_workspace_select (self->workspace, collate_line_up_get_models (line_up));
}

static void
line_up_named_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CollateWindow) self = user_data;
  CollateCatalogue *catalogue = collate_workspace_get_catalogue (self->workspace);
  g_autofree char *name = collate_dialogs_ask_text_finish (result, NULL);
  g_auto (GStrv) ids = collate_workspace_dup_selected (self->workspace);
  g_autoptr (GError) error = NULL;

  if (name == NULL)
    return;
  if (!collate_catalogue_save_line_up (catalogue, name, (const char *const *) ids, &error))
    {
      g_autofree char *sentence = collate_sentence_for_error (error, name);

      _collate_window_toast (self, sentence);
    }
}

static void
save_line_up_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  collate_dialogs_ask_text_async (GTK_WINDOW (widget),
                                  _ ("Save the Ticked Models as a Line-Up"),
                                  _ ("Name of the line-up"),
                                  _ ("_Save"),
                                  COLLATE_WINDOW (widget)->cancellable,
                                  line_up_named_cb,
                                  g_object_ref (widget));
}

static void
comparison_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CollateWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateComparison) comparison =
      collate_history_open_finish (COLLATE_HISTORY (source), result, &error);

  if (comparison != NULL)
    {
      _collate_window_set_comparison (self, comparison);
      g_object_set (self->workspace, "question", collate_comparison_get_question (comparison), NULL);
      uncover_answers (self);
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_autofree char *sentence = collate_sentence_for_error (error, _ ("The history"));

      _collate_window_toast (self, sentence);
    }
}

static void
open_comparison_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  CollateWindow *self = COLLATE_WINDOW (widget);

  collate_history_open_async (collate_workspace_get_history (self->workspace),
                              g_variant_get_int64 (parameter),
                              self->cancellable,
                              comparison_opened_cb,
                              g_object_ref (self));
}

typedef struct
{
  CollateWindow *window;
  gint64 id;
} Removal;

static void
removal_free (Removal *removal)
{
  g_object_unref (removal->window);
  g_free (removal);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Removal, removal_free)

static void
removal_confirmed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Removal) removal = user_data;
  CollateWindow *self = removal->window;

  if (!collate_dialogs_confirm_finish (result, NULL))
    return;
  if (self->comparison != NULL && collate_comparison_get_id (self->comparison) == removal->id)
    _collate_window_set_comparison (self, NULL);
  collate_history_remove (collate_workspace_get_history (self->workspace), removal->id);
}

/* The history cannot take a removal back, and answers were paid for: so this one is asked. */
static void
remove_comparison_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  Removal *removal = g_new0 (Removal, 1);

  removal->window = g_object_ref (COLLATE_WINDOW (widget));
  removal->id = g_variant_get_int64 (parameter);
  collate_dialogs_confirm_async (
      GTK_WINDOW (widget),
      _ ("Remove This Question?"),
      _ ("Its answers and figures, and the text of its documents, are removed from the history for good."),
      _ ("_Remove"),
      removal->window->cancellable,
      removal_confirmed_cb,
      removal);
}

typedef struct
{
  CollateWindow *window;
  CollateComparison *comparison;
} Export;

static void
export_free (Export *export)
{
  g_object_unref (export->window);
  g_object_unref (export->comparison);
  g_free (export);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Export, export_free)

/* The name's ending decides what is written. */
static gboolean
write_export (CollateComparison *comparison, const char *path, GError **error)
{
  CollateOutputFormat format;
  g_autofree char *text = NULL;

  if (collate_output_is_charts_path (path))
    return collate_output_write_charts (comparison, path, error);
  if (!collate_output_guess_format (path, &format))
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "unknown ending");
      return FALSE;
    }
  text = collate_output_render (comparison, format);
  return collate_output_write (path, text, error);
}

static char *
describe_export (CollateComparison *comparison, GFile *file)
{
  g_autofree char *path = g_file_get_path (file);
  g_autofree char *name = g_file_get_basename (file);
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return g_strdup (_ ("Choose a folder on this machine."));
  if (write_export (comparison, path, &error))
    return g_strdup_printf (_ ("Exported to %s"), name);
  if (g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED))
    return g_strdup (_ ("End the name with .html, .md, .csv, .json, .png, .svg or .pdf."));
  return collate_sentence_for_error (error, name);
}

static void
export_chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Export) export = user_data;
  g_autoptr (GListModel) files = get_chosen (export->window, result);
  g_autoptr (GFile) file = files != NULL ? g_list_model_get_item (files, 0) : NULL;
  g_autofree char *sentence = NULL;

  if (file == NULL)
    return;
  sentence = describe_export (export->comparison, file);
  _collate_window_toast (export->window, sentence);
}

/* The parameter is an ending, or "" where the person is to say it. */
static void
export_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  CollateWindow *self = COLLATE_WINDOW (widget);
  const char *kind = g_variant_get_string (parameter, NULL);
  const char *ending = *kind == '\0' ? "html" : g_str_equal (kind, "markdown") ? "md" : kind;
  g_autofree char *suggested = g_strdup_printf (_ ("Comparison.%s"), ending);
  Export *export = g_new0 (Export, 1);

  export->window = g_object_ref (self);
  export->comparison = g_object_ref (self->comparison);
  collate_dialogs_save_async (GTK_WINDOW (self), suggested, self->cancellable, export_chosen_cb, export);
}

static void
menu_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  CollateWindow *self = COLLATE_WINDOW (widget);

  adw_flap_set_reveal_flap (self->flap, TRUE);
  gtk_menu_button_popup (self->menu_button);
}

static void
toggle_sidebar_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  CollateWindow *self = COLLATE_WINDOW (widget);

  adw_flap_set_reveal_flap (self->flap, !adw_flap_get_reveal_flap (self->flap));
}

static void
reload_models_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  collate_catalogue_reload (collate_workspace_get_catalogue (COLLATE_WINDOW (widget)->workspace));
}

void
_collate_window_class_install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.open", NULL, open_action);
  gtk_widget_class_install_action (widget_class, "win.open-folder", NULL, open_folder_action);
  gtk_widget_class_install_action (widget_class, "win.ask", NULL, ask_action);
  gtk_widget_class_install_action (widget_class, "win.stop-all", NULL, stop_all_action);
  gtk_widget_class_install_action (widget_class, "win.new", NULL, new_action);
  gtk_widget_class_install_action (widget_class, "win.ask-again", NULL, ask_again_action);
  gtk_widget_class_install_action (widget_class, "win.line-up", "s", line_up_action);
  gtk_widget_class_install_action (widget_class, "win.save-line-up", NULL, save_line_up_action);
  gtk_widget_class_install_action (widget_class, "win.open-comparison", "x", open_comparison_action);
  gtk_widget_class_install_action (widget_class, "win.remove-comparison", "x", remove_comparison_action);
  gtk_widget_class_install_action (widget_class, "win.export", "s", export_action);
  gtk_widget_class_install_action (widget_class, "win.menu", NULL, menu_action);
  gtk_widget_class_install_action (widget_class, "win.toggle-sidebar", NULL, toggle_sidebar_action);
  gtk_widget_class_install_action (widget_class, "win.reload-models", NULL, reload_models_action);

  /* Not an accelerator of the application: a popover closes by the same key first. */
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "win.stop-all", NULL);
}
