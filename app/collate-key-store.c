/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-key-store.h"

#include <glib/gi18n-lib.h>

#include "base/collate-error.h"
#include "catalogue/collate-env.h"

typedef struct
{
  char *name;
  char *key; /* NULL: forget */
  char *words;
} Store;

static void
store_free (gpointer data)
{
  Store *store = data;

  g_free (store->name);
  collate_env_wipe (store->key);
  g_free (store->words);
  g_free (store);
}

static char *
describe_problem (const Store *store, const GError *error)
{
  if (g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_KEY))
    return g_strdup (
        _ ("This holds characters that no key may hold. Copy the key once more, and enter it again."));
  if (store->key == NULL)
    return g_strdup_printf (_ ("The keyring still has the key: it does not answer. (%s)"), error->message);

  return g_strdup_printf (_ ("The key is not kept. (%s)"), error->message);
}

static void
stored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Store *store = g_task_get_task_data (task);
  CollateKeys *keys = COLLATE_KEYS (source);
  g_autoptr (GError) error = NULL;

  if (collate_keys_store_finish (keys, result, &error))
    g_task_return_boolean (task, TRUE);
  else if (store->key != NULL && store->words == NULL &&
           g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED))
    {
      store->words =
          g_strdup (_ ("No keyring takes the key: it is kept until Collate is closed, and written nowhere."));
      collate_keys_store_async (
          keys, store->name, store->key, TRUE, NULL, stored_cb, g_steal_pointer (&task));
    }
  else
    {
      g_free (store->words);
      store->words = describe_problem (store, error);
      g_task_return_boolean (task, FALSE);
    }
}

void
collate_key_store_async (CollateKeys *keys,
                         const char *name,
                         const char *key,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Store *store = g_new0 (Store, 1);
  gboolean available;

  g_object_get (keys, "keyring-available", &available, NULL);
  store->name = g_strdup (name);
  store->key = g_strdup (key);
  g_task_set_source_tag (task, collate_key_store_async);
  g_task_set_task_data (task, store, store_free);
  collate_keys_store_async (keys, name, key, !available, NULL, stored_cb, task);
}

gboolean
collate_key_store_finish (GAsyncResult *result, char **words)
{
  Store *store = g_task_get_task_data (G_TASK (result));

  *words = g_steal_pointer (&store->words);

  return g_task_propagate_boolean (G_TASK (result), NULL);
}
