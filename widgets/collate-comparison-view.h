/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "widgets/collate-answer-list.h"

G_BEGIN_DECLS

/* A whole comparison: when and over which documents it was asked, findings, answers, metrics, charts. It
 * does not scroll by itself and clamps its own width. Properties, read and write: "comparison"
 * (CollateComparison; nullable: then it shows nothing) and "layout" (CollateAnswerLayout). Uses the action
 * win.ask-again. */
#define COLLATE_TYPE_COMPARISON_VIEW (collate_comparison_view_get_type ())
G_DECLARE_FINAL_TYPE (CollateComparisonView, collate_comparison_view, COLLATE, COMPARISON_VIEW, AdwBin)

/* Goes to the answer at this place (from 0); FALSE where there is none. */
gboolean collate_comparison_view_focus_answer (CollateComparisonView *self, guint position);

G_END_DECLS
