/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-shape.h"

#include <math.h>

#include "base/collate-error.h"

/* What the files of DeepSeek's family say beyond a plain transformer's: latent attention, experts, the indexer, layers that
 * draft. */

#define MAX_EXPERTS 65536

static gboolean
refuse (GError **error, CollateGguf *gguf, const char *name, const char *reason)
{
  g_autofree char *key = collate_shape_key (gguf, name);

  g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "%s %s", key, reason);
  return FALSE;
}

/* The ranks, and what follows from them: a head of keys is the latent row with its rotated numbers. */
static gboolean
derive_heads (CollateGguf *gguf, gint64 key_size, CollateShape *shape, GError **error)
{
  CollateLatentShape *latent = &shape->latent;

  if (shape->n_rotated % 2 != 0 || shape->n_rotated >= key_size)
    return refuse (error, gguf, "rope.dimension_count", "leaves nothing of a head, or is odd");
  latent->n_plain = key_size - shape->n_rotated;
  shape->n_kv_heads = 1;
  shape->head_size = latent->rank + shape->n_rotated;
  shape->value_size = latent->rank;
  shape->attention_scale = 1 / sqrtf (key_size);
  return TRUE;
}

/* A file without a query's rank makes queries from the stream, as DeepSeek-V2-Lite does. */
gboolean
collate_shape_read_latent (CollateGguf *gguf, CollateShape *shape, GError **error)
{
  CollateLatentShape *latent = &shape->latent;
  g_autofree char *rank_key = collate_shape_key (gguf, "attention.q_lora_rank");
  gint64 key_size, rank;

  if (collate_gguf_get_int (gguf, rank_key, &rank) && rank != 0 &&
      !collate_shape_read_size (
          gguf, "attention.q_lora_rank", 0, COLLATE_MOST_WIDTH, &latent->query_rank, error))
    return FALSE;
  if (!collate_shape_read_size (
          gguf, "attention.head_count", 0, COLLATE_MOST_HEADS, &shape->n_heads, error) ||
      !collate_shape_read_size (
          gguf, "attention.kv_lora_rank", 0, COLLATE_MOST_WIDTH / 64, &latent->rank, error) ||
      !collate_shape_read_size (
          gguf, "attention.key_length_mla", 0, COLLATE_MOST_WIDTH / shape->n_heads, &key_size, error) ||
      !collate_shape_read_size (gguf,
                                "attention.value_length_mla",
                                key_size,
                                COLLATE_MOST_WIDTH / shape->n_heads,
                                &latent->out_size,
                                error) ||
      !collate_shape_read_size (
          gguf, "rope.dimension_count", 0, COLLATE_MOST_WIDTH / 64, &shape->n_rotated, error))
    return FALSE;
  return derive_heads (gguf, key_size, shape, error);
}

static gboolean
read_gating (CollateGguf *gguf, const CollateFamily *family, CollateExpertsShape *experts, GError **error)
{
  g_autofree char *key = collate_shape_key (gguf, "expert_gating_func");
  gint64 gating;

  if (!collate_gguf_get_int (gguf, key, &gating) || gating == 0)
    gating = family->gating;
  if (gating != COLLATE_GATING_SOFTMAX && gating != COLLATE_GATING_SIGMOID)
    {
      g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "%s %" G_GINT64_FORMAT, key, gating);
      return FALSE;
    }
  experts->gating = (CollateGating) gating;
  return TRUE;
}

/* Groups matter where the file says that only some of them are used. */
static gboolean
read_groups (CollateGguf *gguf, CollateExpertsShape *experts, GError **error)
{
  if (!collate_shape_read_size (
          gguf, "expert_group_count", 1, experts->n_experts, &experts->n_groups, error) ||
      !collate_shape_read_size (gguf,
                                "expert_group_used_count",
                                experts->n_groups,
                                experts->n_groups,
                                &experts->n_groups_used,
                                error))
    return FALSE;
  if (experts->n_experts % experts->n_groups != 0)
    return refuse (error, gguf, "expert_group_count", "does not divide the experts");
  if (experts->n_experts / experts->n_groups * experts->n_groups_used < experts->n_used)
    return refuse (error, gguf, "expert_group_used_count", "leaves too few experts");
  return TRUE;
}

gboolean
collate_shape_read_experts (CollateGguf *gguf,
                            const CollateFamily *family,
                            CollateShape *shape,
                            GError **error)
{
  CollateExpertsShape *experts = &shape->experts;
  g_autofree char *count_key = collate_shape_key (gguf, "expert_count");
  g_autofree char *dense_key = collate_shape_key (gguf, "leading_dense_block_count");
  g_autofree char *shared_key = collate_shape_key (gguf, "expert_shared_count");
  g_autofree char *norm_key = collate_shape_key (gguf, "expert_weights_norm");
  gint64 count;
  double scale;

  if (!collate_gguf_get_int (gguf, count_key, &count) || count == 0)
    return TRUE;
  if (!collate_shape_read_size (gguf, "expert_count", 0, MAX_EXPERTS, &experts->n_experts, error) ||
      !collate_shape_read_size (
          gguf, "expert_used_count", 0, MIN (experts->n_experts, 1024), &experts->n_used, error) ||
      !collate_shape_read_size (
          gguf, "expert_feed_forward_length", 0, COLLATE_MOST_WIDTH, &experts->hidden, error) ||
      !collate_shape_read_number (gguf, "expert_weights_scale", 1, 0, 1e6, &scale, error) ||
      !read_gating (gguf, family, experts, error) || !read_groups (gguf, experts, error))
    return FALSE;
  if (!collate_gguf_get_int (gguf, shared_key, &experts->n_shared))
    experts->n_shared = 0;
  if (experts->n_shared < 0 || experts->n_shared > COLLATE_MOST_WIDTH / experts->hidden)
    return refuse (error, gguf, "expert_shared_count", "is out of bounds");
  if (!collate_gguf_get_int (gguf, dense_key, &experts->n_dense_layers))
    experts->n_dense_layers = 0;
  if (!collate_gguf_get_boolean (gguf, norm_key, &experts->normalised))
    experts->normalised = FALSE;
  experts->scale = scale == 0 ? 1 : scale;
  return TRUE;
}

gboolean
collate_shape_read_index (CollateGguf *gguf, const CollateFamily *family, CollateShape *shape, GError **error)
{
  CollateIndexShape *index = &shape->index;

  if (shape->latent.query_rank == 0)
    return refuse (error, gguf, "attention.q_lora_rank", "is missing, and the indexer needs it");
  if (!collate_shape_read_size (
          gguf, "attention.indexer.head_count", 0, COLLATE_MOST_HEADS, &index->n_heads, error) ||
      !collate_shape_read_size (
          gguf, "attention.indexer.key_length", 0, COLLATE_MOST_WIDTH / index->n_heads, &index->size, error))
    return FALSE;
  if (index->size % 4 != 0 || index->size < shape->n_rotated)
    return refuse (error, gguf, "attention.indexer.key_length", "is no multiple of 4, or too small");
  index->interleaved = family->interleaved_index;
  return TRUE;
}

gboolean
collate_shape_has_draft (CollateGguf *gguf, gint64 n_layers)
{
  g_autofree char *name = g_strdup_printf ("blk.%" G_GINT64_FORMAT ".nextn.eh_proj.weight", n_layers);

  return collate_gguf_get_tensor (gguf, name) != NULL;
}

/* The blocks of a file are those of the network, and after them those that draft, which some files only count. */
gboolean
collate_shape_read_drafts (CollateGguf *gguf, CollateShape *shape, GError **error)
{
  g_autofree char *key = collate_shape_key (gguf, "nextn_predict_layers");
  gint64 n_drafts;

  if (!collate_gguf_get_int (gguf, key, &n_drafts) || n_drafts == 0)
    return TRUE;
  if (n_drafts < 0 || n_drafts >= shape->n_layers)
    return refuse (error, gguf, "nextn_predict_layers", "leaves no layer");
  shape->n_layers -= n_drafts;
  shape->n_drafts = collate_shape_has_draft (gguf, shape->n_layers) ? 1 : 0;
  return TRUE;
}
