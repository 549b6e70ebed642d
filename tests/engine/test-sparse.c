/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/collate-error.h"
#include "engine/collate-session-private.h"
#include "tiny-engine.h"

/* Sparse attention in whole models, by an indexer and by bounds of pages; latent attention, experts and drafts with it. */

#define SEED 23
#define N_TOKENS 300
#define TOP_K 96

/* Of the tiny models. */
#define N_VOCABULARY 275
#define WIDTH 64

/* Chunks of another size add in another order, which can round a key to the next half, and turn the choice between two keys
 * that are as good as each other: what that does to logits, which reach 8 or so; the latter to few of them. Where it turns
 * the choice between two experts, anything can come of it: once at most. */
#define TOLERANCE 2e-3
#define CHOICE_TOLERANCE 0.2
#define FEW(n) (1 + (n) / 50)

typedef struct
{
  TinyEngine tiny;
  gint32 *tokens; /* N_TOKENS */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer architecture)
{
  tiny_engine_open (&fixture->tiny, architecture, COLLATE_F32);
  fixture->tokens = tiny_engine_get_tokens (SEED, N_TOKENS);
}

static void
tear_down (Fixture *fixture, gconstpointer architecture)
{
  g_free (fixture->tokens);
  tiny_engine_close (&fixture->tiny);
}

static CollateEngineSession *
open_session (Fixture *fixture, CollateEngineReading reading)
{
  g_autoptr (GError) error = NULL;
  CollateEngineSession *session = collate_engine_session_new (fixture->tiny.engine, 0, &reading, &error);

  g_assert_no_error (error);
  return session;
}

static void
synchronise (CollateEngineSession *session, const gint32 *tokens, gsize n_tokens)
{
  g_autoptr (GError) error = NULL;

  collate_engine_session_sync (session, tokens, n_tokens, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
append (CollateEngineSession *session, gint32 token)
{
  g_autoptr (GError) error = NULL;

  collate_engine_session_append (session, token, &error);
  g_assert_no_error (error);
}

static void
keep_logits (gsize position, const float *logits, gpointer user_data)
{
  GByteArray *all = user_data;

  g_byte_array_append (all, (const guint8 *) logits, N_VOCABULARY * sizeof (float));
}

/* The logits after every token, computed from nothing in chunks of the session's own; (transfer full). */
static GByteArray *
score_in (CollateEngineSession *session, const gint32 *tokens, gsize n_tokens)
{
  GByteArray *all = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  collate_engine_session_score (session, tokens, n_tokens, 0, keep_logits, all, NULL, &error);
  g_assert_no_error (error);
  return all;
}

static GByteArray *
score (Fixture *fixture, CollateEngineReading reading, gsize n_tokens)
{
  g_autoptr (CollateEngineSession) session = open_session (fixture, reading);

  return score_in (session, fixture->tokens, n_tokens);
}

static const float *
get_row (GByteArray *all, gsize row)
{
  return (const float *) (gpointer) all->data + row * N_VOCABULARY;
}

static float
get_distance (const float *a, const float *b)
{
  float distance = 0;

  for (gsize i = 0; i < N_VOCABULARY; i++)
    {
      g_assert_true (isfinite (a[i]) && isfinite (b[i]));
      distance = MAX (distance, fabsf (a[i] - b[i]));
    }
  return distance;
}

/* How many logits were compared, and how many of them differ by more than adding does, or than a key does. */
typedef struct
{
  gsize n, n_apart, n_far;
} Comparison;

static void
compare (Comparison *comparison, const float *a, const float *b)
{
  float distance = get_distance (a, b);

  comparison->n++;
  comparison->n_apart += distance > TOLERANCE;
  comparison->n_far += distance > CHOICE_TOLERANCE;
}

static void
assert_alike (const Comparison *comparison)
{
  g_assert_cmpuint (comparison->n_apart, <=, FEW (comparison->n));
  g_assert_cmpuint (comparison->n_far, <=, 1);
}

/* While a token sees no more than it may read, it makes no difference how that is chosen; nor for those tokens of a chunk
 * in which others see more. */
static void
test_all_read (Fixture *fixture, gconstpointer architecture)
{
  g_autoptr (GByteArray) dense = score (fixture, (CollateEngineReading){ FALSE }, N_TOKENS);
  g_autoptr (GByteArray) whole =
      score (fixture, (CollateEngineReading){ .sparse = TRUE, .top_k = N_TOKENS }, N_TOKENS);
  g_autoptr (GByteArray) part =
      score (fixture, (CollateEngineReading){ .sparse = TRUE, .top_k = TOP_K }, N_TOKENS);

  g_assert_cmpmem (dense->data, dense->len, whole->data, whole->len);
  g_assert_cmpmem (
      dense->data, TOP_K * N_VOCABULARY * sizeof (float), part->data, TOP_K * N_VOCABULARY * sizeof (float));
  g_assert_cmpfloat (get_distance (get_row (dense, N_TOKENS - 1), get_row (part, N_TOKENS - 1)), >, 1e-2);
}

static void
test_repeated (Fixture *fixture, gconstpointer architecture)
{
  const CollateEngineReading readings[] = {
    { .sparse = TRUE, .top_k = TOP_K },
    { .sparse = TRUE, .top_k = TOP_K, .narrow_index = TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (readings); i++)
    {
      g_autoptr (GByteArray) first = score (fixture, readings[i], N_TOKENS);
      g_autoptr (GByteArray) second = score (fixture, readings[i], N_TOKENS);

      g_assert_cmpmem (first->data, first->len, second->data, second->len);
    }
}

/* Whatever the chunks are, each token reads the same. */
static void
test_chunks (Fixture *fixture, gconstpointer architecture)
{
  static const gsize sizes[] = { 1, 7, TOP_K - 1, TOP_K, TOP_K + 1, 130 };
  const CollateEngineReading reading = { .sparse = TRUE, .top_k = TOP_K };
  g_autoptr (GByteArray) expected = score (fixture, reading, N_TOKENS);

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (CollateEngineSession) session = open_session (fixture, reading);
      Comparison comparison = { 0 };

      for (gsize n = 0; n < N_TOKENS;)
        {
          n = MIN (n + sizes[i], N_TOKENS);
          synchronise (session, fixture->tokens, n);
          compare (&comparison, collate_engine_session_get_logits (session), get_row (expected, n - 1));
        }
      assert_alike (&comparison);
    }
}

/* Attention as the device does it, and what the first layer's tokens read. */
typedef struct
{
  CollateDeviceKernels kernels;
  const CollateDeviceKernels *real;
  CollateBuffer *cache; /* of the layer */
  GByteArray *lists;
} Spy;

static Spy spy;

static void
attend_and_tell (CollateDevice *device, const CollateAttention *params)
{
  gsize n_bytes = (gsize) (params->n_tokens * params->n_selected) * sizeof (gint32);
  gsize before = spy.lists->len;
  g_autoptr (GError) error = NULL;

  if (params->selected.buffer && params->key_cache.buffer == spy.cache)
    {
      g_byte_array_set_size (spy.lists, (guint) (before + n_bytes));
      g_assert_true (spy.real->read (device, params->selected, spy.lists->data + before, n_bytes, &error));
    }
  spy.real->attention (device, params);
}

/* The logits where tokens that see so many keys go over all of them, and what they read in the first layer. */
static GByteArray *
score_with (Fixture *fixture, gint64 n_dense, GByteArray *lists)
{
  g_autoptr (CollateEngineSession) session =
      open_session (fixture, (CollateEngineReading){ .sparse = TRUE, .top_k = TOP_K });
  CollateDevice *device = session->model->device;
  GByteArray *all;

  session->at.n_dense = n_dense;
  spy = (Spy){ *device->kernels, device->kernels, session->at.key_caches[0].buffer, lists };
  spy.kernels.attention = attend_and_tell;
  device->kernels = &spy.kernels;
  all = score_in (session, fixture->tokens, N_TOKENS);
  device->kernels = spy.real;
  return all;
}

/* Wherever gathering begins, what is read is the same, and so is what comes of it, but for last bits; of tokens that read all
 * not even these. */
static void
test_crossover (Fixture *fixture, gconstpointer architecture)
{
  static const gint64 crossovers[] = { TOP_K * 3 / 2, 280, N_TOKENS };
  g_autoptr (GByteArray) lists = g_byte_array_new ();
  g_autoptr (GByteArray) gathered = score_with (fixture, 0, lists);

  g_assert_cmpuint (lists->len, >, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (crossovers); i++)
    {
      g_autoptr (GByteArray) first_lists = g_byte_array_new (), second_lists = g_byte_array_new ();
      g_autoptr (GByteArray) first = score_with (fixture, crossovers[i], first_lists);
      g_autoptr (GByteArray) second = score_with (fixture, crossovers[i], second_lists);
      Comparison comparison = { 0 };

      g_assert_cmpmem (first_lists->data, first_lists->len, lists->data, lists->len);
      g_assert_cmpmem (first->data, first->len, second->data, second->len);
      g_assert_cmpmem (first->data,
                       TOP_K * N_VOCABULARY * sizeof (float),
                       gathered->data,
                       TOP_K * N_VOCABULARY * sizeof (float));
      for (gsize row = 0; row < N_TOKENS; row++)
        compare (&comparison, get_row (first, row), get_row (gathered, row));
      assert_alike (&comparison);
    }
}

/* It is measured once for all sessions that read as much, where any token can see more. */
static void
test_measured_crossover (Fixture *fixture, gconstpointer architecture)
{
  static const double multiples[] = { 0, 1.5, 2, 3, 4, 6, 8 };
  g_autoptr (CollateEngineSession) whole =
      open_session (fixture, (CollateEngineReading){ .sparse = TRUE, .top_k = COLLATE_MOST_TOP_K });
  GArray *crossovers = whole->model->crossovers;
  gint64 found = -1;

  g_assert_cmpuint (crossovers->len, ==, 0);
  g_assert_cmpint (whole->at.n_dense, ==, 0);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (CollateEngineSession) session =
          open_session (fixture, (CollateEngineReading){ .sparse = TRUE, .top_k = TOP_K });

      g_assert_cmpuint (crossovers->len, ==, 1);
      if (i > 0)
        g_assert_cmpint (session->at.n_dense, ==, found);
      found = session->at.n_dense;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (multiples); i++)
    if (found == (gint64) (multiples[i] * TOP_K))
      return;
  g_error ("%" G_GINT64_FORMAT " is no multiple", found);
}

/* What is cut off leaves nothing behind, wherever in a page. */
static void
test_cut (Fixture *fixture, gconstpointer architecture)
{
  const CollateEngineReading reading = { .sparse = TRUE, .top_k = TOP_K };
  g_autoptr (GByteArray) expected = score (fixture, reading, N_TOKENS);
  g_autoptr (CollateEngineSession) session = open_session (fixture, reading);

  for (gsize kept = 100; kept < 140; kept += 5)
    {
      g_autofree gint32 *other = g_memdup2 (fixture->tokens, N_TOKENS * sizeof (gint32));

      for (gsize i = kept; i < N_TOKENS; i++)
        other[i] = (other[i] + 1) % N_VOCABULARY;
      synchronise (session, other, N_TOKENS);
      synchronise (session, fixture->tokens, 250);
      g_assert_cmpfloat (
          get_distance (collate_engine_session_get_logits (session), get_row (expected, 249)), <, TOLERANCE);
    }
}

static void
test_share (Fixture *fixture, gconstpointer architecture)
{
  g_autoptr (CollateEngineSession) dense = open_session (fixture, (CollateEngineReading){ .top_k = 5 });
  g_autoptr (CollateEngineSession) sparse =
      open_session (fixture, (CollateEngineReading){ .sparse = TRUE, .top_k = 10 });

  g_assert_cmpfloat (collate_engine_session_get_share (dense, 0, 100), ==, 1);
  g_assert_cmpint (collate_engine_session_get_reading (dense).top_k, ==, 0);
  g_assert_cmpfloat (collate_engine_session_get_share (sparse, 0, 10), ==, 1);
  g_assert_cmpfloat_with_epsilon (collate_engine_session_get_share (sparse, 19, 20), 0.5, 1e-12);
  g_assert_cmpfloat_with_epsilon (
      collate_engine_session_get_share (sparse, 19, 21), (0.5 + 10 / 21.0) / 2, 1e-12);
}

static void
test_refused (Fixture *fixture, gconstpointer architecture)
{
  static const gint64 top_ks[] = { -1, COLLATE_MOST_TOP_K + 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (top_ks); i++)
    {
      const CollateEngineReading reading = { .sparse = TRUE, .top_k = top_ks[i] };
      g_autoptr (GError) error = NULL;

      g_assert_null (collate_engine_session_new (fixture->tiny.engine, 0, &reading, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
    }
}

/* A vocabulary of two words that matter, so that every other draft or so is right. */
static void
make_coin (TinyEngine *tiny, const char *architecture)
{
  g_autoptr (GgufWriter) writer = gguf_tiny_model_new (architecture, COLLATE_F32, SEED);
  g_autoptr (GBytes) bytes = gguf_writer_to_bytes (writer);
  g_autofree float *rows = g_new0 (float, N_VOCABULARY *WIDTH);
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autoptr (GBytes) changed = NULL;
  g_autoptr (GError) error = NULL;
  guint64 state = SEED;

  for (gsize i = 0; i < WIDTH; i++)
    {
      rows[5 * WIDTH + i] = gguf_random (&state);
      rows[9 * WIDTH + i] = -rows[5 * WIDTH + i];
    }
  /* The output's weights are the last of the file. */
  g_byte_array_append (file, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  memcpy (file->data + file->len - N_VOCABULARY * WIDTH * sizeof *rows,
          rows,
          N_VOCABULARY * WIDTH * sizeof *rows);
  changed = g_byte_array_free_to_bytes (g_steal_pointer (&file));
  tiny_engine_begin (tiny);
  tiny_engine_write (tiny, changed);
  tiny->engine = collate_engine_open (tiny->path, "cpu", NULL, &error);
  g_assert_no_error (error);
}

static gint32
find_largest (const float *logits)
{
  gint32 largest = 0;

  for (gint32 i = 1; i < N_VOCABULARY; i++)
    if (logits[i] > logits[largest])
      largest = i;
  return largest;
}

/* Drafts change no logits, whether they are right or wrong, and between them the conversation may take another turn. */
static void
test_drafts (gconstpointer architecture)
{
  const CollateEngineReading with = { .sparse = TRUE, .top_k = 40, .drafts = TRUE };
  const CollateEngineReading without = { .sparse = TRUE, .top_k = 40 };
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, N_TOKENS);
  g_autoptr (CollateEngineSession) drafting = NULL, plain = NULL;
  gint64 n_drafted, n_right;
  Fixture fixture = { 0 };

  make_coin (&fixture.tiny, architecture);
  drafting = open_session (&fixture, with);
  plain = open_session (&fixture, without);
  for (gsize n_prompt = 20; n_prompt < 260; n_prompt += 60)
    {
      synchronise (drafting, tokens, n_prompt);
      synchronise (plain, tokens, n_prompt);
      for (guint i = 0; i < 60; i++)
        {
          const float *logits = collate_engine_session_get_logits (drafting);
          gint32 token = find_largest (logits);

          g_assert_cmpfloat (get_distance (logits, collate_engine_session_get_logits (plain)), <, TOLERANCE);
          append (drafting, token);
          append (plain, token);
        }
      collate_engine_session_get_drafts (drafting, &n_drafted, &n_right);
      g_test_message ("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " drafts were right", n_right, n_drafted);
      g_assert_cmpint (n_drafted, >=, 30);
      g_assert_cmpint (n_right, >, 5);
      g_assert_cmpint (n_right, <, n_drafted);
      /* All tokens but the first, and perhaps one that was drafted last. */
      g_assert_cmpint (n_right + n_drafted, >=, 58);
    }
  collate_engine_session_get_drafts (plain, &n_drafted, &n_right);
  g_assert_cmpint (n_drafted, ==, 0);
  g_clear_pointer (&drafting, collate_engine_session_free);
  g_clear_pointer (&plain, collate_engine_session_free);
  tiny_engine_close (&fixture.tiny);
}

/* By how much the likeliest token is ahead of the next. */
static float
get_lead (const float *logits)
{
  gint32 largest = find_largest (logits);
  float second = -INFINITY;

  for (gint32 i = 0; i < N_VOCABULARY; i++)
    if (i != largest)
      second = MAX (second, logits[i]);
  return logits[largest] - second;
}

#define LEAST_LEAD 1e-3

/* What the likeliest tokens make of a text, each session by itself, is the same to the first place where two tokens are
 * all but equally likely; returns how many tokens that are. */
static guint
check_greedy (Fixture *fixture, CollateEngineReading reading, const gint32 *tokens, gsize n_prompt)
{
  g_autoptr (CollateEngineSession) plain = open_session (fixture, reading);
  g_autoptr (CollateEngineSession) drafting = NULL;
  gint64 n_drafted, n_right;
  guint n = 0;

  reading.drafts = TRUE;
  drafting = open_session (fixture, reading);
  synchronise (plain, tokens, n_prompt);
  synchronise (drafting, tokens, n_prompt);
  for (; n < 200; n++)
    {
      const float *logits = collate_engine_session_get_logits (plain);
      gint32 token = find_largest (logits);

      if (get_lead (logits) < LEAST_LEAD)
        break;
      g_assert_cmpint (find_largest (collate_engine_session_get_logits (drafting)), ==, token);
      append (plain, token);
      append (drafting, token);
    }
  collate_engine_session_get_drafts (drafting, &n_drafted, &n_right);
  g_test_message (
      "%u tokens, %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " drafts right", n, n_right, n_drafted);
  g_assert_cmpint (n_drafted, >, 0);
  return n;
}

static void
test_greedy (gconstpointer architecture)
{
  const CollateEngineReading readings[] = { { FALSE }, { .sparse = TRUE, .top_k = 40 } };
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, N_TOKENS);
  Fixture coin = { 0 }, whole = { 0 };
  guint n = 0;

  make_coin (&coin.tiny, architecture);
  tiny_engine_open (&whole.tiny, architecture, COLLATE_F32);
  for (gsize i = 0; i < G_N_ELEMENTS (readings); i++)
    for (gsize n_prompt = 30; n_prompt < 150; n_prompt += 50)
      {
        n += check_greedy (&coin, readings[i], tokens, n_prompt);
        n += check_greedy (&whole, readings[i], tokens, n_prompt);
      }
  g_assert_cmpuint (n, >, 1000);
  tiny_engine_close (&coin.tiny);
  tiny_engine_close (&whole.tiny);
}

/* To the last token of the context. */
static void
test_draft_at_end (gconstpointer architecture)
{
  const CollateEngineReading reading = { .drafts = TRUE };
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, 64);
  g_autoptr (CollateEngineSession) session = NULL;
  g_autoptr (GError) error = NULL;
  TinyEngine tiny;

  make_coin (&tiny, architecture);
  session = collate_engine_session_new (tiny.engine, 64, &reading, &error);
  g_assert_no_error (error);
  synchronise (session, tokens, 40);
  for (guint i = 40; i < 64; i++)
    append (session, find_largest (collate_engine_session_get_logits (session)));
  g_assert_false (collate_engine_session_append (session, 5, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LONG);
  g_clear_pointer (&session, collate_engine_session_free);
  tiny_engine_close (&tiny);
}

#define ADD(name, architecture, test)                                                                        \
  g_test_add ("/engine/sparse/" architecture "/" name, Fixture, architecture, set_up, test, tear_down)

#define ADD_ALL(architecture)                                                                                \
  ADD ("all-read", architecture, test_all_read);                                                             \
  ADD ("repeated", architecture, test_repeated);                                                             \
  ADD ("chunks", architecture, test_chunks);                                                                 \
  ADD ("crossover", architecture, test_crossover);                                                           \
  ADD ("measured-crossover", architecture, test_measured_crossover);                                         \
  ADD ("cut", architecture, test_cut);                                                                       \
  ADD ("share", architecture, test_share);                                                                   \
  ADD ("refused", architecture, test_refused)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD_ALL ("llama");
  ADD_ALL ("qwen2");
  ADD_ALL ("deepseek2");
  ADD_ALL ("deepseek32");
  ADD_ALL ("glm-dsa");
  g_test_add_data_func ("/engine/sparse/deepseek32/drafts", "deepseek32", test_drafts);
  g_test_add_data_func ("/engine/sparse/glm-dsa/drafts", "glm-dsa", test_drafts);
  g_test_add_data_func ("/engine/sparse/deepseek32/greedy", "deepseek32", test_greedy);
  g_test_add_data_func ("/engine/sparse/glm-dsa/greedy", "glm-dsa", test_greedy);
  g_test_add_data_func ("/engine/sparse/deepseek32/draft-at-end", "deepseek32", test_draft_at_end);
  return g_test_run ();
}
