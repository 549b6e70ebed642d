/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Numbers for people, in the form of their locale; "—" where unknown (negative, not finite). Money is in
 * collate-money.h. Any thread; (transfer full). */

/* "57,204". */
char *collate_format_count (gint64 count);

/* "1.40 s", "42.28 s", "3 min 12 s" from 100 seconds on, "2 h 1 min" from an hour on. */
char *collate_format_seconds (double seconds);

/* "22.5". */
char *collate_format_rate (double rate);

/* "100 %", "12.5 %", "0.25 %" of a share from 0 to 1; never "100 %" of less than all. */
char *collate_format_share (double share);

/* A stranger's text on one line, valid, and without what a terminal would obey: control characters, line breaks
 * included, are spaces; cut, with an ellipsis, after `most` characters (-1: never). */
char *collate_format_line (const char *text, glong most);

/* Seconds rounded as collate_format_seconds() shows them: what two times are compared by. */
double collate_shown_seconds (double seconds);

G_END_DECLS
