/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gguf-tiny-private.h"

#include <math.h>
#include <string.h>

/* Tiny random models, with all that a real file of their architecture has. */

#define N_BYTES 256

static const char *const merges[] = {
  "h e", "i n", "Ġ t", "Ġt he", "e r", "a n", "o n",  "Ġ a",
  "r e", "a t", "o r", "e n",   "Ġ w", "l l", "Ġa n", "Ġan d",
};

static const char *const controls[] = { "<|endoftext|>", "<|im_start|>", "<|im_end|>" };
static const char *const tags[] = { "<think>", "</think>" };

static const char chatml[] =
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
static const char qwen3[] = "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + "
                            "message.content + '<|im_end|>\\n' }}"
                            "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
                            "{% if enable_thinking is defined and enable_thinking is false %}{{ "
                            "'<think>\\n\\n</think>\\n\\n' }}{% endif %}"
                            "{% endif %}";

static gboolean
is_qwen3 (const char *architecture)
{
  return g_str_equal (architecture, "qwen3");
}

GgufTinyModel
gguf_tiny_model_get_shape (const char *architecture, CollateType type)
{
  gboolean wide = collate_type_get_block (type) > 32;
  GgufTinyModel shape = {
    .columns = wide ? 256 : 64,
    .hidden = wide ? 512 : 96,
    .layers = 2,
    .heads = wide ? 8 : 4,
    .kv_heads = 2,
    .context = 512,
    .vocabulary = G_N_ELEMENTS (controls) + N_BYTES + G_N_ELEMENTS (merges),
  };

  shape.head_size = shape.columns / shape.heads;
  if (is_qwen3 (architecture))
    {
      shape.head_size *= 2;
      shape.vocabulary += G_N_ELEMENTS (tags);
    }

  return shape;
}

char *
gguf_spell_byte (guint byte)
{
  char letter[7] = { 0 };
  gunichar next = 0x100;

  for (guint i = 0; i <= byte; i++)
    {
      gboolean visible = (i > ' ' && i < 0x7f) || (i > 0xa0 && i != 0xad);
      gunichar spelling = visible ? i : next++;

      if (i == byte)
        g_unichar_to_utf8 (spelling, letter);
    }

  return g_strdup (letter);
}

static void
add_spelling (GPtrArray *spellings, GArray *types, char *spelling, gint64 type)
{
  g_ptr_array_add (spellings, spelling);
  g_array_append_val (types, type);
}

void
gguf_tiny_add_vocabulary (GgufWriter *writer, const char *architecture)
{
  g_autoptr (GPtrArray) spellings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) types = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (gsize i = 0; i < G_N_ELEMENTS (controls); i++)
    add_spelling (spellings, types, g_strdup (controls[i]), 3);
  for (gsize i = 0; is_qwen3 (architecture) && i < G_N_ELEMENTS (tags); i++)
    add_spelling (spellings, types, g_strdup (tags[i]), 4);
  for (guint i = 0; i < N_BYTES; i++)
    add_spelling (spellings, types, gguf_spell_byte (i), 1);
  for (gsize i = 0; i < G_N_ELEMENTS (merges); i++)
    {
      const char *space = strchr (merges[i], ' ');

      add_spelling (
          spellings, types, g_strdup_printf ("%.*s%s", (int) (space - merges[i]), merges[i], space + 1), 1);
    }

  gguf_writer_add_string (writer, "tokenizer.ggml.model", "gpt2");
  gguf_writer_add_string (
      writer, "tokenizer.ggml.pre", g_str_equal (architecture, "llama") ? "smollm" : "qwen2");
  gguf_writer_add_strings (
      writer, "tokenizer.ggml.tokens", (const char *const *) spellings->pdata, NULL, spellings->len);
  gguf_writer_add_ints (
      writer, "tokenizer.ggml.token_type", GGUF_INT32, (const gint64 *) (gpointer) types->data, types->len);
  gguf_writer_add_strings (writer, "tokenizer.ggml.merges", merges, NULL, G_N_ELEMENTS (merges));
  gguf_writer_add_int (writer, "tokenizer.ggml.bos_token_id", GGUF_UINT32, 1);
  gguf_writer_add_int (writer, "tokenizer.ggml.eos_token_id", GGUF_UINT32, 2);
  gguf_writer_add_int (writer, "tokenizer.ggml.add_bos_token", GGUF_BOOL, FALSE);
  gguf_writer_add_string (writer, "tokenizer.chat_template", is_qwen3 (architecture) ? qwen3 : chatml);
}

void
gguf_tiny_add_figure (GgufWriter *writer, const char *architecture, const char *what, gint64 value)
{
  g_autofree char *key = g_strdup_printf ("%s.%s", architecture, what);

  gguf_writer_add_int (writer, key, GGUF_UINT32, value);
}

void
gguf_tiny_add_number (GgufWriter *writer, const char *architecture, const char *what, double value)
{
  g_autofree char *key = g_strdup_printf ("%s.%s", architecture, what);

  gguf_writer_add_double (writer, key, GGUF_FLOAT32, value);
}

static void
add_shape (GgufWriter *writer, const char *architecture, const GgufTinyModel *shape)
{
  gguf_tiny_add_figure (writer, architecture, "context_length", shape->context);
  gguf_tiny_add_figure (writer, architecture, "embedding_length", shape->columns);
  gguf_tiny_add_figure (writer, architecture, "block_count", shape->layers);
  gguf_tiny_add_figure (writer, architecture, "feed_forward_length", shape->hidden);
  gguf_tiny_add_figure (writer, architecture, "attention.head_count", shape->heads);
  gguf_tiny_add_figure (writer, architecture, "attention.head_count_kv", shape->kv_heads);
  gguf_tiny_add_number (writer, architecture, "attention.layer_norm_rms_epsilon", 1e-5);
  gguf_tiny_add_number (writer, architecture, "rope.freq_base", 10000);
  if (is_qwen3 (architecture))
    {
      gguf_tiny_add_figure (writer, architecture, "attention.key_length", shape->head_size);
      gguf_tiny_add_figure (writer, architecture, "attention.value_length", shape->head_size);
    }
}

void
gguf_tiny_add_random (GgufWriter *writer,
                      guint64 *state,
                      const char *name,
                      CollateType type,
                      gint64 columns,
                      gint64 rows,
                      float middle,
                      float reach)
{
  g_autofree float *numbers = g_new (float, columns *rows);

  for (gint64 i = 0; i < columns * rows; i++)
    numbers[i] = middle + reach * gguf_random (state);
  gguf_writer_add_tensor (writer, name, type, columns, rows, numbers);
}

void
gguf_tiny_add_matrix (GgufWriter *writer,
                      guint64 *state,
                      const char *name,
                      CollateType type,
                      gint64 columns,
                      gint64 rows)
{
  gguf_tiny_add_random (writer, state, name, type, columns, rows, 0, sqrtf (3.0f / (float) columns));
}

void
gguf_tiny_add_norm (GgufWriter *writer, guint64 *state, const char *name, gint64 columns)
{
  gguf_tiny_add_random (writer, state, name, COLLATE_F32, columns, 1, 1, 0.5);
}

static void
add_layer (GgufWriter *writer,
           guint64 *state,
           const char *architecture,
           CollateType type,
           const GgufTinyModel *shape,
           gint64 layer)
{
  gint64 width = shape->heads * shape->head_size, kv_width = shape->kv_heads * shape->head_size;
  struct
  {
    const char *name;
    gint64 columns, rows;
  } const matrices[] = {
    { "attn_q", shape->columns, width },           { "attn_k", shape->columns, kv_width },
    { "attn_v", shape->columns, kv_width },        { "attn_output", width, shape->columns },
    { "ffn_gate", shape->columns, shape->hidden }, { "ffn_up", shape->columns, shape->hidden },
    { "ffn_down", shape->hidden, shape->columns },
  };
  const char *const norms[] = { "attn_norm", "ffn_norm", "attn_q_norm", "attn_k_norm" };

  for (gsize i = 0; i < (is_qwen3 (architecture) ? 4 : 2); i++)
    {
      g_autofree char *name = g_strdup_printf ("blk.%" G_GINT64_FORMAT ".%s.weight", layer, norms[i]);

      gguf_tiny_add_norm (writer, state, name, i < 2 ? shape->columns : shape->head_size);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (matrices); i++)
    {
      g_autofree char *name = g_strdup_printf ("blk.%" G_GINT64_FORMAT ".%s.weight", layer, matrices[i].name);
      g_autofree char *bias = g_strdup_printf ("blk.%" G_GINT64_FORMAT ".%s.bias", layer, matrices[i].name);

      gguf_tiny_add_matrix (writer, state, name, type, matrices[i].columns, matrices[i].rows);
      if (g_str_equal (architecture, "qwen2") && i < 3)
        gguf_tiny_add_random (writer, state, bias, COLLATE_F32, matrices[i].rows, 1, 0, 0.5);
    }
}

GgufWriter *
gguf_tiny_model_new (const char *architecture, CollateType type, guint64 seed)
{
  GgufWriter *writer = gguf_writer_new (3);
  GgufTinyModel shape = gguf_tiny_model_get_shape (architecture, type);
  guint64 state = seed;

  if (!g_str_equal (architecture, "llama") && !g_str_has_prefix (architecture, "qwen"))
    {
      gguf_tiny_add_deepseek (writer, architecture, type, FALSE, &state);
      return writer;
    }

  gguf_writer_add_string (writer, "general.architecture", architecture);
  gguf_writer_add_string (writer, "general.name", "Tiny");
  add_shape (writer, architecture, &shape);
  gguf_tiny_add_vocabulary (writer, architecture);

  gguf_tiny_add_random (
      writer, &state, "token_embd.weight", type, shape.columns, (gint64) shape.vocabulary, 0, 1);
  for (gint64 layer = 0; layer < shape.layers; layer++)
    add_layer (writer, &state, architecture, type, &shape, layer);
  gguf_tiny_add_norm (writer, &state, "output_norm.weight", shape.columns);
  if (!g_str_equal (architecture, "llama"))
    gguf_tiny_add_matrix (writer, &state, "output.weight", type, shape.columns, (gint64) shape.vocabulary);

  return writer;
}

GgufWriter *
gguf_tiny_joined_new (const char *architecture, CollateType type, guint64 seed)
{
  GgufWriter *writer = gguf_writer_new (3);
  guint64 state = seed;

  gguf_tiny_add_deepseek (writer, architecture, type, TRUE, &state);
  return writer;
}

void
gguf_writer_tiny_model (const char *path, const char *architecture, CollateType type, guint64 seed)
{
  g_autoptr (GgufWriter) writer = gguf_tiny_model_new (architecture, type, seed);

  gguf_writer_save (writer, path);
}
