/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "collate-choices.h"
#include "collate-local-models.h"
#include "collate-notice.h"
#include "collate-window.h"
#include "widgets/collate-announcer.h"
#include "widgets/collate-comparison-view.h"
#include "widgets/collate-document-list.h"
#include "widgets/collate-history-list.h"
#include "widgets/collate-model-list.h"
#include "widgets/collate-question-card.h"

G_BEGIN_DECLS

struct _CollateWindow
{
  AdwApplicationWindow parent_instance;

  CollateWorkspace *workspace;
  CollateLocalModels *local_models;
  GSettings *settings;
  CollateChoices *choices;
  CollateComparison *comparison; /* the one shown; (nullable) */
  GPtrArray *asked;              /* comparisons asked in this window: they are stopped when it closes */
  gboolean restoring;            /* the documents of a past comparison come back, to ask over them again */
  GCancellable *cancellable;     /* of everything that may still come when the window is gone */

  GSignalGroup *comparison_signals;
  GSignalGroup *catalogue_signals;

  AdwToastOverlay *toasts;
  AdwFlap *flap;
  AdwWindowTitle *title;
  GtkMenuButton *menu_button;
  GtkMenuButton *formats_button;
  GtkScrolledWindow *scroller;
  GtkWidget *empty;
  GtkWidget *empty_button;
  CollateNotice *keys_notice;
  CollateNotice *models_notice;
  CollateNotice *history_notice;
  CollateDocumentList *document_list;
  CollateModelList *model_list;
  CollateHistoryList *history_list;
  CollateQuestionCard *question_card;
  CollateComparisonView *comparison_view;
  CollateAnnouncer *announcer;
};

/* Installs win.… on the class. */
void _collate_window_class_install_actions (GtkWidgetClass *widget_class);

/* Takes what is dropped anywhere on the window. */
void _collate_window_take_drops (CollateWindow *self);

/* Says when a model file has come, and how much memory is free for them whenever a person comes back. */
void _collate_window_watch_models (CollateWindow *self);

/* Shows a comparison, or none. */
void _collate_window_set_comparison (CollateWindow *self, CollateComparison *comparison);

/* What depends on whether the comparison that is shown still runs. */
void _collate_window_update_running (CollateWindow *self);

/* Asks the question that is written, and shows the answers. */
void _collate_window_ask (CollateWindow *self);

/* Asks the question of the comparison that is shown, over its documents. */
void _collate_window_ask_again (CollateWindow *self);

/* Says a sentence at the window's foot, for a while. */
void _collate_window_toast (CollateWindow *self, const char *sentence);

G_END_DECLS
