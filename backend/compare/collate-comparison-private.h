/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compare/collate-record.h"

G_BEGIN_DECLS

/* Private to this room: how a comparison is made, and what its driver and the history tell it. */

/* Who asks for a comparison. One without a driver is past: it cannot be stopped or retried. */
typedef struct
{
  void (*stop) (CollateAnswer *answer, gpointer data);
  void (*retry) (CollateAnswer *answer, gpointer data);
} CollateDriver;

/* Takes the record and makes its answers; (transfer full). */
CollateComparison *collate_comparison_new (CollateComparisonRecord *record);

/* A copy of all that is known now; (transfer full). */
CollateComparisonRecord *collate_comparison_dup_record (CollateComparison *self);

/* Hands over who asks; `data` is freed with the comparison. */
void collate_comparison_set_driver (CollateComparison *self,
                                    const CollateDriver *driver,
                                    gpointer data,
                                    GDestroyNotify free_data);

/* What was handed over with the driver. */
gpointer collate_comparison_get_driver_data (CollateComparison *self);

/* The number that the history gave it. */
void collate_comparison_set_id (CollateComparison *self, gint64 id);

/* Where an answer stands in the list; FALSE where it is no longer there. */
gboolean collate_comparison_find (CollateComparison *self, CollateAnswer *answer, guint *position);

/* Something of an answer changed: views, findings and the history learn it from here. */
void collate_comparison_answer_changed (CollateComparison *self, CollateAnswer *answer);

/* Puts a new answer into the place of an old one. */
void collate_comparison_replace (CollateComparison *self, CollateAnswer *old, CollateAnswer *replacement);

/* Between these two it is not settled: something of it is not written or counted yet. */
void collate_comparison_hold (CollateComparison *self);
void collate_comparison_release (CollateComparison *self);

/* Who won among the answers of `answers` (a GListModel of CollateAnswer); the strings are the answers' own. */
void collate_findings_compute (GListModel *answers, guint repeats, CollateFindings *findings);

/* The places behind the point that amounts of money are shown with, and compared by. */
#define COLLATE_COST_DECIMALS 4

G_END_DECLS
