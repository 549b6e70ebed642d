/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compare/collate-answer.h"

G_BEGIN_DECLS

/* The figures of an answer as the metrics table shows and sorts them. Private to that table. */

/* In the order of the table's columns. */
typedef enum
{
  COLLATE_METRIC_MODEL,
  COLLATE_METRIC_INPUT,
  COLLATE_METRIC_CACHED,
  COLLATE_METRIC_OUTPUT,
  COLLATE_METRIC_REASONING,
  COLLATE_METRIC_TOTAL,
  COLLATE_METRIC_COST,
  COLLATE_METRIC_FIRST_TOKEN,
  COLLATE_METRIC_TIME,
  COLLATE_METRIC_RATE,
  COLLATE_METRIC_KEYS,
  COLLATE_N_METRICS,
} CollateMetric;

/* What the column sorts by; NaN where unknown, and for the model. */
double collate_metric_get_value (CollateMetric metric, CollateAnswer *answer);

/* What the cell shows: "…" for what may still come, "—" for what is not known, "~698" for what was counted
 * here; (transfer full). */
char *collate_metric_get_text (CollateMetric metric, CollateAnswer *answer);

/* TRUE where one of the answers has the figure, or may have it yet. */
gboolean collate_metric_is_known (CollateMetric metric, GListModel *answers);

/* TRUE where the figure rests on tokens that were counted here, because the server did not say. */
gboolean collate_metric_is_estimated (CollateMetric metric, CollateAnswer *answer);

/* TRUE where the value is the lowest of those that compete, and another one is higher as shown: for cost,
 * first token and time of answers that are done. */
gboolean collate_metric_is_best (CollateMetric metric, CollateAnswer *answer, GListModel *answers);

G_END_DECLS
