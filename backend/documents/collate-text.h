/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes of a file to UTF-8. Pure; any thread. */

/* The text of a plain text file: valid UTF-8 byte for byte, its byte order mark included; UTF-16 with a byte
 * order mark, and otherwise Windows-1252 (of which Latin-1's letters are a part), converted; (nullable)
 * (transfer full). COLLATE_ERROR_UNSUPPORTED where the bytes are no text (a NUL, or control characters in
 * what is no UTF-8), COLLATE_ERROR_DAMAGED where UTF-16 is broken. */
char *collate_text_decode (const guint8 *data, gsize length, GError **error);

/* The text of a PDF page as people type it: ligatures as letters, lines ended by a line feed, no soft
 * hyphens, no control characters, no blank space at the end; (transfer full). */
char *collate_text_clean (const char *text);

/* TRUE where there is nothing to read: white space and byte order marks alone. */
gboolean collate_text_is_blank (const char *text);

G_END_DECLS
