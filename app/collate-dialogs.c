/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-dialogs.h"

#include <glib/gi18n-lib.h>

#include "base/collate-error.h"
#include "base/collate-portal.h"
#include "base/collate-sandbox.h"
#include "collate-toast.h"

#define FILE_CHOOSER "org.freedesktop.portal.FileChooser"

/* GtkFileChooserNative and AdwMessageDialog are deprecated by later platforms, and work on all of them. */

static void
return_cancelled (GTask *task)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled");
}

static void
chooser_response_cb (GtkNativeDialog *dialog, int response, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  if (response == GTK_RESPONSE_ACCEPT)
    g_task_return_pointer (task, gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog)), g_object_unref);
  else
    return_cancelled (task);
  gtk_native_dialog_destroy (dialog);
}

static GtkFileChooserNative *
make_chooser (GtkWindow *parent, const char *title, GtkFileChooserAction action, const char *accept)
{
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new (title, parent, action, accept, NULL);

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  return chooser;
}

static void
show_chooser (GTask *task)
{
  GtkFileChooserNative *chooser = g_task_get_task_data (task);

  g_signal_connect (chooser, "response", G_CALLBACK (chooser_response_cb), task);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

static void
portal_found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (collate_portal_find_finish (result, &error))
    {
      show_chooser (g_steal_pointer (&task));
      return;
    }
  gtk_native_dialog_destroy (g_task_get_task_data (task));
  g_task_return_error (task, error);
}

/* Shows the chooser, which lives as long as its task. Where the desktop has none for a sandbox, GTK's would never say
 * anything. */
static void
run_chooser (GtkFileChooserNative *chooser,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_task_data (task, chooser, g_object_unref);
  if (collate_sandbox_is_inside ())
    collate_portal_find_async (FILE_CHOOSER, cancellable, portal_found_cb, task);
  else
    show_chooser (task);
}

static void
add_filters (GtkFileChooser *chooser, const char *const *types)
{
  g_autoptr (GtkFileFilter) known = gtk_file_filter_new ();
  g_autoptr (GtkFileFilter) all = gtk_file_filter_new ();

  gtk_file_filter_set_name (known, _ ("Documents"));
  for (guint i = 0; types[i] != NULL; i++)
    gtk_file_filter_add_mime_type (known, types[i]);
  gtk_file_filter_set_name (all, _ ("All files"));
  gtk_file_filter_add_pattern (all, "*");
  gtk_file_chooser_add_filter (chooser, known);
  gtk_file_chooser_add_filter (chooser, all);
}

void
collate_dialogs_open_files_async (GtkWindow *parent,
                                  const char *const *types,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GtkFileChooserNative *chooser =
      make_chooser (parent, _ ("Open Documents"), GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"));

  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (chooser), TRUE);
  add_filters (GTK_FILE_CHOOSER (chooser), types);
  run_chooser (chooser, cancellable, callback, user_data);
}

void
collate_dialogs_open_model_async (GtkWindow *parent,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GtkFileChooserNative *chooser =
      make_chooser (parent, _ ("Add a Model File"), GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Add"));
  g_autoptr (GtkFileFilter) models = gtk_file_filter_new ();

  gtk_file_filter_set_name (models, _ ("Model files (GGUF)"));
  gtk_file_filter_add_suffix (models, "gguf");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (chooser), models);
  run_chooser (chooser, cancellable, callback, user_data);
}

void
collate_dialogs_open_folder_async (GtkWindow *parent,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  run_chooser (make_chooser (parent, _ ("Open a Folder"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _ ("_Open")),
               cancellable,
               callback,
               user_data);
}

void
collate_dialogs_save_async (GtkWindow *parent,
                            const char *name,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GtkFileChooserNative *chooser = make_chooser (parent,
                                                _ ("Export as .html, .md, .csv, .json, .png, .svg or .pdf"),
                                                GTK_FILE_CHOOSER_ACTION_SAVE,
                                                _ ("_Save"));

  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (chooser), name);
  run_chooser (chooser, cancellable, callback, user_data);
}

GListModel *
collate_dialogs_files_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

char *
collate_dialogs_dup_problem (const GError *error)
{
  if (error == NULL || error->domain != COLLATE_ERROR)
    return NULL;

  return g_strdup (
      _ ("Files cannot be chosen: the desktop's file dialog does not answer. Install xdg-desktop-portal and "
         "its part for your desktop, and log in again."));
}

static void
text_response_cb (AdwMessageDialog *dialog, const char *response, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GtkEditable *entry = GTK_EDITABLE (adw_message_dialog_get_extra_child (dialog));
  g_autofree char *text = g_strstrip (g_strdup (gtk_editable_get_text (entry)));

  if (g_str_equal (response, "accept") && *text != '\0')
    g_task_return_pointer (task, g_steal_pointer (&text), g_free);
  else
    return_cancelled (task);
}

static void
text_changed_cb (GtkEditable *entry, AdwMessageDialog *dialog)
{
  g_autofree char *text = g_strstrip (g_strdup (gtk_editable_get_text (entry)));

  adw_message_dialog_set_response_enabled (dialog, "accept", *text != '\0');
}

void
collate_dialogs_ask_text_async (GtkWindow *parent,
                                const char *heading,
                                const char *label,
                                const char *accept,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG (adw_message_dialog_new (parent, heading, NULL));
  GtkWidget *entry = gtk_entry_new ();

  gtk_entry_set_activates_default (GTK_ENTRY (entry), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  g_signal_connect (entry, "changed", G_CALLBACK (text_changed_cb), dialog);
  adw_message_dialog_set_extra_child (dialog, entry);
  adw_message_dialog_add_responses (dialog, "cancel", _ ("_Cancel"), "accept", accept, NULL);
  adw_message_dialog_set_response_appearance (dialog, "accept", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_response_enabled (dialog, "accept", FALSE);
  adw_message_dialog_set_default_response (dialog, "accept");
  adw_message_dialog_set_close_response (dialog, "cancel");
  g_signal_connect (dialog, "response", G_CALLBACK (text_response_cb), task);
  gtk_window_present (GTK_WINDOW (dialog));
}

char *
collate_dialogs_ask_text_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
confirm_response_cb (AdwMessageDialog *dialog, const char *response, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  if (g_str_equal (response, "accept"))
    g_task_return_boolean (task, TRUE);
  else
    return_cancelled (task);
}

void
collate_dialogs_confirm_async (GtkWindow *parent,
                               const char *heading,
                               const char *body,
                               const char *accept,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG (adw_message_dialog_new (parent, heading, body));

  adw_message_dialog_add_responses (dialog, "cancel", _ ("_Cancel"), "accept", accept, NULL);
  adw_message_dialog_set_response_appearance (dialog, "accept", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (dialog, "cancel");
  adw_message_dialog_set_close_response (dialog, "cancel");
  g_signal_connect (dialog, "response", G_CALLBACK (confirm_response_cb), task);
  gtk_window_present (GTK_WINDOW (dialog));
}

gboolean
collate_dialogs_confirm_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
show_page_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree char *address = user_data;
  g_autofree char *sentence = NULL;
  g_autoptr (GError) error = NULL;

  if (gtk_show_uri_full_finish (GTK_WINDOW (source), result, &error) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  sentence = g_strdup_printf (_ ("No program opened %s. Open it yourself."), address);
  adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (source), collate_toast_new (sentence));
}

void
collate_dialogs_show_page (AdwPreferencesWindow *parent, const char *address)
{
  gtk_show_uri_full (GTK_WINDOW (parent), address, GDK_CURRENT_TIME, NULL, show_page_cb, g_strdup (address));
}
