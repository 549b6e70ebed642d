/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The command line: everything that runs without a display. Main thread. */

/* What the process returns. */
enum
{
  COLLATE_EXIT_DONE = 0,       /* all asked for was done */
  COLLATE_EXIT_INCOMPLETE = 1, /* a model failed or was stopped, or a file gave no text */
  COLLATE_EXIT_USAGE = 2,      /* the command line cannot be understood */
};

/* TRUE where `word` is a command of the command line, whether this version has it or not. */
gboolean collate_command_is_word (const char *word);

/* Runs the command argv[1]; the process's exit status. */
int collate_command_run (int argc, char **argv);

/* The help of the whole program; (transfer full). */
char *collate_command_dup_help (void);

/* Says one sentence on standard error; always FALSE, so that a check can end with it. */
gboolean collate_command_complain (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Says what is wrong with the command line; returns COLLATE_EXIT_USAGE. */
int collate_command_refuse (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Writes to standard output; COLLATE_EXIT_INCOMPLETE, and said, where it cannot be written. */
int collate_command_print (const char *text);

G_END_DECLS
