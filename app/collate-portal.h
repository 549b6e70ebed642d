/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The desktop's services that a sandboxed program reaches the person's files through. Main thread. */

/* Asks whether files can be chosen: outside a sandbox they can; inside one, only where the desktop's file dialog
 * answers. The callback has no source object. */
void collate_portal_find_chooser_async (GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);

/* Where they cannot: COLLATE_ERROR_UNSUPPORTED, with the bus's own words. */
gboolean collate_portal_find_chooser_finish (GAsyncResult *result, GError **error);

G_END_DECLS
