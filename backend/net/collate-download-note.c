/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/collate-download-private.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/collate-file.h"
#include "base/collate-json.h"

/* What is known of a download, beside what came of it. A note that cannot be understood is no download. */

#define PARTIAL ".download"
#define NOTE ".download.json"
#define MAX_NOTE (64 * 1024)

CollateDownloadNote *
collate_download_note_new (const char *address, const char *path, const char *sha256, gboolean replace)
{
  CollateDownloadNote *note = g_new0 (CollateDownloadNote, 1);

  note->address = g_strdup (address);
  note->path = g_strdup (path);
  note->sha256 = g_strdup (sha256);
  note->replace = replace;
  note->size = -1;

  return note;
}

CollateDownloadNote *
collate_download_note_copy (const CollateDownloadNote *note)
{
  CollateDownloadNote *copy =
      collate_download_note_new (note->address, note->path, note->sha256, note->replace);

  copy->etag = g_strdup (note->etag);
  copy->modified = g_strdup (note->modified);
  copy->size = note->size;
  copy->received = note->received;

  return copy;
}

void
collate_download_note_free (CollateDownloadNote *note)
{
  g_free (note->address);
  g_free (note->path);
  g_free (note->sha256);
  g_free (note->etag);
  g_free (note->modified);
  g_free (note);
}

char *
collate_download_dup_partial_path (const char *path)
{
  return g_strconcat (path, PARTIAL, NULL);
}

char *
collate_download_dup_note_path (const char *path)
{
  return g_strconcat (path, NOTE, NULL);
}

static void
set_string (JsonObject *object, const char *name, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, name, value);
}

gboolean
collate_download_note_write (const CollateDownloadNote *note, GError **error)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  g_autofree char *path = collate_download_dup_note_path (note->path);
  g_autofree char *text = NULL;

  json_object_set_string_member (object, "address", note->address);
  set_string (object, "sha256", note->sha256);
  json_object_set_boolean_member (object, "replace", note->replace);
  set_string (object, "etag", note->etag);
  set_string (object, "modified", note->modified);
  json_object_set_int_member (object, "size", note->size);
  json_node_take_object (node, object);
  text = collate_json_to_string (node, TRUE);

  return collate_file_write (path, text, strlen (text), error);
}

/* (nullable) (transfer full). */
static CollateDownloadNote *
read_note (const char *path)
{
  g_autofree char *note_path = collate_download_dup_note_path (path);
  g_autofree char *partial_path = collate_download_dup_partial_path (path);
  g_autofree char *text = NULL;
  g_autoptr (JsonObject) object = NULL;
  CollateDownloadNote *note;
  GStatBuf status;
  gsize length;

  /* What came is in its place: the program ended before it could tidy up. */
  if (!g_file_test (partial_path, G_FILE_TEST_EXISTS) && g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_unlink (note_path);
      return NULL;
    }
  if (g_stat (note_path, &status) != 0 || !S_ISREG (status.st_mode) || status.st_size > MAX_NOTE ||
      !g_file_get_contents (note_path, &text, &length, NULL))
    return NULL;
  object = collate_json_parse_object (text, (gssize) length, NULL);
  if (collate_json_string (object, "address") == NULL)
    return NULL;

  note = collate_download_note_new (collate_json_string (object, "address"),
                                    path,
                                    collate_json_string (object, "sha256"),
                                    collate_json_boolean (object, "replace", FALSE));
  note->etag = g_strdup (collate_json_string (object, "etag"));
  note->modified = g_strdup (collate_json_string (object, "modified"));
  note->size = MAX (-1, collate_json_int (object, "size", -1));
  if (g_stat (partial_path, &status) == 0 && S_ISREG (status.st_mode))
    note->received = status.st_size;

  return note;
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(CollateDownloadNote *const *) a)->path, (*(CollateDownloadNote *const *) b)->path);
}

GPtrArray *
collate_download_find_notes (const char *folder)
{
  GPtrArray *notes = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_download_note_free);
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *base = NULL;
      g_autofree char *path = NULL;
      CollateDownloadNote *note;

      if (!g_str_has_suffix (name, NOTE) || strlen (name) == strlen (NOTE))
        continue;
      base = g_strndup (name, strlen (name) - strlen (NOTE));
      path = g_build_filename (folder, base, NULL);
      note = read_note (path);
      if (note != NULL)
        g_ptr_array_add (notes, note);
    }
  g_ptr_array_sort (notes, compare_paths);

  return notes;
}
