/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Days for people, translated, in local time; (transfer full). `now` is handed in so that it can be tested.
 */

/* "Today", "Yesterday", "19 November", and with the year where that is not this one. */
char *collate_format_day (GDateTime *time, GDateTime *now);

/* Whole days from `now` to the day `date` ("2026-07-24", UTC), negative where it is past; FALSE where
 * `date` is no day. */
gboolean collate_days_until (const char *date, GDateTime *now, int *days);

G_END_DECLS
