/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "base/collate-error.h"
#include "engine/collate-engine.h"
#include "gguf-writer.h"

/* What describes a model, whose numbers are zeros: its keys, tokenizer, chat format, shape and tensors. It is refused
 * with a reason, or it can be asked. */

#define LEAST_BYTES (512 * 1024)
#define CONTEXT 8

static const char question[] = "The <|im_start|> answer</think>, in one word: \xf0\x9f\xa6\x89";

static void
ask (CollateEngine *engine)
{
  const CollateEngineInfo *info = collate_engine_get_info (engine);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) tokens = collate_engine_encode_chat (engine, "Be brief.", question, TRUE, &error);
  g_autoptr (CollateEngineSession) session = NULL;

  g_assert_true ((tokens == NULL) == (info->chat == COLLATE_CHAT_UNKNOWN));
  g_clear_error (&error);
  if (tokens == NULL)
    tokens = collate_engine_encode (engine, question, -1, TRUE);

  session = collate_engine_session_new (engine, CONTEXT, NULL, &error);
  if (session == NULL)
    {
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
      return;
    }
  g_array_set_size (tokens, MIN (tokens->len, (guint) collate_engine_session_get_context (session)));
  if (tokens->len == 0)
    return;
  collate_engine_session_sync (
      session, (const gint32 *) (gpointer) tokens->data, tokens->len, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (collate_engine_session_get_logits (session));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateEngine) engine = NULL;

  engine = collate_engine_open (fuzz_make_file (data, size, LEAST_BYTES), "cpu", NULL, &error);
  g_assert_true ((engine == NULL) == (error != NULL));
  if (engine != NULL)
    ask (engine);
  else
    g_assert_true (error->domain == COLLATE_ERROR && g_utf8_validate (error->message, -1, NULL));
  return 0;
}

/* The descriptions alone, which end where the first run of numbers begins. */
static void
add_model (const char *architecture, FuzzSeedFunc on_seed, gpointer user_data)
{
  static const char last[] = "output_norm.weight";
  g_autoptr (GgufWriter) writer = gguf_tiny_model_new (architecture, COLLATE_Q8_0, 1);
  g_autoptr (GBytes) bytes = gguf_writer_to_bytes (writer);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  const guint8 *tensors = memmem (data, size, "token_embd.weight", strlen ("token_embd.weight"));
  const guint8 *end = memmem (data, size, last, strlen (last));

  g_assert_true (tensors != NULL && end != NULL);
  /* The longest description has a name of 64 bytes and four dimensions. */
  on_seed (architecture, data, MIN (size, (gsize) (MAX (tensors, end) - data) + 2048), user_data);
}

void
fuzz_each_seed (FuzzSeedFunc on_seed, gpointer user_data)
{
  add_model ("llama", on_seed, user_data);
  add_model ("qwen2", on_seed, user_data);
  add_model ("qwen3", on_seed, user_data);
}
