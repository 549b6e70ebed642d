/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/collate-format.h"

/* Horizontal bars, a row for each item: a name, its bars, and a value at the end of each bar. Where there
 * is no room beside the bars the name stands above them. */

#define BAR_HEIGHT 0.78 /* of a line */
#define SLIMMEST_BARS 114
#define WIDEST_NAME 0.4 /* of the chart */
#define WIDEST_VALUE 0.6
#define GAP 0.65 /* of a line, between rows */
#define STACKED_GAP 0.45
#define MOST_STRETCH 1.6 /* lines that a row may grow into a card that is taller */

typedef struct
{
  double value;
  double low;
  double high;
  double split;
  double scale; /* the largest value of its series */
  gboolean light;
  PangoLayout *text;
} Bar;

typedef struct
{
  guint index;
  gboolean faint;
  PangoLayout *name;
  Bar bars[2];
  guint n_bars;
} Row;

/* What all rows share. */
typedef struct
{
  double name_width;
  double value_width;
  gboolean stacked; /* names above the bars */
  double thicker;   /* what a bar gains in a card that is taller than it needs */
  double gap;
} Grid;

static void
add_bar (CollateChartLayout *layout, Row *row, double value, char *(*format) (double), gboolean light)
{
  g_autofree char *words = format ? format (value) : g_strdup (_ ("free"));

  row->bars[row->n_bars++] = (Bar){
    .value = value,
    .low = NAN,
    .high = NAN,
    .split = NAN,
    .light = light,
    .text = collate_chart_layout_text (layout, COLLATE_LABEL_VALUE, words),
  };
}

static void
set_whisker (Bar *bar, double low, double high)
{
  if (collate_chart_is_known (low) && collate_chart_is_known (high) && low < high)
    {
      bar->low = low;
      bar->high = high;
    }
}

static void
init_row (CollateChartLayout *layout, Row *row, guint index)
{
  const CollateChartItem *item = collate_chart_layout_item (layout, index);

  row->index = index;
  row->faint = !item->finished;
  row->name = collate_chart_layout_text (layout, COLLATE_LABEL_NAME, item->name);
  row->n_bars = 0;

  if (layout->kind == COLLATE_CHART_COST && item->local)
    {
      add_bar (layout, row, 0, NULL, FALSE);
    }
  else if (layout->kind == COLLATE_CHART_COST)
    {
      add_bar (layout, row, item->cost, collate_chart_format_cost, FALSE);
      set_whisker (&row->bars[0], item->cost_low, item->cost_high);
    }
  else if (layout->kind == COLLATE_CHART_TIME)
    {
      add_bar (layout, row, item->time, collate_format_seconds, FALSE);
      set_whisker (&row->bars[0], item->time_low, item->time_high);
      if (collate_chart_is_known (item->first_token) && item->first_token <= item->time)
        row->bars[0].split = item->first_token;
    }
  else
    {
      if (collate_chart_is_known (item->input_tokens))
        add_bar (layout, row, item->input_tokens, collate_chart_format_short_count, FALSE);
      if (collate_chart_is_known (item->output_tokens))
        add_bar (layout, row, item->output_tokens, collate_chart_format_short_count, TRUE);
    }
}

static double
bar_end (const Bar *bar)
{
  return isnan (bar->high) ? bar->value : MAX (bar->value, bar->high);
}

/* Each series has its own scale. */
static void
set_scales (Row *rows, guint n_rows)
{
  double largest[2] = { 0, 0 };

  for (guint i = 0; i < n_rows; i++)
    for (guint j = 0; j < rows[i].n_bars; j++)
      largest[rows[i].bars[j].light] = MAX (largest[rows[i].bars[j].light], bar_end (&rows[i].bars[j]));
  for (guint i = 0; i < n_rows; i++)
    for (guint j = 0; j < rows[i].n_bars; j++)
      rows[i].bars[j].scale = largest[rows[i].bars[j].light];
}

static double
scale_to (const Bar *bar, double value, double width)
{
  return bar->scale > 0 ? value / bar->scale * width : 0;
}

static double
bar_space (CollateChartLayout *layout, const Bar *bar, const Grid *grid)
{
  return MAX (layout->line, collate_chart_text_height (bar->text)) + grid->thicker;
}

static double
row_space (CollateChartLayout *layout, const Row *row, const Grid *grid)
{
  double name = collate_chart_text_height (row->name);
  double bars = 0;

  for (guint i = 0; i < row->n_bars; i++)
    bars += bar_space (layout, &row->bars[i], grid);

  return grid->stacked ? name + bars : MAX (name, bars);
}

static void
lay_out_bar (CollateChartLayout *layout, const Row *row, const Bar *bar, const Grid *grid, double x, double y)
{
  CollateChartMark *mark = collate_chart_layout_mark (layout, COLLATE_MARK_BAR, row->index);
  double gap = 6 * layout->unit;
  double right = layout->left + layout->width;
  double width = right - x - grid->value_width - gap;
  double end = x + MAX (scale_to (bar, bar_end (bar), width), 2);
  double height = bar_space (layout, bar, grid);
  double thickness = layout->line * BAR_HEIGHT + grid->thicker;

  mark->light = bar->light;
  mark->x = x;
  mark->y = y + (height - thickness) / 2;
  mark->width = bar->value > 0 ? MAX (scale_to (bar, bar->value, width), 2) : 1;
  mark->height = thickness;
  mark->split = isnan (bar->split) ? NAN : x + scale_to (bar, bar->split, width);
  mark->low = x + scale_to (bar, bar->low, width);
  mark->high = x + scale_to (bar, bar->high, width);
  mark->hit = (cairo_rectangle_t){
    layout->left,
    layout->bottom,
    layout->width,
    row_space (layout, row, grid),
  };

  collate_chart_layout_place (layout,
                              COLLATE_LABEL_VALUE,
                              g_object_ref (bar->text),
                              end + gap,
                              y + (height - collate_chart_text_height (bar->text)) / 2,
                              right - end - gap)
      ->faint = row->faint;
}

static void
lay_out_row (CollateChartLayout *layout, const Row *row, const Grid *grid)
{
  double height = row_space (layout, row, grid);
  double name_height = collate_chart_text_height (row->name);
  double x = grid->stacked ? layout->left : layout->left + grid->name_width + 12 * layout->unit;
  double y = grid->stacked ? layout->bottom + name_height : layout->bottom;

  collate_chart_layout_place (layout,
                              COLLATE_LABEL_NAME,
                              g_object_ref (row->name),
                              layout->left,
                              grid->stacked ? layout->bottom : layout->bottom + (height - name_height) / 2,
                              grid->stacked ? layout->width : grid->name_width)
      ->faint = row->faint;
  for (guint i = 0; i < row->n_bars; i++)
    {
      lay_out_bar (layout, row, &row->bars[i], grid, x, y);
      y += bar_space (layout, &row->bars[i], grid);
    }
  layout->bottom += height;
}

static void
clear_row (Row *row)
{
  g_clear_object (&row->name);
  for (guint i = 0; i < row->n_bars; i++)
    g_clear_object (&row->bars[i].text);
}

static void
init_grid (CollateChartLayout *layout, Grid *grid, const Row *rows, guint n_rows)
{
  double name_width = 0;
  double value_width = 0;

  for (guint i = 0; i < n_rows; i++)
    {
      name_width = MAX (name_width, collate_chart_text_width (rows[i].name));
      for (guint j = 0; j < rows[i].n_bars; j++)
        value_width = MAX (value_width, collate_chart_text_width (rows[i].bars[j].text));
    }
  grid->name_width = MIN (ceil (name_width), layout->width * WIDEST_NAME);
  grid->value_width = MIN (ceil (value_width), layout->width * WIDEST_VALUE);
  grid->stacked = layout->width - grid->name_width - grid->value_width < SLIMMEST_BARS * layout->unit;
  grid->gap = layout->line * (grid->stacked ? STACKED_GAP : GAP);
  grid->thicker = 0;
}

/* Bars grow, and move apart, with the room that a taller neighbour leaves. */
static void
stretch_grid (CollateChartLayout *layout, Grid *grid, const Row *rows, guint n_rows)
{
  double needed = (n_rows - 1) * grid->gap;
  double spare;

  for (guint i = 0; i < n_rows; i++)
    needed += row_space (layout, &rows[i], grid);
  spare = (layout->asked - layout->bottom - layout->foot_height - needed) / n_rows;
  spare = CLAMP (spare, 0, MOST_STRETCH * layout->line);

  grid->thicker = spare * 0.3 / MAX (rows[0].n_bars, 1);
  grid->gap += spare * 0.7;
}

void
collate_chart_lay_out_rows (CollateChartLayout *layout)
{
  guint n_rows = layout->order->len;
  g_autofree Row *rows = g_new0 (Row, n_rows);
  gboolean has_first_token = FALSE;
  Grid grid;

  for (guint i = 0; i < n_rows; i++)
    {
      init_row (layout, &rows[i], i);
      has_first_token |= rows[i].n_bars > 0 && !isnan (rows[i].bars[0].split);
    }
  set_scales (rows, n_rows);
  if (has_first_token)
    collate_chart_layout_foot (layout, _ ("Lighter: until the first token"));

  init_grid (layout, &grid, rows, n_rows);
  stretch_grid (layout, &grid, rows, n_rows);
  for (guint i = 0; i < n_rows; i++)
    {
      lay_out_row (layout, &rows[i], &grid);
      layout->bottom += i + 1 < n_rows ? grid.gap : 0;
      clear_row (&rows[i]);
    }
}
