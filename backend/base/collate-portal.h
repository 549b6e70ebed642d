/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The desktop's services for programs in a sandbox: files, keys. Main thread. */

/* Asks whether the desktop offers `interface` ("org.freedesktop.portal.FileChooser"). The callback has no source
 * object. */
void collate_portal_find_async (const char *interface,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

/* FALSE with COLLATE_ERROR_UNSUPPORTED where it does not, and COLLATE_ERROR_TIMEOUT where nothing answers, or there
 * is no bus to ask over. */
gboolean collate_portal_find_finish (GAsyncResult *result, GError **error);

G_END_DECLS
