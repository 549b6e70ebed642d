/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

#include <math.h>

/* Puts a layout on a surface. */

#define FIRST_TOKEN_ALPHA 0.45
#define LIGHT_ALPHA 0.5
#define FAINT_ALPHA 0.22
#define ROUNDING 2.5

static void
set_ink (CollateChartLayout *layout, cairo_t *cr, double alpha)
{
  double level = layout->style->dark ? 1 : 0;

  cairo_set_source_rgba (cr, level, level, level, layout->style->contrast ? MIN (1, alpha * 1.6) : alpha);
}

static void
set_mark_color (CollateChartLayout *layout, cairo_t *cr, const CollateChartItem *item, double alpha)
{
  double red, green, blue;

  collate_chart_get_color (item->color, layout->style->dark, &red, &green, &blue);
  cairo_set_source_rgba (cr, red, green, blue, alpha);
}

static void
trace_rounded (cairo_t *cr, double x, double y, double width, double height, double radius)
{
  radius = MIN (radius, MIN (width, height) / 2);
  cairo_new_sub_path (cr);
  cairo_arc (cr, x + width - radius, y + radius, radius, -G_PI_2, 0);
  cairo_arc (cr, x + width - radius, y + height - radius, radius, 0, G_PI_2);
  cairo_arc (cr, x + radius, y + height - radius, radius, G_PI_2, G_PI);
  cairo_arc (cr, x + radius, y + radius, radius, G_PI, 3 * G_PI_2);
  cairo_close_path (cr);
}

static void
trace_polygon (cairo_t *cr, double x, double y, double radius, guint corners, double turn, double inner)
{
  guint n = inner < 1 ? 2 * corners : corners;

  for (guint i = 0; i < n; i++)
    {
      double angle = turn - G_PI_2 + 2 * G_PI * i / n;
      double reach = inner < 1 && i % 2 ? radius * inner : radius;

      cairo_line_to (cr, x + reach * cos (angle), y + reach * sin (angle));
    }
  cairo_close_path (cr);
}

/* The form follows the colour's number. */
static void
trace_marker (cairo_t *cr, guint color, double x, double y, double radius)
{
  cairo_new_path (cr);
  switch (color % COLLATE_N_COLORS)
    {
    case 0:
      cairo_arc (cr, x, y, radius, 0, 2 * G_PI);
      cairo_close_path (cr);
      break;
    case 1:
      trace_polygon (cr, x, y, radius * 1.25, 4, G_PI_4, 1);
      break;
    case 2:
      trace_polygon (cr, x, y, radius * 1.3, 4, 0, 1);
      break;
    case 3:
      trace_polygon (cr, x, y + radius * 0.2, radius * 1.35, 3, 0, 1);
      break;
    case 4:
      trace_polygon (cr, x, y - radius * 0.2, radius * 1.35, 3, G_PI, 1);
      break;
    case 5:
      trace_polygon (cr, x, y, radius * 1.2, 5, 0, 1);
      break;
    case 6:
      trace_polygon (cr, x, y, radius * 1.45, 5, 0, 0.45);
      break;
    default:
      trace_polygon (cr, x, y, radius * 1.4, 4, 0, 0.4);
      break;
    }
}

/* What has not finished is an outline filled with stripes, so that it is told apart without its colour. */
static void
fill_unfinished (CollateChartLayout *layout, cairo_t *cr, const CollateChartMark *mark)
{
  cairo_path_t *outline = cairo_copy_path (cr);
  double step = 5 * layout->unit;

  set_mark_color (layout, cr, mark->item, FAINT_ALPHA);
  cairo_save (cr);
  cairo_clip_preserve (cr);
  cairo_fill (cr);
  set_mark_color (layout, cr, mark->item, FAINT_ALPHA * 2.5);
  cairo_set_line_width (cr, 1);
  for (double x = mark->x - mark->height; x < mark->x + mark->width; x += step)
    {
      cairo_move_to (cr, x, mark->y + mark->height);
      cairo_line_to (cr, x + mark->height, mark->y);
    }
  cairo_stroke (cr);
  cairo_restore (cr);

  cairo_append_path (cr, outline);
  cairo_path_destroy (outline);
  set_mark_color (layout, cr, mark->item, 1);
  cairo_set_line_width (cr, 1);
  cairo_stroke (cr);
}

static void
paint_whisker (CollateChartLayout *layout, cairo_t *cr, const CollateChartMark *mark)
{
  double middle = round (mark->y + mark->height / 2);
  double cap = mark->height / 4;

  if (isnan (mark->low) || isnan (mark->high))
    return;

  set_ink (layout, cr, 0.75);
  cairo_set_line_width (cr, 1.5 * layout->unit);
  cairo_move_to (cr, mark->low, middle - cap);
  cairo_line_to (cr, mark->low, middle + cap);
  cairo_move_to (cr, mark->low, middle);
  cairo_line_to (cr, mark->high, middle);
  cairo_move_to (cr, mark->high, middle - cap);
  cairo_line_to (cr, mark->high, middle + cap);
  cairo_stroke (cr);
}

static void
paint_bar (CollateChartLayout *layout, cairo_t *cr, const CollateChartMark *mark)
{
  double radius = ROUNDING * layout->unit;

  trace_rounded (cr, mark->x, mark->y, mark->width, mark->height, radius);
  if (!mark->item->finished)
    {
      fill_unfinished (layout, cr, mark);
    }
  else if (isnan (mark->split))
    {
      set_mark_color (layout, cr, mark->item, mark->light ? LIGHT_ALPHA : 1);
      cairo_fill (cr);
    }
  else
    {
      cairo_save (cr);
      cairo_clip (cr);
      set_mark_color (layout, cr, mark->item, FIRST_TOKEN_ALPHA);
      cairo_rectangle (cr, mark->x, mark->y, mark->split - mark->x, mark->height);
      cairo_fill (cr);
      set_mark_color (layout, cr, mark->item, 1);
      cairo_rectangle (cr, mark->split, mark->y, mark->x + mark->width - mark->split, mark->height);
      cairo_fill (cr);
      cairo_restore (cr);
    }
  paint_whisker (layout, cr, mark);
}

/* Eight forms and colours; from the ninth item on they come again hollow, from the seventeenth with a core. */
static void
paint_point (CollateChartLayout *layout, cairo_t *cr, const CollateChartMark *mark)
{
  double radius = mark->width / 2;
  double x = mark->x + radius;
  double y = mark->y + radius;
  guint generation = mark->item->color / COLLATE_N_COLORS % 3;

  trace_marker (cr, mark->item->color, x, y, radius);
  set_mark_color (layout, cr, mark->item, !mark->item->finished ? FAINT_ALPHA : generation == 0 ? 1 : 0.15);
  cairo_fill_preserve (cr);
  set_mark_color (layout, cr, mark->item, 1);
  cairo_set_line_width (cr, 1.5 * layout->unit);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke (cr);
  if (generation == 2)
    {
      trace_marker (cr, mark->item->color, x, y, radius * 0.35);
      cairo_fill (cr);
    }
}

static void
paint_focus (CollateChartLayout *layout, cairo_t *cr, const CollateChartMark *mark)
{
  double margin = 4 * layout->unit;

  set_ink (layout, cr, mark->shape == COLLATE_MARK_POINT ? 0.25 : 0.07);
  if (mark->shape == COLLATE_MARK_POINT)
    cairo_arc (
        cr, mark->x + mark->width / 2, mark->y + mark->height / 2, mark->width / 2 + margin, 0, 2 * G_PI);
  else
    trace_rounded (cr,
                   mark->hit.x - margin,
                   mark->hit.y - margin / 2,
                   mark->hit.width + 2 * margin,
                   mark->hit.height + margin,
                   6 * layout->unit);
  cairo_fill (cr);
}

/* The second eight colours' curves are dashed, and the third's dotted; one that has not ended is faint. */
static void
set_curve_style (CollateChartLayout *layout, cairo_t *cr, const CollateChartMark *mark)
{
  static const double dashes[] = { 6, 4, 1.5, 3 };
  guint generation = mark->item->color / COLLATE_N_COLORS % 3;
  gboolean focused = layout->style->focus >= 0 && mark->index == (guint) layout->style->focus;

  set_mark_color (layout, cr, mark->item, mark->item->finished ? 1 : 2 * FAINT_ALPHA);
  cairo_set_line_width (cr, (focused ? 3.2 : 1.8) * layout->unit);
  cairo_set_dash (cr, generation == 1 ? dashes : dashes + 2, generation > 0 ? 2 : 0, 0);
}

static void
paint_curves (CollateChartLayout *layout, cairo_t *cr)
{
  cairo_save (cr);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_new_path (cr);
  for (guint i = 0; i < layout->marks->len; i++)
    {
      const CollateChartMark *mark = &g_array_index (layout->marks, CollateChartMark, i);

      if (mark->shape == COLLATE_MARK_BEND && !mark->begins)
        {
          cairo_line_to (cr, mark->x, mark->y);
          continue;
        }
      cairo_stroke (cr);
      if (mark->shape != COLLATE_MARK_BEND)
        continue;
      set_curve_style (layout, cr, mark);
      cairo_move_to (cr, mark->x, mark->y);
    }
  cairo_stroke (cr);
  cairo_restore (cr);
}

/* A glow where things are best: at no cost and in no time. */
static void
paint_corner (CollateChartLayout *layout, cairo_t *cr)
{
  double x = layout->plot.x;
  double y = layout->plot.y + layout->plot.height;
  cairo_pattern_t *glow;
  double red, green, blue;

  if (layout->plot.width <= 0)
    return;

  collate_chart_get_color (0, layout->style->dark, &red, &green, &blue);
  glow = cairo_pattern_create_radial (0, 0, 0, 0, 0, 1);
  cairo_pattern_add_color_stop_rgba (glow, 0, red, green, blue, layout->style->dark ? 0.16 : 0.2);
  cairo_pattern_add_color_stop_rgba (glow, 1, red, green, blue, 0);
  cairo_save (cr);
  cairo_rectangle (cr, layout->plot.x, layout->plot.y, layout->plot.width, layout->plot.height);
  cairo_clip (cr);
  cairo_translate (cr, x, y);
  cairo_scale (cr, layout->plot.width * 0.6, layout->plot.height * 0.8);
  cairo_set_source (cr, glow);
  cairo_rectangle (cr, 0, -1, 1, 1);
  cairo_fill (cr);
  cairo_restore (cr);
  cairo_pattern_destroy (glow);
}

static void
paint_lines (CollateChartLayout *layout, cairo_t *cr)
{
  static const double alphas[] = {
    [COLLATE_LINE_AXIS] = 0.3,
    [COLLATE_LINE_GRID] = 0.09,
    [COLLATE_LINE_LEADER] = 0.4,
  };

  cairo_set_line_width (cr, 1);
  for (guint i = 0; i < layout->lines->len; i++)
    {
      const CollateChartLine *line = &g_array_index (layout->lines, CollateChartLine, i);
      double half = line->role == COLLATE_LINE_LEADER ? 0 : 0.5;

      set_ink (layout, cr, alphas[line->role]);
      cairo_move_to (cr, floor (line->x1) + half, floor (line->y1) + half);
      cairo_line_to (cr, floor (line->x2) + half, floor (line->y2) + half);
      cairo_stroke (cr);
    }
}

static void
paint_label (CollateChartLayout *layout, cairo_t *cr, const CollateChartLabel *label)
{
  static const double alphas[] = {
    [COLLATE_LABEL_TITLE] = 0.85, [COLLATE_LABEL_NAME] = 0.85, [COLLATE_LABEL_VALUE] = 0.85,
    [COLLATE_LABEL_TICK] = 0.64,  [COLLATE_LABEL_NOTE] = 0.64,
  };
  PangoRectangle extents;

  pango_layout_get_extents (label->text, NULL, &extents);
  set_ink (layout, cr, label->faint ? 0.64 : alphas[label->role]);
  cairo_move_to (cr,
                 round (label->x) - (double) extents.x / PANGO_SCALE,
                 round (label->y) - (double) extents.y / PANGO_SCALE);
  pango_cairo_show_layout (cr, label->text);
}

static void
paint_mark (CollateChartLayout *layout, cairo_t *cr, const CollateChartMark *mark)
{
  if (mark->shape == COLLATE_MARK_BAR || mark->shape == COLLATE_MARK_COLUMN)
    paint_bar (layout, cr, mark);
  else if (mark->shape != COLLATE_MARK_BEND)
    paint_point (layout, cr, mark);
}

void
collate_chart_layout_paint (CollateChartLayout *layout, cairo_t *cr)
{
  guint focused = 0;

  paint_corner (layout, cr);
  for (guint i = 0; i < layout->marks->len; i++)
    {
      const CollateChartMark *mark = &g_array_index (layout->marks, CollateChartMark, i);

      if (layout->style->focus >= 0 && mark->index == (guint) layout->style->focus &&
          mark->shape != COLLATE_MARK_BEND && (mark->shape == COLLATE_MARK_POINT || focused++ == 0))
        paint_focus (layout, cr, mark);
    }
  paint_lines (layout, cr);
  paint_curves (layout, cr);
  for (guint i = 0; i < layout->marks->len; i++)
    paint_mark (layout, cr, &g_array_index (layout->marks, CollateChartMark, i));
  for (guint i = 0; i < layout->labels->len; i++)
    paint_label (layout, cr, &g_array_index (layout->labels, CollateChartLabel, i));
}
