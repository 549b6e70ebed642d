/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <pango/pangocairo.h>

#include "charts/collate-chart.h"

G_BEGIN_DECLS

/* A chart is laid out first, as rectangles of text and marks in pixels, and painted after. The window, the
 * files and the tests all read the same layout. Lives only as long as the items that it was made from. */

typedef enum
{
  COLLATE_LABEL_TITLE,
  COLLATE_LABEL_NAME,
  COLLATE_LABEL_VALUE,
  COLLATE_LABEL_TICK,
  COLLATE_LABEL_NOTE,
} CollateChartLabelRole;

typedef struct
{
  CollateChartLabelRole role;
  PangoLayout *text;
  gboolean faint;
  double x;
  double y;
  double width;
  double height;
} CollateChartLabel;

typedef enum
{
  COLLATE_MARK_BAR,    /* from x to the right; `split` ends its lighter part */
  COLLATE_MARK_COLUMN, /* from y + height upwards */
  COLLATE_MARK_POINT,
  COLLATE_MARK_KEY,  /* a point's twin beside its name below the plot */
  COLLATE_MARK_BEND, /* of a curve, which goes on to the next mark, if that does not begin one */
} CollateChartMarkShape;

typedef struct
{
  CollateChartMarkShape shape;
  guint index; /* the mark's place, as in collate_chart_describe_mark() */
  const CollateChartItem *item;
  gboolean light;  /* the second of two series */
  gboolean begins; /* a curve */
  double x;
  double y;
  double width;
  double height;
  double split; /* NaN: none */
  double low;   /* whisker, NaN: none */
  double high;
  cairo_rectangle_t hit; /* where the pointer means it */
} CollateChartMark;

typedef enum
{
  COLLATE_LINE_AXIS,
  COLLATE_LINE_GRID,
  COLLATE_LINE_LEADER,
} CollateChartLineRole;

typedef struct
{
  CollateChartLineRole role;
  double x1;
  double y1;
  double x2;
  double y2;
} CollateChartLine;

typedef struct
{
  CollateChartKind kind;
  const CollateChartStyle *style;
  GPtrArray *items;
  GArray *order; /* guint: the items that have a mark, in the order of marks */

  double left; /* the content's box without the padding around it */
  double width;
  double asked; /* the height to fill, 0: as much as it takes */
  double unit;  /* a pixel at a text scale of 1 */
  double line;  /* a line of text */
  double small_line;
  double foot_height; /* of what comes below the marks, with the padding */
  double bottom;      /* where the next part begins; the height at the end */

  PangoContext *context;
  PangoContext *cut_context; /* for texts with an ellipsis */
  GArray *labels;
  GArray *marks;
  GArray *lines;
  GPtrArray *feet;
  cairo_rectangle_t plot; /* the scatter's, empty elsewhere */
} CollateChartLayout;

#define COLLATE_CHART_PADDING 14.0
#define COLLATE_CHART_TITLE_GAP 0.65 /* of a line */

CollateChartLayout *collate_chart_layout_new (CollateChartKind kind,
                                              GPtrArray *items,
                                              const CollateChartStyle *style,
                                              double width,
                                              double height);
void collate_chart_layout_free (CollateChartLayout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateChartLayout, collate_chart_layout_free)

void collate_chart_layout_paint (CollateChartLayout *layout, cairo_t *cr);

/* The items that have a mark, in the order of marks; (transfer full). */
GArray *collate_chart_order (CollateChartKind kind, GPtrArray *items);

/* The parts of a layout: each adds below `bottom` and moves it on. */
void collate_chart_lay_out_rows (CollateChartLayout *layout);
gboolean collate_chart_lay_out_columns (CollateChartLayout *layout); /* FALSE: there is no room for them */
void collate_chart_lay_out_scatter (CollateChartLayout *layout);
void collate_chart_lay_out_pace (CollateChartLayout *layout);

/* Text of one paragraph, not placed yet; a layout of Pango's; (transfer full). */
PangoLayout *collate_chart_layout_text (CollateChartLayout *layout,
                                        CollateChartLabelRole role,
                                        const char *text);
double collate_chart_text_width (PangoLayout *text);
double collate_chart_text_height (PangoLayout *text);

/* Places a text (transfer full) with its left upper corner there, cut to `width` by an ellipsis. */
CollateChartLabel *collate_chart_layout_place (CollateChartLayout *layout,
                                               CollateChartLabelRole role,
                                               PangoLayout *text,
                                               double x,
                                               double y,
                                               double width);

/* Wraps `text` in small letters over the whole width below what is there. */
void collate_chart_layout_note (CollateChartLayout *layout, const char *words);

/* Says the same at the chart's foot, which is placed last, but whose height is known from now on. */
void collate_chart_layout_foot (CollateChartLayout *layout, const char *words);

CollateChartMark *collate_chart_layout_mark (CollateChartLayout *layout,
                                             CollateChartMarkShape shape,
                                             guint index);
void collate_chart_layout_line (CollateChartLayout *layout,
                                CollateChartLineRole role,
                                double x1,
                                double y1,
                                double x2,
                                double y2);
const CollateChartItem *collate_chart_layout_item (CollateChartLayout *layout, guint index);

/* A number that can be drawn: finite and not negative. */
gboolean collate_chart_is_known (double value);

/* Seconds for a token of these steps (CollateChartStep): of the first quarter of them, or of the last; NaN where there are
 * none. */
double collate_chart_first_pace (GArray *steps);
double collate_chart_last_pace (GArray *steps);

/* What an item shows on a chart's main axis: its cost, time, output or pace; NaN where it has no mark there. */
double collate_chart_item_value (CollateChartKind kind, const CollateChartItem *item);

/* Numbers for people, beside those of base; (transfer full). */
char *collate_chart_format_cost (double usd);          /* "$0.1623" */
char *collate_chart_format_count (double count);       /* "56,937" */
char *collate_chart_format_short_count (double count); /* "56.9 k" from 10,000 on */
char *collate_chart_format_factor (double factor);     /* "10", "2.9" */
char *collate_chart_format_pace (double seconds);      /* "0.42 ms", "14 ms", "1.20 s" */

/* An axis with round ticks. */
#define COLLATE_AXIS_TICKS 12

typedef struct
{
  gboolean logarithmic;
  double low;
  double high;
  double ticks[COLLATE_AXIS_TICKS];
  guint n_ticks;
} CollateChartAxis;

/* Spans the known values: from zero, or logarithmic where the largest is at least 20 times the smallest
 * that is not zero. */
void collate_chart_axis_init (CollateChartAxis *axis, const double *values, guint n_values, guint max_ticks);

/* Spans these two, with round ticks between. */
void collate_chart_axis_init_range (CollateChartAxis *axis, double low, double high, guint max_ticks);

/* Where a value lies, 0 to 1. */
double collate_chart_axis_place (const CollateChartAxis *axis, double value);

/* What a tick says; (transfer full). */
typedef char *(*CollateChartTickFormat) (const CollateChartAxis *axis, double value);

/* The axes of a plot, with the ticks' words beside it, or below it up to `right`; the room that words beside it take. */
double collate_chart_measure_ticks (CollateChartLayout *layout,
                                    const CollateChartAxis *axis,
                                    CollateChartTickFormat format);
void collate_chart_lay_out_upwards (CollateChartLayout *layout,
                                    const cairo_rectangle_t *plot,
                                    const CollateChartAxis *axis,
                                    CollateChartTickFormat format);
void collate_chart_lay_out_rightwards (CollateChartLayout *layout,
                                       const cairo_rectangle_t *plot,
                                       const CollateChartAxis *axis,
                                       CollateChartTickFormat format,
                                       double right);

/* The names of these items (guint: their marks' places), each after its mark, in lines that wrap. */
void collate_chart_lay_out_key (CollateChartLayout *layout, const GArray *indexes);

/* Takes away what was added since there were `n_labels` and no marks, and the next part began at `top`. */
void collate_chart_layout_rewind (CollateChartLayout *layout, guint n_labels, double top);

#define COLLATE_CHART_RADIUS 4.5 /* of a point */

G_END_DECLS
