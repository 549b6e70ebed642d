/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gguf-writer.h"

/* Writes a model file that says, whatever it is asked, certain pieces of text one after another, and ends: PATH PIECE...
 * No two pieces are the same. Its conversations are DeepSeek 3.2's. Each piece is a token, and says which one comes next:
 * attention and feed-forward give nothing. */

#define COLUMNS 64
#define HIDDEN 64
#define CONTEXT 4096

static const char template[] = "{%- set dsml_token = '｜DSML｜' -%}{{- bos_token -}}{{- ns.system_prompt -}}"
                               "{{- '<｜User｜>' + message['content'] -}}{{- '<｜Assistant｜>' -}}"
                               "{{- '\\n\\n<' + dsml_token + 'function_calls>\\n' -}}";

enum
{
  BOS,
  EOS,
  USER,
  ASSISTANT,
  THINK,
  ANSWER,
  DSML,
  FIRST_BYTE,
  FIRST_PIECE = FIRST_BYTE + 256,
};

static const char *const specials[] = {
  "<｜begin▁of▁sentence｜>",
  "<｜end▁of▁sentence｜>",
  "<｜User｜>",
  "<｜Assistant｜>",
  "<think>",
  "</think>",
  "｜DSML｜",
};

static GPtrArray *
make_tokens (char **pieces, gsize n_pieces, GArray *types)
{
  GPtrArray *tokens = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < FIRST_PIECE + n_pieces; i++)
    {
      gint64 type = i < THINK ? 3 : i < FIRST_BYTE || i >= FIRST_PIECE ? 4 : 1;
      char *token = i < FIRST_BYTE    ? g_strdup (specials[i])
                    : i < FIRST_PIECE ? gguf_spell_byte (i - FIRST_BYTE)
                                      : g_strdup (pieces[i - FIRST_PIECE]);

      g_ptr_array_add (tokens, token);
      g_array_append_val (types, type);
    }

  return tokens;
}

static void
add_vocabulary (GgufWriter *writer, GPtrArray *tokens, GArray *types)
{
  const char *const merges[] = { "h e" };

  gguf_writer_add_string (writer, "tokenizer.ggml.model", "gpt2");
  gguf_writer_add_string (writer, "tokenizer.ggml.pre", "deepseek-v3");
  gguf_writer_add_strings (
      writer, "tokenizer.ggml.tokens", (const char *const *) tokens->pdata, NULL, tokens->len);
  gguf_writer_add_ints (
      writer, "tokenizer.ggml.token_type", GGUF_INT32, (const gint64 *) (gpointer) types->data, types->len);
  gguf_writer_add_strings (writer, "tokenizer.ggml.merges", merges, NULL, G_N_ELEMENTS (merges));
  gguf_writer_add_int (writer, "tokenizer.ggml.bos_token_id", GGUF_UINT32, BOS);
  gguf_writer_add_int (writer, "tokenizer.ggml.eos_token_id", GGUF_UINT32, EOS);
  gguf_writer_add_string (writer, "tokenizer.chat_template", template);
}

static void
add_shape (GgufWriter *writer)
{
  static const struct
  {
    const char *key;
    gint64 value;
  } figures[] = {
    { "llama.context_length", CONTEXT }, { "llama.embedding_length", COLUMNS },
    { "llama.block_count", 1 },          { "llama.feed_forward_length", HIDDEN },
    { "llama.attention.head_count", 2 }, { "llama.attention.head_count_kv", 2 },
  };

  gguf_writer_add_string (writer, "general.architecture", "llama");
  for (gsize i = 0; i < G_N_ELEMENTS (figures); i++)
    gguf_writer_add_int (writer, figures[i].key, GGUF_UINT32, figures[i].value);
  gguf_writer_add_double (writer, "llama.attention.layer_norm_rms_epsilon", GGUF_FLOAT32, 1e-5);
  gguf_writer_add_double (writer, "llama.rope.freq_base", GGUF_FLOAT32, 10000);
}

static void
add_layer (GgufWriter *writer)
{
  static const char *const matrices[] = { "attn_q",   "attn_k", "attn_v",  "attn_output",
                                          "ffn_gate", "ffn_up", "ffn_down" };
  static const char *const norms[] = { "blk.0.attn_norm.weight",
                                       "blk.0.ffn_norm.weight",
                                       "output_norm.weight" };
  g_autofree float *zeros = g_new0 (float, COLUMNS *COLUMNS);
  float ones[COLUMNS];

  for (gsize i = 0; i < COLUMNS; i++)
    ones[i] = 1;
  for (gsize i = 0; i < G_N_ELEMENTS (matrices); i++)
    {
      g_autofree char *name = g_strdup_printf ("blk.0.%s.weight", matrices[i]);

      gguf_writer_add_tensor (writer, name, COLLATE_F32, COLUMNS, COLUMNS, zeros);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (norms); i++)
    gguf_writer_add_tensor (writer, norms[i], COLLATE_F32, COLUMNS, 1, ones);
}

/* A column for each token that is followed by a certain one. */
static void
follow (float *embedding, float *output, gsize column, gsize token, gsize next)
{
  embedding[token * COLUMNS + column] = 1;
  output[next * COLUMNS + column] = 1;
}

static void
add_chain (GgufWriter *writer, char **pieces, gsize n_pieces)
{
  gsize n_tokens = FIRST_PIECE + n_pieces;
  g_autofree float *embedding = g_new0 (float, n_tokens *COLUMNS);
  g_autofree float *output = g_new0 (float, n_tokens *COLUMNS);
  gsize token = THINK, answer = FIRST_PIECE;

  for (gsize i = 0; i < n_pieces; i++)
    {
      gboolean closes = g_str_equal (pieces[i], specials[ANSWER]);
      gsize next = closes ? ANSWER : FIRST_PIECE + i;

      follow (embedding, output, i, token, next);
      token = next;
      if (closes)
        answer = FIRST_PIECE + i + 1;
    }
  follow (embedding, output, n_pieces, token, EOS);
  if (answer == FIRST_PIECE)
    follow (embedding, output, n_pieces + 1, ANSWER, answer);
  gguf_writer_add_tensor (writer, "token_embd.weight", COLLATE_F32, COLUMNS, n_tokens, embedding);
  gguf_writer_add_tensor (writer, "output.weight", COLLATE_F32, COLUMNS, n_tokens, output);
}

int
main (int argc, char **argv)
{
  gsize n_pieces = argc - 2;
  g_autoptr (GgufWriter) writer = NULL;
  g_autoptr (GArray) types = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) tokens = NULL;

  if (argc < 3 || n_pieces + 2 > COLUMNS)
    return 2;
  writer = gguf_writer_new (3);
  tokens = make_tokens (argv + 2, n_pieces, types);
  add_shape (writer);
  add_vocabulary (writer, tokens, types);
  add_layer (writer);
  add_chain (writer, argv + 2, n_pieces);
  gguf_writer_save (writer, argv[1]);

  return 0;
}
