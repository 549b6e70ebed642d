/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/collate-engine.h"
#include "engine/collate-sampler.h"

/* Asks a model file a question, prints its greedy answer, and how fast it came. */

#define SYSTEM "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
#define MOST_TOKENS 256

/* Prints until the model ends its turn; the number of tokens. */
static gsize
write_answer (CollateEngine *engine, CollateEngineSession *session, GError **error)
{
  CollateSampling greedy = { 0 };
  g_autoptr (CollateSampler) sampler = collate_sampler_new (&greedy);
  gsize n_logits = collate_engine_get_info (engine)->vocabulary;

  for (gsize n = 0; n < MOST_TOKENS; n++)
    {
      gint32 token = collate_sampler_pick (sampler, collate_engine_session_get_logits (session), n_logits);
      const char *piece;
      gsize length;

      if (collate_engine_is_end (engine, token))
        return n;
      piece = collate_engine_get_piece (engine, token, &length);
      if (piece)
        fwrite (piece, 1, length, stdout);
      fflush (stdout);
      if (!collate_engine_session_append (session, token, error))
        return n;
    }
  return MOST_TOKENS;
}

static gboolean
answer (const char *path, const char *question, GError **error)
{
  g_autoptr (CollateEngine) engine = collate_engine_open (path, NULL, NULL, error);
  g_autoptr (CollateEngineSession) session =
      engine ? collate_engine_session_new (engine, 0, NULL, error) : NULL;
  g_autoptr (GArray) prompt =
      session ? collate_engine_encode_chat (engine, SYSTEM, question, TRUE, error) : NULL;
  g_autoptr (GTimer) timer = g_timer_new ();
  double prefill;
  gsize n;

  if (!prompt || !collate_engine_session_sync (
                     session, (gint32 *) prompt->data, prompt->len, NULL, NULL, NULL, NULL, error))
    return FALSE;
  prefill = g_timer_elapsed (timer, NULL);
  g_timer_start (timer);
  n = write_answer (engine, session, error);
  g_print ("\n%u tokens in %.3f s (%.0f tokens/s), %" G_GSIZE_FORMAT " out at %.1f tokens/s\n",
           prompt->len,
           prefill,
           prompt->len / prefill,
           n,
           n / g_timer_elapsed (timer, NULL));
  return *error == NULL;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  if (argc != 3)
    {
      g_printerr ("Usage: generate MODEL QUESTION\n");
      return EXIT_FAILURE;
    }
  if (answer (argv[1], argv[2], &error))
    return EXIT_SUCCESS;
  g_printerr ("%s\n", error->message);
  return EXIT_FAILURE;
}
