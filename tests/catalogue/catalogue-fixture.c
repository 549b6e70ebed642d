/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue-fixture.h"

#include <glib/gstdio.h>

#include "base/collate-json.h"
#include "catalogue/collate-models-file.h"

char *
fixture_quote (const char *text)
{
  return g_strdelimit (g_strdup (text), "'", '"');
}

JsonObject *
fixture_parse (const char *text)
{
  g_autofree char *json = fixture_quote (text);
  g_autoptr (GError) error = NULL;
  JsonObject *object = collate_models_file_parse (json, strlen (json), &error);

  g_assert_no_error (error);

  return object;
}

GBytes *
fixture_shipped (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "resources", "models.json", NULL);
  g_autoptr (GError) error = NULL;
  char *data;
  gsize length;

  g_file_get_contents (path, &data, &length, &error);
  g_assert_no_error (error);

  return g_bytes_new_take (data, length);
}

char *
fixture_folder_new (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("collate-test-XXXXXX", &error);

  g_assert_no_error (error);

  return folder;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

void
fixture_folder_free (char *folder)
{
  remove_tree (folder);
  g_free (folder);
}

char *
fixture_write (const char *folder, const char *name, const char *text)
{
  g_autofree char *json = fixture_quote (text);
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (folder, name, NULL);

  g_file_set_contents (path, json, -1, &error);
  g_assert_no_error (error);

  return path;
}

const char *
fixture_route (CollateCatalogue *catalogue, const char *model)
{
  CollateRoute *route = collate_model_get_route (collate_catalogue_lookup (catalogue, model));

  return route != NULL ? collate_route_get_id (route) : "none";
}
