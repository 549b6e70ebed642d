/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "charts/collate-chart.h"

G_BEGIN_DECLS

/* Items to draw; (transfer full). */

/* The tutorial's four models. */
GPtrArray *samples_tutorial (void);

/* The same asked several times, one of them on this machine, one unfinished, one without a price. */
GPtrArray *samples_mixed (void);

/* `n` items with long names and values over many orders of magnitude. */
GPtrArray *samples_crowd (guint n);

/* Values that no bill and no clock shows. */
GPtrArray *samples_hostile (void);

/* A model of this machine in two ways of reading, the first of which takes longer the further it is, and a server's. */
GPtrArray *samples_pace (void);

/* Steps of an item's timeline up to `end`, each of n_tokens, from `first` to `last` seconds a token, and uneven. */
void samples_add_steps (GArray *steps, double begin, double end, double n_tokens, double first, double last);

/* A named set: "none", "one", "equal", "zero", "tiny", "huge", "unfinished", "unknown" … */
extern const char *const samples_names[];
GPtrArray *samples_lookup (const char *name);

/* One item with cost, time, first token, input and output. */
CollateChartItem *samples_add (GPtrArray *items,
                               const char *name,
                               double cost,
                               double time,
                               double first,
                               double input,
                               double output);

G_END_DECLS
