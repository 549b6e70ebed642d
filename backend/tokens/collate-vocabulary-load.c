/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tokens/collate-vocabulary-private.h"

#include <stdlib.h>
#include <string.h>

#include "base/collate-error.h"
#include "tokens/collate-alphabet.h"

/* Far above any vocabulary (the largest known has a quarter of a million tokens of 3 MB), so that a damaged file cannot
 * ask for all of the memory. */
#define MAX_TOKENS (1u << 22)
#define MAX_MERGES (1u << 23)
#define MAX_BYTES (1u << 26)

/* tokenizer.ggml.token_type */
typedef enum
{
  NORMAL = 1,
  UNKNOWN = 2,
  CONTROL = 3,
  USER_DEFINED = 4,
  BYTE = 6,
} Kind;

/* Within DeepSeek's tags of calls, where a vocabulary has it: no text may spell it, and who looks for calls must see it. */
#define DSML "｜DSML｜"

/* SentencePiece's space, U+2581. */
#define SPACE "\xe2\x96\x81"

static gboolean
has_affixes (const CollateVocabularyParams *params, gsize i, const char *prefix, const char *suffix)
{
  const char *token = params->tokens[i];
  gsize length = params->token_lengths[i];
  gsize n_prefix = strlen (prefix);
  gsize n_suffix = strlen (suffix);

  return length > n_prefix + n_suffix && memcmp (token, prefix, n_prefix) == 0 &&
         memcmp (token + length - n_suffix, suffix, n_suffix) == 0;
}

static gboolean
is_dsml (const CollateVocabularyParams *params, gsize i)
{
  return params->token_lengths[i] == strlen (DSML) && memcmp (params->tokens[i], DSML, strlen (DSML)) == 0;
}

/* Many files call user-defined what marks the turns of a chat, which a text must not be able to. */
static Kind
get_kind (const CollateVocabularyParams *params, gsize i)
{
  gint32 id = i;

  if (id == params->bos || id == params->eos)
    return CONTROL;
  if (!params->types)
    return id == params->unknown ? UNKNOWN : NORMAL;
  if ((params->types[i] == CONTROL || params->types[i] == USER_DEFINED) && is_dsml (params, i))
    return USER_DEFINED;
  if (params->types[i] == USER_DEFINED &&
      (has_affixes (params, i, "<|", "|>") || has_affixes (params, i, "<\xef\xbd\x9c", "\xef\xbd\x9c>")))
    return CONTROL;
  return params->types[i];
}

/* The byte that "<0xNN>" stands for, or -1. */
static int
read_byte (const CollateVocabularyParams *params, gsize i)
{
  const char *token = params->tokens[i];

  if (params->token_lengths[i] != 6 || !has_affixes (params, i, "<0x", ">") || !g_ascii_isxdigit (token[3]) ||
      !g_ascii_isxdigit (token[4]))
    return -1;
  return g_ascii_xdigit_value (token[3]) << 4 | g_ascii_xdigit_value (token[4]);
}

/* Appends a spelling with SentencePiece's spaces as spaces; FALSE where it has plain ones, which no text has once
 * SentencePiece looks at it. */
static gboolean
decode_spaces (const char *token, gsize length, GByteArray *bytes)
{
  const char *end = token + length;

  while (token < end)
    {
      const char *space = memmem (token, end - token, SPACE, strlen (SPACE));

      g_byte_array_append (bytes, (const guint8 *) token, (space ? space : end) - token);
      if (!space)
        break;
      g_byte_array_append (bytes, (const guint8 *) " ", 1);
      token = space + strlen (SPACE);
    }
  return memchr (end - length, ' ', length) == NULL;
}

/* Appends the bytes of a token; TRUE where text may become it by merging. */
static gboolean
decode_token (CollateVocabulary *self, const CollateVocabularyParams *params, gsize i, GByteArray *bytes)
{
  const char *token = params->tokens[i];
  gsize length = params->token_lengths[i];
  Kind kind = get_kind (params, i);
  int byte = self->pairs || (params->types && kind != BYTE) ? -1 : read_byte (params, i);
  guint8 value = byte;

  if (kind == CONTROL || kind == UNKNOWN)
    return FALSE;
  if (kind == USER_DEFINED)
    {
      g_byte_array_append (bytes, (const guint8 *) token, length);
      return FALSE;
    }
  if (self->pairs)
    {
      collate_alphabet_decode (token, length, bytes);
      return TRUE;
    }
  if (byte >= 0)
    {
      g_byte_array_append (bytes, &value, 1);
      self->bytes[byte] = i;
      return FALSE;
    }
  return decode_spaces (token, length, bytes);
}

static gboolean
goes_on_after_space (const guint8 *bytes, gsize length)
{
  for (gsize i = 1; i < length; i++)
    if (bytes[i] == ' ' && bytes[i - 1] != ' ')
      return TRUE;
  return FALSE;
}

static void
load_tokens (CollateVocabulary *self, const CollateVocabularyParams *params)
{
  g_autoptr (GByteArray) bytes = g_byte_array_sized_new (64);
  g_autofree gsize *offsets = g_new (gsize, params->n_tokens);
  g_autofree CollateRankedToken *tokens = g_new (CollateRankedToken, params->n_tokens);

  self->words_are_apart = TRUE;
  for (gsize i = 0; i < params->n_tokens; i++)
    {
      offsets[i] = bytes->len;
      tokens[i].can_be_found = decode_token (self, params, i, bytes);
      tokens[i].length = bytes->len - offsets[i];
      if (tokens[i].can_be_found && goes_on_after_space (bytes->data + offsets[i], tokens[i].length))
        self->words_are_apart = FALSE;
    }
  for (gsize i = 0; i < params->n_tokens; i++)
    tokens[i].bytes = bytes->data + offsets[i];
  self->tokens = collate_ranks_new_from_tokens (tokens, params->n_tokens);
}

/* The tokens that are spelt as they are: what find_control() knows, and what is recognised in texts. */
static void
load_spellings (CollateVocabulary *self, const CollateVocabularyParams *params)
{
  g_autofree CollateRankedToken *spellings = g_new0 (CollateRankedToken, params->n_tokens);

  self->literals = collate_literals_new ();
  for (gsize i = 0; i < params->n_tokens; i++)
    {
      const guchar *token = (const guchar *) params->tokens[i];
      Kind kind = get_kind (params, i);

      if (kind == CONTROL || kind == USER_DEFINED)
        spellings[i] = (CollateRankedToken){ token, params->token_lengths[i], TRUE };
      if (kind == USER_DEFINED && !is_dsml (params, i))
        collate_literals_add (self->literals, token, params->token_lengths[i], i);
    }
  self->spellings = collate_ranks_new_from_tokens (spellings, params->n_tokens);
}

/* A merge of tokens that text cannot become is passed over. */
static gboolean
load_merge (CollateVocabulary *self, guint32 order, const char *merge, gsize length, GByteArray *bytes)
{
  const char *space = length > 2 && length <= MAX_BYTES ? memchr (merge + 1, ' ', length - 2) : NULL;
  guint32 left, right, id;
  guint n_left;

  if (!space)
    return FALSE;
  g_byte_array_set_size (bytes, 0);
  collate_alphabet_decode (merge, space - merge, bytes);
  n_left = bytes->len;
  collate_alphabet_decode (space + 1, merge + length - space - 1, bytes);

  left = collate_ranks_find (self->tokens, bytes->data, n_left);
  right = collate_ranks_find (self->tokens, bytes->data + n_left, bytes->len - n_left);
  id = collate_ranks_find (self->tokens, bytes->data, bytes->len);
  if (left != COLLATE_NO_RANK && right != COLLATE_NO_RANK && id != COLLATE_NO_RANK)
    collate_pairs_add (self->pairs, left, right, (CollateMerge){ order, id });
  return TRUE;
}

static gboolean
load_merges (CollateVocabulary *self, const CollateVocabularyParams *params, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_sized_new (64);

  for (gsize i = 0; i < params->n_merges; i++)
    if (!load_merge (self, i, params->merges[i], params->merge_lengths[i], bytes))
      {
        g_set_error (error,
                     COLLATE_ERROR,
                     COLLATE_ERROR_INVALID,
                     "merge %" G_GSIZE_FORMAT " of the vocabulary is not two tokens and a space",
                     i);
        return FALSE;
      }
  return TRUE;
}

typedef struct
{
  float score;
  guint32 id;
} Scored;

static int
compare_scores (const void *a, const void *b)
{
  const Scored *first = a;
  const Scored *second = b;

  return (first->score < second->score) - (first->score > second->score);
}

static void
load_scores (CollateVocabulary *self, const CollateVocabularyParams *params)
{
  g_autofree Scored *scored = g_new (Scored, params->n_tokens);
  guint32 order = 0;

  for (gsize i = 0; i < params->n_tokens; i++)
    scored[i] = (Scored){ params->scores[i] == params->scores[i] ? params->scores[i] : -G_MAXFLOAT, i };
  qsort (scored, params->n_tokens, sizeof (Scored), compare_scores);

  self->orders = g_new (guint32, params->n_tokens);
  for (gsize i = 0; i < params->n_tokens; i++)
    {
      if (i > 0 && scored[i].score != scored[i - 1].score)
        order++;
      self->orders[scored[i].id] = order;
    }
}

/* The names that llama.cpp's converter gives the split rules. */
static gboolean
choose_split (CollateVocabulary *self, const char *pre, GError **error)
{
  static const struct
  {
    const char *pre;
    CollateSplit split;
    gboolean takes_whole_pieces;
  } splits[] = {
    { "default", COLLATE_SPLIT_DEFAULT, FALSE },
    { "gpt-2", COLLATE_SPLIT_GPT2, FALSE },
    { "smollm", COLLATE_SPLIT_SMOLLM, FALSE },
    { "llama-bpe", COLLATE_SPLIT_LLAMA3, TRUE },
    { "llama3", COLLATE_SPLIT_LLAMA3, TRUE },
    { "llama-v3", COLLATE_SPLIT_LLAMA3, TRUE },
    { "qwen2", COLLATE_SPLIT_QWEN2, FALSE },
    { "deepseek-r1-qwen", COLLATE_SPLIT_QWEN2, FALSE },
    { "deepseek-v3", COLLATE_SPLIT_DEEPSEEK_V3, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (splits); i++)
    if (g_strcmp0 (pre ? pre : "default", splits[i].pre) == 0)
      {
        self->split = splits[i].split;
        self->takes_whole_pieces = splits[i].takes_whole_pieces;
        return TRUE;
      }
  g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "the split rule “%s” is not known", pre);
  return FALSE;
}

static gboolean
choose_kind (CollateVocabulary *self, const CollateVocabularyParams *params, GError **error)
{
  if (g_strcmp0 (params->model, "gpt2") == 0)
    {
      self->pairs = collate_pairs_new (params->n_merges);
      return choose_split (self, params->pre, error);
    }
  if (g_strcmp0 (params->model, "llama") != 0)
    {
      g_set_error (error,
                   COLLATE_ERROR,
                   COLLATE_ERROR_UNSUPPORTED,
                   "the tokenizer “%s” is not known",
                   params->model ? params->model : "");
      return FALSE;
    }
  if (!params->scores)
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "the vocabulary has no scores");
      return FALSE;
    }
  load_scores (self, params);
  self->adds_space = params->add_space_prefix;
  return TRUE;
}

static gboolean
check_size (const CollateVocabularyParams *params, GError **error)
{
  gsize n_bytes = 0;

  for (gsize i = 0; i < params->n_tokens && i < MAX_TOKENS && n_bytes <= MAX_BYTES; i++)
    n_bytes += MIN (params->token_lengths[i], MAX_BYTES);
  if (params->n_tokens > 0 && params->n_tokens <= MAX_TOKENS && params->n_merges <= MAX_MERGES &&
      n_bytes <= MAX_BYTES)
    return TRUE;
  g_set_error_literal (error,
                       COLLATE_ERROR,
                       COLLATE_ERROR_INVALID,
                       "the vocabulary is empty, or larger than any that is known");
  return FALSE;
}

gboolean
collate_vocabulary_load (CollateVocabulary *self, const CollateVocabularyParams *params, GError **error)
{
  if (!check_size (params, error) || !choose_kind (self, params, error))
    return FALSE;

  memset (self->bytes, 0xff, sizeof self->bytes);
  load_tokens (self, params);
  load_spellings (self, params);
  self->unknown = -1;
  if (params->unknown >= 0 && (gsize) params->unknown < params->n_tokens &&
      get_kind (params, params->unknown) != CONTROL)
    self->unknown = params->unknown;
  return !self->pairs || load_merges (self, params, error);
}
