/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "engine/collate-shape.h"
#include "plain-model.h"
#include "tiny-engine.h"

#define SEED 3
#define N_TOKENS 70
#define SPARSE_TOKENS 230

/* Single precision against double, and against keys that fell to the other side when they were rounded to halves. */
#define TOLERANCE 2e-3
#define TYPES_TOLERANCE 0.03

typedef struct
{
  const double *expected; /* [N_TOKENS][n_logits] */
  gsize n_logits;
  double worst;
  double difference, power; /* sums of squares */
} Comparison;

static void
compare (gsize position, const float *logits, gpointer user_data)
{
  Comparison *comparison = user_data;

  for (gsize i = 0; i < comparison->n_logits; i++)
    {
      double expected = comparison->expected[position * comparison->n_logits + i];

      comparison->worst = MAX (comparison->worst, fabs (logits[i] - expected));
      comparison->difference += (logits[i] - expected) * (logits[i] - expected);
      comparison->power += expected * expected;
    }
}

/* The engine's logits against those of the definition. */
static Comparison
run_both (TinyEngine *tiny, gsize n_tokens, gsize top_k)
{
  const CollateEngineReading reading = { .sparse = top_k > 0, .top_k = (gint64) top_k };
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateEngineSession) session = collate_engine_session_new (tiny->engine, 0, &reading, &error);
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, n_tokens);
  gsize n_logits;
  g_autofree double *expected = plain_model_run (tiny->path, tokens, n_tokens, top_k, &n_logits);
  Comparison comparison = { expected, n_logits };

  g_assert_no_error (error);
  g_assert_cmpint (n_logits, ==, collate_engine_get_info (tiny->engine)->vocabulary);
  collate_engine_session_score (session, tokens, n_tokens, 0, compare, &comparison, NULL, &error);
  g_assert_no_error (error);
  comparison.expected = NULL;
  return comparison;
}

static void
assert_plain (TinyEngine *tiny, gsize n_tokens, gsize top_k)
{
  Comparison comparison = run_both (tiny, n_tokens, top_k);

  g_test_message ("worst difference %g", comparison.worst);
  g_assert_cmpfloat (comparison.worst, <, TOLERANCE);
}

static void
test_architecture (gconstpointer architecture)
{
  TinyEngine tiny;

  tiny_engine_open (&tiny, architecture, COLLATE_F32);
  assert_plain (&tiny, N_TOKENS, 0);
  tiny_engine_close (&tiny);
}

/* Tokens read what the bounds of pages say, and nothing else. */
static void
test_sparse (gconstpointer architecture)
{
  TinyEngine tiny;

  tiny_engine_open (&tiny, architecture, COLLATE_F32);
  assert_plain (&tiny, SPARSE_TOKENS, 90);
  tiny_engine_close (&tiny);
}

/* Weights of each type; a device may round what they are multiplied with to eight bits. */
static void
test_types (void)
{
  static const CollateType types[] = {
    COLLATE_F16,  COLLATE_BF16, COLLATE_Q4_0, COLLATE_Q4_1, COLLATE_Q5_0,
    COLLATE_Q5_1, COLLATE_Q8_0, COLLATE_Q4_K, COLLATE_Q5_K, COLLATE_Q6_K,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      Comparison comparison;
      double share;
      TinyEngine tiny;

      tiny_engine_open (&tiny, "llama", types[i]);
      comparison = run_both (&tiny, N_TOKENS, 0);
      share = sqrt (comparison.difference / comparison.power);
      g_test_message ("%s differs by a share of %g", collate_type_get_name (types[i]), share);
      g_assert_cmpfloat (share, <, TYPES_TOLERANCE);
      tiny_engine_close (&tiny);
    }
}

/* Only a part of each head carries the position. */
static void
test_part_rotated (gconstpointer architecture)
{
  g_autoptr (GgufWriter) writer = gguf_tiny_model_new (architecture, COLLATE_F32, SEED);
  g_autofree char *key = g_strconcat (architecture, ".rope.dimension_count", NULL);
  g_autoptr (GError) error = NULL;
  TinyEngine tiny;

  gguf_writer_add_int (writer, key, GGUF_UINT32, 6);
  tiny_engine_begin (&tiny);
  gguf_writer_save (writer, tiny.path);
  tiny.engine = collate_engine_open (tiny.path, "cpu", NULL, &error);
  g_assert_no_error (error);
  assert_plain (&tiny, N_TOKENS, 0);
  tiny_engine_close (&tiny);
}

/* A file of a shape alone. */
static CollateGguf *
write_shape (TinyEngine *tiny, const char *scaling, double factor, const float *divisors)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new (3);
  g_autoptr (GError) error = NULL;
  CollateGguf *gguf;

  gguf_writer_add_string (writer, "general.architecture", "llama");
  gguf_writer_add_double (writer, "llama.rope.freq_base", GGUF_FLOAT32, 10000);
  if (scaling)
    {
      gguf_writer_add_string (writer, "llama.rope.scaling.type", scaling);
      gguf_writer_add_double (writer, "llama.rope.scaling.factor", GGUF_FLOAT32, factor);
      gguf_writer_add_int (writer, "llama.rope.scaling.original_context_length", GGUF_UINT32, 4096);
    }
  if (divisors)
    gguf_writer_add_tensor (writer, "rope_freqs.weight", COLLATE_F32, 4, 1, divisors);
  gguf_writer_save (writer, tiny->path);
  gguf = collate_gguf_open (tiny->path, &error);
  g_assert_no_error (error);
  return gguf;
}

static void
test_frequencies (void)
{
  static const float divisors[] = { 1, 2, 4, 8 };
  static const struct
  {
    const char *scaling;
    double factor;
    const float *divisors;
    double frequencies[4];
    double attention; /* its scale */
  } cases[] = {
    { NULL, 0, NULL, { 1, 0.1, 0.01, 0.001 }, 1 },
    { "none", 4, NULL, { 1, 0.1, 0.01, 0.001 }, 1 },
    { "linear", 4, NULL, { 0.25, 0.025, 0.0025, 0.00025 }, 1 },
    { NULL, 0, divisors, { 1, 0.05, 0.0025, 0.000125 }, 1 },
    /* Pairs up to 1 keep their angle (they turn 32 times in 4,096 tokens at 1.31), from 3 on they are stretched. */
    { "yarn", 4, NULL, { 1, 0.1, 0.00625, 0.00025 }, 1.2964770 },
    { "yarn", 1, NULL, { 1, 0.1, 0.01, 0.001 }, 1 },
  };
  TinyEngine tiny;

  tiny_engine_begin (&tiny);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (CollateGguf) gguf =
          write_shape (&tiny, cases[i].scaling, cases[i].factor, cases[i].divisors);
      g_autoptr (GError) error = NULL;
      CollateShape shape = { .head_size = 8, .n_rotated = 8, .context = 16384, .attention_scale = 1 };
      g_autofree float *frequencies = collate_shape_read_frequencies (gguf, &shape, &error);

      g_assert_no_error (error);
      for (gsize pair = 0; pair < 4; pair++)
        g_assert_cmpfloat_with_epsilon (frequencies[pair] / cases[i].frequencies[pair], 1, 1e-5);
      g_assert_cmpfloat_with_epsilon (shape.attention_scale, cases[i].attention, 1e-5);
    }
  tiny_engine_close (&tiny);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/engine/model/llama", "llama", test_architecture);
  g_test_add_data_func ("/engine/model/qwen2", "qwen2", test_architecture);
  g_test_add_data_func ("/engine/model/qwen3", "qwen3", test_architecture);
  g_test_add_data_func ("/engine/model/part-rotated/llama", "llama", test_part_rotated);
  g_test_add_data_func ("/engine/model/part-rotated/qwen2", "qwen2", test_part_rotated);
  g_test_add_data_func ("/engine/model/sparse/llama", "llama", test_sparse);
  g_test_add_data_func ("/engine/model/sparse/qwen2", "qwen2", test_sparse);
  g_test_add_data_func ("/engine/model/sparse/qwen3", "qwen3", test_sparse);
  g_test_add_func ("/engine/model/types", test_types);
  g_test_add_func ("/engine/model/frequencies", test_frequencies);
  return g_test_run ();
}
