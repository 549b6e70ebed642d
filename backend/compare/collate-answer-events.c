/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* How an answer changes: its states, what it used and what that costs. Main thread. */

#include "compare/collate-answer-private.h"

#include <math.h>

/* States only move forward. */
static void
advance (CollateAnswer *self, CollateAnswerState state)
{
  if (state <= self->record->state)
    return;

  self->record->state = state;
  collate_answer_notify (self, COLLATE_ANSWER_PROP_STATE);
}

/* Usage and cost. */

static void
update_cost (CollateAnswer *self)
{
  CollateAnswerRecord *record = self->record;
  gint64 time = record->asked_at > 0 ? record->asked_at : g_get_real_time () / G_USEC_PER_SEC;
  CollateMoney cost = record->has_usage ? collate_price_get_cost (record->price, &record->usage, time)
                                        : COLLATE_MONEY_UNKNOWN;

  if (cost == record->cost)
    return;

  record->cost = cost;
  collate_answer_notify (self, COLLATE_ANSWER_PROP_COST);
}

/* A server counts its own chat format and its own tokens, so a small difference says nothing; without the
 * model's tokenizer our count is only near. */
static void
update_input_cut (CollateAnswer *self)
{
  CollateAnswerRecord *record = self->record;
  gint64 reported = collate_usage_get_input (&record->usage);
  double least = self->expected_exact ? 0.90 : 0.75;
  gboolean cut = self->server_usage && record->expected_input - reported > 200 &&
                 (double) reported < least * (double) record->expected_input;

  if (cut == record->input_cut)
    return;

  record->input_cut = cut;
  collate_answer_notify (self, COLLATE_ANSWER_PROP_WARNING);
}

/* Whether a model worked on the request, so that it will be billed: something of an answer came, or the
 * server took the request and then kept silent. A refusal costs nothing. */
static gboolean
has_begun (CollateAnswer *self)
{
  const CollateAnswerRecord *record = self->record;

  if (record->text->len > 0 || record->reasoning->len > 0 || self->server_usage)
    return TRUE;
  if (record->timings.head < 0 || record->status >= 300)
    return FALSE;

  return record->served_model != NULL || record->error == NULL ||
         g_error_matches (record->error, COLLATE_ERROR, COLLATE_ERROR_STOPPED) ||
         g_error_matches (record->error, COLLATE_ERROR, COLLATE_ERROR_TIMEOUT) ||
         g_error_matches (record->error, COLLATE_ERROR, COLLATE_ERROR_EMPTY);
}

gboolean
collate_answer_estimate_usage (CollateAnswer *self, CollateUsage *usage)
{
  CollateAnswerRecord *record = self->record;
  gint64 reasoning, output;

  if (!has_begun (self))
    return FALSE;

  *usage = record->usage;
  usage->estimated = TRUE;
  if (self->text_tally == NULL)
    return TRUE;

  reasoning = collate_tally_get (self->reasoning_tally, record->reasoning->str, record->reasoning->len);
  output = reasoning + collate_tally_get (self->text_tally, record->text->str, record->text->len);
  usage->reasoning = MAX (usage->reasoning, reasoning);
  usage->output = MAX (usage->output, output);
  if (!self->server_usage)
    usage->input = MAX (record->expected_input, 0);

  return TRUE;
}

/* At the end: the server's word stands where it was its last one; a stream that was cut after an early word
 * on usage wrote more than that says. */
static void
settle_usage (CollateAnswer *self)
{
  CollateAnswerRecord *record = self->record;

  if (!(self->server_usage && record->finish_reason != NULL))
    record->has_usage = collate_answer_estimate_usage (self, &record->usage);

  collate_answer_notify (self, COLLATE_ANSWER_PROP_USAGE);
  update_cost (self);
}

/* Events. */

static void
set_activity (CollateAnswer *self, CollateActivityKind kind, const CollateEvent *event)
{
  g_free (self->waits_for);
  self->waits_for = kind == COLLATE_ACTIVITY_WAITS ? g_strdup (event->text) : NULL;
  self->activity = (CollateActivity){ .kind = kind, .other = self->waits_for };
  if (kind == COLLATE_ACTIVITY_READS)
    {
      self->activity.n_done = event->number;
      self->activity.n_tokens = event->total;
    }
  collate_answer_notify (self, COLLATE_ANSWER_PROP_ACTIVITY);
}

static void
apply_sent (CollateAnswer *self, const CollateEvent *event)
{
  CollateAnswerRecord *record = self->record;

  if (self->sent < 0)
    {
      self->sent = event->time;
      record->asked_at = g_get_real_time () / G_USEC_PER_SEC;
    }
  record->requests++;
  record->timings.head = -1;
  advance (self, COLLATE_ANSWER_WAITING);
}

static void
apply_text (CollateAnswer *self, const CollateEvent *event)
{
  CollateAnswerRecord *record = self->record;
  gboolean is_text = event->kind == COLLATE_EVENT_TEXT;
  GString *target = is_text ? record->text : record->reasoning;
  gint64 *first = is_text ? &record->timings.first_text : &record->timings.first_reasoning;
  CollateTally *tally = is_text ? self->text_tally : self->reasoning_tally;

  if (event->text == NULL || *event->text == '\0')
    return;

  if (*first < 0)
    *first = event->time - self->sent;
  record->timings.last_token = event->time - self->sent;
  g_string_append (target, event->text);
  if (tally != NULL)
    collate_tally_update (tally, target->str, target->len);

  advance (self, is_text ? COLLATE_ANSWER_STREAMING : COLLATE_ANSWER_REASONING);
  collate_answer_notify (self,
                         is_text ? COLLATE_ANSWER_PROP_TEXT_LENGTH : COLLATE_ANSWER_PROP_REASONING_LENGTH);
}

/* Told again with every attempt that leaves it out. */
static void
apply_dropped (CollateAnswer *self, const CollateEvent *event)
{
  if (event->text == NULL ||
      g_ptr_array_find_with_equal_func (self->record->dropped, event->text, g_str_equal, NULL))
    return;

  g_ptr_array_add (self->record->dropped, g_strdup (event->text));
  collate_answer_notify (self, COLLATE_ANSWER_PROP_WARNING);
}

/* Told again where the same answer is tried on another device. */
static void
apply_avoided (CollateAnswer *self, const CollateEvent *event)
{
  g_clear_error (&self->record->avoided);
  self->record->avoided = g_error_new_literal (COLLATE_ERROR, (int) event->number, event->text);
  collate_answer_notify (self, COLLATE_ANSWER_PROP_WARNING);
}

/* What another device did is no part of the answer. */
static void
forget_pace (CollateAnswer *self)
{
  g_clear_pointer (&self->record->pace, collate_pace_free);
  self->record->keys_read = NAN;
}

static void
apply_step (CollateAnswer *self, const CollateEvent *event)
{
  const CollatePacePoint step = { event->number, event->total, event->duration };

  if (self->record->pace == NULL)
    self->record->pace = collate_pace_new ();
  collate_pace_add (self->record->pace, event->writing, &step);
}

static void
apply_usage (CollateAnswer *self, const CollateEvent *event)
{
  if (event->usage == NULL)
    return;

  self->record->usage = *event->usage;
  self->record->has_usage = TRUE;
  self->server_usage = !event->usage->estimated;
  collate_answer_notify (self, COLLATE_ANSWER_PROP_USAGE);
  update_cost (self);
  update_input_cut (self);
}

void
collate_answer_apply (CollateAnswer *self, const CollateEvent *event)
{
  CollateAnswerRecord *record;

  g_return_if_fail (COLLATE_IS_ANSWER (self));
  g_return_if_fail (event != NULL);

  record = self->record;
  if (collate_answer_state_is_final (record->state))
    return;

  switch (event->kind)
    {
    case COLLATE_EVENT_WAITS:
      set_activity (self, COLLATE_ACTIVITY_WAITS, event);
      break;
    case COLLATE_EVENT_LOADS:
      set_activity (self, COLLATE_ACTIVITY_LOADS, event);
      forget_pace (self);
      break;
    case COLLATE_EVENT_AVOIDED:
      apply_avoided (self, event);
      break;
    case COLLATE_EVENT_READS:
      set_activity (self, COLLATE_ACTIVITY_READS, event);
      break;
    case COLLATE_EVENT_SENT:
      apply_sent (self, event);
      break;
    case COLLATE_EVENT_HEAD:
      record->timings.head = event->time - self->sent;
      break;
    case COLLATE_EVENT_RETRY:
      record->timings.head = -1;
      break;
    case COLLATE_EVENT_DROPPED:
      apply_dropped (self, event);
      break;
    case COLLATE_EVENT_MODEL:
      g_free (record->served_model);
      record->served_model = g_strdup (event->text);
      collate_answer_notify (self, COLLATE_ANSWER_PROP_WARNING);
      break;
    case COLLATE_EVENT_REASONING:
    case COLLATE_EVENT_TEXT:
      apply_text (self, event);
      break;
    case COLLATE_EVENT_USAGE:
      apply_usage (self, event);
      break;
    case COLLATE_EVENT_STEP:
      apply_step (self, event);
      break;
    case COLLATE_EVENT_SHARE:
      record->keys_read = event->share;
      break;
    case COLLATE_EVENT_FINISH:
      g_free (record->finish_reason);
      record->finish_reason = g_strdup (event->text);
      break;
    default:
      break;
    }
}

void
collate_answer_finish (CollateAnswer *self, const GError *error, guint status)
{
  CollateAnswerRecord *record;
  CollateAnswerState state = COLLATE_ANSWER_DONE;

  g_return_if_fail (COLLATE_IS_ANSWER (self));

  record = self->record;
  if (collate_answer_state_is_final (record->state))
    return;

  if (error != NULL)
    {
      record->error = collate_answer_error_new (error->domain, error->code, error->message);
      record->status = status;
      state = g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED) ? COLLATE_ANSWER_STOPPED
                                                                            : COLLATE_ANSWER_FAILED;
      collate_answer_notify (self, COLLATE_ANSWER_PROP_ERROR);
    }
  if (self->sent >= 0)
    record->timings.done = g_get_monotonic_time () - self->sent;

  settle_usage (self);
  g_clear_pointer (&self->text_tally, collate_tally_free);
  g_clear_pointer (&self->reasoning_tally, collate_tally_free);

  advance (self, state);
  collate_answer_notify (self, COLLATE_ANSWER_PROP_WARNING);
}

void
collate_answer_set_counting (CollateAnswer *self,
                             CollateEncodings *encodings,
                             const char *encoding,
                             double token_factor)
{
  g_return_if_fail (COLLATE_IS_ANSWER (self));

  g_clear_pointer (&self->text_tally, collate_tally_free);
  g_clear_pointer (&self->reasoning_tally, collate_tally_free);
  self->text_tally = collate_tally_new (encodings, encoding, token_factor);
  self->reasoning_tally = collate_tally_new (encodings, encoding, token_factor);
}

void
collate_answer_set_expected_input (CollateAnswer *self, gint64 tokens, gboolean exact)
{
  CollateAnswerRecord *record;

  g_return_if_fail (COLLATE_IS_ANSWER (self));

  record = self->record;
  record->expected_input = tokens;
  self->expected_exact = exact;
  update_input_cut (self);

  if (collate_answer_state_is_final (record->state) && record->has_usage && !self->server_usage)
    {
      record->usage.input = MAX (tokens, 0);
      collate_answer_notify (self, COLLATE_ANSWER_PROP_USAGE);
      update_cost (self);
    }
}
