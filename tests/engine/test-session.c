/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/collate-error.h"
#include "engine/collate-memory.h"
#include "tiny-engine.h"

/* Chunks of another size add in another order, which can round a key to the next half: what that does to logits, which
 * reach 8 or so. */
#define TOLERANCE 1e-3

#define SEED 5

static gsize
get_n_logits (TinyEngine *tiny)
{
  return collate_engine_get_info (tiny->engine)->vocabulary;
}

static float *
copy_logits (TinyEngine *tiny, CollateEngineSession *session)
{
  const float *logits = collate_engine_session_get_logits (session);

  g_assert_nonnull (logits);
  return g_memdup2 (logits, get_n_logits (tiny) * sizeof (float));
}

/* Makes the timeline these tokens, and tells how many were kept. */
static gsize
synchronise (CollateEngineSession *session, const gint32 *tokens, gsize n_tokens)
{
  g_autoptr (GError) error = NULL;
  gsize n_reused = G_MAXSIZE;
  gboolean done =
      collate_engine_session_sync (session, tokens, n_tokens, NULL, NULL, &n_reused, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (done);
  return n_reused;
}

/* The logits after these tokens, computed from nothing. */
static float *
compute_afresh (TinyEngine *tiny, const gint32 *tokens, gsize n_tokens)
{
  g_autoptr (CollateEngineSession) session = tiny_engine_new_session (tiny, 0);

  g_assert_cmpuint (synchronise (session, tokens, n_tokens), ==, 0);
  return copy_logits (tiny, session);
}

static void
assert_near (const float *a, const float *b, gsize n)
{
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (a[i], b[i], TOLERANCE);
}

static void
set_up (TinyEngine *tiny, gconstpointer data)
{
  tiny_engine_open (tiny, "llama", COLLATE_F32);
}

static void
tear_down (TinyEngine *tiny, gconstpointer data)
{
  tiny_engine_close (tiny);
}

/* What is kept changes nothing in what comes out. */
static void
test_reuse (TinyEngine *tiny, gconstpointer data)
{
  g_autoptr (CollateEngineSession) session = tiny_engine_new_session (tiny, 0);
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, 400);
  static const struct
  {
    gsize n_tokens;
    gsize n_same;   /* with what was there */
    gsize n_reused; /* the last token's logits are there only where it was the last before */
  } steps[] = {
    { 100, 0, 0 },   { 160, 100, 100 }, { 160, 160, 160 }, { 150, 60, 60 }, { 90, 90, 89 },
    { 400, 90, 90 }, { 399, 399, 398 }, { 1, 1, 0 },       { 1, 1, 1 },     { 200, 0, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree float *logits = NULL;
      g_autofree float *fresh = NULL;

      if (steps[i].n_same < steps[i].n_tokens)
        tokens[steps[i].n_same] = (tokens[steps[i].n_same] + 1) % (gint32) get_n_logits (tiny);
      g_assert_cmpuint (synchronise (session, tokens, steps[i].n_tokens), ==, steps[i].n_reused);
      logits = copy_logits (tiny, session);
      fresh = compute_afresh (tiny, tokens, steps[i].n_tokens);
      assert_near (logits, fresh, get_n_logits (tiny));
    }
}

/* Where the chunks are the same, so is every bit. */
static void
test_same_chunks (TinyEngine *tiny, gconstpointer data)
{
  g_autoptr (CollateEngineSession) session = tiny_engine_new_session (tiny, 0);
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, 300);
  g_autofree float *fresh = compute_afresh (tiny, tokens, 300);
  g_autofree float *logits = NULL;

  synchronise (session, tokens, 256);
  g_assert_cmpuint (synchronise (session, tokens, 300), ==, 256);
  logits = copy_logits (tiny, session);
  g_assert_cmpmem (logits, get_n_logits (tiny) * sizeof (float), fresh, get_n_logits (tiny) * sizeof (float));
}

/* Chunks of any size give what token by token gives. */
static void
test_chunks (TinyEngine *tiny, gconstpointer data)
{
  static const gsize sizes[] = { 2, 3, 7, 31, 64, 255, 256, 257, 300 };
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, 300);
  g_autoptr (CollateEngineSession) single = tiny_engine_new_session (tiny, 0);
  g_autoptr (GError) error = NULL;
  g_autofree float *expected = NULL;

  for (gsize i = 0; i < 300; i++)
    {
      g_assert_true (collate_engine_session_append (single, tokens[i], &error));
      g_assert_no_error (error);
    }
  expected = copy_logits (tiny, single);

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (CollateEngineSession) session = tiny_engine_new_session (tiny, 0);
      g_autofree float *logits = NULL;

      for (gsize n = sizes[i]; n < 300; n += sizes[i])
        synchronise (session, tokens, n);
      synchronise (session, tokens, 300);
      logits = copy_logits (tiny, session);
      assert_near (logits, expected, get_n_logits (tiny));
    }
}

typedef struct
{
  GCancellable *cancellable;
  gint64 cancel_at; /* tokens done */
  GArray *told;     /* of gint64 */
  gint64 n_tokens;
} Watch;

static void
watch_progress (gint64 n_done, gint64 n_tokens, gpointer user_data)
{
  Watch *watch = user_data;

  g_assert_cmpint (n_tokens, ==, watch->n_tokens);
  g_array_append_val (watch->told, n_done);
  if (n_done == watch->cancel_at)
    g_cancellable_cancel (watch->cancellable);
}

static void
assert_told (const Watch *watch, const gint64 *told, gsize n)
{
  g_assert_cmpmem (watch->told->data, watch->told->len * sizeof (gint64), told, n * sizeof (gint64));
}

/* Stopped at each moment: what was computed is kept, and the next call goes on from there. */
static void
test_cancel (TinyEngine *tiny, gconstpointer data)
{
  static const gint64 whole[] = { 0, 256, 500 };
  static const struct
  {
    gint64 cancel_at;
    gsize n_told; /* of `whole` */
    gsize n_kept;
  } cases[] = { { 0, 1, 0 }, { 256, 2, 256 }, { 500, 3, 500 }, { -1, 3, 500 } };
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, 500);
  g_autofree float *fresh = compute_afresh (tiny, tokens, 500);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (CollateEngineSession) session = tiny_engine_new_session (tiny, 0);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GArray) told = g_array_new (FALSE, FALSE, sizeof (gint64));
      g_autoptr (GError) error = NULL;
      g_autofree float *logits = NULL;
      Watch watch = { cancellable, cases[i].cancel_at, told, 500 };
      gboolean done = collate_engine_session_sync (
          session, tokens, 500, watch_progress, &watch, NULL, cancellable, &error);

      assert_told (&watch, whole, cases[i].n_told);
      g_assert_true (done == (cases[i].n_kept == 500));
      if (!done)
        {
          g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
          g_assert_null (collate_engine_session_get_logits (session));
        }
      g_assert_cmpuint (synchronise (session, tokens, 500), ==, cases[i].n_kept);
      logits = copy_logits (tiny, session);
      assert_near (logits, fresh, get_n_logits (tiny));
    }
}

typedef struct
{
  gsize next; /* position */
  gsize n_logits;
  float *expected; /* [position][n_logits] */
} Score;

static void
check_score (gsize position, const float *logits, gpointer user_data)
{
  Score *score = user_data;

  g_assert_cmpuint (position, ==, score->next++);
  assert_near (logits, score->expected + position * score->n_logits, score->n_logits);
}

/* The logits of a window are those that come one after the other. */
static void
test_score (TinyEngine *tiny, gconstpointer data)
{
  enum
  {
    N_TOKENS = 330,
  };
  static const gsize firsts[] = { 0, 1, 100, 255, 256, 300, N_TOKENS - 1, N_TOKENS, N_TOKENS + 5 };
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, N_TOKENS);
  g_autoptr (CollateEngineSession) session = tiny_engine_new_session (tiny, 0);
  g_autoptr (GError) error = NULL;
  gsize n_logits = get_n_logits (tiny);
  g_autofree float *expected = g_new (float, N_TOKENS *n_logits);

  for (gsize i = 0; i < N_TOKENS; i++)
    {
      g_assert_true (collate_engine_session_append (session, tokens[i], &error));
      memcpy (
          expected + i * n_logits, collate_engine_session_get_logits (session), n_logits * sizeof (float));
    }

  for (gsize i = 0; i < G_N_ELEMENTS (firsts); i++)
    {
      Score score = { firsts[i], n_logits, expected };
      gboolean done = collate_engine_session_score (
          session, tokens, N_TOKENS, firsts[i], check_score, &score, NULL, &error);

      g_assert_no_error (error);
      g_assert_true (done);
      g_assert_cmpuint (score.next, ==, MAX (firsts[i], N_TOKENS));
      g_assert_cmpuint (synchronise (session, tokens, N_TOKENS), ==, N_TOKENS);
      assert_near (
          collate_engine_session_get_logits (session), expected + (N_TOKENS - 1) * n_logits, n_logits);
    }
}

static void
never_score (gsize position, const float *logits, gpointer user_data)
{
  g_test_fail_printf ("logits at %" G_GSIZE_FORMAT, position);
}

static void
test_score_refused (TinyEngine *tiny, gconstpointer data)
{
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, 40);
  g_autoptr (CollateEngineSession) session = tiny_engine_new_session (tiny, 32);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (collate_engine_session_score (session, tokens, 33, 0, never_score, NULL, NULL, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LONG);
  g_clear_error (&error);

  g_cancellable_cancel (cancellable);
  g_assert_false (
      collate_engine_session_score (session, tokens, 32, 0, never_score, NULL, cancellable, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
}

/* A refusal leaves the timeline as it was. */
static void
test_refused (TinyEngine *tiny, gconstpointer data)
{
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, 40);
  g_autoptr (CollateEngineSession) session = tiny_engine_new_session (tiny, 32);
  gint32 n_vocabulary = get_n_logits (tiny);
  const gint32 foreign[] = { -1, n_vocabulary, G_MININT32, G_MAXINT32 };
  g_autofree float *logits = NULL;
  gsize n_bytes = get_n_logits (tiny) * sizeof (float);

  g_assert_cmpint (collate_engine_session_get_context (session), ==, 32);
  g_assert_null (collate_engine_session_get_logits (session));
  synchronise (session, tokens, 32);
  logits = copy_logits (tiny, session);

  for (gsize i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (collate_engine_session_sync (session, &foreign[i], 1, NULL, NULL, NULL, NULL, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
    }
  for (gsize n = 33; n <= 40; n++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (collate_engine_session_sync (session, tokens, n, NULL, NULL, NULL, NULL, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LONG);
      g_clear_error (&error);
      g_assert_false (collate_engine_session_append (session, tokens[0], &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LONG);
    }
  g_assert_cmpmem (collate_engine_session_get_logits (session), n_bytes, logits, n_bytes);
  g_assert_cmpuint (synchronise (session, tokens, 32), ==, 32);
}

static void
test_empty (TinyEngine *tiny, gconstpointer data)
{
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, 4);
  g_autoptr (CollateEngineSession) session = tiny_engine_new_session (tiny, 8);

  g_assert_cmpuint (synchronise (session, tokens, 0), ==, 0);
  g_assert_null (collate_engine_session_get_logits (session));
  synchronise (session, tokens, 4);
  g_assert_cmpuint (synchronise (session, NULL, 0), ==, 0);
  g_assert_null (collate_engine_session_get_logits (session));
  g_assert_cmpuint (synchronise (session, tokens, 4), ==, 0);
}

/* At most the model's own context, and memory as it grows. */
static void
test_context (TinyEngine *tiny, gconstpointer data)
{
  gint64 own = collate_engine_get_info (tiny->engine)->context;
  const struct
  {
    gint64 wanted, given;
  } cases[] = { { 0, own }, { 1, 1 }, { 300, 300 }, { own, own }, { own + 1, own }, { G_MAXINT64, own } };
  g_autoptr (CollateEngineSession) shorter = tiny_engine_new_session (tiny, 256);
  g_autoptr (CollateEngineSession) longer = tiny_engine_new_session (tiny, 512);
  GgufTinyModel shape = gguf_tiny_model_get_shape ("llama", COLLATE_F32);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (CollateEngineSession) session = tiny_engine_new_session (tiny, cases[i].wanted);

      g_assert_cmpint (collate_engine_session_get_context (session), ==, cases[i].given);
    }
  g_assert_cmpint (collate_engine_session_get_peak_memory (longer) -
                       collate_engine_session_get_peak_memory (shorter),
                   ==,
                   256 * shape.layers * 2 * shape.kv_heads * shape.head_size * (gint64) sizeof (guint16));
}

static void
test_memory (void)
{
  g_autoptr (GError) error = NULL;
  gint64 available = collate_memory_get_available ();

  g_assert_cmpint (available, >, 0);
  g_assert_true (collate_memory_check (1, "a byte", &error));
  g_assert_no_error (error);
  g_assert_false (collate_memory_check (G_GINT64_CONSTANT (1) << 60, "an exbibyte", &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_assert_nonnull (strstr (error->message, "an exbibyte take 1099511627776 MiB"));
  g_clear_error (&error);
  g_assert_false (collate_memory_check_in (7 << 20, 9 << 20, "weights", "vulkan:0", &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_assert_cmpstr (error->message, ==, "weights take 9 MiB of the memory of vulkan:0, where 7 MiB are free");

  g_assert_cmpint (collate_memory_fit (8000, 1000, 10, 700), ==, 600);
  g_assert_cmpint (collate_memory_fit (8000, 1000, 10, 500), ==, 500);
  g_assert_cmpint (collate_memory_fit (8000, 7001, 10, 500), ==, 0);
  g_assert_cmpint (collate_memory_fit (G_MAXINT64, 1000, 10, 500), ==, 500);
}

typedef struct
{
  TinyEngine *tiny;
  guint64 seed;
  float *logits;
} Turn;

static gpointer
take_turn (gpointer data)
{
  Turn *turn = data;
  g_autofree gint32 *tokens = tiny_engine_get_tokens (turn->seed, 300);

  turn->logits = compute_afresh (turn->tiny, tokens, 300);
  return NULL;
}

/* Sessions of one engine on several threads do not meet in each other's memory. */
static void
test_threads (TinyEngine *tiny, gconstpointer data)
{
  enum
  {
    N_THREADS = 4,
  };
  Turn turns[N_THREADS];
  GThread *threads[N_THREADS];

  for (gsize i = 0; i < N_THREADS; i++)
    {
      turns[i] = (Turn){ tiny, i, NULL };
      threads[i] = g_thread_new ("session", take_turn, &turns[i]);
    }
  for (gsize i = 0; i < N_THREADS; i++)
    {
      Turn alone = { tiny, i, NULL };

      g_thread_join (threads[i]);
      take_turn (&alone);
      g_assert_cmpmem (turns[i].logits,
                       get_n_logits (tiny) * sizeof (float),
                       alone.logits,
                       get_n_logits (tiny) * sizeof (float));
      g_free (alone.logits);
      g_free (turns[i].logits);
    }
}

/* A session keeps its engine. */
static void
test_lifetime (TinyEngine *tiny, gconstpointer data)
{
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, 4);
  g_autoptr (CollateEngineSession) session = tiny_engine_new_session (tiny, 8);

  g_clear_pointer (&tiny->engine, collate_engine_unref);
  g_assert_cmpuint (synchronise (session, tokens, 4), ==, 0);
  g_assert_nonnull (collate_engine_session_get_logits (session));
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*run) (TinyEngine *tiny, gconstpointer data);
  } tests[] = {
    { "/engine/session/reuse", test_reuse },       { "/engine/session/same-chunks", test_same_chunks },
    { "/engine/session/chunks", test_chunks },     { "/engine/session/cancel", test_cancel },
    { "/engine/session/score", test_score },       { "/engine/session/score-refused", test_score_refused },
    { "/engine/session/refused", test_refused },   { "/engine/session/empty", test_empty },
    { "/engine/session/context", test_context },   { "/engine/session/threads", test_threads },
    { "/engine/session/lifetime", test_lifetime },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, TinyEngine, NULL, set_up, tests[i].run, tear_down);
  g_test_add_func ("/engine/session/memory", test_memory);
  return g_test_run ();
}
