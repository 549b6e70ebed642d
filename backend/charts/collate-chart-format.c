/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/collate-format.h"
#include "base/collate-money.h"

/* What a chart holds as numbers with a fraction, as the rest of the program shows it. */

/* As everywhere in the program: who sees two numbers alike is not told that one is lower. */
#define COST_DECIMALS 4

char *
collate_chart_format_cost (double usd)
{
  return collate_money_format (collate_money_from_usd (usd), COST_DECIMALS);
}

char *
collate_chart_format_count (double count)
{
  return collate_format_count (collate_chart_is_known (count) && count < 1e18 ? llround (count) : -1);
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

  return collate_chart_format_count (factor);
}

char *
collate_chart_format_pace (double seconds)
{
  double milliseconds = seconds * 1000;

  if (!collate_chart_is_known (seconds) || milliseconds >= 999.5)
    return collate_format_seconds (seconds);
  if (milliseconds < 0.995)
    return g_strdup_printf (_ ("%.2f\302\240ms"), milliseconds);

  return g_strdup_printf (milliseconds < 9.95 ? _ ("%.1f\302\240ms") : _ ("%.0f\302\240ms"), milliseconds);
}
