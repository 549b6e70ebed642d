/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-keys.h"

#include "base/collate-error.h"
#include "catalogue/collate-env.h"
#include "catalogue/collate-keyring.h"

/* Keys by name from five sources, the nearest to the person's shell first. Main thread. */

struct _CollateKeys
{
  GObject parent_instance;

  GHashTable *environment; /* names that were asked for → key, "" where there is none */
  GHashTable *files;
  GHashTable *keyring;
  GHashTable *session;
  GStrv warnings;
  gboolean keyring_loaded;
  gboolean keyring_available;
};

G_DEFINE_FINAL_TYPE (CollateKeys, collate_keys, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_KEYRING_AVAILABLE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static GHashTable *
secrets_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) collate_env_wipe);
}

static char *
dup_stripped (const char *key)
{
  char *copy = g_strdup (key != NULL ? key : "");
  char *start = copy;
  gsize length = strlen (copy);
  gsize kept;

  while (g_ascii_isspace (*start))
    start++;
  kept = strlen (start);
  while (kept > 0 && g_ascii_isspace (start[kept - 1]))
    kept--;
  memmove (copy, start, kept);
  explicit_bzero (copy + kept, length - kept);

  return copy;
}

static void
set_keyring_available (CollateKeys *self, gboolean available)
{
  if (self->keyring_available == available)
    return;

  self->keyring_available = available;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KEYRING_AVAILABLE]);
}

static void
emit_changed (CollateKeys *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

/* Finding. */

static const char *
lookup_environment (CollateKeys *self, const char *name)
{
  char *key = g_hash_table_lookup (self->environment, name);

  if (key == NULL)
    {
      key = dup_stripped (g_getenv (name));
      g_hash_table_insert (self->environment, g_strdup (name), key);
    }

  return key;
}

static const char *
lookup_one (CollateKeys *self, const char *name, CollateKeySource *source)
{
  const char *keys[] = {
    [COLLATE_KEY_ENVIRONMENT] = lookup_environment (self, name),
    [COLLATE_KEY_FILE] = g_hash_table_lookup (self->files, name),
    [COLLATE_KEY_KEYRING] = g_hash_table_lookup (self->keyring, name),
    [COLLATE_KEY_SESSION] = g_hash_table_lookup (self->session, name),
  };

  for (*source = COLLATE_KEY_ENVIRONMENT; *source <= COLLATE_KEY_SESSION; (*source)++)
    if (keys[*source] != NULL && *keys[*source] != '\0')
      return keys[*source];

  *source = COLLATE_KEY_NONE;
  return NULL;
}

static const char *
lookup (CollateKeys *self, const char *name, CollateKeySource *source)
{
  const char *key = lookup_one (self, name, source);

  /* Older tools of Hugging Face call it so. */
  if (key == NULL && g_str_equal (name, "HF_TOKEN"))
    key = lookup_one (self, "HUGGINGFACE_HUB_TOKEN", source);

  return key;
}

/* Loading from the keyring. */

static void
on_keyring_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  CollateKeys *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) found = collate_keyring_load_finish (result, &error);

  if (found == NULL)
    {
      if (!g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED))
        set_keyring_available (self, FALSE);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  g_hash_table_unref (self->keyring);
  self->keyring = g_steal_pointer (&found);
  self->keyring_loaded = TRUE;
  set_keyring_available (self, TRUE);
  emit_changed (self);
  g_task_return_boolean (task, TRUE);
}

/* Storing. */

typedef struct
{
  char *name;
  char *key; /* NULL: forget */
} Store;

static void
store_free (gpointer data)
{
  Store *store = data;

  g_free (store->name);
  collate_env_wipe (store->key);
  g_free (store);
}

static void
put (GHashTable *table, const Store *store)
{
  if (store->key != NULL)
    g_hash_table_replace (table, g_strdup (store->name), g_strdup (store->key));
  else
    g_hash_table_remove (table, store->name);
}

static void
on_keyring_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  CollateKeys *self = g_task_get_source_object (task);
  Store *store = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!collate_keyring_store_finish (result, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  put (self->keyring, store);
  g_hash_table_remove (self->session, store->name);
  emit_changed (self);
  g_task_return_boolean (task, TRUE);
}

/* The keyring is known to answer, or it is known that it does not. */
static void
on_keyring_tried (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  CollateKeys *self = g_task_get_source_object (task);
  Store *store = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (collate_keys_load_finish (self, result, &error))
    collate_keyring_store_async (
        store->name, store->key, g_task_get_cancellable (task), on_keyring_stored, g_object_ref (task));
  else if (store->key == NULL && g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED))
    {
      /* Without a keyring, this session's memory was all there was to forget. */
      g_hash_table_remove (self->session, store->name);
      emit_changed (self);
      g_task_return_boolean (task, TRUE);
    }
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
collate_keys_finalize (GObject *object)
{
  CollateKeys *self = COLLATE_KEYS (object);

  g_hash_table_unref (self->environment);
  g_hash_table_unref (self->files);
  g_hash_table_unref (self->keyring);
  g_hash_table_unref (self->session);
  g_strfreev (self->warnings);

  G_OBJECT_CLASS (collate_keys_parent_class)->finalize (object);
}

static void
collate_keys_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateKeys *self = COLLATE_KEYS (object);

  switch (prop_id)
    {
    case PROP_KEYRING_AVAILABLE:
      g_value_set_boolean (value, self->keyring_available);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_keys_class_init (CollateKeysClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = collate_keys_finalize;
  object_class->get_property = collate_keys_get_property;

  properties[PROP_KEYRING_AVAILABLE] =
      g_param_spec_boolean ("keyring-available",
                            NULL,
                            NULL,
                            TRUE,
                            G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[CHANGED] = g_signal_new (
      "changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
collate_keys_init (CollateKeys *self)
{
  self->environment = secrets_new ();
  self->files = secrets_new ();
  self->keyring = secrets_new ();
  self->session = secrets_new ();
  self->keyring_available = TRUE;
}

CollateKeys *
collate_keys_new (const char *working_folder, const char *config_folder)
{
  CollateKeys *self = g_object_new (COLLATE_TYPE_KEYS, NULL);
  const char *folders[] = { working_folder, config_folder };
  g_autoptr (GPtrArray) warnings = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = folders[i] != NULL ? g_build_filename (folders[i], ".env", NULL) : NULL;

      if (path != NULL && (i == 0 || g_strcmp0 (folders[0], folders[1]) != 0))
        collate_env_read (path, self->files, warnings);
    }
  g_ptr_array_add (warnings, NULL);
  self->warnings = (GStrv) g_ptr_array_free (g_steal_pointer (&warnings), FALSE);

  return self;
}

void
collate_keys_load_async (CollateKeys *self,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task;

  g_return_if_fail (COLLATE_IS_KEYS (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, collate_keys_load_async);
  g_task_set_check_cancellable (task, FALSE);
  if (self->keyring_loaded)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  collate_keyring_load_async (cancellable, on_keyring_loaded, task);
}

gboolean
collate_keys_load_finish (CollateKeys *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

const char *
collate_keys_lookup (CollateKeys *self, const char *name)
{
  CollateKeySource source;

  g_return_val_if_fail (COLLATE_IS_KEYS (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return lookup (self, name, &source);
}

CollateKeySource
collate_keys_get_source (CollateKeys *self, const char *name)
{
  CollateKeySource source;

  g_return_val_if_fail (COLLATE_IS_KEYS (self), COLLATE_KEY_NONE);
  g_return_val_if_fail (name != NULL, COLLATE_KEY_NONE);

  lookup (self, name, &source);
  return source;
}

gboolean
collate_keys_is_valid (const char *key)
{
  for (; *key != '\0'; key++)
    if (!g_ascii_isprint (*key))
      return FALSE;

  return TRUE;
}

void
collate_keys_store_async (CollateKeys *self,
                          const char *name,
                          const char *key,
                          gboolean session_only,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Store *store;

  g_return_if_fail (COLLATE_IS_KEYS (self));
  g_return_if_fail (name != NULL);

  store = g_new0 (Store, 1);
  store->name = g_strdup (name);
  store->key = dup_stripped (key);
  if (*store->key == '\0')
    g_clear_pointer (&store->key, g_free);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, collate_keys_store_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, store, store_free);

  if (store->key != NULL && !collate_keys_is_valid (store->key))
    g_task_return_new_error (
        task, COLLATE_ERROR, COLLATE_ERROR_KEY, "%s: control or non-ASCII characters", name);
  else if (session_only)
    {
      put (self->session, store);
      emit_changed (self);
      g_task_return_boolean (task, TRUE);
    }
  else
    collate_keys_load_async (self, cancellable, on_keyring_tried, g_object_ref (task));
}

gboolean
collate_keys_store_finish (CollateKeys *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

const char *const *
collate_keys_get_warnings (CollateKeys *self)
{
  g_return_val_if_fail (COLLATE_IS_KEYS (self), NULL);

  return (const char *const *) self->warnings;
}
