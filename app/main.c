/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <locale.h>
#include <string.h>
#include <sys/resource.h>

#include "collate-application.h"
#include "collate-command.h"

/* Decides by the first word: a command needs no display, and GTK is not even initialised for it. */

static int
open_window (int argc, char **argv)
{
  g_autoptr (CollateApplication) application = NULL;

  if (!gtk_init_check ())
    {
      collate_command_complain (_ ("There is no display to open a window on; “collate ask” needs none."));
      return COLLATE_EXIT_INCOMPLETE;
    }
  application = collate_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}

static int
run_option (const char *option)
{
  g_autofree char *help = NULL;

  if (strcmp (option, "--version") == 0)
    return collate_command_print ("collate " VERSION "\n");
  if (strcmp (option, "--help") != 0 && strcmp (option, "-h") != 0)
    return collate_command_refuse (_ ("The option “%s” is not known."), option);
  help = collate_command_dup_help ();
  return collate_command_print (help);
}

/* A core would hold the keys, wherever libraries copied them to. Only the soft limit: prlimit(1) lifts it again, and
 * debuggers do not mind. */
static void
write_no_core (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_CORE, &limit) != 0)
    return;
  limit.rlim_cur = 0;
  setrlimit (RLIMIT_CORE, &limit);
}

int
main (int argc, char **argv)
{
  write_no_core ();
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  if (argc > 1 && collate_command_is_word (argv[1]))
    return collate_command_run (argc, argv);
  if (argc > 1 && argv[1][0] == '-' && strcmp (argv[1], "--") != 0)
    return run_option (argv[1]);
  if (argc > 1 && strchr (argv[1], '/') == NULL && !g_file_test (argv[1], G_FILE_TEST_EXISTS))
    return collate_command_refuse (_ ("“%s” is neither a command nor a file."), argv[1]);
  return open_window (argc, argv);
}
