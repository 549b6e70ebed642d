/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/collate-format.h"

/* A name is a line on a chart; one longer than this is somebody's mischief. */
#define LONGEST_NAME 200

static void
collate_chart_item_free (gpointer data)
{
  CollateChartItem *item = data;

  g_free (item->name);
  g_array_unref (item->reading);
  g_array_unref (item->writing);
  g_free (item);
}

GPtrArray *
collate_chart_items_new (void)
{
  return g_ptr_array_new_with_free_func (collate_chart_item_free);
}

CollateChartItem *
collate_chart_items_append (GPtrArray *items, const char *name)
{
  CollateChartItem *item = g_new0 (CollateChartItem, 1);
  g_autofree char *valid = g_utf8_make_valid (name ? name : "", -1);

  item->name = g_utf8_strlen (valid, -1) > LONGEST_NAME ? g_utf8_substring (valid, 0, LONGEST_NAME)
                                                        : g_steal_pointer (&valid);
  item->color = items->len;
  item->cost = item->cost_low = item->cost_high = NAN;
  item->time = item->time_low = item->time_high = NAN;
  item->first_token = item->input_tokens = item->output_tokens = NAN;
  item->reading = g_array_new (FALSE, FALSE, sizeof (CollateChartStep));
  item->writing = g_array_new (FALSE, FALSE, sizeof (CollateChartStep));
  g_ptr_array_add (items, item);

  return item;
}

gboolean
collate_chart_is_known (double value)
{
  return isfinite (value) && value >= 0;
}

static double
known_or_nan (double value)
{
  return collate_chart_is_known (value) ? value : NAN;
}

/* Those from `first` on before `end`. */
static double
get_pace (GArray *steps, guint first, guint end)
{
  double n_tokens = 0;
  double seconds = 0;

  for (guint i = first; i < end; i++)
    {
      const CollateChartStep *step = &g_array_index (steps, CollateChartStep, i);

      n_tokens += step->n_tokens;
      seconds += step->seconds;
    }

  return n_tokens > 0 ? known_or_nan (seconds / n_tokens) : NAN;
}

double
collate_chart_first_pace (GArray *steps)
{
  return get_pace (steps, 0, (steps->len + 3) / 4);
}

double
collate_chart_last_pace (GArray *steps)
{
  return get_pace (steps, steps->len - (steps->len + 3) / 4, steps->len);
}

double
collate_chart_item_value (CollateChartKind kind, const CollateChartItem *item)
{
  double cost = item->local ? 0 : known_or_nan (item->cost);
  double time = known_or_nan (item->time);
  double written;

  switch (kind)
    {
    case COLLATE_CHART_COST:
      return cost;
    case COLLATE_CHART_TIME:
      return time;
    case COLLATE_CHART_TOKENS:
      return collate_chart_is_known (item->output_tokens) ? item->output_tokens
                                                          : known_or_nan (item->input_tokens);
    case COLLATE_CHART_TRADEOFF:
      return isnan (cost) ? NAN : time;
    case COLLATE_CHART_PACE:
      written = collate_chart_last_pace (item->writing);
      return isnan (written) ? collate_chart_last_pace (item->reading) : written;
    case COLLATE_N_CHARTS:
    default:
      return NAN;
    }
}

gboolean
collate_chart_is_wanted (CollateChartKind kind, GPtrArray *items)
{
  return kind != COLLATE_CHART_PACE || collate_chart_get_n_marks (kind, items) > 0;
}

/* Best first among those that compete; then what still runs, then what costs nothing anyway. */
static int
rank_item (CollateChartKind kind, const CollateChartItem *item)
{
  if (kind == COLLATE_CHART_COST && item->local)
    return 2;

  return item->finished ? 0 : 1;
}

static int
compare_items (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const CollateChartLayout *layout = user_data;
  guint first = *(const guint *) a;
  guint second = *(const guint *) b;
  const CollateChartItem *left = g_ptr_array_index (layout->items, first);
  const CollateChartItem *right = g_ptr_array_index (layout->items, second);
  double x = collate_chart_item_value (layout->kind, left);
  double y = collate_chart_item_value (layout->kind, right);
  int difference = 0;

  if (layout->kind != COLLATE_CHART_TRADEOFF)
    difference = rank_item (layout->kind, left) - rank_item (layout->kind, right);
  if (difference == 0 && x != y)
    difference = x < y ? -1 : 1;

  return difference ? difference : first < second ? -1 : 1;
}

GArray *
collate_chart_order (CollateChartKind kind, GPtrArray *items)
{
  GArray *order = g_array_new (FALSE, FALSE, sizeof (guint));
  CollateChartLayout key = { .kind = kind, .items = items };

  for (guint i = 0; i < items->len; i++)
    if (!isnan (collate_chart_item_value (kind, g_ptr_array_index (items, i))))
      g_array_append_val (order, i);

  /* Tokens are no contest: they stay in the order of the comparison. */
  if (kind != COLLATE_CHART_TOKENS)
    g_array_sort_with_data (order, compare_items, &key);

  return order;
}

const char *
collate_chart_get_title (CollateChartKind kind)
{
  static const char *const titles[] = {
    N_ ("Cost"), N_ ("Response time"), N_ ("Tokens"), N_ ("Cost and time"), N_ ("Time per token")
  };

  g_return_val_if_fail (kind < G_N_ELEMENTS (titles), "");

  return _ (titles[kind]);
}

int
collate_chart_get_height (CollateChartKind kind, GPtrArray *items, const CollateChartStyle *style, int width)
{
  g_autoptr (CollateChartLayout) layout = collate_chart_layout_new (kind, items, style, width, 0);

  return (int) ceil (layout->bottom);
}

void
collate_chart_draw (CollateChartKind kind,
                    GPtrArray *items,
                    const CollateChartStyle *style,
                    cairo_t *cr,
                    int width,
                    int height)
{
  g_autoptr (CollateChartLayout) layout = collate_chart_layout_new (kind, items, style, width, height);

  cairo_save (cr);
  cairo_rectangle (cr, 0, 0, width, height);
  cairo_clip (cr);
  collate_chart_layout_paint (layout, cr);
  cairo_restore (cr);
}

guint
collate_chart_get_n_marks (CollateChartKind kind, GPtrArray *items)
{
  g_autoptr (GArray) order = collate_chart_order (kind, items);

  return order->len;
}

static double
distance_to (const cairo_rectangle_t *area, double x, double y)
{
  return hypot (x - area->x - area->width / 2, y - area->y - area->height / 2);
}

int
collate_chart_pick (CollateChartKind kind,
                    GPtrArray *items,
                    const CollateChartStyle *style,
                    int width,
                    int height,
                    double x,
                    double y)
{
  g_autoptr (CollateChartLayout) layout = collate_chart_layout_new (kind, items, style, width, height);
  int found = -1;
  double nearest = G_MAXDOUBLE;

  for (guint i = 0; i < layout->marks->len; i++)
    {
      const CollateChartMark *mark = &g_array_index (layout->marks, CollateChartMark, i);
      const cairo_rectangle_t *hit = &mark->hit;

      if (x < hit->x || y < hit->y || x >= hit->x + hit->width || y >= hit->y + hit->height)
        continue;
      if (distance_to (hit, x, y) < nearest)
        {
          nearest = distance_to (hit, x, y);
          found = (int) mark->index;
        }
    }

  return found;
}

static char *
describe_range (char *value, double low, double high, char *(*format) (double) )
{
  g_autofree char *mean = value;
  g_autofree char *from = format (low);
  g_autofree char *to = format (high);

  if (!collate_chart_is_known (low) || !collate_chart_is_known (high) || g_str_equal (from, to))
    return g_steal_pointer (&mean);

  return g_strdup_printf (_ ("%s on average, from %s to %s"), mean, from, to);
}

static char *
describe_cost (const CollateChartItem *item)
{
  if (item->local)
    return g_strdup (_ ("free"));

  return describe_range (
      collate_chart_format_cost (item->cost), item->cost_low, item->cost_high, collate_chart_format_cost);
}

static char *
describe_time (const CollateChartItem *item)
{
  return describe_range (
      collate_format_seconds (item->time), item->time_low, item->time_high, collate_format_seconds);
}

static char *
describe_pace (const CollateChartItem *item)
{
  g_autofree char *first = collate_chart_format_pace (collate_chart_first_pace (item->reading));
  g_autofree char *last = collate_chart_format_pace (collate_chart_last_pace (item->reading));
  g_autofree char *written = collate_chart_format_pace (collate_chart_last_pace (item->writing));

  if (item->reading->len == 0)
    return g_strdup_printf (_ ("%s for a token written"), written);
  if (item->writing->len == 0)
    return g_strdup_printf (_ ("%s for a token read at first, %s at the end"), first, last);

  return g_strdup_printf (
      _ ("%s for a token read at first, %s at the end; %s for a token written"), first, last, written);
}

static char *
describe_values (CollateChartKind kind, const CollateChartItem *item)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  switch (kind)
    {
    case COLLATE_CHART_COST:
      return describe_cost (item);
    case COLLATE_CHART_TIME:
      first = describe_time (item);
      if (!collate_chart_is_known (item->first_token))
        return g_steal_pointer (&first);
      second = collate_format_seconds (item->first_token);
      return g_strdup_printf (_ ("%s, the first token after %s"), first, second);
    case COLLATE_CHART_TOKENS:
      first = collate_chart_format_count (item->input_tokens);
      second = collate_chart_format_count (item->output_tokens);
      return g_strdup_printf (_ ("%s tokens read, %s written"), first, second);
    case COLLATE_CHART_TRADEOFF:
      first = describe_cost (item);
      second = describe_time (item);
      return g_strdup_printf (_ ("%s, %s"), first, second);
    case COLLATE_CHART_PACE:
      return describe_pace (item);
    case COLLATE_N_CHARTS:
    default:
      return g_strdup ("");
    }
}

char *
collate_chart_describe_mark (CollateChartKind kind, GPtrArray *items, guint mark)
{
  g_autoptr (GArray) order = collate_chart_order (kind, items);
  g_autofree char *values = NULL;
  const CollateChartItem *item;

  if (mark >= order->len)
    return g_strdup ("");

  item = g_ptr_array_index (items, g_array_index (order, guint, mark));
  values = describe_values (kind, item);
  if (item->finished)
    return g_strdup_printf (_ ("%s: %s"), item->name, values);

  return g_strdup_printf (_ ("%s: %s (not finished)"), item->name, values);
}
