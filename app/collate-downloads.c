/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-downloads.h"

#include <string.h>

#include "engine/collate-engine.h"

#define SUFFIX ".gguf"
#define MAGIC "GGUF"

struct _CollateDownloads
{
  GObject parent_instance;

  char *folder;
  GListStore *list;
};

enum
{
  DONE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CollateDownloads, collate_downloads, G_TYPE_OBJECT)

/* Runs on the download's thread. */
static gboolean
check (const char *path, GError **error)
{
  g_autoptr (CollateEngineInfo) info = collate_engine_peek (path, error);

  return info != NULL;
}

static void
state_cb (CollateDownload *download, GParamSpec *pspec, CollateDownloads *self)
{
  if (collate_download_get_state (download) == COLLATE_DOWNLOAD_DONE)
    g_signal_emit (self, signals[DONE], 0, download);
}

/* (transfer none). */
static CollateDownload *
append (CollateDownloads *self, const CollateDownloadNote *note)
{
  g_autoptr (CollateDownload) download = collate_download_new (note, MAGIC, check);

  g_signal_connect_object (download, "notify::state", G_CALLBACK (state_cb), self, G_CONNECT_DEFAULT);
  g_list_store_append (self->list, download);

  return download;
}

static void
find_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, collate_download_find_notes (data), (GDestroyNotify) g_ptr_array_unref);
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (CollateDownloads) self = data;
  g_autoptr (GPtrArray) notes = g_task_propagate_pointer (G_TASK (result), NULL);

  for (guint i = 0; self->list != NULL && i < notes->len; i++)
    {
      const CollateDownloadNote *note = notes->pdata[i];
      g_autofree char *base_name = g_path_get_basename (note->path);

      if (g_str_has_suffix (base_name, SUFFIX) && g_utf8_validate (base_name, -1, NULL))
        append (self, note);
    }
}

static void
collate_downloads_dispose (GObject *object)
{
  CollateDownloads *self = COLLATE_DOWNLOADS (object);

  g_clear_object (&self->list);

  G_OBJECT_CLASS (collate_downloads_parent_class)->dispose (object);
}

static void
collate_downloads_finalize (GObject *object)
{
  g_free (COLLATE_DOWNLOADS (object)->folder);

  G_OBJECT_CLASS (collate_downloads_parent_class)->finalize (object);
}

static void
collate_downloads_class_init (CollateDownloadsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = collate_downloads_dispose;
  G_OBJECT_CLASS (klass)->finalize = collate_downloads_finalize;

  signals[DONE] = g_signal_new ("done",
                                G_TYPE_FROM_CLASS (klass),
                                G_SIGNAL_RUN_LAST,
                                0,
                                NULL,
                                NULL,
                                NULL,
                                G_TYPE_NONE,
                                1,
                                COLLATE_TYPE_DOWNLOAD);
}

static void
collate_downloads_init (CollateDownloads *self)
{
  self->list = g_list_store_new (COLLATE_TYPE_DOWNLOAD);
}

CollateDownloads *
collate_downloads_new (const char *folder)
{
  CollateDownloads *self = g_object_new (COLLATE_TYPE_DOWNLOADS, NULL);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, found_cb, g_object_ref (self));

  self->folder = g_strdup (folder);
  g_task_set_source_tag (task, collate_downloads_new);
  g_task_set_task_data (task, g_strdup (folder), g_free);
  g_task_run_in_thread (task, find_in_thread);

  return self;
}

GListModel *
collate_downloads_get_list (CollateDownloads *self)
{
  return G_LIST_MODEL (self->list);
}

static char *
dup_path (CollateDownloads *self, const char *name)
{
  g_autofree char *base_name = g_strconcat (name, SUFFIX, NULL);

  return g_build_filename (self->folder, base_name, NULL);
}

CollateDownload *
collate_downloads_lookup (CollateDownloads *self, const char *name)
{
  g_autofree char *path = dup_path (self, name);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->list)); i++)
    {
      g_autoptr (CollateDownload) download = g_list_model_get_item (G_LIST_MODEL (self->list), i);

      if (g_str_equal (collate_download_get_path (download), path))
        return download;
    }

  return NULL;
}

gboolean
collate_downloads_is_taken (CollateDownloads *self, const char *name)
{
  g_autofree char *path = dup_path (self, name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

void
collate_downloads_add (CollateDownloads *self,
                       const char *address,
                       const char *name,
                       const char *sha256,
                       gboolean replace)
{
  g_autofree char *path = dup_path (self, name);
  g_autoptr (CollateDownloadNote) note = collate_download_note_new (address, path, sha256, replace);

  collate_download_start (append (self, note));
}

void
collate_downloads_remove (CollateDownloads *self, CollateDownload *download)
{
  guint position;

  collate_download_discard (download);
  if (g_list_store_find (self->list, download, &position))
    g_list_store_remove (self->list, position);
}

char *
collate_download_dup_name (CollateDownload *download)
{
  g_autofree char *base_name = g_path_get_basename (collate_download_get_path (download));

  return g_strndup (base_name, strlen (base_name) - strlen (SUFFIX));
}
