/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-format.h"

#include <glib/gi18n-lib.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#define UNKNOWN "—"

/* No answer takes longer: it is a clock gone wrong, or a file that somebody made. */
#define LONGEST_SECONDS 1e9

/* Thousands apart even in a locale that names no separator: a bill's figures are hard to read without. */
static char *
group_by_thousands (gint64 count)
{
  g_autofree char *digits = g_strdup_printf ("%" G_GINT64_FORMAT, count);
  const char *separator = strcmp (localeconv ()->decimal_point, ",") == 0 ? "\u202f" : ",";
  GString *out = g_string_new (NULL);
  gsize length = strlen (digits);

  for (gsize i = 0; i < length; i++)
    {
      if (i > 0 && (length - i) % 3 == 0)
        g_string_append (out, separator);
      g_string_append_c (out, digits[i]);
    }

  return g_string_free (out, FALSE);
}

char *
collate_format_count (gint64 count)
{
  g_autofree char *text = NULL;

  if (count < 0)
    return g_strdup (UNKNOWN);

  text = g_strdup_printf ("%'" G_GINT64_FORMAT, count);
  if (strspn (text, "0123456789") == strlen (text) || !g_utf8_validate (text, -1, NULL))
    return group_by_thousands (count);

  return g_steal_pointer (&text);
}

double
collate_shown_seconds (double seconds)
{
  double hundredths = round (seconds * 100) / 100;

  if (hundredths < 100)
    return hundredths;

  return round (seconds) < 3600 ? round (seconds) : round (seconds / 60) * 60;
}

char *
collate_format_seconds (double seconds)
{
  double shown = collate_shown_seconds (seconds);
  gint64 whole;

  if (!isfinite (seconds) || seconds < 0 || seconds > LONGEST_SECONDS)
    return g_strdup (UNKNOWN);

  if (shown < 100)
    /* Translators: seconds. */
    return g_strdup_printf (_ ("%.2f s"), shown);

  whole = (gint64) shown;
  if (whole < 3600)
    /* Translators: minutes and seconds. */
    return g_strdup_printf (_ ("%d min %d s"), (int) (whole / 60), (int) (whole % 60));

  /* Translators: hours and minutes. */
  return g_strdup_printf (_ ("%d h %d min"), (int) (whole / 3600), (int) (whole % 3600 / 60));
}

char *
collate_format_line (const char *text, glong most)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *line = g_string_sized_new (strlen (valid));

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at), most--)
    {
      gunichar character = g_utf8_get_char (at);

      if (most == 0)
        {
          g_string_append (line, "…");
          break;
        }
      g_string_append_unichar (line, g_unichar_iscntrl (character) ? ' ' : character);
    }

  return g_string_free (line, FALSE);
}

char *
collate_format_rate (double rate)
{
  if (!isfinite (rate) || rate < 0)
    return g_strdup (UNKNOWN);

  return g_strdup_printf ("%.1f", rate);
}

char *
collate_format_share (double share)
{
  double percent = share * 100;

  if (!isfinite (percent) || percent < 0)
    return g_strdup (UNKNOWN);
  if (percent >= 100)
    return g_strdup (_ ("100\302\240%"));

  return percent < 1 ? g_strdup_printf (_ ("%.2f\302\240%%"), percent)
                     : g_strdup_printf (_ ("%.1f\302\240%%"), MIN (percent, 99.9));
}
