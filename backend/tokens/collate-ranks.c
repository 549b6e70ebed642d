/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tokens/collate-ranks.h"

#include <string.h>

#include "base/collate-error.h"

/* The tokens' bytes lie in one pool; an open-addressing hash finds the rank of bytes, an array the bytes of a
 * rank. Half of a count of a text is spent in collate_ranks_find(). */

/* Far above any vocabulary (the largest known has a quarter of a million), so that a damaged file cannot ask
 * for all of the memory. */
#define MAX_RANK (1u << 22)

typedef struct
{
  guint32 offset;
  guint32 length; /* 0: no token has this rank */
} Token;

typedef struct
{
  guint32 hash;
  guint32 rank; /* COLLATE_NO_RANK: empty */
} Slot;

struct _CollateRanks
{
  GByteArray *pool;
  GArray *tokens; /* of Token, by rank */
  gsize longest;
  Slot *slots;
  guint32 mask;
  guint64 multiplier;
};

static inline guint32
hash_bytes (const CollateRanks *self, const guchar *bytes, gsize length)
{
  guint64 hash = length;
  guint64 word;

  for (; length >= 8; bytes += 8, length -= 8)
    {
      memcpy (&word, bytes, 8);
      hash = (hash ^ word) * self->multiplier;
      hash ^= hash >> 32;
    }
  for (word = 0; length > 0; length--)
    word = word << 8 | *bytes++;
  hash = (hash ^ word) * self->multiplier;
  return hash >> 32;
}

/* The slot where these bytes are, or would be. */
static inline Slot *
find_slot (const CollateRanks *self, const guchar *bytes, gsize length, guint32 hash)
{
  for (guint32 i = hash & self->mask;; i = (i + 1) & self->mask)
    {
      Slot *slot = &self->slots[i];
      const Token *token;

      if (slot->rank == COLLATE_NO_RANK)
        return slot;
      if (slot->hash != hash)
        continue;
      token = &g_array_index (self->tokens, Token, slot->rank);
      if (token->length == length && memcmp (self->pool->data + token->offset, bytes, length) == 0)
        return slot;
    }
}

/* Reads a rank of decimal digits alone. */
static gboolean
read_rank (const char *digits, gsize length, guint32 *rank)
{
  if (length == 0 || length > 8)
    return FALSE;
  *rank = 0;
  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isdigit (digits[i]))
        return FALSE;
      *rank = *rank * 10 + (digits[i] - '0');
    }
  return *rank <= MAX_RANK;
}

/* GLib's decoder passes over what is not base64. */
static gboolean
is_base64 (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/' && text[i] != '=')
      return FALSE;
  return length > 0 && length % 4 == 0;
}

/* Adds the token of one line to the pool and the array; FALSE where the line is none. */
static gboolean
read_line (CollateRanks *self, const char *line, gsize length)
{
  const char *space = memchr (line, ' ', length);
  gsize n_base64 = space ? space - line : 0;
  guint offset = self->pool->len;
  int state = 0;
  guint save = 0;
  guint32 rank;
  Token token;

  if (!is_base64 (line, n_base64) || !read_rank (space + 1, length - n_base64 - 1, &rank))
    return FALSE;

  g_byte_array_set_size (self->pool, offset + n_base64 / 4 * 3);
  token.offset = offset;
  token.length = g_base64_decode_step (line, n_base64, self->pool->data + offset, &state, &save);
  g_byte_array_set_size (self->pool, offset + token.length);

  if (rank >= self->tokens->len)
    g_array_set_size (self->tokens, rank + 1);
  if (token.length == 0 || g_array_index (self->tokens, Token, rank).length != 0)
    return FALSE;
  g_array_index (self->tokens, Token, rank) = token;
  return TRUE;
}

static gboolean
read_lines (CollateRanks *self, GBytes *lines, GError **error)
{
  gsize size;
  const char *at = g_bytes_get_data (lines, &size);
  const char *end = at + size;

  for (guint number = 1; at < end; number++)
    {
      const char *line_end = memchr (at, '\n', end - at);

      if (!line_end)
        line_end = end;
      if (!read_line (self, at, line_end - at))
        {
          g_set_error (error,
                       COLLATE_ERROR,
                       COLLATE_ERROR_INVALID,
                       "line %u of the rank table is not a new token and its rank",
                       number);
          return FALSE;
        }
      at = line_end + 1;
    }
  return TRUE;
}

static void
make_slots (CollateRanks *self)
{
  guint32 n_slots = 1024;

  while (n_slots < self->tokens->len * 2)
    n_slots *= 2;
  self->mask = n_slots - 1;
  self->multiplier = collate_merge_choose_multiplier ();
  self->slots = g_new (Slot, n_slots);
  memset (self->slots, 0xff, n_slots * sizeof (Slot));
}

/* Lets a token be found by its bytes; FALSE where a token of the same bytes is found already. */
static gboolean
hash_token (CollateRanks *self, guint32 rank)
{
  const Token *token = &g_array_index (self->tokens, Token, rank);
  const guchar *bytes = self->pool->data + token->offset;
  guint32 hash = hash_bytes (self, bytes, token->length);
  Slot *slot = find_slot (self, bytes, token->length, hash);

  if (slot->rank != COLLATE_NO_RANK)
    return FALSE;
  *slot = (Slot){ hash, rank };
  self->longest = MAX (self->longest, token->length);
  return TRUE;
}

/* Fills the hash; FALSE where two ranks have the same bytes. */
static gboolean
hash_tokens (CollateRanks *self)
{
  make_slots (self);
  for (guint32 rank = 0; rank < self->tokens->len; rank++)
    if (g_array_index (self->tokens, Token, rank).length > 0 && !hash_token (self, rank))
      return FALSE;
  return TRUE;
}

static gboolean
has_all_bytes (CollateRanks *self)
{
  for (guint i = 0; i < 256; i++)
    {
      guchar byte = i;

      if (collate_ranks_find (self, &byte, 1) == COLLATE_NO_RANK)
        return FALSE;
    }
  return TRUE;
}

CollateRanks *
collate_ranks_new (GBytes *lines, GError **error)
{
  g_autoptr (CollateRanks) self = g_new0 (CollateRanks, 1);

  self->pool = g_byte_array_new ();
  self->tokens = g_array_new (FALSE, TRUE, sizeof (Token));
  if (!read_lines (self, lines, error))
    return NULL;
  if (!hash_tokens (self) || !has_all_bytes (self))
    {
      g_set_error_literal (
          error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "the rank table has a token twice or lacks a byte");
      return NULL;
    }
  return g_steal_pointer (&self);
}

CollateRanks *
collate_ranks_new_from_tokens (const CollateRankedToken *tokens, gsize n_tokens)
{
  CollateRanks *self = g_new0 (CollateRanks, 1);

  self->pool = g_byte_array_new ();
  self->tokens = g_array_new (FALSE, TRUE, sizeof (Token));
  for (gsize i = 0; i < n_tokens; i++)
    {
      Token token = { .offset = self->pool->len, .length = tokens[i].length };

      g_byte_array_append (self->pool, tokens[i].bytes, tokens[i].length);
      g_array_append_val (self->tokens, token);
    }
  make_slots (self);
  for (gsize i = 0; i < n_tokens; i++)
    if (tokens[i].can_be_found && tokens[i].length > 0)
      hash_token (self, i);
  return self;
}

void
collate_ranks_free (CollateRanks *self)
{
  g_byte_array_unref (self->pool);
  g_array_unref (self->tokens);
  g_free (self->slots);
  g_free (self);
}

gsize
collate_ranks_get_size (CollateRanks *self)
{
  return self->tokens->len;
}

guint32
collate_ranks_find (const CollateRanks *self, const guchar *bytes, gsize length)
{
  if (length > self->longest)
    return COLLATE_NO_RANK;
  return find_slot (self, bytes, length, hash_bytes (self, bytes, length))->rank;
}

const guchar *
collate_ranks_get_bytes (CollateRanks *self, guint32 rank, gsize *length)
{
  const Token *token;

  if (rank >= self->tokens->len)
    return NULL;
  token = &g_array_index (self->tokens, Token, rank);
  *length = token->length;
  return token->length > 0 ? self->pool->data + token->offset : NULL;
}
