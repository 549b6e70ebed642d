/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Horizontal bars, a row for each item: a name, its bars, and a value at the end of each bar. Where there
 * is no room beside the bars the name stands above them. */

#define BAR_HEIGHT 0.78 /* of a line */
#define SLIMMEST_BARS 96

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
      add_bar (layout, row, item->time, collate_chart_format_time, FALSE);
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

static void
lay_out_bar (CollateChartLayout *layout, const Row *row, const Bar *bar, double x, double width, double right)
{
  CollateChartMark *mark = collate_chart_layout_mark (layout, COLLATE_MARK_BAR, row->index);
  double gap = 6 * layout->unit;
  double end = x + MAX (scale_to (bar, bar_end (bar), width), 2);
  double height = MAX (layout->line, collate_chart_text_height (bar->text));

  mark->light = bar->light;
  mark->x = x;
  mark->y = layout->bottom + (height - layout->line * BAR_HEIGHT) / 2;
  mark->width = bar->value > 0 ? MAX (scale_to (bar, bar->value, width), 2) : 1;
  mark->height = layout->line * BAR_HEIGHT;
  mark->split = isnan (bar->split) ? NAN : x + scale_to (bar, bar->split, width);
  mark->low = x + scale_to (bar, bar->low, width);
  mark->high = x + scale_to (bar, bar->high, width);
  mark->hit = (cairo_rectangle_t){ layout->left, layout->bottom, layout->width, height };

  collate_chart_layout_place (layout,
                              COLLATE_LABEL_VALUE,
                              bar->text,
                              end + gap,
                              layout->bottom + (height - collate_chart_text_height (bar->text)) / 2,
                              right - end - gap)
      ->faint = row->faint;
  layout->bottom += height;
}

static void
lay_out_row (CollateChartLayout *layout,
             const Row *row,
             double name_width,
             double value_width,
             gboolean stacked)
{
  double gap = 6 * layout->unit;
  double right = layout->left + layout->width;
  double x = stacked ? layout->left : layout->left + name_width + 2 * gap;
  double top = layout->bottom;
  double height = collate_chart_text_height (row->name);
  CollateChartLabel *name;

  name = collate_chart_layout_place (
      layout, COLLATE_LABEL_NAME, row->name, layout->left, top, stacked ? layout->width : name_width);
  name->faint = row->faint;
  if (stacked)
    layout->bottom += height;

  for (guint i = 0; i < row->n_bars; i++)
    lay_out_bar (layout, row, &row->bars[i], x, right - x - value_width - gap, right);

  layout->bottom = MAX (layout->bottom, top + height);
  for (guint i = 1; i <= row->n_bars; i++)
    {
      CollateChartMark *mark = &g_array_index (layout->marks, CollateChartMark, layout->marks->len - i);

      mark->hit = (cairo_rectangle_t){ layout->left, top, layout->width, layout->bottom - top };
    }
}

void
collate_chart_lay_out_rows (CollateChartLayout *layout)
{
  guint n_rows = layout->order->len;
  g_autofree Row *rows = g_new0 (Row, n_rows);
  double name_width = 0;
  double value_width = 0;
  gboolean has_first_token = FALSE;
  gboolean stacked;

  for (guint i = 0; i < n_rows; i++)
    {
      init_row (layout, &rows[i], i);
      name_width = MAX (name_width, collate_chart_text_width (rows[i].name));
      for (guint j = 0; j < rows[i].n_bars; j++)
        {
          value_width = MAX (value_width, collate_chart_text_width (rows[i].bars[j].text));
          has_first_token |= !isnan (rows[i].bars[j].split);
        }
    }
  set_scales (rows, n_rows);

  name_width = MIN (ceil (name_width), layout->width * 0.4);
  value_width = MIN (ceil (value_width), layout->width * 0.6);
  stacked = layout->width - name_width - value_width < (SLIMMEST_BARS + 18) * layout->unit;
  for (guint i = 0; i < n_rows; i++)
    {
      lay_out_row (layout, &rows[i], name_width, value_width, stacked);
      if (i + 1 < n_rows)
        layout->bottom += layout->line * (stacked ? 0.45 : 0.65);
    }
  if (has_first_token)
    collate_chart_layout_foot (layout, _ ("Lighter: until the first token"));
}
