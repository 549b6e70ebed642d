/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "base/collate-money.h"

G_BEGIN_DECLS

/* What a request used, in tokens that no two counters share: each wire format's reader normalises to this.
 * Input in all = input + cached_input + cache_write + cache_write_1h. */
typedef struct
{
  gint64 input;          /* neither read from a cache nor written to one */
  gint64 cached_input;   /* read from a cache */
  gint64 cache_write;    /* written to a cache (5 minutes, where the server tells lifetimes apart) */
  gint64 cache_write_1h; /* written to a cache for an hour */
  gint64 output;         /* all output, reasoning included */
  gint64 reasoning;      /* the part of the output that is reasoning */
  gint64 drafted;        /* tokens that were guessed before they were computed, 0 where nobody guesses */
  gint64 drafts_right;   /* of them, those that became output: the rest is counted nowhere else */
  CollateMoney reported; /* the bill by the server's own word, or COLLATE_MONEY_UNKNOWN */
  gboolean estimated;    /* counted here, because the server did not say */
} CollateUsage;

/* All input tokens, cached ones included. Any thread. */
gint64 collate_usage_get_input (const CollateUsage *usage);

/* All input and output tokens. Any thread. */
gint64 collate_usage_get_total (const CollateUsage *usage);

/* A route's prices: per million tokens in the models file, per token here. Immutable and counted; any
 * thread. */
typedef struct _CollatePrice CollatePrice;

#define COLLATE_TYPE_PRICE (collate_price_get_type ())
GType collate_price_get_type (void);

/* Reads a price object of the models file: "input", "output", and optionally "cached_input", "cache_write",
 * "cache_write_1h", "tiers", "peak", "as_of", "source". A number that is negative, not finite or absurd is
 * COLLATE_ERROR_INVALID; (nullable) (transfer full). */
CollatePrice *collate_price_new_from_json (JsonObject *object, GError **error);

/* The same object again, for the history and for exports; (transfer full). */
JsonObject *collate_price_to_json (const CollatePrice *price);

CollatePrice *collate_price_ref (CollatePrice *price);
void collate_price_unref (CollatePrice *price);

/* Where the prices come from and of which day: as the file says; (nullable) (transfer none). */
const char *collate_price_get_source (const CollatePrice *price);
const char *collate_price_get_as_of (const CollatePrice *price);

/* The plain price of a token, or unknown. */
CollateMoney collate_price_get_input (const CollatePrice *price);
CollateMoney collate_price_get_output (const CollatePrice *price);

/* What a request sent at `time` (Unix seconds, UTC: some providers charge more at peak hours) costs; exact.
 * The highest tier whose threshold all input exceeds prices the whole request. A cache that has no price of
 * its own is billed as input. Unknown where a price that is needed is (`price` may be NULL). The server's
 * own bill, where there is one, wins. */
CollateMoney collate_price_get_cost (const CollatePrice *price, const CollateUsage *usage, gint64 time);

/* TRUE where the two say the same prices, whatever their source and date. */
gboolean collate_price_equal (const CollatePrice *a, const CollatePrice *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollatePrice, collate_price_unref)

G_END_DECLS
