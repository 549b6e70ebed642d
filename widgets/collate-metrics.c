/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Figures of an answer as text and as numbers to sort by. */
#include "widgets/collate-metrics.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "catalogue/collate-price.h"
#include "compare/collate-sentences.h"

#define COST_DECIMALS 4

static gint64
get_count (CollateMetric metric, const CollateUsage *usage)
{
  switch (metric)
    {
    case COLLATE_METRIC_INPUT:
      return collate_usage_get_input (usage);
    case COLLATE_METRIC_CACHED:
      return usage->cached_input;
    case COLLATE_METRIC_OUTPUT:
      return usage->output;
    case COLLATE_METRIC_REASONING:
      return usage->reasoning;
    case COLLATE_METRIC_TOTAL:
    default:
      return collate_usage_get_total (usage);
    }
}

static gboolean
is_count (CollateMetric metric)
{
  return metric >= COLLATE_METRIC_INPUT && metric <= COLLATE_METRIC_TOTAL;
}

static gboolean
is_running (CollateAnswer *answer)
{
  return !collate_answer_state_is_final (collate_answer_get_state (answer));
}

double
collate_metric_get_value (CollateMetric metric, CollateAnswer *answer)
{
  const CollateUsage *usage = collate_answer_get_usage (answer);

  switch (metric)
    {
    case COLLATE_METRIC_COST:
      return collate_answer_is_local (answer) ? 0 : collate_money_to_usd (collate_answer_get_cost (answer));
    case COLLATE_METRIC_FIRST_TOKEN:
      return collate_answer_get_time_to_first_token (answer);
    case COLLATE_METRIC_TIME:
      return collate_answer_get_time (answer);
    case COLLATE_METRIC_RATE:
      return collate_answer_get_tokens_per_second (answer);
    case COLLATE_METRIC_KEYS:
      return collate_answer_get_keys_read (answer);
    case COLLATE_METRIC_MODEL:
    case COLLATE_N_METRICS:
      return NAN;
    case COLLATE_METRIC_INPUT:
    case COLLATE_METRIC_CACHED:
    case COLLATE_METRIC_OUTPUT:
    case COLLATE_METRIC_REASONING:
    case COLLATE_METRIC_TOTAL:
    default:
      return usage != NULL ? (double) get_count (metric, usage) : NAN;
    }
}

gboolean
collate_metric_is_estimated (CollateMetric metric, CollateAnswer *answer)
{
  const CollateUsage *usage = collate_answer_get_usage (answer);

  if (usage == NULL || !usage->estimated)
    return FALSE;

  return is_count (metric) || metric == COLLATE_METRIC_RATE ||
         (metric == COLLATE_METRIC_COST && !collate_answer_is_local (answer) &&
          collate_answer_get_cost (answer) != COLLATE_MONEY_UNKNOWN);
}

static char *
format_value (CollateMetric metric, CollateAnswer *answer, double value)
{
  switch (metric)
    {
    case COLLATE_METRIC_COST:
      return collate_answer_is_local (answer)
                 ? g_strdup (_ ("free"))
                 : collate_money_format (collate_answer_get_cost (answer), COST_DECIMALS);
    case COLLATE_METRIC_TIME:
      /* A running clock in hundredths cannot be read. */
      return collate_format_seconds (is_running (answer) ? floor (value) : value);
    case COLLATE_METRIC_FIRST_TOKEN:
      return collate_format_seconds (value);
    case COLLATE_METRIC_RATE:
      return collate_format_rate (value);
    case COLLATE_METRIC_KEYS:
      return collate_format_share (value);
    default:
      return collate_format_count ((gint64) value);
    }
}

/* Nobody else says what share of the keys was read. */
static gboolean
may_come (CollateMetric metric, CollateAnswer *answer)
{
  return is_running (answer) && (metric != COLLATE_METRIC_KEYS || collate_answer_is_local (answer));
}

char *
collate_metric_get_text (CollateMetric metric, CollateAnswer *answer)
{
  double value = collate_metric_get_value (metric, answer);
  g_autofree char *text = NULL;

  if (metric == COLLATE_METRIC_MODEL)
    return g_strdup (collate_answer_get_label (answer));
  if (!isfinite (value))
    return g_strdup (may_come (metric, answer) ? "…" : "—");

  text = format_value (metric, answer, value);
  if (collate_metric_is_estimated (metric, answer))
    return g_strconcat ("~", text, NULL);

  return g_steal_pointer (&text);
}

gboolean
collate_metric_is_known (CollateMetric metric, GListModel *answers)
{
  for (guint i = 0; i < g_list_model_get_n_items (answers); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (answers, i);

      if (isfinite (collate_metric_get_value (metric, answer)) || may_come (metric, answer))
        return TRUE;
    }

  return FALSE;
}

static gboolean
competes (CollateMetric metric, CollateAnswer *answer)
{
  if (collate_answer_get_state (answer) != COLLATE_ANSWER_DONE ||
      !isfinite (collate_metric_get_value (metric, answer)))
    return FALSE;

  return metric != COLLATE_METRIC_COST || !collate_answer_is_local (answer);
}

gboolean
collate_metric_is_best (CollateMetric metric, CollateAnswer *answer, GListModel *answers)
{
  g_autofree char *mine = NULL;
  gboolean beats_one = FALSE;

  if (metric != COLLATE_METRIC_COST && metric != COLLATE_METRIC_FIRST_TOKEN && metric != COLLATE_METRIC_TIME)
    return FALSE;
  if (!competes (metric, answer))
    return FALSE;

  mine = collate_metric_get_text (metric, answer);
  for (guint i = 0; i < g_list_model_get_n_items (answers); i++)
    {
      g_autoptr (CollateAnswer) other = g_list_model_get_item (answers, i);
      g_autofree char *theirs = collate_metric_get_text (metric, other);

      if (!competes (metric, other) || g_str_equal (mine, theirs))
        continue;
      if (collate_metric_get_value (metric, other) < collate_metric_get_value (metric, answer))
        return FALSE;
      beats_one = TRUE;
    }

  return beats_one;
}
