/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-shape.h"

#include <math.h>

#include "base/collate-error.h"

/* A network's shape and the rotation of its positions, from the keys of a stranger's file. */

#define MAX_CONTEXT (1 << 24)

/* YaRN's own (arXiv:2309.00071): a pair that turns more often than FAST in the trained context keeps its angle, one
 * that turns less often than SLOW is stretched whole. */
#define YARN_FAST 32.0
#define YARN_SLOW 1.0

char *
collate_shape_key (CollateGguf *gguf, const char *name)
{
  return g_strconcat (collate_gguf_get_string (gguf, "general.architecture"), ".", name, NULL);
}

gboolean
collate_shape_read_size (CollateGguf *gguf,
                         const char *name,
                         gint64 fallback,
                         gint64 most,
                         gint64 *size,
                         GError **error)
{
  g_autofree char *key = collate_shape_key (gguf, name);

  if (!collate_gguf_get_int (gguf, key, size))
    *size = fallback;
  if (*size >= 1 && *size <= most)
    return TRUE;
  g_set_error (error,
               COLLATE_ERROR,
               COLLATE_ERROR_INVALID,
               "%s is %" G_GINT64_FORMAT ", not 1 to %" G_GINT64_FORMAT,
               key,
               *size,
               most);
  return FALSE;
}

gboolean
collate_shape_read_number (CollateGguf *gguf,
                           const char *name,
                           double fallback,
                           double least,
                           double most,
                           double *number,
                           GError **error)
{
  g_autofree char *key = collate_shape_key (gguf, name);

  if (!collate_gguf_get_double (gguf, key, number))
    *number = fallback;
  if (*number >= least && *number <= most)
    return TRUE;
  g_set_error (
      error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "%s is %g, not %g to %g", key, *number, least, most);
  return FALSE;
}

static gboolean
read_heads (CollateGguf *gguf, CollateShape *shape, GError **error)
{
  gint64 value_size;

  if (!collate_shape_read_size (
          gguf, "attention.head_count", 0, COLLATE_MOST_HEADS, &shape->n_heads, error) ||
      !collate_shape_read_size (
          gguf, "attention.head_count_kv", shape->n_heads, COLLATE_MOST_HEADS, &shape->n_kv_heads, error) ||
      !collate_shape_read_size (gguf,
                                "attention.key_length",
                                shape->width / shape->n_heads,
                                COLLATE_MOST_WIDTH / shape->n_heads,
                                &shape->head_size,
                                error) ||
      !collate_shape_read_size (
          gguf, "attention.value_length", shape->head_size, COLLATE_MOST_WIDTH, &value_size, error) ||
      !collate_shape_read_size (
          gguf, "rope.dimension_count", shape->head_size, shape->head_size, &shape->n_rotated, error))
    return FALSE;

  if (shape->n_heads % shape->n_kv_heads != 0)
    g_set_error (error,
                 COLLATE_ERROR,
                 COLLATE_ERROR_INVALID,
                 "%" G_GINT64_FORMAT " heads of queries do not share %" G_GINT64_FORMAT
                 " heads of keys evenly",
                 shape->n_heads,
                 shape->n_kv_heads);
  else if (value_size != shape->head_size)
    g_set_error (error,
                 COLLATE_ERROR,
                 COLLATE_ERROR_UNSUPPORTED,
                 "keys of %" G_GINT64_FORMAT " numbers and values of %" G_GINT64_FORMAT,
                 shape->head_size,
                 value_size);
  else if (shape->head_size % 2 != 0 || shape->n_rotated % 2 != 0)
    g_set_error (error,
                 COLLATE_ERROR,
                 COLLATE_ERROR_INVALID,
                 "heads of %" G_GINT64_FORMAT " numbers, %" G_GINT64_FORMAT " of them rotated, are not pairs",
                 shape->head_size,
                 shape->n_rotated);
  else
    {
      shape->value_size = shape->head_size;
      shape->attention_scale = 1 / sqrtf (shape->head_size);
      return TRUE;
    }
  return FALSE;
}

/* A mixture of experts has the same name and other tensors. */
static gboolean
check_dense (CollateGguf *gguf, GError **error)
{
  g_autofree char *key = collate_shape_key (gguf, "expert_count");
  gint64 n_experts;

  if (!collate_gguf_get_int (gguf, key, &n_experts) || n_experts == 0)
    return TRUE;
  g_set_error (error,
               COLLATE_ERROR,
               COLLATE_ERROR_UNSUPPORTED,
               "a mixture of %" G_GINT64_FORMAT " experts",
               n_experts);
  return FALSE;
}

gboolean
collate_shape_read (CollateGguf *gguf, const CollateFamily *family, CollateShape *shape, GError **error)
{
  const CollateTensor *embedding = collate_gguf_get_tensor (gguf, "token_embd.weight");
  double epsilon;

  *shape = (CollateShape){ .interleaved = family->interleaved, .rotation_scale = 1 };
  if ((!family->has_experts && !check_dense (gguf, error)) ||
      !collate_shape_read_size (gguf, "block_count", 0, COLLATE_MOST_LAYERS, &shape->n_layers, error) ||
      !collate_shape_read_size (gguf, "embedding_length", 0, COLLATE_MOST_WIDTH, &shape->width, error) ||
      !collate_shape_read_size (gguf, "feed_forward_length", 0, COLLATE_MOST_WIDTH, &shape->hidden, error) ||
      !collate_shape_read_size (gguf, "context_length", 0, MAX_CONTEXT, &shape->context, error) ||
      !collate_shape_read_number (gguf, "attention.layer_norm_rms_epsilon", -1, 0, 1, &epsilon, error) ||
      !(family->latent ? collate_shape_read_latent : read_heads) (gguf, shape, error) ||
      (family->has_experts && !collate_shape_read_experts (gguf, family, shape, error)) ||
      (family->has_index && !collate_shape_read_index (gguf, family, shape, error)) ||
      !collate_shape_read_drafts (gguf, shape, error))
    return FALSE;

  shape->n_vocabulary = embedding ? embedding->rows : 0;
  shape->epsilon = epsilon;
  return TRUE;
}

/* The pair that turns `n_turns` times in a context of n_tokens. */
static double
find_pair (double n_turns, gint64 n_tokens, gint64 n_rotated, double base)
{
  return n_rotated * log (n_tokens / (n_turns * 2 * G_PI)) / (2 * log (base));
}

/* What YaRN multiplies the attention's scale by. Where whole heads are rotated it lengthens both of what is multiplied, so
 * that it acts squared. DeepSeek's latent heads, of which a part is rotated, have the same said by a factor of the
 * logarithm (0.1 * mscale_all_dim); with it the lengths of rotated numbers stay as they are, unless the factor is not that
 * of other models: then V3.2's change by what is between the two (its mscale is 1, V2's is the same as mscale_all_dim). */
static gboolean
read_temperature (CollateGguf *gguf, CollateShape *shape, double factor, double *temperature, GError **error)
{
  double magnitude = 1, multiplier = 0.1;

  if (shape->latent.rank > 0
          ? !collate_shape_read_number (
                gguf, "rope.scaling.yarn_log_multiplier", -1, 0, 10, &multiplier, error)
          : !collate_shape_read_number (gguf, "rope.scaling.attn_factor", 1, 0.01, 100, &magnitude, error))
    return FALSE;
  magnitude *= 1 + multiplier * log (factor);
  if (shape->index.n_heads > 0)
    shape->rotation_scale = (1 + 0.1 * log (factor)) / (1 + multiplier * log (factor));
  *temperature = magnitude * magnitude;
  return TRUE;
}

/* Stretches the slow pairs by `factor`, leaves the fast ones, and mixes between; the attention's temperature goes with
 * it. */
static gboolean
stretch (CollateGguf *gguf,
         CollateShape *shape,
         double base,
         double factor,
         float *frequencies,
         GError **error)
{
  double temperature, low, high;
  gint64 n_trained;

  if (!collate_shape_read_size (
          gguf, "rope.scaling.original_context_length", shape->context, MAX_CONTEXT, &n_trained, error) ||
      !read_temperature (gguf, shape, factor, &temperature, error))
    return FALSE;

  low = MAX (0, floor (find_pair (YARN_FAST, n_trained, shape->n_rotated, base)));
  high = MIN (shape->n_rotated - 1, ceil (find_pair (YARN_SLOW, n_trained, shape->n_rotated, base)));
  for (gint64 i = 0; i < shape->n_rotated / 2; i++)
    {
      double share = CLAMP ((i - low) / MAX (0.001, high - low), 0, 1);

      frequencies[i] *= share / factor + 1 - share;
    }

  shape->attention_scale *= temperature;
  return TRUE;
}

/* Llama 3.1 has a divisor of each frequency instead of a rule. */
static gboolean
divide (CollateGguf *gguf, const CollateShape *shape, float *frequencies, GError **error)
{
  const CollateTensor *tensor = collate_gguf_get_tensor (gguf, "rope_freqs.weight");
  const float *divisors;

  if (!tensor)
    return TRUE;
  if (tensor->type != COLLATE_F32 || tensor->rows != 1 || tensor->columns != shape->n_rotated / 2)
    {
      g_set_error (error,
                   COLLATE_ERROR,
                   COLLATE_ERROR_INVALID,
                   "rope_freqs.weight is not %" G_GINT64_FORMAT " numbers of type F32",
                   shape->n_rotated / 2);
      return FALSE;
    }
  divisors = tensor->data;
  for (gint64 i = 0; i < tensor->columns; i++)
    {
      if (!(divisors[i] > 0) || !isfinite (divisors[i]))
        {
          g_set_error (
              error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "rope_freqs.weight has a %g", divisors[i]);
          return FALSE;
        }
      frequencies[i] /= divisors[i];
    }
  return TRUE;
}

static gboolean
scale (CollateGguf *gguf, CollateShape *shape, double base, float *frequencies, GError **error)
{
  g_autofree char *key = collate_shape_key (gguf, "rope.scaling.type");
  const char *type = collate_gguf_get_string (gguf, key);
  double factor;

  if (!type || g_str_equal (type, "none"))
    return TRUE;
  if (!collate_shape_read_number (gguf, "rope.scaling.factor", 1, 1, 1 << 20, &factor, error))
    return FALSE;
  if (g_str_equal (type, "linear"))
    {
      for (gint64 i = 0; i < shape->n_rotated / 2; i++)
        frequencies[i] /= factor;
      return TRUE;
    }
  if (g_str_equal (type, "yarn") && (shape->latent.rank > 0 || shape->n_rotated == shape->head_size))
    return stretch (gguf, shape, base, factor, frequencies, error);
  g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "%s is \"%s\"", key, type);
  return FALSE;
}

float *
collate_shape_read_frequencies (CollateGguf *gguf, CollateShape *shape, GError **error)
{
  g_autofree float *frequencies = g_new (float, shape->n_rotated / 2);
  double base;

  if (!collate_shape_read_number (gguf, "rope.freq_base", 10000, 1.001, 1e12, &base, error))
    return NULL;
  for (gint64 i = 0; i < shape->n_rotated / 2; i++)
    frequencies[i] = pow (base, -2.0 * i / shape->n_rotated);
  if (!scale (gguf, shape, base, frequencies, error) || !divide (gguf, shape, frequencies, error))
    return NULL;
  return g_steal_pointer (&frequencies);
}
