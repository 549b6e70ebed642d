/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-generate.h"

#include "base/collate-error.h"
#include "engine/collate-calls.h"
#include "engine/collate-stops.h"

/* The loop that all who let a model write share: token → bytes → up to what it calls → reasoning or answer → until a text
 * that ends it. */

#define TOOL_CALLS "tool_calls"

typedef struct
{
  CollateDividerFunc on_text;
  gpointer user_data;
  CollateStops *stops;
  CollateDivider *divider;
  CollateCalls *calls; /* NULL: they are not looked for */
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

static void
on_bytes (const char *bytes, gsize length, gpointer data)
{
  Output *output = data;

  collate_divider_add (output->divider, bytes, length);
}

/* FALSE where what it calls is whole. */
static gboolean
write_piece (Output *output, const char *bytes, gsize length)
{
  if (output->calls)
    return collate_calls_add (output->calls, bytes, length);
  collate_divider_add (output->divider, bytes, length);
  return TRUE;
}

static gboolean
is_thinking (const Output *output)
{
  return collate_divider_is_thinking (output->divider) &&
         !(output->calls && collate_calls_is_inside (output->calls));
}

/* Whatever was held back, in the order in which it was written. */
static void
end_output (Output *output)
{
  if (output->calls)
    collate_calls_end (output->calls);
  collate_divider_end (output->divider);
  collate_stops_end (output->stops);
}

static gboolean
is_stopped (GCancellable *cancellable, GError **error)
{
  if (!g_cancellable_is_cancelled (cancellable))
    return FALSE;
  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED, "stopped");
  return TRUE;
}

static void
tell_calls (const Output *output, CollateCallFunc on_call)
{
  gsize n_calls;
  const CollateCall *calls = collate_calls_get (output->calls, &n_calls);

  for (gsize i = 0; i < n_calls; i++)
    on_call (&calls[i], output->user_data);
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
              Output *output,
              CollateGenerated *generated,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (CollateSampler) sampler = collate_sampler_new (&generation->sampling);

  while (!is_stopped (cancellable, error))
    {
      gint32 token = pick (engine, session, sampler);
      gboolean thinking = is_thinking (output);
      gboolean goes_on;
      gsize length = 0;
      const char *piece;

      generated->n_tokens++;
      if (collate_engine_is_end (engine, token))
        return "stop";
      piece = collate_engine_get_piece (engine, token, &length);
      goes_on = write_piece (output, piece, length);
      /* A tag counts as what it begins or ends. */
      generated->n_reasoning += thinking || is_thinking (output);
      if (collate_stops_was_found (output->stops))
        return "stop";
      if (!goes_on)
        return TOOL_CALLS;
      if (generated->n_tokens >= generation->most)
        return "length";
      if (!collate_engine_session_append (session, token, error))
        return NULL;
      if (generation->on_grown != NULL)
        generation->on_grown (generated->n_tokens, output->user_data);
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
  Output output = { on_text, user_data };
  g_autoptr (CollateStops) stops = collate_stops_new (generation->stops, on_answer, &output);
  const char *close = NULL;
  gboolean inside = FALSE;
  const char *open = generation->divides ? collate_engine_get_think_tags (engine, &close, &inside) : NULL;
  g_autoptr (CollateDivider) divider =
      collate_divider_new (open, close, inside && generation->think, on_divided, &output);
  g_autoptr (CollateCalls) calls = generation->on_call ? collate_calls_new (on_bytes, &output) : NULL;
  const char *reason;

  output.stops = stops;
  output.divider = divider;
  output.calls = calls;
  *generated = (CollateGenerated){ 0 };
  reason = write_tokens (engine, session, generation, &output, generated, cancellable, error);
  collate_engine_session_get_drafts (session, &generated->n_drafted, &generated->n_right);
  end_output (&output);
  if (reason && g_str_equal (reason, TOOL_CALLS))
    tell_calls (&output, generation->on_call);
  return reason;
}
