/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue-fixture.h"

#include "base/collate-error.h"
#include "base/collate-json.h"
#include "catalogue/collate-model-private.h"

/* Monday, 2 November 2026, at an hour of the day, UTC. */
#define MONDAY(hour) (1793577600 + (hour) *3600)
#define SATURDAY(hour) (MONDAY (hour) + 5 * 86400)

static CollatePrice *
price_new (const char *text)
{
  g_autoptr (JsonObject) object = fixture_parse (text);
  g_autoptr (GError) error = NULL;
  CollatePrice *price = collate_price_new_from_json (object, &error);

  g_assert_no_error (error);

  return price;
}

static CollateUsage
usage_new (gint64 input, gint64 cached, gint64 output)
{
  return (CollateUsage){
    .input = input, .cached_input = cached, .output = output, .reported = COLLATE_MONEY_UNKNOWN
  };
}

static void
assert_cost (const CollatePrice *price, CollateUsage usage, gint64 time, const char *expected)
{
  g_autofree char *cost = collate_money_format (collate_price_get_cost (price, &usage, time), 12);

  g_assert_cmpstr (cost, ==, expected);
}

/* The four bills that the first line-up is known by, with the prices of the file that is shipped. */
static void
test_first_bills (void)
{
  static const struct
  {
    const char *model;
    gint64 input, output;
    const char *bill;
  } bills[] = {
    { "gpt-5", 56937, 1996, "$0.1623" },
    { "claude-sonnet-4.5", 65855, 485, "$0.2048" },
    { "deepseek-v3.2-exp", 56842, 698, "$0.0162" },
    { "deepseek-v3.1-terminus", 56842, 700, "$0.0328" },
  };
  g_autoptr (GBytes) shipped = fixture_shipped ();
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, NULL);
  g_autoptr (CollateCatalogue) catalogue = collate_catalogue_new (shipped, NULL, FALSE, NULL, keys);

  for (guint i = 0; i < G_N_ELEMENTS (bills); i++)
    {
      CollateModel *model = collate_catalogue_lookup (catalogue, bills[i].model);
      g_autoptr (CollateRoute) first = g_list_model_get_item (collate_model_get_routes (model), 0);
      CollatePrice *price = collate_route_get_price (first);
      CollateUsage usage = usage_new (bills[i].input, 0, bills[i].output);
      g_autofree char *bill = collate_money_format (collate_price_get_cost (price, &usage, 0), 4);

      g_assert_cmpstr (bill, ==, bills[i].bill);
      g_assert_cmpstr (collate_price_get_source (price), ==, "tutorial");
      g_assert_cmpstr (collate_price_get_as_of (price), ==, "2025-10");
    }
}

/* 100,000 tokens of input, 80,000 of them cached, 2,000 of output. */
static void
test_cached_bills (void)
{
  g_autoptr (CollatePrice) gpt = price_new ("{'input':1.25,'cached_input':0.125,'output':10}");
  g_autoptr (CollatePrice) claude = price_new ("{'input':3,'cached_input':0.3,'output':15}");

  assert_cost (gpt, usage_new (20000, 80000, 2000), 0, "$0.055000000000");
  assert_cost (claude, usage_new (20000, 80000, 2000), 0, "$0.114000000000");
}

static void
test_each_counter (void)
{
  g_autoptr (CollatePrice) price =
      price_new ("{'input':1,'cached_input':0.1,'cache_write':1.25,'cache_write_1h':2,'output':4}");
  CollateUsage usage = { .input = 1,
                         .cached_input = 10,
                         .cache_write = 100,
                         .cache_write_1h = 1000,
                         .output = 10000,
                         .reasoning = 9999,
                         .reported = COLLATE_MONEY_UNKNOWN };

  g_assert_cmpint (collate_usage_get_input (&usage), ==, 1111);
  g_assert_cmpint (collate_usage_get_total (&usage), ==, 11111);
  /* 1 + 1 + 125 + 2000 + 40000 millionths. */
  assert_cost (price, usage, 0, "$0.042127000000");
}

/* The bill of the parts is the bill of the whole, to the last digit. */
static void
test_sums (void)
{
  g_autoptr (CollatePrice) price = price_new ("{'input':0.28,'cached_input':0.028,'output':0.42}");

  for (guint i = 0; i < 2000; i++)
    {
      CollateUsage a = usage_new (g_test_rand_int_range (0, 1000000),
                                  g_test_rand_int_range (0, 1000000),
                                  g_test_rand_int_range (0, 100000));
      CollateUsage b = usage_new (g_test_rand_int_range (0, 1000000),
                                  g_test_rand_int_range (0, 1000000),
                                  g_test_rand_int_range (0, 100000));
      CollateUsage both = usage_new (a.input + b.input, a.cached_input + b.cached_input, a.output + b.output);
      CollateMoney sum =
          collate_money_add (collate_price_get_cost (price, &a, 0), collate_price_get_cost (price, &b, 0));

      g_assert_cmpint (sum, ==, collate_price_get_cost (price, &both, 0));
      g_assert_cmpint (sum, ==, both.input * 280000 + both.cached_input * 28000 + both.output * 420000);
    }
}

static void
test_tiers (void)
{
  /* Not in order, on purpose. */
  g_autoptr (CollatePrice) price = price_new ("{'input':1,'cached_input':0.1,'output':10,'tiers':["
                                              "{'above':500000,'input':4,'output':40},"
                                              "{'above':200000,'input':2,'cached_input':0.2,'output':20}]}");

  /* The threshold itself is below; one more token reprices the whole request, output too. */
  assert_cost (price, usage_new (200000, 0, 1000), 0, "$0.210000000000");
  assert_cost (price, usage_new (200001, 0, 1000), 0, "$0.420002000000");
  /* All kinds of input count. */
  assert_cost (price, usage_new (1, 200000, 0), 0, "$0.040002000000");
  assert_cost (price, usage_new (0, 200000, 0), 0, "$0.020000000000");
  /* The highest that is exceeded; a cache without its own price there is billed as input there. */
  assert_cost (price, usage_new (500000, 1, 100), 0, "$2.004004000000");
  assert_cost (price, usage_new (500000, 0, 100), 0, "$1.002000000000");

  for (gint64 input = 199990; input < 200010; input++)
    {
      CollateUsage usage = usage_new (input, 0, 0);

      g_assert_cmpint (
          collate_price_get_cost (price, &usage, 0), ==, input * (input > 200000 ? 2000000 : 1000000));
    }
}

static void
test_tier_inherits (void)
{
  g_autoptr (CollatePrice) price = price_new ("{'input':1,'output':10,'tiers':[{'above':100,'input':2}]}");

  assert_cost (price, usage_new (101, 0, 1), 0, "$0.000212000000");
}

static void
test_peak (void)
{
  g_autoptr (CollatePrice) price =
      price_new ("{'input':0.15,'cached_input':0.003,'output':0.6,'peak':{'weekdays':[1,2,3,4,5],"
                 "'hours_utc':[[1,4],[6,10]],'input':0.3,'cached_input':0.006,'output':1.2}}");
  CollateUsage usage = usage_new (1000000, 1000000, 1000000);
  const char *normal = "$0.753000000000", *peak = "$1.506000000000";

  assert_cost (price, usage, MONDAY (1) - 1, normal);
  assert_cost (price, usage, MONDAY (1), peak);
  assert_cost (price, usage, MONDAY (4) - 1, peak);
  assert_cost (price, usage, MONDAY (4), normal);
  assert_cost (price, usage, MONDAY (6), peak);
  assert_cost (price, usage, MONDAY (10), normal);
  assert_cost (price, usage, SATURDAY (2), normal);
  assert_cost (price, usage, SATURDAY (2) - 86400, peak);
  assert_cost (price, usage, SATURDAY (2) + 86400, normal);
  /* No such time: not the peak, and no crash. */
  assert_cost (price, usage, G_MAXINT64, normal);
}

static void
test_unknown (void)
{
  g_autoptr (CollatePrice) no_output = price_new ("{'input':1}");
  g_autoptr (CollatePrice) no_input = price_new ("{'output':1,'cached_input':1}");
  g_autoptr (CollatePrice) nothing = price_new ("{'input':null,'colour':'red'}");
  g_autoptr (CollatePrice) free_of_charge = price_new ("{'input':0,'output':0}");
  CollateUsage reported = usage_new (1, 2, 3);

  assert_cost (NULL, usage_new (1, 0, 1), 0, "—");
  assert_cost (NULL, usage_new (0, 0, 0), 0, "—");
  assert_cost (no_output, usage_new (1, 0, 1), 0, "—");
  assert_cost (no_output, usage_new (1, 1, 0), 0, "$0.000002000000");
  assert_cost (no_input, usage_new (1, 0, 1), 0, "—");
  assert_cost (no_input, usage_new (0, 1, 1), 0, "$0.000002000000");
  assert_cost (nothing, usage_new (1, 0, 0), 0, "—");
  assert_cost (free_of_charge, usage_new (1, 1, 1), 0, "$0.000000000000");

  /* The server's word wins, over unknown prices too; its 0 is a word. */
  reported.reported = collate_money_from_usd (0.0001);
  assert_cost (NULL, reported, 0, "$0.000100000000");
  assert_cost (no_output, reported, 0, "$0.000100000000");
  reported.reported = 0;
  assert_cost (no_output, reported, 0, "$0.000000000000");
}

static void
test_overflow (void)
{
  g_autoptr (CollatePrice) price = price_new ("{'input':1000,'cached_input':1000,'output':1000,"
                                              "'tiers':[{'above':9223372036854775806,'input':1}]}");
  CollateUsage usage = usage_new (G_MAXINT64, G_MAXINT64, G_MAXINT64);

  g_assert_cmpint (collate_usage_get_input (&usage), ==, G_MAXINT64);
  g_assert_cmpint (collate_usage_get_total (&usage), ==, G_MAXINT64);
  assert_cost (price, usage, 0, "—");
  /* Each is known, the sum is too large. */
  assert_cost (price, usage_new (9000000000, 0, 9000000000), 0, "—");
  assert_cost (price, usage_new (9000000000, 0, 0), 0, "$9000000.000000000000");
  /* A server's negative count is no discount. */
  assert_cost (price, usage_new (-1, 0, 0), 0, "—");
}

static void
test_refused (void)
{
  static const char *const wrong[] = {
    "{'input':-1}",
    "{'input':'0.28'}",
    "{'input':true}",
    "{'input':[]}",
    "{'output':1e9}",
    "{'output':1e400}",
    "{'input':1,'cached_input':-0.1}",
    "{'input':1,'tiers':{}}",
    "{'input':1,'tiers':[1]}",
    "{'input':1,'tiers':[{'input':2}]}",
    "{'input':1,'tiers':[{'above':-1,'input':2}]}",
    "{'input':1,'tiers':[{'above':1,'input':-2}]}",
    "{'input':1,'peak':[]}",
    "{'input':1,'peak':{'weekdays':[0]}}",
    "{'input':1,'peak':{'weekdays':['1']}}",
    "{'input':1,'peak':{'weekdays':[]}}",
    "{'input':1,'peak':{'weekdays':7}}",
    "{'input':1,'peak':{'hours_utc':[[4,1]]}}",
    "{'input':1,'peak':{'hours_utc':[[1,25]]}}",
    "{'input':1,'peak':{'hours_utc':[1,4]}}",
    "{'input':1,'peak':{'hours_utc':[[1]]}}",
    "{'input':1,'peak':{'hours_utc':[[{},[]]]}}",
    "{'input':1,'peak':{'input':-1}}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (JsonObject) object = fixture_parse (wrong[i]);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", wrong[i]);
      g_assert_null (collate_price_new_from_json (object, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
    }
}

static void
test_round_trip (void)
{
  const char *text =
      "{'input':0.15,'cached_input':0.003,'cache_write':0.1875,'cache_write_1h':0.3,'output':0.6,"
      "'tiers':[{'above':272000,'input':0.3,'output':0.9}],"
      "'peak':{'weekdays':[1,7],'hours_utc':[[0,4],[23,24]],'input':0.3,'output':1.2},"
      "'as_of':'2026-11','source':'a list'}";
  g_autofree char *expected = fixture_quote (text);
  g_autoptr (CollatePrice) price = price_new (text);
  g_autoptr (JsonObject) object = collate_price_to_json (price);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  g_autofree char *written = collate_json_to_string (node, FALSE);
  g_autoptr (CollatePrice) again = collate_price_new_from_json (object, NULL);

  g_assert_cmpstr (written, ==, expected);
  g_assert_true (collate_price_equal (price, again));
}

static void
test_equal (void)
{
  static const char *const different[] = {
    "{'input':1,'output':2}",
    "{'input':1,'output':3}",
    "{'input':1,'output':2,'cached_input':1}",
    "{'input':1,'output':2,'tiers':[{'above':5,'input':2}]}",
    "{'input':1,'output':2,'tiers':[{'above':6,'input':2}]}",
    "{'input':1,'output':2,'tiers':[{'above':5,'input':3}]}",
    "{'input':1,'output':2,'peak':{'input':2}}",
    "{'input':1,'output':2,'peak':{'input':2,'weekdays':[1]}}",
    "{'input':1,'output':2,'peak':{'input':2,'hours_utc':[[1,2]]}}",
  };
  g_autoptr (CollatePrice) elsewhere = price_new ("{'input':1,'output':2,'source':'x','as_of':'y'}");

  for (guint i = 0; i < G_N_ELEMENTS (different); i++)
    for (guint j = 0; j < G_N_ELEMENTS (different); j++)
      {
        g_autoptr (CollatePrice) a = price_new (different[i]);
        g_autoptr (CollatePrice) b = price_new (different[j]);

        g_assert_cmpint (collate_price_equal (a, b), ==, i == j);
        g_assert_cmpint (collate_price_equal (a, elsewhere), ==, i == 0);
      }
}

/* A list that agrees leaves what it cannot say; one that disagrees is taken at its word alone. */
static void
test_complete (void)
{
  g_autoptr (CollatePrice) known =
      price_new ("{'input':1,'cached_input':0.1,'cache_write_1h':2,'output':4,'peak':{'input':2}}");
  g_autoptr (CollatePrice) agrees = price_new ("{'input':1,'cached_input':0.2,'output':4,'source':'list'}");
  g_autoptr (CollatePrice) differs = price_new ("{'input':3,'output':4,'source':'list'}");
  g_autoptr (CollatePrice) both =
      price_new ("{'input':1,'cached_input':0.2,'cache_write_1h':2,'output':4,'peak':{'input':2}}");
  g_autoptr (CollatePrice) completed = collate_price_complete (agrees, known);
  g_autoptr (CollatePrice) replaced = collate_price_complete (differs, known);
  g_autoptr (CollatePrice) alone = collate_price_complete (differs, NULL);

  g_assert_true (collate_price_equal (completed, both));
  g_assert_cmpstr (collate_price_get_source (completed), ==, "list");
  g_assert_true (collate_price_equal (replaced, differs));
  g_assert_true (collate_price_equal (alone, differs));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/price/first-bills", test_first_bills);
  g_test_add_func ("/price/cached-bills", test_cached_bills);
  g_test_add_func ("/price/each-counter", test_each_counter);
  g_test_add_func ("/price/sums", test_sums);
  g_test_add_func ("/price/tiers", test_tiers);
  g_test_add_func ("/price/tier-inherits", test_tier_inherits);
  g_test_add_func ("/price/peak", test_peak);
  g_test_add_func ("/price/unknown", test_unknown);
  g_test_add_func ("/price/overflow", test_overflow);
  g_test_add_func ("/price/refused", test_refused);
  g_test_add_func ("/price/round-trip", test_round_trip);
  g_test_add_func ("/price/equal", test_equal);
  g_test_add_func ("/price/complete", test_complete);

  return g_test_run ();
}
