/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "base/collate-format.h"
#include "catalogue/collate-model.h"
#include "compare/collate-comparison.h"
#include "documents/collate-document.h"

G_BEGIN_DECLS

/* The sentences that people read, made in one place from facts: in the window, on the command line, in
 * exports. Translated; never with a key. Main thread; (transfer full) unless said. */

/* Why an answer has no or half a text, and what to do: "OpenAI refuses the key in OPENAI_API_KEY. Check it
 * in Preferences." with the server's own words after it where they help. NULL where nothing is wrong;
 * (nullable). */
char *collate_sentence_for_answer (CollateAnswer *answer);

/* What to know about an answer that did come: a graphics card that failed, cut documents, a cut answer ("length"), dropped
 * parameters, another model than asked, estimated usage. NULL where there is nothing; (nullable). */
char *collate_sentence_for_warning (CollateAnswer *answer);

/* "Drafts right: 62 of 75 (83 %)": of the tokens that were guessed before they were computed. NULL where none were;
 * (nullable). */
char *collate_sentence_for_drafts (CollateAnswer *answer);

/* "waiting…", "writing… 312 tokens · 11.04 s", "$0.1623 · 42.28 s", "failed: no key": what stands after the
 * name. */
char *collate_sentence_for_state (CollateAnswer *answer);

/* "Waiting for its turn", "Reading: 1,024 of 3,913 tokens": what stands in an answer's place until it comes. */
char *collate_sentence_for_activity (CollateAnswer *answer);

/* What running a model file takes of memory, and what is free: NULL where that is not known; (nullable). */
char *collate_sentence_for_memory (CollateModel *model);

/* Why a graphics card does not compute, by the error of it, and the processor does: what to do about it. */
char *collate_sentence_for_avoided (const GError *avoided);

/* TRUE where nothing says that this machine's memory is too small for a model with its whole context. */
gboolean collate_model_is_held (CollateModel *model);

/* What became of a document: "12 pages · 20,480 tokens", its error and what to do, or "reading…". */
char *collate_sentence_for_document (CollateDocument *document);

/* An error of the file kind, or any other, for a person; (nullable) `subject` names what it is about. */
char *collate_sentence_for_error (const GError *error, const char *subject);

/* The findings, a line each: most cost-effective, fastest, in all; NULL where nothing can be said yet;
 * (nullable). */
char *collate_sentence_for_cost_finding (CollateComparison *comparison);
char *collate_sentence_for_time_finding (CollateComparison *comparison);
char *collate_sentence_for_total (CollateComparison *comparison);

/* The name of an entry of the comparison, as its answers bear it; its id where none does. */
char *collate_sentence_for_entry (CollateComparison *comparison, const char *id);

G_END_DECLS
