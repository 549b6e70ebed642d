/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/collate-error.h"
#include "engine/collate-memory.h"
#include "engine/collate-model.h"
#include "tiny-engine.h"

/* What is done to weights while they are loaded: those that older files have joined are taken apart, and experts stay in
 * the file where memory is short. */

#define SEED 3
#define N_TOKENS 40

/* Of a context that is hardly longer, so that no kernels are measured, and runs are the same to the last bit. */
#define TOP_K 30

static void
write_file (TinyEngine *tiny, GgufWriter *writer)
{
  g_autoptr (GgufWriter) owned = writer;

  gguf_writer_save (owned, tiny->path);
}

static float *
run (TinyEngine *tiny, gboolean sparse, gsize *n_vocabulary)
{
  const CollateEngineReading reading = { .sparse = sparse, .top_k = sparse ? TOP_K : 0 };
  g_autoptr (GError) error = NULL;
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, N_TOKENS);
  CollateEngineSession *session;
  float *logits;

  tiny->engine = collate_engine_open (tiny->path, "cpu", NULL, &error);
  g_assert_no_error (error);
  *n_vocabulary = (gsize) collate_engine_get_info (tiny->engine)->vocabulary;
  session = collate_engine_session_new (tiny->engine, N_TOKENS, &reading, &error);
  g_assert_no_error (error);
  collate_engine_session_sync (session, tokens, N_TOKENS, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  logits = g_memdup2 (collate_engine_session_get_logits (session), *n_vocabulary * sizeof *logits);
  collate_engine_session_free (session);
  g_clear_pointer (&tiny->engine, collate_engine_unref);
  return logits;
}

/* Numbers that come through the file as they are give the same to the last bit; blocks lie along other rows, and so mean
 * other numbers. */
static void
check_joined (const char *architecture, CollateType type, double tolerance)
{
  g_autofree float *apart = NULL, *joined = NULL;
  double difference = 0, power = 0;
  gsize n;
  TinyEngine tiny;

  tiny_engine_begin (&tiny);
  write_file (&tiny, gguf_tiny_model_new (architecture, type, SEED));
  apart = run (&tiny, FALSE, &n);
  write_file (&tiny, gguf_tiny_joined_new (architecture, type, SEED));
  joined = run (&tiny, FALSE, &n);
  for (gsize i = 0; i < n; i++)
    {
      difference += (joined[i] - apart[i]) * (joined[i] - apart[i]);
      power += apart[i] * apart[i];
    }
  g_test_message ("%s: a share of %g", collate_type_get_name (type), sqrt (difference / power));
  g_assert_cmpfloat (power, >, 0);
  g_assert_cmpfloat (sqrt (difference / power), <=, tolerance);
  tiny_engine_close (&tiny);
}

static void
test_joined (gconstpointer architecture)
{
  check_joined (architecture, COLLATE_F32, 0);
  check_joined (architecture, COLLATE_F16, 0);
  check_joined (architecture, COLLATE_BF16, 1e-2);
  check_joined (architecture, COLLATE_Q8_0, 0.1);
}

/* Heads whose values are said to be shorter. */
static void
test_joined_size (void)
{
  static const char key[] = "deepseek2.attention.value_length_mla";
  g_autoptr (GgufWriter) writer = gguf_tiny_joined_new ("deepseek2", COLLATE_F32, SEED);
  g_autoptr (GBytes) bytes = gguf_writer_to_bytes (writer);
  g_autoptr (GBytes) changed = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_bytes = g_bytes_get_size (bytes);
  guint8 *file = g_memdup2 (g_bytes_get_data (bytes, NULL), n_bytes);
  guint8 *at = memmem (file, n_bytes, key, strlen (key));
  TinyEngine tiny;

  /* After the key there is the type, then the number. */
  at[strlen (key) + sizeof (guint32)] /= 2;
  changed = g_bytes_new_take (file, n_bytes);
  tiny_engine_begin (&tiny);
  tiny_engine_write (&tiny, changed);
  g_assert_null (collate_engine_open (tiny.path, "cpu", NULL, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "attn_kv_b.weight is 32 x 256, not 32 x 192"));
  tiny_engine_close (&tiny);
}

typedef enum
{
  NO_LIST,
  NUMBERS,
  BOOLEANS,
} ListKind;

/* A list says that of the three layers the second has no index of its own. */
static float *
run_with_list (ListKind kind, gsize *n)
{
  static const gint64 numbers[] = { 1, 0, 1, 1 };
  static const guint8 booleans[] = { GGUF_BOOL, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1 };
  GgufWriter *writer = gguf_tiny_model_new ("glm-dsa", COLLATE_F32, SEED);
  TinyEngine tiny;
  float *logits;

  if (kind == NUMBERS)
    gguf_writer_add_ints (writer, "glm-dsa.attention.indexer.types", GGUF_INT32, numbers, 4);
  else if (kind == BOOLEANS)
    gguf_writer_add_raw (writer, "glm-dsa.attention.indexer.types", GGUF_ARRAY, booleans, sizeof booleans);
  tiny_engine_begin (&tiny);
  write_file (&tiny, writer);
  logits = run (&tiny, TRUE, n);
  tiny_engine_close (&tiny);
  return logits;
}

static void
test_list (void)
{
  gsize n;
  g_autofree float *all = run_with_list (NO_LIST, &n);
  g_autofree float *by_numbers = run_with_list (NUMBERS, &n);
  g_autofree float *by_booleans = run_with_list (BOOLEANS, &n);

  g_assert_cmpmem (by_numbers, n * sizeof (float), by_booleans, n * sizeof (float));
  g_assert_cmpint (memcmp (all, by_numbers, n * sizeof (float)), !=, 0);
}

static CollateChatFormat
peek_format (const char *architecture, const char *vocabulary, const char *template)
{
  g_autoptr (CollateEngineInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  CollateChatFormat format;
  GgufWriter *writer = gguf_writer_new (3);
  TinyEngine tiny;

  gguf_writer_add_string (writer, "general.architecture", architecture);
  gguf_writer_add_string (writer, "tokenizer.ggml.pre", vocabulary);
  if (template != NULL)
    gguf_writer_add_string (writer, "tokenizer.chat_template", template);
  tiny_engine_begin (&tiny);
  write_file (&tiny, writer);
  info = collate_engine_peek (tiny.path, &error);
  g_assert_no_error (error);
  format = info->chat;
  tiny_engine_close (&tiny);
  return format;
}

/* DeepSeek 3.2 was published without a template; what has one, or is another model, is taken at its word. */
static void
test_no_template (void)
{
  g_assert_cmpint (peek_format ("deepseek32", "deepseek-v3", NULL), ==, COLLATE_CHAT_DEEPSEEK);
  g_assert_cmpint (peek_format ("deepseek32", "deepseek-v3", "other"), ==, COLLATE_CHAT_UNKNOWN);
  g_assert_cmpint (peek_format ("deepseek32", "qwen2", NULL), ==, COLLATE_CHAT_NONE);
  g_assert_cmpint (peek_format ("deepseek2", "deepseek-v3", NULL), ==, COLLATE_CHAT_NONE);
}

/* A CPU that says how much memory there is. */
static gint64 available;

static gint64
get_available (CollateDevice *device)
{
  return available;
}

static CollateEngineModel *
load (TinyEngine *tiny, gint64 memory, gboolean reads_files, GError **error)
{
  static CollateDeviceKernels kernels;
  g_autoptr (CollateGguf) gguf = collate_gguf_open (tiny->path, error);
  CollateDevice *device = collate_cpu_device_new (1);

  g_assert_no_error (*error);
  kernels = *device->kernels;
  kernels.get_available = get_available;
  kernels.reads_files = reads_files;
  device->kernels = &kernels;
  available = memory;
  return collate_engine_model_load (gguf, device, NULL, error);
}

static void
test_experts (void)
{
  g_autoptr (CollateEngineModel) whole = NULL;
  g_autoptr (CollateEngineModel) left = NULL;
  g_autoptr (GError) error = NULL;
  CollateEngineNeeds needs;
  TinyEngine tiny;

  tiny_engine_begin (&tiny);
  write_file (&tiny, gguf_tiny_model_new ("deepseek32", COLLATE_F16, SEED));
  g_assert_true (collate_engine_peek_needs (tiny.path, &needs, NULL));
  g_assert_cmpint (needs.experts, ==, 3 * 3 * 8 * 32 * 64 * 2);

  whole = load (&tiny, needs.weights * 2, TRUE, &error);
  g_assert_no_error (error);
  g_assert_false (whole->leaves_experts);
  left = load (&tiny, needs.weights - needs.experts, TRUE, &error);
  g_assert_no_error (error);
  g_assert_true (left->leaves_experts);
  g_assert_cmpint (whole->n_bytes - left->n_bytes, >=, needs.experts);

  g_assert_null (load (&tiny, needs.weights - needs.experts - 1, TRUE, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_null (load (&tiny, needs.weights - 1, FALSE, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  tiny_engine_close (&tiny);
}

/* A network without experts has nothing to leave. */
static void
test_no_experts (void)
{
  g_autoptr (GError) error = NULL;
  CollateEngineNeeds needs;
  TinyEngine tiny;

  tiny_engine_begin (&tiny);
  write_file (&tiny, gguf_tiny_model_new ("llama", COLLATE_F16, SEED));
  g_assert_true (collate_engine_peek_needs (tiny.path, &needs, NULL));
  g_assert_cmpint (needs.experts, ==, 0);
  g_assert_null (load (&tiny, needs.weights - 1, TRUE, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  tiny_engine_close (&tiny);
}

static void
test_leave (void)
{
  /* An eighth is for everybody else. */
  g_assert_false (collate_memory_must_leave (800, 700, 100));
  g_assert_true (collate_memory_must_leave (800, 701, 100));
  g_assert_false (collate_memory_must_leave (800, 900, 900));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/engine/load/joined/deepseek2", "deepseek2", test_joined);
  g_test_add_data_func ("/engine/load/joined/deepseek32", "deepseek32", test_joined);
  g_test_add_data_func ("/engine/load/joined/glm-dsa", "glm-dsa", test_joined);
  g_test_add_func ("/engine/load/joined/size", test_joined_size);
  g_test_add_func ("/engine/load/list-of-indexers", test_list);
  g_test_add_func ("/engine/load/no-template", test_no_template);
  g_test_add_func ("/engine/load/experts", test_experts);
  g_test_add_func ("/engine/load/no-experts", test_no_experts);
  g_test_add_func ("/engine/load/leave", test_leave);
  return g_test_run ();
}
