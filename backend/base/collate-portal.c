/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-portal.h"

#include "base/collate-error.h"

#define NAME "org.freedesktop.portal.Desktop"
#define PATH "/org/freedesktop/portal/desktop"

/* The service may have to be started first, and its parts, on a busy machine. Where there is none, that is known at once. */
#define PATIENCE_MS 10000

static void
fail (GTask *task, CollateError code, const GError *error)
{
  if (!g_task_return_error_if_cancelled (task))
    g_task_return_new_error (task, COLLATE_ERROR, (int) code, "%s", error->message);
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
    fail (task,
          g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ? COLLATE_ERROR_TIMEOUT
                                                                    : COLLATE_ERROR_UNSUPPORTED,
          error);
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, &error);

  if (bus == NULL)
    {
      fail (task, COLLATE_ERROR_TIMEOUT, error);
      return;
    }
  g_dbus_connection_call (bus,
                          NAME,
                          PATH,
                          "org.freedesktop.DBus.Properties",
                          "Get",
                          g_variant_new ("(ss)", g_task_get_task_data (task), "version"),
                          G_VARIANT_TYPE ("(v)"),
                          G_DBUS_CALL_FLAGS_NONE,
                          PATIENCE_MS,
                          g_task_get_cancellable (task),
                          asked_cb,
                          g_object_ref (task));
}

void
collate_portal_find_async (const char *interface,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, collate_portal_find_async);
  g_task_set_task_data (task, g_strdup (interface), g_free);
  g_bus_get (G_BUS_TYPE_SESSION, cancellable, connected_cb, task);
}

gboolean
collate_portal_find_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
