/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-models-file.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdlib.h>

#include "base/collate-error.h"
#include "base/collate-json.h"

#define MAX_FILE_BYTES (8 * 1024 * 1024)

char *
collate_models_file_read (const char *path, gsize max_bytes, gsize *length, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) local = NULL;
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, &local);
  g_autofree char *data = NULL;

  if (stream == NULL)
    {
      if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        g_propagate_error (error, g_steal_pointer (&local));
      else
        g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, local->message);
      return NULL;
    }

  data = g_malloc (max_bytes + 2);
  if (!g_input_stream_read_all (G_INPUT_STREAM (stream), data, max_bytes + 1, length, NULL, &local))
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, local->message);
      return NULL;
    }
  if (*length > max_bytes)
    {
      g_set_error (
          error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE, "more than %" G_GSIZE_FORMAT " bytes", max_bytes);
      return NULL;
    }
  data[*length] = '\0';

  return g_realloc (g_steal_pointer (&data), *length + 1);
}

JsonObject *
collate_models_file_parse (const char *data, gsize length, GError **error)
{
  /* No bytes may be no pointer either. */
  if (length == 0)
    {
      collate_models_file_refuse (error, "empty");
      return NULL;
    }

  return collate_json_parse_object (data, length, error);
}

JsonObject *
collate_models_file_load (const char *path, GError **error)
{
  gsize length;
  g_autofree char *data = collate_models_file_read (path, MAX_FILE_BYTES, &length, error);

  return data != NULL ? collate_models_file_parse (data, length, error) : NULL;
}

gboolean
collate_models_file_write (const char *path, JsonObject *object, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  g_autofree char *text = collate_json_to_string (node, TRUE);
  g_autofree char *data = g_strconcat (text, "\n", NULL);
  g_autoptr (GError) local = NULL;
  gboolean written;
  char *target;

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, "%s: %s", folder, g_strerror (errno));
      return FALSE;
    }
  target = realpath (path, NULL);
  written = g_file_set_contents_full (
      target != NULL ? target : path, data, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &local);
  if (!written)
    g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, local->message);
  free (target);

  return written;
}

gboolean
collate_models_file_has (JsonObject *object, const char *member)
{
  return json_object_has_member (object, member) && !json_object_get_null_member (object, member);
}

gboolean
collate_models_file_refuse (GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, message);

  return FALSE;
}
