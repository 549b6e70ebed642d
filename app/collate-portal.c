/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-portal.h"

#include "base/collate-error.h"
#include "base/collate-sandbox.h"

#define NAME "org.freedesktop.portal.Desktop"
#define PATH "/org/freedesktop/portal/desktop"
#define FILE_CHOOSER "org.freedesktop.portal.FileChooser"

/* The service may have to be started first, on a busy machine. */
#define PATIENCE_MS 5000

static void
fail (GTask *task, const GError *error)
{
  if (!g_task_return_error_if_cancelled (task))
    g_task_return_new_error (task, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "%s", error->message);
}

static void
asked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) version = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (version != NULL)
    g_task_return_boolean (task, TRUE);
  else
    fail (task, error);
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, &error);

  if (bus == NULL)
    {
      fail (task, error);
      return;
    }
  g_dbus_connection_call (bus,
                          NAME,
                          PATH,
                          "org.freedesktop.DBus.Properties",
                          "Get",
                          g_variant_new ("(ss)", FILE_CHOOSER, "version"),
                          G_VARIANT_TYPE ("(v)"),
                          G_DBUS_CALL_FLAGS_NONE,
                          PATIENCE_MS,
                          g_task_get_cancellable (task),
                          asked_cb,
                          g_object_ref (task));
}

void
collate_portal_find_chooser_async (GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, collate_portal_find_chooser_async);
  if (collate_sandbox_is_inside ())
    g_bus_get (G_BUS_TYPE_SESSION, cancellable, connected_cb, g_steal_pointer (&task));
  else
    g_task_return_boolean (task, TRUE);
}

gboolean
collate_portal_find_chooser_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
