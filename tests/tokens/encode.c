/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tokens/collate-encoding.h"
#include "tokens/collate-split.h"
#include "vocabulary-file.h"

/* Encodes files for the comparison with the real tokenizers: for every file a line of ids on standard output;
 * --time: for every file the nanoseconds that counting it took, loading not included. An ENCODING with a slash is a
 * vocabulary's file; one after "split:" is a rule, of whose pieces the lengths are printed. */

static const struct
{
  const char *name;
  CollateSplit split;
} splits[] = {
  { "split:gpt-2", COLLATE_SPLIT_GPT2 },
  { "split:smollm", COLLATE_SPLIT_SMOLLM },
  { "split:llama-bpe", COLLATE_SPLIT_LLAMA3 },
  { "split:qwen2", COLLATE_SPLIT_QWEN2 },
  { "split:deepseek-v3", COLLATE_SPLIT_DEEPSEEK_V3 },
  { "split:default", COLLATE_SPLIT_DEFAULT },
};

/* One of the three. */
typedef struct
{
  CollateEncoding *encoding; /* (transfer none) */
  CollateVocabulary *vocabulary;
  const CollateSplit *split;
} Tokenizer;

/* The lengths of the pieces: an array of guint32. */
static GArray *
split_text (CollateSplit split, const char *text, gsize length)
{
  GArray *lengths = g_array_new (FALSE, FALSE, sizeof (guint32));
  CollateSplitter splitter;
  const guchar *piece;
  gsize piece_length;

  collate_splitter_init (&splitter, split, (const guchar *) text, length);
  while (collate_splitter_next (&splitter, &piece, &piece_length))
    {
      guint32 number = piece_length;

      g_array_append_val (lengths, number);
    }
  return lengths;
}

static const CollateSplit *
find_split (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (splits); i++)
    if (strcmp (name, splits[i].name) == 0)
      return &splits[i].split;
  return NULL;
}

static gboolean
encode_file (Tokenizer *tokenizer, const char *path, gboolean timed, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GArray) ids = NULL;
  gsize length;
  gint64 begin;

  if (!g_file_get_contents (path, &text, &length, error))
    return FALSE;

  begin = g_get_monotonic_time ();
  if (tokenizer->split)
    ids = split_text (*tokenizer->split, text, length);
  else if (tokenizer->vocabulary)
    ids = collate_vocabulary_encode (tokenizer->vocabulary, text, length);
  else if (timed)
    collate_encoding_count (tokenizer->encoding, text, length);
  else
    ids = collate_encoding_encode (tokenizer->encoding, text, length);

  if (timed)
    printf ("%" G_GINT64_FORMAT "\n", (g_get_monotonic_time () - begin) * 1000);
  else
    {
      for (guint i = 0; i < ids->len; i++)
        printf ("%u ", g_array_index (ids, guint32, i));
      printf ("\n");
    }
  return TRUE;
}

int
main (int argc, char **argv)
{
  gboolean timed = FALSE;
  g_auto (GStrv) arguments = NULL;
  const GOptionEntry entries[] = {
    { "time", 0, 0, G_OPTION_ARG_NONE, &timed, "Print times instead of ids", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments, NULL, "ENCODING FILE…" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (CollateEncodings) encodings = NULL;
  g_autoptr (CollateVocabulary) vocabulary = NULL;
  g_autoptr (GError) error = NULL;
  Tokenizer tokenizer = { NULL, NULL, NULL };

  g_option_context_add_main_entries (context, entries, NULL);
  if (g_option_context_parse (context, &argc, &argv, &error) && arguments)
    {
      encodings = collate_encodings_new ("/io/github/collate/Collate/vocabularies");
      tokenizer.split = find_split (arguments[0]);
      if (strchr (arguments[0], '/'))
        tokenizer.vocabulary = vocabulary = vocabulary_file_load (arguments[0], NULL, &error);
      else if (!tokenizer.split)
        tokenizer.encoding = collate_encodings_get (encodings, arguments[0], &error);
    }
  for (gsize i = 1; arguments && !error && arguments[i]; i++)
    encode_file (&tokenizer, arguments[i], timed, &error);

  if (!arguments || error)
    {
      fprintf (stderr, "encode: %s\n", error ? error->message : "no encoding named");
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
