/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The keys of providers by their environment variable's name: process environment, then `.env` in the
 * working directory, then `.env` in the configuration folder, then the keyring, then this session's memory.
 * No key is ever logged, printed or stored but in the keyring. An empty key is no key. Main thread. Signal
 * "changed": a key came or went. Property "keyring-available" (boolean, notified): FALSE once the keyring
 * was tried and does not answer. */

#define COLLATE_TYPE_KEYS (collate_keys_get_type ())
G_DECLARE_FINAL_TYPE (CollateKeys, collate_keys, COLLATE, KEYS, GObject)

typedef enum
{
  COLLATE_KEY_NONE,
  COLLATE_KEY_ENVIRONMENT,
  COLLATE_KEY_FILE,    /* a .env file */
  COLLATE_KEY_KEYRING, /* the desktop's keyring */
  COLLATE_KEY_SESSION, /* entered here, kept in memory only */
} CollateKeySource;

/* Reads the environment and the .env files: `working_folder` (nullable) and `config_folder`; (transfer
 * full). */
CollateKeys *collate_keys_new (const char *working_folder, const char *config_folder);

/* Asks the keyring, once, for all keys of this program; gives up quietly after a few seconds where nothing
 * answers. */
void collate_keys_load_async (CollateKeys *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean collate_keys_load_finish (CollateKeys *self, GAsyncResult *result, GError **error);

/* The key called `name` ("OPENAI_API_KEY"), as it was found, less white space at its ends; NULL where there
 * is none or it is empty; (nullable) (transfer none). */
const char *collate_keys_lookup (CollateKeys *self, const char *name);

/* Where the key called `name` was found. */
CollateKeySource collate_keys_get_source (CollateKeys *self, const char *name);

/* FALSE where a key holds control or non-ASCII characters, which no HTTP header may carry. Any thread. */
gboolean collate_keys_is_valid (const char *key);

/* Stores a key in the keyring, or, where `session_only`, in this session's memory; NULL or "" forgets it.
 * COLLATE_ERROR_UNSUPPORTED where there is no keyring, COLLATE_ERROR_KEY where the key is not valid. */
void collate_keys_store_async (CollateKeys *self,
                               const char *name,
                               const char *key,
                               gboolean session_only,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean collate_keys_store_finish (CollateKeys *self, GAsyncResult *result, GError **error);

/* What a person should know about the .env files ("others can read it", "OPENAI_API_KEY stands there
 * twice"), NULL-terminated, never NULL, never with a value; translated; (transfer none). */
const char *const *collate_keys_get_warnings (CollateKeys *self);

G_END_DECLS
