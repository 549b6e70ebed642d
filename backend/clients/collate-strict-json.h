/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Parses an object that a server sent, where the parser alone would not be safe: it ends the program at half
 * a surrogate pair, cuts strings at an escaped NUL, takes comments, and descends as deep as is asked. Half
 * pairs and NULs become U+FFFD. (nullable) (transfer full); COLLATE_ERROR_PROTOCOL. Any thread. */
JsonObject *collate_strict_json_parse (const char *data, gsize length, GError **error);

G_END_DECLS
