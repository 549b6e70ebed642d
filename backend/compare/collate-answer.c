/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* One model's answer: a record of facts. How it changes is in collate-answer-events.c. Main thread. */

#include "compare/collate-answer-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "compare/collate-sentences.h"

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

static GParamSpec *properties[COLLATE_ANSWER_N_PROPS];

void
collate_answer_notify (CollateAnswer *self, CollateAnswerProperty property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
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
  g_free (self->waits_for);

  G_OBJECT_CLASS (collate_answer_parent_class)->finalize (object);
}

static void
collate_answer_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateAnswer *self = COLLATE_ANSWER (object);

  switch (prop_id)
    {
    case COLLATE_ANSWER_PROP_STATE:
      g_value_set_enum (value, self->record->state);
      break;
    case COLLATE_ANSWER_PROP_TEXT_LENGTH:
      g_value_set_uint64 (value, self->record->text->len);
      break;
    case COLLATE_ANSWER_PROP_REASONING_LENGTH:
      g_value_set_uint64 (value, self->record->reasoning->len);
      break;
    case COLLATE_ANSWER_PROP_COST:
      g_value_set_int64 (value, self->record->cost);
      break;
    case COLLATE_ANSWER_PROP_USAGE:
      g_value_set_boxed (value, collate_answer_get_usage (self));
      break;
    case COLLATE_ANSWER_PROP_ERROR:
      g_value_set_boxed (value, self->record->error);
      break;
    case COLLATE_ANSWER_PROP_WARNING:
      g_value_take_string (value, collate_sentence_for_warning (self));
      break;
    case COLLATE_ANSWER_PROP_ACTIVITY:
      g_value_set_uint (value, self->activity.kind);
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

  properties[COLLATE_ANSWER_PROP_STATE] =
      g_param_spec_enum ("state", NULL, NULL, COLLATE_TYPE_ANSWER_STATE, COLLATE_ANSWER_QUEUED, flags);
  properties[COLLATE_ANSWER_PROP_TEXT_LENGTH] =
      g_param_spec_uint64 ("text-length", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[COLLATE_ANSWER_PROP_REASONING_LENGTH] =
      g_param_spec_uint64 ("reasoning-length", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[COLLATE_ANSWER_PROP_COST] =
      g_param_spec_int64 ("cost", NULL, NULL, G_MININT64, G_MAXINT64, COLLATE_MONEY_UNKNOWN, flags);
  properties[COLLATE_ANSWER_PROP_USAGE] = g_param_spec_boxed ("usage", NULL, NULL, COLLATE_TYPE_USAGE, flags);
  properties[COLLATE_ANSWER_PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
  properties[COLLATE_ANSWER_PROP_WARNING] = g_param_spec_string ("warning", NULL, NULL, NULL, flags);
  properties[COLLATE_ANSWER_PROP_ACTIVITY] = g_param_spec_uint (
      "activity", NULL, NULL, COLLATE_ACTIVITY_NONE, COLLATE_ACTIVITY_READS, COLLATE_ACTIVITY_NONE, flags);
  g_object_class_install_properties (object_class, COLLATE_ANSWER_N_PROPS, properties);
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

const CollateActivity *
collate_answer_get_activity (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return &self->activity;
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

double
collate_answer_get_keys_read (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NAN);

  return self->record->keys_read;
}

const CollatePacePoint *
collate_answer_get_pace (CollateAnswer *self, gboolean writing, guint *n_points)
{
  *n_points = 0;
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->pace != NULL ? collate_pace_get (self->record->pace, writing, n_points) : NULL;
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

const GError *
collate_answer_get_avoided (CollateAnswer *self)
{
  g_return_val_if_fail (COLLATE_IS_ANSWER (self), NULL);

  return self->record->avoided;
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
