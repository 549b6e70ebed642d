/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-architecture.h"
#include "engine/collate-engine-private.h"
#include "engine/collate-shape.h"

/* What a model file says of itself, from its keys and the list of its tensors: nothing of the weights is read, and
 * a file whose network is not known can be described too. */

/* The type that holds most of the numbers: norms are F32 in every file, and the embedding is often finer than the rest. */
static const char *
find_quantization (CollateGguf *gguf, gint64 *n_numbers)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  gint64 most = 0;
  const char *name = NULL;

  *n_numbers = 0;
  for (gsize i = 0; i < collate_gguf_get_n_tensors (gguf); i++)
    {
      const CollateTensor *tensor;
      gint64 *count;

      collate_gguf_get_nth_tensor (gguf, i, &tensor);
      count = g_hash_table_lookup (counts, GUINT_TO_POINTER (tensor->type));
      if (!count)
        {
          count = g_new0 (gint64, 1);
          g_hash_table_insert (counts, GUINT_TO_POINTER (tensor->type), count);
        }
      *count += tensor->columns * tensor->rows;
      *n_numbers += tensor->columns * tensor->rows;
      if (*count > most)
        {
          most = *count;
          name = collate_type_get_name (tensor->type);
        }
    }
  return name;
}

/* Where the file names none. */
#define DEFAULT_TOP_K 512

static gint64
get_size (CollateGguf *gguf, const char *architecture, const char *name)
{
  g_autofree char *key = g_strconcat (architecture, ".", name, NULL);
  gint64 size;

  return collate_gguf_get_int (gguf, key, &size) ? MAX (0, size) : 0;
}

/* Files that were made of DeepSeek 3.2 as it was published have no template. */
static gboolean
is_deepseek32 (CollateGguf *gguf)
{
  return g_strcmp0 (collate_gguf_get_string (gguf, "general.architecture"), "deepseek32") == 0 &&
         g_strcmp0 (collate_gguf_get_string (gguf, "tokenizer.ggml.pre"), "deepseek-v3") == 0;
}

CollateTemplate *
collate_engine_read_template (CollateGguf *gguf)
{
  const char *text = collate_gguf_get_string (gguf, "tokenizer.chat_template");

  if (!text && is_deepseek32 (gguf))
    return collate_template_new_deepseek32 ();
  return collate_template_new (text);
}

CollateEngineInfo *
collate_engine_info_new (CollateGguf *gguf, CollateTemplate *chat)
{
  CollateEngineInfo *info = g_new0 (CollateEngineInfo, 1);
  const char *architecture = collate_gguf_get_string (gguf, "general.architecture");
  const char *const *tokens;
  const gsize *lengths;
  const CollateArchitecture *known = collate_architecture_find (architecture, NULL);
  const char *close;
  gboolean begins_inside;

  if (!architecture)
    architecture = "";
  info->name = g_strdup (collate_gguf_get_string (gguf, "general.name"));
  info->architecture = g_strdup (architecture);
  info->licence = g_strdup (collate_gguf_get_string (gguf, "general.license"));
  info->quantization = find_quantization (gguf, &info->parameters);
  info->chat = collate_template_get_format (chat);
  info->file_bytes = collate_gguf_get_size (gguf);
  info->context = get_size (gguf, architecture, "context_length");
  info->vocabulary = MAX (0, collate_gguf_get_strings (gguf, "tokenizer.ggml.tokens", &tokens, &lengths));
  info->layers = MAX (0,
                      get_size (gguf, architecture, "block_count") -
                          get_size (gguf, architecture, "nextn_predict_layers"));
  info->thinks = collate_template_get_think_tags (chat, &close, &begins_inside) != NULL;
  info->drafts = get_size (gguf, architecture, "nextn_predict_layers") > 0 &&
                 collate_shape_has_draft (gguf, info->layers);
  info->top_k = get_size (gguf, architecture, "attention.indexer.top_k");
  info->index = known && collate_architecture_get_family (known)->has_index ? COLLATE_INDEX_TRAINED
                                                                            : COLLATE_INDEX_BOUNDS;
  if (info->top_k == 0)
    info->top_k = DEFAULT_TOP_K;
  return info;
}

void
collate_engine_info_free (CollateEngineInfo *info)
{
  g_free ((char *) info->name);
  g_free ((char *) info->architecture);
  g_free ((char *) info->licence);
  g_free (info);
}

CollateEngineInfo *
collate_engine_peek (const char *path, GError **error)
{
  g_autoptr (CollateGguf) gguf = collate_gguf_open (path, error);
  g_autoptr (CollateTemplate) chat = NULL;

  if (!gguf)
    return NULL;
  chat = collate_engine_read_template (gguf);
  return collate_engine_info_new (gguf, chat);
}
