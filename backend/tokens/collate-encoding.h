/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "tokens/collate-vocabulary.h"

G_BEGIN_DECLS

/* A tokenizer: bytes to tokens and back, exact. Byte-pair encoding by ranks over pieces that the encoding's
 * own rule splits off. The spelling of a special token in a text is text. Immutable once made; any thread.
   */
typedef struct _CollateEncoding CollateEncoding;

/* How an encoding splits a text into the pieces within which tokens merge. */
typedef enum
{
  COLLATE_SPLIT_CL100K,
  COLLATE_SPLIT_O200K,
  COLLATE_SPLIT_DEEPSEEK_V3,
  COLLATE_SPLIT_GPT2,
  COLLATE_SPLIT_SMOLLM,
  COLLATE_SPLIT_LLAMA3,
  COLLATE_SPLIT_QWEN2,
  COLLATE_SPLIT_DEFAULT, /* of a model file that names no other */
} CollateSplit;

/* Reads a rank table: a line a token, base64 of its bytes, a space, its rank; (nullable) (transfer full).
 * COLLATE_ERROR_INVALID where a line is no such line or a single byte has no rank. */
CollateEncoding *collate_encoding_new (const char *name, CollateSplit split, GBytes *ranks, GError **error);

/* A model file's own tokenizer as an encoding; (transfer full). */
CollateEncoding *collate_encoding_new_for_vocabulary (const char *name, CollateVocabulary *vocabulary);

CollateEncoding *collate_encoding_ref (CollateEncoding *encoding);
void collate_encoding_unref (CollateEncoding *encoding);

/* "cl100k_base", "o200k_base" or "deepseek-v3"; static. */
const char *collate_encoding_get_name (CollateEncoding *encoding);

/* The number of tokens in `length` bytes (-1: to the NUL) of UTF-8; invalid bytes count as U+FFFD, as
 * Python's tiktoken counts them. O(n log n) on any input. */
gsize collate_encoding_count (CollateEncoding *encoding, const char *text, gssize length);

/* The tokens themselves: an array of guint32; (transfer full). */
GArray *collate_encoding_encode (CollateEncoding *encoding, const char *text, gssize length);

/* The bytes that `n_ids` tokens stand for (not always UTF-8); ids outside the table are left out; (transfer
 * full). */
GBytes *collate_encoding_decode (CollateEncoding *encoding, const guint32 *ids, gsize n_ids);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateEncoding, collate_encoding_unref)

/* The encodings that the program ships, each loaded from GResource the first time it is asked for and then
 * kept. Any thread. */
typedef struct _CollateEncodings CollateEncodings;

/* The default encoding: the one that the tutorial counted with. */
#define COLLATE_ENCODING_DEFAULT "cl100k_base"

/* The encodings below the resource folder `prefix` ("/io/github/collate/Collate/vocabularies"); (transfer
 * full). */
CollateEncodings *collate_encodings_new (const char *prefix);
CollateEncodings *collate_encodings_ref (CollateEncodings *encodings);
void collate_encodings_unref (CollateEncodings *encodings);

/* What the name of a model file's own tokenizer begins with. */
#define COLLATE_ENCODING_FILE "gguf:"

/* Reads the tokenizer of such a name; any thread; blocks; (nullable) (transfer full). */
typedef CollateVocabulary *(*CollateVocabularyLoader) (const char *name, GError **error);

/* Lets collate_encodings_get() read model files' tokenizers, each once. Before anything else is asked of `encodings`. */
void collate_encodings_set_loader (CollateEncodings *encodings, CollateVocabularyLoader loader);

/* The names of all that the program ships, NULL-terminated, the default first; static. */
const char *const *collate_encodings_get_names (void);

/* TRUE where the name is one of these, or a model file's that may be read. */
gboolean collate_encodings_has (CollateEncodings *encodings, const char *name);

/* An encoding by name; (nullable) (transfer none), alive as long as `encodings`. COLLATE_ERROR_UNSUPPORTED
 * where the name is none of collate_encodings_get_names() and no model file's; the loader's own errors, the first time.
 * Loading takes some 50 ms: not on the main loop.
   */
CollateEncoding *collate_encodings_get (CollateEncodings *encodings, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateEncodings, collate_encodings_unref)

G_END_DECLS
