/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/collate-inbox.h"
#include "engine/collate-loaded.h"
#include "serve/collate-serve-request.h"

G_BEGIN_DECLS

/* What runs on the engine's thread; no object crosses over. All of it blocks. */

/* The model that is served: its file may become another one, and its device may fail. */
typedef struct
{
  char *path;
  char *device; /* NULL: the best one */
  CollateEngineReading reading;
  CollateLoaded *loaded; /* the engine's thread */
} CollateServeModel;

/* A model that is not loaded yet, and how it shall read (NULL: dense); (transfer full). */
CollateServeModel *collate_serve_model_new (const char *path,
                                            const char *device,
                                            const CollateEngineReading *reading);
void collate_serve_model_free (CollateServeModel *model);

/* Loads it, so that it is ready: the engine's errors. `*avoided` (transfer full) is why no graphics card computes, or
 * NULL. */
gboolean collate_serve_model_load (CollateServeModel *model,
                                   GError **avoided,
                                   GCancellable *cancellable,
                                   GError **error);

/* A piece of what is written, as it is sent to the inbox: a text, or a function that is called; the first one is neither:
 * the prompt is read. */
typedef struct
{
  char *text; /* (nullable) */
  gboolean reasoning;
  char *function;  /* (nullable); */
  char *arguments; /* and what it is called with, as JSON */
} CollateServePiece;

void collate_serve_piece_free (gpointer piece);

/* How it ended. */
typedef struct
{
  const char *reason; /* "stop", "length", "tool_calls"; static */
  gint64 n_prompt;
  gint64 n_cached; /* of them */
  CollateGenerated generated;
  gboolean is_loaded; /* the model; where it is not, the fault is none of the request's */
  GError *avoided;    /* why no graphics card computed; (nullable) */
} CollateServeOutcome;

void collate_serve_outcome_clear (CollateServeOutcome *outcome);

/* Answers a request, with the model loaded anew where it has to be. COLLATE_ERROR_TOO_LONG (the prompt does not fit),
 * _REFUSED (there is no prompt), _STOPPED, and the engine's own. */
gboolean collate_serve_job_run (CollateServeModel *model,
                                const CollateServeRequest *request,
                                CollateInbox *inbox,
                                GCancellable *cancellable,
                                CollateServeOutcome *outcome,
                                GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateServeModel, collate_serve_model_free)

G_END_DECLS
