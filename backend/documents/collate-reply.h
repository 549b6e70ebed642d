/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What collate-extract writes to its standard output, once: numbers are 32 bits, big endian, a string is its
 * length and its bytes, without a NUL.
 *
 *   "COLX"  version (1)  0  number of pages  a string for each page ("" where it has no text)
 *   "COLX"  version (1)  1  error code       the message, a string
 *
 * The writer may have been taken over by the document that it read, so the reader believes nothing. Any
 * thread. */

/* The text of one document is never longer than this, in bytes, and its pages are not more. */
#define COLLATE_REPLY_MAX_TEXT (64 * 1024 * 1024)
#define COLLATE_REPLY_MAX_PAGES 100000

/* The longest reply that can be right. */
#define COLLATE_REPLY_MAX_BYTES (16 + COLLATE_REPLY_MAX_TEXT + 4 * COLLATE_REPLY_MAX_PAGES)

/* The reply that holds `pages` (char *, UTF-8); (transfer full). */
GByteArray *collate_reply_new_pages (GPtrArray *pages);

/* The reply that says why there are none; (transfer full). */
GByteArray *collate_reply_new_error (const GError *error);

/* The pages (char *, valid UTF-8) of a reply; (nullable) (transfer full). The error is the writer's, or
 * COLLATE_ERROR_DAMAGED where the bytes are no reply. */
GPtrArray *collate_reply_parse (const guint8 *data, gsize length, GError **error);

G_END_DECLS
