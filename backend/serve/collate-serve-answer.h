/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/collate-http-exchange.h"
#include "serve/collate-serve-job.h"

G_BEGIN_DECLS

/* The reply to one request, in its form: as it is written, or whole at its end. Main thread. */
typedef struct _CollateServeAnswer CollateServeAnswer;

/* Takes the request; `model` is what the model is called; (transfer full). */
CollateServeAnswer *collate_serve_answer_new (CollateHttpExchange *exchange,
                                              CollateServeRequest *request,
                                              const char *model);

CollateHttpExchange *collate_serve_answer_get_exchange (CollateServeAnswer *self);
const CollateServeRequest *collate_serve_answer_get_request (CollateServeAnswer *self);

/* What is written, in its order. */
void collate_serve_answer_add (CollateServeAnswer *self, const CollateServePiece *piece);

/* The end: one of them. */
void collate_serve_answer_finish (CollateServeAnswer *self, const CollateServeOutcome *outcome);
void collate_serve_answer_fail (CollateServeAnswer *self, const CollateServeFault *fault);

void collate_serve_answer_free (CollateServeAnswer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateServeAnswer, collate_serve_answer_free)

G_END_DECLS
