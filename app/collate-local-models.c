/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-local-models.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/collate-error.h"
#include "base/collate-format.h"
#include "compare/collate-sentences.h"
#include "engine/collate-engine.h"
#include "tokens/collate-encoding.h"

/* A folder is looked through on a thread, and so is memory, whose drivers take their time; what changes while it is makes
 * it be looked through again. */

#define SUFFIX ".gguf"

#define MAX_TEXT 80 /* characters of a name that a file gives itself */

/* A file that is being copied changes many times. */
#define SCAN_DELAY_MS 300

struct _CollateLocalModels
{
  GObject parent_instance;

  CollateCatalogue *catalogue;
  CollateDownloads *downloads;
  char *folder;
  char *device; /* that models run on; NULL: the best one */
  GFileMonitor *monitor;
  guint timer;
  gboolean scanning;
  gboolean scan_again;
};

G_DEFINE_FINAL_TYPE (CollateLocalModels, collate_local_models, G_TYPE_OBJECT)

char *
collate_local_models_dup_folder (void)
{
  return g_build_filename (g_get_user_data_dir (), "collate", "models", NULL);
}

/* "NAME" of "NAME.gguf", NULL where it is no such name; (nullable) (transfer full). */
static char *
dup_model_name (const char *file_name)
{
  gsize length = strlen (file_name);

  if (length <= strlen (SUFFIX) || *file_name == '.' || !g_str_has_suffix (file_name, SUFFIX) ||
      !g_utf8_validate (file_name, (gssize) length, NULL))
    return NULL;

  return g_strndup (file_name, length - strlen (SUFFIX));
}

gboolean
collate_local_models_is_model_file (GFile *file)
{
  g_autofree char *base_name = g_file_get_basename (file);
  g_autofree char *name = base_name != NULL ? dup_model_name (base_name) : NULL;

  return name != NULL;
}

char *
collate_local_models_dup_problem (const GError *error)
{
  switch (error->domain == COLLATE_ERROR ? error->code : -1)
    {
    case COLLATE_ERROR_UNREADABLE:
      return g_strdup_printf (_ ("The model file cannot be read. (%s)"), error->message);
    case COLLATE_ERROR_UNSUPPORTED:
      return g_strdup_printf (_ ("This version of Collate cannot run the model file. (%s)"), error->message);
    case COLLATE_ERROR_UNWRITABLE:
      return collate_sentence_for_error (error, _ ("The model file"));
    default:
      return g_strdup_printf (_ ("The model file is damaged, or none. (%s)"), error->message);
    }
}

static CollateThinking
get_thinking (const CollateEngineInfo *info)
{
  if (info->chat == COLLATE_CHAT_QWEN3)
    return COLLATE_THINKING_SWITCH;

  return info->thinks ? COLLATE_THINKING_ALWAYS : COLLATE_THINKING_NONE;
}

/* A stranger's text, for one line of a list. */
static char *
dup_text (const char *text)
{
  g_autofree char *valid = text != NULL ? g_utf8_make_valid (text, -1) : NULL;

  return valid != NULL ? collate_format_line (valid, MAX_TEXT) : NULL;
}

/* ISO names and formats' own ones; NULL where it is not known. */
static const char *
get_chat_name (CollateChatFormat chat)
{
  switch (chat)
    {
    case COLLATE_CHAT_NONE:
      /* Translators: of a model that knows no turns of a conversation. */
      return _ ("plain text");
    case COLLATE_CHAT_CHATML:
      return "ChatML";
    case COLLATE_CHAT_QWEN3:
      return "ChatML (Qwen 3)";
    case COLLATE_CHAT_LLAMA3:
      return "Llama 3";
    case COLLATE_CHAT_LLAMA2:
      return "Llama 2";
    case COLLATE_CHAT_DEEPSEEK:
      return "DeepSeek";
    case COLLATE_CHAT_UNKNOWN:
    default:
      return NULL;
    }
}

static void
describe (CollateLocalModel *model, const CollateEngineInfo *info)
{
  model->title = dup_text (info->name);
  model->architecture = dup_text (info->architecture);
  model->quantization = g_strdup (info->quantization);
  model->licence = dup_text (info->licence);
  model->chat = g_strdup (get_chat_name (info->chat));
  model->parameters = info->parameters;
  model->file_bytes = info->file_bytes;
  model->context = info->context;
  model->thinking = get_thinking (info);
  model->trained_index = info->index == COLLATE_INDEX_TRAINED;
  model->top_k = info->top_k;
}

/* The name of a file's tokenizer: another file of that path has another one. */
static char *
name_encoding (const char *path)
{
  GStatBuf status;

  if (g_stat (path, &status) != 0)
    return NULL;

  return g_strdup_printf (COLLATE_ENCODING_FILE "%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT ":%s",
                          (gint64) status.st_mtime,
                          (gint64) status.st_size,
                          path);
}

CollateVocabulary *
collate_local_models_load_vocabulary (const char *name, GError **error)
{
  const char *path = strchr (name + strlen (COLLATE_ENCODING_FILE), ':');

  if (path != NULL)
    return collate_engine_read_vocabulary (path + 1, error);
  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, name);

  return NULL;
}

static CollateLocalModel *
look_at (const char *name, const char *path)
{
  CollateLocalModel *model = collate_local_model_new (name, path);
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateEngineInfo) info = collate_engine_peek (path, &error);
  CollateEngineNeeds needs = { 0 };

  if (info == NULL)
    {
      model->problem = collate_local_models_dup_problem (error);
      return model;
    }

  describe (model, info);
  if (info->chat == COLLATE_CHAT_UNKNOWN)
    model->problem = g_strdup (_ ("How to chat with this model is not known to this version of Collate."));
  else if (!collate_engine_peek_needs (path, &needs, &error))
    model->problem = collate_local_models_dup_problem (error);
  model->weight_bytes = needs.weights;
  model->expert_bytes = needs.experts;
  model->session_bytes = needs.fixed;
  model->token_bytes = needs.per_token;
  model->sparse_session_bytes = needs.sparse_fixed;
  model->sparse_token_bytes = needs.sparse_per_token;
  model->chat_tokens[0] = needs.chat_tokens[0];
  model->chat_tokens[1] = needs.chat_tokens[1];
  if (model->problem == NULL)
    model->encoding = name_encoding (path);

  return model;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(CollateLocalModel *const *) a)->name, (*(CollateLocalModel *const *) b)->name);
}

GPtrArray *
collate_local_models_scan (const char *folder)
{
  GPtrArray *models = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_local_model_free);
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  const char *file_name;

  while (directory != NULL && (file_name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *name = dup_model_name (file_name);
      g_autofree char *path = g_build_filename (folder, file_name, NULL);

      if (name != NULL && !g_file_test (path, G_FILE_TEST_IS_DIR))
        g_ptr_array_add (models, look_at (name, path));
    }
  g_ptr_array_sort (models, compare_names);

  return models;
}

/* Looking again and again. */

static void start_scan (CollateLocalModels *self);

static void
scan_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, collate_local_models_scan (data), (GDestroyNotify) g_ptr_array_unref);
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
  g_task_set_task_data (task, g_strdup (self->folder), g_free);
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
  return file != NULL && collate_local_models_is_model_file (file);
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

  g_free (self->folder);
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
collate_local_models_new (CollateCatalogue *catalogue, const char *folder)
{
  CollateLocalModels *self = g_object_new (COLLATE_TYPE_LOCAL_MODELS, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (folder);

  self->catalogue = g_object_ref (catalogue);
  self->folder = g_strdup (folder);
  /* Without a monitor the folder is as it was at the start, until something is added here. */
  self->monitor = g_file_monitor_directory (file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
  if (self->monitor != NULL)
    g_signal_connect_object (
        self->monitor, "changed", G_CALLBACK (folder_changed_cb), self, G_CONNECT_DEFAULT);
  self->downloads = collate_downloads_new (folder);
  g_signal_connect_object (
      self->downloads, "done", G_CALLBACK (collate_local_models_look), self, G_CONNECT_SWAPPED);
  start_scan (self);

  return self;
}

const char *
collate_local_models_get_folder (CollateLocalModels *self)
{
  return self->folder;
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

static gboolean
fail_to_write (GError **error, const char *detail)
{
  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNWRITABLE, detail);

  return FALSE;
}

/* Copies it beside its place and moves it there, so that half a model is never found. */
static gboolean
copy_file (GFile *file, const char *path, GCancellable *cancellable, GError **error)
{
  g_autofree char *partial = g_strconcat (path, ".part", NULL);
  g_autoptr (GFile) target = g_file_new_for_path (partial);
  g_autoptr (GError) local = NULL;

  if (!g_file_copy (file, target, G_FILE_COPY_OVERWRITE, cancellable, NULL, NULL, &local))
    {
      g_unlink (partial);
      return fail_to_write (error, local->message);
    }
  if (g_rename (partial, path) != 0)
    {
      int code = errno;

      g_unlink (partial);
      return fail_to_write (error, g_strerror (code));
    }

  return TRUE;
}

static gboolean
put_file (GFile *file, const char *path, GCancellable *cancellable, GError **error)
{
  const char *source = g_file_peek_path (file);
  g_autofree char *folder = g_path_get_dirname (path);

  if (g_mkdir_with_parents (folder, 0755) != 0)
    return fail_to_write (error, g_strerror (errno));
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return fail_to_write (error, _ ("a model file of this name is there already"));

  return (source != NULL && link (source, path) == 0) || copy_file (file, path, cancellable, error);
}

static void
add_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Addition *addition = data;
  g_autofree char *base_name = g_file_get_basename (addition->file);
  g_autofree char *name = base_name != NULL ? dup_model_name (base_name) : NULL;
  g_autofree char *path = base_name != NULL ? g_build_filename (addition->folder, base_name, NULL) : NULL;
  const char *source_path = g_file_peek_path (addition->file);
  g_autoptr (CollateEngineInfo) info = NULL;
  g_autoptr (GError) error = NULL;

  if (name == NULL || source_path == NULL)
    g_set_error_literal (&error,
                         COLLATE_ERROR,
                         COLLATE_ERROR_UNREADABLE,
                         _ ("a model file is on this machine and ends in .gguf"));
  else
    info = collate_engine_peek (source_path, &error);

  if (info != NULL && put_file (addition->file, path, cancellable, &error))
    g_task_return_pointer (task, g_strconcat (COLLATE_LOCAL_PREFIX, name, NULL), g_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
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
  addition->folder = g_strdup (self->folder);
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

  if (g_unlink (data) == 0 || errno == ENOENT)
    g_task_return_boolean (task, TRUE);
  else
    {
      fail_to_write (&error, g_strerror (errno));
      g_task_return_error (task, error);
    }
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
