/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A program of its own for the history's tests: asks the model "s" at an address over a history, until it is ended or the
 * answer is. */

#include "fixtures.h"

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

  while (collate_comparison_is_running (comparison))
    g_main_context_iteration (NULL, TRUE);
  settle (comparison);
  desk_free (desk);

  return 0;
}
