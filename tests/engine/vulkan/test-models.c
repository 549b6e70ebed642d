/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "plain-model.h"
#include "tiny-engine.h"

/* Tiny random models on each Vulkan device of this machine, against the definition in double precision. */

#define SEED 3
#define N_TOKENS 90
#define N_PROMPT 70 /* read at once; the others one by one */

/* Single precision against double, and against keys that fell to the other side when they were rounded to halves: of
 * logits that reach 8 or so. */
#define TOLERANCE 4e-3

static const CollateType types[] = {
  COLLATE_F32,  COLLATE_F16,  COLLATE_BF16, COLLATE_Q8_0, COLLATE_Q4_0, COLLATE_Q4_1,
  COLLATE_Q5_0, COLLATE_Q5_1, COLLATE_Q4_K, COLLATE_Q5_K, COLLATE_Q6_K,
};

static void
open_on (TinyEngine *tiny, const char *device, const char *architecture, CollateType type)
{
  g_autoptr (GError) error = NULL;

  tiny_engine_begin (tiny);
  gguf_writer_tiny_model (tiny->path, architecture, type, SEED);
  tiny->engine = collate_engine_open (tiny->path, device, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (collate_engine_get_device (tiny->engine), ==, device);
}

static void
assert_logits (CollateEngineSession *session, const double *expected, gsize n_logits)
{
  const float *logits = collate_engine_session_get_logits (session);

  g_assert_nonnull (logits);
  for (gsize i = 0; i < n_logits; i++)
    g_assert_cmpfloat_with_epsilon (logits[i], expected[i], TOLERANCE);
}

/* A prompt at once, tokens one by one, and another question after half of the prompt. */
static void
check_model (const char *device, const char *architecture, CollateType type)
{
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, N_TOKENS);
  g_autofree double *expected = NULL;
  g_autoptr (CollateEngineSession) session = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_logits, n_reused;
  TinyEngine tiny;

  open_on (&tiny, device, architecture, type);
  expected = plain_model_run (tiny.path, tokens, N_TOKENS, 0, &n_logits);
  session = tiny_engine_new_session (&tiny, 0);
  collate_engine_session_sync (session, tokens, N_PROMPT, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  assert_logits (session, expected + (N_PROMPT - 1) * n_logits, n_logits);
  for (gsize i = N_PROMPT; i < N_TOKENS; i++)
    {
      collate_engine_session_append (session, tokens[i], &error);
      g_assert_no_error (error);
      assert_logits (session, expected + i * n_logits, n_logits);
    }

  collate_engine_session_sync (session, tokens, N_PROMPT / 2, NULL, NULL, &n_reused, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_reused, ==, N_PROMPT / 2 - 1);
  assert_logits (session, expected + (N_PROMPT / 2 - 1) * n_logits, n_logits);
  g_clear_pointer (&session, collate_engine_session_free);
  tiny_engine_close (&tiny);
}

static void
test_architectures (gconstpointer device)
{
  static const char *const architectures[] = { "llama", "qwen2", "qwen3" };

  for (gsize i = 0; i < G_N_ELEMENTS (architectures); i++)
    check_model (device, architectures[i], COLLATE_F32);
}

static void
test_types (gconstpointer device)
{
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    check_model (device, "llama", types[i]);
}

static void
test_nothing (void)
{
  g_test_skip ("no Vulkan device");
}

int
main (int argc, char *argv[])
{
  g_autoptr (GPtrArray) devices = collate_engine_list_devices ();
  guint n = 0;

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < devices->len; i++)
    {
      const CollateEngineDevice *device = g_ptr_array_index (devices, i);
      g_autofree char *architectures = g_strdup_printf ("/engine/models/%s/architectures", device->name);
      g_autofree char *of_types = g_strdup_printf ("/engine/models/%s/types", device->name);

      if (!g_str_has_prefix (device->name, "vulkan:"))
        continue;
      g_test_add_data_func (architectures, device->name, test_architectures);
      g_test_add_data_func (of_types, device->name, test_types);
      n++;
    }
  if (n == 0)
    g_test_add_func ("/engine/models/vulkan", test_nothing);
  return g_test_run ();
}
