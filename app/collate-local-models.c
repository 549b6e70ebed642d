/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-local-models.h"

#include "collate-local-files.h"
#include "engine/collate-engine.h"

/* Folders are looked through on a thread, and so is memory, whose drivers take their time; what changes while they are makes
 * them be looked through again. */

/* A file that is being copied changes many times. */
#define SCAN_DELAY_MS 300

struct _CollateLocalModels
{
  GObject parent_instance;

  CollateCatalogue *catalogue;
  CollateDownloads *downloads;
  GStrv folders; /* the person's own first, which alone is changed and watched */
  char *device;  /* that models run on; NULL: the best one */
  GFileMonitor *monitor;
  guint timer;
  gboolean scanning;
  gboolean scan_again;
};

G_DEFINE_FINAL_TYPE (CollateLocalModels, collate_local_models, G_TYPE_OBJECT)

/* Looking again and again. */

static void start_scan (CollateLocalModels *self);

static void
scan_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, collate_local_files_scan (data), (GDestroyNotify) g_ptr_array_unref);
}

static void
scanned_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (CollateLocalModels) self = data;
  g_autoptr (GPtrArray) models = g_task_propagate_pointer (G_TASK (result), NULL);

  self->scanning = FALSE;
  if (self->catalogue == NULL)
    return;
  if (self->scan_again)
    {
      start_scan (self);
      return;
    }
  collate_catalogue_set_local_models (self->catalogue, models);
  collate_local_models_look_at_memory (self);
}

static void
start_scan (CollateLocalModels *self)
{
  g_autoptr (GTask) task = NULL;

  self->scan_again = self->scanning;
  if (self->scanning)
    return;

  self->scanning = TRUE;
  task = g_task_new (NULL, NULL, scanned_cb, g_object_ref (self));
  g_task_set_source_tag (task, start_scan);
  g_task_set_task_data (task, g_strdupv (self->folders), (GDestroyNotify) g_strfreev);
  g_task_run_in_thread (task, scan_in_thread);
}

static gboolean
timer_cb (gpointer data)
{
  CollateLocalModels *self = data;

  self->timer = 0;
  start_scan (self);

  return G_SOURCE_REMOVE;
}

static gboolean
names_model (GFile *file)
{
  return file != NULL && collate_local_files_is_model_file (file);
}

/* A download writes without end, beside the models. */
static void
folder_changed_cb (GFileMonitor *monitor,
                   GFile *file,
                   GFile *other,
                   GFileMonitorEvent event,
                   CollateLocalModels *self)
{
  if (!names_model (file) && !names_model (other))
    return;

  g_clear_handle_id (&self->timer, g_source_remove);
  self->timer = g_timeout_add (SCAN_DELAY_MS, timer_cb, self);
}

static void
collate_local_models_dispose (GObject *object)
{
  CollateLocalModels *self = COLLATE_LOCAL_MODELS (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_object (&self->monitor);
  g_clear_object (&self->downloads);
  g_clear_object (&self->catalogue);

  G_OBJECT_CLASS (collate_local_models_parent_class)->dispose (object);
}

static void
collate_local_models_finalize (GObject *object)
{
  CollateLocalModels *self = COLLATE_LOCAL_MODELS (object);

  g_strfreev (self->folders);
  g_free (self->device);

  G_OBJECT_CLASS (collate_local_models_parent_class)->finalize (object);
}

static void
collate_local_models_class_init (CollateLocalModelsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = collate_local_models_dispose;
  object_class->finalize = collate_local_models_finalize;
}

static void
collate_local_models_init (CollateLocalModels *self)
{
}

CollateLocalModels *
collate_local_models_new (CollateCatalogue *catalogue, const char *const *folders)
{
  CollateLocalModels *self = g_object_new (COLLATE_TYPE_LOCAL_MODELS, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (folders[0]);

  self->catalogue = g_object_ref (catalogue);
  self->folders = g_strdupv ((char **) folders);
  /* Without a monitor the folder is as it was at the start, until something is added here. */
  self->monitor = g_file_monitor_directory (file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
  if (self->monitor != NULL)
    g_signal_connect_object (
        self->monitor, "changed", G_CALLBACK (folder_changed_cb), self, G_CONNECT_DEFAULT);
  self->downloads = collate_downloads_new (folders[0]);
  g_signal_connect_object (
      self->downloads, "done", G_CALLBACK (collate_local_models_look), self, G_CONNECT_SWAPPED);
  start_scan (self);

  return self;
}

const char *
collate_local_models_get_folder (CollateLocalModels *self)
{
  return self->folders[0];
}

CollateDownloads *
collate_local_models_get_downloads (CollateLocalModels *self)
{
  return self->downloads;
}

void
collate_local_models_look (CollateLocalModels *self)
{
  start_scan (self);
}

static void
tell_memory (CollateModel *model, const CollateEngineMemory *memory)
{
  const CollateLocalModel *local = collate_model_get_local (model);
  gboolean sparse = collate_model_is_sparse (model);
  CollateEngineNeeds needs;
  gboolean on_card;
  gint64 free_bytes;

  if (local == NULL || local->weight_bytes == 0)
    return;

  needs = (CollateEngineNeeds){
    .weights = local->weight_bytes,
    .experts = local->expert_bytes,
    .fixed = sparse ? local->sparse_session_bytes : local->session_bytes,
    .per_token = sparse ? local->sparse_token_bytes : local->token_bytes,
  };
  on_card = collate_engine_memory_takes_card (memory, &needs, local->context);
  free_bytes = on_card ? memory->card : memory->main;
  if (on_card)
    needs.experts = 0;
  collate_model_set_free_memory (model,
                                 free_bytes,
                                 collate_engine_needs_fit (&needs, free_bytes, local->context),
                                 on_card ? memory->name : NULL);
}

static void
look_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (
      task, collate_engine_look_at_memory (data), (GDestroyNotify) collate_engine_memory_free);
}

/* What another device said, which was asked about before this one, is of no interest any more. */
static void
looked_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (CollateLocalModels) self = data;
  g_autoptr (CollateEngineMemory) memory = g_task_propagate_pointer (G_TASK (result), NULL);

  if (self->catalogue == NULL || g_strcmp0 (g_task_get_task_data (G_TASK (result)), self->device) != 0)
    return;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->catalogue)); i++)
    {
      g_autoptr (CollateModel) model = g_list_model_get_item (G_LIST_MODEL (self->catalogue), i);

      tell_memory (model, memory);
    }
}

static gboolean
has_files (CollateLocalModels *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->catalogue)); i++)
    {
      g_autoptr (CollateModel) model = g_list_model_get_item (G_LIST_MODEL (self->catalogue), i);

      if (collate_model_get_local (model) != NULL)
        return TRUE;
    }

  return FALSE;
}

/* Without a file there is nothing to tell, and no driver to be woken at the start. */
void
collate_local_models_look_at_memory (CollateLocalModels *self)
{
  g_autoptr (GTask) task = NULL;

  if (!has_files (self))
    return;

  task = g_task_new (NULL, NULL, looked_cb, g_object_ref (self));
  g_task_set_source_tag (task, collate_local_models_look_at_memory);
  g_task_set_task_data (task, g_strdup (self->device), g_free);
  g_task_run_in_thread (task, look_in_thread);
}

void
collate_local_models_set_device (CollateLocalModels *self, const char *device)
{
  if (g_strcmp0 (self->device, device) == 0)
    return;

  g_free (self->device);
  self->device = g_strdup (device);
  collate_local_models_look_at_memory (self);
}

/* Adding and removing. */

typedef struct
{
  GFile *file;
  char *folder;
} Addition;

static void
addition_free (gpointer data)
{
  Addition *addition = data;

  g_object_unref (addition->file);
  g_free (addition->folder);
  g_free (addition);
}

static void
add_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Addition *addition = data;
  GError *error = NULL;
  char *id = collate_local_files_add (addition->file, addition->folder, cancellable, &error);

  if (id != NULL)
    g_task_return_pointer (task, id, g_free);
  else
    g_task_return_error (task, error);
}

void
collate_local_models_add_async (CollateLocalModels *self,
                                GFile *file,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Addition *addition = g_new0 (Addition, 1);

  addition->file = g_object_ref (file);
  addition->folder = g_strdup (self->folders[0]);
  g_task_set_source_tag (task, collate_local_models_add_async);
  g_task_set_task_data (task, addition, addition_free);
  g_task_run_in_thread (task, add_in_thread);
}

char *
collate_local_models_add_finish (CollateLocalModels *self, GAsyncResult *result, GError **error)
{
  char *id = g_task_propagate_pointer (G_TASK (result), error);

  /* The folder may be new, and not watched. */
  if (id != NULL)
    start_scan (self);

  return id;
}

/* A large file takes its time to go. */
static void
remove_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (collate_local_files_remove (data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
collate_local_models_remove_async (CollateLocalModels *self,
                                   CollateModel *model,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  const char *path = collate_route_get_path (collate_model_get_route (model));

  g_task_set_source_tag (task, collate_local_models_remove_async);
  g_task_set_task_data (task, g_strdup (path), g_free);
  g_task_run_in_thread (task, remove_in_thread);
}

gboolean
collate_local_models_remove_finish (CollateLocalModels *self, GAsyncResult *result, GError **error)
{
  gboolean done = g_task_propagate_boolean (G_TASK (result), error);

  if (done)
    start_scan (self);

  return done;
}
