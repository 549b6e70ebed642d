/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-engine-private.h"

#include "base/collate-error.h"

/* Hands a file's tokenizer over to tokens/ as plain arrays. What a file leaves out is what converters leave out: those
 * of SentencePiece count on its customary numbers and its first token, those of Llama 3 on the first token alone. */

#define KEY(name) "tokenizer.ggml." name

static gint32
get_id (CollateGguf *gguf, const char *key, gint32 fallback, gsize n_tokens)
{
  gint64 id;

  if (!collate_gguf_get_int (gguf, key, &id))
    id = fallback;
  return id >= 0 && (gsize) id < n_tokens ? id : -1;
}

static gboolean
get_flag (CollateGguf *gguf, const char *key, gboolean fallback)
{
  gboolean flag;

  return collate_gguf_get_boolean (gguf, key, &flag) ? flag : fallback;
}

/* An array that the tokenizer may have must have one element a token. */
static gboolean
check_length (const char *key, gint64 length, gint64 n_tokens, GError **error)
{
  if (length < 0 || length == n_tokens)
    return TRUE;
  g_set_error (error,
               COLLATE_ERROR,
               COLLATE_ERROR_INVALID,
               "%s has %" G_GINT64_FORMAT " elements for %" G_GINT64_FORMAT " tokens",
               key,
               length,
               n_tokens);
  return FALSE;
}

static gboolean
read_arrays (CollateGguf *gguf, CollateVocabularyParams *params, GError **error)
{
  gint64 n_tokens = collate_gguf_get_strings (gguf, KEY ("tokens"), &params->tokens, &params->token_lengths);
  gint64 n_merges = collate_gguf_get_strings (gguf, KEY ("merges"), &params->merges, &params->merge_lengths);

  if (n_tokens < 1 || n_tokens > G_MAXINT32)
    {
      g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, KEY ("tokens") " is missing");
      return FALSE;
    }
  params->n_tokens = n_tokens;
  params->n_merges = MAX (0, n_merges);
  return check_length (KEY ("token_type"),
                       collate_gguf_get_ints (gguf, KEY ("token_type"), &params->types),
                       n_tokens,
                       error) &&
         check_length (KEY ("scores"),
                       collate_gguf_get_floats (gguf, KEY ("scores"), &params->scores),
                       n_tokens,
                       error);
}

gboolean
collate_tokenizer_read (CollateGguf *gguf, CollateTokenizer *tokenizer, GError **error)
{
  CollateVocabularyParams params = {
    .model = collate_gguf_get_string (gguf, KEY ("model")),
    .pre = collate_gguf_get_string (gguf, KEY ("pre")),
  };
  gboolean pieces = g_strcmp0 (params.model, "llama") == 0;
  gsize n;

  if (!params.model)
    {
      g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, KEY ("model") " is missing");
      return FALSE;
    }
  if (!read_arrays (gguf, &params, error))
    return FALSE;

  n = params.n_tokens;
  params.bos = get_id (gguf, KEY ("bos_token_id"), pieces ? 1 : -1, n);
  params.eos = get_id (gguf, KEY ("eos_token_id"), pieces ? 2 : -1, n);
  params.unknown = get_id (gguf, KEY ("unknown_token_id"), pieces ? 0 : -1, n);
  params.add_bos = get_flag (gguf, KEY ("add_bos_token"), pieces || g_strcmp0 (params.pre, "llama-bpe") == 0);
  params.add_space_prefix = get_flag (gguf, KEY ("add_space_prefix"), pieces);

  tokenizer->bos = params.bos;
  tokenizer->add_bos = params.add_bos && params.bos >= 0;
  tokenizer->ends[0] = params.eos;
  tokenizer->ends[1] = get_id (gguf, KEY ("eot_token_id"), -1, n);
  tokenizer->ends[2] = get_id (gguf, KEY ("eom_token_id"), -1, n);
  tokenizer->vocabulary = collate_vocabulary_new (&params, error);
  return tokenizer->vocabulary != NULL && collate_gguf_check (gguf, error);
}

CollateVocabulary *
collate_engine_read_vocabulary (const char *path, GError **error)
{
  g_autoptr (CollateGguf) gguf = collate_gguf_open (path, error);
  CollateTokenizer tokenizer = { 0 };

  if (gguf && !collate_tokenizer_read (gguf, &tokenizer, error))
    g_clear_pointer (&tokenizer.vocabulary, collate_vocabulary_unref);
  return tokenizer.vocabulary;
}
