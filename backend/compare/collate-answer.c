/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* One model's answer: a record of facts that tells when it changes. Main thread. */

#include "compare/collate-answer-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "compare/collate-sentences.h"
#include "compare/collate-tally.h"

struct _CollateAnswer
{
  GObject parent_instance;

  CollateAnswerRecord *record;
  char *label;

  gint64 sent; /* monotonic time of the first request; -1 before it */
  gboolean expected_exact;
  gboolean server_usage; /* the record's usage is the server's word */
  CollateTally *text_tally;
  CollateTally *reasoning_tally;
};

G_DEFINE_FINAL_TYPE (CollateAnswer, collate_answer, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (CollateAnswerState,
                    collate_answer_state,
                    G_DEFINE_ENUM_VALUE (COLLATE_ANSWER_QUEUED, "queued"),
                    G_DEFINE_ENUM_VALUE (COLLATE_ANSWER_WAITING, "waiting"),
                    G_DEFINE_ENUM_VALUE (COLLATE_ANSWER_REASONING, "reasoning"),
                    G_DEFINE_ENUM_VALUE (COLLATE_ANSWER_STREAMING, "streaming"),
                    G_DEFINE_ENUM_VALUE (COLLATE_ANSWER_DONE, "done"),
                    G_DEFINE_ENUM_VALUE (COLLATE_ANSWER_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (COLLATE_ANSWER_STOPPED, "stopped"),
                    G_DEFINE_ENUM_VALUE (COLLATE_ANSWER_INTERRUPTED, "interrupted"))

static gpointer
copy_usage (gpointer usage)
{
  return g_memdup2 (usage, sizeof (CollateUsage));
}

G_DEFINE_BOXED_TYPE (CollateUsage, collate_usage, copy_usage, g_free)

enum
{
  PROP_0,
  PROP_STATE,
  PROP_TEXT_LENGTH,
  PROP_REASONING_LENGTH,
  PROP_COST,
  PROP_USAGE,
  PROP_ERROR,
  PROP_WARNING,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void
notify (CollateAnswer *self, int property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

/* States only move forward. */
static void
advance (CollateAnswer *self, CollateAnswerState state)
{
  if (state <= self->record->state)
    return;

  self->record->state = state;
  notify (self, PROP_STATE);
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
  notify (self, PROP_COST);
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
  notify (self, PROP_WARNING);
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

  notify (self, PROP_USAGE);
  update_cost (self);
}

/* Events. */

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
  notify (self, is_text ? PROP_TEXT_LENGTH : PROP_REASONING_LENGTH);
}

/* Told again with every attempt that leaves it out. */
static void
apply_dropped (CollateAnswer *self, const CollateEvent *event)
{
  if (event->text == NULL ||
      g_ptr_array_find_with_equal_func (self->record->dropped, event->text, g_str_equal, NULL))
    return;

  g_ptr_array_add (self->record->dropped, g_strdup (event->text));
  notify (self, PROP_WARNING);
}

static void
apply_usage (CollateAnswer *self, const CollateEvent *event)
{
  if (event->usage == NULL)
    return;

  self->record->usage = *event->usage;
  self->record->has_usage = TRUE;
  self->server_usage = !event->usage->estimated;
  notify (self, PROP_USAGE);
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
      notify (self, PROP_WARNING);
      break;
    case COLLATE_EVENT_REASONING:
    case COLLATE_EVENT_TEXT:
      apply_text (self, event);
      break;
    case COLLATE_EVENT_USAGE:
      apply_usage (self, event);
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
      notify (self, PROP_ERROR);
    }
  if (self->sent >= 0)
    record->timings.done = g_get_monotonic_time () - self->sent;

  settle_usage (self);
  g_clear_pointer (&self->text_tally, collate_tally_free);
  g_clear_pointer (&self->reasoning_tally, collate_tally_free);

  advance (self, state);
  notify (self, PROP_WARNING);
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
      notify (self, PROP_USAGE);
      update_cost (self);
    }
}

/* The object. */

static void
collate_answer_finalize (GObject *object)
{
  CollateAnswer *self = COLLATE_ANSWER (object);

  g_clear_pointer (&self->record, collate_answer_record_free);
  g_clear_pointer (&self->text_tally, collate_tally_free);
  g_clear_pointer (&self->reasoning_tally, collate_tally_free);
  g_free (self->label);

  G_OBJECT_CLASS (collate_answer_parent_class)->finalize (object);
}

static void
collate_answer_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateAnswer *self = COLLATE_ANSWER (object);

  switch (prop_id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->record->state);
      break;
    case PROP_TEXT_LENGTH:
      g_value_set_uint64 (value, self->record->text->len);
      break;
    case PROP_REASONING_LENGTH:
      g_value_set_uint64 (value, self->record->reasoning->len);
      break;
    case PROP_COST:
      g_value_set_int64 (value, self->record->cost);
      break;
    case PROP_USAGE:
      g_value_set_boxed (value, collate_answer_get_usage (self));
      break;
    case PROP_ERROR:
      g_value_set_boxed (value, self->record->error);
      break;
    case PROP_WARNING:
      g_value_take_string (value, collate_sentence_for_warning (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_answer_class_init (CollateAnswerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = collate_answer_finalize;
  object_class->get_property = collate_answer_get_property;

  properties[PROP_STATE] =
      g_param_spec_enum ("state", NULL, NULL, COLLATE_TYPE_ANSWER_STATE, COLLATE_ANSWER_QUEUED, flags);
  properties[PROP_TEXT_LENGTH] = g_param_spec_uint64 ("text-length", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_REASONING_LENGTH] =
      g_param_spec_uint64 ("reasoning-length", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_COST] =
      g_param_spec_int64 ("cost", NULL, NULL, G_MININT64, G_MAXINT64, COLLATE_MONEY_UNKNOWN, flags);
  properties[PROP_USAGE] = g_param_spec_boxed ("usage", NULL, NULL, COLLATE_TYPE_USAGE, flags);
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
  properties[PROP_WARNING] = g_param_spec_string ("warning", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
collate_answer_init (CollateAnswer *self)
{
  self->sent = -1;
}

CollateAnswer *
collate_answer_new (CollateAnswerRecord *record, guint n_runs)
{
  CollateAnswer *self;

  g_return_val_if_fail (record != NULL, NULL);

  self = g_object_new (COLLATE_TYPE_ANSWER, NULL);
  self->record = record;
  self->server_usage = record->has_usage && !record->usage.estimated;
  /* Translators: a model's name, and which of several runs this is. */
  self->label =
      n_runs > 1 ? g_strdup_printf (_ ("%s · run %u"), record->name, record->run) : g_strdup (record->name);

  return self;
}

const CollateAnswerRecord *
collate_answer_get_record (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record;
}

const char *
collate_answer_state_to_string (CollateAnswerState state)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (COLLATE_TYPE_ANSWER_STATE);
  GEnumValue *value = g_enum_get_value (klass, state);

  g_return_val_if_fail (value != NULL, "failed");

  return value->value_nick;
}

gboolean
collate_answer_state_from_string (const char *name, CollateAnswerState *state)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (COLLATE_TYPE_ANSWER_STATE);
  GEnumValue *value = name != NULL ? g_enum_get_value_by_nick (klass, name) : NULL;

  if (value != NULL)
    *state = value->value;

  return value != NULL;
}

gboolean
collate_answer_state_is_final (CollateAnswerState state)
{
  return state >= COLLATE_ANSWER_DONE;
}

const char *
collate_answer_get_entry_id (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->entry_id;
}

const char *
collate_answer_get_name (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->name;
}

const char *
collate_answer_get_label (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->label;
}

guint
collate_answer_get_run (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), 0);

  return self->record->run;
}

const char *
collate_answer_get_reading (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->reading;
}

const char *
collate_answer_get_route (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->route;
}

const char *
collate_answer_get_served_model (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->served_model;
}

const char *
collate_answer_get_provider_name (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->provider_name;
}

const char *
collate_answer_get_key_name (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->key_name;
}

gboolean
collate_answer_is_local (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), FALSE);

  return self->record->local;
}

CollateAnswerState
collate_answer_get_state (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), COLLATE_ANSWER_FAILED);

  return self->record->state;
}

const char *
collate_answer_get_text (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->text->str;
}

gsize
collate_answer_get_text_length (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), 0);

  return self->record->text->len;
}

const char *
collate_answer_get_reasoning (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->reasoning->str;
}

gsize
collate_answer_get_reasoning_length (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), 0);

  return self->record->reasoning->len;
}

const char *
collate_answer_get_finish_reason (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->finish_reason;
}

const CollateUsage *
collate_answer_get_usage (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->has_usage ? &self->record->usage : NULL;
}

CollatePrice *
collate_answer_get_price (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->price;
}

CollateMoney
collate_answer_get_cost (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), COLLATE_MONEY_UNKNOWN);

  return self->record->cost;
}

const CollateTimings *
collate_answer_get_timings (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return &self->record->timings;
}

double
collate_answer_get_time (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NAN);

  if (self->record->timings.done >= 0)
    return (double) self->record->timings.done / G_USEC_PER_SEC;
  if (self->sent >= 0)
    return (double) (g_get_monotonic_time () - self->sent) / G_USEC_PER_SEC;

  return NAN;
}

double
collate_answer_get_time_to_first_token (CollateAnswer *self)
{
  gint64 text, reasoning, first;

  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NAN);

  text = self->record->timings.first_text;
  reasoning = self->record->timings.first_reasoning;
  first = text < 0 ? reasoning : reasoning < 0 ? text : MIN (text, reasoning);

  return first >= 0 ? (double) first / G_USEC_PER_SEC : NAN;
}

double
collate_answer_get_tokens_per_second (CollateAnswer *self)
{
  double span =
      collate_answer_get_time (self) - collate_answer_get_time_to_first_token (self); /* NaN where unknown */

  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NAN);

  if (!self->record->has_usage || !(span > 0))
    return NAN;

  return (double) self->record->usage.output / span;
}

guint
collate_answer_get_requests (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), 0);

  return self->record->requests;
}

const char *const *
collate_answer_get_dropped_parameters (CollateAnswer *self)
{
  GPtrArray *dropped;

  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  /* The NULL at the end is kept behind the array's length, where adding overwrites it. */
  dropped = self->record->dropped;
  g_ptr_array_add (dropped, NULL);
  g_ptr_array_set_size (dropped, (int) dropped->len - 1);

  return (const char *const *) dropped->pdata;
}

const GError *
collate_answer_get_error (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->error;
}

guint
collate_answer_get_status (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), 0);

  return self->record->status;
}

gint64
collate_answer_get_expected_input (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), -1);

  return self->record->expected_input;
}

gboolean
collate_answer_is_input_cut (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), FALSE);

  return self->record->input_cut;
}
