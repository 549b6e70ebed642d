/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Numbers for people, in the form of their locale. */

#include <glib/gi18n-lib.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "compare/collate-comparison-private.h"
#include "compare/collate-sentences.h"

#define UNKNOWN "—"

/* Thousands apart even in a locale that names no separator: a bill's figures are hard to read without. */
static char *
group_by_thousands (const char *digits)
{
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
  if (count >= 1000 && strspn (text, "0123456789") == strlen (text))
    return group_by_thousands (text);

  return g_steal_pointer (&text);
}

/* "1.20" says no more than "1.2", but "11" would look as if it were counted in whole seconds. */
static char *
format_hundredths (double seconds)
{
  char *text = g_strdup_printf ("%.2f", seconds);
  gsize length = strlen (text);

  if (text[length - 1] == '0')
    text[length - 1] = '\0';

  return text;
}

char *
collate_format_seconds (double seconds)
{
  double shown = collate_shown_seconds (seconds);
  gint64 whole;

  if (!isfinite (seconds) || seconds < 0 || seconds > 1e9)
    return g_strdup (UNKNOWN);

  if (shown < 100)
    {
      g_autofree char *text = format_hundredths (shown);

      /* Translators: seconds. */
      return g_strdup_printf (_ ("%s s"), text);
    }

  whole = (gint64) shown;
  if (whole < 3600)
    /* Translators: minutes and seconds. */
    return g_strdup_printf (_ ("%d min %d s"), (int) (whole / 60), (int) (whole % 60));

  /* Translators: hours and minutes. */
  return g_strdup_printf (_ ("%d h %d min"), (int) (whole / 3600), (int) (whole % 3600 / 60));
}

char *
collate_format_rate (double rate)
{
  if (!isfinite (rate) || rate < 0)
    return g_strdup (UNKNOWN);

  return g_strdup_printf ("%.1f", rate);
}
