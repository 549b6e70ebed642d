/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "base/collate-error.h"
#include "gguf-writer.h"
#include "tokens/collate-vocabulary.h"

/* A vocabulary of strangers' tokens and merges, and a text for it. An input chooses the kind, then has tokens and merges
 * each behind their length, and the text at its end. Where all bytes are tokens, no byte of a text may be lost. */

static const char *const splits[] = {
  "default", "gpt-2", "smollm", "llama-bpe", "qwen2", "deepseek-v3", NULL
};

enum
{
  PIECES = 1,    /* SentencePiece, else byte-level BPE */
  ALL_BYTES = 2, /* the vocabulary begins with them */
  NO_TYPES = 4,
  SPACE = 8,
};

typedef struct
{
  GPtrArray *texts; /* owned */
  GArray *lengths;  /* of gsize */
} Strings;

static void
add_string (Strings *strings, const void *data, gsize length)
{
  g_ptr_array_add (strings->texts, length > 0 ? g_memdup2 (data, length) : g_malloc (1));
  g_array_append_val (strings->lengths, length);
}

static Strings
begin_strings (void)
{
  return (Strings){ g_ptr_array_new_with_free_func (g_free), g_array_new (FALSE, FALSE, sizeof (gsize)) };
}

static void
end_strings (Strings *strings)
{
  g_ptr_array_unref (strings->texts);
  g_array_unref (strings->lengths);
}

static void
add_bytes (Strings *tokens, GArray *types, gboolean pieces)
{
  for (guint byte = 0; byte < 256; byte++)
    {
      gint32 type = pieces ? 6 : 1;
      g_autofree char *spelling = pieces ? g_strdup_printf ("<0x%02X>", byte) : gguf_spell_byte (byte);

      add_string (tokens, spelling, strlen (spelling));
      g_array_append_val (types, type);
    }
}

/* What is read back is what was written, where the vocabulary can: byte for byte, but for SentencePiece's space. */
static void
check_text (CollateVocabulary *vocabulary, const FuzzInput *text, gboolean exact)
{
  g_autoptr (GArray) ids =
      collate_vocabulary_encode (vocabulary, (const char *) text->data, (gssize) text->size);
  g_autoptr (GByteArray) back = g_byte_array_new ();

  for (guint i = 0; i < ids->len; i++)
    {
      gint32 id = g_array_index (ids, gint32, i);
      gsize length;
      const char *piece = collate_vocabulary_get_piece (vocabulary, id, &length);

      g_assert_true (id >= 0 && (gsize) id < collate_vocabulary_get_size (vocabulary));
      g_byte_array_append (back, (const guint8 *) piece, (guint) length);
    }
  g_assert_true (!exact || (back->len == text->size &&
                            (text->size == 0 || memcmp (back->data, text->data, back->len) == 0)));
}

static void
read_strings (FuzzInput *input, Strings *strings, GArray *types, GArray *scores)
{
  for (guint n = fuzz_input_take (input); n > 0 && input->size > 0; n--)
    {
      guint8 choice = types != NULL ? fuzz_input_take (input) : 0;
      gint32 type = choice % 8;
      float score = (float) choice - 128;
      FuzzInput part = fuzz_input_take_part (input);

      add_string (strings, part.data, part.size);
      if (types != NULL)
        g_array_append_val (types, type);
      if (scores != NULL)
        g_array_append_val (scores, score);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  FuzzInput input = { data, size };
  guint8 kind = fuzz_input_take (&input);
  gboolean pieces = (kind & PIECES) != 0;
  Strings tokens = begin_strings (), merges = begin_strings ();
  g_autoptr (GArray) types = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GArray) scores = g_array_new (FALSE, TRUE, sizeof (float));
  g_autoptr (CollateVocabulary) vocabulary = NULL;
  g_autoptr (GError) error = NULL;
  CollateVocabularyParams params = {
    .model = pieces ? "llama" : "gpt2",
    .pre = splits[(kind >> 4) % G_N_ELEMENTS (splits)],
    .bos = -1,
    .eos = -1,
    .unknown = -1,
    .add_space_prefix = (kind & SPACE) != 0,
  };

  if ((kind & ALL_BYTES) != 0)
    add_bytes (&tokens, types, pieces);
  g_array_set_size (scores, types->len);
  read_strings (&input, &tokens, types, scores);
  read_strings (&input, &merges, NULL, NULL);

  params.n_tokens = tokens.texts->len;
  params.tokens = (const char *const *) tokens.texts->pdata;
  params.token_lengths = (const gsize *) (gpointer) tokens.lengths->data;
  params.types = (kind & NO_TYPES) != 0 ? NULL : (const gint32 *) (gpointer) types->data;
  params.scores = pieces ? (const float *) (gpointer) scores->data : NULL;
  params.n_merges = merges.texts->len;
  params.merges = (const char *const *) merges.texts->pdata;
  params.merge_lengths = (const gsize *) (gpointer) merges.lengths->data;
  vocabulary = collate_vocabulary_new (&params, &error);
  g_assert_true ((vocabulary == NULL) == (error != NULL));
  if (vocabulary != NULL)
    check_text (vocabulary, &input, !pieces && (kind & ALL_BYTES) != 0);

  end_strings (&tokens);
  end_strings (&merges);
  return 0;
}

static void
add_part (GByteArray *seed, const char *text)
{
  guint8 length = (guint8) strlen (text);

  g_byte_array_append (seed, &length, 1);
  g_byte_array_append (seed, (const guint8 *) text, length);
}

/* The same few tokens in each kind. */
static void
add_seed (guint8 kind, FuzzSeedFunc on_seed, gpointer user_data)
{
  static const char *const tokens[] = { "th", "the", "\xc4\xa0the", "\xe2\x96\x81the", "<|user|>", "12" };
  static const guint8 types[] = { 1, 1, 1, 1, 4, 1 };
  static const char *const merges[] = { "t h", "th e", "\xc4\xa0 the", "1 2" };
  g_autoptr (GByteArray) seed = g_byte_array_new ();
  g_autofree char *name = g_strdup_printf ("kind-%02x", kind);
  const guint8 n_tokens = G_N_ELEMENTS (tokens), n_merges = G_N_ELEMENTS (merges);
  static const char text[] =
      "the the<|user|> 12345 can't\r\n\t \xd7\xa9\xe4\xbd\xa0\xf0\x9f\xa6\x89\xff Na\xc3\xafve";

  g_byte_array_append (seed, &kind, 1);
  g_byte_array_append (seed, &n_tokens, 1);
  for (gsize i = 0; i < n_tokens; i++)
    {
      g_byte_array_append (seed, &types[i], 1);
      add_part (seed, tokens[i]);
    }
  g_byte_array_append (seed, &n_merges, 1);
  for (gsize i = 0; i < n_merges; i++)
    add_part (seed, merges[i]);
  g_byte_array_append (seed, (const guint8 *) text, strlen (text));
  on_seed (name, seed->data, seed->len, user_data);
}

void
fuzz_each_seed (FuzzSeedFunc on_seed, gpointer user_data)
{
  for (guint split = 0; split < G_N_ELEMENTS (splits); split++)
    add_seed ((guint8) (ALL_BYTES | split << 4), on_seed, user_data);
  add_seed (PIECES | ALL_BYTES, on_seed, user_data);
  add_seed (PIECES | ALL_BYTES | SPACE, on_seed, user_data);
  add_seed (PIECES | NO_TYPES, on_seed, user_data);
  add_seed (0, on_seed, user_data);
}
