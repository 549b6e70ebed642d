/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* An amount of money: picodollars (1e-12 USD) in 64 bits, so that a price per token and a bill are both
 * exact. A million tokens at $1,000 a million are 1e15; the largest amount is $9.2 million. Any thread. */
typedef gint64 CollateMoney;

/* An amount that nobody knows. It is never 0, and a sum with it is unknown. */
#define COLLATE_MONEY_UNKNOWN G_MININT64

/* The price of one token, from USD per million tokens; unknown where `usd` is negative, not finite or above
 * a million. */
CollateMoney collate_money_per_token (double usd_per_million);

/* USD, from a server that reports its bill as a number; unknown where it is negative, not finite or too
 * large. */
CollateMoney collate_money_from_usd (double usd);

/* USD as a double, for JSON and for drawing; NaN where unknown. */
double collate_money_to_usd (CollateMoney money);

/* The sum; unknown where either is, or where it overflows. */
CollateMoney collate_money_add (CollateMoney a, CollateMoney b);

/* `count` (>= 0) times an amount; unknown where the amount is, or where it overflows. */
CollateMoney collate_money_multiply (CollateMoney money, gint64 count);

/* "$0.1623": rounded half up to `decimals` (0 to 12) places, with the locale's decimal point; "—" where
 * unknown. (transfer full). */
char *collate_money_format (CollateMoney money, guint decimals);

/* The amount as collate_money_format() with four places shows it: what two bills are compared by. */
CollateMoney collate_money_round (CollateMoney money, guint decimals);

G_END_DECLS
