/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "compare/collate-answer.h"
#include "compare/collate-comparison.h"

G_BEGIN_DECLS

/* Private to this room: what is known of an answer and of a comparison as plain data. An answer holds its
 * facts in a record; the history's thread writes and reads records, so that no object crosses a thread. A
 * record belongs to one thread at a time. */

typedef struct
{
  char *entry_id;
  char *name;
  guint run;
  const char *reading; /* static */
  char *route;         /* (nullable), as the next four */
  char *provider_name;
  char *key_name;
  char *served_model;
  char *finish_reason;
  gboolean local;

  CollateAnswerState state;
  GString *text;
  GString *reasoning;

  gboolean has_usage;
  CollateUsage usage;
  CollatePrice *price; /* (nullable) */
  CollateMoney cost;
  gint64 asked_at; /* Unix seconds of the first request; 0 before it */

  CollateTimings timings;
  guint requests;
  GPtrArray *dropped; /* of strings, without a NULL at its end */

  GError *error;
  guint status;
  char *sentence; /* the error as an export told it, where it comes from one; (nullable) */

  gint64 expected_input;
  gboolean input_cut;
  GError *avoided;   /* why no graphics card computed it; (nullable) */
  double keys_read;  /* of a model file: the share of the tokens before each; NaN: not known */
  CollatePace *pace; /* the same: how long a token took; (nullable) */
} CollateAnswerRecord;

typedef struct
{
  gint64 id;
  char *question;
  char *title;
  gint64 created; /* microseconds since 1970, UTC */
  GPtrArray *documents;
  gint64 context_tokens;
  guint repeats;
  GPtrArray *answers; /* of CollateAnswerRecord */
} CollateComparisonRecord;

/* An answer that nobody asked yet: queued, with nothing known; (transfer full). */
CollateAnswerRecord *collate_answer_record_new (const char *entry_id, const char *name, guint run);

/* A copy whose text and reasoning begin at these offsets (0: whole); (transfer full). */
CollateAnswerRecord *collate_answer_record_copy (const CollateAnswerRecord *record,
                                                 gsize text_from,
                                                 gsize reasoning_from);
void collate_answer_record_free (CollateAnswerRecord *record);

/* Why an answer ended: one of the codes of asking, whatever domain and code `code` are of; a stranger's is
 * COLLATE_ERROR_PROTOCOL; (transfer full). */
GError *collate_answer_error_new (GQuark domain, int code, const char *message);

/* Why no graphics card computed an answer, as the JSON of exports and of the history, and back: NULL where it is malformed;
 * (transfer full). */
JsonObject *collate_avoided_to_json (const GError *avoided);
GError *collate_avoided_from_json (JsonObject *object);

/* A share from 0 to 1 as it is, and NaN for every other number. */
double collate_record_check_share (double share);

/* An empty comparison; (transfer full). */
CollateComparisonRecord *collate_comparison_record_new (const char *question);
void collate_comparison_record_free (CollateComparisonRecord *record);

/* A document, without its text; an array of them, and a copy of one; (transfer full). */
CollateDocumentRecord *collate_document_record_new (const char *name,
                                                    guint pages,
                                                    gint64 tokens,
                                                    const char *const *warnings);
GPtrArray *collate_document_records_new (void);
GPtrArray *collate_document_records_copy (GPtrArray *documents);

/* The documents as the JSON array of exports, without their text, and back: what is malformed is left out;
 * (transfer full). */
JsonArray *collate_document_records_to_json (GPtrArray *documents);
GPtrArray *collate_document_records_from_json (JsonArray *array);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateAnswerRecord, collate_answer_record_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateComparisonRecord, collate_comparison_record_free)

G_END_DECLS
