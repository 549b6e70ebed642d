/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-money.h"

#include <locale.h>
#include <math.h>

#define PICO 1000000000000

CollateMoney
collate_money_per_token (double usd_per_million)
{
  if (!isfinite (usd_per_million) || usd_per_million < 0 || usd_per_million > 1e6)
    return COLLATE_MONEY_UNKNOWN;

  return llround (usd_per_million * (PICO / 1e6));
}

CollateMoney
collate_money_from_usd (double usd)
{
  if (!isfinite (usd) || usd < 0 || usd > 9e6)
    return COLLATE_MONEY_UNKNOWN;

  return llround (usd * PICO);
}

double
collate_money_to_usd (CollateMoney money)
{
  return money == COLLATE_MONEY_UNKNOWN ? NAN : (double) money / PICO;
}

CollateMoney
collate_money_add (CollateMoney a, CollateMoney b)
{
  CollateMoney sum;

  if (a == COLLATE_MONEY_UNKNOWN || b == COLLATE_MONEY_UNKNOWN || __builtin_add_overflow (a, b, &sum))
    return COLLATE_MONEY_UNKNOWN;

  return sum;
}

CollateMoney
collate_money_multiply (CollateMoney money, gint64 count)
{
  CollateMoney product;

  if (money == COLLATE_MONEY_UNKNOWN || count < 0 || __builtin_mul_overflow (money, count, &product))
    return COLLATE_MONEY_UNKNOWN;

  return product;
}

CollateMoney
collate_money_round (CollateMoney money, guint decimals)
{
  gint64 unit = PICO;

  g_return_val_if_fail (decimals <= 12, money);

  if (money == COLLATE_MONEY_UNKNOWN)
    return money;
  for (guint i = 0; i < decimals; i++)
    unit /= 10;

  return money > G_MAXINT64 - unit / 2 ? money / unit * unit : (money + unit / 2) / unit * unit;
}

char *
collate_money_format (CollateMoney money, guint decimals)
{
  CollateMoney rounded = collate_money_round (money, decimals);
  g_autofree char *fraction = NULL;

  if (money == COLLATE_MONEY_UNKNOWN)
    return g_strdup ("—");
  if (decimals == 0)
    return g_strdup_printf ("$%" G_GINT64_FORMAT, rounded / PICO);

  fraction = g_strdup_printf ("%012" G_GINT64_FORMAT, rounded % PICO);
  return g_strdup_printf (
      "$%" G_GINT64_FORMAT "%s%.*s", rounded / PICO, localeconv ()->decimal_point, (int) decimals, fraction);
}
