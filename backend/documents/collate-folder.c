/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what a person chose or dropped to the files in it, on a pool thread: folders can be large and far. */
#include "config.h"

#include "documents/collate-folder.h"

#include <string.h>

#define ATTRIBUTES                                                                                           \
  G_FILE_ATTRIBUTE_STANDARD_NAME "," G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_STANDARD_IS_HIDDEN

static const char *const suffixes[] = { "pdf", "txt", "text", "md", "markdown", NULL };

const char *const *
collate_folder_get_suffixes (void)
{
  return suffixes;
}

static gboolean
has_known_suffix (const char *name)
{
  const char *dot = strrchr (name, '.');
  g_autofree char *suffix = dot != NULL ? g_ascii_strdown (dot + 1, -1) : NULL;

  return suffix != NULL && g_strv_contains (suffixes, suffix);
}

static gboolean
list_folder (GFile *folder, GPtrArray *found, GCancellable *cancellable)
{
  g_autoptr (GFileEnumerator) children =
      g_file_enumerate_children (folder, ATTRIBUTES, G_FILE_QUERY_INFO_NONE, cancellable, NULL);
  GFileInfo *info;
  GFile *child;

  while (children != NULL && g_file_enumerator_iterate (children, &info, &child, cancellable, NULL))
    {
      if (info == NULL)
        return TRUE;
      if (g_file_info_get_file_type (info) != G_FILE_TYPE_DIRECTORY && !g_file_info_get_is_hidden (info) &&
          has_known_suffix (g_file_info_get_name (info)))
        g_ptr_array_add (found, g_object_ref (child));
    }

  return FALSE;
}

static void
scan_thread (GTask *task, gpointer source_object, gpointer files, GCancellable *cancellable)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < ((GPtrArray *) files)->len; i++)
    {
      GFile *file = g_ptr_array_index ((GPtrArray *) files, i);

      if (g_file_query_file_type (file, G_FILE_QUERY_INFO_NONE, cancellable) != G_FILE_TYPE_DIRECTORY ||
          !list_folder (file, found, cancellable))
        g_ptr_array_add (found, g_object_ref (file));
    }

  g_task_return_pointer (task, g_steal_pointer (&found), (GDestroyNotify) g_ptr_array_unref);
}

void
collate_folder_scan_async (GPtrArray *files,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  GPtrArray *copy = g_ptr_array_new_full (files->len, g_object_unref);

  for (guint i = 0; i < files->len; i++)
    g_ptr_array_add (copy, g_object_ref (g_ptr_array_index (files, i)));

  g_task_set_task_data (task, copy, (GDestroyNotify) g_ptr_array_unref);
  g_task_run_in_thread (task, scan_thread);
}

GPtrArray *
collate_folder_scan_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
