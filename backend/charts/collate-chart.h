/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <cairo.h>

G_BEGIN_DECLS

/* The five charts, drawn with Cairo and Pango on any surface. Plain data in, no model known here. Any
 * thread that owns the surface. */

typedef enum
{
  COLLATE_CHART_COST,     /* horizontal bars, with whiskers where repeated */
  COLLATE_CHART_TIME,     /* horizontal bars; the part to the first token is lighter */
  COLLATE_CHART_TOKENS,   /* input and output beside each other, each on its own scale */
  COLLATE_CHART_TRADEOFF, /* cost against time, nearer the corner is better */
  COLLATE_CHART_PACE, /* of models on this machine: time for a token against its place, while read and written */
  COLLATE_N_CHARTS,
} CollateChartKind;

/* Tokens that follow each other on a timeline, and how long they took together. */
typedef struct
{
  double end; /* tokens of the timeline, these included */
  double n_tokens;
  double seconds;
} CollateChartStep;

/* One entry of a comparison, over its runs. NaN where a value is not known; such a mark is left out and
 * named below. */
typedef struct
{
  char *name;
  guint color; /* place in the palette, the same in every chart and list */
  double cost; /* USD, mean over runs */
  double cost_low;
  double cost_high;
  double time; /* seconds, mean */
  double time_low;
  double time_high;
  double first_token; /* seconds, mean */
  double input_tokens;
  double output_tokens;
  GArray *reading; /* of CollateChartStep, in order, as the next one; empty where nothing is known */
  GArray *writing;
  gboolean local;    /* costs nothing */
  gboolean finished; /* FALSE: it runs or failed; its values stand, lighter, and it competes for nothing */
} CollateChartItem;

/* An array of CollateChartItem with its free function; (transfer full). */
GPtrArray *collate_chart_items_new (void);
CollateChartItem *collate_chart_items_append (GPtrArray *items, const char *name);

/* How to draw: colours are sRGB with alpha, 0 to 1. */
typedef struct
{
  gboolean dark;
  double text_scale;   /* 1.0: 10 pt; 2.0 for large text */
  const char *font;    /* a Pango family list, or NULL for the system's sans */
  int focus;           /* the mark that the pointer or keyboard is on, or -1 */
  gboolean background; /* paint one: for files */
  gboolean contrast;   /* the desktop asks for high contrast */
} CollateChartStyle;

/* The palette: eight colours that are told apart by people with any colour vision, light and dark; the same
 * ones as the style sheet's .mark-0 … .mark-7. */
#define COLLATE_N_COLORS 8
void collate_chart_get_color (guint color, gboolean dark, double *red, double *green, double *blue);

/* FALSE for a chart that has nothing to say of such items, and need not be there. */
gboolean collate_chart_is_wanted (CollateChartKind kind, GPtrArray *items);

/* The chart's name ("Cost", "Response time", "Tokens", "Cost and time", "Time per token"); translated, static. */
const char *collate_chart_get_title (CollateChartKind kind);

/* The finding in a sentence, for a title's second half and for screen readers: "GPT-5 costs 10 times as
 * much as DeepSeek v3.2-Exp"; says so where there is nothing to compare; translated, (transfer full). */
char *collate_chart_get_finding (CollateChartKind kind, GPtrArray *items);

/* The height that `width` pixels want, so that no label overlaps another. */
int collate_chart_get_height (CollateChartKind kind,
                              GPtrArray *items,
                              const CollateChartStyle *style,
                              int width);

/* Draws title, finding and chart into (0, 0, width, height). */
void collate_chart_draw (CollateChartKind kind,
                         GPtrArray *items,
                         const CollateChartStyle *style,
                         cairo_t *cr,
                         int width,
                         int height);

/* The number of marks, the mark at a place (-1: none), and what a mark says ("GPT-5: $0.1623"); (transfer
 * full). */
guint collate_chart_get_n_marks (CollateChartKind kind, GPtrArray *items);
int collate_chart_pick (CollateChartKind kind,
                        GPtrArray *items,
                        const CollateChartStyle *style,
                        int width,
                        int height,
                        double x,
                        double y);
char *collate_chart_describe_mark (CollateChartKind kind, GPtrArray *items, guint mark);

/* All that are wanted on one page under a title, as the file's ending says (.png at twice the size, .svg, .pdf).
 * COLLATE_ERROR_UNSUPPORTED for another ending, COLLATE_ERROR_UNREADABLE where the file cannot be written.
   */
gboolean collate_charts_save (GPtrArray *items,
                              const char *title,
                              const CollateChartStyle *style,
                              const char *path,
                              GError **error);

/* The same as one <svg> element, for the HTML export; (transfer full). */
char *collate_charts_to_svg (GPtrArray *items, const char *title, const CollateChartStyle *style);

G_END_DECLS
