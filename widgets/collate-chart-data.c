/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Answers into what charts draw. */
#include "widgets/collate-chart-data.h"

#include <math.h>
#include <string.h>

#include "catalogue/collate-price.h"

/* Values over runs: those that are known. */
typedef struct
{
  double sum;
  double low;
  double high;
  guint n;
} Spread;

typedef struct
{
  CollateChartItem *item;
  guint n_open;
  guint n_done;
  gint64 n_read; /* tokens, by the run whose pace is shown */
  Spread cost;
  Spread time;
  Spread first_token;
  Spread input;
  Spread output;
} Gathering;

static void
spread_add (Spread *spread, double value)
{
  if (!isfinite (value))
    return;

  spread->low = spread->n == 0 ? value : MIN (spread->low, value);
  spread->high = spread->n == 0 ? value : MAX (spread->high, value);
  spread->sum += value;
  spread->n++;
}

static double
spread_mean (const Spread *spread)
{
  return spread->n > 0 ? spread->sum / spread->n : NAN;
}

static void
add_values (Gathering *gathering, CollateAnswer *answer)
{
  const CollateUsage *usage = collate_answer_get_usage (answer);
  double time = collate_answer_get_time (answer);

  if (!collate_answer_state_is_final (collate_answer_get_state (answer)))
    time = floor (time);
  spread_add (&gathering->time, time);
  spread_add (&gathering->first_token, collate_answer_get_time_to_first_token (answer));
  spread_add (&gathering->cost, collate_money_to_usd (collate_answer_get_cost (answer)));
  if (usage != NULL)
    {
      spread_add (&gathering->input, (double) collate_usage_get_input (usage));
      spread_add (&gathering->output, (double) usage->output);
    }
}

static void
add_steps (GArray *steps, CollateAnswer *answer, gboolean writing)
{
  guint n_points;
  const CollatePacePoint *points = collate_answer_get_pace (answer, writing, &n_points);

  for (guint i = 0; i < n_points; i++)
    {
      const CollateChartStep step = { (double) points[i].end,
                                      (double) points[i].n_tokens,
                                      (double) points[i].duration / G_USEC_PER_SEC };

      g_array_append_val (steps, step);
    }
}

static gint64
count_read (CollateAnswer *answer)
{
  guint n_points;
  const CollatePacePoint *points = collate_answer_get_pace (answer, FALSE, &n_points);
  gint64 n_tokens = 0;

  for (guint i = 0; i < n_points; i++)
    n_tokens += points[i].n_tokens;

  return n_tokens;
}

/* Runs after the first read next to nothing anew: the one that read most shows most. */
static void
add_pace (Gathering *gathering, CollateAnswer *answer)
{
  CollateChartItem *item = gathering->item;
  gint64 n_read = count_read (answer);

  if (item->reading->len + item->writing->len > 0 && n_read <= gathering->n_read)
    return;

  gathering->n_read = n_read;
  g_array_set_size (item->reading, 0);
  g_array_set_size (item->writing, 0);
  add_steps (item->reading, answer, FALSE);
  add_steps (item->writing, answer, TRUE);
}

/* Done runs count alone as soon as there is one. */
static void
add_run (Gathering *gathering, CollateAnswer *answer)
{
  gboolean done = collate_answer_get_state (answer) == COLLATE_ANSWER_DONE;
  Gathering fresh = { .item = gathering->item, .n_open = gathering->n_open, .n_read = gathering->n_read };

  if (done && gathering->n_done == 0)
    *gathering = fresh;
  if (done || gathering->n_done == 0)
    add_values (gathering, answer);
  add_pace (gathering, answer);
  gathering->n_open += !collate_answer_state_is_final (collate_answer_get_state (answer));
  gathering->n_done += done;
}

static void
finish_item (const Gathering *gathering)
{
  CollateChartItem *item = gathering->item;

  item->finished = gathering->n_done > 0 && gathering->n_open == 0;
  item->time = spread_mean (&gathering->time);
  item->first_token = spread_mean (&gathering->first_token);
  item->input_tokens = spread_mean (&gathering->input);
  item->output_tokens = spread_mean (&gathering->output);
  if (gathering->n_done > 1)
    {
      item->time_low = gathering->time.low;
      item->time_high = gathering->time.high;
    }
  /* A mean that leaves out a run whose price nobody knows would be a wrong one. */
  if (item->local || gathering->cost.n < MAX (gathering->n_done, 1))
    return;
  item->cost = spread_mean (&gathering->cost);
  if (gathering->n_done > 1)
    {
      item->cost_low = gathering->cost.low;
      item->cost_high = gathering->cost.high;
    }
}

/* The place of an entry among those of the comparison. */
static guint
find_entry (GHashTable *places, const char *id)
{
  gpointer place;

  if (g_hash_table_lookup_extended (places, id, NULL, &place))
    return GPOINTER_TO_UINT (place);
  g_hash_table_insert (places, (gpointer) id, GUINT_TO_POINTER (g_hash_table_size (places)));

  return g_hash_table_size (places) - 1;
}

GPtrArray *
collate_chart_data_new (CollateComparison *comparison)
{
  GPtrArray *items = collate_chart_items_new ();
  GListModel *answers = G_LIST_MODEL (comparison);
  guint n = g_list_model_get_n_items (answers);
  g_autofree Gathering *gatherings = g_new0 (Gathering, n);
  g_autoptr (GHashTable) places = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (answers, i);
      Gathering *gathering = &gatherings[find_entry (places, collate_answer_get_entry_id (answer))];

      if (gathering->item == NULL)
        {
          gathering->item = collate_chart_items_append (items, collate_answer_get_name (answer));
          gathering->item->local = collate_answer_is_local (answer);
        }
      add_run (gathering, answer);
    }
  for (guint i = 0; i < items->len; i++)
    finish_item (&gatherings[i]);

  return items;
}

static gboolean
same_number (double a, double b)
{
  return a == b || (isnan (a) && isnan (b));
}

static gboolean
same_steps (const GArray *a, const GArray *b)
{
  return a->len == b->len &&
         (a->len == 0 || memcmp (a->data, b->data, a->len * sizeof (CollateChartStep)) == 0);
}

static gboolean
same_item (const CollateChartItem *a, const CollateChartItem *b)
{
  return g_str_equal (a->name, b->name) && a->color == b->color && same_number (a->cost, b->cost) &&
         same_number (a->cost_low, b->cost_low) && same_number (a->cost_high, b->cost_high) &&
         same_number (a->time, b->time) && same_number (a->time_low, b->time_low) &&
         same_number (a->time_high, b->time_high) && same_number (a->first_token, b->first_token) &&
         same_number (a->input_tokens, b->input_tokens) && same_number (a->output_tokens, b->output_tokens) &&
         a->local == b->local && a->finished == b->finished && same_steps (a->reading, b->reading) &&
         same_steps (a->writing, b->writing);
}

gboolean
collate_chart_data_equal (GPtrArray *a, GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (!same_item (g_ptr_array_index (a, i), g_ptr_array_index (b, i)))
      return FALSE;

  return TRUE;
}

guint
collate_chart_color_for_answer (CollateComparison *comparison, CollateAnswer *answer)
{
  GListModel *answers = G_LIST_MODEL (comparison);
  g_autoptr (GHashTable) places = g_hash_table_new (g_str_hash, g_str_equal);
  const char *wanted = collate_answer_get_entry_id (answer);

  for (guint i = 0; i < g_list_model_get_n_items (answers); i++)
    {
      g_autoptr (CollateAnswer) other = g_list_model_get_item (answers, i);
      guint place = find_entry (places, collate_answer_get_entry_id (other));

      if (g_strcmp0 (collate_answer_get_entry_id (other), wanted) == 0)
        return place % COLLATE_N_COLORS;
    }

  return 0;
}
