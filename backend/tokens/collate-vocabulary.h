/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A model file's own tokenizer, handed over as plain arrays: byte-level BPE by merges, or SentencePiece by scores. The
 * spelling of a control token in a text is text. Immutable once made; any thread. */
typedef struct _CollateVocabulary CollateVocabulary;

/* What the file says; everything is copied. */
typedef struct
{
  const char *model; /* tokenizer.ggml.model: "gpt2" (byte-level BPE) or "llama" (SentencePiece) */
  const char
      *pre; /* tokenizer.ggml.pre: "smollm", "llama-bpe", "qwen2", "deepseek-v3", "default"; (nullable) */
  gsize n_tokens;
  const char *const *tokens; /* spellings, not NUL-terminated */
  const gsize *token_lengths;
  const gint32 *
      types; /* tokenizer.ggml.token_type: 1 normal, 2 unknown, 3 control, 4 user-defined, 6 byte; (nullable) */
  const float *scores; /* (nullable) for BPE */
  gsize n_merges;
  const char *const *merges; /* "left right" in the byte alphabet */
  const gsize *merge_lengths;
  gint32 bos, eos, unknown; /* -1: none */
  gboolean add_bos;
  gboolean add_space_prefix; /* SentencePiece */
} CollateVocabularyParams;

/* (nullable) (transfer full); COLLATE_ERROR_UNSUPPORTED (another kind or split), COLLATE_ERROR_INVALID. */
CollateVocabulary *collate_vocabulary_new (const CollateVocabularyParams *params, GError **error);
CollateVocabulary *collate_vocabulary_ref (CollateVocabulary *vocabulary);
void collate_vocabulary_unref (CollateVocabulary *vocabulary);

/* Tokens of a text of `length` bytes (-1: to the NUL): an array of gint32; user-defined tokens are recognised, control
 * tokens never; O(n log n); (transfer full). */
GArray *collate_vocabulary_encode (CollateVocabulary *vocabulary, const char *text, gssize length);

/* The bytes of a token; NULL and 0 for control tokens and ids out of range; "｜DSML｜", which begins DeepSeek's tags of
 * calls, has its own, although no text becomes it. */
const char *collate_vocabulary_get_piece (CollateVocabulary *vocabulary, gint32 token, gsize *length);

/* The control (or user-defined) token spelt exactly so, or -1: for chat formats. */
gint32 collate_vocabulary_find_control (CollateVocabulary *vocabulary, const char *spelling);

gsize collate_vocabulary_get_size (CollateVocabulary *vocabulary);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateVocabulary, collate_vocabulary_unref)

G_END_DECLS
