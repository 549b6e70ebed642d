/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-settings.h"

#define G_SETTINGS_ENABLE_BACKEND
#include <gio/gsettingsbackend.h>

#include "collate-session.h"

/* A test asks for the memory backend by GSETTINGS_BACKEND, as with any program; otherwise the settings are
 * an ini file: GLib's own choice would be dconf, which warns where it is missing. */

static GSettingsSchema *
lookup_in (const char *folder)
{
  g_autoptr (GSettingsSchemaSource) source = NULL;

  if (folder == NULL)
    return NULL;
  source = g_settings_schema_source_new_from_directory (
      folder, g_settings_schema_source_get_default (), FALSE, NULL);
  return source != NULL ? g_settings_schema_source_lookup (source, APP_ID, TRUE) : NULL;
}

static GSettingsSchema *
find_schema (void)
{
  g_autofree char *uninstalled = collate_session_dup_uninstalled ("resources");
  GSettingsSchema *schema = lookup_in (uninstalled);

  if (schema == NULL)
    schema = lookup_in (PKGDATADIR "/../glib-2.0/schemas");
  if (schema == NULL && g_settings_schema_source_get_default () != NULL)
    schema = g_settings_schema_source_lookup (g_settings_schema_source_get_default (), APP_ID, TRUE);
  return schema;
}

GSettings *
collate_settings_new (void)
{
  g_autoptr (GSettingsSchema) schema = find_schema ();
  g_autoptr (GSettingsBackend) backend = NULL;
  g_autofree char *folder = collate_session_dup_config_folder ();
  g_autofree char *path = g_build_filename (folder, "settings.ini", NULL);

  if (schema == NULL)
    {
      g_warning ("The settings schema %s is not installed", APP_ID);
      return NULL;
    }
  if (g_strcmp0 (g_getenv ("GSETTINGS_BACKEND"), "memory") != 0)
    backend = g_keyfile_settings_backend_new (path, "/io/github/collate/", NULL);
  return g_settings_new_full (schema, backend, NULL);
}
