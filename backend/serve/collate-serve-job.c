/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "serve/collate-serve-job.h"

#include "base/collate-error.h"

/* What goes to the inbox. */
typedef struct
{
  CollateInbox *inbox;
  gboolean has_begun;
  gboolean has_written;
} Writer;

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

/* Loaded, where it is not. */
static CollateEngine *
get_engine (CollateServeModel *model, GError **avoided, GCancellable *cancellable, GError **error)
{
  CollateEngine *engine =
      collate_loaded_get_engine (model->loaded, model->path, model->device, cancellable, error);
  const GError *reason = engine != NULL ? collate_engine_get_avoided (engine) : NULL;

  g_clear_error (avoided);
  if (reason != NULL)
    *avoided = g_error_copy (reason);

  return engine;
}

gboolean
collate_serve_model_load (CollateServeModel *model,
                          GError **avoided,
                          GCancellable *cancellable,
                          GError **error)
{
  return get_engine (model, avoided, cancellable, error) != NULL &&
         collate_loaded_get_session (model->loaded, &model->reading, error) != NULL;
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
send_piece (Writer *writer, const char *text, gboolean reasoning)
{
  CollateServePiece *piece = g_new0 (CollateServePiece, 1);

  piece->text = g_strdup (text);
  piece->reasoning = reasoning;
  collate_inbox_send (writer->inbox, piece);
}

static void
begin (Writer *writer)
{
  if (!writer->has_begun)
    send_piece (writer, NULL, FALSE);
  writer->has_begun = TRUE;
}

static void
on_text (const char *text, gboolean reasoning, gpointer user_data)
{
  Writer *writer = user_data;

  writer->has_written = TRUE;
  send_piece (writer, text, reasoning);
}

static void
on_call (const CollateCall *call, gpointer user_data)
{
  Writer *writer = user_data;
  CollateServePiece *piece = g_new0 (CollateServePiece, 1);

  piece->function = g_strdup (call->name);
  piece->arguments = g_strdup (call->arguments);
  writer->has_written = TRUE;
  collate_inbox_send (writer->inbox, piece);
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
compute (CollateEngine *engine,
         CollateEngineSession *session,
         const CollateServeRequest *request,
         Writer *writer,
         GCancellable *cancellable,
         CollateServeOutcome *outcome,
         GError **error)
{
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
                                    cancellable,
                                    error))
    return FALSE;

  outcome->n_prompt = prompt->len;
  outcome->n_cached = (gint64) n_reused;
  begin (writer);

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
      engine, session, &generation, on_text, writer, &outcome->generated, cancellable, error);

  return outcome->reason != NULL;
}

/* `*again`: nothing was written, and another device takes the place of the one that failed. */
static gboolean
run_once (CollateServeModel *model,
          const CollateServeRequest *request,
          Writer *writer,
          gboolean *again,
          GCancellable *cancellable,
          CollateServeOutcome *outcome,
          GError **error)
{
  CollateEngine *engine = get_engine (model, &outcome->avoided, cancellable, error);
  CollateEngineSession *session = NULL;
  g_autoptr (GError) local = NULL;

  outcome->is_loaded = FALSE;
  if (engine == NULL)
    return FALSE;
  session = collate_loaded_get_session (model->loaded, &model->reading, &local);
  outcome->is_loaded = session != NULL;
  if (session != NULL && compute (engine, session, request, writer, cancellable, outcome, &local))
    return TRUE;

  *again = collate_loaded_fail (model->loaded, local) && !writer->has_written;
  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

gboolean
collate_serve_job_run (CollateServeModel *model,
                       const CollateServeRequest *request,
                       CollateInbox *inbox,
                       GCancellable *cancellable,
                       CollateServeOutcome *outcome,
                       GError **error)
{
  Writer writer = { .inbox = inbox };
  gboolean again = FALSE;
  g_autoptr (GError) local = NULL;

  if (run_once (model, request, &writer, &again, cancellable, outcome, &local))
    return TRUE;
  if (again)
    return run_once (model, request, &writer, &again, cancellable, outcome, error);
  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}
