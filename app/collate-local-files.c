/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-local-files.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/collate-error.h"
#include "base/collate-format.h"
#include "base/collate-sandbox.h"
#include "compare/collate-sentences.h"
#include "engine/collate-engine.h"
#include "tokens/collate-encoding.h"

#define SUFFIX ".gguf"

#define MAX_TEXT 80 /* characters of a name that a file gives itself */

GStrv
collate_local_files_dup_folders (void)
{
  const char *const *shared = g_get_system_data_dirs ();
  g_autoptr (GStrvBuilder) folders = g_strv_builder_new ();
  g_autofree char *own = g_build_filename (g_get_user_data_dir (), "collate", "models", NULL);

  g_strv_builder_add (folders, own);
  for (gsize i = 0; shared[i] != NULL; i++)
    {
      g_autofree char *folder = g_build_filename (shared[i], "collate", "models", NULL);

      g_strv_builder_add (folders, folder);
    }

  return g_strv_builder_end (folders);
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
collate_local_files_is_model_file (GFile *file)
{
  g_autofree char *base_name = g_file_get_basename (file);
  g_autofree char *name = base_name != NULL ? dup_model_name (base_name) : NULL;

  return name != NULL;
}

char *
collate_local_files_dup_problem (const GError *error)
{
  switch (error->domain == COLLATE_ERROR ? error->code : -1)
    {
    case COLLATE_ERROR_UNREADABLE:
      return g_strdup_printf (_ ("The model file cannot be read. (%s)"), error->message);
    case COLLATE_ERROR_UNSUPPORTED:
      return g_strdup_printf (_ ("This version of Collate cannot run the model file. (%s)"), error->message);
    case COLLATE_ERROR_UNWRITABLE:
    case COLLATE_ERROR_HIDDEN:
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
  model->drafts = info->drafts;
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
collate_local_files_load_vocabulary (const char *name, GError **error)
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
      model->problem = collate_local_files_dup_problem (error);
      return model;
    }

  describe (model, info);
  if (info->chat == COLLATE_CHAT_UNKNOWN)
    model->problem = g_strdup (_ ("How to chat with this model is not known to this version of Collate."));
  else if (!collate_engine_peek_needs (path, &needs, &error))
    model->problem = collate_local_files_dup_problem (error);
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

/* Adds the folder's model files, but for those whose names are taken. */
static void
scan_folder (const char *folder, gboolean shared, GHashTable *names, GPtrArray *models)
{
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  const char *file_name;

  while (directory != NULL && (file_name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *name = dup_model_name (file_name);
      g_autofree char *path = g_build_filename (folder, file_name, NULL);
      CollateLocalModel *model;

      if (name == NULL || g_hash_table_contains (names, name) || g_file_test (path, G_FILE_TEST_IS_DIR))
        continue;
      model = look_at (name, path);
      model->shared = shared;
      g_hash_table_add (names, model->name);
      g_ptr_array_add (models, model);
    }
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(CollateLocalModel *const *) a)->name, (*(CollateLocalModel *const *) b)->name);
}

GPtrArray *
collate_local_files_scan (const char *const *folders)
{
  GPtrArray *models = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_local_model_free);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (gsize i = 0; folders[i] != NULL; i++)
    scan_folder (folders[i], i > 0, names, models);
  g_ptr_array_sort (models, compare_names);

  return models;
}

char *
collate_local_files_find (const char *id)
{
  g_auto (GStrv) folders = collate_local_files_dup_folders ();
  g_autofree char *file_name = g_str_has_prefix (id, COLLATE_LOCAL_PREFIX)
                                   ? g_strconcat (id + strlen (COLLATE_LOCAL_PREFIX), SUFFIX, NULL)
                                   : NULL;

  if (file_name == NULL || strchr (file_name, G_DIR_SEPARATOR) != NULL)
    return NULL;
  for (gsize i = 0; folders[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (folders[i], file_name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&path);
    }

  return NULL;
}

/* Adding and removing. */

static gboolean
fail_to_write (GError **error, const char *detail)
{
  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNWRITABLE, detail);

  return FALSE;
}

/* Why a file cannot be copied, without the paths that GIO's own words hold. */
static const char *
name_problem (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
    return g_strerror (ENOSPC);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    return g_strerror (EACCES);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_READ_ONLY))
    return g_strerror (EROFS);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return g_strerror (ENOENT);

  return g_strerror (EIO);
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
      return fail_to_write (error, name_problem (local));
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

char *
collate_local_files_add (GFile *file, const char *folder, GCancellable *cancellable, GError **error)
{
  g_autofree char *base_name = g_file_get_basename (file);
  g_autofree char *name = base_name != NULL ? dup_model_name (base_name) : NULL;
  g_autofree char *path = base_name != NULL ? g_build_filename (folder, base_name, NULL) : NULL;
  const char *source_path = g_file_peek_path (file);
  g_autoptr (CollateEngineInfo) info = NULL;

  if (name == NULL || source_path == NULL)
    {
      g_set_error_literal (error,
                           COLLATE_ERROR,
                           COLLATE_ERROR_UNREADABLE,
                           _ ("a model file is on this machine and ends in .gguf"));
      return NULL;
    }
  if (access (source_path, R_OK) != 0 && collate_sandbox_hides (errno))
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_HIDDEN, "");
      return NULL;
    }
  info = collate_engine_peek (source_path, error);

  return info != NULL && put_file (file, path, cancellable, error)
             ? g_strconcat (COLLATE_LOCAL_PREFIX, name, NULL)
             : NULL;
}

gboolean
collate_local_files_remove (const char *path, GError **error)
{
  return g_unlink (path) == 0 || errno == ENOENT || fail_to_write (error, g_strerror (errno));
}
