/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Texts made small for keeping (zlib), and back. Any thread. */

/* `size` bytes that hold the text; (transfer full). */
guint8 *collate_pack (const char *text, gsize length, gsize *size);

/* The text of exactly `length` bytes, with a NUL behind it, that `data` holds; NULL where it holds another
 * one, or none, whatever the bytes are: no more memory than `length` says is used for it; (nullable)
 * (transfer full). */
char *collate_unpack (gconstpointer data, gsize size, gsize length);

G_END_DECLS
