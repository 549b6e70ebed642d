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
#define CONTEXT 16

static const char question[] = "The <|im_start|> answer</think>, in one word: \xf0\x9f\xa6\x89";

/* One token after another, so that those which are drafted are read, too. */
static void
write_on (CollateEngineSession *session, GArray *tokens)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < tokens->len && !error; i++)
    collate_engine_session_append (session, g_array_index (tokens, gint32, i), &error);
  if (error)
    g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LONG);
}

static void
read_tokens (CollateEngine *engine, const CollateEngineReading *reading, GArray *tokens)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateEngineSession) session = collate_engine_session_new (engine, CONTEXT, reading, &error);
  gsize n_read;

  if (session == NULL)
    {
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
      return;
    }
  n_read = MIN (tokens->len, (gsize) collate_engine_session_get_context (session) * 3 / 4);
  if (n_read == 0)
    return;
  collate_engine_session_sync (
      session, (const gint32 *) (gpointer) tokens->data, n_read, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (collate_engine_session_get_logits (session));
  write_on (session, tokens);
}

static void
ask (CollateEngine *engine)
{
  const CollateEngineReading dense = { FALSE };
  const CollateEngineReading sparse = { .sparse = TRUE, .top_k = CONTEXT / 2, .drafts = TRUE };
  const CollateEngineReading narrow = { .sparse = TRUE, .top_k = CONTEXT / 2, .narrow_index = TRUE };
  const CollateEngineInfo *info = collate_engine_get_info (engine);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) tokens = collate_engine_encode_chat (engine, "Be brief.", question, TRUE, &error);

  g_assert_true ((tokens == NULL) == (info->chat == COLLATE_CHAT_UNKNOWN));
  if (tokens == NULL)
    tokens = collate_engine_encode (engine, question, -1, TRUE);
  read_tokens (engine, &dense, tokens);
  read_tokens (engine, &sparse, tokens);
  read_tokens (engine, &narrow, tokens);
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
  add_model ("deepseek2", on_seed, user_data);
  add_model ("deepseek32", on_seed, user_data);
  add_model ("glm-dsa", on_seed, user_data);
}
