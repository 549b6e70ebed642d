/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <adwaita.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/collate-error.h"
#include "base/collate-sandbox.h"
#include "collate-application.h"
#include "collate-dialogs.h"
#include "collate-preferences.h"

/* Choosing files, on a bus of this test's own, where a desktop's portal is there, mute, half there, or not at all. */

#define PORTAL "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"

static char *folder;
static GTestDBus *bus;
static GPtrArray *closed; /* dialogs, which GTK still speaks of when it has looked through their folder */

/* The desktop's portal. */

typedef struct
{
  GDBusConnection *connection;
  GDBusInterfaceInfo *interface;
} Portal;

static GVariant *
get_version (GDBusConnection *connection,
             const char *sender,
             const char *path,
             const char *interface,
             const char *property,
             GError **error,
             gpointer user_data)
{
  return g_variant_new_uint32 (3);
}

static void
call (GDBusConnection *connection, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (connection,
                                                            "org.freedesktop.DBus",
                                                            "/org/freedesktop/DBus",
                                                            "org.freedesktop.DBus",
                                                            method,
                                                            parameters,
                                                            NULL,
                                                            G_DBUS_CALL_FLAGS_NONE,
                                                            -1,
                                                            NULL,
                                                            &error);

  g_assert_no_error (error);
}

static Portal *
portal_new (void)
{
  Portal *portal = g_new0 (Portal, 1);
  g_autoptr (GError) error = NULL;

  portal->connection = g_dbus_connection_new_for_address_sync (
      g_test_dbus_get_bus_address (bus),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL,
      NULL,
      &error);
  g_assert_no_error (error);

  return portal;
}

static void
portal_start (Portal *portal)
{
  call (portal->connection, "RequestName", g_variant_new ("(su)", PORTAL, 0));
}

static void
portal_add_interface (Portal *portal, const char *name)
{
  g_autofree char *xml = g_strdup_printf (
      "<node><interface name='%s'><property name='version' type='u' access='read'/></interface></node>",
      name);
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (xml, NULL);
  static const GDBusInterfaceVTable table = { .get_property = get_version };

  portal->interface = g_dbus_interface_info_ref (node->interfaces[0]);
  g_assert_cmpuint (g_dbus_connection_register_object (
                        portal->connection, PORTAL_PATH, portal->interface, &table, NULL, NULL, NULL),
                    >,
                    0);
}

/* On the connection's thread: takes every call, and answers none. */
static GDBusMessage *
swallow (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer user_data)
{
  if (!incoming || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;
  g_object_unref (message);

  return NULL;
}

static void
portal_free (Portal *portal)
{
  g_assert_true (g_dbus_connection_close_sync (portal->connection, NULL, NULL));
  g_object_unref (portal->connection);
  g_clear_pointer (&portal->interface, g_dbus_interface_info_unref);
  g_free (portal);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Portal, portal_free)

/* The dialogs. */

static void
keep_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **kept = user_data;

  *kept = g_object_ref (result);
}

/* (nullable) (transfer none). */
static GtkWindow *
find_window (GType type)
{
  GListModel *windows = gtk_window_get_toplevels ();

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWindow) window = g_list_model_get_item (windows, i);

      if (G_TYPE_CHECK_INSTANCE_TYPE (window, type) && gtk_widget_get_visible (GTK_WIDGET (window)))
        return window;
    }

  return NULL;
}

static GtkWindow *
find_chooser (void)
{
  return find_window (GTK_TYPE_FILE_CHOOSER_DIALOG);
}

typedef void (*Choose) (GtkWindow *parent, GAsyncResult **result, GCancellable *cancellable);

static void
choose_documents (GtkWindow *parent, GAsyncResult **result, GCancellable *cancellable)
{
  const char *const types[] = { "text/plain", NULL };

  collate_dialogs_open_files_async (parent, types, cancellable, keep_result, result);
}

static void
choose_model (GtkWindow *parent, GAsyncResult **result, GCancellable *cancellable)
{
  collate_dialogs_open_model_async (parent, cancellable, keep_result, result);
}

static void
choose_folder (GtkWindow *parent, GAsyncResult **result, GCancellable *cancellable)
{
  collate_dialogs_open_folder_async (parent, cancellable, keep_result, result);
}

static void
choose_target (GtkWindow *parent, GAsyncResult **result, GCancellable *cancellable)
{
  collate_dialogs_save_async (parent, "Comparison.html", cancellable, keep_result, result);
}

static const Choose ways[] = { choose_documents, choose_model, choose_folder, choose_target };

/* What became of it: nothing was chosen. */
static GError *
finish (GAsyncResult **result)
{
  GError *error = NULL;

  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (collate_dialogs_files_finish (*result, &error));
  g_clear_object (result);

  return error;
}

/* The dialog comes, and a person closes it. */
static void
assert_asks (Choose choose)
{
  GtkWindow *parent = GTK_WINDOW (gtk_window_new ());
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GtkWindow *chooser;

  choose (parent, &result, NULL);
  while ((chooser = find_chooser ()) == NULL)
    {
      g_assert_null (result);
      g_main_context_iteration (NULL, TRUE);
    }
  g_ptr_array_add (closed, g_object_ref (chooser));
  gtk_dialog_response (GTK_DIALOG (chooser), GTK_RESPONSE_CANCEL);
  error = finish (&result);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (collate_dialogs_dup_problem (error));
  g_assert_null (find_chooser ());
  gtk_window_destroy (parent);
}

/* No dialog comes, and a person is told what helps. */
static void
assert_cannot_ask (Choose choose, CollateError code)
{
  GtkWindow *parent = GTK_WINDOW (gtk_window_new ());
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *problem = NULL;

  choose (parent, &result, NULL);
  error = finish (&result);
  g_assert_error (error, COLLATE_ERROR, (int) code);
  problem = collate_dialogs_dup_problem (error);
  g_assert_nonnull (strstr (problem, "Install xdg-desktop-portal"));
  g_assert_null (find_chooser ());
  gtk_window_destroy (parent);
}

static void
test_outside (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
    assert_asks (ways[i]);
}

static void
test_portal (void)
{
  g_autoptr (Portal) portal = portal_new ();

  portal_add_interface (portal, "org.freedesktop.portal.FileChooser");
  portal_start (portal);
  collate_sandbox_pretend (TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
    assert_asks (ways[i]);
  collate_sandbox_pretend (FALSE);
}

static void
test_no_portal (void)
{
  collate_sandbox_pretend (TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
    assert_cannot_ask (ways[i], COLLATE_ERROR_UNSUPPORTED);
  collate_sandbox_pretend (FALSE);
}

/* There is a portal, and no part of it for this desktop. */
static void
test_half_a_portal (void)
{
  g_autoptr (Portal) portal = portal_new ();

  portal_add_interface (portal, "org.freedesktop.portal.OpenURI");
  portal_start (portal);
  collate_sandbox_pretend (TRUE);
  assert_cannot_ask (choose_documents, COLLATE_ERROR_UNSUPPORTED);
  collate_sandbox_pretend (FALSE);
}

static void
test_mute_portal (void)
{
  g_autoptr (Portal) portal = portal_new ();

  portal_start (portal);
  g_dbus_connection_add_filter (portal->connection, swallow, NULL, NULL);
  collate_sandbox_pretend (TRUE);
  assert_cannot_ask (choose_documents, COLLATE_ERROR_TIMEOUT);
  collate_sandbox_pretend (FALSE);
}

/* The window goes while the portal is asked. */
static void
test_cancelled (void)
{
  g_autoptr (Portal) portal = portal_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GtkWindow *parent = GTK_WINDOW (gtk_window_new ());

  portal_start (portal);
  g_dbus_connection_add_filter (portal->connection, swallow, NULL, NULL);
  collate_sandbox_pretend (TRUE);
  choose_documents (parent, &result, cancellable);
  gtk_window_destroy (parent);
  g_cancellable_cancel (cancellable);
  error = finish (&result);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (collate_dialogs_dup_problem (error));
  g_assert_null (find_chooser ());
  collate_sandbox_pretend (FALSE);
}

/* Who asks for a dialog. */

/* The first widget below `root` of that type, whose property holds `text`; (nullable) (transfer none). */
static GtkWidget *
find (GtkWidget *root, GType type, const char *property, const char *text)
{
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      g_autofree char *value = NULL;
      GtkWidget *found;

      if (G_TYPE_CHECK_INSTANCE_TYPE (child, type))
        g_object_get (child, property, &value, NULL);
      if (value != NULL && strstr (value, text) != NULL)
        return child;
      found = find (child, type, property, text);
      if (found != NULL)
        return found;
    }

  return NULL;
}

static GtkWidget *
wait_for (GtkWidget *root, GType type, const char *property, const char *text)
{
  GtkWidget *found;

  while ((found = find (root, type, property, text)) == NULL)
    g_main_context_iteration (NULL, TRUE);

  return found;
}

static void
test_windows_say_so (void)
{
  g_autoptr (CollateApplication) application = collate_application_new ();
  GtkWidget *window, *preferences, *label;

  g_assert_true (g_application_register (G_APPLICATION (application), NULL, NULL));
  g_application_activate (G_APPLICATION (application));
  window = GTK_WIDGET (gtk_application_get_active_window (GTK_APPLICATION (application)));
  collate_sandbox_pretend (TRUE);

  g_assert_true (gtk_widget_activate_action (window, "win.open", NULL));
  label = wait_for (window, GTK_TYPE_LABEL, "label", "Files cannot be chosen");
  g_assert_true (gtk_label_get_wrap (GTK_LABEL (label)));

  g_action_group_activate_action (
      G_ACTION_GROUP (application), "preferences", g_variant_new_string ("local"));
  while ((preferences = GTK_WIDGET (find_window (COLLATE_TYPE_PREFERENCES))) == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_signal_emit_by_name (wait_for (preferences, GTK_TYPE_BUTTON, "label", "Add a Model File"), "clicked");
  wait_for (preferences, GTK_TYPE_LABEL, "label", "Files cannot be chosen");
  g_assert_null (find_chooser ());

  collate_dialogs_show_page (ADW_PREFERENCES_WINDOW (preferences), "collate-nothing://page");
  wait_for (preferences, GTK_TYPE_LABEL, "label", "No program opened collate-nothing://page.");

  collate_sandbox_pretend (FALSE);
  gtk_window_destroy (GTK_WINDOW (preferences));
  gtk_window_destroy (GTK_WINDOW (window));
  g_application_quit (G_APPLICATION (application));
}

int
main (int argc, char *argv[])
{
  g_autofree char *data = NULL;
  g_autofree char *config = NULL;
  g_autofree char *display = g_strdup (g_getenv ("DISPLAY"));
  int status;

  folder = g_dir_make_tmp ("collate-dialogs-XXXXXX", NULL);
  data = g_build_filename (folder, "data", NULL);
  config = g_build_filename (folder, "config", NULL);
  g_setenv ("XDG_DATA_HOME", data, TRUE);
  g_setenv ("XDG_CONFIG_HOME", config, TRUE);
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  /* It takes this away, so that what the bus starts is not seen. */
  g_setenv ("DISPLAY", display, TRUE);
  gtk_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dialogs/outside", test_outside);
  g_test_add_func ("/dialogs/portal", test_portal);
  g_test_add_func ("/dialogs/no-portal", test_no_portal);
  g_test_add_func ("/dialogs/half-a-portal", test_half_a_portal);
  g_test_add_func ("/dialogs/mute-portal", test_mute_portal);
  g_test_add_func ("/dialogs/cancelled", test_cancelled);
  g_test_add_func ("/dialogs/windows-say-so", test_windows_say_so);
  closed = g_ptr_array_new_with_free_func (g_object_unref);
  status = g_test_run ();

  g_ptr_array_unref (closed);
  /* Not given back: that would wait for GTK's own connection. */
  g_test_dbus_stop (bus);

  return status;
}
