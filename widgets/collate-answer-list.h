/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

typedef enum
{
  COLLATE_ANSWER_LAYOUT_STACKED, /* one beneath the other */
  COLLATE_ANSWER_LAYOUT_COLUMNS, /* side by side */
} CollateAnswerLayout;

#define COLLATE_TYPE_ANSWER_LAYOUT (collate_answer_layout_get_type ())
GType collate_answer_layout_get_type (void);

/* All answers of a comparison. Properties, read and write: "comparison" (CollateComparison; nullable) and
 * "layout" (CollateAnswerLayout). */
#define COLLATE_TYPE_ANSWER_LIST (collate_answer_list_get_type ())
G_DECLARE_FINAL_TYPE (CollateAnswerList, collate_answer_list, COLLATE, ANSWER_LIST, AdwBin)

/* Goes to the answer at this place (from 0), its card expanded and in view; FALSE where there is none. */
gboolean collate_answer_list_focus_answer (CollateAnswerList *self, guint position);

G_END_DECLS
