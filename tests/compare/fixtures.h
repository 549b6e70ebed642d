/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compare/collate-comparison.h"
#include "compare/collate-workspace.h"

G_BEGIN_DECLS

/* A text that goes on for longer than any test, at twenty words a second. */
#define TEN "one two three four five six seven eight nine ten "
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define THOUSAND HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
#define SLOW_TEXT THOUSAND THOUSAND

/* A comparison from the command line's JSON, in which ' stands for ", so that it can be written in C;
 * (transfer full). */
CollateComparison *comparison_from (const char *json);

/* The nth answer; the comparison keeps it. */
CollateAnswer *answer_at (CollateComparison *comparison, guint position);

/* Runs the main loop until `condition` holds; fails the test where it does not within a minute. */
typedef gboolean (*Condition) (gpointer data);
void wait_for (Condition condition, gpointer data);

/* Conditions: a weak pointer is NULL; a comparison is in the history. */
gboolean is_gone (gpointer weak);
gboolean has_id (gpointer comparison);

/* A workspace in a folder of its own, whose models are served at `address`. */
typedef struct
{
  char *folder;
  char *history_path;
  CollateEncodings *encodings;
  CollateWorkspace *workspace;
} Desk;

/* `models` is the "models" array of a models file, whose routes go to the providers "p" (OpenAI's format) and
 * "a" (Anthropic's), which need no key, and "k", which needs COLLATE_TEST_KEY; ' stands for ". */
Desk *desk_new (const char *address, const char *models);
Desk *desk_new_at (const char *address, const char *models, const char *history_path);
void desk_free (Desk *desk);

/* Removes the folder and what is in it. */
void desk_remove_folder (Desk *desk);

/* Another workspace on the same folder and models, as after a new start. */
void desk_restart (Desk *desk);

/* The same, after the history's file was overwritten. */
void desk_spoil_history (Desk *desk, const char *data);

/* Adds a text file to the library, and waits until it is read and counted. */
void desk_add_document (Desk *desk, const char *name, const char *text);

/* Waits until nothing of it runs and all is written. */
void settle (CollateComparison *comparison);

/* Asks these entries (separated by commas) and waits for the end; (transfer full). */
CollateComparison *desk_ask (Desk *desk, const char *question, const char *ids);

/* Opens a past comparison; (nullable) (transfer full). */
CollateComparison *open_past (CollateHistory *history, gint64 id, GError **error);
gboolean load_history (CollateHistory *history, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Desk, desk_free)

G_END_DECLS
