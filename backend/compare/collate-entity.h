/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Characters, and how HTML and Pango's markup write them. Private to this room; any thread. */

/* Appends a text so that markup shows it as it is. Characters that no label shows and some parsers refuse become
 * U+FFFD. */
void collate_entity_append_escaped (GString *out, const char *text, gsize length);

/* The character that "&amp;" or "&#8217;" stands for; 0 where it is no entity known here. */
gunichar collate_entity_decode (const char *text, gsize length);

G_END_DECLS
