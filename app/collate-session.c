/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-session.h"

#include "collate-local-files.h"

/* Builds the object graph once: whoever needs a part is handed it, and nothing is global. */

/* Where the program lies in the build folder, and nowhere else. */
#define BUILD_FOLDER "/app"

#define RESOURCE_PREFIX "/io/github/collate/Collate"

struct _CollateSession
{
  CollateKeys *keys;
  CollateWorkspace *workspace;
  CollateLocalModels *local_models; /* NULL until asked for */
};

char *
collate_session_dup_config_folder (void)
{
  return g_build_filename (g_get_user_config_dir (), "collate", NULL);
}

char *
collate_session_dup_uninstalled (const char *relative)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = NULL;
  g_autofree char *build = NULL;
  g_autofree char *path = NULL;

  if (program == NULL)
    return NULL;
  folder = g_path_get_dirname (program);
  if (!g_str_has_suffix (folder, BUILD_FOLDER))
    return NULL;
  build = g_path_get_dirname (folder);
  path = g_build_filename (build, relative, NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path) : NULL;
}

static char *
dup_extract_path (void)
{
  char *path = collate_session_dup_uninstalled ("backend/documents/collate-extract");

  return path != NULL ? path : g_build_filename (PKGLIBEXECDIR, "collate-extract", NULL);
}

static GBytes *
load_resource (const char *name)
{
  g_autofree char *path = g_build_path ("/", RESOURCE_PREFIX, name, NULL);
  g_autoptr (GError) error = NULL;
  GBytes *bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, &error);

  if (bytes == NULL)
    {
      g_warning ("%s", error->message);
      bytes = g_bytes_new_static ("", 0);
    }
  return bytes;
}

GStrv
collate_session_dup_sample_questions (void)
{
  g_autoptr (GBytes) bytes = load_resource ("samples/questions.txt");
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GStrvBuilder) questions = g_strv_builder_new ();

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_strstrip (lines[i]);
      if (*lines[i] != '\0')
        g_strv_builder_add (questions, lines[i]);
    }
  return g_strv_builder_end (questions);
}

static char *
dup_data_path (const char *name)
{
  return g_build_filename (g_get_user_data_dir (), "collate", name, NULL);
}

CollateEncodings *
collate_session_make_encodings (void)
{
  CollateEncodings *encodings = collate_encodings_new (RESOURCE_PREFIX "/vocabularies");

  collate_encodings_set_loader (encodings, collate_local_files_load_vocabulary);

  return encodings;
}

CollateLibrary *
collate_session_make_library (CollateEncodings *encodings)
{
  g_autofree char *extract_path = dup_extract_path ();

  return collate_library_new (encodings, extract_path);
}

CollateKeys *
collate_session_make_keys (void)
{
  g_autofree char *working_folder = g_get_current_dir ();
  g_autofree char *config_folder = collate_session_dup_config_folder ();

  return collate_keys_new (working_folder, config_folder);
}

CollateCatalogue *
collate_session_make_catalogue (CollateKeys *keys)
{
  g_autoptr (GBytes) built_in = load_resource ("models.json");
  g_autofree char *config_folder = collate_session_dup_config_folder ();
  g_autofree char *own = g_build_filename (config_folder, "models.json", NULL);
  g_autofree char *prices = dup_data_path ("prices.json");
  const char *named = g_getenv ("COLLATE_MODELS");
  gboolean is_named = named != NULL && *named != '\0';

  return collate_catalogue_new (built_in, is_named ? named : own, is_named, prices, keys);
}

CollateHistory *
collate_session_make_history (void)
{
  g_autofree char *path = dup_data_path ("history.sqlite");

  return collate_history_new (path);
}

CollateSession *
collate_session_new (void)
{
  CollateSession *session = g_new0 (CollateSession, 1);
  g_autoptr (CollateEncodings) encodings = collate_session_make_encodings ();
  g_autoptr (CollateLibrary) library = collate_session_make_library (encodings);
  g_autoptr (CollateHistory) history = collate_session_make_history ();
  g_autoptr (CollateHttp) http = collate_http_new ("Collate/" VERSION);
  g_autoptr (CollateCatalogue) catalogue = NULL;

  session->keys = collate_session_make_keys ();
  catalogue = collate_session_make_catalogue (session->keys);
  session->workspace = collate_workspace_new (encodings, library, catalogue, history, http);
  return session;
}

void
collate_session_free (CollateSession *session)
{
  collate_history_flush (collate_workspace_get_history (session->workspace));
  g_clear_object (&session->local_models);
  g_clear_object (&session->workspace);
  g_clear_object (&session->keys);
  g_free (session);
}

CollateWorkspace *
collate_session_get_workspace (CollateSession *session)
{
  return session->workspace;
}

CollateKeys *
collate_session_get_keys (CollateSession *session)
{
  return session->keys;
}

CollateLocalModels *
collate_session_get_local_models (CollateSession *session)
{
  if (session->local_models == NULL)
    {
      g_auto (GStrv) folders = collate_local_files_dup_folders ();

      session->local_models = collate_local_models_new (collate_workspace_get_catalogue (session->workspace),
                                                        (const char *const *) folders);
    }

  return session->local_models;
}

void
collate_session_find_local_models (CollateCatalogue *catalogue)
{
  g_auto (GStrv) folders = collate_local_files_dup_folders ();
  g_autoptr (GPtrArray) models = collate_local_files_scan ((const char *const *) folders);

  collate_catalogue_set_local_models (catalogue, models);
}
