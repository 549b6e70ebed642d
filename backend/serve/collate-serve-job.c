/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "serve/collate-serve-job.h"

#include "base/collate-error.h"

CollateServeModel *
collate_serve_model_new (const char *path, const char *device, GCancellable *cancellable, GError **error)
{
  g_autoptr (CollateServeModel) model = g_new0 (CollateServeModel, 1);

  model->engine = collate_engine_open (path, device, cancellable, error);
  if (model->engine == NULL)
    return NULL;
  model->session = collate_engine_session_new (model->engine, 0, error);

  return model->session != NULL ? g_steal_pointer (&model) : NULL;
}

void
collate_serve_model_free (CollateServeModel *model)
{
  g_clear_pointer (&model->session, collate_engine_session_free);
  g_clear_pointer (&model->engine, collate_engine_unref);
  g_free (model);
}

void
collate_serve_piece_free (gpointer data)
{
  CollateServePiece *piece = data;

  g_free (piece->text);
  g_free (piece);
}

static void
send_piece (CollateInbox *inbox, const char *text, gboolean reasoning)
{
  CollateServePiece *piece = g_new (CollateServePiece, 1);

  piece->text = g_strdup (text);
  piece->reasoning = reasoning;
  collate_inbox_send (inbox, piece);
}

static void
on_text (const char *text, gboolean reasoning, gpointer user_data)
{
  send_piece (user_data, text, reasoning);
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

gboolean
collate_serve_job_run (CollateServeModel *model,
                       const CollateServeRequest *request,
                       CollateInbox *inbox,
                       GCancellable *cancellable,
                       CollateServeOutcome *outcome,
                       GError **error)
{
  const gint64 context = collate_engine_session_get_context (model->session);
  g_autoptr (GArray) prompt = encode (model->engine, request, error);
  CollateGeneration generation;
  gsize n_reused = 0;
  gint64 room;

  if (prompt == NULL || !check_length (prompt, context, error) ||
      !collate_engine_session_sync (model->session,
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
  send_piece (inbox, NULL, FALSE);

  room = context - outcome->n_prompt;
  generation = (CollateGeneration){
    .sampling = request->sampling,
    .most = request->max_tokens > 0 ? MIN (request->max_tokens, room) : room,
    .stops = (const char *const *) request->stops,
    .divides = request->form != COLLATE_SERVE_COMPLETION,
    .think = request->think,
  };
  outcome->reason = collate_generate (
      model->engine, model->session, &generation, on_text, inbox, &outcome->generated, cancellable, error);

  return outcome->reason != NULL;
}
