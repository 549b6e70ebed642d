/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Files of this room, and what reading their entries has in common. Any thread. */

/* The file's bytes with a NUL after them; (nullable) (transfer full). COLLATE_ERROR_UNREADABLE, or
 * COLLATE_ERROR_TOO_LARGE beyond `max_bytes`; a file that is not there is G_IO_ERROR_NOT_FOUND. */
char *collate_models_file_read (const char *path, gsize max_bytes, gsize *length, GError **error);

/* Parses JSON that a stranger wrote, at most 64 levels deep; what it gives can be changed; (nullable)
 * (transfer full). COLLATE_ERROR_INVALID. */
JsonObject *collate_models_file_parse (const char *data, gsize length, GError **error);

/* Reads and parses a file of at most 8 MiB; errors as of both. */
JsonObject *collate_models_file_load (const char *path, GError **error);

/* Writes an object, indented, to a temporary file that then takes the place of `path`, or of what `path` is
 * a link to; makes the folder. COLLATE_ERROR_UNREADABLE. */
gboolean collate_models_file_write (const char *path, JsonObject *object, GError **error);

/* TRUE where the object has the member, and it is not null. */
gboolean collate_models_file_has (JsonObject *object, const char *member);

/* Sets COLLATE_ERROR_INVALID, and returns FALSE. */
gboolean collate_models_file_refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
