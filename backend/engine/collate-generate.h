/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-divider.h"
#include "engine/collate-engine.h"
#include "engine/collate-sampler.h"

G_BEGIN_DECLS

/* `call` is the writer's until it returns. */
typedef void (*CollateCallFunc) (const CollateCall *call, gpointer user_data);

/* How a model writes on from the end of a session's timeline. */
typedef struct
{
  CollateSampling sampling;
  gint64 most; /* tokens, the one that ends the turn included; at least 1 */
  const char *const
      *stops;       /* texts that end the answer and are no part of it, none of them empty; (nullable) */
  gboolean divides; /* what stands between thinking tags is reasoning; else all of it is the answer */
  gboolean think;   /* as the prompt was encoded */
  CollateCallFunc on_call; /* told of the functions that are called, at the end; NULL: calls are text */

  /* Told after each computation how many tokens the timeline has grown by since the prompt; (nullable). */
  void (*on_grown) (gint64 n_tokens, gpointer user_data);
} CollateGeneration;

/* What was written, the token that ended it included. */
typedef struct
{
  gint64 n_tokens;
  gint64 n_reasoning; /* of them, between thinking tags */
  gint64 n_drafted;   /* as collate_engine_session_get_drafts() tells it */
  gint64 n_right;
} CollateGenerated;

/* Writes until the turn ends, a text of `stops` comes, what it calls is whole, or `most` tokens are there; text comes in
 * whole characters, never empty. Returns why it ended, "stop", "tool_calls" or "length"; (nullable) static: NULL where it
 * failed or was cancelled. `generated` is right in each case. Blocks. */
const char *collate_generate (CollateEngine *engine,
                              CollateEngineSession *session,
                              const CollateGeneration *generation,
                              CollateDividerFunc on_text,
                              gpointer user_data,
                              CollateGenerated *generated,
                              GCancellable *cancellable,
                              GError **error);

G_END_DECLS
