/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The text with U+FFFD for what is no UTF-8, as Python's decoder replaces it: one for every longest beginning
 * of a valid sequence, one for every other byte; (nullable): NULL where all of it is valid; (transfer full).
 * Any thread. */
GString *collate_utf8_repair (const guchar *text, gsize length);

G_END_DECLS
