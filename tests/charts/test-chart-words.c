/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <locale.h>
#include <math.h>

#include "chart-samples.h"
#include "charts/collate-chart-private.h"

/* What charts say: findings, marks, numbers, colours, and which mark the pointer means. */

static const CollateChartStyle plain = { .text_scale = 1, .font = "DejaVu Sans", .focus = -1 };

static void
assert_finding (CollateChartKind kind, GPtrArray *items, const char *expected)
{
  g_autofree char *finding = collate_chart_get_finding (kind, items);

  g_assert_cmpstr (finding, ==, expected);
}

static void
test_tutorial_findings (void)
{
  g_autoptr (GPtrArray) items = samples_tutorial ();

  assert_finding (COLLATE_CHART_COST, items, "Claude Sonnet 4.5 costs 13 times as much as DeepSeek v3.2-Exp");
  assert_finding (COLLATE_CHART_TIME, items, "GPT-5 takes 2.9 times as long as Claude Sonnet 4.5");
  assert_finding (COLLATE_CHART_TOKENS, items, "GPT-5 wrote 4.1 times as much as Claude Sonnet 4.5");
  assert_finding (COLLATE_CHART_TRADEOFF,
                  items,
                  "DeepSeek v3.2-Exp costs least, Claude Sonnet 4.5 is fastest; nearer the corner is better");

  g_ptr_array_set_size (items, 2);
  assert_finding (COLLATE_CHART_COST, items, "GPT-5 costs 10 times as much as DeepSeek v3.2-Exp");
  assert_finding (COLLATE_CHART_TIME, items, "GPT-5 takes 31 % longer than DeepSeek v3.2-Exp");
  assert_finding (COLLATE_CHART_TRADEOFF,
                  items,
                  "DeepSeek v3.2-Exp costs least and is fastest; nearer the corner is better");
}

static void
test_little_to_say (void)
{
  static const struct
  {
    const char *sample;
    const char *findings[COLLATE_N_CHARTS];
  } cases[] = {
    { "none",
      { "No answer has finished yet",
        "No answer has finished yet",
        "No answer has finished yet",
        "No answer has finished yet",
        "No answer has finished yet" } },
    { "unfinished",
      { "No answer has finished yet",
        "No answer has finished yet",
        "No answer has finished yet",
        "No answer has finished yet",
        "No answer has finished yet" } },
    { "one",
      { "Model 1 costs $0.1623",
        "Model 1 takes 42.28 s",
        "Model 1 wrote 56,937",
        "Nearer the corner is better",
        "How long a token took is not known" } },
    { "equal",
      { "All cost the same: $0.1000",
        "All take the same time: 10.00 s",
        "All wrote the same: 1,000",
        "Nearer the corner is better",
        "How long a token took is not known" } },
    { "zero",
      { "All cost the same: $0.0000",
        "All take the same time: 0.00 s",
        "All wrote the same: 0",
        "Nearer the corner is better",
        "How long a token took is not known" } },
    { "unknown",
      { "What the answers cost is not known",
        "How long the answers took is not known",
        "How many tokens were written is not known",
        "Nearer the corner is better",
        "How long a token took is not known" } },
    { "local",
      { "Answers of this machine are free",
        "GPT-5 takes 2.9 times as long as Claude Sonnet 4.5",
        "GPT-5 wrote 4.1 times as much as Claude Sonnet 4.5",
        "Claude Sonnet 4.5 is fastest; nearer the corner is better",
        "How long a token took is not known" } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) items = samples_lookup (cases[i].sample);

      for (guint kind = 0; kind < COLLATE_N_CHARTS; kind++)
        assert_finding (kind, items, cases[i].findings[kind]);
    }
}

static void
test_equal_at_the_shown_precision (void)
{
  g_autoptr (GPtrArray) items = collate_chart_items_new ();

  samples_add (items, "A", 0.10001, 10.001, 1, 100, 100);
  samples_add (items, "B", 0.10004, 10.004, 1, 100, 100);
  assert_finding (COLLATE_CHART_COST, items, "All cost the same: $0.1000");
  assert_finding (COLLATE_CHART_TIME, items, "All take the same time: 10.00 s");

  samples_add (items, "C", 0.1009, 20, 1, 100, 0);
  assert_finding (COLLATE_CHART_COST, items, "C costs 0.9 % more than A");
  assert_finding (COLLATE_CHART_TIME, items, "C takes 2.0 times as long as A");
  assert_finding (COLLATE_CHART_TOKENS, items, "B wrote 100, C wrote 0");
  assert_finding (COLLATE_CHART_TRADEOFF, items, "Nearer the corner is better");
}

static void
test_shown_as_zero (void)
{
  g_autoptr (GPtrArray) items = collate_chart_items_new ();

  samples_add (items, "A", 0.00001, 0.001, NAN, 100, 100);
  samples_add (items, "B", 0.00004, 0.004, NAN, 100, 100);
  assert_finding (COLLATE_CHART_COST, items, "All cost the same: $0.0000");
  assert_finding (COLLATE_CHART_TRADEOFF, items, "Nearer the corner is better");

  samples_add (items, "C", 0.02, 3, NAN, 100, 100);
  assert_finding (COLLATE_CHART_COST, items, "C costs $0.0200, A costs $0.0000");
  assert_finding (COLLATE_CHART_TIME, items, "C takes 3.00 s, A takes 0.00 s");
}

static void
test_ranges_that_overlap_have_no_winner (void)
{
  g_autoptr (GPtrArray) items = samples_tutorial ();
  CollateChartItem *v32 = g_ptr_array_index (items, 0);
  CollateChartItem *claude = g_ptr_array_index (items, 2);

  v32->cost_low = 0.01;
  v32->cost_high = 0.04;
  assert_finding (COLLATE_CHART_COST,
                  items,
                  "No clear winner: the costs of DeepSeek v3.2-Exp and DeepSeek v3.1-Terminus overlap");
  claude->time_low = 12;
  claude->time_high = 20.9;
  assert_finding (COLLATE_CHART_TIME, items, "GPT-5 takes 2.9 times as long as Claude Sonnet 4.5");
  assert_finding (COLLATE_CHART_TRADEOFF, items, "Claude Sonnet 4.5 is fastest; nearer the corner is better");
  claude->time_high = 20.996;
  assert_finding (COLLATE_CHART_TIME,
                  items,
                  "No clear winner: the times of Claude Sonnet 4.5 and DeepSeek v3.1-Terminus overlap");
  assert_finding (COLLATE_CHART_TRADEOFF, items, "Nearer the corner is better");
}

static void
test_local_never_competes_on_cost (void)
{
  g_autoptr (GPtrArray) items = samples_mixed ();
  g_autofree char *mark = collate_chart_describe_mark (COLLATE_CHART_COST, items, 4);

  assert_finding (COLLATE_CHART_COST, items, "GPT-5 costs 10 times as much as DeepSeek v3.2-Exp");
  assert_finding (COLLATE_CHART_TIME, items, "SmolLM2 135M, sparse takes 3.9 times as long as Qwen 3 Next");
  g_assert_cmpstr (mark, ==, "SmolLM2 135M, sparse: free");
}

static void
test_numbers (void)
{
  static const struct
  {
    char *(*format) (double);
    double value;
    const char *expected;
  } cases[] = {
    { collate_chart_format_cost, 0.1623, "$0.1623" },
    { collate_chart_format_cost, 0, "$0.0000" },
    { collate_chart_format_cost, 1234.567, "$1234.5670" },
    { collate_chart_format_cost, 0.0000031, "$0.0000" },
    { collate_chart_format_cost, 1e300, "—" },
    { collate_chart_format_cost, NAN, "—" },
    { collate_chart_format_cost, -1, "—" },
    { collate_chart_format_count, 56937, "56,937" },
    { collate_chart_format_count, 999.5, "1,000" },
    { collate_chart_format_count, 1e300, "—" },
    { collate_chart_format_count, NAN, "—" },
    { collate_chart_format_short_count, 1996, "1,996" },
    { collate_chart_format_short_count, 56842, "56.8 k" },
    { collate_chart_format_short_count, 9999.6, "10.0 k" },
    { collate_chart_format_short_count, 999950, "1.0 M" },
    { collate_chart_format_short_count, 2.5e9, "2.5 G" },
    { collate_chart_format_factor, 2.94, "2.9" },
    { collate_chart_format_factor, 9.96, "10" },
    { collate_chart_format_factor, INFINITY, "—" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = cases[i].format (cases[i].value);

      g_assert_cmpstr (text, ==, cases[i].expected);
    }
}

static void
test_marks_in_words (void)
{
  static const char *const cost[] = { "DeepSeek v3.2-Exp: $0.0162",
                                      "DeepSeek v3.1-Terminus: $0.0328",
                                      "GPT-5: $0.1623 on average, from $0.1200 to $0.1900",
                                      "Claude Sonnet 4.5: $0.2048 (not finished)",
                                      "SmolLM2 135M, sparse: free" };
  g_autoptr (GPtrArray) items = samples_mixed ();
  g_autoptr (GPtrArray) tutorial = samples_tutorial ();
  g_autofree char *time = collate_chart_describe_mark (COLLATE_CHART_TIME, tutorial, 3);
  g_autofree char *tokens = collate_chart_describe_mark (COLLATE_CHART_TOKENS, tutorial, 1);
  g_autofree char *both = collate_chart_describe_mark (COLLATE_CHART_TRADEOFF, tutorial, 0);
  g_autofree char *beyond = collate_chart_describe_mark (COLLATE_CHART_COST, tutorial, 4);

  g_assert_cmpuint (collate_chart_get_n_marks (COLLATE_CHART_COST, items), ==, G_N_ELEMENTS (cost));
  for (guint i = 0; i < G_N_ELEMENTS (cost); i++)
    {
      g_autofree char *text = collate_chart_describe_mark (COLLATE_CHART_COST, items, i);

      g_assert_cmpstr (text, ==, cost[i]);
    }
  g_assert_cmpstr (time, ==, "GPT-5: 42.28 s, the first token after 9.80 s");
  g_assert_cmpstr (tokens, ==, "GPT-5: 56,937 tokens read, 1,996 written");
  g_assert_cmpstr (both, ==, "Claude Sonnet 4.5: $0.2048, 14.60 s");
  g_assert_cmpstr (beyond, ==, "");
}

/* The pointer in the middle of each drawn mark means that mark. */
static void
test_pick (void)
{
  g_autoptr (GPtrArray) items = samples_mixed ();

  for (guint kind = 0; kind < COLLATE_N_CHARTS; kind++)
    {
      int height = collate_chart_get_height (kind, items, &plain, 480);
      g_autoptr (CollateChartLayout) layout = collate_chart_layout_new (kind, items, &plain, 480, height);

      g_assert_cmpuint (layout->marks->len, >=, collate_chart_get_n_marks (kind, items));
      for (guint i = 0; i < layout->marks->len; i++)
        {
          const CollateChartMark *mark = &g_array_index (layout->marks, CollateChartMark, i);
          int picked = collate_chart_pick (
              kind, items, &plain, 480, height, mark->x + mark->width / 2, mark->y + mark->height / 2);

          g_assert_cmpint (picked, ==, (int) mark->index);
        }
      g_assert_cmpint (collate_chart_pick (kind, items, &plain, 480, height, 3, 3), ==, -1);
      g_assert_cmpint (collate_chart_pick (kind, items, &plain, 480, height, -1e9, NAN), ==, -1);
    }
}

/* What a token takes in the end, of those that finished: while they wrote, or where one wrote nothing, while they read. */
static void
test_pace_findings (void)
{
  g_autoptr (GPtrArray) items = samples_pace ();
  CollateChartItem *dense = g_ptr_array_index (items, 0);
  CollateChartItem *sparse = g_ptr_array_index (items, 1);

  assert_finding (COLLATE_CHART_PACE,
                  items,
                  "SmolLM2 135M takes 3.2 times as long for a token at the end as SmolLM2 135M, sparse");
  g_array_set_size (sparse->writing, 0);
  assert_finding (COLLATE_CHART_PACE,
                  items,
                  "SmolLM2 135M takes 3.1 times as long for a token at the end as SmolLM2 135M, sparse");
  sparse->finished = FALSE;
  assert_finding (COLLATE_CHART_PACE, items, "SmolLM2 135M takes 82\u00a0ms for a token at the end");

  sparse->finished = TRUE;
  g_array_set_size (sparse->reading, 0);
  g_array_set_size (dense->reading, 0);
  g_array_set_size (dense->writing, 0);
  samples_add_steps (dense->writing, 0, 100, 100, 0.012, 0.012);
  samples_add_steps (sparse->writing, 0, 100, 100, 0.01, 0.01);
  assert_finding (COLLATE_CHART_PACE,
                  items,
                  "SmolLM2 135M takes 20\u00a0% longer for a token at the end than SmolLM2 135M, sparse");
  g_array_index (dense->writing, CollateChartStep, 0).seconds = 1.0001;
  assert_finding (COLLATE_CHART_PACE, items, "All take the same for a token at the end: 10\u00a0ms");
}

static void
test_pace_in_words (void)
{
  g_autoptr (GPtrArray) items = samples_pace ();
  g_autoptr (GPtrArray) others = samples_tutorial ();
  CollateChartItem *sparse = g_ptr_array_index (items, 1);
  g_autofree char *first = collate_chart_describe_mark (COLLATE_CHART_PACE, items, 0);
  g_autofree char *written = NULL;
  g_autofree char *read = NULL;

  g_assert_true (collate_chart_is_wanted (COLLATE_CHART_PACE, items));
  g_assert_cmpuint (collate_chart_get_n_marks (COLLATE_CHART_PACE, items), ==, 2);
  g_assert_cmpstr (first,
                   ==,
                   "SmolLM2 135M, sparse: 2.7\u00a0ms for a token read at first, 5.5\u00a0ms at the end; "
                   "26\u00a0ms for a token written");
  g_ptr_array_remove_index (items, 0);
  g_array_set_size (sparse->reading, 0);
  written = collate_chart_describe_mark (COLLATE_CHART_PACE, items, 0);
  g_assert_cmpstr (written, ==, "SmolLM2 135M, sparse: 26\u00a0ms for a token written");
  samples_add_steps (sparse->reading, 0, 10, 10, 1.5, 1.5);
  g_array_set_size (sparse->writing, 0);
  sparse->finished = FALSE;
  read = collate_chart_describe_mark (COLLATE_CHART_PACE, items, 0);
  g_assert_cmpstr (
      read, ==, "SmolLM2 135M, sparse: 1.50 s for a token read at first, 1.50 s at the end (not finished)");

  for (guint kind = 0; kind < COLLATE_N_CHARTS; kind++)
    g_assert_true (collate_chart_is_wanted (kind, others) == (kind != COLLATE_CHART_PACE));
}

static double
linear (double channel)
{
  return channel <= 0.04045 ? channel / 12.92 : pow ((channel + 0.055) / 1.055, 2.4);
}

/* WCAG 2.2, "contrast ratio". */
static double
contrast (const double *a, const double *b)
{
  double first = 0.2126 * linear (a[0]) + 0.7152 * linear (a[1]) + 0.0722 * linear (a[2]) + 0.05;
  double second = 0.2126 * linear (b[0]) + 0.7152 * linear (b[1]) + 0.0722 * linear (b[2]) + 0.05;

  return MAX (first, second) / MIN (first, second);
}

static void
test_colors_stand_out (void)
{
  static const double pages[2][3][3] = {
    { { 1, 1, 1 }, { 0.98, 0.98, 0.98 }, { 0.965, 0.961, 0.957 } },
    { { 0.118, 0.118, 0.118 }, { 0.141, 0.141, 0.141 }, { 0.212, 0.212, 0.227 } },
  };

  for (guint dark = 0; dark < 2; dark++)
    for (guint color = 0; color < COLLATE_N_COLORS; color++)
      for (guint page = 0; page < 3; page++)
        {
          double rgb[3];

          collate_chart_get_color (color, dark, &rgb[0], &rgb[1], &rgb[2]);
          g_assert_cmpfloat (contrast (rgb, pages[dark][page]), >=, 3.0);
        }
}

/* CIE 1976 L*a*b*, D65. */
static void
to_lab (const double *rgb, double *lab)
{
  static const double rows[3][3] = { { 0.4124, 0.3576, 0.1805 },
                                     { 0.2126, 0.7152, 0.0722 },
                                     { 0.0193, 0.1192, 0.9505 } };
  static const double white[3] = { 0.95047, 1, 1.08883 };
  double f[3];

  for (guint i = 0; i < 3; i++)
    {
      double t = (rows[i][0] * rgb[0] + rows[i][1] * rgb[1] + rows[i][2] * rgb[2]) / white[i];

      f[i] = t > 0.008856 ? cbrt (t) : 7.787 * t + 16.0 / 116;
    }
  lab[0] = 116 * f[1] - 16;
  lab[1] = 500 * (f[0] - f[1]);
  lab[2] = 200 * (f[1] - f[2]);
}

/* Machado, Oliveira and Fernandes 2009, severity 1, in linear light; the first is plain sight. */
static const double eyes[4][3][3] = {
  { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } },
  { { 0.152286, 1.052583, -0.204868 }, { 0.114503, 0.786281, 0.099216 }, { -0.003882, -0.048116, 1.051998 } },
  { { 0.367322, 0.860646, -0.227968 }, { 0.280085, 0.672501, 0.047413 }, { -0.011820, 0.042940, 0.968881 } },
  { { 1.255528, -0.076749, -0.178779 }, { -0.078411, 0.930809, 0.147602 }, { 0.004733, 0.691367, 0.303900 } },
};

static void
see (guint color, gboolean dark, guint eye, double *lab)
{
  double rgb[3];
  double seen[3];

  collate_chart_get_color (color, dark, &rgb[0], &rgb[1], &rgb[2]);
  for (guint i = 0; i < 3; i++)
    rgb[i] = linear (rgb[i]);
  for (guint i = 0; i < 3; i++)
    seen[i] = CLAMP (eyes[eye][i][0] * rgb[0] + eyes[eye][i][1] * rgb[1] + eyes[eye][i][2] * rgb[2], 0, 1);
  to_lab (seen, lab);
}

static void
test_colors_are_told_apart (void)
{
  for (guint dark = 0; dark < 2; dark++)
    for (guint eye = 0; eye < G_N_ELEMENTS (eyes); eye++)
      for (guint a = 0; a < COLLATE_N_COLORS; a++)
        for (guint b = 0; b < a; b++)
          {
            double one[3];
            double other[3];

            see (a, dark, eye, one);
            see (b, dark, eye, other);
            /* Some four times what one just notices. */
            g_assert_cmpfloat (
                sqrt (pow (one[0] - other[0], 2) + pow (one[1] - other[1], 2) + pow (one[2] - other[2], 2)),
                >=,
                9);
          }
}

static void
test_names_are_mended (void)
{
  g_autoptr (GPtrArray) items = collate_chart_items_new ();
  g_autofree char *endless = g_strnfill (100000, 'x');

  g_assert_cmpuint (strlen (collate_chart_items_append (items, endless)->name), ==, 200);
  g_assert_cmpstr (collate_chart_items_append (items, NULL)->name, ==, "");
  g_assert_true (g_utf8_validate (collate_chart_items_append (items, "a\xff")->name, -1, NULL));
  g_assert_cmpuint (((CollateChartItem *) g_ptr_array_index (items, 2))->color, ==, 2);
  g_assert_true (isnan (((CollateChartItem *) g_ptr_array_index (items, 2))->cost));
}

static void
test_hostile_numbers (void)
{
  static const int sizes[][2] = { { 0, 0 }, { 1, 1 }, { 30, 4000 }, { 240, 240 }, { 3000, 50 } };
  g_autoptr (GPtrArray) items = samples_hostile ();

  for (guint kind = 0; kind < COLLATE_N_CHARTS; kind++)
    {
      g_autofree char *finding = collate_chart_get_finding (kind, items);

      g_assert_true (g_utf8_validate (finding, -1, NULL));
      for (guint i = 0; i < collate_chart_get_n_marks (kind, items); i++)
        g_free (collate_chart_describe_mark (kind, items, i));
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        {
          CollateChartStyle style = { .text_scale = i ? i * 0.7 : NAN,
                                      .focus = (int) i * 5 - 3,
                                      .dark = i % 2 };
          cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 300, 300);
          cairo_t *cr = cairo_create (surface);

          collate_chart_draw (kind, items, &style, cr, sizes[i][0], sizes[i][1]);
          g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
          cairo_destroy (cr);
          cairo_surface_destroy (surface);
        }
    }
}

int
main (int argc, char *argv[])
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/charts/words/tutorial", test_tutorial_findings);
  g_test_add_func ("/charts/words/little-to-say", test_little_to_say);
  g_test_add_func ("/charts/words/shown-precision", test_equal_at_the_shown_precision);
  g_test_add_func ("/charts/words/shown-as-zero", test_shown_as_zero);
  g_test_add_func ("/charts/words/overlap", test_ranges_that_overlap_have_no_winner);
  g_test_add_func ("/charts/words/local", test_local_never_competes_on_cost);
  g_test_add_func ("/charts/words/numbers", test_numbers);
  g_test_add_func ("/charts/words/marks", test_marks_in_words);
  g_test_add_func ("/charts/words/pick", test_pick);
  g_test_add_func ("/charts/words/pace", test_pace_findings);
  g_test_add_func ("/charts/words/pace-marks", test_pace_in_words);
  g_test_add_func ("/charts/words/contrast", test_colors_stand_out);
  g_test_add_func ("/charts/words/told-apart", test_colors_are_told_apart);
  g_test_add_func ("/charts/words/names", test_names_are_mended);
  g_test_add_func ("/charts/words/hostile", test_hostile_numbers);

  return g_test_run ();
}
