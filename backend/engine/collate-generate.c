/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-generate.h"

#include "base/collate-error.h"
#include "engine/collate-stops.h"

/* The loop that all who let a model write share: token → bytes → reasoning or answer → until a text that ends it. */

typedef struct
{
  CollateDividerFunc on_text;
  gpointer user_data;
  CollateStops *stops;
} Output;

static void
on_answer (const char *text, gpointer data)
{
  Output *output = data;

  output->on_text (text, FALSE, output->user_data);
}

static void
on_divided (const char *text, gboolean reasoning, gpointer data)
{
  Output *output = data;

  if (reasoning)
    output->on_text (text, TRUE, output->user_data);
  else
    collate_stops_add (output->stops, text);
}

static gboolean
is_stopped (GCancellable *cancellable, GError **error)
{
  if (!g_cancellable_is_cancelled (cancellable))
    return FALSE;
  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED, "stopped");
  return TRUE;
}

static gint32
pick (CollateEngine *engine, CollateEngineSession *session, CollateSampler *sampler)
{
  gsize n_logits = (gsize) collate_engine_get_info (engine)->vocabulary;

  return collate_sampler_pick (sampler, collate_engine_session_get_logits (session), n_logits);
}

static const char *
write_tokens (CollateEngine *engine,
              CollateEngineSession *session,
              const CollateGeneration *generation,
              CollateDivider *divider,
              CollateStops *stops,
              gpointer user_data,
              CollateGenerated *generated,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (CollateSampler) sampler = collate_sampler_new (&generation->sampling);

  while (!is_stopped (cancellable, error))
    {
      gint32 token = pick (engine, session, sampler);
      gboolean thinking = collate_divider_is_thinking (divider);
      gsize length = 0;
      const char *piece;

      generated->n_tokens++;
      if (collate_engine_is_end (engine, token))
        return "stop";
      piece = collate_engine_get_piece (engine, token, &length);
      collate_divider_add (divider, piece, length);
      /* A tag counts as what it begins or ends. */
      generated->n_reasoning += thinking || collate_divider_is_thinking (divider);
      if (collate_stops_was_found (stops))
        return "stop";
      if (generated->n_tokens >= generation->most)
        return "length";
      if (!collate_engine_session_append (session, token, error))
        return NULL;
      if (generation->on_grown != NULL)
        generation->on_grown (generated->n_tokens, user_data);
    }
  return NULL;
}

const char *
collate_generate (CollateEngine *engine,
                  CollateEngineSession *session,
                  const CollateGeneration *generation,
                  CollateDividerFunc on_text,
                  gpointer user_data,
                  CollateGenerated *generated,
                  GCancellable *cancellable,
                  GError **error)
{
  Output output = { on_text, user_data, NULL };
  g_autoptr (CollateStops) stops = collate_stops_new (generation->stops, on_answer, &output);
  const char *close = NULL;
  gboolean inside = FALSE;
  const char *open = generation->divides ? collate_engine_get_think_tags (engine, &close, &inside) : NULL;
  g_autoptr (CollateDivider) divider =
      collate_divider_new (open, close, inside && generation->think, on_divided, &output);
  const char *reason;

  output.stops = stops;
  *generated = (CollateGenerated){ 0 };
  reason =
      write_tokens (engine, session, generation, divider, stops, user_data, generated, cancellable, error);
  collate_engine_session_get_drafts (session, &generated->n_drafted, &generated->n_right);
  collate_divider_end (divider);
  collate_stops_end (stops);
  return reason;
}
