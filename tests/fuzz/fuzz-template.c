/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "base/collate-error.h"
#include "engine/collate-template.h"
#include "gguf-writer.h"

/* A model's chat template, and what a person asks: the first is recognised or said to be unknown, and the second never
 * becomes a control token. A zero byte stands between them. */

static const char *const controls[] = {
  "<|im_start|>",
  "<|im_end|>",
  "<|start_header_id|>",
  "<|end_header_id|>",
  "<|eot_id|>",
  "<s>",
  "</s>",
  "<think>",
  "</think>",
  "<\357\275\234User\357\275\234>",
  "<\357\275\234Assistant\357\275\234>",
};

/* These, and then letters enough for each byte to be some token. */
static CollateVocabulary *
new_vocabulary (void)
{
  enum
  {
    N_CONTROLS = G_N_ELEMENTS (controls),
    N = N_CONTROLS + 256
  };
  g_autoptr (GPtrArray) tokens = g_ptr_array_new_with_free_func (g_free);
  gsize lengths[N];
  gint32 types[N];
  CollateVocabularyParams params = {
    .model = "gpt2",
    .pre = "default",
    .n_tokens = N,
    .bos = -1,
    .eos = -1,
    .unknown = -1,
  };

  for (guint i = 0; i < N; i++)
    {
      char *token = i < N_CONTROLS ? g_strdup (controls[i]) : gguf_spell_byte (i - N_CONTROLS);

      g_ptr_array_add (tokens, token);
      lengths[i] = strlen (token);
      types[i] = i < N_CONTROLS ? 3 : 1;
    }
  params.tokens = (const char *const *) tokens->pdata;
  params.token_lengths = lengths;
  params.types = types;
  return collate_vocabulary_new (&params, NULL);
}

static guint
count_controls (GArray *tokens)
{
  guint n = 0;

  for (guint i = 0; i < tokens->len; i++)
    n += g_array_index (tokens, gint32, i) < (gint32) G_N_ELEMENTS (controls);
  return n;
}

static void
check_question (CollateTemplate *chat, CollateVocabulary *vocabulary, const char *question, gboolean think)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) plain =
      collate_template_encode (chat, vocabulary, -1, FALSE, "system", "user", think, &error);
  g_autoptr (GArray) asked =
      collate_template_encode (chat, vocabulary, -1, FALSE, question, question, think, NULL);

  g_assert_true ((plain == NULL) == (collate_template_get_format (chat) == COLLATE_CHAT_UNKNOWN));
  g_assert_true ((plain == NULL) == (asked == NULL));
  if (plain == NULL)
    g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  else
    g_assert_cmpuint (count_controls (plain), ==, count_controls (asked));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static CollateVocabulary *vocabulary;
  g_autofree char *text = g_strndup ((const char *) data, size);
  gsize length = strlen (text);
  g_autofree char *rest = length < size ? g_strndup ((const char *) data + length + 1, size - length - 1)
                                        : g_strdup ("<|im_start|>");
  g_autoptr (CollateTemplate) chat = NULL;
  const char *open, *close;
  gboolean inside;

  if (vocabulary == NULL)
    vocabulary = new_vocabulary ();
  g_assert_nonnull (vocabulary);
  if (!g_utf8_validate (text, -1, NULL) || !g_utf8_validate (rest, -1, NULL))
    return 0;

  chat = collate_template_new (text);
  open = collate_template_get_think_tags (chat, &close, &inside);
  g_assert_true ((open == NULL) == (close == NULL));
  check_question (chat, vocabulary, rest, TRUE);
  check_question (chat, vocabulary, rest, FALSE);
  return 0;
}

void
fuzz_each_seed (FuzzSeedFunc on_seed, gpointer user_data)
{
  static const char *const texts[] = {
    "{{ '<|im_start|>' + message['role'] }}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}",
    "<|im_start|>{% if add_generation_prompt %}'<|im_start|>assistant\\n'{% if not enable_thinking %}"
    "'<think>\\n\\n</think>\\n\\n'",
    "bos_token <|start_header_id|> <|end_header_id|> Cutting Knowledge Date: December 2023 Today Date",
    "bos_token '[INST] ' '<<SYS>>\\n'",
    "<\357\275\234User\357\275\234>' + message['content'] + '<\357\275\234Assistant\357\275\234><think>\\n' "
    "add_generation_prompt",
    "'User: ' + message['content'] 'Assistant: ' + message['content'] add_generation_prompt 'Assistant:'",
    "<|im_start|><|im_sep|>",
    "system_prompt <\357\275\234User\357\275\234> <\357\275\234Assistant\357\275\234> "
    "<\357\275\234DSML\357\275\234function_calls> add_generation_prompt <think></think>",
    NULL,
  };

  fuzz_each_text (texts, on_seed, user_data);
}
