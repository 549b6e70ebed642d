/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

#include <glib/gi18n-lib.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/collate-money.h"

/* Numbers as a chart shows them: short, in the locale's form, and never a wrong one, however odd the value. */

static const char *
get_group_separator (void)
{
  const struct lconv *conventions = localeconv ();

  if (*conventions->thousands_sep)
    return conventions->thousands_sep;
  /* The C locale has none, but its words are English. */
  return g_str_equal (conventions->decimal_point, ".") ? "," : "";
}

char *
collate_chart_format_cost (double usd)
{
  guint decimals = 4;

  if (!collate_chart_is_known (usd))
    return g_strdup ("—");
  if (usd > 9e6 || (usd > 0 && usd < 1e-10))
    return g_strdup_printf ("$%.2g", usd);

  if (usd >= 100)
    decimals = 2;
  else if (usd > 0 && usd < 0.0005)
    decimals = MIN (12, (guint) (1 - floor (log10 (usd))));

  return collate_money_format (collate_money_from_usd (usd), decimals);
}

/* As the rest of the program shows seconds: hundredths of them below a hundred, "1.2" for "1.20". */
char *
collate_chart_format_time (double seconds)
{
  double shown = round (seconds * 100) / 100;
  g_autofree char *digits = NULL;
  gint64 whole;

  if (!collate_chart_is_known (seconds))
    return g_strdup ("—");
  if (seconds > 1e9 || (seconds > 0 && seconds < 0.005))
    return g_strdup_printf (_ ("%.2g s"), seconds);
  if (shown < 100)
    {
      digits = g_strdup_printf ("%.2f", shown);
      if (g_str_has_suffix (digits, "0"))
        digits[strlen (digits) - 1] = '\0';
      return g_strdup_printf (_ ("%s s"), digits);
    }

  whole = (gint64) round (seconds);
  if (whole < 3600)
    return g_strdup_printf (_ ("%d min %d s"), (int) (whole / 60), (int) (whole % 60));

  return g_strdup_printf (_ ("%d h %d min"), (int) (whole / 3600), (int) (whole % 3600 / 60));
}

char *
collate_chart_format_count (double count)
{
  const char *separator = get_group_separator ();
  g_autofree char *digits = NULL;
  g_autoptr (GString) text = NULL;
  gsize length;

  if (!collate_chart_is_known (count))
    return g_strdup ("—");
  if (count >= 1e15)
    return g_strdup_printf ("%.2g", count);

  digits = g_strdup_printf ("%.0f", count);
  length = strlen (digits);
  text = g_string_new (NULL);
  for (gsize i = 0; i < length; i++)
    {
      if (i > 0 && (length - i) % 3 == 0)
        g_string_append (text, separator);
      g_string_append_c (text, digits[i]);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
collate_chart_format_short_count (double count)
{
  if (!collate_chart_is_known (count) || count < 9999.5 || count >= 1e15)
    return collate_chart_format_count (count);
  /* Translators: thousands, millions and thousands of millions, short */
  if (count < 999950)
    return g_strdup_printf (_ ("%.1f k"), count / 1e3);
  if (count < 999950e3)
    return g_strdup_printf (_ ("%.1f M"), count / 1e6);

  return g_strdup_printf (_ ("%.1f G"), count / 1e9);
}

char *
collate_chart_format_factor (double factor)
{
  if (factor < 9.95)
    return g_strdup_printf ("%.1f", factor);

  return collate_chart_format_count (MIN (factor, G_MAXDOUBLE));
}
