/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "vocabulary-file.h"

#include <stdlib.h>

/* A field's bytes, and their number appended to `lengths`. */
static gpointer
read_bytes (const char *base64, GArray *lengths)
{
  gsize length;
  guchar *bytes = g_base64_decode (base64, &length);

  g_array_append_val (lengths, length);
  return bytes;
}

CollateVocabulary *
vocabulary_file_load (const char *path, const char *pre, GError **error)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autofree char *model = NULL;
  g_autofree char *own_pre = NULL;
  g_autoptr (GPtrArray) tokens = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) merges = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) token_lengths = g_array_new (FALSE, FALSE, sizeof (gsize));
  g_autoptr (GArray) merge_lengths = g_array_new (FALSE, FALSE, sizeof (gsize));
  g_autoptr (GArray) types = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (float));
  CollateVocabularyParams params = { .bos = -1, .eos = -1, .unknown = -1 };

  if (!g_file_get_contents (path, &text, NULL, error))
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], "\t", -1);

      if (g_strcmp0 (fields[0], "model") == 0)
        model = g_strdup (fields[1]);
      else if (g_strcmp0 (fields[0], "pre") == 0)
        own_pre = g_strdup (fields[1]);
      else if (g_strcmp0 (fields[0], "unknown") == 0)
        params.unknown = atoi (fields[1]);
      else if (g_strcmp0 (fields[0], "add_space_prefix") == 0)
        params.add_space_prefix = TRUE;
      else if (g_strcmp0 (fields[0], "token") == 0)
        {
          gint32 type = atoi (fields[1]);
          float score = g_ascii_strtod (fields[2], NULL);

          g_array_append_val (types, type);
          g_array_append_val (scores, score);
          g_ptr_array_add (tokens, read_bytes (fields[3], token_lengths));
        }
      else if (g_strcmp0 (fields[0], "merge") == 0)
        g_ptr_array_add (merges, read_bytes (fields[1], merge_lengths));
    }

  params.model = model;
  params.pre = pre ? pre : own_pre;
  params.n_tokens = tokens->len;
  params.tokens = (const char *const *) tokens->pdata;
  params.token_lengths = (const gsize *) (gpointer) token_lengths->data;
  params.types = (const gint32 *) (gpointer) types->data;
  params.scores = (const float *) (gpointer) scores->data;
  params.n_merges = merges->len;
  params.merges = (const char *const *) merges->pdata;
  params.merge_lengths = (const gsize *) (gpointer) merge_lengths->data;
  return collate_vocabulary_new (&params, error);
}
