/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/collate-error.h"
#include "engine/collate-engine-private.h"
#include "tiny-engine.h"

/* Damaged files per run of test_damaged(). */
#define N_DAMAGED 400

#define SEED 11

/* A right file's bytes, to be spoilt. */
static GByteArray *
new_bytes (const char *architecture)
{
  g_autoptr (GgufWriter) writer = gguf_tiny_model_new (architecture, COLLATE_F32, SEED);

  return g_bytes_unref_to_array (gguf_writer_to_bytes (writer));
}

/* Where the bytes after a length and this name begin: a key's type, a tensor's dimensions. */
static guint8 *
find_name (GByteArray *bytes, const char *name)
{
  gsize length = strlen (name);
  guint64 little = GUINT64_TO_LE ((guint64) length);
  g_autofree guint8 *spelling = g_malloc (8 + length);
  guint8 *found;

  memcpy (spelling, &little, 8);
  memcpy (spelling + 8, name, length);
  found = memmem (bytes->data, bytes->len, spelling, 8 + length);
  g_assert_nonnull (found);
  return found + 8 + length;
}

/* Another name: the key or tensor is then missing. */
static void
rename_away (GByteArray *bytes, const char *name)
{
  *(find_name (bytes, name) - 1) = '?';
}

/* The value of an integer or float key, four bytes wide. */
static void
set_value (GByteArray *bytes, const char *key, gconstpointer value)
{
  memcpy (find_name (bytes, key) + 4, value, 4);
}

/* A tensor's n_dimensions is 4 bytes, each dimension 8, the type 4. */
static void
set_dimension (GByteArray *bytes, const char *tensor, guint n, guint8 value)
{
  *(find_name (bytes, tensor) + 4 + n * 8) = value;
}

static void
set_type (GByteArray *bytes, const char *tensor, CollateType type)
{
  guint8 *description = find_name (bytes, tensor);

  description[4 + description[0] * 8] = type;
}

/* Opening these bytes fails so, and the message names `name`. */
static void
assert_refused (TinyEngine *tiny, GByteArray *bytes, CollateError code, const char *name)
{
  g_autoptr (GBytes) written = g_bytes_new (bytes->data, bytes->len);
  g_autoptr (CollateEngine) engine = NULL;
  g_autoptr (GError) error = NULL;

  tiny_engine_write (tiny, written);
  engine = collate_engine_open (tiny->path, "cpu", NULL, &error);
  g_assert_null (engine);
  g_assert_error (error, COLLATE_ERROR, (gint) code);
  if (!strstr (error->message, name))
    g_test_fail_printf ("\"%s\" does not name %s", error->message, name);
}

static void
assert_opens (TinyEngine *tiny, GByteArray *bytes)
{
  g_autoptr (GBytes) written = g_bytes_new (bytes->data, bytes->len);
  g_autoptr (CollateEngine) engine = NULL;
  g_autoptr (GError) error = NULL;

  tiny_engine_write (tiny, written);
  engine = collate_engine_open (tiny->path, "cpu", NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (engine);
}

static void
test_wrong_sizes (void)
{
  static const struct
  {
    const char *key;
    guint32 value;
    const char *named;
  } cases[] = {
    { "llama.block_count", 0, "llama.block_count" },
    { "llama.block_count", 3, "blk.2.attn_norm.weight" },
    { "llama.block_count", G_MAXUINT32, "llama.block_count" },
    { "llama.embedding_length", 0, "llama.embedding_length" },
    { "llama.embedding_length", 32, "token_embd.weight" },
    { "llama.embedding_length", G_MAXINT32, "llama.embedding_length" },
    { "llama.feed_forward_length", 0, "llama.feed_forward_length" },
    { "llama.feed_forward_length", 64, "blk.0.ffn_gate.weight" },
    { "llama.feed_forward_length", G_MAXUINT32, "llama.feed_forward_length" },
    { "llama.context_length", 0, "llama.context_length" },
    { "llama.context_length", G_MAXUINT32, "llama.context_length" },
    { "llama.attention.head_count", 0, "llama.attention.head_count" },
    { "llama.attention.head_count", 5, "heads" },
    { "llama.attention.head_count", 2, "blk.0.attn_k.weight" },
    { "llama.attention.head_count", 64, "pairs" },
    { "llama.attention.head_count", 128, "llama.attention.key_length" },
    { "llama.attention.head_count", G_MAXUINT32, "llama.attention.head_count" },
    { "llama.attention.head_count_kv", 0, "llama.attention.head_count_kv" },
    { "llama.attention.head_count_kv", 1, "blk.0.attn_k.weight" },
    { "llama.attention.head_count_kv", 3, "heads" },
    { "llama.attention.head_count_kv", 8, "heads" },
    { "llama.attention.head_count_kv", G_MAXUINT32, "llama.attention.head_count_kv" },
  };
  TinyEngine tiny;

  tiny_engine_begin (&tiny);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) bytes = new_bytes ("llama");
      guint32 little = GUINT32_TO_LE (cases[i].value);

      set_value (bytes, cases[i].key, &little);
      assert_refused (&tiny, bytes, COLLATE_ERROR_INVALID, cases[i].named);
    }
  tiny_engine_close (&tiny);
}

static void
test_wrong_numbers (void)
{
  static const char epsilon[] = "llama.attention.layer_norm_rms_epsilon";
  static const char base[] = "llama.rope.freq_base";
  static const struct
  {
    const char *key;
    float value;
  } cases[] = {
    { epsilon, -1 }, { epsilon, 2 }, { epsilon, NAN }, { epsilon, INFINITY }, { base, 0 },
    { base, 1 },     { base, -1 },   { base, NAN },    { base, INFINITY },
  };
  TinyEngine tiny;

  tiny_engine_begin (&tiny);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) bytes = new_bytes ("llama");

      set_value (bytes, cases[i].key, &cases[i].value);
      assert_refused (&tiny, bytes, COLLATE_ERROR_INVALID, cases[i].key);
    }
  tiny_engine_close (&tiny);
}

/* What is missing is named; what has a usual value may be missing. */
static void
test_missing (void)
{
  static const struct
  {
    const char *architecture;
    const char *name;
    const char *named; /* NULL: it opens without */
  } cases[] = {
    { "llama", "llama.block_count", "llama.block_count" },
    { "llama", "llama.embedding_length", "llama.embedding_length" },
    { "llama", "llama.feed_forward_length", "llama.feed_forward_length" },
    { "llama", "llama.context_length", "llama.context_length" },
    { "llama", "llama.attention.head_count", "llama.attention.head_count" },
    { "llama", "llama.attention.head_count_kv", "blk.0.attn_k.weight" },
    { "llama", "llama.attention.layer_norm_rms_epsilon", "llama.attention.layer_norm_rms_epsilon" },
    { "llama", "llama.rope.freq_base", NULL },
    { "llama", "tokenizer.chat_template", NULL },
    { "llama", "general.name", NULL },
    { "llama", "tokenizer.ggml.model", "tokenizer.ggml.model" },
    { "llama", "tokenizer.ggml.tokens", "tokenizer.ggml.tokens" },
    { "llama", "token_embd.weight", "token_embd.weight" },
    { "llama", "output_norm.weight", "output_norm.weight" },
    { "llama", "blk.0.attn_norm.weight", "blk.0.attn_norm.weight" },
    { "llama", "blk.1.attn_output.weight", "blk.1.attn_output.weight" },
    { "llama", "blk.1.ffn_down.weight", "blk.1.ffn_down.weight" },
    { "qwen2", "blk.0.attn_q.bias", "blk.0.attn_q.bias" },
    { "qwen2", "blk.1.attn_v.bias", "blk.1.attn_v.bias" },
    { "qwen2", "output.weight", NULL },
    { "qwen3", "blk.1.attn_k_norm.weight", "blk.1.attn_k_norm.weight" },
  };
  TinyEngine tiny;

  tiny_engine_begin (&tiny);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) bytes = new_bytes (cases[i].architecture);

      rename_away (bytes, cases[i].name);
      if (!cases[i].named)
        assert_opens (&tiny, bytes);
      else
        assert_refused (&tiny, bytes, COLLATE_ERROR_INVALID, cases[i].named);
    }
  tiny_engine_close (&tiny);
}

/* A file with more keys than a tiny model has. */
static void
assert_refused_with (const char *key, GgufType type, gint64 value, CollateError code, const char *named)
{
  g_autoptr (GgufWriter) writer = gguf_tiny_model_new ("llama", COLLATE_F32, SEED);
  g_autoptr (GByteArray) bytes = NULL;
  TinyEngine tiny;

  if (type == GGUF_STRING)
    gguf_writer_add_string (writer, key, "magic");
  else
    gguf_writer_add_int (writer, key, type, value);
  bytes = g_bytes_unref_to_array (gguf_writer_to_bytes (writer));
  tiny_engine_begin (&tiny);
  assert_refused (&tiny, bytes, code, named);
  tiny_engine_close (&tiny);
}

static void
test_unknown_features (void)
{
  static const struct
  {
    const char *key;
    GgufType type;
    gint64 value;
    CollateError code;
    const char *named;
  } cases[] = {
    { "llama.expert_count", GGUF_UINT32, 8, COLLATE_ERROR_UNSUPPORTED, "8 experts" },
    { "llama.rope.scaling.type", GGUF_STRING, 0, COLLATE_ERROR_UNSUPPORTED, "magic" },
    { "llama.attention.value_length", GGUF_UINT32, 8, COLLATE_ERROR_UNSUPPORTED, "values of 8" },
    { "llama.rope.dimension_count", GGUF_UINT32, 5, COLLATE_ERROR_INVALID, "pairs" },
    { "llama.rope.dimension_count", GGUF_UINT32, 18, COLLATE_ERROR_INVALID, "rope.dimension_count" },
    { "llama.rope.dimension_count", GGUF_INT32, -2, COLLATE_ERROR_INVALID, "rope.dimension_count" },
    { "llama.attention.key_length", GGUF_UINT64, G_MAXINT64, COLLATE_ERROR_INVALID, "key_length" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_refused_with (cases[i].key, cases[i].type, cases[i].value, cases[i].code, cases[i].named);
}

static void
test_wrong_tensors (void)
{
  static const float zeros[8] = { 0 };
  static const float shorter[7] = { 1, 1, 1, 1, 1, 1, 1 };
  g_autoptr (GByteArray) dimension = new_bytes ("llama");
  g_autoptr (GByteArray) rows = new_bytes ("llama");
  g_autoptr (GByteArray) type = new_bytes ("llama");
  g_autoptr (GByteArray) architecture = new_bytes ("llama");
  TinyEngine tiny;

  tiny_engine_begin (&tiny);
  set_dimension (dimension, "blk.1.ffn_up.weight", 1, 95);
  assert_refused (&tiny, dimension, COLLATE_ERROR_INVALID, "blk.1.ffn_up.weight is 64 x 95, not 64 x 96");
  set_dimension (rows, "token_embd.weight", 1, 18);
  assert_refused (&tiny, rows, COLLATE_ERROR_INVALID, "token_embd.weight");
  set_type (type, "output_norm.weight", COLLATE_F16);
  assert_refused (&tiny, type, COLLATE_ERROR_INVALID, "output_norm.weight");
  memcpy (find_name (architecture, "general.architecture") + 4 + 8, "gpt-9", 5);
  assert_refused (&tiny, architecture, COLLATE_ERROR_UNSUPPORTED, "gpt-9");

  for (gsize i = 0; i < 2; i++)
    {
      g_autoptr (GgufWriter) writer = gguf_tiny_model_new ("llama", COLLATE_F32, SEED);
      g_autoptr (GByteArray) bytes = NULL;

      gguf_writer_add_tensor (writer, "rope_freqs.weight", COLLATE_F32, i ? 7 : 8, 1, i ? shorter : zeros);
      bytes = g_bytes_unref_to_array (gguf_writer_to_bytes (writer));
      assert_refused (&tiny, bytes, COLLATE_ERROR_INVALID, "rope_freqs.weight");
    }
  tiny_engine_close (&tiny);
}

static void
test_wrong_tokenizer (void)
{
  static const float scores[] = { 1, 2, 3 };
  g_autoptr (GgufWriter) writer = gguf_tiny_model_new ("llama", COLLATE_F32, SEED);
  g_autoptr (GByteArray) bytes = NULL;
  g_autoptr (GByteArray) model = new_bytes ("llama");
  TinyEngine tiny;

  tiny_engine_begin (&tiny);
  gguf_writer_add_floats (writer, "tokenizer.ggml.scores", scores, G_N_ELEMENTS (scores));
  bytes = g_bytes_unref_to_array (gguf_writer_to_bytes (writer));
  assert_refused (&tiny, bytes, COLLATE_ERROR_INVALID, "tokenizer.ggml.scores");
  memcpy (find_name (model, "tokenizer.ggml.model") + 4 + 8, "bert", 4);
  assert_refused (&tiny, model, COLLATE_ERROR_UNSUPPORTED, "bert");
  tiny_engine_close (&tiny);
}

/* A file with bytes of chance in its description either is refused, or computes. */
static void
test_damaged (void)
{
  g_autoptr (GByteArray) right = new_bytes ("qwen3");
  gsize n_description = find_name (right, "output.weight") - right->data + 32;
  gsize n_opened = 0;
  TinyEngine tiny;

  tiny_engine_begin (&tiny);
  for (gsize i = 0; i < N_DAMAGED; i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (right->data, right->len);
      g_autoptr (CollateEngine) engine = NULL;
      g_autoptr (GError) error = NULL;
      gint32 tokens[] = { 5, 6, 7 };
      gsize n_bytes;
      guint8 *data = g_bytes_unref_to_data (g_steal_pointer (&bytes), &n_bytes);

      for (gint n = g_test_rand_int_range (1, 4); n > 0; n--)
        data[g_test_rand_int_range (0, n_description)] = g_test_rand_int_range (0, 256);
      bytes = g_bytes_new_take (data, n_bytes);
      tiny_engine_write (&tiny, bytes);

      engine = collate_engine_open (tiny.path, "cpu", NULL, &error);
      g_assert_true ((engine != NULL) == (error == NULL));
      if (engine)
        {
          g_autoptr (CollateEngineSession) session = collate_engine_session_new (engine, 8, NULL, &error);

          g_assert_no_error (error);
          collate_engine_session_sync (session, tokens, 3, NULL, NULL, NULL, NULL, &error);
          g_assert_no_error (error);
          n_opened++;
        }
    }
  g_test_message ("%" G_GSIZE_FORMAT " of %d still opened", n_opened, N_DAMAGED);
  tiny_engine_close (&tiny);
}

static void
test_open (void)
{
  static const char *const foreign[] = { "vulkan:99", "vulkan:-1", "vulkan:0x", "vulkan:",
                                         "vulkan",    "gpu",       "",          "cpu:1" };
  static const char *const known[] = { NULL, "auto", "cpu" };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  TinyEngine tiny;

  tiny_engine_begin (&tiny);
  g_assert_null (collate_engine_open (tiny.path, "cpu", NULL, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
  g_clear_error (&error);
  g_assert_null (collate_engine_peek (tiny.path, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
  g_clear_error (&error);

  gguf_writer_tiny_model (tiny.path, "llama", COLLATE_F32, SEED);
  for (gsize i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      g_assert_null (collate_engine_open (tiny.path, foreign[i], NULL, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
      g_clear_error (&error);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr (CollateEngine) engine = collate_engine_open (tiny.path, known[i], NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (collate_engine_get_device (engine), ==, "cpu");
    }

  g_cancellable_cancel (cancellable);
  g_assert_null (collate_engine_open (tiny.path, "cpu", cancellable, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
  tiny_engine_close (&tiny);
}

static gint64
get_little_memory (CollateDevice *device)
{
  return 1 << 16;
}

/* What "auto" passes over says why, as does what takes another's place later; a driver's words may be of any bytes. */
static void
test_avoided (void)
{
  g_autoptr (GError) reason =
      g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_SERVER, "Card \xff stopped answering");
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateEngine) passed = NULL;
  g_autoptr (CollateEngine) instead = NULL;
  TinyEngine tiny;

  tiny_engine_open (&tiny, "llama", COLLATE_F32);
  g_assert_null (collate_engine_get_avoided (tiny.engine));
  passed = collate_engine_open_on (tiny.path, "vulkan:99", "cpu", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (collate_engine_get_device (passed), ==, "cpu");
  g_assert_error (collate_engine_get_avoided (passed), COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_assert_true (g_str_has_prefix (collate_engine_get_avoided (passed)->message, "vulkan:99: "));

  instead = collate_engine_open_instead (tiny.path, "vulkan:7", reason, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (collate_engine_get_device (instead), ==, "cpu");
  g_assert_error (collate_engine_get_avoided (instead), COLLATE_ERROR, COLLATE_ERROR_SERVER);
  g_assert_cmpstr (
      collate_engine_get_avoided (instead)->message, ==, "vulkan:7: Card \357\277\275 stopped answering");
  tiny_engine_close (&tiny);
}

/* A device that holds the weights and next to nothing beside them is not worth taking. */
static void
test_room (void)
{
  g_autoptr (GError) error = NULL;
  CollateDeviceKernels kernels;
  CollateEngineModel *model;
  TinyEngine tiny;

  tiny_engine_open (&tiny, "llama", COLLATE_F32);
  model = collate_engine_get_model (tiny.engine);
  g_assert_true (collate_engine_session_check_room (model, &error));
  g_assert_no_error (error);

  kernels = *model->device->kernels;
  kernels.get_available = get_little_memory;
  model->device->kernels = &kernels;
  g_assert_false (collate_engine_session_check_room (model, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  tiny_engine_close (&tiny);
}

static void
test_devices (void)
{
  g_autoptr (GPtrArray) devices = collate_engine_list_devices ();
  const CollateEngineDevice *cpu;

  g_assert_cmpuint (devices->len, >=, 1);
  cpu = g_ptr_array_index (devices, 0);
  g_assert_cmpstr (cpu->name, ==, "cpu");
  g_assert_cmpstr (cpu->type, ==, "cpu");
  g_assert_cmpstr (cpu->description, !=, "");
}

static void
assert_info (const CollateEngineInfo *info, const GgufTinyModel *shape)
{
  g_assert_cmpstr (info->name, ==, "Tiny");
  g_assert_cmpstr (info->architecture, ==, "qwen3");
  g_assert_cmpstr (info->quantization, ==, "Q8_0");
  g_assert_cmpint (info->chat, ==, COLLATE_CHAT_QWEN3);
  g_assert_cmpint (info->context, ==, shape->context);
  g_assert_cmpint (info->vocabulary, ==, shape->vocabulary);
  g_assert_cmpint (info->layers, ==, shape->layers);
  g_assert_true (info->thinks);
}

static void
test_info (void)
{
  GgufTinyModel shape = gguf_tiny_model_get_shape ("qwen3", COLLATE_Q8_0);
  gint64 n_query = shape.heads * shape.head_size;
  gint64 n_key = shape.kv_heads * shape.head_size;
  gint64 per_layer = 2 * shape.columns + 2 * shape.head_size + 2 * shape.columns * (n_query + n_key) +
                     3 * shape.columns * shape.hidden;
  g_autoptr (CollateEngineInfo) peeked = NULL;
  g_autoptr (GError) error = NULL;
  TinyEngine tiny;

  tiny_engine_open (&tiny, "qwen3", COLLATE_Q8_0);
  peeked = collate_engine_peek (tiny.path, &error);
  g_assert_no_error (error);
  assert_info (peeked, &shape);
  assert_info (collate_engine_get_info (tiny.engine), &shape);
  g_assert_cmpint (peeked->parameters,
                   ==,
                   shape.layers * per_layer + shape.columns + 2 * shape.columns * (gint64) shape.vocabulary);
  g_assert_cmpint (peeked->file_bytes, >, peeked->parameters);
  tiny_engine_close (&tiny);
}

/* A network that is not known can be described, and a base model has no format. */
static void
test_peek (void)
{
  g_autoptr (GByteArray) bytes = new_bytes ("llama");
  g_autoptr (CollateEngineInfo) info = NULL;
  g_autoptr (GBytes) written = NULL;
  g_autoptr (GError) error = NULL;
  TinyEngine tiny;

  memcpy (find_name (bytes, "general.architecture") + 4 + 8, "gpt-9", 5);
  rename_away (bytes, "tokenizer.chat_template");
  rename_away (bytes, "general.name");
  written = g_bytes_new (bytes->data, bytes->len);
  tiny_engine_begin (&tiny);
  tiny_engine_write (&tiny, written);
  info = collate_engine_peek (tiny.path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (info->architecture, ==, "gpt-9");
  g_assert_null (info->name);
  g_assert_cmpint (info->chat, ==, COLLATE_CHAT_NONE);
  g_assert_cmpint (info->context, ==, 0);
  g_assert_false (info->thinks);
  tiny_engine_close (&tiny);
}

static void
assert_same_bytes (CollateEngine *engine, GArray *tokens, const char *text)
{
  g_autoptr (GString) spelling = g_string_new (NULL);

  for (guint i = 0; i < tokens->len; i++)
    {
      gsize length;
      const char *piece = collate_engine_get_piece (engine, g_array_index (tokens, gint32, i), &length);

      g_string_append_len (spelling, piece, length);
    }
  g_assert_cmpstr (spelling->str, ==, text);
}

static void
test_tokens (void)
{
  static const char *const texts[] = { "", "the hen", "Grüße, 世界 🌍\n", "<|im_end|><|endoftext|>" };
  TinyEngine tiny;
  gsize length = 1;

  tiny_engine_open (&tiny, "llama", COLLATE_F32);
  g_assert_cmpint (collate_engine_get_bos (tiny.engine), ==, -1);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GArray) tokens = collate_engine_encode (tiny.engine, texts[i], -1, TRUE);

      assert_same_bytes (tiny.engine, tokens, texts[i]);
    }
  g_assert_true (collate_engine_is_end (tiny.engine, 0));
  g_assert_false (collate_engine_is_end (tiny.engine, 1));
  g_assert_true (collate_engine_is_end (tiny.engine, 2));
  g_assert_false (collate_engine_is_end (tiny.engine, -1));
  g_assert_null (collate_engine_get_piece (tiny.engine, 2, &length));
  g_assert_cmpuint (length, ==, 0);
  g_assert_null (collate_engine_get_piece (tiny.engine, G_MAXINT32, &length));
  tiny_engine_close (&tiny);
}

/* The first token comes where the model adds one and the caller wants it. */
static void
test_bos (void)
{
  g_autoptr (GByteArray) bytes = new_bytes ("llama");
  g_autoptr (GBytes) written = NULL;
  g_autoptr (GArray) with = NULL;
  g_autoptr (GArray) without = NULL;
  g_autoptr (GError) error = NULL;
  TinyEngine tiny;

  *(find_name (bytes, "tokenizer.ggml.add_bos_token") + 4) = 1;
  written = g_bytes_new (bytes->data, bytes->len);
  tiny_engine_begin (&tiny);
  tiny_engine_write (&tiny, written);
  tiny.engine = collate_engine_open (tiny.path, "cpu", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (collate_engine_get_bos (tiny.engine), ==, 1);
  with = collate_engine_encode (tiny.engine, "hen", -1, TRUE);
  without = collate_engine_encode (tiny.engine, "hen", 3, FALSE);
  g_assert_cmpuint (with->len, ==, without->len + 1);
  g_assert_cmpint (g_array_index (with, gint32, 0), ==, 1);
  g_assert_cmpmem (with->data + sizeof (gint32), without->len * 4, without->data, without->len * 4);
  tiny_engine_close (&tiny);
}

static void
test_chat (void)
{
  g_autoptr (GArray) tokens = NULL;
  g_autoptr (GError) error = NULL;
  const char *close = NULL;
  gboolean begins_inside = TRUE;
  gsize n_begins = 0;
  TinyEngine tiny;

  tiny_engine_open (&tiny, "qwen3", COLLATE_F32);
  tokens = collate_engine_encode_chat (tiny.engine, "Be brief.", "Why <|im_start|>?", TRUE, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < tokens->len; i++)
    n_begins += g_array_index (tokens, gint32, i) == 1;
  g_assert_cmpuint (n_begins, ==, 3);
  g_assert_cmpstr (collate_engine_get_think_tags (tiny.engine, &close, &begins_inside), ==, "<think>");
  g_assert_cmpstr (close, ==, "</think>");
  g_assert_false (begins_inside);
  tiny_engine_close (&tiny);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/engine/wrong-sizes", test_wrong_sizes);
  g_test_add_func ("/engine/engine/wrong-numbers", test_wrong_numbers);
  g_test_add_func ("/engine/engine/missing", test_missing);
  g_test_add_func ("/engine/engine/unknown-features", test_unknown_features);
  g_test_add_func ("/engine/engine/wrong-tensors", test_wrong_tensors);
  g_test_add_func ("/engine/engine/wrong-tokenizer", test_wrong_tokenizer);
  g_test_add_func ("/engine/engine/damaged", test_damaged);
  g_test_add_func ("/engine/engine/open", test_open);
  g_test_add_func ("/engine/engine/avoided", test_avoided);
  g_test_add_func ("/engine/engine/room", test_room);
  g_test_add_func ("/engine/engine/devices", test_devices);
  g_test_add_func ("/engine/engine/info", test_info);
  g_test_add_func ("/engine/engine/peek", test_peek);
  g_test_add_func ("/engine/engine/tokens", test_tokens);
  g_test_add_func ("/engine/engine/bos", test_bos);
  g_test_add_func ("/engine/engine/chat", test_chat);
  return g_test_run ();
}
