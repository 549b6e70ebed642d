/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/collate-inbox.h"
#include "serve/collate-serve-request.h"

G_BEGIN_DECLS

/* What runs on the engine's thread; no object crosses over. All of it blocks. */

/* The model that is served, with one timeline. */
typedef struct
{
  CollateEngine *engine;
  CollateEngineSession *session;
} CollateServeModel;

/* Loads a file on a device (NULL: the best one); (nullable) (transfer full); the engine's errors. */
CollateServeModel *collate_serve_model_new (const char *path,
                                            const char *device,
                                            GCancellable *cancellable,
                                            GError **error);
void collate_serve_model_free (CollateServeModel *model);

/* A piece of what is written, as it is sent to the inbox; the first one has no text: the prompt is read. */
typedef struct
{
  char *text; /* (nullable) */
  gboolean reasoning;
} CollateServePiece;

void collate_serve_piece_free (gpointer piece);

/* How it ended. */
typedef struct
{
  const char *reason; /* "stop", "length"; static */
  gint64 n_prompt;
  gint64 n_cached; /* of them */
  CollateGenerated generated;
} CollateServeOutcome;

/* Answers a request. COLLATE_ERROR_TOO_LONG (the prompt does not fit), _REFUSED (there is no prompt), _STOPPED, and the
 * engine's own. */
gboolean collate_serve_job_run (CollateServeModel *model,
                                const CollateServeRequest *request,
                                CollateInbox *inbox,
                                GCancellable *cancellable,
                                CollateServeOutcome *outcome,
                                GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateServeModel, collate_serve_model_free)

G_END_DECLS
