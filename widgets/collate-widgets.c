/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Templates name types by their names; a name is known once its type was registered. */
#include "widgets/collate-widgets.h"

#include "widgets/collate-announcer.h"
#include "widgets/collate-comparison-view.h"
#include "widgets/collate-document-list.h"
#include "widgets/collate-history-list.h"
#include "widgets/collate-model-list.h"
#include "widgets/collate-question-card.h"

void
collate_widgets_init (void)
{
  g_type_ensure (COLLATE_TYPE_ANNOUNCER);
  g_type_ensure (COLLATE_TYPE_COMPARISON_VIEW);
  g_type_ensure (COLLATE_TYPE_DOCUMENT_LIST);
  g_type_ensure (COLLATE_TYPE_HISTORY_LIST);
  g_type_ensure (COLLATE_TYPE_MODEL_LIST);
  g_type_ensure (COLLATE_TYPE_QUESTION_CARD);
}
