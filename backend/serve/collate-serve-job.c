/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "serve/collate-serve-job.h"

#include "base/collate-error.h"

/* A request, as it is worked on. */
typedef struct
{
  CollateServeModel *model;
  const CollateServeRequest *request;
  CollateInbox *inbox;
  GCancellable *cancellable;
  CollateServeOutcome *outcome;
  gboolean has_begun;
  gboolean has_written;
} Job;

CollateServeModel *
collate_serve_model_new (const char *path, const char *device, const CollateEngineReading *reading)
{
  CollateServeModel *model = g_new0 (CollateServeModel, 1);

  model->path = g_strdup (path);
  model->device = g_strdup (device);
  if (reading != NULL)
    model->reading = *reading;
  model->loaded = collate_loaded_new ();

  return model;
}

void
collate_serve_model_free (CollateServeModel *model)
{
  collate_loaded_free (model->loaded);
  g_free (model->path);
  g_free (model->device);
  g_free (model);
}

static void
take_note (GError **avoided, const GError *reason)
{
  g_clear_error (avoided);
  if (reason != NULL)
    *avoided = g_error_copy (reason);
}

gboolean
collate_serve_model_load (CollateServeModel *model,
                          GError **avoided,
                          GCancellable *cancellable,
                          GError **error)
{
  CollateEngine *engine =
      collate_loaded_get_engine (model->loaded, model->path, model->device, cancellable, error);

  take_note (avoided, engine != NULL ? collate_engine_get_avoided (engine) : NULL);

  return engine != NULL && collate_loaded_get_session (model->loaded, &model->reading, error) != NULL;
}

void
collate_serve_outcome_clear (CollateServeOutcome *outcome)
{
  g_clear_error (&outcome->avoided);
}

void
collate_serve_piece_free (gpointer data)
{
  CollateServePiece *piece = data;

  g_free (piece->text);
  g_free (piece->function);
  g_free (piece->arguments);
  g_free (piece);
}

static void
send_piece (Job *job, const char *text, gboolean reasoning)
{
  CollateServePiece *piece = g_new0 (CollateServePiece, 1);

  piece->text = g_strdup (text);
  piece->reasoning = reasoning;
  collate_inbox_send (job->inbox, piece);
}

static void
begin (Job *job)
{
  if (!job->has_begun)
    send_piece (job, NULL, FALSE);
  job->has_begun = TRUE;
}

static void
on_text (const char *text, gboolean reasoning, gpointer user_data)
{
  Job *job = user_data;

  job->has_written = TRUE;
  send_piece (job, text, reasoning);
}

static void
on_call (const CollateCall *call, gpointer user_data)
{
  Job *job = user_data;
  CollateServePiece *piece = g_new0 (CollateServePiece, 1);

  piece->function = g_strdup (call->name);
  piece->arguments = g_strdup (call->arguments);
  job->has_written = TRUE;
  collate_inbox_send (job->inbox, piece);
}

/* The tokens to write on from; (nullable) (transfer full). */
static GArray *
encode (CollateEngine *engine, const CollateServeRequest *request, GError **error)
{
  const CollateTurn *turns = (const CollateTurn *) (gpointer) request->turns->data;

  if (request->form == COLLATE_SERVE_COMPLETION)
    return collate_engine_encode (engine, request->prompt, -1, TRUE);

  return collate_engine_encode_turns (engine, turns, request->turns->len, request->think, error);
}

/* One token is written at least. */
static gboolean
check_length (GArray *prompt, gint64 context, GError **error)
{
  if (prompt->len == 0)
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_REFUSED, "The prompt is empty.");
      return FALSE;
    }
  if ((gint64) prompt->len < context)
    return TRUE;

  g_set_error (error,
               COLLATE_ERROR,
               COLLATE_ERROR_TOO_LONG,
               "This model's maximum context length is %" G_GINT64_FORMAT
               " tokens; the prompt has %u of them, and the answer needs one at least.",
               context,
               prompt->len);

  return FALSE;
}

static gboolean
write_reply (Job *job, CollateEngine *engine, CollateEngineSession *session, GError **error)
{
  const CollateServeRequest *request = job->request;
  CollateServeOutcome *outcome = job->outcome;
  const gint64 context = collate_engine_session_get_context (session);
  g_autoptr (GArray) prompt = encode (engine, request, error);
  CollateGeneration generation;
  gsize n_reused = 0;
  gint64 room;

  if (prompt == NULL || !check_length (prompt, context, error) ||
      !collate_engine_session_sync (session,
                                    (const gint32 *) (gpointer) prompt->data,
                                    prompt->len,
                                    NULL,
                                    NULL,
                                    &n_reused,
                                    job->cancellable,
                                    error))
    return FALSE;

  outcome->n_prompt = prompt->len;
  outcome->n_cached = (gint64) n_reused;
  begin (job);

  room = context - outcome->n_prompt;
  generation = (CollateGeneration){
    .sampling = request->sampling,
    .most = request->max_tokens > 0 ? MIN (request->max_tokens, room) : room,
    .stops = (const char *const *) request->stops,
    .divides = request->form != COLLATE_SERVE_COMPLETION,
    .think = request->think,
    .on_call = request->tools != NULL ? on_call : NULL,
  };
  outcome->reason = collate_generate (
      engine, session, &generation, on_text, job, &outcome->generated, job->cancellable, error);

  return outcome->reason != NULL;
}

static void
begin_anew (gpointer data)
{
  Job *job = data;

  job->outcome->is_loaded = FALSE;
  take_note (&job->outcome->avoided, NULL);
}

static gboolean
compute (CollateEngine *engine, gpointer data, GError **error)
{
  Job *job = data;
  CollateEngineSession *session =
      collate_loaded_get_session (job->model->loaded, &job->model->reading, error);

  take_note (&job->outcome->avoided, collate_engine_get_avoided (engine));
  job->outcome->is_loaded = session != NULL;

  return session != NULL && write_reply (job, engine, session, error);
}

gboolean
collate_serve_job_run (CollateServeModel *model,
                       const CollateServeRequest *request,
                       CollateInbox *inbox,
                       GCancellable *cancellable,
                       CollateServeOutcome *outcome,
                       GError **error)
{
  Job job = {
    .model = model, .request = request, .inbox = inbox, .cancellable = cancellable, .outcome = outcome
  };
  const CollateLoadedWork work = {
    .begin = begin_anew,
    .compute = compute,
    .has_told = &job.has_written,
    .data = &job,
  };

  return collate_loaded_run (model->loaded, model->path, model->device, &work, cancellable, error);
}
