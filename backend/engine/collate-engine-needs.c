/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-engine.h"

#include <string.h>

#include "base/collate-error.h"
#include "engine/collate-device.h"
#include "engine/collate-engine-private.h"
#include "engine/collate-memory.h"

/* The figures that a session is refused by, without opening one: nothing of the weights is read. */

/* Both texts are a letter, which begins and ends a token wherever a line does: a text that begins with white space may take
 * a token less than is said. */
static gboolean
count_chat (CollateTemplate *chat, CollateTokenizer *tokenizer, CollateEngineNeeds *needs, GError **error)
{
  g_autoptr (GArray) letter = collate_vocabulary_encode (tokenizer->vocabulary, "A", 1);

  for (gsize i = 0; i < G_N_ELEMENTS (needs->chat_tokens); i++)
    {
      g_autoptr (GArray) tokens = collate_template_encode (
          chat, tokenizer->vocabulary, tokenizer->bos, tokenizer->add_bos, "A", "A", i == 1, error);

      if (!tokens)
        return FALSE;
      needs->chat_tokens[i] = MAX (0, (gint64) tokens->len - 2 * (gint64) letter->len);
    }
  return TRUE;
}

gboolean
collate_engine_peek_needs (const char *path, CollateEngineNeeds *needs, GError **error)
{
  g_autoptr (CollateGguf) gguf = collate_gguf_open (path, error);
  g_autoptr (CollateTemplate) chat = NULL;
  CollateTokenizer tokenizer;
  g_autoptr (CollateEngineInfo) info = NULL;
  CollateEngineReading reading = { FALSE };
  CollateShape shape;
  gboolean known;

  if (!gguf || !collate_engine_model_read_shape (gguf, &shape, error) ||
      !collate_tokenizer_read (gguf, &tokenizer, error))
    return FALSE;
  chat = collate_engine_read_template (gguf);
  known = count_chat (chat, &tokenizer, needs, error);
  collate_vocabulary_unref (tokenizer.vocabulary);

  needs->weights = collate_gguf_get_tensor_bytes (gguf);
  needs->experts = collate_engine_model_count_expert_bytes (gguf, &shape);
  info = collate_engine_info_new (gguf, chat);
  collate_engine_session_measure (&shape, &reading, &needs->fixed, &needs->per_token);
  reading = (CollateEngineReading){ .sparse = TRUE, .top_k = info->top_k };
  collate_engine_session_measure (&shape, &reading, &needs->sparse_fixed, &needs->sparse_per_token);
  return known;
}

gint64
collate_engine_needs_fit (const CollateEngineNeeds *needs, gint64 free_bytes, gint64 context)
{
  gint64 left = free_bytes - needs->weights;

  if (free_bytes == G_MAXINT64 || needs->per_token <= 0)
    return context;
  if (collate_memory_must_leave (free_bytes, needs->weights, needs->weights - needs->experts))
    left += needs->experts;
  return left > needs->fixed ? collate_memory_fit (left, needs->fixed, needs->per_token, context) : 0;
}

/* Memory of this process that no file stands behind. */
static gint64
get_own_memory (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/status", &text, NULL, NULL))
    return 0;
  line = strstr (text, "RssAnon:");
  return line ? g_ascii_strtoll (line + strlen ("RssAnon:"), NULL, 10) * 1024 : 0;
}

gint64
collate_engine_get_free_memory (void)
{
  gint64 available = collate_memory_get_available ();

  return available == G_MAXINT64 ? available : available + get_own_memory ();
}

/* FALSE where it is the machine's memory that is computed in: on the processor, and on what only stands in for a card. */
static gboolean
find_card (const char *device, gboolean named, guint *index)
{
  g_autoptr (GPtrArray) cards = NULL;

  if (!named)
    return collate_engine_find_card (index);
  if (!collate_engine_parse_card (device, index))
    return FALSE;
  cards = collate_vulkan_list ();
  for (guint i = 0; i < cards->len; i++)
    {
      const CollateVulkanInfo *card = cards->pdata[i];

      if (card->index == *index)
        return !g_str_equal (card->type, "software");
    }
  return FALSE;
}

CollateEngineMemory *
collate_engine_look_at_memory (const char *device)
{
  CollateEngineMemory *memory = g_new0 (CollateEngineMemory, 1);
  guint index;

  memory->main = collate_engine_get_free_memory ();
  memory->card = -1;
  memory->named = device && !g_str_equal (device, "auto");
  if (find_card (device, memory->named, &index))
    {
      memory->card = collate_vulkan_get_room (index);
      memory->name = g_strdup_printf (COLLATE_VULKAN_PREFIX "%u", index);
    }
  return memory;
}

void
collate_engine_memory_free (CollateEngineMemory *memory)
{
  g_free (memory->name);
  g_free (memory);
}

gboolean
collate_engine_memory_takes_card (const CollateEngineMemory *memory,
                                  const CollateEngineNeeds *needs,
                                  gint64 context)
{
  gint64 least = MIN (context, COLLATE_LEAST_CONTEXT);
  CollateEngineNeeds whole = *needs;

  /* A card computes with what lies in its own memory. */
  whole.experts = 0;
  if (memory->card < 0)
    return FALSE;
  return memory->named || collate_engine_needs_fit (&whole, memory->card, least) >= least;
}
