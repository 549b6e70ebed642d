/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Files of variables, `.env`. Any thread. */

/* Adds the variables of the file at `path` to `variables` (name → value, both owned; a name that is there
 * already stays), and to `warnings` (strings, translated, never with a value) what a person should know. A
 * file that is missing, or is no regular file, adds nothing. */
void collate_env_read (const char *path, GHashTable *variables, GPtrArray *warnings);

/* Parses the text of such a file into `variables`, which the last of several definitions of a name wins;
 * names defined more than once are added to `repeated` (strings). Pure. */
void collate_env_parse (const char *text, gsize length, GHashTable *variables, GPtrArray *repeated);

/* Overwrites a secret, and frees it; (nullable). */
void collate_env_wipe (char *secret);

G_END_DECLS
