/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Who won: a pure function of the answers. */

#include <math.h>

#include "base/collate-format.h"
#include "compare/collate-comparison-private.h"

/* An entry over its runs: those that are done count, and none before all have ended. */
typedef struct
{
  const char *id;
  gboolean local;
  guint n_open;
  guint n_done;

  CollateMoney cost; /* the sum */
  CollateMoney cost_low;
  CollateMoney cost_high;
  double time; /* the sum */
  double time_low;
  double time_high;
} Contestant;

/* What an entry is measured by: the mean decides the order, the range (at the shown precision) whether the
 * order means anything. */
typedef struct
{
  const char *id;
  double mean;
  double low;
  double high;
} Score;

static Contestant *
find_contestant (GArray *contestants, CollateAnswer *answer)
{
  const char *id = collate_answer_get_entry_id (answer);
  Contestant fresh = {
    .id = id, .local = collate_answer_is_local (answer), .cost_low = G_MAXINT64, .time_low = INFINITY
  };

  for (guint i = 0; i < contestants->len; i++)
    if (g_strcmp0 (g_array_index (contestants, Contestant, i).id, id) == 0)
      return &g_array_index (contestants, Contestant, i);

  g_array_append_val (contestants, fresh);
  return &g_array_index (contestants, Contestant, contestants->len - 1);
}

static void
add_run (Contestant *contestant, CollateAnswer *answer)
{
  CollateMoney cost = collate_answer_get_cost (answer);
  double time = collate_answer_get_time (answer);

  contestant->n_open += !collate_answer_state_is_final (collate_answer_get_state (answer));
  if (collate_answer_get_state (answer) != COLLATE_ANSWER_DONE)
    return;

  contestant->n_done++;
  contestant->cost = collate_money_add (contestant->cost, cost);
  if (cost != COLLATE_MONEY_UNKNOWN)
    {
      CollateMoney shown = collate_money_round (cost, COLLATE_COST_DECIMALS);

      contestant->cost_low = MIN (contestant->cost_low, shown);
      contestant->cost_high = MAX (contestant->cost_high, shown);
    }
  contestant->time += time;
  contestant->time_low = fmin (contestant->time_low, collate_shown_seconds (time));
  contestant->time_high = fmax (contestant->time_high, collate_shown_seconds (time));
}

static gboolean
competes (const Contestant *contestant)
{
  return contestant->n_done > 0 && contestant->n_open == 0;
}

static int
compare_scores (gconstpointer a, gconstpointer b)
{
  double difference = ((const Score *) a)->mean - ((const Score *) b)->mean;

  return difference < 0 ? -1 : difference > 0;
}

/* The lowest, unless its range meets the next one's. */
static const char *
find_winner (GArray *scores)
{
  const Score *first, *second;

  if (scores->len < 2)
    return NULL;

  first = &g_array_index (scores, Score, 0);
  second = &g_array_index (scores, Score, 1);
  return first->high < second->low ? first->id : NULL;
}

static void
find_costs (GArray *contestants, CollateFindings *findings)
{
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (Score));

  for (guint i = 0; i < contestants->len; i++)
    {
      const Contestant *contestant = &g_array_index (contestants, Contestant, i);
      Score score = {
        contestant->id,
        (double) contestant->cost / contestant->n_done,
        (double) contestant->cost_low,
        (double) contestant->cost_high,
      };

      if (competes (contestant) && !contestant->local && contestant->cost != COLLATE_MONEY_UNKNOWN)
        g_array_append_val (scores, score);
    }
  if (scores->len < 2)
    return;

  g_array_sort (scores, compare_scores);
  findings->most_cost_effective = find_winner (scores);
  findings->lowest_cost = (CollateMoney) g_array_index (scores, Score, 0).mean;
  findings->highest_cost = (CollateMoney) g_array_index (scores, Score, scores->len - 1).mean;
  findings->most_expensive = g_array_index (scores, Score, scores->len - 1).id;
}

static void
find_times (GArray *contestants, CollateFindings *findings)
{
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (Score));

  for (guint i = 0; i < contestants->len; i++)
    {
      const Contestant *contestant = &g_array_index (contestants, Contestant, i);
      Score score = {
        contestant->id, contestant->time / contestant->n_done, contestant->time_low, contestant->time_high
      };

      if (competes (contestant) && isfinite (contestant->time))
        g_array_append_val (scores, score);
    }
  if (scores->len < 2)
    return;

  g_array_sort (scores, compare_scores);
  findings->fastest = find_winner (scores);
  findings->lowest_time = g_array_index (scores, Score, 0).mean;
  findings->highest_time = g_array_index (scores, Score, scores->len - 1).mean;
  findings->slowest = g_array_index (scores, Score, scores->len - 1).id;
}

/* A cost that nobody knows is missing in the total only where tokens were used. */
static void
add_to_total (CollateFindings *findings, CollateAnswer *answer)
{
  const CollateUsage *usage = collate_answer_get_usage (answer);
  CollateMoney cost = collate_answer_get_cost (answer);

  if (usage == NULL)
    return;

  findings->total_input += collate_usage_get_input (usage);
  findings->total_output += usage->output;
  if (collate_answer_is_local (answer))
    return;

  if (cost == COLLATE_MONEY_UNKNOWN)
    findings->total_incomplete = TRUE;
  else if (findings->total_cost == COLLATE_MONEY_UNKNOWN)
    findings->total_cost = cost;
  else
    findings->total_cost = collate_money_add (findings->total_cost, cost);
}

void
collate_findings_compute (GListModel *answers, guint repeats, CollateFindings *findings)
{
  g_autoptr (GArray) contestants = g_array_new (FALSE, FALSE, sizeof (Contestant));

  *findings = (CollateFindings){
    .lowest_cost = COLLATE_MONEY_UNKNOWN,
    .highest_cost = COLLATE_MONEY_UNKNOWN,
    .lowest_time = NAN,
    .highest_time = NAN,
    .total_cost = COLLATE_MONEY_UNKNOWN,
    .repeats = repeats,
  };

  for (guint i = 0; i < g_list_model_get_n_items (answers); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (answers, i);

      add_run (find_contestant (contestants, answer), answer);
      add_to_total (findings, answer);
    }
  for (guint i = 0; i < contestants->len; i++)
    findings->n_finished += competes (&g_array_index (contestants, Contestant, i));

  find_costs (contestants, findings);
  find_times (contestants, findings);
}
