/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The text with U+FFFD for what is no UTF-8, as Python's decoder replaces it: one for every longest beginning
 * of a valid sequence, one for every other byte; (nullable): NULL where all of it is valid; (transfer full).
 * Any thread. */
GString *collate_utf8_repair (const guchar *text, gsize length);

/* The text with a control character for every byte that is no UTF-8, so that what is found in it is found at the same
 * place in the text itself; (nullable): NULL where all of it is valid; (transfer full). Any thread. */
guchar *collate_utf8_mask (const guchar *text, gsize length);

/* The length of the valid sequence that begins at `p`, or minus the length of the invalid bytes there that
 * collate_utf8_repair() would put one U+FFFD for. `p` lies before `end`. */
int collate_utf8_get_length (const guchar *p, const guchar *end);

G_END_DECLS
