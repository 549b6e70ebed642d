/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tiny-engine.h"

#include "base/collate-error.h"

/* What is said of a file before it is opened, against what opening it shows. */

static const char *const architectures[] = { "llama", "qwen2", "qwen3" };

static gint64
count (CollateEngine *engine, const char *text)
{
  g_autoptr (GArray) tokens = collate_engine_encode (engine, text, -1, FALSE);

  return tokens->len;
}

static void
check_counts (CollateEngine *engine, const CollateEngineNeeds *needs)
{
  static const char *const texts[][2] = {
    { "Answer from the context.\n\nLong live 2026!", "Why?" },
    { "Ünïcode und 漢字", "one  line\nand another" },
    { "<|im_end|>", "<think>" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    for (gsize thinks = 0; thinks < 2; thinks++)
      {
        g_autoptr (GArray) whole =
            collate_engine_encode_chat (engine, texts[i][0], texts[i][1], thinks == 1, NULL);
        gint64 sum = count (engine, texts[i][0]) + count (engine, texts[i][1]);

        g_assert_nonnull (whole);
        g_assert_cmpint (sum + needs->chat_tokens[thinks], ==, whole->len);
      }
}

static void
test_chat (void)
{
  const char *real = g_getenv ("COLLATE_MODEL");

  for (gsize i = 0; i < G_N_ELEMENTS (architectures); i++)
    {
      TinyEngine tiny;
      CollateEngineNeeds needs;

      tiny_engine_open (&tiny, architectures[i], COLLATE_Q8_0);
      g_assert_true (collate_engine_peek_needs (tiny.path, &needs, NULL));
      check_counts (tiny.engine, &needs);
      tiny_engine_close (&tiny);
    }
  if (real != NULL)
    {
      g_autoptr (CollateEngine) engine = collate_engine_open (real, "cpu", NULL, NULL);
      CollateEngineNeeds needs;

      g_assert_nonnull (engine);
      g_assert_true (collate_engine_peek_needs (real, &needs, NULL));
      check_counts (engine, &needs);
    }
}

/* Sessions grow by what a token is said to take, and all of it is near what is taken. */
static void
test_memory (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (architectures); i++)
    {
      TinyEngine tiny;
      CollateEngineNeeds needs;
      CollateEngineSession *small, *large;
      gint64 small_peak, large_peak;

      tiny_engine_open (&tiny, architectures[i], COLLATE_F16);
      g_assert_true (collate_engine_peek_needs (tiny.path, &needs, NULL));
      small = tiny_engine_new_session (&tiny, 300);
      large = tiny_engine_new_session (&tiny, 500);
      small_peak = collate_engine_session_get_peak_memory (small);
      large_peak = collate_engine_session_get_peak_memory (large);
      g_assert_cmpint (large_peak - small_peak, ==, 200 * needs.per_token);
      g_assert_cmpint (needs.weights + needs.fixed + 500 * needs.per_token, >, large_peak / 2);
      g_assert_cmpint (needs.weights + needs.fixed + 500 * needs.per_token, <, large_peak * 2);
      collate_engine_session_free (small);
      collate_engine_session_free (large);
      tiny_engine_close (&tiny);
    }
}

static void
test_fit (void)
{
  const CollateEngineNeeds needs = { .weights = 1000, .fixed = 100, .per_token = 10 };

  g_assert_cmpint (collate_engine_needs_fit (&needs, G_MAXINT64, 512), ==, 512);
  g_assert_cmpint (collate_engine_needs_fit (&needs, 1000000, 512), ==, 512);
  g_assert_cmpint (collate_engine_needs_fit (&needs, 1000, 512), ==, 0);
  g_assert_cmpint (collate_engine_needs_fit (&needs, 999, 512), ==, 0);
  g_assert_cmpint (collate_engine_needs_fit (&needs, 0, 512), ==, 0);

  /* An eighth of what the weights leave is for everybody else. */
  g_assert_cmpint (collate_engine_needs_fit (&needs, 1800, 512), ==, (700 - 100) / 10);
  g_assert_cmpint (collate_engine_get_free_memory (), >, 0);
}

/* "auto" leaves a card that holds next to no context; one that was named is not left. */
static void
test_card (void)
{
  const CollateEngineNeeds needs = { .weights = 1000, .fixed = 100, .per_token = 1 };
  CollateEngineMemory memory = { .main = 1 << 30, .card = 1 << 20, .name = NULL };
  static const char *const without_card[] = { "cpu", "vulkan:99", "vulkan:x" };

  g_assert_true (collate_engine_memory_takes_card (&memory, &needs, 100000));
  memory.card = 6000;
  g_assert_true (collate_engine_memory_takes_card (&memory, &needs, 100000));
  memory.card = 5000;
  g_assert_false (collate_engine_memory_takes_card (&memory, &needs, 100000));
  g_assert_true (collate_engine_memory_takes_card (&memory, &needs, 512));
  memory.named = TRUE;
  g_assert_true (collate_engine_memory_takes_card (&memory, &needs, 100000));
  memory.card = -1;
  g_assert_false (collate_engine_memory_takes_card (&memory, &needs, 512));

  for (gsize i = 0; i < G_N_ELEMENTS (without_card); i++)
    {
      g_autoptr (CollateEngineMemory) none = collate_engine_look_at_memory (without_card[i]);

      g_assert_cmpint (none->main, >, 0);
      g_assert_cmpint (none->card, ==, -1);
      g_assert_null (none->name);
      g_assert_true (none->named);
    }
}

static void
test_refused (void)
{
  TinyEngine tiny;
  CollateEngineNeeds needs;
  g_autoptr (GError) missing = NULL;
  g_autoptr (GError) torn = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("GGUF", 4);

  tiny_engine_begin (&tiny);
  g_assert_false (collate_engine_peek_needs (tiny.path, &needs, &missing));
  g_assert_error (missing, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
  tiny_engine_write (&tiny, bytes);
  g_assert_false (collate_engine_peek_needs (tiny.path, &needs, &torn));
  g_assert_error (torn, COLLATE_ERROR, COLLATE_ERROR_INVALID);
  tiny_engine_close (&tiny);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/needs/chat", test_chat);
  g_test_add_func ("/needs/memory", test_memory);
  g_test_add_func ("/needs/fit", test_fit);
  g_test_add_func ("/needs/card", test_card);
  g_test_add_func ("/needs/refused", test_refused);

  return g_test_run ();
}
