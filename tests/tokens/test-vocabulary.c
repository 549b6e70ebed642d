/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/collate-error.h"
#include "tokens/collate-encoding.h"
#include "tokens/collate-vocabulary.h"
#include "vocabulary-file.h"

enum
{
  NORMAL = 1,
  UNKNOWN = 2,
  CONTROL = 3,
  USER_DEFINED = 4,
  BYTE = 6,
};

#define MILLION 1000000

/* A made-up vocabulary; the arrays end with NULL. */
typedef struct
{
  const char *model;
  const char *pre;
  const char *tokens[16];
  gint32 types[16]; /* 0: normal */
  float scores[16];
  const char *merges[8];
  gint32 unknown; /* 0: none, so never the first */
  gint32 bos;     /* likewise */
  gboolean add_space_prefix;
} Made;

static CollateVocabulary *
make_with_error (const Made *made, GError **error)
{
  gsize token_lengths[16];
  gsize merge_lengths[8];
  gint32 types[16];
  CollateVocabularyParams params = {
    .model = made->model,
    .pre = made->pre,
    .tokens = made->tokens,
    .token_lengths = token_lengths,
    .types = types,
    .scores = made->scores,
    .merges = made->merges,
    .merge_lengths = merge_lengths,
    .bos = made->bos ? made->bos : -1,
    .eos = -1,
    .unknown = made->unknown ? made->unknown : -1,
    .add_space_prefix = made->add_space_prefix,
  };

  for (; made->tokens[params.n_tokens]; params.n_tokens++)
    {
      token_lengths[params.n_tokens] = strlen (made->tokens[params.n_tokens]);
      types[params.n_tokens] = made->types[params.n_tokens] ? made->types[params.n_tokens] : NORMAL;
    }
  for (; made->merges[params.n_merges]; params.n_merges++)
    merge_lengths[params.n_merges] = strlen (made->merges[params.n_merges]);
  return collate_vocabulary_new (&params, error);
}

static CollateVocabulary *
make (const Made *made)
{
  g_autoptr (GError) error = NULL;
  CollateVocabulary *vocabulary = make_with_error (made, &error);

  g_assert_no_error (error);
  return vocabulary;
}

static CollateVocabulary *
load (const char *name)
{
  gboolean is_sentencepiece = strcmp (name, "sentencepiece") == 0;
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "tokens", is_sentencepiece ? "sentencepiece.txt" : "bpe.txt", NULL);
  g_autoptr (GError) error = NULL;
  CollateVocabulary *vocabulary = vocabulary_file_load (path, is_sentencepiece ? NULL : name, &error);

  g_assert_no_error (error);
  return vocabulary;
}

static char *
encode (CollateVocabulary *vocabulary, const char *text, gssize length)
{
  g_autoptr (GArray) ids = collate_vocabulary_encode (vocabulary, text, length);
  GString *string = g_string_new (NULL);

  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf (string, "%s%d", i ? " " : "", g_array_index (ids, gint32, i));
  return g_string_free (string, FALSE);
}

#define assert_encodes(vocabulary, text, expected)                                                           \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    g_autofree char *encoded_ = encode (vocabulary, text, -1);                                               \
                                                                                                             \
    g_assert_cmpstr (encoded_, ==, expected);                                                                \
  }                                                                                                          \
  G_STMT_END

static GByteArray *
decode (CollateVocabulary *vocabulary, GArray *ids)
{
  GByteArray *bytes = g_byte_array_new ();

  for (guint i = 0; i < ids->len; i++)
    {
      gsize length;
      const char *piece = collate_vocabulary_get_piece (vocabulary, g_array_index (ids, gint32, i), &length);

      g_byte_array_append (bytes, (const guint8 *) piece, length);
    }
  return bytes;
}

/* Every line of golden-vocabularies.txt, which make-golden-vocabularies.py wrote with the real tokenizers. */
static void
test_golden (gconstpointer name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "tokens", "golden-vocabularies.txt", NULL);
  g_autoptr (CollateVocabulary) vocabulary = load (name);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n_cases = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], "\t", -1);
      g_autofree guchar *bytes = NULL;
      g_autofree char *found = NULL;
      gsize length;

      if (g_strcmp0 (fields[0], name) != 0)
        continue;
      bytes = g_base64_decode (fields[1], &length);
      found = encode (vocabulary, (const char *) bytes, length);
      g_assert_cmpstr (found, ==, fields[2]);
      n_cases++;
    }
  g_assert_cmpuint (n_cases, >, 50);
}

/* Bytes at random come back as they were, whether they are UTF-8 or not. */
static void
test_round_trip (gconstpointer name)
{
  static const char *const parts[] = { "a",  "é",  "文", "🌍",          " ",      "  ",
                                       "\n", "12", "'s", "<|im_end|>", "<think>" };
  g_autoptr (CollateVocabulary) vocabulary = load (name);
  g_autoptr (GRand) chance = g_rand_new_with_seed (1);
  gsize n_before = strcmp (name, "sentencepiece") == 0 ? 1 : 0;

  for (guint round = 0; round < 500; round++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GArray) ids = NULL;
      g_autoptr (GByteArray) bytes = NULL;

      for (gint i = g_rand_int_range (chance, 1, 40); i > 0; i--)
        if (g_rand_boolean (chance))
          g_string_append (text, parts[g_rand_int_range (chance, 0, G_N_ELEMENTS (parts))]);
        else
          g_string_append_c (text, g_rand_int_range (chance, 0, 256));
      ids = collate_vocabulary_encode (vocabulary, text->str, text->len);
      bytes = decode (vocabulary, ids);
      g_assert_cmpuint (bytes->len, ==, n_before + text->len);
      g_assert_cmpmem (bytes->data + n_before, bytes->len - n_before, text->str, text->len);
    }
}

static void
test_million (gconstpointer name)
{
  static const char letters[] = { 'a', ' ', '0', '\n', '!', '\x80' };
  g_autoptr (CollateVocabulary) vocabulary = load (name);
  gsize n_before = strcmp (name, "sentencepiece") == 0 ? 1 : 0;

  for (guint i = 0; i < G_N_ELEMENTS (letters); i++)
    {
      g_autofree char *text = g_strnfill (MILLION, letters[i]);
      g_autoptr (GArray) ids = collate_vocabulary_encode (vocabulary, text, MILLION);
      g_autoptr (GByteArray) bytes = decode (vocabulary, ids);

      g_assert_cmpuint (bytes->len, ==, n_before + MILLION);
    }
}

/* Control tokens have no bytes, are found by name, and no text becomes one. */
static void
test_controls (gconstpointer name)
{
  g_autoptr (CollateVocabulary) vocabulary = load (name);
  gboolean is_sentencepiece = strcmp (name, "sentencepiece") == 0;
  const char *spelling = is_sentencepiece ? "</s>" : "<|im_end|>";
  gint32 control = collate_vocabulary_find_control (vocabulary, spelling);
  g_autoptr (GArray) ids = collate_vocabulary_encode (vocabulary, spelling, -1);
  gsize length = 1;

  g_assert_cmpint (control, ==, 2);
  g_assert_null (collate_vocabulary_get_piece (vocabulary, control, &length));
  g_assert_cmpuint (length, ==, 0);
  g_assert_cmpuint (ids->len, >, 1);
  for (guint i = 0; i < ids->len; i++)
    g_assert_cmpint (g_array_index (ids, gint32, i), >, 2);

  g_assert_cmpint (collate_vocabulary_find_control (vocabulary, "<|no_such|>"), ==, -1);
  g_assert_cmpint (collate_vocabulary_find_control (vocabulary, "e"), ==, -1);
  g_assert_cmpint (collate_vocabulary_find_control (vocabulary, ""), ==, -1);
  g_assert_null (collate_vocabulary_get_piece (vocabulary, -1, &length));
  g_assert_null (
      collate_vocabulary_get_piece (vocabulary, collate_vocabulary_get_size (vocabulary), &length));
  g_assert_null (collate_vocabulary_get_piece (vocabulary, G_MAXINT32, &length));
}

/* The order of the merges counts, not that of the ids, and tokens that no merge makes are not made. */
static void
test_merges (void)
{
  g_autoptr (CollateVocabulary) last = make (&(Made){
      .model = "gpt2",
      .pre = "gpt-2",
      .tokens = { "a", "b", "c", "ab", "bc", "abc" },
      .merges = { "b c", "a b", "no such", "ab c" },
  });
  g_autoptr (CollateVocabulary) first = make (&(Made){
      .model = "gpt2",
      .pre = "gpt-2",
      .tokens = { "a", "b", "c", "ab", "bc", "abc" },
      .merges = { "a b", "b c" },
  });

  assert_encodes (last, "abc", "0 4");
  assert_encodes (last, "abcab", "0 4 3");
  assert_encodes (last, "", "");
  assert_encodes (first, "abc", "3 2");
  /* Bytes that the vocabulary lacks are left out, and nothing merges across them. */
  assert_encodes (first,
                  "a!b\xff"
                  "ab",
                  "0 1 3");
}

/* Llama 3 takes a whole piece that is a token, whatever the merges say. */
static void
test_whole_pieces (void)
{
  Made made = { .model = "gpt2", .pre = "llama-bpe", .tokens = { "a", "b", "c", "abc", "abcabc" } };
  g_autoptr (CollateVocabulary) llama3 = make (&made);
  g_autoptr (CollateVocabulary) qwen2 = NULL;

  made.pre = "qwen2";
  qwen2 = make (&made);
  assert_encodes (llama3, "abc", "3");
  assert_encodes (llama3, "abcabc", "4");
  assert_encodes (llama3, "abca", "0 1 2 0");
  assert_encodes (qwen2, "abc", "0 1 2");
}

static void
test_unknown (void)
{
  Made made = {
    .model = "gpt2", .pre = "gpt-2", .tokens = { "a", "?" }, .types = { 0, UNKNOWN }, .unknown = 1
  };
  g_autoptr (CollateVocabulary) unknown = make (&made);
  g_autoptr (CollateVocabulary) control = NULL;
  gsize length;

  assert_encodes (unknown, "ab", "0 1");
  g_assert_null (collate_vocabulary_get_piece (unknown, 1, &length));

  /* An unknown token that is a control token is none that a text becomes. */
  made.types[1] = CONTROL;
  control = make (&made);
  assert_encodes (control, "ab", "0");
}

/* User-defined tokens are recognised wherever they stand, the longest of those that begin at the leftmost place. */
static void
test_user_defined (void)
{
  g_autofree char *too_long = g_strnfill (257, 'x');
  g_autofree char *long_enough = g_strnfill (256, 'y');
  g_autoptr (CollateVocabulary) vocabulary = make (&(Made){
      .model = "gpt2",
      .pre = "gpt-2",
      .tokens = { "a", "b", "aab", "aa", "\n ", "a", too_long, "x", long_enough },
      .types = { 0, 0, USER_DEFINED, USER_DEFINED, USER_DEFINED, NORMAL, USER_DEFINED, 0, USER_DEFINED },
  });
  g_autofree char *xs = encode (vocabulary, too_long, -1);
  gsize length;

  assert_encodes (vocabulary, "aaab", "3 0 1");
  assert_encodes (vocabulary, "baab", "1 2");
  assert_encodes (vocabulary, "aa\n a", "3 4 0");
  assert_encodes (vocabulary, long_enough, "8");
  g_assert_true (g_str_has_prefix (xs, "7 7 7 "));
  g_assert_cmpmem (collate_vocabulary_get_piece (vocabulary, 4, &length), 2, "\n ", 2);
  g_assert_cmpuint (length, ==, 2);
  g_assert_cmpint (collate_vocabulary_find_control (vocabulary, "aab"), ==, 2);
}

/* What marks the turns of a chat is no text, though a file may call it user-defined; nor is the first token. */
static void
test_marks_of_turns (void)
{
  g_autoptr (CollateVocabulary) vocabulary = make (&(Made){
      .model = "gpt2",
      .pre = "gpt-2",
      .tokens = { "<", "|", ">", "a", "<|a|>", "<｜a｜>", "<a>", "aa", "a|" },
      .types = { 0, 0, 0, 0, USER_DEFINED, USER_DEFINED, USER_DEFINED },
      .merges = { "a a", "a |" },
      .bos = 7,
  });
  gsize length;

  assert_encodes (vocabulary, "<|a|>", "0 1 3 1 2");
  assert_encodes (vocabulary, "<｜a｜>", "0 3 2");
  assert_encodes (vocabulary, "<a>", "6");
  assert_encodes (vocabulary, "aa", "3 3");
  g_assert_cmpint (collate_vocabulary_find_control (vocabulary, "<|a|>"), ==, 4);
  g_assert_cmpint (collate_vocabulary_find_control (vocabulary, "<｜a｜>"), ==, 5);
  g_assert_cmpint (collate_vocabulary_find_control (vocabulary, "aa"), ==, 7);
  g_assert_null (collate_vocabulary_get_piece (vocabulary, 4, &length));
}

/* Tokens are spelt in the byte alphabet; what cannot be stands for itself. */
static void
test_alphabet (void)
{
  static const char *const tokens[] = { "Ġ", "Ċ", "Ã©", "Ń", "é", "文", "Āa" };
  static const char *const pieces[] = { " ", "\n", "é", "\xad", "\xe9", "文", "" };
  g_autoptr (CollateVocabulary) vocabulary = make (&(Made){
      .model = "gpt2",
      .pre = "gpt-2",
      .tokens = { tokens[0], tokens[1], tokens[2], tokens[3], tokens[4], tokens[5], tokens[6] },
  });
  gsize length;

  for (gint32 i = 0; i < 6; i++)
    {
      const char *piece = collate_vocabulary_get_piece (vocabulary, i, &length);

      g_assert_cmpmem (piece, length, pieces[i], strlen (pieces[i]));
    }
  g_assert_cmpmem (collate_vocabulary_get_piece (vocabulary, 6, &length), 2, "\0a", 2);
  g_assert_cmpuint (length, ==, 2);
  assert_encodes (vocabulary, " \n", "0 1");
}

/* The best score merges first, the leftmost of equals. */
static void
test_scores (void)
{
  Made made = { .model = "llama",
                .tokens = { "a", "b", "c", "ab", "bc", "abc", "▁", "▁a" },
                .scores = { -9, -9, -9, -1, -1, -5, -9, -8 } };
  g_autoptr (CollateVocabulary) equal = make (&made);
  g_autoptr (CollateVocabulary) right = NULL;
  g_autoptr (CollateVocabulary) odd = NULL;

  assert_encodes (equal, "abc", "5");
  assert_encodes (equal, "abbc", "3 4");
  assert_encodes (equal, "abcbc", "5 4");
  assert_encodes (equal, "a a", "0 7");
  assert_encodes (equal, " ▁a", "6 7");
  assert_encodes (equal, "", "");

  made.scores[4] = -0.5f;
  made.tokens[5] = "zzz";
  right = make (&made);
  assert_encodes (right, "abc", "0 4");

  made.scores[4] = G_MAXFLOAT * 0.0f / 0.0f;
  odd = make (&made);
  assert_encodes (odd, "abc", "3 2");
}

static void
test_bytes (void)
{
  Made made = { .model = "llama",
                .tokens = { "a", "<unk>", "<0xC3>", "<0xa9>", "<0x3C>", "<", "▁", "<0xZZ>" },
                .types = { 0, UNKNOWN, BYTE, BYTE, BYTE, 0, 0, BYTE },
                .unknown = 1,
                .add_space_prefix = TRUE };
  g_autoptr (CollateVocabulary) vocabulary = make (&made);
  gsize length;

  assert_encodes (vocabulary, "aéa", "6 0 2 3 0");
  /* Not all of its bytes have tokens. */
  assert_encodes (vocabulary, "文", "6 1");
  assert_encodes (vocabulary, "\xc3", "6 2");
  assert_encodes (vocabulary, "<", "6 5");
  assert_encodes (vocabulary, "", "");
  g_assert_cmpmem (collate_vocabulary_get_piece (vocabulary, 3, &length), 1, "\xa9", 1);
  g_assert_cmpuint (length, ==, 1);
  g_assert_cmpmem (collate_vocabulary_get_piece (vocabulary, 6, &length), 1, " ", 1);
}

/* Tokens that reach from one word into the next are found. */
static void
test_across_words (void)
{
  g_autoptr (CollateVocabulary) vocabulary = make (&(Made){
      .model = "llama",
      .tokens = { "a", "b", "▁", "a▁", "a▁b", "▁b" },
      .scores = { -9, -9, -9, -1, -2, -3 },
  });

  assert_encodes (vocabulary, "a b", "4");
  assert_encodes (vocabulary, "b b", "1 5");
}

static void
test_refusals (void)
{
  static const struct
  {
    Made made;
    CollateError code;
  } refusals[] = {
    { { .model = NULL, .tokens = { "a" } }, COLLATE_ERROR_UNSUPPORTED },
    { { .model = "bert", .tokens = { "a" } }, COLLATE_ERROR_UNSUPPORTED },
    { { .model = "gpt2", .pre = "tekken", .tokens = { "a" } }, COLLATE_ERROR_UNSUPPORTED },
    { { .model = "gpt2", .pre = "", .tokens = { "a" } }, COLLATE_ERROR_UNSUPPORTED },
    { { .model = "gpt2", .pre = "qwen2" }, COLLATE_ERROR_INVALID },
    { { .model = "llama" }, COLLATE_ERROR_INVALID },
    { { .model = "gpt2", .tokens = { "a" }, .merges = { "aa" } }, COLLATE_ERROR_INVALID },
    { { .model = "gpt2", .tokens = { "a" }, .merges = { "a a", "a " } }, COLLATE_ERROR_INVALID },
    { { .model = "gpt2", .tokens = { "a" }, .merges = { " a" } }, COLLATE_ERROR_INVALID },
    { { .model = "gpt2", .tokens = { "a" }, .merges = { "" } }, COLLATE_ERROR_INVALID },
  };

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (make_with_error (&refusals[i].made, &error));
      g_assert_error (error, COLLATE_ERROR, (int) refusals[i].code);
    }
}

/* Numbers that no file can mean are refused before anything is read or taken for them. */
static void
test_sizes (void)
{
  const char *token = "a";
  gsize length = 1;
  CollateVocabularyParams params = { .model = "llama", .tokens = &token, .token_lengths = &length };
  const gsize lengths[] = { G_MAXSIZE, 1u << 27 };
  g_autoptr (GError) error = NULL;

  params.n_tokens = 1;
  g_assert_null (collate_vocabulary_new (&params, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID); /* no scores */
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_clear_error (&error);
      length = lengths[i];
      g_assert_null (collate_vocabulary_new (&params, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
    }
  g_clear_error (&error);
  length = 1;
  params.model = "gpt2";
  params.n_merges = G_MAXSIZE;
  g_assert_null (collate_vocabulary_new (&params, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
}

/* Files may leave the types out, and the split rule. */
static void
test_left_out (void)
{
  static const char *const tokens[] = { "a", "<0x62>", "12", "1", "2", "▁" };
  static const gsize lengths[] = { 1, 6, 2, 1, 1, 3 };
  static const float scores[] = { 0, 0, 0, 0, 0, 0 };
  static const char *const merges[] = { "1 2" };
  static const gsize merge_lengths[] = { 3 };
  CollateVocabularyParams params = { .model = "llama",
                                     .n_tokens = 6,
                                     .tokens = tokens,
                                     .token_lengths = lengths,
                                     .scores = scores,
                                     .bos = -1,
                                     .eos = -1,
                                     .unknown = -1 };
  g_autoptr (CollateVocabulary) sentencepiece = collate_vocabulary_new (&params, NULL);
  g_autoptr (CollateVocabulary) bpe = NULL;

  assert_encodes (sentencepiece, "ab 12", "0 1 5 2");

  params.model = "gpt2";
  params.n_merges = 1;
  params.merges = merges;
  params.merge_lengths = merge_lengths;
  bpe = collate_vocabulary_new (&params, NULL);
  /* By threes. */
  assert_encodes (bpe, "a1212", "0 2 3 4");
}

/* Files among the encodings: each is read once, also where it cannot be read. */

static guint n_loaded;

static CollateVocabulary *
load_by_name (const char *name, GError **error)
{
  n_loaded++;
  if (strcmp (name, COLLATE_ENCODING_FILE "smollm") == 0)
    return load ("smollm");
  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, name);
  return NULL;
}

static void
test_among_encodings (void)
{
  static const char *const text = "Größe 2026, <|im_end|> words  and\nlines";
  g_autoptr (CollateEncodings) encodings = collate_encodings_new ("/none");
  g_autoptr (CollateVocabulary) vocabulary = load ("smollm");
  g_autoptr (GArray) expected = collate_vocabulary_encode (vocabulary, text, -1);
  g_autoptr (GArray) ids = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) none = NULL;
  g_autoptr (GError) missing = NULL;
  CollateEncoding *encoding;

  g_assert_false (collate_encodings_has (encodings, COLLATE_ENCODING_FILE "smollm"));
  g_assert_null (collate_encodings_get (encodings, COLLATE_ENCODING_FILE "smollm", &none));
  g_assert_error (none, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);

  collate_encodings_set_loader (encodings, load_by_name);
  g_assert_true (collate_encodings_has (encodings, COLLATE_ENCODING_FILE "smollm"));
  g_assert_true (collate_encodings_has (encodings, COLLATE_ENCODING_DEFAULT));
  g_assert_false (collate_encodings_has (encodings, "smollm"));
  encoding = collate_encodings_get (encodings, COLLATE_ENCODING_FILE "smollm", NULL);
  g_assert_nonnull (encoding);
  g_assert_true (collate_encodings_get (encodings, COLLATE_ENCODING_FILE "smollm", NULL) == encoding);
  g_assert_cmpuint (n_loaded, ==, 1);

  g_assert_cmpuint (collate_encoding_count (encoding, text, -1), ==, expected->len);
  ids = collate_encoding_encode (encoding, text, -1);
  g_assert_cmpmem (ids->data, ids->len * 4, expected->data, expected->len * 4);
  bytes = collate_encoding_decode (encoding, (const guint32 *) (gpointer) ids->data, ids->len);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), text, strlen (text));

  g_assert_null (collate_encodings_get (encodings, COLLATE_ENCODING_FILE "missing", &missing));
  g_assert_error (missing, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
  g_assert_null (collate_encodings_get (encodings, COLLATE_ENCODING_FILE "missing", NULL));
  g_assert_cmpuint (n_loaded, ==, 2);
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "gpt-2",       "smollm",  "llama-bpe",    "qwen2",
                                       "deepseek-v3", "default", "sentencepiece" };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *golden = g_strdup_printf ("/vocabulary/golden/%s", names[i]);
      g_autofree char *round_trip = g_strdup_printf ("/vocabulary/round-trip/%s", names[i]);
      g_autofree char *million = g_strdup_printf ("/vocabulary/million/%s", names[i]);
      g_autofree char *controls = g_strdup_printf ("/vocabulary/controls/%s", names[i]);

      g_test_add_data_func (golden, names[i], test_golden);
      g_test_add_data_func (round_trip, names[i], test_round_trip);
      g_test_add_data_func (million, names[i], test_million);
      g_test_add_data_func (controls, names[i], test_controls);
    }
  g_test_add_func ("/vocabulary/merges", test_merges);
  g_test_add_func ("/vocabulary/whole-pieces", test_whole_pieces);
  g_test_add_func ("/vocabulary/unknown", test_unknown);
  g_test_add_func ("/vocabulary/user-defined", test_user_defined);
  g_test_add_func ("/vocabulary/marks-of-turns", test_marks_of_turns);
  g_test_add_func ("/vocabulary/alphabet", test_alphabet);
  g_test_add_func ("/vocabulary/scores", test_scores);
  g_test_add_func ("/vocabulary/bytes", test_bytes);
  g_test_add_func ("/vocabulary/across-words", test_across_words);
  g_test_add_func ("/vocabulary/refusals", test_refusals);
  g_test_add_func ("/vocabulary/sizes", test_sizes);
  g_test_add_func ("/vocabulary/left-out", test_left_out);
  g_test_add_func ("/vocabulary/among-encodings", test_among_encodings);
  return g_test_run ();
}
