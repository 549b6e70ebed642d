/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Getters for JSON that strangers wrote: an object may be NULL, a member may be missing, null or of another
 * type, and each of these gives the fallback. Any thread. */

/* The member's object, or NULL; (transfer none). */
JsonObject *collate_json_object (JsonObject *object, const char *member);

/* The member's array, or NULL; (transfer none). */
JsonArray *collate_json_array (JsonObject *object, const char *member);

/* The member's string, or NULL; (transfer none). */
const char *collate_json_string (JsonObject *object, const char *member);

/* The member's number; an integer where JSON has a whole double; `fallback` where it is no number or out of
 * range. */
gint64 collate_json_int (JsonObject *object, const char *member, gint64 fallback);

/* The member's number, integer or double; `fallback` where it is none. */
double collate_json_double (JsonObject *object, const char *member, double fallback);

/* The member's boolean; `fallback` where it is none. */
gboolean collate_json_boolean (JsonObject *object, const char *member, gboolean fallback);

/* The element's object, or NULL; (transfer none). */
JsonObject *collate_json_element_object (JsonArray *array, guint index);

/* The element's string, or NULL; (transfer none). */
const char *collate_json_element_string (JsonArray *array, guint index);

/* The element's number, an integer where JSON has a whole double; `fallback` where it is none. */
gint64 collate_json_element_int (JsonArray *array, guint index, gint64 fallback);

/* Parses `length` bytes (-1: to the NUL) that strangers wrote as one JSON object, which may be changed; half surrogate
 * pairs and escaped NULs become U+FFFD; (nullable) (transfer full). COLLATE_ERROR_INVALID where they are no UTF-8, no
 * JSON, JSON of another type, or nested more than 64 deep. */
JsonObject *collate_json_parse_object (const char *data, gssize length, GError **error);

/* The same for an array. */
JsonArray *collate_json_parse_array (const char *data, gssize length, GError **error);

/* Adds a member with a string, or null where `value` is NULL. */
void collate_json_add_string (JsonBuilder *builder, const char *member, const char *value);

/* Adds a member with an array of strings. */
void collate_json_add_strings (JsonBuilder *builder, const char *member, const char *const *values);

/* Adds a member with a number. */
void collate_json_add_int (JsonBuilder *builder, const char *member, gint64 value);
void collate_json_add_double (JsonBuilder *builder, const char *member, double value);

/* Writes a node, doubles in the fewest digits that read back equal (json-glib writes 0.28 as
 * 0.28000000000000003); `pretty` indents by two. Not finite numbers become null. (transfer full). */
char *collate_json_to_string (JsonNode *node, gboolean pretty);

G_END_DECLS
