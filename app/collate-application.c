/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-application.h"

#include <glib/gi18n-lib.h>

#include "collate-about.h"
#include "collate-preferences.h"
#include "collate-settings.h"
#include "collate-window.h"
#include "widgets/collate-widgets.h"

/* One window, so that one set of documents and one question is on the desk. */

struct _CollateApplication
{
  AdwApplication parent_instance;

  CollateSession *session;
  GSettings *settings;
};

G_DEFINE_FINAL_TYPE (CollateApplication, collate_application, ADW_TYPE_APPLICATION)

static CollateWindow *
ensure_window (CollateApplication *self)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  while (window != NULL && !COLLATE_IS_WINDOW (window))
    window = gtk_window_get_transient_for (window);
  if (window == NULL)
    window = GTK_WINDOW (collate_window_new (self));
  return COLLATE_WINDOW (window);
}

static void
preferences_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CollateApplication *self = user_data;

  collate_preferences_present (self->session,
                               self->settings,
                               GTK_WINDOW (ensure_window (self)),
                               g_variant_get_string (parameter, NULL));
}

static void
about_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CollateApplication *self = user_data;

  collate_about_present (GTK_WINDOW (ensure_window (self)), self->session);
}

static void
shortcuts_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GtkWidget *window = GTK_WIDGET (ensure_window (user_data));

  gtk_widget_activate_action (window, "win.show-help-overlay", NULL);
}

static void
quit_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  gtk_window_close (GTK_WINDOW (ensure_window (user_data)));
}

static const GActionEntry actions[] = {
  { "preferences", preferences_cb, "s" },
  { "about", about_cb },
  { "shortcuts", shortcuts_cb },
  { "quit", quit_cb },
};

static const struct
{
  const char *action;
  const char *accelerators[3];
} accelerators[] = {
  { "win.open", { "<Control>o" } },
  { "win.open-folder", { "<Control><Shift>o" } },
  { "win.ask", { "<Control>Return", "<Control>KP_Enter" } },
  { "win.new", { "<Control>n" } },
  { "win.export::", { "<Control>e" } },
  { "win.menu", { "F10" } },
  { "win.toggle-sidebar", { "F9" } },
  { "window.close", { "<Control>w" } },
  { "app.preferences::", { "<Control>comma" } },
  { "app.shortcuts", { "<Control>question", "<Control>F1" } },
  { "app.quit", { "<Control>q" } },
};

static gboolean
map_color_scheme (GValue *value, GVariant *variant, gpointer user_data)
{
  const char *name = g_variant_get_string (variant, NULL);

  if (g_str_equal (name, "light"))
    g_value_set_enum (value, ADW_COLOR_SCHEME_FORCE_LIGHT);
  else if (g_str_equal (name, "dark"))
    g_value_set_enum (value, ADW_COLOR_SCHEME_FORCE_DARK);
  else
    g_value_set_enum (value, ADW_COLOR_SCHEME_DEFAULT);
  return TRUE;
}

static void
keys_loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  /* Without a keyring its keys are missing, and the window says which. */
  collate_keys_load_finish (COLLATE_KEYS (source), result, NULL);
}

/* What memory models have is told of the device that they run on. */
static void
device_changed_cb (GSettings *settings, const char *key, CollateApplication *self)
{
  g_autofree char *device = g_settings_get_string (settings, key);

  collate_local_models_set_device (collate_session_get_local_models (self->session), device);
}

static void
collate_application_startup (GApplication *application)
{
  CollateApplication *self = COLLATE_APPLICATION (application);

  G_APPLICATION_CLASS (collate_application_parent_class)->startup (application);
  gtk_window_set_default_icon_name (APP_ID);
  collate_widgets_init ();

  self->settings = collate_settings_new ();
  if (self->settings == NULL)
    {
      g_application_quit (application);
      return;
    }
  self->session = collate_session_new ();
  g_signal_connect_object (
      self->settings, "changed::device", G_CALLBACK (device_changed_cb), self, G_CONNECT_DEFAULT);
  device_changed_cb (self->settings, "device", self);
  collate_keys_load_async (collate_session_get_keys (self->session), NULL, keys_loaded_cb, NULL);

  g_settings_bind_with_mapping (self->settings,
                                "color-scheme",
                                adw_style_manager_get_default (),
                                "color-scheme",
                                G_SETTINGS_BIND_GET,
                                map_color_scheme,
                                NULL,
                                NULL,
                                NULL);
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  for (gsize i = 0; i < G_N_ELEMENTS (accelerators); i++)
    gtk_application_set_accels_for_action (
        GTK_APPLICATION (self), accelerators[i].action, accelerators[i].accelerators);
}

static void
collate_application_activate (GApplication *application)
{
  CollateApplication *self = COLLATE_APPLICATION (application);

  if (self->session != NULL)
    gtk_window_present (GTK_WINDOW (ensure_window (self)));
}

static void
collate_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  CollateApplication *self = COLLATE_APPLICATION (application);
  g_autoptr (GPtrArray) documents = g_ptr_array_new_with_free_func (g_object_unref);

  if (self->session == NULL)
    return;
  for (int i = 0; i < n_files; i++)
    g_ptr_array_add (documents, g_object_ref (files[i]));
  g_application_activate (application);
  collate_window_add_files (ensure_window (self), documents);
}

static void
collate_application_shutdown (GApplication *application)
{
  CollateApplication *self = COLLATE_APPLICATION (application);

  G_APPLICATION_CLASS (collate_application_parent_class)->shutdown (application);
  g_clear_pointer (&self->session, collate_session_free);
  g_clear_object (&self->settings);
}

static void
collate_application_class_init (CollateApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->startup = collate_application_startup;
  application_class->activate = collate_application_activate;
  application_class->open = collate_application_open;
  application_class->shutdown = collate_application_shutdown;
}

static void
collate_application_init (CollateApplication *self)
{
}

CollateApplication *
collate_application_new (void)
{
  return g_object_new (COLLATE_TYPE_APPLICATION,
                       "application-id",
                       APP_ID,
                       "resource-base-path",
                       "/io/github/collate/Collate",
                       "flags",
                       G_APPLICATION_HANDLES_OPEN,
                       NULL);
}

CollateSession *
collate_application_get_session (CollateApplication *self)
{
  return self->session;
}

GSettings *
collate_application_get_settings (CollateApplication *self)
{
  return self->settings;
}
