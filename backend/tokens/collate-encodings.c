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
};

static void
collate_encodings_clear (gpointer data)
{
  CollateEncodings *self = data;

  for (gsize i = 0; i < G_N_ELEMENTS (splits); i++)
    g_clear_pointer (&self->loaded[i], collate_encoding_unref);
  g_mutex_clear (&self->lock);
  g_free (self->prefix);
}

static CollateEncoding *
load (CollateEncodings *self, gsize index, GError **error)
{
  g_autofree char *path = g_strdup_printf ("%s/%s.tiktoken", self->prefix, names[index]);
  g_autoptr (GBytes) ranks = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, error);

  return ranks ? collate_encoding_new (names[index], splits[index], ranks, error) : NULL;
}

CollateEncodings *
collate_encodings_new (const char *prefix)
{
  CollateEncodings *self = g_atomic_rc_box_new0 (CollateEncodings);

  self->prefix = g_strdup (prefix);
  g_mutex_init (&self->lock);
  return self;
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

  g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "no encoding is called “%s”", name);
  return NULL;
}
