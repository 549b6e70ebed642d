/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Days, as a person names them. */
#include "widgets/collate-dates.h"

#include <stdio.h>

#include <glib/gi18n-lib.h>

char *
collate_format_day (GDateTime *time, GDateTime *now)
{
  g_autoptr (GDateTime) local = g_date_time_to_local (time);
  g_autoptr (GDateTime) today = g_date_time_to_local (now);
  g_autoptr (GDateTime) yesterday = g_date_time_add_days (today, -1);
  int year = g_date_time_get_year (local);
  int day = g_date_time_get_day_of_year (local);

  if (year == g_date_time_get_year (today) && day == g_date_time_get_day_of_year (today))
    return g_strdup (_ ("Today"));
  if (year == g_date_time_get_year (yesterday) && day == g_date_time_get_day_of_year (yesterday))
    return g_strdup (_ ("Yesterday"));
  if (year == g_date_time_get_year (today))
    /* Translators: a day of this year, "19 November"; see g_date_time_format(). */
    return g_date_time_format (local, _ ("%-d %B"));
  /* Translators: a day of another year, "19 November 2025"; see g_date_time_format(). */
  return g_date_time_format (local, _ ("%-d %B %Y"));
}

gboolean
collate_days_until (const char *date, GDateTime *now, int *days)
{
  g_autoptr (GDateTime) today = g_date_time_to_utc (now);
  g_autoptr (GDate) from = NULL;
  g_autoptr (GDate) to = NULL;
  int year, month, day;

  if (sscanf (date, "%4d-%2d-%2d", &year, &month, &day) != 3 || year < 1 || month < 1 || day < 1 ||
      !g_date_valid_dmy (day, month, year))
    return FALSE;

  to = g_date_new_dmy (day, month, year);
  g_date_time_get_ymd (today, &year, &month, &day);
  from = g_date_new_dmy (day, month, year);
  *days = g_date_days_between (from, to);
  return TRUE;
}
