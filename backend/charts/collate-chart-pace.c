/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Time for a token against its place in the context, a curve for each item. Reading many tokens at once and writing one
 * after another are worlds apart: they stand beside each other, or where that is too narrow below each other, each on
 * scales of its own. Times begin at zero, so that twice as high is twice as long. */

#define HEIGHT 120.0
#define HEIGHT_OF_WIDE 150.0
#define SIDE_BY_SIDE 420.0 /* from this width on */
#define READING_WIDTH 0.56 /* of both */
#define GAP 18.0
#define BEND_EVERY 9.0   /* pixels: what lies nearer is joined, since a machine has other things to do, too */
#define TOKENS_EACH 4.0  /* of a bend, at the least */
#define REACH 10.0       /* of the pointer */
#define PLACE_EVERY 52.0 /* pixels from tick to tick, at the least */
#define TIME_EVERY 1.4   /* the same, in lines */

typedef struct
{
  gboolean writing;
  double left;
  double width;
  double ticks; /* the room of the words beside it */
  cairo_rectangle_t plot;
  CollateChartAxis place;
  CollateChartAxis time;
} Half;

/* A piece of a curve. */
typedef struct
{
  double place; /* the middle of its tokens */
  double pace;  /* seconds for each */
} Bend;

static GArray *
get_steps (const Half *half, const CollateChartItem *item)
{
  return half->writing ? item->writing : item->reading;
}

static gboolean
is_sound (const CollateChartStep *step)
{
  return collate_chart_is_known (step->end) && collate_chart_is_known (step->seconds) && step->n_tokens > 0 &&
         step->n_tokens <= step->end;
}

/* Of those from `first` to before `end`; not a number where none is sound. */
static Bend
make_bend (GArray *steps, guint first, guint end)
{
  double n_tokens = 0, seconds = 0, from = 0, to = 0;

  for (guint i = first; i < end; i++)
    {
      const CollateChartStep *step = &g_array_index (steps, CollateChartStep, i);

      if (!is_sound (step))
        continue;
      if (n_tokens == 0)
        from = step->end - step->n_tokens;
      to = step->end;
      n_tokens += step->n_tokens;
      seconds += step->seconds;
    }

  return (Bend){ (from + to) / 2, seconds / n_tokens };
}

static double
count_tokens (GArray *steps)
{
  double n_tokens = 0;

  for (guint i = 0; i < steps->len; i++)
    if (is_sound (&g_array_index (steps, CollateChartStep, i)))
      n_tokens += g_array_index (steps, CollateChartStep, i).n_tokens;

  return n_tokens;
}

/* At most `n_most` bends, each of about as many steps, and of a few tokens: one that was guessed right takes no time, and the
 * one before it all; (transfer full). */
static GArray *
make_bends (GArray *steps, guint n_most)
{
  GArray *bends = g_array_new (FALSE, FALSE, sizeof (Bend));
  double most = count_tokens (steps) / TOKENS_EACH;
  guint n = MIN ((guint) CLAMP (most, 1, n_most), steps->len);

  for (guint i = 0; i < n; i++)
    {
      const Bend bend = make_bend (steps, i * steps->len / n, (i + 1) * steps->len / n);

      if (isfinite (bend.place) && isfinite (bend.pace))
        g_array_append_val (bends, bend);
    }

  return bends;
}

static gboolean
has_steps (CollateChartLayout *layout, const Half *half)
{
  for (guint i = 0; i < layout->order->len; i++)
    if (get_steps (half, collate_chart_layout_item (layout, i))->len > 0)
      return TRUE;

  return FALSE;
}

static char *
format_place_tick (const CollateChartAxis *axis, double value)
{
  gboolean thousands = value > 0 && axis->n_ticks > 1 && axis->ticks[1] - axis->ticks[0] >= 1000;

  /* Translators: thousands, short */
  return thousands ? g_strdup_printf (_ ("%.10g k"), value / 1000) : collate_chart_format_count (value);
}

static char *
format_time_tick (const CollateChartAxis *axis, double value)
{
  if (value <= 0)
    return g_strdup ("0");

  return axis->high < 1 ? g_strdup_printf (_ ("%.4g ms"), value * 1000)
                        : g_strdup_printf (_ ("%.4g s"), value);
}

/* The bends that a plot of its width would have are those that its scale is for. */
static guint
count_bends (CollateChartLayout *layout, const Half *half)
{
  return (guint) CLAMP (half->width / (BEND_EVERY * layout->unit), 4, 64);
}

static void
init_axes (CollateChartLayout *layout, Half *half, double height)
{
  double low = G_MAXDOUBLE, high = 0, slowest = 0;

  for (guint i = 0; i < layout->order->len; i++)
    {
      GArray *steps = get_steps (half, collate_chart_layout_item (layout, i));
      g_autoptr (GArray) bends = make_bends (steps, count_bends (layout, half));

      for (guint j = 0; j < steps->len; j++)
        {
          const CollateChartStep *step = &g_array_index (steps, CollateChartStep, j);

          if (!is_sound (step))
            continue;
          low = MIN (low, step->end - step->n_tokens);
          high = MAX (high, step->end);
        }
      for (guint j = 0; j < bends->len; j++)
        slowest = MAX (slowest, g_array_index (bends, Bend, j).pace);
    }
  low = low < high ? low : 0;
  collate_chart_axis_init_range (&half->place,
                                 low,
                                 MAX (high, low + COLLATE_AXIS_TICKS),
                                 (guint) (half->width / (PLACE_EVERY * layout->unit)));
  collate_chart_axis_init_range (
      &half->time, 0, slowest > 0 ? slowest * 1.06 : 1, (guint) (height / (TIME_EVERY * layout->small_line)));
}

static void
place_on (const Half *half, const Bend *bend, double *x, double *y)
{
  *x = half->plot.x + half->plot.width * collate_chart_axis_place (&half->place, bend->place);
  *y = half->plot.y + half->plot.height * (1 - collate_chart_axis_place (&half->time, bend->pace));
}

/* A curve ends in its item's mark. */
static void
lay_out_curve (CollateChartLayout *layout, const Half *half, guint index)
{
  GArray *steps = get_steps (half, collate_chart_layout_item (layout, index));
  g_autoptr (GArray) bends = make_bends (steps, count_bends (layout, half));
  double radius = COLLATE_CHART_RADIUS * layout->unit;
  double reach = REACH * layout->unit;

  for (guint i = 0; i < bends->len; i++)
    {
      CollateChartMark *mark = collate_chart_layout_mark (layout, COLLATE_MARK_BEND, index);

      place_on (half, &g_array_index (bends, Bend, i), &mark->x, &mark->y);
      mark->begins = i == 0;
      mark->hit = (cairo_rectangle_t){ mark->x - reach, mark->y - reach, 2 * reach, 2 * reach };
      if (i + 1 == bends->len)
        {
          const CollateChartMark last = *mark;

          mark = collate_chart_layout_mark (layout, COLLATE_MARK_POINT, index);
          mark->x = last.x - radius;
          mark->y = last.y - radius;
          mark->width = mark->height = 2 * radius;
          mark->hit = last.hit;
        }
    }
}

/* Below `top`, with a plot so high; where it ends. */
static double
lay_out_half (CollateChartLayout *layout, Half *half, double top, double height)
{
  PangoLayout *name =
      collate_chart_layout_text (layout, COLLATE_LABEL_NOTE, half->writing ? _ ("Writing") : _ ("Reading"));
  double right = half->left + half->width;

  half->plot.x = half->left + half->ticks + 6 * layout->unit;
  half->plot.y = top + 1.7 * collate_chart_text_height (name);
  half->plot.width = MAX (right - 1.5 * COLLATE_CHART_RADIUS * layout->unit - half->plot.x, 10);
  half->plot.height = height;

  collate_chart_layout_place (layout, COLLATE_LABEL_NOTE, name, half->left, top, half->width);
  collate_chart_lay_out_upwards (layout, &half->plot, &half->time, format_time_tick);
  collate_chart_lay_out_rightwards (layout, &half->plot, &half->place, format_place_tick, right);
  for (guint i = 0; i < layout->order->len; i++)
    lay_out_curve (layout, half, i);

  return half->plot.y + height + 4 * layout->unit + layout->small_line;
}

static void
lay_out_halves (CollateChartLayout *layout, Half *halves, guint n_halves, gboolean beside, double height)
{
  double top = layout->bottom;
  double ticks = 0;

  for (guint i = 0; i < n_halves; i++)
    {
      init_axes (layout, &halves[i], height);
      halves[i].ticks = collate_chart_measure_ticks (layout, &halves[i].time, format_time_tick);
      ticks = MAX (ticks, halves[i].ticks);
    }
  /* What stands below each other begins at one place. */
  for (guint i = 0; i < n_halves && !beside; i++)
    halves[i].ticks = ticks;

  for (guint i = 0; i < n_halves; i++)
    {
      double bottom = lay_out_half (layout, &halves[i], top, height);

      layout->bottom = MAX (layout->bottom, bottom);
      if (!beside)
        top = layout->bottom + 0.8 * layout->small_line;
    }
}

/* With plots that are so much higher than they are of themselves. */
static void
lay_out_all (CollateChartLayout *layout, double more)
{
  Half halves[2] = { { .writing = FALSE }, { .writing = TRUE } };
  Half *first = has_steps (layout, &halves[0]) ? &halves[0] : &halves[1];
  guint n_halves = first == &halves[0] && has_steps (layout, &halves[1]) ? 2 : 1;
  gboolean wide = layout->width >= SIDE_BY_SIDE * layout->unit;
  gboolean beside = n_halves == 2 && wide;
  double height = (wide ? HEIGHT_OF_WIDE : HEIGHT) * layout->unit + more;
  double gap = GAP * layout->unit;
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < G_N_ELEMENTS (halves); i++)
    {
      halves[i].left = layout->left;
      halves[i].width = layout->width;
    }
  if (beside)
    {
      halves[0].width = READING_WIDTH * (layout->width - gap);
      halves[1].left += halves[0].width + gap;
      halves[1].width -= halves[0].width + gap;
    }
  lay_out_halves (layout, first, n_halves, beside, height);

  for (guint i = 0; i < layout->order->len; i++)
    g_array_append_val (all, i);
  collate_chart_lay_out_key (layout, all);
}

void
collate_chart_lay_out_pace (CollateChartLayout *layout)
{
  double top = layout->bottom;
  guint n_labels = layout->labels->len;
  double before;
  double room;

  lay_out_all (layout, 0);

  /* The plots grow into what is left. */
  room = layout->asked - layout->bottom - layout->foot_height;
  if (room <= 0)
    return;
  before = layout->bottom;
  collate_chart_layout_rewind (layout, n_labels, top);
  lay_out_all (layout, room);
  if (layout->bottom <= before + room + 0.01)
    return;
  collate_chart_layout_rewind (layout, n_labels, top);
  lay_out_all (layout, room / 2);
}
