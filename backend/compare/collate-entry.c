/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A model that can be ticked, and what asking it would take. Main thread. */

#include "compare/collate-entry.h"

#define DEFAULT_OUTPUT_LIMIT 4096

struct _CollateEntry
{
  GObject parent_instance;

  CollateModel *model;
  CollateReading reading;
  char *id;

  gboolean selected;
  gboolean thinking;

  gint64 max_output; /* the person's limit, 0 for the default */
  gint64 input_tokens;
  CollateMoney at_most;
  CollateFit fit;
};

G_DEFINE_FINAL_TYPE (CollateEntry, collate_entry, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (CollateFit,
                    collate_fit,
                    G_DEFINE_ENUM_VALUE (COLLATE_FIT_UNKNOWN, "unknown"),
                    G_DEFINE_ENUM_VALUE (COLLATE_FIT_WHOLE, "whole"),
                    G_DEFINE_ENUM_VALUE (COLLATE_FIT_TOO_LONG, "too-long"))

enum
{
  PROP_0,
  PROP_ID,
  PROP_NAME,
  PROP_MODEL,
  PROP_SELECTED,
  PROP_THINKING,
  PROP_INPUT_TOKENS,
  PROP_AT_MOST,
  PROP_FIT,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void
notify (CollateEntry *self, int property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

/* All input fresh and the output at its limit; a cache may make the input dearer than that (a first request
 * that writes one), so the dearest way counts. */
static CollateMoney
work_out_cost (CollateEntry *self)
{
  CollateRoute *route = collate_model_get_route (self->model);
  CollatePrice *price = route != NULL ? collate_route_get_price (route) : NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gint64 output = collate_entry_get_output_limit (self);
  CollateUsage fresh = { .input = self->input_tokens, .output = output, .reported = COLLATE_MONEY_UNKNOWN };
  CollateUsage written = { .cache_write = self->input_tokens,
                           .output = output,
                           .reported = COLLATE_MONEY_UNKNOWN };

  if (self->input_tokens < 0)
    return COLLATE_MONEY_UNKNOWN;

  return MAX (collate_price_get_cost (price, &fresh, now), collate_price_get_cost (price, &written, now));
}

static CollateFit
work_out_fit (CollateEntry *self)
{
  gint64 context = collate_model_get_context (self->model);

  if (context <= 0 || self->input_tokens < 0)
    return COLLATE_FIT_UNKNOWN;

  return collate_entry_get_needed_tokens (self) <= context ? COLLATE_FIT_WHOLE : COLLATE_FIT_TOO_LONG;
}

static void
work_out (CollateEntry *self)
{
  CollateMoney at_most = work_out_cost (self);
  CollateFit fit = work_out_fit (self);

  if (at_most != self->at_most)
    {
      self->at_most = at_most;
      notify (self, PROP_AT_MOST);
    }
  if (fit != self->fit)
    {
      self->fit = fit;
      notify (self, PROP_FIT);
    }
}

static void
collate_entry_dispose (GObject *object)
{
  CollateEntry *self = COLLATE_ENTRY (object);

  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_clear_object (&self->model);

  G_OBJECT_CLASS (collate_entry_parent_class)->dispose (object);
}

static void
collate_entry_finalize (GObject *object)
{
  g_free (COLLATE_ENTRY (object)->id);

  G_OBJECT_CLASS (collate_entry_parent_class)->finalize (object);
}

static void
collate_entry_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateEntry *self = COLLATE_ENTRY (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_NAME:
      g_value_set_string (value, collate_entry_get_name (self));
      break;
    case PROP_MODEL:
      g_value_set_object (value, self->model);
      break;
    case PROP_SELECTED:
      g_value_set_boolean (value, self->selected);
      break;
    case PROP_THINKING:
      g_value_set_boolean (value, self->thinking);
      break;
    case PROP_INPUT_TOKENS:
      g_value_set_int64 (value, self->input_tokens);
      break;
    case PROP_AT_MOST:
      g_value_set_int64 (value, self->at_most);
      break;
    case PROP_FIT:
      g_value_set_enum (value, self->fit);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_entry_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateEntry *self = COLLATE_ENTRY (object);

  switch (prop_id)
    {
    case PROP_SELECTED:
      collate_entry_set_selected (self, g_value_get_boolean (value));
      break;
    case PROP_THINKING:
      collate_entry_set_thinking (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_entry_class_init (CollateEntryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = collate_entry_dispose;
  object_class->finalize = collate_entry_finalize;
  object_class->get_property = collate_entry_get_property;
  object_class->set_property = collate_entry_set_property;

  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_MODEL] = g_param_spec_object ("model", NULL, NULL, COLLATE_TYPE_MODEL, flags);
  properties[PROP_SELECTED] = g_param_spec_boolean ("selected", NULL, NULL, FALSE, flags | G_PARAM_WRITABLE);
  properties[PROP_THINKING] = g_param_spec_boolean ("thinking", NULL, NULL, FALSE, flags | G_PARAM_WRITABLE);
  properties[PROP_INPUT_TOKENS] = g_param_spec_int64 ("input-tokens", NULL, NULL, -1, G_MAXINT64, -1, flags);
  properties[PROP_AT_MOST] =
      g_param_spec_int64 ("at-most", NULL, NULL, G_MININT64, G_MAXINT64, COLLATE_MONEY_UNKNOWN, flags);
  properties[PROP_FIT] = g_param_spec_enum ("fit", NULL, NULL, COLLATE_TYPE_FIT, COLLATE_FIT_UNKNOWN, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
collate_entry_init (CollateEntry *self)
{
  self->input_tokens = -1;
  self->at_most = COLLATE_MONEY_UNKNOWN;
}

CollateEntry *
collate_entry_new (CollateModel *model, CollateReading reading)
{
  CollateEntry *self;

  g_return_val_if_fail (COLLATE_IS_MODEL (model), NULL);

  self = g_object_new (COLLATE_TYPE_ENTRY, NULL);
  self->model = g_object_ref (model);
  self->reading = reading;
  self->id =
      reading == COLLATE_READING_WHOLE
          ? g_strdup (collate_model_get_id (model))
          : g_strdup_printf ("%s+%s", collate_model_get_id (model), collate_reading_to_string (reading));

  /* Another route has other prices. */
  g_signal_connect_swapped (model, "notify::route", G_CALLBACK (work_out), self);

  return self;
}

const char *
collate_entry_get_id (CollateEntry *self)
{
  g_return_val_if_fail (COLLATE_IS_ENTRY (self), NULL);

  return self->id;
}

const char *
collate_entry_get_name (CollateEntry *self)
{
  g_return_val_if_fail (COLLATE_IS_ENTRY (self), NULL);

  return collate_model_get_name (self->model);
}

CollateModel *
collate_entry_get_model (CollateEntry *self)
{
  g_return_val_if_fail (COLLATE_IS_ENTRY (self), NULL);

  return self->model;
}

CollateReading
collate_entry_get_reading (CollateEntry *self)
{
  g_return_val_if_fail (COLLATE_IS_ENTRY (self), COLLATE_READING_WHOLE);

  return self->reading;
}

gboolean
collate_entry_get_selected (CollateEntry *self)
{
  g_return_val_if_fail (COLLATE_IS_ENTRY (self), FALSE);

  return self->selected;
}

void
collate_entry_set_selected (CollateEntry *self, gboolean selected)
{
  g_return_if_fail (COLLATE_IS_ENTRY (self));

  if (self->selected == !!selected)
    return;

  self->selected = !!selected;
  notify (self, PROP_SELECTED);
}

gboolean
collate_entry_get_thinking (CollateEntry *self)
{
  g_return_val_if_fail (COLLATE_IS_ENTRY (self), FALSE);

  return self->thinking;
}

void
collate_entry_set_thinking (CollateEntry *self, gboolean thinking)
{
  g_return_if_fail (COLLATE_IS_ENTRY (self));

  if (self->thinking == !!thinking)
    return;

  self->thinking = !!thinking;
  notify (self, PROP_THINKING);
}

gint64
collate_entry_get_input_tokens (CollateEntry *self)
{
  g_return_val_if_fail (COLLATE_IS_ENTRY (self), -1);

  return self->input_tokens;
}

gint64
collate_entry_get_output_limit (CollateEntry *self)
{
  g_return_val_if_fail (COLLATE_IS_ENTRY (self), DEFAULT_OUTPUT_LIMIT);

  return collate_entry_get_output_limit_for (self, self->max_output);
}

gint64
collate_entry_get_needed_tokens (CollateEntry *self)
{
  g_return_val_if_fail (COLLATE_IS_ENTRY (self), -1);

  if (self->input_tokens < 0)
    return -1;

  return self->input_tokens +
         (collate_model_is_local (self->model) ? 1 : collate_entry_get_output_limit (self));
}

gint64
collate_entry_get_output_limit_for (CollateEntry *self, gint64 max_output)
{
  gint64 limit, longest;

  g_return_val_if_fail (COLLATE_IS_ENTRY (self), DEFAULT_OUTPUT_LIMIT);

  limit = max_output > 0 ? max_output : DEFAULT_OUTPUT_LIMIT;
  longest = collate_model_get_max_output (self->model);

  return longest > 0 ? MIN (limit, longest) : limit;
}

CollateMoney
collate_entry_get_at_most (CollateEntry *self)
{
  g_return_val_if_fail (COLLATE_IS_ENTRY (self), COLLATE_MONEY_UNKNOWN);

  return self->at_most;
}

CollateFit
collate_entry_get_fit (CollateEntry *self)
{
  g_return_val_if_fail (COLLATE_IS_ENTRY (self), COLLATE_FIT_UNKNOWN);

  return self->fit;
}

void
collate_entry_estimate (CollateEntry *self, gint64 input_tokens, gint64 max_output)
{
  g_return_if_fail (COLLATE_IS_ENTRY (self));

  self->max_output = max_output;
  if (self->input_tokens != input_tokens)
    {
      self->input_tokens = input_tokens;
      notify (self, PROP_INPUT_TOKENS);
    }
  work_out (self);
}
