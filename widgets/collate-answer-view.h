/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "compare/collate-comparison.h"

G_BEGIN_DECLS

/* One answer: a header with its model's name, what it cost and how long it took, and beneath it the text.
 * While it is written the view follows it, once a frame. Properties: "comparison" and "answer" (construct
 * only), "expanded" (read and write, TRUE at first). Uses the action app.preferences ("s": "key:NAME"). */
#define COLLATE_TYPE_ANSWER_VIEW (collate_answer_view_get_type ())
G_DECLARE_FINAL_TYPE (CollateAnswerView, collate_answer_view, COLLATE, ANSWER_VIEW, AdwBin)

GtkWidget *collate_answer_view_new (CollateComparison *comparison, CollateAnswer *answer);

/* The answer that it shows; (transfer none). */
CollateAnswer *collate_answer_view_get_answer (CollateAnswerView *self);

G_END_DECLS
