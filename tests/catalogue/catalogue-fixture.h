/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalogue/collate-catalogue.h"

G_BEGIN_DECLS

/* What the tests of this room share. JSON is written with single quotes for double ones. */

/* The text with its single quotes doubled; (transfer full). */
char *fixture_quote (const char *text);

/* Parses such text; (transfer full). */
JsonObject *fixture_parse (const char *text);

/* The models file that the program ships; (transfer full). */
GBytes *fixture_shipped (void);

/* A new folder for one test, and its removal with all that is in it. */
char *fixture_folder_new (void);
void fixture_folder_free (char *folder);

/* Writes a file of such text into the folder, and returns its path; (transfer full). */
char *fixture_write (const char *folder, const char *name, const char *text);

/* The model's chosen route, "none" where there is none. */
const char *fixture_route (CollateCatalogue *catalogue, const char *model);

G_END_DECLS
