/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/collate-format.h"

/* What a chart shows, in one sentence. Only finished answers compete, and never on more digits than a
 * person sees. */

typedef struct
{
  const char *name;
  double value;
  double low;
  double high;
} Contender;

static char *
format_value (CollateChartKind kind, double value)
{
  switch (kind)
    {
    case COLLATE_CHART_COST:
      return collate_chart_format_cost (value);
    case COLLATE_CHART_TIME:
      return collate_format_seconds (value);
    case COLLATE_CHART_PACE:
      return collate_chart_format_pace (value);
    default:
      return collate_chart_format_count (value);
    }
}

static gboolean
look_equal (CollateChartKind kind, double a, double b)
{
  g_autofree char *first = format_value (kind, a);
  g_autofree char *second = format_value (kind, b);

  return g_str_equal (first, second);
}

static gboolean
ranges_meet (CollateChartKind kind, const Contender *first, const Contender *second)
{
  return first->high >= second->low || look_equal (kind, first->high, second->low);
}

static int
compare_contenders (gconstpointer a, gconstpointer b)
{
  const Contender *left = a;
  const Contender *right = b;

  return left->value < right->value ? -1 : left->value > right->value;
}

/* How long a token takes in the end is one thing while a model writes, and another one while it reads: the same is compared
 * of all. */
static gboolean
all_wrote (GPtrArray *items)
{
  for (guint i = 0; i < items->len; i++)
    {
      const CollateChartItem *item = g_ptr_array_index (items, i);

      if (item->finished && item->reading->len > 0 && item->writing->len == 0)
        return FALSE;
    }

  return TRUE;
}

static double
get_value (CollateChartKind kind, GPtrArray *items, const CollateChartItem *item)
{
  switch (kind)
    {
    case COLLATE_CHART_TOKENS:
      return item->output_tokens;
    case COLLATE_CHART_PACE:
      return collate_chart_last_pace (all_wrote (items) ? item->writing : item->reading);
    default:
      return collate_chart_item_value (kind, item);
    }
}

/* The finished items with a value that counts, the lowest first. */
static GArray *
find_contenders (CollateChartKind kind, GPtrArray *items)
{
  GArray *contenders = g_array_new (FALSE, FALSE, sizeof (Contender));
  gboolean ranged = kind == COLLATE_CHART_COST || kind == COLLATE_CHART_TIME;

  for (guint i = 0; i < items->len; i++)
    {
      const CollateChartItem *item = g_ptr_array_index (items, i);
      Contender contender = { item->name };

      contender.value = get_value (kind, items, item);
      contender.low = kind == COLLATE_CHART_COST ? item->cost_low : item->time_low;
      contender.high = kind == COLLATE_CHART_COST ? item->cost_high : item->time_high;
      if (!collate_chart_is_known (contender.low) || !ranged)
        contender.low = contender.value;
      if (!collate_chart_is_known (contender.high) || !ranged)
        contender.high = contender.value;
      if (item->finished && collate_chart_is_known (contender.value) &&
          !(kind == COLLATE_CHART_COST && item->local))
        g_array_append_val (contenders, contender);
    }
  g_array_sort (contenders, compare_contenders);

  return contenders;
}

static gboolean
anything_finished (GPtrArray *items)
{
  for (guint i = 0; i < items->len; i++)
    if (((const CollateChartItem *) g_ptr_array_index (items, i))->finished)
      return TRUE;

  return FALSE;
}

static gboolean
only_local_finished (GPtrArray *items)
{
  for (guint i = 0; i < items->len; i++)
    {
      const CollateChartItem *item = g_ptr_array_index (items, i);

      if (item->finished && !item->local)
        return FALSE;
    }

  return TRUE;
}

static char *
say_unknown (CollateChartKind kind, GPtrArray *items)
{
  if (!anything_finished (items))
    return g_strdup (_ ("No answer has finished yet"));

  switch (kind)
    {
    case COLLATE_CHART_COST:
      return g_strdup (only_local_finished (items) ? _ ("Answers of this machine are free")
                                                   : _ ("What the answers cost is not known"));
    case COLLATE_CHART_TIME:
      return g_strdup (_ ("How long the answers took is not known"));
    case COLLATE_CHART_PACE:
      return g_strdup (_ ("How long a token took is not known"));
    default:
      return g_strdup (_ ("How many tokens were written is not known"));
    }
}

static char *
say_one (CollateChartKind kind, const Contender *only)
{
  g_autofree char *value = format_value (kind, only->value);

  switch (kind)
    {
    case COLLATE_CHART_COST:
      return g_strdup_printf (_ ("%s costs %s"), only->name, value);
    case COLLATE_CHART_TIME:
      return g_strdup_printf (_ ("%s takes %s"), only->name, value);
    case COLLATE_CHART_PACE:
      return g_strdup_printf (_ ("%s takes %s for a token at the end"), only->name, value);
    default:
      return g_strdup_printf (_ ("%s wrote %s"), only->name, value);
    }
}

static char *
say_equal (CollateChartKind kind, double shared)
{
  g_autofree char *value = format_value (kind, shared);

  switch (kind)
    {
    case COLLATE_CHART_COST:
      return g_strdup_printf (_ ("All cost the same: %s"), value);
    case COLLATE_CHART_TIME:
      return g_strdup_printf (_ ("All take the same time: %s"), value);
    case COLLATE_CHART_PACE:
      return g_strdup_printf (_ ("All take the same for a token at the end: %s"), value);
    default:
      return g_strdup_printf (_ ("All wrote the same: %s"), value);
    }
}

/* Where the lowest is shown as zero, nothing is a multiple of it. */
static char *
say_something_and_nothing (CollateChartKind kind, const Contender *lowest, const Contender *highest)
{
  g_autofree char *high = format_value (kind, highest->value);
  g_autofree char *low = format_value (kind, lowest->value);

  switch (kind)
    {
    case COLLATE_CHART_COST:
      return g_strdup_printf (_ ("%s costs %s, %s costs %s"), highest->name, high, lowest->name, low);
    case COLLATE_CHART_TIME:
      return g_strdup_printf (_ ("%s takes %s, %s takes %s"), highest->name, high, lowest->name, low);
    case COLLATE_CHART_PACE:
      return g_strdup_printf (
          _ ("%s takes %s for a token at the end, %s %s"), highest->name, high, lowest->name, low);
    default:
      return g_strdup_printf (_ ("%s wrote %s, %s wrote %s"), highest->name, high, lowest->name, low);
    }
}

static char *
say_factor (CollateChartKind kind, const Contender *lowest, const Contender *highest)
{
  g_autofree char *factor = collate_chart_format_factor (highest->value / lowest->value);

  switch (kind)
    {
    case COLLATE_CHART_COST:
      return g_strdup_printf (_ ("%s costs %s times as much as %s"), highest->name, factor, lowest->name);
    case COLLATE_CHART_TIME:
      return g_strdup_printf (_ ("%s takes %s times as long as %s"), highest->name, factor, lowest->name);
    case COLLATE_CHART_PACE:
      return g_strdup_printf (
          _ ("%s takes %s times as long for a token at the end as %s"), highest->name, factor, lowest->name);
    default:
      return g_strdup_printf (_ ("%s wrote %s times as much as %s"), highest->name, factor, lowest->name);
    }
}

static char *
say_percent (CollateChartKind kind, const Contender *lowest, const Contender *highest)
{
  double percent = (highest->value / lowest->value - 1) * 100;
  g_autofree char *more = g_strdup_printf (percent < 9.95 ? "%.1f" : "%.0f", percent);

  switch (kind)
    {
    case COLLATE_CHART_COST:
      return g_strdup_printf (_ ("%s costs %s %% more than %s"), highest->name, more, lowest->name);
    case COLLATE_CHART_TIME:
      return g_strdup_printf (_ ("%s takes %s %% longer than %s"), highest->name, more, lowest->name);
    case COLLATE_CHART_PACE:
      return g_strdup_printf (
          _ ("%s takes %s %% longer for a token at the end than %s"), highest->name, more, lowest->name);
    default:
      return g_strdup_printf (_ ("%s wrote %s %% more than %s"), highest->name, more, lowest->name);
    }
}

static char *
say_difference (CollateChartKind kind, const GArray *contenders)
{
  const Contender *lowest = &g_array_index (contenders, Contender, 0);
  const Contender *next = lowest + 1;
  const Contender *highest = &g_array_index (contenders, Contender, contenders->len - 1);

  if (look_equal (kind, lowest->value, highest->value))
    return say_equal (kind, lowest->value);
  if (ranges_meet (kind, lowest, next) && lowest->high > lowest->low)
    return g_strdup_printf (kind == COLLATE_CHART_COST
                                ? _ ("No clear winner: the costs of %s and %s overlap")
                                : _ ("No clear winner: the times of %s and %s overlap"),
                            lowest->name,
                            next->name);
  if (look_equal (kind, lowest->value, 0))
    return say_something_and_nothing (kind, lowest, highest);
  if (highest->value / lowest->value < 1.95)
    return say_percent (kind, lowest, highest);

  return say_factor (kind, lowest, highest);
}

/* The one that wins, or NULL: findings and charts never differ about who that is. */
static const char *
find_winner (CollateChartKind kind, GPtrArray *items)
{
  g_autoptr (GArray) contenders = find_contenders (kind, items);
  const Contender *first = (const Contender *) contenders->data;

  return contenders->len >= 2 && !ranges_meet (kind, &first[0], &first[1]) ? first[0].name : NULL;
}

static char *
say_tradeoff (GPtrArray *items)
{
  const char *cheapest = find_winner (COLLATE_CHART_COST, items);
  const char *fastest = find_winner (COLLATE_CHART_TIME, items);

  if (!anything_finished (items))
    return say_unknown (COLLATE_CHART_TIME, items);
  if (cheapest && cheapest == fastest)
    return g_strdup_printf (_ ("%s costs least and is fastest; nearer the corner is better"), cheapest);
  if (cheapest && fastest)
    return g_strdup_printf (
        _ ("%s costs least, %s is fastest; nearer the corner is better"), cheapest, fastest);
  if (cheapest)
    return g_strdup_printf (_ ("%s costs least; nearer the corner is better"), cheapest);
  if (fastest)
    return g_strdup_printf (_ ("%s is fastest; nearer the corner is better"), fastest);

  return g_strdup (_ ("Nearer the corner is better"));
}

char *
collate_chart_get_finding (CollateChartKind kind, GPtrArray *items)
{
  g_autoptr (GArray) contenders = NULL;

  if (kind == COLLATE_CHART_TRADEOFF)
    return say_tradeoff (items);

  contenders = find_contenders (kind, items);
  if (contenders->len == 0)
    return say_unknown (kind, items);
  if (contenders->len == 1)
    return say_one (kind, (const Contender *) contenders->data);

  return say_difference (kind, contenders);
}
