/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The desktop's keyring, where keys are kept. Main thread; nothing blocks, and nothing waits for long: a
 * keyring that does not answer is COLLATE_ERROR_UNSUPPORTED, a cancelled call COLLATE_ERROR_STOPPED. */

/* Finds all keys that this program stored. */
void collate_keyring_load_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/* Name → key, which is overwritten when freed; (nullable) (transfer full). */
GHashTable *collate_keyring_load_finish (GAsyncResult *result, GError **error);

/* Stores a key under a name, or forgets it where `key` is NULL. */
void collate_keyring_store_async (const char *name,
                                  const char *key,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean collate_keyring_store_finish (GAsyncResult *result, GError **error);

G_END_DECLS
