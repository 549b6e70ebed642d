/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Cost against time. A name stands beside its point where it touches nothing, further off with a line to
 * its point where that is crowded, and else in a key below. */

#define TALLEST 140
#define WIDEST_NAME 0.45   /* of the plot */
#define SLIMMEST_NAME 60.0 /* one that is cut shorter says nothing */

typedef struct
{
  CollateChartAxis cost;
  CollateChartAxis time;
  cairo_rectangle_t plot;
  guint first_label; /* ticks and axes' names stand before it, outside of the plot */
} Scatter;

static const struct
{
  double x;
  double y;
} DIRECTIONS[] = {
  { 1, 0 }, { -1, 0 }, { 0, -1 }, { 0, 1 }, { 0.8, -0.8 }, { 0.8, 0.8 }, { -0.8, -0.8 }, { -0.8, 0.8 },
};
static const double DISTANCES[] = { 5, 11, 20, 32, 48 };

static gboolean
rectangles_meet (const cairo_rectangle_t *a, const cairo_rectangle_t *b)
{
  return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
         b->y < a->y + a->height;
}

static cairo_rectangle_t
label_area (const CollateChartLabel *label)
{
  return (cairo_rectangle_t){ label->x, label->y, label->width, label->height };
}

/* Clips the line's parameter against one side of a rectangle (Liang and Barsky 1984). */
static gboolean
clip_side (double direction, double distance, double *enter, double *leave)
{
  if (direction == 0)
    return distance >= 0;
  if (direction < 0)
    *enter = MAX (*enter, distance / direction);
  else
    *leave = MIN (*leave, distance / direction);

  return *enter <= *leave;
}

static gboolean
line_meets (const CollateChartLine *line, const cairo_rectangle_t *area)
{
  double dx = line->x2 - line->x1;
  double dy = line->y2 - line->y1;
  double enter = 0;
  double leave = 1;

  return clip_side (-dx, line->x1 - area->x, &enter, &leave) &&
         clip_side (dx, area->x + area->width - line->x1, &enter, &leave) &&
         clip_side (-dy, line->y1 - area->y, &enter, &leave) &&
         clip_side (dy, area->y + area->height - line->y1, &enter, &leave);
}

static double
item_cost (const CollateChartItem *item)
{
  return item->local ? 0 : item->cost;
}

static char *
format_number (double value)
{
  if (value >= 1e6)
    return g_strdup_printf ("%.0e", value);
  if (value > 0 && value < 1e-4)
    return g_strdup_printf ("%.2g", value);
  if (value >= 1000)
    return collate_chart_format_count (value);

  return g_strdup_printf ("%.4g", value);
}

static char *
format_cost_tick (const CollateChartAxis *axis, double value)
{
  g_autofree char *number = format_number (value);

  return g_strdup_printf ("$%s", number);
}

static char *
format_time_tick (const CollateChartAxis *axis, double value)
{
  g_autofree char *number = format_number (value);

  return g_strdup_printf (_ ("%s s"), number);
}

static void
init_axes (CollateChartLayout *layout, Scatter *scatter)
{
  guint n = layout->order->len;
  g_autofree double *costs = g_new (double, n);
  g_autofree double *times = g_new (double, n);

  for (guint i = 0; i < n; i++)
    {
      costs[i] = item_cost (collate_chart_layout_item (layout, i));
      times[i] = collate_chart_layout_item (layout, i)->time;
    }
  collate_chart_axis_init (
      &scatter->cost, costs, n, (guint) (scatter->plot.height / (2.2 * layout->small_line)));
  collate_chart_axis_init (&scatter->time, times, n, (guint) (layout->width / (70 * layout->unit)));
}

/* What the axes are, on one line above the plot: the ticks carry the units. */
static void
lay_out_axes_names (CollateChartLayout *layout, const Scatter *scatter)
{
  const char *words = _ ("Cost upwards, time to the right");

  if (scatter->cost.logarithmic && scatter->time.logarithmic)
    words = _ ("Cost upwards, time to the right, both logarithmic");
  else if (scatter->cost.logarithmic)
    words = _ ("Cost upwards, logarithmic; time to the right");
  else if (scatter->time.logarithmic)
    words = _ ("Cost upwards; time to the right, logarithmic");

  collate_chart_layout_note (layout, words);
}

static void
lay_out_points (CollateChartLayout *layout, const Scatter *scatter)
{
  double radius = COLLATE_CHART_RADIUS * layout->unit;
  double reach = MAX (2.5 * radius, 12);

  for (guint i = 0; i < layout->order->len; i++)
    {
      const CollateChartItem *item = collate_chart_layout_item (layout, i);
      CollateChartMark *mark = collate_chart_layout_mark (layout, COLLATE_MARK_POINT, i);
      double x = collate_chart_axis_place (&scatter->time, item->time);
      double y = collate_chart_axis_place (&scatter->cost, item_cost (item));

      x = scatter->plot.x + scatter->plot.width * x;
      y = scatter->plot.y + scatter->plot.height * (1 - y);
      mark->x = x - radius;
      mark->y = y - radius;
      mark->width = mark->height = 2 * radius;
      mark->hit = (cairo_rectangle_t){ x - reach, y - reach, 2 * reach, 2 * reach };
    }
}

/* TRUE where a name may stand there: inside of the plot, on no other name, point or leader, and with a
 * leader of its own that crosses neither. */
static gboolean
is_free (CollateChartLayout *layout,
         const Scatter *scatter,
         guint index,
         const cairo_rectangle_t *area,
         const CollateChartLine *leader)
{
  const cairo_rectangle_t *plot = &scatter->plot;

  if (area->x < plot->x + 2 || area->y < plot->y || area->y + area->height > plot->y + plot->height - 1 ||
      area->x + area->width > layout->left + layout->width)
    return FALSE;

  for (guint i = scatter->first_label; i < layout->labels->len; i++)
    {
      cairo_rectangle_t other = label_area (&g_array_index (layout->labels, CollateChartLabel, i));

      if (rectangles_meet (area, &other) || (leader && line_meets (leader, &other)))
        return FALSE;
    }
  for (guint i = 0; i < layout->marks->len; i++)
    {
      const CollateChartMark *mark = &g_array_index (layout->marks, CollateChartMark, i);
      cairo_rectangle_t other = { mark->x - 2, mark->y - 2, mark->width + 4, mark->height + 4 };

      if (rectangles_meet (area, &other) || (leader && i != index && line_meets (leader, &other)))
        return FALSE;
    }
  for (guint i = 0; i < layout->lines->len; i++)
    {
      const CollateChartLine *line = &g_array_index (layout->lines, CollateChartLine, i);

      if (line->role == COLLATE_LINE_LEADER && line_meets (line, area))
        return FALSE;
    }

  return TRUE;
}

/* The name's box at a distance from its point, on the side that the direction points to. */
static cairo_rectangle_t
box_beside (double x, double y, double distance, guint direction, double width, double height)
{
  double dx = DIRECTIONS[direction].x;
  double dy = DIRECTIONS[direction].y;
  cairo_rectangle_t box = { x + dx * distance, y + dy * distance, width, height };

  box.x -= dx > 0 ? 0 : dx < 0 ? width : width / 2;
  box.y -= dy > 0 ? 0 : dy < 0 ? height : height / 2;

  return box;
}

static CollateChartLine
leader_to (double x, double y, const cairo_rectangle_t *box)
{
  return (CollateChartLine){
    COLLATE_LINE_LEADER,
    x,
    y,
    CLAMP (x, box->x, box->x + box->width),
    CLAMP (y, box->y, box->y + box->height),
  };
}

static gboolean
place_name (CollateChartLayout *layout, const Scatter *scatter, guint index)
{
  const CollateChartMark point = g_array_index (layout->marks, CollateChartMark, index);
  PangoLayout *text = collate_chart_layout_text (layout, COLLATE_LABEL_NAME, point.item->name);
  double width = MIN (collate_chart_text_width (text), scatter->plot.width * WIDEST_NAME);
  gboolean too_short = width < MIN (collate_chart_text_width (text), SLIMMEST_NAME * layout->unit);
  double height = collate_chart_text_height (text);
  double x = point.x + point.width / 2;
  double y = point.y + point.height / 2;

  for (guint i = 0; i < G_N_ELEMENTS (DISTANCES) && !too_short; i++)
    for (guint j = 0; j < G_N_ELEMENTS (DIRECTIONS); j++)
      {
        double distance = point.width / 2 + DISTANCES[i] * layout->unit;
        cairo_rectangle_t box = box_beside (x, y, distance, j, width, height);
        CollateChartLine leader = leader_to (x, y, &box);

        if (!is_free (layout, scatter, index, &box, i > 1 ? &leader : NULL))
          continue;
        collate_chart_layout_place (layout, COLLATE_LABEL_NAME, text, box.x, box.y, width)->faint =
            !point.item->finished;
        if (i > 1)
          g_array_append_val (layout->lines, leader);
        return TRUE;
      }
  g_object_unref (text);

  return FALSE;
}

static void
lay_out_plot (CollateChartLayout *layout, double height)
{
  Scatter scatter = { .plot = { .height = height } };
  g_autoptr (GArray) unplaced = g_array_new (FALSE, FALSE, sizeof (guint));

  init_axes (layout, &scatter);
  lay_out_axes_names (layout, &scatter);
  layout->bottom += layout->small_line * 0.9;
  scatter.plot.x =
      layout->left + collate_chart_measure_ticks (layout, &scatter.cost, format_cost_tick) + 6 * layout->unit;
  scatter.plot.y = layout->bottom;
  scatter.plot.width =
      MAX (layout->left + layout->width - COLLATE_CHART_RADIUS * layout->unit - scatter.plot.x, 10);
  layout->plot = scatter.plot;

  collate_chart_lay_out_upwards (layout, &scatter.plot, &scatter.cost, format_cost_tick);
  collate_chart_lay_out_rightwards (
      layout, &scatter.plot, &scatter.time, format_time_tick, layout->left + layout->width);
  scatter.first_label = layout->labels->len;
  lay_out_points (layout, &scatter);
  for (guint i = 0; i < layout->order->len; i++)
    if (!place_name (layout, &scatter, i))
      g_array_append_val (unplaced, i);

  layout->bottom += height + 4 * layout->unit + layout->small_line;
  collate_chart_lay_out_key (layout, unplaced);
}

void
collate_chart_lay_out_scatter (CollateChartLayout *layout)
{
  double top = layout->bottom - layout->line * COLLATE_CHART_TITLE_GAP;
  double height = TALLEST * layout->unit;
  guint n_labels = layout->labels->len;
  double room;

  layout->bottom = top;
  lay_out_plot (layout, height);

  /* The plot grows into what a taller neighbour leaves, unless its names then ask for even more. */
  room = layout->asked - layout->bottom - layout->foot_height;
  if (room <= 0)
    return;
  collate_chart_layout_rewind (layout, n_labels, top);
  lay_out_plot (layout, height + room);
  if (layout->bottom <= layout->asked - layout->foot_height + 0.01)
    return;
  collate_chart_layout_rewind (layout, n_labels, top);
  lay_out_plot (layout, height);
}
