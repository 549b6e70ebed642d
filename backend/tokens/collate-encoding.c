/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tokens/collate-encoding.h"

#include <string.h>

#include "tokens/collate-merge.h"
#include "tokens/collate-ranks.h"
#include "tokens/collate-split.h"
#include "tokens/collate-utf8.h"

/* An encoding puts the parts of this room together: text → repaired UTF-8 → pieces → tokens. */

struct _CollateEncoding
{
  char *name;
  CollateSplit split;
  CollateRanks *ranks;
  CollateVocabulary *vocabulary; /* in the place of both, or NULL */
};

static void
collate_encoding_clear (gpointer data)
{
  CollateEncoding *self = data;

  g_free (self->name);
  g_clear_pointer (&self->ranks, collate_ranks_free);
  g_clear_pointer (&self->vocabulary, collate_vocabulary_unref);
}

static gsize
begin_at_byte (gconstpointer ranks, const guchar *bytes, gsize length, guint32 *id)
{
  *id = collate_ranks_find (ranks, bytes, 1);
  return 1;
}

static CollateMerge
merge_by_rank (gconstpointer ranks, guint32 left, guint32 right, const guchar *bytes, gsize length)
{
  guint32 rank = collate_ranks_find (ranks, bytes, length);

  return (CollateMerge){ rank, rank };
}

static const CollateMergeRules rules = { begin_at_byte, merge_by_rank };

/* Counts the tokens and, where `ids` is not NULL, appends them. */
static gsize
encode (CollateEncoding *self, const char *text, gssize length, GArray *ids)
{
  gsize n_bytes = length < 0 ? strlen (text) : (gsize) length;
  const guchar *bytes = (const guchar *) text;
  const guchar *piece;
  gsize piece_length;
  gsize offset;
  gsize n_ids = 0;
  CollateSplitter splitter;
  CollateMerger merger;
  GString *repaired = collate_utf8_repair (bytes, n_bytes);

  if (repaired)
    {
      bytes = (const guchar *) repaired->str;
      n_bytes = repaired->len;
    }

  collate_merger_init (&merger, &rules, self->ranks);
  collate_splitter_init (&splitter, self->split, bytes, n_bytes);
  while (collate_splitter_next (&splitter, &piece, &piece_length))
    {
      guint32 rank = collate_ranks_find (self->ranks, piece, piece_length);

      if (rank != COLLATE_NO_RANK)
        {
          if (ids)
            g_array_append_val (ids, rank);
          n_ids++;
          continue;
        }
      collate_merger_run (&merger, piece, piece_length);
      for (; collate_merger_next (&merger, &offset, &piece_length, &rank); n_ids++)
        if (ids)
          g_array_append_val (ids, rank);
    }
  collate_merger_clear (&merger);

  if (repaired)
    g_string_free (repaired, TRUE);
  return n_ids;
}

CollateEncoding *
collate_encoding_new (const char *name, CollateSplit split, GBytes *ranks, GError **error)
{
  CollateRanks *table = collate_ranks_new (ranks, error);
  CollateEncoding *self;

  if (!table)
    return NULL;
  self = g_atomic_rc_box_new0 (CollateEncoding);
  self->name = g_strdup (name);
  self->split = split;
  self->ranks = table;
  return self;
}

CollateEncoding *
collate_encoding_new_for_vocabulary (const char *name, CollateVocabulary *vocabulary)
{
  CollateEncoding *self = g_atomic_rc_box_new0 (CollateEncoding);

  self->name = g_strdup (name);
  self->vocabulary = collate_vocabulary_ref (vocabulary);
  return self;
}

CollateEncoding *
collate_encoding_ref (CollateEncoding *encoding)
{
  return g_atomic_rc_box_acquire (encoding);
}

void
collate_encoding_unref (CollateEncoding *encoding)
{
  g_atomic_rc_box_release_full (encoding, collate_encoding_clear);
}

const char *
collate_encoding_get_name (CollateEncoding *encoding)
{
  return encoding->name;
}

gsize
collate_encoding_count (CollateEncoding *encoding, const char *text, gssize length)
{
  g_autoptr (GArray) ids = NULL;

  if (!encoding->vocabulary)
    return encode (encoding, text, length, NULL);
  ids = collate_vocabulary_encode (encoding->vocabulary, text, length);
  return ids->len;
}

GArray *
collate_encoding_encode (CollateEncoding *encoding, const char *text, gssize length)
{
  GArray *ids;

  if (encoding->vocabulary)
    return collate_vocabulary_encode (encoding->vocabulary, text, length);
  ids = g_array_new (FALSE, FALSE, sizeof (guint32));
  encode (encoding, text, length, ids);
  return ids;
}

GBytes *
collate_encoding_decode (CollateEncoding *encoding, const guint32 *ids, gsize n_ids)
{
  GByteArray *bytes = g_byte_array_new ();

  for (gsize i = 0; i < n_ids; i++)
    {
      gsize length;
      gconstpointer token =
          encoding->vocabulary ? collate_vocabulary_get_piece (encoding->vocabulary, (gint32) ids[i], &length)
                               : (gconstpointer) collate_ranks_get_bytes (encoding->ranks, ids[i], &length);

      if (token)
        g_byte_array_append (bytes, token, length);
    }
  return g_byte_array_free_to_bytes (bytes);
}
