/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "chart-samples.h"
#include "charts/collate-chart-private.h"

/* Where a chart puts its text and marks: no label on another, everything inside, whatever the width, the size
 * of the letters and the numbers. */

static const int widths[] = { 240, 300, 360, 478, 700, 1400 };
static const double scales[] = { 1, 1.25, 1.6, 2 };

/* A pixel of shared line spacing is no overlap. */
#define TOLERANCE 0.5

static gboolean
labels_overlap (const CollateChartLabel *a, const CollateChartLabel *b)
{
  return a->x + TOLERANCE < b->x + b->width && b->x + TOLERANCE < a->x + a->width &&
         a->y + TOLERANCE < b->y + b->height && b->y + TOLERANCE < a->y + a->height;
}

static void
assert_clear (CollateChartLayout *layout, const char *what, double width, double height)
{
  for (guint i = 0; i < layout->labels->len; i++)
    {
      const CollateChartLabel *label = &g_array_index (layout->labels, CollateChartLabel, i);

      if (label->x < 0 || label->y < 0 || label->x + label->width > width ||
          label->y + label->height > height)
        g_error ("%s: “%s” is outside", what, pango_layout_get_text (label->text));
      for (guint j = 0; j < i; j++)
        {
          const CollateChartLabel *other = &g_array_index (layout->labels, CollateChartLabel, j);

          if (labels_overlap (label, other))
            g_error ("%s: “%s” lies on “%s”",
                     what,
                     pango_layout_get_text (label->text),
                     pango_layout_get_text (other->text));
        }
    }
}

static void
assert_marks_inside (CollateChartLayout *layout, double width, double height)
{
  for (guint i = 0; i < layout->marks->len; i++)
    {
      const CollateChartMark *mark = &g_array_index (layout->marks, CollateChartMark, i);

      g_assert_true (isfinite (mark->x) && isfinite (mark->y));
      g_assert_cmpfloat (mark->x, >=, 0);
      g_assert_cmpfloat (mark->y, >=, 0);
      g_assert_cmpfloat (mark->x + mark->width, <=, width);
      g_assert_cmpfloat (mark->y + mark->height, <=, height);
    }
}

static void
check_layout (CollateChartKind kind, GPtrArray *items, double width, double scale, const char *name)
{
  CollateChartStyle style = { .text_scale = scale, .font = "DejaVu Sans", .focus = -1 };
  double height = collate_chart_get_height (kind, items, &style, (int) width);
  g_autofree char *what = g_strdup_printf ("%s, chart %d at %g px × %g", name, kind, width, scale);

  for (int extra = 0; extra <= 90; extra += 45)
    {
      g_autoptr (CollateChartLayout) layout =
          collate_chart_layout_new (kind, items, &style, width, height + extra);

      assert_clear (layout, what, width, height + extra);
      assert_marks_inside (layout, width, height + extra);
      g_assert_cmpfloat (layout->bottom, <=, height + extra + 0.01);
    }
}

static void
test_nothing_overlaps (gconstpointer data)
{
  const char *name = data;
  g_autoptr (GPtrArray) items = samples_lookup (name);

  for (guint kind = 0; kind < COLLATE_N_CHARTS; kind++)
    for (guint i = 0; i < G_N_ELEMENTS (widths); i++)
      for (guint j = 0; j < G_N_ELEMENTS (scales); j++)
        check_layout (kind, items, widths[i], scales[j], name);
}

static void
test_every_item_count (void)
{
  for (guint n = 1; n <= 24; n++)
    {
      g_autoptr (GPtrArray) items = samples_crowd (n);

      for (guint kind = 0; kind < COLLATE_N_CHARTS; kind++)
        check_layout (kind, items, n % 2 ? 240 : 420, n % 3 ? 1 : 2, "crowd");
    }
}

/* Every item has a mark or is named below as not known, and every name is to be read somewhere. */
static void
test_all_are_named (void)
{
  CollateChartStyle style = { .text_scale = 1, .font = "DejaVu Sans", .focus = -1 };
  g_autoptr (GPtrArray) items = samples_mixed ();

  for (guint kind = 0; kind < COLLATE_N_CHARTS; kind++)
    {
      g_autoptr (CollateChartLayout) layout = collate_chart_layout_new (kind, items, &style, 500, 0);
      g_autoptr (GString) texts = g_string_new (NULL);

      for (guint i = 0; i < layout->labels->len; i++)
        g_string_append_printf (
            texts, "%s\n", pango_layout_get_text (g_array_index (layout->labels, CollateChartLabel, i).text));
      for (guint i = 0; i < items->len; i++)
        {
          const CollateChartItem *item = g_ptr_array_index (items, i);

          /* Nobody would know of a server how long it takes for a token. */
          if (kind != COLLATE_CHART_PACE || item->local)
            g_assert_nonnull (strstr (texts->str, item->name));
        }
    }
}

static const CollateChartMark *
find_mark (CollateChartLayout *layout, const char *name, gboolean light)
{
  for (guint i = 0; i < layout->marks->len; i++)
    {
      const CollateChartMark *mark = &g_array_index (layout->marks, CollateChartMark, i);

      if (g_str_equal (mark->item->name, name) && mark->light == light)
        return mark;
    }

  return NULL;
}

static void
test_bars_are_to_scale (void)
{
  CollateChartStyle style = { .text_scale = 1, .font = "DejaVu Sans", .focus = -1 };
  g_autoptr (GPtrArray) items = samples_tutorial ();
  g_autoptr (CollateChartLayout) cost = collate_chart_layout_new (COLLATE_CHART_COST, items, &style, 600, 0);
  g_autoptr (CollateChartLayout) time = collate_chart_layout_new (COLLATE_CHART_TIME, items, &style, 600, 0);
  g_autoptr (CollateChartLayout) tokens =
      collate_chart_layout_new (COLLATE_CHART_TOKENS, items, &style, 600, 0);
  const CollateChartMark *gpt = find_mark (time, "GPT-5", FALSE);

  g_assert_cmpfloat_with_epsilon (find_mark (cost, "GPT-5", FALSE)->width /
                                      find_mark (cost, "Claude Sonnet 4.5", FALSE)->width,
                                  0.1623 / 0.2048,
                                  0.001);
  g_assert_cmpfloat_with_epsilon ((gpt->split - gpt->x) / gpt->width, 9.8 / 42.28, 0.001);

  /* Input and output each fill the height with their largest. */
  g_assert_cmpint (find_mark (tokens, "GPT-5", TRUE)->shape, ==, COLLATE_MARK_COLUMN);
  g_assert_cmpfloat_with_epsilon (find_mark (tokens, "GPT-5", TRUE)->height,
                                  find_mark (tokens, "Claude Sonnet 4.5", FALSE)->height,
                                  0.001);
}

static void
test_best_stands_first (void)
{
  CollateChartStyle style = { .text_scale = 1, .font = "DejaVu Sans", .focus = -1 };
  g_autoptr (GPtrArray) items = samples_mixed ();
  g_autoptr (CollateChartLayout) cost = collate_chart_layout_new (COLLATE_CHART_COST, items, &style, 600, 0);
  static const char *const expected[] = {
    "DeepSeek v3.2-Exp", "DeepSeek v3.1-Terminus", "GPT-5", "Claude Sonnet 4.5", "SmolLM2 135M, sparse",
  };

  g_assert_cmpuint (cost->order->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpstr (collate_chart_layout_item (cost, i)->name, ==, expected[i]);
  for (guint i = 1; i < cost->marks->len; i++)
    g_assert_cmpfloat (g_array_index (cost->marks, CollateChartMark, i).y,
                       >,
                       g_array_index (cost->marks, CollateChartMark, i - 1).y);
}

static void
test_whiskers (void)
{
  CollateChartStyle style = { .text_scale = 1, .font = "DejaVu Sans", .focus = -1 };
  g_autoptr (GPtrArray) items = samples_mixed ();
  g_autoptr (CollateChartLayout) cost = collate_chart_layout_new (COLLATE_CHART_COST, items, &style, 600, 0);
  const CollateChartMark *gpt = find_mark (cost, "GPT-5", FALSE);

  g_assert_cmpfloat_with_epsilon ((gpt->low - gpt->x) / gpt->width, 0.12 / 0.1623, 0.001);
  g_assert_cmpfloat_with_epsilon ((gpt->high - gpt->x) / gpt->width, 0.19 / 0.1623, 0.001);
  g_assert_true (isnan (find_mark (cost, "DeepSeek v3.2-Exp", FALSE)->high));
}

/* Twice as long is twice as high, and reading and writing stand beside each other where there is room, else below. */
static void
test_pace_is_to_scale (void)
{
  CollateChartStyle style = { .text_scale = 1, .font = "DejaVu Sans", .focus = -1 };
  g_autoptr (GPtrArray) items = collate_chart_items_new ();
  CollateChartItem *item = samples_add (items, "A", NAN, 1, 1, 1, 1);
  g_autoptr (CollateChartLayout) wide = NULL;
  g_autoptr (CollateChartLayout) narrow = NULL;
  const CollateChartMark *marks;
  double base = 0;

  item->local = TRUE;
  for (guint i = 1; i <= 4; i++)
    {
      const CollateChartStep read = { 100 * i, 100, 0.1 * i };

      g_array_append_val (item->reading, read);
    }
  g_array_append_val (item->writing, ((CollateChartStep){ 401, 1, 0.01 }));
  wide = collate_chart_layout_new (COLLATE_CHART_PACE, items, &style, 700, 0);
  narrow = collate_chart_layout_new (COLLATE_CHART_PACE, items, &style, 300, 0);

  /* Four bends and a point, and then the same of writing. */
  marks = (const CollateChartMark *) (gpointer) wide->marks->data;
  for (guint i = 0; i < wide->lines->len; i++)
    {
      const CollateChartLine *line = &g_array_index (wide->lines, CollateChartLine, i);

      if (line->role == COLLATE_LINE_AXIS && base == 0)
        base = line->y2;
    }
  for (guint i = 1; i < 4; i++)
    {
      g_assert_cmpint (marks[i].shape, ==, COLLATE_MARK_BEND);
      g_assert_true (marks[0].begins && !marks[i].begins);
      g_assert_cmpfloat_with_epsilon ((base - marks[i].y) / (base - marks[0].y), i + 1, 0.001);
      g_assert_cmpfloat_with_epsilon (marks[i].x - marks[i - 1].x, marks[1].x - marks[0].x, 0.001);
    }
  g_assert_cmpint (marks[4].shape, ==, COLLATE_MARK_POINT);
  g_assert_true (marks[5].begins);
  g_assert_cmpfloat (marks[5].x, >, marks[4].x + 50);
  marks = (const CollateChartMark *) (gpointer) narrow->marks->data;
  g_assert_cmpfloat (marks[5].y, >, marks[0].y);
}

/* However many steps there are, a curve has no more bends than can be seen. */
static void
test_pace_of_many_steps (void)
{
  CollateChartStyle style = { .text_scale = 1, .font = "DejaVu Sans", .focus = -1 };
  g_autoptr (GPtrArray) items = collate_chart_items_new ();
  CollateChartItem *item = samples_add (items, "A", NAN, 1, 1, 1, 1);
  g_autoptr (CollateChartLayout) layout = NULL;

  item->local = TRUE;
  samples_add_steps (item->reading, 0, 100000, 1, 0.01, 0.02);
  layout = collate_chart_layout_new (COLLATE_CHART_PACE, items, &style, 700, 0);
  g_assert_cmpuint (layout->marks->len, <, 120);
  g_assert_cmpuint (layout->marks->len, >, 30);
}

/* Every other token is a right guess, which takes no time: the curve is about as high everywhere. */
static void
test_pace_of_guesses (void)
{
  CollateChartStyle style = { .text_scale = 1, .font = "DejaVu Sans", .focus = -1 };
  g_autoptr (GPtrArray) items = collate_chart_items_new ();
  CollateChartItem *item = samples_add (items, "A", NAN, 1, 1, 1, 1);
  g_autoptr (CollateChartLayout) layout = NULL;
  double lowest = G_MAXDOUBLE, highest = 0;
  double base = 0;

  item->local = TRUE;
  for (guint i = 1; i <= 23; i++)
    g_array_append_val (item->writing, ((CollateChartStep){ 100 + i, 1, i % 2 ? 0.02 : 0 }));
  layout = collate_chart_layout_new (COLLATE_CHART_PACE, items, &style, 700, 0);
  for (guint i = 0; i < layout->lines->len; i++)
    base = MAX (base, g_array_index (layout->lines, CollateChartLine, i).y2);
  for (guint i = 0; i < layout->marks->len; i++)
    {
      const CollateChartMark *mark = &g_array_index (layout->marks, CollateChartMark, i);

      if (mark->shape != COLLATE_MARK_BEND)
        continue;
      lowest = MIN (lowest, base - mark->y);
      highest = MAX (highest, base - mark->y);
    }
  g_assert_cmpfloat (lowest, >, 10);
  g_assert_cmpfloat (highest, <, 2 * lowest);
}

static void
test_range (void)
{
  CollateChartAxis axis;

  collate_chart_axis_init_range (&axis, 5510, 5710, 5);
  g_assert_cmpfloat (axis.low, ==, 5510);
  g_assert_cmpfloat (axis.high, ==, 5710);
  g_assert_cmpuint (axis.n_ticks, ==, 4);
  g_assert_cmpfloat (axis.ticks[0], ==, 5550);
  g_assert_cmpfloat (collate_chart_axis_place (&axis, 5610), ==, 0.5);
  g_assert_cmpfloat (collate_chart_axis_place (&axis, 5000), ==, 0);

  collate_chart_axis_init_range (&axis, 7, 7, 5);
  g_assert_cmpfloat (axis.high, >, axis.low);
  collate_chart_axis_init_range (&axis, NAN, -1, 5);
  g_assert_cmpfloat (axis.high, >, axis.low);
  collate_chart_axis_init_range (&axis, 1e300, INFINITY, 100);
  g_assert_cmpfloat (axis.high, >, axis.low);
  g_assert_cmpuint (axis.n_ticks, <=, COLLATE_AXIS_TICKS);
}

static void
test_axis (void)
{
  static const double near[] = { 14.6, 42.28 };
  static const double far[] = { 0.0016, 0.2048 };
  static const double nothing[] = { 0, NAN, -3 };
  static const double hostile[] = { 5e-324, 1e300, INFINITY };
  CollateChartAxis axis;

  collate_chart_axis_init (&axis, near, 2, 6);
  g_assert_false (axis.logarithmic);
  g_assert_cmpfloat (axis.low, ==, 0);
  g_assert_cmpfloat (axis.high, ==, 50);
  g_assert_cmpuint (axis.n_ticks, ==, 6);
  g_assert_cmpfloat (axis.ticks[1], ==, 10);
  g_assert_cmpfloat (collate_chart_axis_place (&axis, 25), ==, 0.5);

  collate_chart_axis_init (&axis, far, 2, 8);
  g_assert_true (axis.logarithmic);
  g_assert_cmpfloat_with_epsilon (axis.low, 0.001, 1e-9);
  g_assert_cmpfloat_with_epsilon (axis.high, 0.5, 1e-9);
  g_assert_cmpfloat (collate_chart_axis_place (&axis, 0), ==, 0);
  g_assert_cmpfloat_with_epsilon (collate_chart_axis_place (&axis, 0.5), 1, 1e-9);

  collate_chart_axis_init (&axis, nothing, 3, 4);
  g_assert_cmpfloat (axis.high, >, 0);
  g_assert_cmpfloat (collate_chart_axis_place (&axis, 0), ==, 0);

  collate_chart_axis_init (&axis, hostile, 3, 5);
  g_assert_cmpuint (axis.n_ticks, >=, 2);
  g_assert_cmpuint (axis.n_ticks, <=, COLLATE_AXIS_TICKS);
  g_assert_cmpfloat (collate_chart_axis_place (&axis, 1e300), <=, 1);
  g_assert_cmpfloat (collate_chart_axis_place (&axis, 1e300), >=, 0.5);
}

/* No two ticks of an axis bear the same number, however small it is. */
static void
test_ticks_differ (void)
{
  g_autoptr (GPtrArray) items = collate_chart_items_new ();
  CollateChartStyle style = { .text_scale = 1.0, .focus = -1 };
  g_autoptr (CollateChartLayout) layout = NULL;
  g_autoptr (GHashTable) words = g_hash_table_new (g_str_hash, g_str_equal);

  samples_add (items, "A", 0.000005, 1, NAN, 100, 100);
  samples_add (items, "B", 0.000013, 3, NAN, 100, 100);
  layout = collate_chart_layout_new (COLLATE_CHART_TRADEOFF, items, &style, 600, 400);

  for (guint i = 0; i < layout->labels->len; i++)
    {
      const CollateChartLabel *label = &g_array_index (layout->labels, CollateChartLabel, i);

      if (label->role == COLLATE_LABEL_TICK)
        g_assert_true (g_hash_table_add (words, (char *) pango_layout_get_text (label->text)));
    }
  g_assert_cmpuint (g_hash_table_size (words), >=, 6);
}

static void
test_logarithm_begins_at_twenty (void)
{
  static const double below[] = { 1, 19.9 };
  static const double at[] = { 1, 20 };
  CollateChartAxis axis;

  collate_chart_axis_init (&axis, below, 2, 6);
  g_assert_false (axis.logarithmic);
  collate_chart_axis_init (&axis, at, 2, 6);
  g_assert_true (axis.logarithmic);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; samples_names[i]; i++)
    {
      g_autofree char *path = g_strdup_printf ("/charts/layout/overlap/%s", samples_names[i]);

      g_test_add_data_func (path, samples_names[i], test_nothing_overlaps);
    }
  g_test_add_func ("/charts/layout/every-count", test_every_item_count);
  g_test_add_func ("/charts/layout/all-are-named", test_all_are_named);
  g_test_add_func ("/charts/layout/to-scale", test_bars_are_to_scale);
  g_test_add_func ("/charts/layout/best-first", test_best_stands_first);
  g_test_add_func ("/charts/layout/whiskers", test_whiskers);
  g_test_add_func ("/charts/layout/pace-to-scale", test_pace_is_to_scale);
  g_test_add_func ("/charts/layout/pace-of-many-steps", test_pace_of_many_steps);
  g_test_add_func ("/charts/layout/pace-of-guesses", test_pace_of_guesses);
  g_test_add_func ("/charts/layout/range", test_range);
  g_test_add_func ("/charts/layout/axis", test_axis);
  g_test_add_func ("/charts/layout/ticks-differ", test_ticks_differ);
  g_test_add_func ("/charts/layout/logarithm", test_logarithm_begins_at_twenty);

  return g_test_run ();
}
