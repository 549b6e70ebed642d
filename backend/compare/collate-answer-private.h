/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "clients/collate-client.h"
#include "compare/collate-record.h"
#include "compare/collate-tally.h"
#include "documents/collate-library.h"

G_BEGIN_DECLS

/* Private to this room: how an answer is made and how facts reach it. Each of the functions that change an
 * answer does nothing once its state is final, but for the expected input. */

/* Takes the record; `n_runs` is how often its entry is asked; (transfer full). */
CollateAnswer *collate_answer_new (CollateAnswerRecord *record, guint n_runs);

/* The facts themselves; (transfer none). */
const CollateAnswerRecord *collate_answer_get_record (CollateAnswer *self);

/* What counts the output where the server does not say: an encoding of `encodings` (NULL: the default one)
 * and the model's tokens for one of its tokens. */
void collate_answer_set_counting (CollateAnswer *self,
                                  CollateEncodings *encodings,
                                  const char *encoding,
                                  double token_factor);

/* The input's tokens as counted here; `exact` where it is the model's own tokenizer. */
void collate_answer_set_expected_input (CollateAnswer *self, gint64 tokens, gboolean exact);

/* Takes what a client hands over. */
void collate_answer_apply (CollateAnswer *self, const CollateEvent *event);

/* Ends the answer: done without `error`; otherwise stopped where its code says so, or failed. */
void collate_answer_finish (CollateAnswer *self, const GError *error, guint status);

/* Fills `usage` with what it used so far, estimated where the server did not say; FALSE where nothing was
 * used as far as anybody knows. */
gboolean collate_answer_estimate_usage (CollateAnswer *self, CollateUsage *usage);

/* Private to the answer's two files. */

struct _CollateAnswer
{
  GObject parent_instance;

  CollateAnswerRecord *record;
  char *label;

  gint64 sent; /* monotonic time of the first request; -1 before it */
  gboolean expected_exact;
  gboolean server_usage; /* the record's usage is the server's word */
  CollateActivity activity;
  char *waits_for; /* the activity's */
  CollateTally *text_tally;
  CollateTally *reasoning_tally;
};

typedef enum
{
  COLLATE_ANSWER_PROP_0,
  COLLATE_ANSWER_PROP_STATE,
  COLLATE_ANSWER_PROP_TEXT_LENGTH,
  COLLATE_ANSWER_PROP_REASONING_LENGTH,
  COLLATE_ANSWER_PROP_COST,
  COLLATE_ANSWER_PROP_USAGE,
  COLLATE_ANSWER_PROP_ERROR,
  COLLATE_ANSWER_PROP_WARNING,
  COLLATE_ANSWER_PROP_ACTIVITY,
  COLLATE_ANSWER_N_PROPS,
} CollateAnswerProperty;

void collate_answer_notify (CollateAnswer *self, CollateAnswerProperty property);

G_END_DECLS
