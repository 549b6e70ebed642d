/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalogue/collate-keys.h"

G_BEGIN_DECLS

/* Keeps a key that a person entered, in the keyring, or in this session's memory where no keyring takes it; NULL forgets
 * it. Main thread; the callback has no source object. */
void collate_key_store_async (CollateKeys *keys,
                              const char *name,
                              const char *key,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/* TRUE where it is kept, or forgotten. `words` is what the person should know of it, a sentence; (nullable) (transfer
 * full). */
gboolean collate_key_store_finish (GAsyncResult *result, char **words);

G_END_DECLS
