/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tokens/collate-vocabulary.h"

#include <string.h>

#include "tokens/collate-split.h"
#include "tokens/collate-utf8.h"
#include "tokens/collate-vocabulary-private.h"

/* A text is cut at its user-defined tokens; what lies between is cut into pieces, and the parts of a piece merge. The
 * bytes of a text that is no UTF-8 stay as they are. */

/* SentencePiece's space, U+2581. */
#define SPACE "\xe2\x96\x81"

static void
collate_vocabulary_clear (gpointer data)
{
  CollateVocabulary *self = data;

  g_clear_pointer (&self->tokens, collate_ranks_free);
  g_clear_pointer (&self->spellings, collate_ranks_free);
  g_clear_pointer (&self->literals, collate_literals_free);
  g_clear_pointer (&self->pairs, collate_pairs_free);
  g_free (self->orders);
}

CollateVocabulary *
collate_vocabulary_new (const CollateVocabularyParams *params, GError **error)
{
  g_autoptr (CollateVocabulary) self = g_atomic_rc_box_new0 (CollateVocabulary);

  return collate_vocabulary_load (self, params, error) ? g_steal_pointer (&self) : NULL;
}

CollateVocabulary *
collate_vocabulary_ref (CollateVocabulary *vocabulary)
{
  return g_atomic_rc_box_acquire (vocabulary);
}

void
collate_vocabulary_unref (CollateVocabulary *vocabulary)
{
  g_atomic_rc_box_release_full (vocabulary, collate_vocabulary_clear);
}

/* Byte-level BPE begins with bytes. */
static gsize
begin_at_byte (gconstpointer tokens, const guchar *bytes, gsize length, guint32 *id)
{
  const CollateVocabulary *self = tokens;

  *id = collate_ranks_find (self->tokens, bytes, 1);
  return 1;
}

static CollateMerge
merge_by_pair (gconstpointer tokens, guint32 left, guint32 right, const guchar *bytes, gsize length)
{
  const CollateVocabulary *self = tokens;

  return collate_pairs_find (self->pairs, left, right);
}

/* SentencePiece begins with characters. */
static gsize
begin_at_character (gconstpointer tokens, const guchar *bytes, gsize length, guint32 *id)
{
  const CollateVocabulary *self = tokens;
  int n = MAX (1, collate_utf8_get_length (bytes, bytes + length));

  *id = collate_ranks_find (self->tokens, bytes, n);
  return n;
}

static CollateMerge
merge_by_score (gconstpointer tokens, guint32 left, guint32 right, const guchar *bytes, gsize length)
{
  const CollateVocabulary *self = tokens;
  guint32 id = collate_ranks_find (self->tokens, bytes, length);

  return (CollateMerge){ id == COLLATE_NO_RANK ? COLLATE_NO_RANK : self->orders[id], id };
}

static const CollateMergeRules bpe_rules = { begin_at_byte, merge_by_pair };
static const CollateMergeRules sentencepiece_rules = { begin_at_character, merge_by_score };

/* One text being encoded. */
typedef struct
{
  CollateVocabulary *vocabulary;
  CollateMerger merger;
  GArray *ids;
} Encoder;

/* What has no token becomes tokens of its bytes; where there are none, the unknown token. */
static void
encode_unknown (Encoder *encoder, const guchar *bytes, gsize length)
{
  const CollateVocabulary *self = encoder->vocabulary;
  gboolean is_whole = TRUE;

  for (gsize i = 0; i < length; i++)
    is_whole &= self->bytes[bytes[i]] >= 0;
  for (gsize i = 0; is_whole && i < length; i++)
    g_array_append_val (encoder->ids, self->bytes[bytes[i]]);
  if (!is_whole && self->unknown >= 0)
    g_array_append_val (encoder->ids, self->unknown);
}

static void
encode_piece (Encoder *encoder, const guchar *piece, gsize length)
{
  gsize offset, part_length;
  guint32 id;

  collate_merger_run (&encoder->merger, piece, length);
  while (collate_merger_next (&encoder->merger, &offset, &part_length, &id))
    if (id != COLLATE_NO_RANK)
      g_array_append_val (encoder->ids, id);
    else
      encode_unknown (encoder, piece + offset, part_length);
}

static void
encode_bpe (Encoder *encoder, const guchar *text, gsize length)
{
  const CollateVocabulary *self = encoder->vocabulary;
  g_autofree guchar *masked = collate_utf8_mask (text, length);
  const guchar *seen = masked ? masked : text;
  const guchar *piece;
  gsize piece_length;
  CollateSplitter splitter;

  collate_splitter_init (&splitter, self->split, seen, length);
  while (collate_splitter_next (&splitter, &piece, &piece_length))
    {
      const guchar *bytes = text + (piece - seen);
      guint32 id = COLLATE_NO_RANK;

      if (self->takes_whole_pieces)
        id = collate_ranks_find (self->tokens, bytes, piece_length);
      if (id == COLLATE_NO_RANK)
        encode_piece (encoder, bytes, piece_length);
      else
        g_array_append_val (encoder->ids, id);
    }
}

/* SentencePiece's merges go over the whole text; where none can cross from one word to the next, word by word is the
 * same, and faster. */
static void
encode_sentencepiece (Encoder *encoder, const guchar *text, gsize length)
{
  const guchar *end = text + length;

  while (text < end)
    {
      const guchar *word_end = end;

      if (encoder->vocabulary->words_are_apart)
        {
          for (word_end = text; word_end < end && *word_end == ' ';)
            word_end++;
          while (word_end < end && *word_end != ' ')
            word_end++;
        }
      encode_piece (encoder, text, word_end - text);
      text = word_end;
    }
}

/* As SentencePiece sees a text: with a space before it where the vocabulary wants that, and with its own space, where
 * the text has it, no other than any space. NULL where that is the text itself. */
static GString *
prepare (CollateVocabulary *self, const char *text, gsize length)
{
  gboolean adds_space = self->adds_space && length > 0;
  GString *prepared;

  if (self->pairs || (!adds_space && !memmem (text, length, SPACE, strlen (SPACE))))
    return NULL;
  prepared = g_string_sized_new (length + 1);
  if (adds_space)
    g_string_append_c (prepared, ' ');
  for (const char *end = text + length; text < end;)
    {
      const char *space = memmem (text, end - text, SPACE, strlen (SPACE));

      g_string_append_len (prepared, text, (space ? space : end) - text);
      if (space)
        g_string_append_c (prepared, ' ');
      text = space ? space + strlen (SPACE) : end;
    }
  return prepared;
}

static void
encode_between_literals (Encoder *encoder, const guchar *text, gsize length)
{
  CollateVocabulary *self = encoder->vocabulary;
  gboolean found = TRUE;

  while (found && length > 0)
    {
      gsize offset, literal_length = 0;
      gint32 id;

      found = collate_literals_find (self->literals, text, length, &offset, &literal_length, &id);
      if (self->pairs)
        encode_bpe (encoder, text, offset);
      else
        encode_sentencepiece (encoder, text, offset);
      if (found)
        g_array_append_val (encoder->ids, id);
      text += offset + literal_length;
      length -= offset + literal_length;
    }
}

GArray *
collate_vocabulary_encode (CollateVocabulary *vocabulary, const char *text, gssize length)
{
  gsize n_bytes = length < 0 ? strlen (text) : (gsize) length;
  GString *prepared = prepare (vocabulary, text, n_bytes);
  Encoder encoder = { .vocabulary = vocabulary, .ids = g_array_new (FALSE, FALSE, sizeof (gint32)) };

  if (prepared)
    {
      text = prepared->str;
      n_bytes = prepared->len;
    }
  collate_merger_init (&encoder.merger, vocabulary->pairs ? &bpe_rules : &sentencepiece_rules, vocabulary);
  encode_between_literals (&encoder, (const guchar *) text, n_bytes);
  collate_merger_clear (&encoder.merger);
  if (prepared)
    g_string_free (prepared, TRUE);
  return encoder.ids;
}

const char *
collate_vocabulary_get_piece (CollateVocabulary *vocabulary, gint32 token, gsize *length)
{
  const guchar *bytes = NULL;

  *length = 0;
  if (token >= 0)
    bytes = collate_ranks_get_bytes (vocabulary->tokens, token, length);
  return (const char *) bytes;
}

gint32
collate_vocabulary_find_control (CollateVocabulary *vocabulary, const char *spelling)
{
  guint32 id = collate_ranks_find (vocabulary->spellings, (const guchar *) spelling, strlen (spelling));

  return id == COLLATE_NO_RANK ? -1 : (gint32) id;
}

gsize
collate_vocabulary_get_size (CollateVocabulary *vocabulary)
{
  return collate_ranks_get_size (vocabulary->tokens);
}
