/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>

#include "asker.h"
#include "scripted-server.h"

/* Four answers of different lengths at once, and each alone, in one run: together they should take as long as
 * the slowest plus 50 ms. Prints the times, the excess and the ratio; fails where the excess is larger. */

#define N_ANSWERS 4
#define N_ROUNDS 3
#define MOST_EXCESS 50.0

static const char script[] =
    "{\"models\":{"
    "\"a\":[{\"answer\":{\"text\":\"one two three\",\"first_token_ms\":300,\"tokens_per_second\":50}}],"
    "\"b\":[{\"answer\":{\"text\":\"one two three\",\"first_token_ms\":600,\"tokens_per_second\":50}}],"
    "\"c\":[{\"answer\":{\"text\":\"one two three\",\"first_token_ms\":900,\"tokens_per_second\":50}}],"
    "\"d\":[{\"answer\":{\"text\":\"one two three\",\"first_token_ms\":1200,\"tokens_per_second\":50}}]}}";

static double
measure (Asker *askers, gsize n)
{
  Asked *asked[N_ANSWERS];
  gint64 start = g_get_monotonic_time ();
  double elapsed;

  for (gsize i = 0; i < n; i++)
    {
      CollateRequest request = asker_request (&askers[i]);

      asked[i] = asked_new ();
      asker_start (&askers[i], &request, asked[i], NULL);
    }
  for (gsize i = 0; i < n; i++)
    asked_wait (asked[i]);
  elapsed = (g_get_monotonic_time () - start) / 1000.0;

  for (gsize i = 0; i < n; i++)
    {
      g_assert_no_error (asked[i]->error);
      asked_free (asked[i]);
    }

  return elapsed;
}

int
main (int argc, char **argv)
{
  static const char *const models[N_ANSWERS] = { "a", "b", "c", "d" };
  g_autoptr (ScriptedServer) server = scripted_server_new (script, -1, 0, NULL);
  Asker askers[N_ANSWERS];
  double slowest = 0;
  double together = G_MAXDOUBLE;

  for (gsize i = 0; i < N_ANSWERS; i++)
    asker_init (&askers[i],
                &(AskerOptions){ .address = scripted_server_get_address (server), .model = models[i] });

  for (gsize i = 0; i < N_ANSWERS; i++)
    slowest = MAX (slowest, measure (&askers[i], 1));
  for (int i = 0; i < N_ROUNDS; i++)
    together = MIN (together, measure (askers, N_ANSWERS));

  printf ("slowest alone %.1f ms, four together %.1f ms, excess %.1f ms, ratio %.3f\n",
          slowest,
          together,
          together - slowest,
          together / slowest);
  for (gsize i = 0; i < N_ANSWERS; i++)
    asker_clear (&askers[i]);

  return together - slowest <= MOST_EXCESS ? 0 : 1;
}
