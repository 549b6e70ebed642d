/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-engine.h"

#include <string.h>

#include "base/collate-error.h"
#include "engine/collate-engine-private.h"
#include "engine/collate-memory.h"
#include "engine/collate-session-private.h"

/* One timeline of tokens: their keys and values in the caches, and the logits after the last. All memory is taken when it
 * is made, but for that of collate_engine_session_score(). Several sessions of an engine take turns at its device, a
 * chunk at a time. */

/* Tokens whose logits are computed at once while scoring. */
#define SCORE_ROWS 64

/* Numbers of an index key that a Hadamard matrix is there for, a power of two; others stay in f16. */
#define MOST_SPREAD 1024

static gboolean
take (CollateEngineSession *self, gint64 n_numbers, gsize size, CollatePlace *place, GError **error)
{
  CollateDevice *device = self->model->device;

  g_mutex_lock (&self->model->lock);
  place->buffer = device->kernels->allocate (device, n_numbers * size, error);
  g_mutex_unlock (&self->model->lock);
  if (!place->buffer)
    return FALSE;
  place->offset = 0;
  g_ptr_array_add (self->buffers, place->buffer);
  self->n_bytes += n_numbers * size;
  return TRUE;
}

void
collate_engine_session_measure (const CollateShape *shape,
                                const CollateEngineReading *reading,
                                gint64 *n_fixed,
                                gint64 *n_per_token)
{
  collate_activations_measure (shape, reading, n_fixed, n_per_token);
  *n_fixed += 2 * shape->n_vocabulary * (gint64) sizeof (float);
}

/* The context that is wanted, if memory holds it; the model's own, as much of it as memory and a buffer of a layer's keys
 * hold, where none is. */
static gboolean
choose_context (CollateEngineSession *self, gint64 wanted, GError **error)
{
  const CollateShape *shape = &self->model->shape;
  gint64 n_per_buffer = shape->n_kv_heads * shape->head_size * sizeof (guint16);
  CollateDevice *device = self->model->device;
  gboolean whole = wanted > 0;
  gint64 n_fixed, n_per_token, available, most;

  collate_engine_session_measure (shape, &self->reading, &n_fixed, &n_per_token);
  g_mutex_lock (&self->model->lock);
  available = device->kernels->get_available (device);
  most = device->kernels->get_most (device) / n_per_buffer;
  g_mutex_unlock (&self->model->lock);
  self->context = whole ? MIN (wanted, shape->context) : shape->context;
  if (!whole)
    self->context = MAX (1, collate_memory_fit (available, n_fixed, n_per_token, MIN (self->context, most)));
  self->chunk = MIN (COLLATE_CHUNK, self->context);
  return collate_memory_check_in (available,
                                  n_fixed + self->context * n_per_token,
                                  "caches",
                                  collate_device_get_memory_name (device),
                                  error);
}

/* As much as a session of that context would want, with what it leaves for everybody else. */
gboolean
collate_engine_session_check_room (CollateEngineModel *model, GError **error)
{
  CollateDevice *device = model->device;
  CollateEngineReading dense = { FALSE };
  gint64 available = device->kernels->get_available (device);
  gint64 n_fixed, n_per_token;

  collate_engine_session_measure (&model->shape, &dense, &n_fixed, &n_per_token);
  return collate_memory_check_in (available - available / 8,
                                  n_fixed + MIN (model->shape.context, COLLATE_LEAST_CONTEXT) * n_per_token,
                                  "caches",
                                  collate_device_get_memory_name (device),
                                  error);
}

/* Rows of logits at once while a text is written. */
static gint64
count_logits (CollateEngineSession *self)
{
  return collate_session_drafts (self) ? 2 : 1;
}

static gboolean
take_all (CollateEngineSession *self, GError **error)
{
  gboolean taken;

  g_mutex_lock (&self->model->lock);
  taken = collate_activations_take (&self->at,
                                    self->model,
                                    &self->reading,
                                    self->context,
                                    self->chunk,
                                    self->buffers,
                                    &self->n_bytes,
                                    error);
  g_mutex_unlock (&self->model->lock);
  return taken && take (self,
                        count_logits (self) * self->model->shape.n_vocabulary,
                        sizeof (float),
                        &self->last_logits,
                        error);
}

static gboolean
choose_reading (CollateEngineSession *self, const CollateEngineReading *reading, GError **error)
{
  gint64 size = self->model->shape.index.size;

  self->reading.drafts = reading && reading->drafts && self->model->shape.n_drafts > 0;
  if (!reading || !reading->sparse)
    return TRUE;
  self->reading.sparse = TRUE;
  self->reading.top_k = reading->top_k;
  self->reading.narrow_index =
      reading->narrow_index && size > 0 && size <= MOST_SPREAD && (size & (size - 1)) == 0;
  if (self->reading.top_k == 0)
    self->reading.top_k = collate_engine_get_info (self->engine)->top_k;
  if (self->reading.top_k >= 1 && self->reading.top_k <= COLLATE_MOST_TOP_K)
    return TRUE;
  g_set_error (error,
               COLLATE_ERROR,
               COLLATE_ERROR_UNSUPPORTED,
               "sparse attention to %" G_GINT64_FORMAT " tokens; %d at most",
               self->reading.top_k,
               COLLATE_MOST_TOP_K);
  return FALSE;
}

CollateEngineSession *
collate_engine_session_new (CollateEngine *engine,
                            gint64 context,
                            const CollateEngineReading *reading,
                            GError **error)
{
  g_autoptr (CollateEngineSession) self = g_new0 (CollateEngineSession, 1);

  self->engine = collate_engine_ref (engine);
  self->model = collate_engine_get_model (engine);
  self->timeline = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->buffers = g_ptr_array_new ();

  if (!choose_reading (self, reading, error) || !choose_context (self, context, error) ||
      !take_all (self, error) || !collate_session_find_crossover (self, error))
    return NULL;
  self->logits = g_new0 (float, self->model->shape.n_vocabulary);
  self->draft_logits = collate_session_drafts (self) ? g_new0 (float, self->model->shape.n_vocabulary) : NULL;
  self->draft = -1;
  return g_steal_pointer (&self);
}

void
collate_engine_session_free (CollateEngineSession *session)
{
  CollateDevice *device = session->model->device;

  g_mutex_lock (&session->model->lock);
  for (guint i = 0; i < session->buffers->len; i++)
    device->kernels->free_buffer (device, session->buffers->pdata[i]);
  g_mutex_unlock (&session->model->lock);

  g_ptr_array_unref (session->buffers);
  g_array_unref (session->timeline);
  collate_activations_clear (&session->at);
  g_free (session->logits);
  g_free (session->draft_logits);
  collate_engine_unref (session->engine);
  g_free (session);
}

gint64
collate_engine_session_get_context (CollateEngineSession *session)
{
  return session->context;
}

CollateEngineReading
collate_engine_session_get_reading (CollateEngineSession *session)
{
  return session->reading;
}

double
collate_engine_session_get_share (CollateEngineSession *session, gint64 first, gint64 end)
{
  double sum = 0;

  if (!session->reading.sparse || end <= first)
    return 1;
  for (gint64 position = first; position < end; position++)
    sum += (double) MIN (session->reading.top_k, position + 1) / (double) (position + 1);
  return sum / (double) (end - first);
}

static gboolean
check_tokens (CollateEngineSession *self,
              const gint32 *tokens,
              gsize n_tokens,
              gsize n_before,
              GError **error)
{
  gint64 n_vocabulary = self->model->shape.n_vocabulary;

  if (n_before + n_tokens > (gsize) self->context)
    {
      g_set_error (error,
                   COLLATE_ERROR,
                   COLLATE_ERROR_TOO_LONG,
                   "%" G_GSIZE_FORMAT " tokens in a context of %" G_GINT64_FORMAT,
                   n_before + n_tokens,
                   self->context);
      return FALSE;
    }
  for (gsize i = 0; i < n_tokens; i++)
    if (tokens[i] < 0 || tokens[i] >= n_vocabulary)
      {
        g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "there is no token %d", tokens[i]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_stopped (GCancellable *cancellable, GError **error)
{
  if (!g_cancellable_is_cancelled (cancellable))
    return TRUE;
  g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED, "stopped while computing");
  return FALSE;
}

static void
cut (CollateEngineSession *self, gsize n_tokens)
{
  if (n_tokens < self->timeline->len)
    {
      self->has_logits = FALSE;
      self->n_kept = 0;
    }
  self->draft = -1;
  g_array_set_size (self->timeline, n_tokens);
}

/* Computes a chunk after the timeline, and appends it. Of the last `n_wanted` tokens logits can be had, and those after
 * the last are. */
static gboolean
compute (CollateEngineSession *self, const gint32 *tokens, gsize n_tokens, gsize n_wanted, GError **error)
{
  CollateDevice *device = self->model->device;
  gint64 n_vocabulary = self->model->shape.n_vocabulary;
  gboolean last = n_wanted > 0;
  gboolean done;

  self->has_logits = FALSE;
  g_mutex_lock (&self->model->lock);
  device->kernels->begin (device);
  collate_graph_forward (self->model,
                         &self->reading,
                         &self->at,
                         tokens,
                         n_tokens,
                         self->timeline->len,
                         collate_session_drafts (self) ? n_tokens : n_wanted);
  if (last)
    collate_graph_logits (self->model, &self->at, n_tokens - 1, 1, self->last_logits);
  if (collate_session_drafts (self))
    collate_session_follow (self, tokens, n_tokens);
  done = device->kernels->end (device, error) && collate_gguf_check (self->model->gguf, error);
  if (done && last)
    done =
        device->kernels->read (device, self->last_logits, self->logits, n_vocabulary * sizeof (float), error);
  g_mutex_unlock (&self->model->lock);

  self->n_kept = done && collate_session_drafts (self) ? 1 : 0;
  if (!done)
    return FALSE;
  g_array_append_vals (self->timeline, tokens, n_tokens);
  self->has_logits = last;
  return TRUE;
}

/* How many of the tokens are in the caches already; not the last one where its logits are gone. */
static gsize
find_reusable (CollateEngineSession *self, const gint32 *tokens, gsize n_tokens)
{
  const gint32 *timeline = (const gint32 *) self->timeline->data;
  gsize n = 0;

  while (n < n_tokens && n < self->timeline->len && tokens[n] == timeline[n])
    n++;
  if (n == n_tokens && n > 0 && !(self->has_logits && n == self->timeline->len))
    n--;
  /* The drafting layer has seen a token only once its follower came; one that was followed by another is seen again. */
  if (collate_session_drafts (self) && n > 0 && !(n == self->timeline->len && self->n_kept == 1))
    n--;
  return n;
}

gboolean
collate_engine_session_sync (CollateEngineSession *session,
                             const gint32 *tokens,
                             gsize n_tokens,
                             CollateEngineProgress progress,
                             gpointer user_data,
                             gsize *n_reused,
                             GCancellable *cancellable,
                             GError **error)
{
  gsize n_done = find_reusable (session, tokens, n_tokens);

  session->n_drafted = session->n_right = 0;
  if (n_reused)
    *n_reused = n_done;
  if (!check_tokens (session, tokens, n_tokens, 0, error))
    return FALSE;

  cut (session, n_done);
  while (n_done < n_tokens)
    {
      gsize n = MIN (n_tokens - n_done, (gsize) session->chunk);

      if (progress)
        progress (n_done, n_tokens, user_data);
      if (!check_stopped (cancellable, error) ||
          !compute (session, tokens + n_done, n, n_done + n == n_tokens ? 1 : 0, error))
        return FALSE;
      n_done += n;
    }
  if (progress)
    progress (n_done, n_tokens, user_data);
  return TRUE;
}

gboolean
collate_engine_session_append (CollateEngineSession *session, gint32 token, GError **error)
{
  gsize n_before = session->timeline->len;
  gint32 draft = session->draft;

  if (!check_tokens (session, &token, 1, n_before, error))
    return FALSE;
  /* A draft that no token was held against was neither right nor wrong. */
  session->n_drafted += draft >= 0;
  if (draft == token)
    {
      collate_session_accept_draft (session);
      return TRUE;
    }
  session->draft = -1;
  if (session->n_kept > 0 && n_before + 2 <= (gsize) session->context)
    return collate_session_append_with_draft (session, token, error);
  return compute (session, &token, 1, 1, error);
}

void
collate_engine_session_get_drafts (CollateEngineSession *session, gint64 *n_drafted, gint64 *n_right)
{
  *n_drafted = session->n_drafted;
  *n_right = session->n_right;
}

const float *
collate_engine_session_get_logits (CollateEngineSession *session)
{
  return session->has_logits ? session->logits : NULL;
}

/* The logits of n_rows of the chunk that was computed last → rows. */
static gboolean
read_rows (CollateEngineSession *self, gint64 first, gint64 n_rows, float *rows, GError **error)
{
  CollateDevice *device = self->model->device;
  gsize n_bytes = n_rows * self->model->shape.n_vocabulary * sizeof (float);
  gboolean done;

  g_mutex_lock (&self->model->lock);
  device->kernels->begin (device);
  collate_graph_logits (self->model, &self->at, first, n_rows, self->score_logits);
  done = device->kernels->end (device, error) && collate_gguf_check (self->model->gguf, error) &&
         device->kernels->read (device, self->score_logits, rows, n_bytes, error);
  g_mutex_unlock (&self->model->lock);
  return done;
}

/* Hands over the logits after the tokens of the last chunk, which began at `begin`, from `first` on. */
static gboolean
score_chunk (CollateEngineSession *self,
             gsize begin,
             gsize first,
             float *rows,
             CollateEngineLogits on_logits,
             gpointer user_data,
             GError **error)
{
  gsize n_vocabulary = self->model->shape.n_vocabulary;
  gsize end = self->timeline->len;

  for (gsize at = MAX (begin, first); at < end; at += SCORE_ROWS)
    {
      gsize n_rows = MIN (end - at, SCORE_ROWS);

      if (!read_rows (self, at - begin, n_rows, rows, error))
        return FALSE;
      for (gsize i = 0; i < n_rows; i++)
        on_logits (at + i, rows + i * n_vocabulary, user_data);
    }
  return TRUE;
}

gboolean
collate_engine_session_score (CollateEngineSession *session,
                              const gint32 *tokens,
                              gsize n_tokens,
                              gsize first,
                              CollateEngineLogits on_logits,
                              gpointer user_data,
                              GCancellable *cancellable,
                              GError **error)
{
  gint64 n_numbers = SCORE_ROWS * session->model->shape.n_vocabulary;
  g_autofree float *rows = NULL;

  if (!check_tokens (session, tokens, n_tokens, 0, error))
    return FALSE;
  if (!session->score_logits.buffer &&
      !take (session, n_numbers, sizeof (float), &session->score_logits, error))
    return FALSE;

  rows = g_new (float, n_numbers);
  cut (session, 0);
  while (session->timeline->len < n_tokens)
    {
      gsize begin = session->timeline->len;
      gsize n = MIN (n_tokens - begin, (gsize) session->chunk);
      gsize n_scored = begin + n - CLAMP (first, begin, begin + n);
      gsize n_wanted = begin + n == n_tokens ? MAX (n_scored, 1) : n_scored;

      if (!check_stopped (cancellable, error) || !compute (session, tokens + begin, n, n_wanted, error) ||
          !score_chunk (session, begin, first, rows, on_logits, user_data, error))
        return FALSE;
    }
  return TRUE;
}

gint64
collate_engine_session_get_shared_memory (CollateEngineSession *session)
{
  return session->model->n_bytes;
}

gint64
collate_engine_session_get_peak_memory (CollateEngineSession *session)
{
  return session->model->n_bytes + session->n_bytes;
}
