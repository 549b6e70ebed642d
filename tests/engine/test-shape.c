/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/collate-error.h"
#include "tiny-engine.h"

/* Shapes of DeepSeek's family that a file must not have: each is refused with words that name the key or tensor, and no
 * kernel ever sees it. */

typedef struct
{
  const char *architecture;
  const char *key;
  guint32 value;
  int code;
  const char *words; /* of the message */
} Case;

static const Case cases[] = {
  { "deepseek2", "attention.kv_lora_rank", 0, COLLATE_ERROR_INVALID, "attention.kv_lora_rank" },
  { "deepseek2", "attention.kv_lora_rank", 1 << 30, COLLATE_ERROR_INVALID, "attention.kv_lora_rank" },
  { "deepseek2", "attention.kv_lora_rank", 48, COLLATE_ERROR_INVALID, "attn_kv_a_mqa" },
  { "deepseek2", "attention.q_lora_rank", 0, COLLATE_ERROR_INVALID, "attn_q.weight is missing" },
  { "deepseek2", "attention.q_lora_rank", 1 << 30, COLLATE_ERROR_INVALID, "attention.q_lora_rank" },
  { "deepseek2", "attention.key_length_mla", 16, COLLATE_ERROR_INVALID, "rope.dimension_count" },
  { "deepseek2", "attention.key_length_mla", 0xffffffff, COLLATE_ERROR_INVALID, "attention.key_length_mla" },
  { "deepseek2",
    "attention.value_length_mla",
    0xffffffff,
    COLLATE_ERROR_INVALID,
    "attention.value_length_mla" },
  { "deepseek2", "attention.head_count", 0, COLLATE_ERROR_INVALID, "attention.head_count" },
  { "deepseek2", "attention.head_count", 3, COLLATE_ERROR_INVALID, "attn_" },
  { "deepseek2", "rope.dimension_count", 15, COLLATE_ERROR_INVALID, "rope.dimension_count" },
  { "deepseek2", "rope.dimension_count", 0, COLLATE_ERROR_INVALID, "rope.dimension_count" },
  { "deepseek2", "expert_count", 1 << 20, COLLATE_ERROR_INVALID, "expert_count" },
  { "deepseek2", "expert_count", 7, COLLATE_ERROR_INVALID, "expert_group_count" },
  { "deepseek2", "expert_used_count", 0, COLLATE_ERROR_INVALID, "expert_used_count" },
  { "deepseek2", "expert_used_count", 9, COLLATE_ERROR_INVALID, "expert_used_count" },
  { "deepseek2", "expert_used_count", 5, COLLATE_ERROR_INVALID, "expert_group_used_count" },
  { "deepseek2", "expert_feed_forward_length", 0, COLLATE_ERROR_INVALID, "expert_feed_forward_length" },
  { "deepseek2", "expert_shared_count", 0x7fffffff, COLLATE_ERROR_INVALID, "expert_shared_count" },
  { "deepseek2", "expert_shared_count", 2, COLLATE_ERROR_INVALID, "ffn_gate_shexp" },
  { "deepseek2", "expert_group_count", 0, COLLATE_ERROR_INVALID, "expert_group_count" },
  { "deepseek2", "expert_group_used_count", 5, COLLATE_ERROR_INVALID, "expert_group_used_count" },
  { "deepseek2", "expert_gating_func", 9, COLLATE_ERROR_UNSUPPORTED, "expert_gating_func" },
  { "deepseek2", "leading_dense_block_count", 2, COLLATE_ERROR_INVALID, "ffn_gate.weight is missing" },
  { "deepseek32", "attention.q_lora_rank", 0, COLLATE_ERROR_INVALID, "the indexer" },
  { "deepseek32", "attention.indexer.head_count", 0, COLLATE_ERROR_INVALID, "attention.indexer.head_count" },
  { "deepseek32", "attention.indexer.head_count", 9, COLLATE_ERROR_INVALID, "indexer.attn_q_b" },
  { "deepseek32", "attention.indexer.key_length", 12, COLLATE_ERROR_INVALID, "attention.indexer.key_length" },
  { "deepseek32", "attention.indexer.key_length", 34, COLLATE_ERROR_INVALID, "attention.indexer.key_length" },
  { "deepseek32", "nextn_predict_layers", 4, COLLATE_ERROR_INVALID, "nextn_predict_layers" },
  { "deepseek32", "block_count", 6, COLLATE_ERROR_INVALID, "blk.4." },
};

/* Writes another value where a key's number stands. */
static GBytes *
change (const Case *test)
{
  g_autoptr (GgufWriter) writer = gguf_tiny_model_new (test->architecture, COLLATE_F32, 1);
  g_autoptr (GBytes) bytes = gguf_writer_to_bytes (writer);
  g_autofree char *key = g_strconcat (test->architecture, ".", test->key, NULL);
  gsize n_bytes;
  const guint8 *data = g_bytes_get_data (bytes, &n_bytes);
  guint8 *changed = g_memdup2 (data, n_bytes);
  guint8 *at = memmem (changed, n_bytes, key, strlen (key));
  guint32 value = GUINT32_TO_LE (test->value);

  g_assert_nonnull (at);
  /* After it there is the type, then the number. */
  memcpy (at + strlen (key) + sizeof (guint32), &value, sizeof value);
  return g_bytes_new_take (changed, n_bytes);
}

static void
test_refused (gconstpointer data)
{
  const Case *test = data;
  g_autoptr (GBytes) bytes = change (test);
  g_autoptr (GError) error = NULL;
  TinyEngine tiny;

  tiny_engine_begin (&tiny);
  tiny_engine_write (&tiny, bytes);
  g_assert_null (collate_engine_open (tiny.path, "cpu", NULL, &error));
  g_assert_error (error, COLLATE_ERROR, test->code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, test->words));
  tiny_engine_close (&tiny);
}

/* What is not in the file is not used: without drafts there are none, though their layer is there. */
static void
test_without_drafts (void)
{
  const Case without = { "deepseek32", "nextn_predict_layers", 0 };
  g_autoptr (GBytes) bytes = change (&without);
  g_autoptr (GError) error = NULL;
  TinyEngine tiny;

  tiny_engine_begin (&tiny);
  tiny_engine_write (&tiny, bytes);
  tiny.engine = collate_engine_open (tiny.path, "cpu", NULL, &error);
  g_assert_no_error (error);
  g_assert_false (collate_engine_get_info (tiny.engine)->drafts);
  g_assert_cmpint (collate_engine_get_info (tiny.engine)->layers, ==, 4);
  tiny_engine_close (&tiny);
}

/* Many a file of V3.2 was made into one of V3, and kept the keys of the indexer that it lost. */
static void
test_index (void)
{
  static const struct
  {
    const char *architecture;
    CollateIndexKind index;
  } files[] = { { "llama", COLLATE_INDEX_BOUNDS },
                { "deepseek2", COLLATE_INDEX_BOUNDS },
                { "deepseek32", COLLATE_INDEX_TRAINED } };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (GgufWriter) writer = gguf_tiny_model_new (files[i].architecture, COLLATE_F32, 1);
      g_autofree char *key = g_strconcat (files[i].architecture, ".attention.indexer.top_k", NULL);
      g_autoptr (CollateEngineInfo) info = NULL;
      g_autoptr (GError) error = NULL;
      TinyEngine tiny;

      if (files[i].index == COLLATE_INDEX_BOUNDS)
        gguf_writer_add_int (writer, key, GGUF_UINT32, 24);
      tiny_engine_begin (&tiny);
      gguf_writer_save (writer, tiny.path);
      info = collate_engine_peek (tiny.path, &error);
      g_assert_no_error (error);
      g_assert_cmpint (info->index, ==, files[i].index);
      g_assert_cmpint (info->top_k, ==, 24);
      tiny_engine_close (&tiny);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name =
          g_strdup_printf ("/engine/shape/%s/%s/%u", cases[i].architecture, cases[i].key, cases[i].value);

      g_test_add_data_func (name, &cases[i], test_refused);
    }
  g_test_add_func ("/engine/shape/without-drafts", test_without_drafts);
  g_test_add_func ("/engine/shape/index", test_index);
  return g_test_run ();
}
