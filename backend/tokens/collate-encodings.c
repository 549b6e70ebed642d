/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tokens/collate-encoding.h"

#include "base/collate-error.h"

static const char *const names[] = { COLLATE_ENCODING_DEFAULT, "o200k_base", "deepseek-v3", NULL };

static const CollateSplit splits[] = { COLLATE_SPLIT_CL100K, COLLATE_SPLIT_O200K, COLLATE_SPLIT_DEEPSEEK_V3 };

struct _CollateEncodings
{
  char *prefix;
  GMutex lock; /* over loaded: one thread loads, the others wait for what it loads */
  CollateEncoding *loaded[G_N_ELEMENTS (splits)];

  CollateVocabularyLoader loader; /* NULL: none */
  GMutex own_lock;                /* over own, and never while a file is read */
  GHashTable *own; /* name of a model file's tokenizer → CollateEncoding; NULL where it cannot be had */
};

static void
collate_encodings_clear (gpointer data)
{
  CollateEncodings *self = data;

  for (gsize i = 0; i < G_N_ELEMENTS (splits); i++)
    g_clear_pointer (&self->loaded[i], collate_encoding_unref);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->own_lock);
  g_hash_table_unref (self->own);
  g_free (self->prefix);
}

static CollateEncoding *
load (CollateEncodings *self, gsize index, GError **error)
{
  g_autofree char *path = g_strdup_printf ("%s/%s.tiktoken", self->prefix, names[index]);
  g_autoptr (GBytes) ranks = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, error);

  return ranks ? collate_encoding_new (names[index], splits[index], ranks, error) : NULL;
}

static void
unref_encoding (gpointer data)
{
  if (data)
    collate_encoding_unref (data);
}

CollateEncodings *
collate_encodings_new (const char *prefix)
{
  CollateEncodings *self = g_atomic_rc_box_new0 (CollateEncodings);

  self->prefix = g_strdup (prefix);
  g_mutex_init (&self->lock);
  g_mutex_init (&self->own_lock);
  self->own = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref_encoding);
  return self;
}

void
collate_encodings_set_loader (CollateEncodings *encodings, CollateVocabularyLoader loader)
{
  encodings->loader = loader;
}

CollateEncodings *
collate_encodings_ref (CollateEncodings *encodings)
{
  return g_atomic_rc_box_acquire (encodings);
}

void
collate_encodings_unref (CollateEncodings *encodings)
{
  g_atomic_rc_box_release_full (encodings, collate_encodings_clear);
}

const char *const *
collate_encodings_get_names (void)
{
  return names;
}

static gboolean
is_own (CollateEncodings *self, const char *name)
{
  return self->loader && name && g_str_has_prefix (name, COLLATE_ENCODING_FILE);
}

gboolean
collate_encodings_has (CollateEncodings *encodings, const char *name)
{
  return (name && g_strv_contains (names, name)) || is_own (encodings, name);
}

static gboolean
find_own (CollateEncodings *self, const char *name, CollateEncoding **encoding)
{
  gboolean found;

  g_mutex_lock (&self->own_lock);
  found = g_hash_table_lookup_extended (self->own, name, NULL, (gpointer *) encoding);
  g_mutex_unlock (&self->own_lock);
  return found;
}

/* Two threads may read one file at the same time; the first one's stays. */
static void
keep_own (CollateEncodings *self, const char *name, CollateEncoding *encoding)
{
  g_mutex_lock (&self->own_lock);
  if (!g_hash_table_contains (self->own, name))
    g_hash_table_insert (self->own, g_strdup (name), encoding);
  else
    unref_encoding (encoding);
  g_mutex_unlock (&self->own_lock);
}

static CollateEncoding *
get_own (CollateEncodings *self, const char *name, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (CollateVocabulary) vocabulary = NULL;
  CollateEncoding *encoding = NULL;

  if (!find_own (self, name, &encoding))
    {
      vocabulary = self->loader (name, &local);
      keep_own (self, name, vocabulary ? collate_encoding_new_for_vocabulary (name, vocabulary) : NULL);
      find_own (self, name, &encoding);
    }
  if (encoding)
    return encoding;
  if (local)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "the tokenizer “%s” cannot be had", name);
  return NULL;
}

CollateEncoding *
collate_encodings_get (CollateEncodings *encodings, const char *name, GError **error)
{
  for (gsize i = 0; names[i]; i++)
    {
      g_autoptr (GMutexLocker) locker = NULL;

      if (g_strcmp0 (name, names[i]) != 0)
        continue;
      locker = g_mutex_locker_new (&encodings->lock);
      if (!encodings->loaded[i])
        encodings->loaded[i] = load (encodings, i, error);
      return encodings->loaded[i];
    }

  if (is_own (encodings, name))
    return get_own (encodings, name, error);
  g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "no encoding is called “%s”", name);
  return NULL;
}
