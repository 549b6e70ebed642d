/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

/* What charts with two axes share: the axes, and the key below. */

double
collate_chart_measure_ticks (CollateChartLayout *layout,
                             const CollateChartAxis *axis,
                             CollateChartTickFormat format)
{
  double widest = 0;

  for (guint i = 0; i < axis->n_ticks; i++)
    {
      g_autofree char *words = format (axis, axis->ticks[i]);
      g_autoptr (PangoLayout) text = collate_chart_layout_text (layout, COLLATE_LABEL_TICK, words);

      widest = MAX (widest, collate_chart_text_width (text));
    }

  return widest;
}

/* The first tick stands at the corner, but where the axis begins between two. */
static gboolean
has_line (const CollateChartAxis *axis, guint tick)
{
  return tick > 0 || (!axis->logarithmic && axis->ticks[tick] > axis->low);
}

void
collate_chart_lay_out_upwards (CollateChartLayout *layout,
                               const cairo_rectangle_t *plot,
                               const CollateChartAxis *axis,
                               CollateChartTickFormat format)
{
  double above = G_MAXDOUBLE;

  for (guint i = 0; i < axis->n_ticks; i++)
    {
      double y = plot->y + plot->height * (1 - collate_chart_axis_place (axis, axis->ticks[i]));
      g_autofree char *words = format (axis, axis->ticks[i]);
      PangoLayout *text = collate_chart_layout_text (layout, COLLATE_LABEL_TICK, words);
      double width = collate_chart_text_width (text);
      double height = collate_chart_text_height (text);

      if (has_line (axis, i))
        collate_chart_layout_line (layout, COLLATE_LINE_GRID, plot->x, y, plot->x + plot->width, y);
      if (y + height / 2 > above)
        {
          g_object_unref (text);
          continue;
        }
      above = y - height / 2;
      collate_chart_layout_place (
          layout, COLLATE_LABEL_TICK, text, plot->x - 6 * layout->unit - width, above, width + 1);
    }
  collate_chart_layout_line (layout, COLLATE_LINE_AXIS, plot->x, plot->y, plot->x, plot->y + plot->height);
}

void
collate_chart_lay_out_rightwards (CollateChartLayout *layout,
                                  const cairo_rectangle_t *plot,
                                  const CollateChartAxis *axis,
                                  CollateChartTickFormat format,
                                  double right)
{
  double base = plot->y + plot->height;
  double taken = 0;

  for (guint i = 0; i < axis->n_ticks; i++)
    {
      double x = plot->x + plot->width * collate_chart_axis_place (axis, axis->ticks[i]);
      g_autofree char *words = format (axis, axis->ticks[i]);
      PangoLayout *text = collate_chart_layout_text (layout, COLLATE_LABEL_TICK, words);
      double width = collate_chart_text_width (text);
      double first = plot->x - 4 * layout->unit;
      double left = CLAMP (x - width / 2, first, right - width);

      if (has_line (axis, i))
        collate_chart_layout_line (layout, COLLATE_LINE_GRID, x, plot->y, x, base);
      if (left < MAX (taken, first))
        {
          g_object_unref (text);
          continue;
        }
      taken = left + width + 6 * layout->unit;
      collate_chart_layout_place (layout, COLLATE_LABEL_TICK, text, left, base + 4 * layout->unit, width + 1);
    }
  collate_chart_layout_line (layout, COLLATE_LINE_AXIS, plot->x, base, plot->x + plot->width, base);
}

void
collate_chart_lay_out_key (CollateChartLayout *layout, const GArray *indexes)
{
  double radius = COLLATE_CHART_RADIUS * layout->unit;
  double gap = 14 * layout->unit;
  double x = layout->left;
  double row = 0;

  if (indexes->len == 0)
    return;

  layout->bottom += layout->line * 0.5;
  for (guint i = 0; i < indexes->len; i++)
    {
      guint index = g_array_index (indexes, guint, i);
      PangoLayout *text = collate_chart_layout_text (
          layout, COLLATE_LABEL_NAME, collate_chart_layout_item (layout, index)->name);
      double indent = 4 * radius;
      double width = MIN (collate_chart_text_width (text), layout->width - indent);
      double height = MAX (collate_chart_text_height (text), layout->line);
      CollateChartMark *mark;

      if (x > layout->left && x + indent + width > layout->left + layout->width)
        {
          x = layout->left;
          layout->bottom += row;
          row = 0;
        }
      row = MAX (row, height + 2 * layout->unit);
      mark = collate_chart_layout_mark (layout, COLLATE_MARK_KEY, index);
      mark->x = x + radius * 0.5;
      mark->y = layout->bottom + height / 2 - radius;
      mark->width = mark->height = 2 * radius;
      mark->hit = (cairo_rectangle_t){ x, layout->bottom, indent + width, height };
      collate_chart_layout_place (layout, COLLATE_LABEL_NAME, text, x + indent, layout->bottom, width)
          ->faint = !mark->item->finished;
      x += indent + width + gap;
    }
  layout->bottom += row;
}
