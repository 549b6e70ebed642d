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
