/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A program of its own for the history's tests: asks the model "s" at an address over a history, says "text"
 * on standard output once a second of text is there, and goes on until it is ended or the answer is. */

#include <stdio.h>
#include <string.h>

#include "fixtures.h"

static gboolean
has_second_of_text (gpointer data)
{
  return collate_answer_get_text_length (data) > 0 && collate_answer_get_time (data) > 1.2;
}

static gboolean
tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  const char *const ids[] = { "s", NULL };
  g_autoptr (CollateComparison) comparison = NULL;
  Desk *desk;

  if (argc != 3)
    return 2;

  desk = desk_new_at (argv[1],
                      "[{'id':'s','name':'S','routes':[{'provider':'p','model':'slow',"
                      "'price':{'input':1,'output':1000}}]}]",
                      argv[2]);
  desk_remove_folder (desk); /* nobody does so when this is killed */
  comparison = collate_workspace_ask (desk->workspace, "Why?", ids);
  g_timeout_add (20, tick, NULL);
  wait_for (has_second_of_text, answer_at (comparison, 0));
  puts ("text");
  fflush (stdout);

  settle (comparison);
  desk_free (desk);

  return 0;
}
