/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Where the question is written and asked. Properties, read and write: "workspace" (CollateWorkspace; the
 * text is its "question"), "samples" (GStrv, sample questions; nullable), "running" (boolean: an answer is
 * being written, so that there is something to stop). Uses the actions win.ask (whose "enabled" makes the
 * button sensitive: bind it to the workspace's "can-ask") and win.stop-all. */
#define COLLATE_TYPE_QUESTION_CARD (collate_question_card_get_type ())
G_DECLARE_FINAL_TYPE (CollateQuestionCard, collate_question_card, COLLATE, QUESTION_CARD, AdwBin)

/* Puts the keyboard focus into the question, all of its text selected. */
void collate_question_card_focus (CollateQuestionCard *self);

G_END_DECLS
