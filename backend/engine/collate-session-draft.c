/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-session-private.h"

/* Drafts: a token is appended together with the one that the drafting layer expects after it. Whoever writes sees nothing of
 * that but the time: what a token's logits are is for the network alone to say. */

/* The tokens after those of which rows are kept: of the timeline, then of a chunk; (transfer full). */
static GArray *
list_followers (CollateEngineSession *self, const gint32 *tokens, gsize n_tokens)
{
  GArray *followers = g_array_new (FALSE, FALSE, sizeof (gint32));

  for (gsize i = self->timeline->len - self->n_kept + 1; i < self->timeline->len; i++)
    g_array_append_val (followers, g_array_index (self->timeline, gint32, i));
  if (self->n_kept > 0)
    g_array_append_val (followers, tokens[0]);
  g_array_append_vals (followers, tokens + 1, n_tokens - 1);
  return followers;
}

void
collate_session_follow (CollateEngineSession *self, const gint32 *tokens, gsize n_tokens)
{
  g_autoptr (GArray) followers = list_followers (self, tokens, n_tokens);

  collate_graph_keep (self->model, &self->at, n_tokens, n_tokens, self->n_kept);
  if (followers->len > 0)
    collate_graph_draft (self->model,
                         &self->at,
                         (const gint32 *) (gpointer) followers->data,
                         followers->len,
                         (gint64) self->timeline->len - self->n_kept,
                         n_tokens,
                         (CollatePlace){ NULL });
}

static gint32
find_largest (const float *logits, gint64 n)
{
  gint32 largest = 0;

  for (gint64 i = 1; i < n; i++)
    if (logits[i] > logits[largest])
      largest = (gint32) i;
  return largest;
}

/* What the drafting layer expects after a token that is about to be appended. */
static gboolean
propose (CollateEngineSession *self, gint32 token, gint32 *draft, GError **error)
{
  CollateDevice *device = self->model->device;
  g_autoptr (GArray) followers = list_followers (self, &token, 1);
  gint64 n_vocabulary = self->model->shape.n_vocabulary;

  device->kernels->begin (device);
  collate_graph_draft (self->model,
                       &self->at,
                       (const gint32 *) (gpointer) followers->data,
                       followers->len,
                       (gint64) self->timeline->len - self->n_kept,
                       0,
                       self->last_logits);
  if (!device->kernels->end (device, error) || !collate_gguf_check (self->model->gguf, error) ||
      !device->kernels->read (
          device, self->last_logits, self->draft_logits, n_vocabulary * sizeof (float), error))
    return FALSE;
  *draft = find_largest (self->draft_logits, n_vocabulary);
  return TRUE;
}

/* A token and what may follow it, with the logits after both. */
static gboolean
verify (CollateEngineSession *self, gint32 token, gint32 draft, GError **error)
{
  CollateDevice *device = self->model->device;
  gsize n_bytes = self->model->shape.n_vocabulary * sizeof (float);
  CollatePlace second = { self->last_logits.buffer, n_bytes };
  const gint32 tokens[] = { token, draft };

  device->kernels->begin (device);
  collate_graph_forward (self->model, &self->reading, &self->at, tokens, 2, self->timeline->len, 2);
  collate_graph_keep (self->model, &self->at, 2, 2, 0);
  collate_graph_logits (self->model, &self->at, 0, 2, self->last_logits);
  return device->kernels->end (device, error) && collate_gguf_check (self->model->gguf, error) &&
         device->kernels->read (device, self->last_logits, self->logits, n_bytes, error) &&
         device->kernels->read (device, second, self->draft_logits, n_bytes, error);
}

gboolean
collate_session_append_with_draft (CollateEngineSession *self, gint32 token, GError **error)
{
  gint32 draft;
  gboolean done;

  self->has_logits = FALSE;
  g_mutex_lock (&self->model->lock);
  done = propose (self, token, &draft, error) && verify (self, token, draft, error);
  g_mutex_unlock (&self->model->lock);

  self->n_kept = done ? 1 : 0;
  if (!done)
    return FALSE;
  g_array_append_val (self->timeline, token);
  self->has_logits = TRUE;
  self->draft = draft;
  return TRUE;
}

void
collate_session_accept_draft (CollateEngineSession *self)
{
  float *logits = self->logits;

  g_array_append_val (self->timeline, self->draft);
  self->logits = self->draft_logits;
  self->draft_logits = logits;
  self->draft = -1;
  self->n_kept = 2;
  self->n_right++;
}
