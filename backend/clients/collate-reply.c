/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "clients/collate-reply.h"

#include <string.h>

#include "base/collate-error.h"
#include "base/collate-json.h"

#define MAX_COUNT G_GINT64_CONSTANT (1000000000000) /* no request has more tokens; the sum of all fits */

CollateReply *
collate_reply_new (CollateEventFunc on_event, gpointer event_data, GCancellable *cancellable)
{
  CollateReply *reply = g_new0 (CollateReply, 1);

  reply->on_event = on_event;
  reply->event_data = event_data;
  reply->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  reply->retry_after = -1;
  reply->refusal = g_string_new (NULL);
  reply->counters = (CollateCounters){ -1, -1, -1, -1, -1, -1, -1, -1, -1, COLLATE_MONEY_UNKNOWN, FALSE };
  reply->verdict.wait = -1;

  return reply;
}

void
collate_reply_free (CollateReply *reply)
{
  g_clear_object (&reply->cancellable);
  g_clear_pointer (&reply->sent, json_object_unref);
  g_clear_error (&reply->error);
  collate_verdict_clear (&reply->verdict);
  g_string_free (reply->refusal, TRUE);
  g_free (reply->should_retry);
  g_free (reply->model);
  g_free (reply->finish);
  g_free (reply);
}

static gboolean
is_stopped (CollateReply *reply)
{
  return reply->cancellable != NULL && g_cancellable_is_cancelled (reply->cancellable);
}

gboolean
collate_reply_is_over (CollateReply *reply)
{
  return reply->error != NULL || reply->closed || is_stopped (reply);
}

static void
emit (CollateReply *reply, CollateEventKind kind, const char *text, const CollateUsage *usage)
{
  const CollateEvent event = { .kind = kind, .time = reply->time, .text = text, .usage = usage };

  if (!is_stopped (reply))
    reply->on_event (&event, reply->event_data);
}

static gboolean
is_something (const char *text)
{
  return text != NULL && *text != '\0';
}

void
collate_reply_add_text (CollateReply *reply, const char *text)
{
  if (!is_something (text))
    return;

  reply->has_text = TRUE;
  emit (reply, COLLATE_EVENT_TEXT, text, NULL);
}

void
collate_reply_add_reasoning (CollateReply *reply, const char *text)
{
  if (!is_something (text))
    return;

  reply->has_reasoning = TRUE;
  emit (reply, COLLATE_EVENT_REASONING, text, NULL);
}

void
collate_reply_set_model (CollateReply *reply, const char *model)
{
  if (!is_something (model) || g_strcmp0 (model, reply->model) == 0)
    return;

  g_free (reply->model);
  reply->model = g_strdup (model);
  emit (reply, COLLATE_EVENT_MODEL, model, NULL);
}

static gboolean
came (CollateReply *reply)
{
  return reply->has_text || reply->has_reasoning;
}

/* The server gave up: another attempt may go well. */
static gboolean
is_breakdown (const char *reason)
{
  return strcmp (reason, "insufficient_system_resource") == 0 || strcmp (reason, "error") == 0;
}

void
collate_reply_set_finish (CollateReply *reply, const char *reason)
{
  if (!is_something (reason) || reply->finish != NULL)
    return;

  reply->finish = g_strdup (reason);
  if (came (reply) || !is_breakdown (reason))
    emit (reply, COLLATE_EVENT_FINISH, reason, NULL);
}

void
collate_reply_add_refusal (CollateReply *reply, const char *text)
{
  if (is_something (text))
    g_string_append (reply->refusal, text);
}

void
collate_reply_count (gint64 *counter, JsonObject *usage, const char *member)
{
  gint64 value = collate_json_int (usage, member, -1);

  if (value >= 0 && value <= MAX_COUNT)
    *counter = value;
}

/* The counter, or what the other one leaves of the total where the server does not tell it. */
static gint64
count_or_rest (gint64 counter, gint64 other, gint64 total)
{
  return counter < 0 && other >= 0 && total > other ? total - other : counter;
}

void
collate_reply_tell_usage (CollateReply *reply)
{
  const CollateCounters *counters = &reply->counters;
  gint64 input = count_or_rest (counters->input, counters->output, counters->total);
  gint64 output = count_or_rest (counters->output, counters->input, counters->total);
  gint64 most = counters->inclusive ? input : MAX_COUNT;
  gint64 cached = CLAMP (counters->cached, 0, most);
  gint64 write = CLAMP (counters->write, 0, most - cached);
  gint64 write_1h = CLAMP (counters->write_1h, 0, write);
  gint64 drafted = MAX (counters->drafted, 0);
  CollateUsage usage = {
    .input = counters->inclusive ? input - cached - write : input,
    .cached_input = cached,
    .cache_write = write - write_1h,
    .cache_write_1h = write_1h,
    .output = output,
    .reasoning = CLAMP (counters->reasoning, 0, output),
    .drafted = drafted,
    .drafts_right = CLAMP (counters->drafts_right, 0, drafted),
    .reported = counters->reported,
  };

  if (input >= 0 && output >= 0 && collate_usage_get_total (&usage) > 0)
    emit (reply, COLLATE_EVENT_USAGE, NULL, &usage);
}

void
collate_reply_fail (CollateReply *reply, CollateError code, const char *format, ...)
{
  va_list args;

  if (reply->error != NULL)
    return;

  va_start (args, format);
  reply->error = g_error_new_valist (COLLATE_ERROR, code, format, args);
  va_end (args);
}

/* What a finish reason means where it is no plain end. */
static void
judge_finish (CollateReply *reply)
{
  if (is_breakdown (reply->finish))
    {
      reply->verdict.again = TRUE;
      collate_reply_fail (reply, COLLATE_ERROR_SERVER, "%s", reply->finish);
    }
  else if (!reply->has_text && reply->refusal->len > 0)
    collate_reply_fail (reply, COLLATE_ERROR_REFUSED, "%s", reply->refusal->str);
  else if (!reply->has_text &&
           (strcmp (reply->finish, "content_filter") == 0 || strcmp (reply->finish, "refusal") == 0))
    collate_reply_fail (reply, COLLATE_ERROR_REFUSED, "%s", reply->finish);
  else if (!came (reply) && strcmp (reply->finish, "model_context_window_exceeded") == 0)
    collate_reply_fail (reply, COLLATE_ERROR_TOO_LONG, "%s", reply->finish);
  else if (!came (reply))
    collate_reply_fail (
        reply, COLLATE_ERROR_EMPTY, "no text and no reasoning, finish reason %s", reply->finish);
}

void
collate_reply_judge (CollateReply *reply, const GError *transport)
{
  if (reply->error != NULL)
    return;

  /* Where the finish reason came, so did all text: whatever became of the connection then. */
  if (reply->finish != NULL)
    judge_finish (reply);
  else if (transport != NULL)
    {
      /* Without a head it may have been a connection that the server had closed meanwhile. */
      reply->verdict.again = reply->status == 0 && transport->code == COLLATE_ERROR_PROTOCOL;
      collate_reply_fail (reply,
                          transport->code == COLLATE_ERROR_TOO_LARGE ? COLLATE_ERROR_PROTOCOL
                                                                     : transport->code,
                          "%s",
                          transport->message);
    }
  else if (reply->closed && !came (reply) && reply->refusal->len == 0)
    collate_reply_fail (reply, COLLATE_ERROR_EMPTY, "no text and no reasoning");
  else
    collate_reply_fail (reply, COLLATE_ERROR_PROTOCOL, "the stream ended before a finish reason");
}
