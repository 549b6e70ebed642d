/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

#include <math.h>

/* Axes that end on round numbers. Values outside of what a bill or a clock can show are drawn at the edge. */

#define SMALLEST 1e-12
#define LARGEST 1e15
#define LOGARITHMIC_FROM 20.0

static const double ROUND[] = { 1, 2, 5, 10 };

static double
clamp (double value)
{
  return value < SMALLEST ? 0 : MIN (value, LARGEST);
}

/* The next number of the form 1, 2 or 5 times a power of ten: at most `value`, or at least. */
static double
round_to_125 (double value, gboolean up)
{
  double power = pow (10, floor (log10 (value)));
  double found = power;

  for (guint i = 0; i < G_N_ELEMENTS (ROUND); i++)
    {
      double candidate = ROUND[i] * power;

      if (up && candidate >= value * (1 - 1e-9))
        return candidate;
      if (!up && candidate <= value * (1 + 1e-9))
        found = candidate;
    }

  return up ? 10 * power : found;
}

static void
add_tick (CollateChartAxis *axis, double value)
{
  if (axis->n_ticks < COLLATE_AXIS_TICKS && value >= axis->low * (1 - 1e-9) &&
      value <= axis->high * (1 + 1e-9))
    axis->ticks[axis->n_ticks++] = value;
}

static void
init_logarithmic (CollateChartAxis *axis, double low, double high, guint max_ticks)
{
  double decades;
  guint step;

  axis->logarithmic = TRUE;
  axis->low = round_to_125 (low * 0.9, FALSE);
  axis->high = round_to_125 (high * 1.05, TRUE);
  decades = log10 (axis->high / axis->low);
  step = MAX (1, (guint) ceil (decades / MAX (1, max_ticks - 1)));

  for (int exponent = (int) floor (log10 (axis->low)); pow (10, exponent) <= axis->high;
       exponent += (int) step)
    for (guint i = 0; i < G_N_ELEMENTS (ROUND) - 1; i++)
      if (i == 0 || 3 * decades <= max_ticks)
        add_tick (axis, ROUND[i] * pow (10, exponent));
}

static void
init_linear (CollateChartAxis *axis, double high, guint max_ticks)
{
  double step = round_to_125 (high / MAX (1, max_ticks - 1), TRUE);
  guint n = (guint) ceil (high / step * (1 - 1e-9));

  axis->logarithmic = FALSE;
  axis->low = 0;
  axis->high = n * step;
  for (guint i = 0; i <= n; i++)
    add_tick (axis, i * step);
}

void
collate_chart_axis_init (CollateChartAxis *axis, const double *values, guint n_values, guint max_ticks)
{
  double low = LARGEST;
  double high = 0;

  max_ticks = CLAMP (max_ticks, 2, COLLATE_AXIS_TICKS);
  axis->n_ticks = 0;
  for (guint i = 0; i < n_values; i++)
    {
      double value = collate_chart_is_known (values[i]) ? clamp (values[i]) : 0;

      high = MAX (high, value);
      if (value > 0)
        low = MIN (low, value);
    }

  if (high <= 0)
    init_linear (axis, 1, 2);
  else if (high / low >= LOGARITHMIC_FROM)
    init_logarithmic (axis, low, high, max_ticks);
  else
    init_linear (axis, high * 1.04, max_ticks);
}

void
collate_chart_axis_init_range (CollateChartAxis *axis, double low, double high, guint max_ticks)
{
  double step;
  double first;

  low = collate_chart_is_known (low) ? clamp (low) : 0;
  high = MAX (collate_chart_is_known (high) ? clamp (high) : 0, low + MAX (low * 1e-6, SMALLEST));
  max_ticks = CLAMP (max_ticks, 2, COLLATE_AXIS_TICKS);
  step = round_to_125 ((high - low) / (max_ticks - 1), TRUE);
  first = ceil (low / step * (1 - 1e-9)) * step;

  *axis = (CollateChartAxis){ .low = low, .high = high };
  for (guint i = 0; i < COLLATE_AXIS_TICKS; i++)
    add_tick (axis, first + i * step);
}

double
collate_chart_axis_place (const CollateChartAxis *axis, double value)
{
  value = clamp (value);
  if (!axis->logarithmic)
    return CLAMP ((value - axis->low) / (axis->high - axis->low), 0, 1);
  if (value <= axis->low)
    return 0;

  return CLAMP (log (value / axis->low) / log (axis->high / axis->low), 0, 1);
}
