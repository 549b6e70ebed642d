/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/collate-error.h"
#include "clients/collate-client.h"

G_BEGIN_DECLS

/* A reply as it is read: where the readers of the wire formats put what they find, and what is told of it.
 * Private to this room; main thread. */

/* Counters of a usage record, -1 while they are unknown. */
typedef struct
{
  gint64 input; /* `cached` and the two writes are parts of it where `inclusive` */
  gint64 cached;
  gint64 write; /* of any lifetime */
  gint64 write_1h;
  gint64 output;
  gint64 reasoning;
  gint64 drafted;
  gint64 drafts_right;
  gint64 total; /* of input and output: tells one of them where the server leaves it out */
  CollateMoney reported;
  gboolean inclusive;
} CollateCounters;

typedef struct
{
  CollateEventFunc on_event;
  gpointer event_data;
  GCancellable *cancellable;

  guint status;
  gint64 retry_after; /* milliseconds, -1: none */
  char *should_retry; /* "true", "false" or NULL: the server's own word */
  gint64 time;        /* when what is being read came */

  char *model;
  char *finish;
  GString *refusal; /* the model's own words where it declines */
  CollateCounters counters;
  gboolean has_text;
  gboolean has_reasoning;
  gboolean closed; /* the closing marker came */

  JsonObject *sent;          /* the request's body */
  const char *const *needed; /* its members that no server can refuse */
  CollateVerdict verdict;
  GError *error;
} CollateReply;

CollateReply *collate_reply_new (CollateEventFunc on_event, gpointer event_data, GCancellable *cancellable);
void collate_reply_free (CollateReply *reply);

/* TRUE where nothing more is to be read: it failed, it is closed, or the person stopped it. */
gboolean collate_reply_is_over (CollateReply *reply);

/* Told at once; NULL and "" are nothing, everywhere. */
void collate_reply_add_text (CollateReply *reply, const char *text);
void collate_reply_add_reasoning (CollateReply *reply, const char *text);
void collate_reply_set_model (CollateReply *reply, const char *model);
void collate_reply_set_finish (CollateReply *reply, const char *reason);

void collate_reply_add_refusal (CollateReply *reply, const char *text);

/* Takes the member's number as a counter, where it is one. */
void collate_reply_count (gint64 *counter, JsonObject *usage, const char *member);

/* Tells the usage by the counters; a record of nothing but zeros says nothing, nor does one that lacks input or
 * output: 0 in its place would be a false bill. */
void collate_reply_tell_usage (CollateReply *reply);

/* Fails; the first failure stays. */
void collate_reply_fail (CollateReply *reply, CollateError code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Fails by an error of the server's: `body` is the object that holds it, or NULL where the server sent `raw`,
 * which is no JSON; (nullable) raw. What may help is in the verdict. */
void collate_reply_fail_by_server (CollateReply *reply, JsonObject *body, const char *raw);

/* Judges a reply that is read to its end: fails it where the finish reason, or its absence, says so. */
void collate_reply_judge (CollateReply *reply, const GError *transport);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateReply, collate_reply_free)

G_END_DECLS
