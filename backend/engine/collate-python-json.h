/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* JSON in the very letters in which Python's json.dumps (…, ensure_ascii=False) writes it, since models were trained on
 * those: ", " and ": " between its parts, and nothing escaped that need not be. Members stay in their order, numbers as they
 * are spelt. Escaped NULs and half surrogate pairs become U+FFFD. All texts are UTF-8. */

/* One value with nothing but white space around it; (nullable) (transfer full): NULL where it is none, or nested more than
 * 64 deep. */
char *collate_python_json_write (const char *json);

/* Appends a text as a string. */
void collate_python_json_append_string (GString *json, const char *text);

/* A member: its value is the text itself where that is a string. */
typedef void (*CollatePythonJsonFunc) (const char *name,
                                       const char *value,
                                       gboolean is_string,
                                       gpointer user_data);

/* Tells the members of an object, in their order; FALSE where it is none: it may have told some. */
gboolean collate_python_json_each_member (const char *json,
                                          CollatePythonJsonFunc on_member,
                                          gpointer user_data);

G_END_DECLS
