/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A helper program that has been taken over by the document: what it does is the beginning of the file's
 * name. */
#include "config.h"

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD "COLX\0\0\0\1"

static void
say (const char *data, gsize length)
{
  fwrite (data, 1, length, stdout);
  fflush (stdout);
}

/* A literal with NULs in it. */
#define SAY(literal) say (literal, sizeof literal - 1)

static void
hang (void)
{
  while (TRUE)
    pause ();
}

static void
flood (void)
{
  static const char zeros[1 << 20];

  while (TRUE)
    say (zeros, sizeof zeros);
}

int
main (int argc, char **argv)
{
  const char *name = argc == 2 ? argv[1] : "";

  if (g_str_has_prefix (name, "good"))
    SAY (HEAD "\0\0\0\0\0\0\0\2\0\0\0\3one\0\0\0\3two");
  else if (g_str_has_prefix (name, "hang"))
    hang ();
  else if (g_str_has_prefix (name, "half-then-hang"))
    {
      SAY (HEAD "\0\0\0\0\0\0\0\1\0\0\0\3o");
      hang ();
    }
  else if (g_str_has_prefix (name, "close-then-hang"))
    {
      SAY (HEAD "\0\0\0\0\0\0\0\1\0\0\0\3one");
      fclose (stdout);
      hang ();
    }
  else if (g_str_has_prefix (name, "crash"))
    {
      SAY (HEAD "\0\0\0\0\0\0\0\1\0\0\0\3one");
      raise (SIGSEGV);
    }
  else if (g_str_has_prefix (name, "cpu"))
    raise (SIGXCPU);
  else if (g_str_has_prefix (name, "status"))
    {
      SAY (HEAD "\0\0\0\0\0\0\0\1\0\0\0\3one");
      return 7;
    }
  else if (g_str_has_prefix (name, "unstarted"))
    return 127;
  else if (g_str_has_prefix (name, "flood"))
    flood ();
  else if (g_str_has_prefix (name, "garbage"))
    {
      SAY ("Segmentation fault\n");
      fprintf (stderr, "Syntax Error: Couldn't find trailer dictionary\n");
    }
  else if (g_str_has_prefix (name, "keys"))
    return g_getenv ("SOME_API_KEY") != NULL || g_getenv ("LD_LIBRARY_PATH") == NULL ? 9 : 0;

  return 0;
}
