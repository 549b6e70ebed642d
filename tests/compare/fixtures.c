/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fixtures.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/collate-json.h"
#include "compare/collate-export.h"

#define PATIENCE_SECONDS 60

/* What a condition looks at need not wake the main loop. */
#define TICK_MS 20

static char *
unquote (const char *json)
{
  return g_strdelimit (g_strdup (json), "'", '"');
}

CollateComparison *
comparison_from (const char *json)
{
  g_autofree char *text = unquote (json);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = collate_json_parse_object (text, -1, &error);
  CollateComparison *comparison;

  g_assert_no_error (error);
  comparison = collate_comparison_new_from_json (object, &error);
  g_assert_no_error (error);

  return comparison;
}

CollateAnswer *
answer_at (CollateComparison *comparison, guint position)
{
  g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (comparison), position);

  g_assert_nonnull (answer);
  return answer;
}

static gboolean
out_of_patience (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

void
wait_for (Condition condition, gpointer data)
{
  gboolean late = FALSE;
  guint timer = g_timeout_add_seconds (PATIENCE_SECONDS, out_of_patience, &late);
  guint ticker = g_timeout_add (TICK_MS, tick, NULL);

  while (!condition (data) && !late)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (late);
  g_source_remove (ticker);
  g_source_remove (timer);
}

gboolean
is_gone (gpointer weak)
{
  return *(gpointer *) weak == NULL;
}

gboolean
has_id (gpointer comparison)
{
  return collate_comparison_get_id (comparison) > 0;
}

static gboolean
is_set (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static void
take_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static void
start_workspace (Desk *desk)
{
  g_autofree char *models = g_build_filename (desk->folder, "models.json", NULL);
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, NULL);
  g_autoptr (CollateLibrary) library = collate_library_new (desk->encodings, g_getenv ("COLLATE_EXTRACT"));
  g_autoptr (CollateHistory) history = collate_history_new (desk->history_path);
  g_autoptr (CollateHttp) http = collate_http_new ("collate-test");
  g_autoptr (CollateCatalogue) catalogue = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gsize length;
  char *text;

  g_assert_true (g_file_get_contents (models, &text, &length, NULL));
  bytes = g_bytes_new_take (text, length);
  catalogue = collate_catalogue_new (bytes, NULL, FALSE, NULL, keys);
  desk->workspace = collate_workspace_new (desk->encodings, library, catalogue, history, http);
}

Desk *
desk_new (const char *address, const char *models)
{
  return desk_new_at (address, models, NULL);
}

Desk *
desk_new_at (const char *address, const char *models, const char *history_path)
{
  g_autofree char *quoted =
      g_strdup_printf ("{'version':1,'providers':{"
                       "'p':{'name':'Pat','api':'openai','base_url':'%s/v1'},"
                       "'a':{'name':'Ann','api':'anthropic','base_url':'%s'},"
                       "'k':{'name':'Kay','api':'openai','base_url':'%s/v1','key':'COLLATE_TEST_KEY'}},"
                       "'models':%s}",
                       address,
                       address,
                       address,
                       models);
  g_autofree char *text = unquote (quoted);
  g_autofree char *path = NULL;
  Desk *desk = g_new0 (Desk, 1);

  desk->folder = g_dir_make_tmp ("collate-compare-XXXXXX", NULL);
  desk->history_path = history_path != NULL ? g_strdup (history_path)
                                            : g_build_filename (desk->folder, "history.sqlite", NULL);
  desk->encodings = collate_encodings_new ("/io/github/collate/Collate/vocabularies");
  path = g_build_filename (desk->folder, "models.json", NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  start_workspace (desk);

  return desk;
}

/* Dropped, and gone: nothing may keep a workspace or its history alive. */
static void
end_workspace (Desk *desk)
{
  gpointer history = collate_workspace_get_history (desk->workspace);
  gpointer workspace = desk->workspace;

  g_object_add_weak_pointer (history, &history);
  g_object_add_weak_pointer (workspace, &workspace);
  g_clear_object (&desk->workspace);
  wait_for (is_gone, &workspace);
  wait_for (is_gone, &history);
}

void
desk_restart (Desk *desk)
{
  end_workspace (desk);
  start_workspace (desk);
}

void
desk_spoil_history (Desk *desk, const char *data)
{
  end_workspace (desk);
  g_assert_true (g_file_set_contents (desk->history_path, data, -1, NULL));
  start_workspace (desk);
}

void
desk_remove_folder (Desk *desk)
{
  g_autoptr (GDir) dir = g_dir_open (desk->folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (desk->folder, name, NULL);

      g_remove (path);
    }
  g_rmdir (desk->folder);
}

void
desk_free (Desk *desk)
{
  end_workspace (desk);
  desk_remove_folder (desk);
  collate_encodings_unref (desk->encodings);
  g_free (desk->history_path);
  g_free (desk->folder);
  g_free (desk);
}

void
desk_add_document (Desk *desk, const char *name, const char *text)
{
  CollateLibrary *library = collate_workspace_get_library (desk->workspace);
  g_autofree char *path = g_build_filename (desk->folder, name, NULL);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_ptr_array_add (files, g_file_new_for_path (path));
  collate_library_add (library, files);
  collate_library_settle_async (library, NULL, take_result, &result);
  wait_for (is_set, &result);
  g_assert_true (collate_library_settle_finish (library, result, &error));
  g_assert_no_error (error);
}

void
settle (CollateComparison *comparison)
{
  g_autoptr (GAsyncResult) result = NULL;

  collate_comparison_settle_async (comparison, NULL, take_result, &result);
  wait_for (is_set, &result);
  g_assert_true (collate_comparison_settle_finish (comparison, result, NULL));
}

CollateComparison *
desk_ask (Desk *desk, const char *question, const char *ids)
{
  g_auto (GStrv) list = g_strsplit (ids, ",", -1);
  CollateComparison *comparison =
      collate_workspace_ask (desk->workspace, question, (const char *const *) list);

  settle (comparison);
  return comparison;
}

CollateComparison *
open_past (CollateHistory *history, gint64 id, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  collate_history_open_async (history, id, NULL, take_result, &result);
  wait_for (is_set, &result);

  return collate_history_open_finish (history, result, error);
}

gboolean
load_history (CollateHistory *history, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  collate_history_load_async (history, NULL, take_result, &result);
  wait_for (is_set, &result);

  return collate_history_load_finish (history, result, error);
}
