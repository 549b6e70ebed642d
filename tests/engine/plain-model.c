/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "plain-model.h"

#include <math.h>

#include "engine/collate-device.h"
#include "engine/collate-gguf.h"

typedef struct
{
  CollateGguf *gguf;
  const char *architecture;
  gint64 width, hidden, n_layers, n_heads, n_kv_heads, head_size, n_rotated;
  double epsilon, base;
  gsize n_tokens;
  gsize top_k; /* 0: all */
} Plain;

static gint64
get_int (Plain *self, const char *name, gint64 fallback)
{
  g_autofree char *key = g_strdup_printf ("%s.%s", self->architecture, name);
  gint64 value;

  return collate_gguf_get_int (self->gguf, key, &value) ? value : fallback;
}

static double
get_double (Plain *self, const char *name)
{
  g_autofree char *key = g_strdup_printf ("%s.%s", self->architecture, name);
  double value;

  g_assert_true (collate_gguf_get_double (self->gguf, key, &value));
  return value;
}

static void
read_shape (Plain *self)
{
  self->architecture = collate_gguf_get_string (self->gguf, "general.architecture");
  self->width = get_int (self, "embedding_length", 0);
  self->hidden = get_int (self, "feed_forward_length", 0);
  self->n_layers = get_int (self, "block_count", 0);
  self->n_heads = get_int (self, "attention.head_count", 0);
  self->n_kv_heads = get_int (self, "attention.head_count_kv", 0);
  self->head_size = get_int (self, "attention.key_length", self->width / self->n_heads);
  self->n_rotated = get_int (self, "rope.dimension_count", self->head_size);
  self->epsilon = get_double (self, "attention.layer_norm_rms_epsilon");
  self->base = get_double (self, "rope.freq_base");
}

/* A tensor's numbers, or NULL. */
static float *
get_numbers (Plain *self, const char *name, gint64 *rows)
{
  const CollateTensor *tensor = collate_gguf_get_tensor (self->gguf, name);
  float *numbers;

  if (!tensor)
    return NULL;
  numbers = g_new (float, tensor->columns * tensor->rows);
  collate_type_expand (tensor->type, tensor->data, numbers, tensor->columns * tensor->rows);
  if (rows)
    *rows = tensor->rows;
  return numbers;
}

static float *
get_layer_numbers (Plain *self, gint64 layer, const char *name)
{
  g_autofree char *full = g_strdup_printf ("blk.%" G_GINT64_FORMAT ".%s", layer, name);

  return get_numbers (self, full, NULL);
}

/* Each of n_rows by itself. */
static void
norm (Plain *self, const double *in, const float *weight, gint64 n_rows, gint64 columns, double *out)
{
  for (gint64 row = 0; row < n_rows; row++)
    {
      const double *from = in + row * columns;
      double sum = 0;

      for (gint64 i = 0; i < columns; i++)
        sum += from[i] * from[i];
      for (gint64 i = 0; i < columns; i++)
        out[row * columns + i] = weight[i] * from[i] / sqrt (sum / (double) columns + self->epsilon);
    }
}

/* [n_tokens][rows]; (transfer full). */
static double *
multiply (Plain *self, const double *in, const float *weight, const float *bias, gint64 columns, gint64 rows)
{
  double *out = g_new (double, self->n_tokens *rows);

  for (gsize t = 0; t < self->n_tokens; t++)
    for (gint64 r = 0; r < rows; r++)
      {
        double sum = bias ? bias[r] : 0;

        for (gint64 c = 0; c < columns; c++)
          sum += weight[r * columns + c] * in[t * columns + c];
        out[t * rows + r] = sum;
      }
  return out;
}

/* Llama's files pair neighbours, Qwen's the halves. */
static void
rotate (Plain *self, double *heads, gint64 n_heads)
{
  gboolean neighbours = g_str_equal (self->architecture, "llama");
  gint64 half = self->n_rotated / 2;

  for (gsize row = 0; row < self->n_tokens * n_heads; row++)
    for (gint64 i = 0; i < half; i++)
      {
        double *a = heads + row * self->head_size + (neighbours ? 2 * i : i);
        double *b = neighbours ? a + 1 : a + half;
        double angle = (double) (row / n_heads) * pow (self->base, -2.0 * i / self->n_rotated);
        double kept = *a;

        *a = kept * cos (angle) - *b * sin (angle);
        *b = kept * sin (angle) + *b * cos (angle);
      }
}

/* What the caches keep. */
static void
round_to_halves (double *numbers, gsize n)
{
  for (gsize i = 0; i < n; i++)
    numbers[i] = collate_f16_to_f32 (collate_f32_to_f16 (numbers[i]));
}

/* The most that any key of a page can score with all heads of a token together (arXiv:2406.10774, section 3.2). */
static double
get_bound (Plain *self, const double *queries, const double *keys, gsize page)
{
  gint64 stride = self->n_kv_heads * self->head_size;
  double sum = 0;

  for (gint64 n = 0; n < self->n_heads * self->head_size; n++)
    {
      gint64 column =
          n / self->head_size / (self->n_heads / self->n_kv_heads) * self->head_size + n % self->head_size;
      double most = -INFINITY;

      for (gsize t = page * COLLATE_PAGE; t < (page + 1) * COLLATE_PAGE; t++)
        most = MAX (most, queries[n] * keys[t * stride + column]);
      sum += most;
    }
  return sum;
}

/* What a token reads: the first 4, the last 64, and of the other pages the best ones' keys, earlier ones first; (transfer
 * full). */
static gboolean *
choose (Plain *self, const double *queries, const double *keys, gsize n_visible)
{
  gboolean *chosen = g_new0 (gboolean, n_visible);
  g_autofree double *scores = g_new (double, n_visible);

  for (gsize t = 0; t < n_visible; t++)
    {
      gboolean forced = self->top_k == 0 || t < 4 || t + 64 >= n_visible;

      if (forced || t % COLLATE_PAGE == 0)
        scores[t] = forced ? INFINITY : get_bound (self, queries, keys, t / COLLATE_PAGE);
      else
        scores[t] = t - t % COLLATE_PAGE < 4 ? get_bound (self, queries, keys, t / COLLATE_PAGE)
                                             : scores[t - t % COLLATE_PAGE];
    }
  for (gsize n = 0; n < (self->top_k == 0 ? n_visible : MIN (self->top_k, n_visible)); n++)
    {
      gsize best = G_MAXSIZE;

      for (gsize t = 0; t < n_visible; t++)
        if (!chosen[t] && (best == G_MAXSIZE || scores[t] > scores[best]))
          best = t;
      chosen[best] = TRUE;
    }
  return chosen;
}

/* One head's output for a token. */
static void
attend (Plain *self,
        const double *query,
        const double *keys,
        const double *values,
        gsize n_visible,
        const gboolean *chosen,
        double *out)
{
  g_autofree double *weights = g_new (double, n_visible);
  gint64 stride = self->n_kv_heads * self->head_size;
  double most = -INFINITY;
  double sum = 0;

  for (gsize t = 0; t < n_visible; t++)
    {
      double dot = 0;

      for (gint64 i = 0; i < self->head_size; i++)
        dot += query[i] * keys[t * stride + i];
      weights[t] = chosen[t] ? dot / sqrt (self->head_size) : -INFINITY;
      most = MAX (most, weights[t]);
    }
  for (gsize t = 0; t < n_visible; t++)
    {
      weights[t] = exp (weights[t] - most);
      sum += weights[t];
    }
  for (gint64 i = 0; i < self->head_size; i++)
    {
      out[i] = 0;
      for (gsize t = 0; t < n_visible; t++)
        out[i] += weights[t] / sum * values[t * stride + i];
    }
}

static double *
project (Plain *self, const double *in, gint64 layer, const char *name, gint64 columns, gint64 rows)
{
  g_autofree char *weight_name = g_strdup_printf ("%s.weight", name);
  g_autofree char *bias_name = g_strdup_printf ("%s.bias", name);
  g_autofree float *weight = get_layer_numbers (self, layer, weight_name);
  g_autofree float *bias = get_layer_numbers (self, layer, bias_name);

  return multiply (self, in, weight, bias, columns, rows);
}

static void
norm_heads (Plain *self, double *heads, gint64 n_heads, gint64 layer, const char *name)
{
  g_autofree float *weight = get_layer_numbers (self, layer, name);

  if (weight)
    norm (self, heads, weight, self->n_tokens * n_heads, self->head_size, heads);
}

static void
add (double *stream, const double *more, gsize n)
{
  for (gsize i = 0; i < n; i++)
    stream[i] += more[i];
}

static void
run_attention (Plain *self, double *stream, gint64 layer)
{
  gint64 n_query = self->n_heads * self->head_size;
  gint64 n_key = self->n_kv_heads * self->head_size;
  g_autofree float *weight = get_layer_numbers (self, layer, "attn_norm.weight");
  g_autofree double *normed = g_new (double, self->n_tokens * self->width);
  g_autofree double *heads = g_new (double, self->n_tokens *n_query);
  g_autofree double *queries = NULL, *keys = NULL, *values = NULL, *out = NULL;

  norm (self, stream, weight, self->n_tokens, self->width, normed);
  queries = project (self, normed, layer, "attn_q", self->width, n_query);
  keys = project (self, normed, layer, "attn_k", self->width, n_key);
  values = project (self, normed, layer, "attn_v", self->width, n_key);
  norm_heads (self, queries, self->n_heads, layer, "attn_q_norm.weight");
  norm_heads (self, keys, self->n_kv_heads, layer, "attn_k_norm.weight");
  rotate (self, queries, self->n_heads);
  rotate (self, keys, self->n_kv_heads);
  round_to_halves (keys, self->n_tokens * n_key);
  round_to_halves (values, self->n_tokens * n_key);

  for (gsize t = 0; t < self->n_tokens; t++)
    {
      g_autofree gboolean *chosen = choose (self, queries + t * n_query, keys, t + 1);

      for (gint64 head = 0; head < self->n_heads; head++)
        {
          gint64 shared = head / (self->n_heads / self->n_kv_heads) * self->head_size;
          gsize place = t * n_query + head * self->head_size;

          attend (self, queries + place, keys + shared, values + shared, t + 1, chosen, heads + place);
        }
    }
  out = project (self, heads, layer, "attn_output", n_query, self->width);
  add (stream, out, self->n_tokens * self->width);
}

static void
run_hidden (Plain *self, double *stream, gint64 layer)
{
  g_autofree float *weight = get_layer_numbers (self, layer, "ffn_norm.weight");
  g_autofree double *normed = g_new (double, self->n_tokens * self->width);
  g_autofree double *gate = NULL, *up = NULL, *out = NULL;

  norm (self, stream, weight, self->n_tokens, self->width, normed);
  gate = project (self, normed, layer, "ffn_gate", self->width, self->hidden);
  up = project (self, normed, layer, "ffn_up", self->width, self->hidden);
  for (gsize i = 0; i < self->n_tokens * self->hidden; i++)
    gate[i] = gate[i] / (1 + exp (-gate[i])) * up[i];
  out = project (self, gate, layer, "ffn_down", self->hidden, self->width);
  add (stream, out, self->n_tokens * self->width);
}

double *
plain_model_run (const char *path, const gint32 *tokens, gsize n_tokens, gsize top_k, gsize *n_vocabulary)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateGguf) gguf = collate_gguf_open (path, &error);
  Plain self = { .gguf = gguf, .n_tokens = n_tokens, .top_k = top_k };
  g_autofree float *embedding = NULL, *output = NULL, *weight = NULL;
  g_autofree double *stream = NULL;
  gint64 rows;

  g_assert_no_error (error);
  read_shape (&self);
  embedding = get_numbers (&self, "token_embd.weight", &rows);
  output = get_numbers (&self, "output.weight", NULL);
  weight = get_numbers (&self, "output_norm.weight", NULL);
  stream = g_new (double, n_tokens *self.width);

  for (gsize t = 0; t < n_tokens; t++)
    for (gint64 i = 0; i < self.width; i++)
      stream[t * self.width + i] = embedding[tokens[t] * self.width + i];
  for (gint64 layer = 0; layer < self.n_layers; layer++)
    {
      run_attention (&self, stream, layer);
      run_hidden (&self, stream, layer);
    }
  norm (&self, stream, weight, n_tokens, self.width, stream);
  *n_vocabulary = rows;
  return multiply (&self, stream, output ? output : embedding, NULL, self.width, rows);
}
