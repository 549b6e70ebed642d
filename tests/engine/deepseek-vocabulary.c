/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "deepseek-vocabulary.h"

#include <glib/gstdio.h>
#include <string.h>

#include "engine/collate-engine.h"
#include "gguf-writer.h"
#include "tokens/collate-ranks.h"

#define RANKS "/io/github/collate/Collate/vocabularies/deepseek-v3.tiktoken"

enum
{
  NORMAL = 1,
  CONTROL = 3,
  USER_DEFINED = 4,
};

/* In the real vocabulary all but the first three are ordinary added tokens. */
static const struct
{
  guint id;
  const char *spelling;
} specials[] = {
  { 0, "<｜begin▁of▁sentence｜>" },
  { 1, "<｜end▁of▁sentence｜>" },
  { 2, "<｜▁pad▁｜>" },
  { 128798, "<think>" },
  { 128799, "</think>" },
  { 128800, "<｜fim▁hole｜>" },
  { 128801, "<｜fim▁begin｜>" },
  { 128802, "<｜fim▁end｜>" },
  { 128803, "<｜User｜>" },
  { 128804, "<｜Assistant｜>" },
  { 128805, "<|EOT|>" },
  { 128806, "<｜tool▁calls▁begin｜>" },
  { 128807, "<｜tool▁calls▁end｜>" },
  { 128808, "<｜tool▁call▁begin｜>" },
  { 128809, "<｜tool▁call▁end｜>" },
  { 128810, "<｜tool▁outputs▁begin｜>" },
  { 128811, "<｜tool▁outputs▁end｜>" },
  { 128812, "<｜tool▁output▁begin｜>" },
  { 128813, "<｜tool▁output▁end｜>" },
  { 128814, "<｜tool▁sep｜>" },
};

enum
{
  FIRST_ADDED = 128000,
  N_TOKENS = 128815,
};

typedef struct
{
  char *letters[256];
  GPtrArray *tokens;
  GArray *types;
  GPtrArray *merges;
} Builder;

static void
builder_init (Builder *self)
{
  for (guint i = 0; i < 256; i++)
    self->letters[i] = gguf_spell_byte (i);
  self->tokens = g_ptr_array_new_with_free_func (g_free);
  self->types = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->merges = g_ptr_array_new_with_free_func (g_free);
}

static void
builder_clear (Builder *self)
{
  for (guint i = 0; i < 256; i++)
    g_free (self->letters[i]);
  g_ptr_array_unref (self->tokens);
  g_array_unref (self->types);
  g_ptr_array_unref (self->merges);
}

static void
add_token (Builder *self, char *spelling, gint64 type)
{
  g_ptr_array_add (self->tokens, spelling);
  g_array_append_val (self->types, type);
}

static char *
spell_bytes (Builder *self, const guchar *bytes, gsize length)
{
  GString *spelling = g_string_new (NULL);

  for (gsize i = 0; i < length; i++)
    g_string_append (spelling, self->letters[bytes[i]]);
  return g_string_free (spelling, FALSE);
}

/* Where the two parts meet that merging by rank, short of the token itself, leaves of its bytes. */
static gsize
find_last_pair (const CollateRanks *ranks, const guchar *bytes, gsize length)
{
  g_autofree gsize *starts = g_new (gsize, length + 1);
  gsize n = length;

  for (gsize i = 0; i <= length; i++)
    starts[i] = i;
  while (n > 2)
    {
      guint32 lowest = COLLATE_NO_RANK;
      gsize best = 0;

      for (gsize i = 0; i + 1 < n; i++)
        {
          guint32 rank = collate_ranks_find (ranks, bytes + starts[i], starts[i + 2] - starts[i]);

          if (rank < lowest)
            {
              lowest = rank;
              best = i;
            }
        }
      g_assert_cmpuint (lowest, !=, COLLATE_NO_RANK);
      memmove (starts + best + 1, starts + best + 2, (n - best - 1) * sizeof *starts);
      n--;
    }
  return starts[1];
}

static const char *
find_special (guint id)
{
  for (guint i = 0; i < G_N_ELEMENTS (specials); i++)
    if (specials[i].id == id)
      return specials[i].spelling;
  return NULL;
}

static void
add_ranked (Builder *self, CollateRanks *ranks, guint id)
{
  gsize length = 0;
  const guchar *bytes = collate_ranks_get_bytes (ranks, id, &length);

  g_assert_nonnull (bytes);
  add_token (self, spell_bytes (self, bytes, length), NORMAL);
  if (length > 1)
    {
      gsize middle = find_last_pair (ranks, bytes, length);
      g_autofree char *left = spell_bytes (self, bytes, middle);
      g_autofree char *right = spell_bytes (self, bytes + middle, length - middle);

      g_ptr_array_add (self->merges, g_strconcat (left, " ", right, NULL));
    }
}

static void
add_all (Builder *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) lines = g_resources_lookup_data (RANKS, 0, &error);
  g_autoptr (CollateRanks) ranks = NULL;

  g_assert_no_error (error);
  ranks = collate_ranks_new (lines, &error);
  g_assert_no_error (error);
  for (guint id = 0; id < N_TOKENS; id++)
    {
      const char *special = find_special (id);

      if (special)
        add_token (self, g_strdup (special), id < 3 ? CONTROL : USER_DEFINED);
      else if (id >= FIRST_ADDED)
        add_token (self, g_strdup_printf ("<｜place▁holder▁no▁%u｜>", id - FIRST_ADDED), USER_DEFINED);
      else
        add_ranked (self, ranks, id);
    }
}

static void
add_tiny (Builder *self, DsmlKind dsml)
{
  for (guint i = 0; i < G_N_ELEMENTS (specials); i++)
    add_token (self, g_strdup (specials[i].spelling), i < 3 ? CONTROL : USER_DEFINED);
  if (dsml != DSML_TEXT)
    add_token (self, g_strdup ("｜DSML｜"), dsml);
  for (guint byte = 0; byte < 256; byte++)
    add_token (self, g_strdup (self->letters[byte]), NORMAL);
}

static CollateVocabulary *
read_back (GgufWriter *writer)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("collate-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "vocabulary.gguf", NULL);
  CollateVocabulary *vocabulary;

  g_assert_no_error (error);
  gguf_writer_save (writer, path);
  vocabulary = collate_engine_read_vocabulary (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  g_rmdir (folder);
  return vocabulary;
}

/* As llama.cpp's converter writes DeepSeek's. */
static CollateVocabulary *
build (Builder *self)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new (3);

  gguf_writer_add_string (writer, "tokenizer.ggml.model", "gpt2");
  gguf_writer_add_string (writer, "tokenizer.ggml.pre", "deepseek-v3");
  gguf_writer_add_strings (
      writer, "tokenizer.ggml.tokens", (const char *const *) self->tokens->pdata, NULL, self->tokens->len);
  gguf_writer_add_ints (writer,
                        "tokenizer.ggml.token_type",
                        GGUF_INT32,
                        (const gint64 *) (gpointer) self->types->data,
                        self->types->len);
  gguf_writer_add_strings (
      writer, "tokenizer.ggml.merges", (const char *const *) self->merges->pdata, NULL, self->merges->len);
  gguf_writer_add_int (writer, "tokenizer.ggml.bos_token_id", GGUF_UINT32, 0);
  gguf_writer_add_int (writer, "tokenizer.ggml.eos_token_id", GGUF_UINT32, 1);
  return read_back (writer);
}

CollateVocabulary *
deepseek_vocabulary_new (void)
{
  Builder builder;
  CollateVocabulary *vocabulary;

  builder_init (&builder);
  add_all (&builder);
  vocabulary = build (&builder);
  builder_clear (&builder);
  return vocabulary;
}

CollateVocabulary *
deepseek_vocabulary_new_tiny (DsmlKind dsml)
{
  Builder builder;
  CollateVocabulary *vocabulary;

  builder_init (&builder);
  add_tiny (&builder, dsml);
  vocabulary = build (&builder);
  builder_clear (&builder);
  return vocabulary;
}

/* What stands in a special token's spelling between its bars; (nullable) (transfer full). */
static char *
get_name (CollateVocabulary *vocabulary, gint32 id)
{
  static const char *const marks[] = { "<think>", "</think>", "｜DSML｜" };

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    if (id == collate_vocabulary_find_control (vocabulary, marks[i]))
      return i < 2 ? g_strndup (marks[i] + 1, strlen (marks[i]) - 2) : g_strdup ("DSML");
  for (guint i = 0; i < G_N_ELEMENTS (specials); i++)
    if (id == collate_vocabulary_find_control (vocabulary, specials[i].spelling))
      {
        g_auto (GStrv) parts = g_strsplit (specials[i].spelling, "｜", 3);

        return g_strdup (parts[1] ? parts[1] : parts[0]);
      }
  return NULL;
}

char *
deepseek_vocabulary_spell (CollateVocabulary *vocabulary, const GArray *ids)
{
  GString *spelling = g_string_new (NULL);

  for (guint i = 0; i < ids->len; i++)
    {
      gint32 id = g_array_index (ids, gint32, i);
      g_autofree char *name = get_name (vocabulary, id);
      gsize length;
      const char *piece = collate_vocabulary_get_piece (vocabulary, id, &length);

      if (name)
        g_string_append_printf (spelling, "[%s]", name);
      else
        g_string_append_len (spelling, piece, length);
    }
  return g_string_free (spelling, FALSE);
}
