/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "collate-command.h"
#include "collate-output.h"
#include "collate-session.h"

G_BEGIN_DECLS

/* The commands: their arguments without program and command word; the exit status. */
int collate_command_ask (GStrv arguments);
int collate_command_tokens (GStrv arguments);
int collate_command_models (GStrv arguments);
int collate_command_history (GStrv arguments);
int collate_command_devices (GStrv arguments);
int collate_command_perplexity (GStrv arguments);
int collate_command_bench (GStrv arguments);
int collate_command_serve (GStrv arguments);

/* What the commands share. Texts on the command line are taken as bytes (G_OPTION_ARG_FILENAME), so that
 * the locale's character set does not matter. */

/* An option that takes a text, in a table of GOptionEntry. */
#define COLLATE_OPTION(name, target, words, value)                                                           \
  {                                                                                                          \
    (name), 0, 0, G_OPTION_ARG_FILENAME, (target), (words), (value)                                          \
  }

/* Parses `arguments` by `entries` and leaves the others there, which `usage` describes; where it is NULL, there may be
 * none. FALSE where the command ends here, with `status`: help was asked for and printed, or the usage is wrong and was
 * told. */
gboolean collate_command_parse (GStrv *arguments,
                                const char *usage,
                                const char *summary,
                                const GOptionEntry *entries,
                                int *status);

/* The output format called `name` (NULL: text), out of those up to `last`; FALSE after saying so where it
 * is none of them. */
gboolean collate_command_parse_format (const char *name,
                                       CollateOutputFormat last,
                                       CollateOutputFormat *format);

/* Reads the value of `option`, a number from 1 to `max`; `value` stays where the option was not given. FALSE after
 * saying so where it is none. */
gboolean collate_command_parse_number (const char *option, const char *text, int max, int *value);

/* FALSE after saying so where no device is called `name`; NULL and "auto" are the best one. */
gboolean collate_command_check_device (const char *name);

/* The worse of two exit statuses. A function: MAX() would run a step twice that stands in its arguments. */
int collate_command_worse (int a, int b);

/* A GAsyncReadyCallback that keeps its result in the GAsyncResult pointer `user_data`, and the main loop
 * until it is there. */
void collate_command_keep_result (GObject *source, GAsyncResult *result, gpointer user_data);
void collate_command_await (GAsyncResult **result);

/* Shows one line of progress in place of the last one, on a terminal only; NULL takes it away. */
void collate_command_show_progress (const char *line);

/* Writes what `builder` holds as JSON to standard output. */
int collate_command_print_json (JsonBuilder *builder);

/* A cancellable that Ctrl-C and SIGTERM cancel, once: the second one ends the program at once; (transfer
 * full). */
GCancellable *collate_command_catch_signals (void);

/* Reads `paths` into the library and says what became of those that gave no text or have warnings;
 * COLLATE_EXIT_INCOMPLETE where one gave none. */
int collate_command_read_documents (CollateLibrary *library,
                                    const char *const *paths,
                                    GCancellable *cancellable);

/* Says what is wrong with the person's models file; COLLATE_EXIT_INCOMPLETE where something is. */
int collate_command_check_catalogue (CollateCatalogue *catalogue);

/* Asks the keyring, where a model (of `ids`, NULL: any) has a route whose key is in neither environment nor
 * file. */
void collate_command_find_keys (CollateCatalogue *catalogue, const char *const *ids);

G_END_DECLS
