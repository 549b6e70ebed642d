/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "chart-samples.h"

#include <math.h>

CollateChartItem *
samples_add (GPtrArray *items,
             const char *name,
             double cost,
             double time,
             double first,
             double input,
             double output)
{
  CollateChartItem *item = collate_chart_items_append (items, name);

  item->cost = cost;
  item->time = time;
  item->first_token = first;
  item->input_tokens = input;
  item->output_tokens = output;
  item->finished = TRUE;

  return item;
}

GPtrArray *
samples_tutorial (void)
{
  GPtrArray *items = collate_chart_items_new ();

  samples_add (items, "DeepSeek v3.2-Exp", 0.0162, 32.16, 1.2, 56842, 698);
  samples_add (items, "GPT-5", 0.1623, 42.28, 9.8, 56937, 1996);
  samples_add (items, "Claude Sonnet 4.5", 0.2048, 14.6, 1.1, 65855, 485);
  samples_add (items, "DeepSeek v3.1-Terminus", 0.0328, 21, 1.4, 56842, 700);

  return items;
}

GPtrArray *
samples_mixed (void)
{
  GPtrArray *items = samples_tutorial ();
  CollateChartItem *item;

  item = g_ptr_array_index (items, 1);
  item->cost_low = 0.12;
  item->cost_high = 0.19;
  item->time_low = 36;
  item->time_high = 55;
  item = g_ptr_array_index (items, 2);
  item->finished = FALSE;
  item = samples_add (items, "SmolLM2 135M, sparse", NAN, 71, 12, 57298, 410);
  item->local = TRUE;
  samples_add (items, "Qwen 3 Next", NAN, 18.2, 0.7, 58001, 902);

  return items;
}

GPtrArray *
samples_crowd (guint n)
{
  GPtrArray *items = collate_chart_items_new ();

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name =
          g_strdup_printf ("A model with a rather long name, the %uth of its kind", i + 1);
      double cost = 0.001 * pow (1.5, i * 7 % n);

      samples_add (
          items, i % 3 ? name : "GPT", cost, 5 + i * 11 % (n + 1) * 3.7, i % 4, 1000 * (i + 1), 37 * i);
    }

  return items;
}

GPtrArray *
samples_hostile (void)
{
  static const double values[] = {
    NAN, INFINITY, -INFINITY, 1e300, -1e300, 1e-300, 5e-324, 0, -0.0, -1, 1, 1.7976931348623157e308,
  };
  GPtrArray *items = collate_chart_items_new ();
  guint n = G_N_ELEMENTS (values);

  for (guint i = 0; i < 2 * n; i++)
    {
      CollateChartItem *item = samples_add (items,
                                            i % 2 ? "\xff\xfe broken \n\t\xe2\x80\xae name" : NULL,
                                            values[i % n],
                                            values[(i + 3) % n],
                                            values[(i + 5) % n],
                                            values[(i + 7) % n],
                                            values[(i + 11) % n]);

      item->cost_low = values[(i + 1) % n];
      item->cost_high = values[(i + 2) % n];
      item->time_low = values[(i + 4) % n];
      item->time_high = values[(i + 6) % n];
      item->color = i % 5 ? i : G_MAXUINT - i;
      item->finished = i % 3 != 0;
      item->local = i % 7 == 0;
      for (guint j = 0; j < n; j++)
        {
          const CollateChartStep step = { values[(i + j) % n],
                                          values[(i + 2 * j) % n],
                                          values[(i + 5 * j) % n] };

          g_array_append_val (i % 2 ? item->reading : item->writing, step);
        }
    }

  return items;
}

void
samples_add_steps (GArray *steps, double begin, double end, double n_tokens, double first, double last)
{
  for (double at = begin; at < end; at += n_tokens)
    {
      double n = MIN (n_tokens, end - at);
      double far = (at - begin) / (end - begin);
      double noise = 1 + 0.12 * sin (steps->len * 2.4) + 0.05 * sin (steps->len * 0.7);
      const CollateChartStep step = { at + n, n, n * (first + far * (last - first)) * noise };

      g_array_append_val (steps, step);
    }
}

GPtrArray *
samples_pace (void)
{
  GPtrArray *items = collate_chart_items_new ();
  CollateChartItem *dense = samples_add (items, "SmolLM2 135M", NAN, 118, 90, 7600, 400);
  CollateChartItem *sparse = samples_add (items, "SmolLM2 135M, sparse", NAN, 52, 41, 7600, 400);

  samples_add (items, "GPT-5", 0.0135, 12.4, 4.1, 7420, 310);
  dense->local = sparse->local = TRUE;
  samples_add_steps (dense->reading, 0, 7600, 256, 0.0022, 0.0196);
  samples_add_steps (dense->writing, 7600, 8000, 4, 0.079, 0.083);
  samples_add_steps (sparse->reading, 0, 7600, 256, 0.0023, 0.0061);
  samples_add_steps (sparse->writing, 7600, 8000, 4, 0.025, 0.026);

  return items;
}

const char *const samples_names[] = {
  "none",    "one",   "two",        "equal",        "zero",        "tiny",    "huge",     "unfinished",
  "unknown", "local", "mixed",      "tutorial",     "scripts",     "crowd-8", "crowd-24", "pile",
  "hostile", "pace",  "pace-crowd", "pace-written", "pace-little", NULL,
};

static GPtrArray *
uniform (guint n, double cost, double time, double tokens)
{
  GPtrArray *items = collate_chart_items_new ();

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("Model %u", i + 1);

      samples_add (items, name, cost, time, time / 3, tokens, tokens);
    }

  return items;
}

static GPtrArray *
with_flags (GPtrArray *items, gboolean finished, gboolean local)
{
  for (guint i = 0; i < items->len; i++)
    {
      CollateChartItem *item = g_ptr_array_index (items, i);

      item->finished = finished;
      item->local = local;
    }

  return items;
}

static GPtrArray *
scripts (void)
{
  GPtrArray *items = collate_chart_items_new ();

  samples_add (items, "通义千问 三点零 超大规模语言模型", 0.02, 12, 1, 40000, 900);
  samples_add (items, "نموذج لغوي كبير", 0.03, 17, 2, 41000, 800);
  samples_add (items, "ภาษาไทยที่สูง ปู่ญู่", 0.05, 11, 1, 42000, 700);
  samples_add (items, "Ångström & <b>Söhne</b>", 0.04, 19, 3, 43000, 600);

  return items;
}

/* Without a prompt that had to be read. */
static GPtrArray *
pace_written (void)
{
  GPtrArray *items = samples_pace ();

  for (guint i = 0; i < items->len; i++)
    g_array_set_size (((CollateChartItem *) g_ptr_array_index (items, i))->reading, 0);

  return items;
}

/* A token here and there, as soon as it can be. */
static GPtrArray *
pace_little (void)
{
  GPtrArray *items = uniform (2, NAN, 1, 3);
  CollateChartItem *first = g_ptr_array_index (items, 0);
  CollateChartItem *second = g_ptr_array_index (items, 1);

  first->finished = FALSE;
  samples_add_steps (first->reading, 131071, 131072, 1, 1e-7, 1e-7);
  samples_add_steps (second->writing, 131072, 131073, 1, 12, 12);

  return items;
}

static GPtrArray *
pace_crowd (void)
{
  GPtrArray *items = samples_crowd (18);

  for (guint i = 0; i < items->len; i++)
    {
      CollateChartItem *item = g_ptr_array_index (items, i);

      item->local = TRUE;
      item->finished = i % 5 != 0;
      samples_add_steps (item->reading, 0, 1000.0 * (i + 1), 64, 0.001, 0.001 * (i + 1));
      samples_add_steps (item->writing, 1000.0 * (i + 1), 1000.0 * (i + 1) + 37 * i, 1, 0.01, 0.02);
    }

  return items;
}

GPtrArray *
samples_lookup (const char *name)
{
  if (g_str_equal (name, "one"))
    return uniform (1, 0.1623, 42.28, 56937);
  if (g_str_equal (name, "two"))
    {
      GPtrArray *items = samples_tutorial ();

      g_ptr_array_set_size (items, 2);
      return items;
    }
  if (g_str_equal (name, "equal"))
    return uniform (5, 0.1, 10, 1000);
  if (g_str_equal (name, "zero"))
    return uniform (3, 0, 0, 0);
  if (g_str_equal (name, "tiny"))
    return uniform (3, 1e-11, 1e-6, 1);
  if (g_str_equal (name, "huge"))
    return uniform (4, 8e6, 9e6, 9e14);
  if (g_str_equal (name, "unfinished"))
    return with_flags (samples_tutorial (), FALSE, FALSE);
  if (g_str_equal (name, "unknown"))
    return uniform (6, NAN, NAN, NAN);
  if (g_str_equal (name, "local"))
    return with_flags (samples_tutorial (), TRUE, TRUE);
  if (g_str_equal (name, "mixed"))
    return samples_mixed ();
  if (g_str_equal (name, "tutorial"))
    return samples_tutorial ();
  if (g_str_equal (name, "scripts"))
    return scripts ();
  if (g_str_equal (name, "crowd-8"))
    return samples_crowd (8);
  if (g_str_equal (name, "crowd-24"))
    return samples_crowd (24);
  if (g_str_equal (name, "pile"))
    return uniform (24, 0.5, 20, 12345);
  if (g_str_equal (name, "hostile"))
    return samples_hostile ();
  if (g_str_equal (name, "pace"))
    return samples_pace ();
  if (g_str_equal (name, "pace-crowd"))
    return pace_crowd ();
  if (g_str_equal (name, "pace-written"))
    return pace_written ();
  if (g_str_equal (name, "pace-little"))
    return pace_little ();

  return collate_chart_items_new ();
}
