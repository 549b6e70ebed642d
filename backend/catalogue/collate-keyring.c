/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-keyring.h"

#include <glib/gi18n-lib.h>
#include <libsecret/secret.h>

#include "base/collate-error.h"
#include "base/collate-portal.h"
#include "base/collate-sandbox.h"
#include "catalogue/collate-env.h"

/* The only file that knows libsecret. Its simple calls are used, since they alone work inside a sandbox too,
 * where the keyring is a file that the desktop's portal encrypts. */

#define SECRET_PORTAL "org.freedesktop.portal.Secret"

#define MUTE "the keyring does not answer"

/* No service answers within this time: there is none. */
#define PATIENCE_SECONDS 3

/* The bus does not even answer whether there is a portal. */
#define PORTAL_SECONDS 12

/* The keyring asks the person for its password. */
#define PROMPT_SECONDS 60

static const SecretSchema schema = {
  "io.github.collate.Collate.Key",
  SECRET_SCHEMA_NONE,
  { { "name", SECRET_SCHEMA_ATTRIBUTE_STRING }, { NULL, 0 } },
};

/* A call with an end: whatever libsecret does, the task returns in time, once. */
typedef struct
{
  GCancellable *cancellable; /* of the calls to libsecret */
  GCancellable *outer;       /* the caller's; (nullable) */
  gulong outer_handler;
  guint timer;
  gboolean done;

  GHashTable *found;
  GList *items; /* of SecretRetrievable whose secret is still to come */
  gboolean asked;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_clear_handle_id (&call->timer, g_source_remove);
  g_clear_object (&call->cancellable);
  g_clear_object (&call->outer);
  g_clear_pointer (&call->found, g_hash_table_unref);
  g_list_free_full (call->items, g_object_unref);
  g_free (call);
}

/* TRUE the first time: the task is the caller's to return. */
static gboolean
call_end (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  if (call->done)
    return FALSE;

  call->done = TRUE;
  g_clear_handle_id (&call->timer, g_source_remove);
  if (call->outer_handler != 0)
    g_signal_handler_disconnect (call->outer, call->outer_handler);
  call->outer_handler = 0;

  return TRUE;
}

static void
call_fail (GTask *task, CollateError code, const char *message)
{
  if (call_end (task))
    g_task_return_new_error (task, COLLATE_ERROR, code, "%s", message);
}

static gboolean
on_patience_ended (gpointer data)
{
  GTask *task = data;
  Call *call = g_task_get_task_data (task);

  call->timer = 0;
  call_fail (task, COLLATE_ERROR_UNSUPPORTED, MUTE);
  g_cancellable_cancel (call->cancellable);

  return G_SOURCE_REMOVE;
}

static void
on_outer_cancelled (GCancellable *outer, GTask *task)
{
  Call *call = g_task_get_task_data (task);

  call_fail (task, COLLATE_ERROR_STOPPED, "stopped");
  g_cancellable_cancel (call->cancellable);
}

static void
call_wait (GTask *task, guint seconds)
{
  Call *call = g_task_get_task_data (task);

  g_clear_handle_id (&call->timer, g_source_remove);
  call->timer = g_timeout_add_seconds_full (
      G_PRIORITY_DEFAULT, seconds, on_patience_ended, g_object_ref (task), g_object_unref);
}

static GTask *
call_new (gpointer tag, GCancellable *outer, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Call *call = g_new0 (Call, 1);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, call, call_free);
  call->cancellable = g_cancellable_new ();
  if (outer != NULL)
    {
      call->outer = g_object_ref (outer);
      call->outer_handler = g_signal_connect_data (outer,
                                                   "cancelled",
                                                   G_CALLBACK (on_outer_cancelled),
                                                   g_object_ref (task),
                                                   (GClosureNotify) g_object_unref,
                                                   0);
      if (g_cancellable_is_cancelled (outer))
        on_outer_cancelled (outer, task);
    }

  return task;
}

/* Loading: search, then each item's secret. */

static void load_next (GTask *task);
static void search (GTask *task, SecretSearchFlags flags, guint patience);

static void
on_secret (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (SecretValue) secret =
      secret_retrievable_retrieve_secret_finish (SECRET_RETRIEVABLE (source), result, NULL);
  g_autoptr (GHashTable) attributes = secret_retrievable_get_attributes (SECRET_RETRIEVABLE (source));
  const char *name = attributes != NULL ? g_hash_table_lookup (attributes, "name") : NULL;
  const char *text = secret != NULL ? secret_value_get_text (secret) : NULL;

  if (call->done)
    return;

  if (name != NULL && text != NULL)
    g_hash_table_replace (call->found, g_strdup (name), g_strdup (text));
  load_next (task);
}

static void
load_next (GTask *task)
{
  Call *call = g_task_get_task_data (task);
  g_autoptr (SecretRetrievable) item = NULL;

  if (call->items == NULL)
    {
      if (call_end (task))
        g_task_return_pointer (task, g_steal_pointer (&call->found), (GDestroyNotify) g_hash_table_unref);
      return;
    }

  item = call->items->data;
  call->items = g_list_delete_link (call->items, call->items);
  secret_retrievable_retrieve_secret (item, call->cancellable, on_secret, g_object_ref (task));
}

static gboolean
any_locked (GList *items)
{
  for (GList *l = items; l != NULL; l = l->next)
    if (SECRET_IS_ITEM (l->data) && secret_item_get_locked (l->data))
      return TRUE;

  return FALSE;
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  GList *items = secret_password_search_finish (result, &error);

  if (call->done || error != NULL)
    {
      g_list_free_full (items, g_object_unref);
      if (error != NULL)
        call_fail (task, COLLATE_ERROR_UNSUPPORTED, error->message);
      return;
    }

  /* Only now, with a keyring that answers and holds something of ours, is it worth a dialog. */
  if (any_locked (items) && !call->asked)
    {
      g_list_free_full (items, g_object_unref);
      call->asked = TRUE;
      search (task, SECRET_SEARCH_UNLOCK, PROMPT_SECONDS);
      return;
    }

  call->items = items;
  load_next (task);
}

static void
search (GTask *task, SecretSearchFlags flags, guint patience)
{
  Call *call = g_task_get_task_data (task);
  g_autoptr (GHashTable) all = g_hash_table_new (g_str_hash, g_str_equal);

  call_wait (task, patience);
  secret_password_searchv (&schema,
                           all,
                           SECRET_SEARCH_ALL | SECRET_SEARCH_LOAD_SECRETS | flags,
                           call->cancellable,
                           on_found,
                           g_object_ref (task));
}

/* The portal is told apart here, since libsecret would wait for a mute one, and the whole window with it. Where there is
 * none, libsecret asks the keyring itself, which most sandboxes refuse at once. One that answers may ask the person for
 * the keyring's password. */
static void
on_portal_found (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  gboolean found = collate_portal_find_finish (result, &error);

  if (call->done)
    return;
  if (g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_TIMEOUT))
    call_fail (task, COLLATE_ERROR_UNSUPPORTED, MUTE);
  else
    search (task, SECRET_SEARCH_NONE, found ? PROMPT_SECONDS : PATIENCE_SECONDS);
}

void
collate_keyring_load_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = call_new (collate_keyring_load_async, cancellable, callback, user_data);
  Call *call = g_task_get_task_data (task);

  if (call->done)
    return;

  call->found = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) collate_env_wipe);
  if (!collate_sandbox_is_inside ())
    {
      search (task, SECRET_SEARCH_NONE, PATIENCE_SECONDS);
      return;
    }
  call_wait (task, PORTAL_SECONDS);
  collate_portal_find_async (SECRET_PORTAL, call->cancellable, on_portal_found, g_object_ref (task));
}

GHashTable *
collate_keyring_load_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Storing and forgetting. */

static void
return_outcome (GTask *task, const GError *error)
{
  if (error != NULL)
    call_fail (task, COLLATE_ERROR_UNSUPPORTED, error->message);
  else if (call_end (task))
    g_task_return_boolean (task, TRUE);
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;

  secret_password_store_finish (result, &error);
  return_outcome (task, error);
}

/* That there was nothing to forget is no failure. */
static void
on_cleared (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;

  secret_password_clear_finish (result, &error);
  return_outcome (task, error);
}

void
collate_keyring_store_async (const char *name,
                             const char *key,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = call_new (collate_keyring_store_async, cancellable, callback, user_data);
  Call *call = g_task_get_task_data (task);
  g_autoptr (GHashTable) attributes = g_hash_table_new (g_str_hash, g_str_equal);
  /* Translators: how a key is called in the desktop's list of passwords, "Collate: OPENAI_API_KEY". */
  g_autofree char *label = g_strdup_printf (_ ("Collate: %s"), name);

  if (call->done)
    return;

  g_hash_table_insert (attributes, (gpointer) "name", (gpointer) name);
  call_wait (task, PROMPT_SECONDS);
  if (key != NULL)
    secret_password_storev (&schema,
                            attributes,
                            SECRET_COLLECTION_DEFAULT,
                            label,
                            key,
                            call->cancellable,
                            on_stored,
                            g_object_ref (task));
  else
    secret_password_clearv (&schema, attributes, call->cancellable, on_cleared, g_object_ref (task));
}

gboolean
collate_keyring_store_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
