/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "compare/collate-answer.h"

G_BEGIN_DECLS

/* A question over a set of documents, and its answers: a GListModel of CollateAnswer in the order of the
 * entries asked, then by run. Made by the workspace (asked) or the history (past). Main thread. Properties,
 * read only and notified: "id" (gint64, 0 until the history has it), "question", "title" (settable by the
 * person; the question at first), "running", "n-running", "findings" (notified when an answer ends). Signal
 * "answer-changed" (CollateAnswer): something of it changed; many times a second. */

#define COLLATE_TYPE_COMPARISON (collate_comparison_get_type ())
G_DECLARE_FINAL_TYPE (CollateComparison, collate_comparison, COLLATE, COMPARISON, GObject)

/* A document as it was when the question was asked. */
typedef struct
{
  char *name;
  guint pages;
  gint64 tokens;
  GStrv warnings; /* never NULL */
  char *text;     /* a ref-counted string; NULL where another program asked: the history may have it */
} CollateDocumentRecord;

/* Who won. An entry's id, or NULL where there is no winner; costs and times are means over its
 * runs that are done. */
typedef struct
{
  guint n_finished; /* entries that compete: all runs ended, and one is done at least */
  const char *most_cost_effective;
  CollateMoney lowest_cost;
  CollateMoney highest_cost; /* COLLATE_MONEY_UNKNOWN where fewer than two compete */
  const char *most_expensive;
  const char *fastest;
  double lowest_time; /* seconds */
  double highest_time;
  const char *slowest;
  CollateMoney total_cost;   /* of all answers that cost something, unknown where none is known */
  gboolean total_incomplete; /* an answer's cost is unknown and missing in the total */
  gint64 total_input;        /* tokens read and written by all answers */
  gint64 total_output;
  guint repeats;
} CollateFindings;

gint64 collate_comparison_get_id (CollateComparison *self);
const char *collate_comparison_get_question (CollateComparison *self);
const char *collate_comparison_get_title (CollateComparison *self);

/* When it was asked, UTC; (transfer none). */
GDateTime *collate_comparison_get_created (CollateComparison *self);

/* An array of CollateDocumentRecord; (transfer none). */
GPtrArray *collate_comparison_get_documents (CollateComparison *self);

/* The joined context's tokens in the default encoding. */
gint64 collate_comparison_get_context_tokens (CollateComparison *self);

guint collate_comparison_get_repeats (CollateComparison *self);

/* TRUE while an answer is not final. */
gboolean collate_comparison_is_running (CollateComparison *self);

/* Recomputed when an answer ends; valid until then; (transfer none). */
const CollateFindings *collate_comparison_get_findings (CollateComparison *self);

/* Stops one answer, or all that run or wait: the text that came stays. */
void collate_comparison_stop (CollateComparison *self, CollateAnswer *answer);
void collate_comparison_stop_all (CollateComparison *self);

/* Asks one again, over the route and with the key of now: a new answer takes its place in the list. FALSE
 * where it cannot: an answer that still runs, or one of a past comparison, which has nobody who asks. */
gboolean collate_comparison_can_retry (CollateComparison *self, CollateAnswer *answer);
void collate_comparison_retry (CollateComparison *self, CollateAnswer *answer);

/* Finishes when no answer runs and the history holds all. */
void collate_comparison_settle_async (CollateComparison *self,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
gboolean collate_comparison_settle_finish (CollateComparison *self, GAsyncResult *result, GError **error);

G_END_DECLS
