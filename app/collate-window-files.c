/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-window-private.h"

#include <glib/gi18n-lib.h>

#include "collate-local-files.h"

/* What a person hands to the window: documents go to the library, model files into their folder. */

static void
model_added_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CollateWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  g_autofree char *sentence = NULL;

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  id = collate_local_models_add_finish (self->local_models, result, &error);
  if (id != NULL)
    sentence =
        g_strdup_printf (_ ("%s can be ticked among the models now."), id + strlen (COLLATE_LOCAL_PREFIX));
  else
    sentence = collate_local_files_dup_problem (error);
  _collate_window_toast (self, sentence);
}

void
collate_window_add_files (CollateWindow *self, GPtrArray *files)
{
  g_autoptr (GPtrArray) documents = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < files->len; i++)
    if (collate_local_files_is_model_file (files->pdata[i]))
      collate_local_models_add_async (
          self->local_models, files->pdata[i], self->cancellable, model_added_cb, g_object_ref (self));
    else
      g_ptr_array_add (documents, g_object_ref (files->pdata[i]));

  if (documents->len > 0)
    collate_library_add (collate_workspace_get_library (self->workspace), documents);
}

static void
downloaded_cb (CollateWindow *self, CollateDownload *download)
{
  g_autofree char *name = collate_download_dup_name (download);
  g_autofree char *sentence = g_strdup_printf (_ ("%s can be ticked among the models now."), name);

  _collate_window_toast (self, sentence);
}

static void
activated_cb (CollateWindow *self)
{
  if (gtk_window_is_active (GTK_WINDOW (self)))
    collate_local_models_look_at_memory (self->local_models);
}

void
_collate_window_watch_models (CollateWindow *self)
{
  g_signal_connect_object (collate_local_models_get_downloads (self->local_models),
                           "done",
                           G_CALLBACK (downloaded_cb),
                           self,
                           G_CONNECT_SWAPPED);
  g_signal_connect (self, "notify::is-active", G_CALLBACK (activated_cb), NULL);
}

static gboolean
drop_cb (CollateWindow *self, const GValue *value)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GSList) dropped = gdk_file_list_get_files (g_value_get_boxed (value));

  for (GSList *l = dropped; l != NULL; l = l->next)
    g_ptr_array_add (files, g_object_ref (l->data));
  collate_window_add_files (self, files);

  return files->len > 0;
}

void
_collate_window_take_drops (CollateWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  /* Before the list of documents, which takes every file for one. */
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (target), GTK_PHASE_CAPTURE);
  g_signal_connect_object (target, "drop", G_CALLBACK (drop_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}
