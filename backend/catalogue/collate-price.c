/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-price.h"

#include "base/collate-json.h"
#include "catalogue/collate-model-private.h"
#include "catalogue/collate-models-file.h"

/* What a request costs: rates for each kind of token, the tiers that long inputs fall into, and the hours of
 * the day that are dearer. Amounts are picodollars a token, so that no bill is rounded before it is shown. */

enum
{
  INPUT,
  CACHED_INPUT,
  CACHE_WRITE,
  CACHE_WRITE_1H,
  OUTPUT,
  N_KINDS
};

static const char *const kind_names[N_KINDS] = {
  "input", "cached_input", "cache_write", "cache_write_1h", "output",
};

typedef struct
{
  CollateMoney each[N_KINDS];
} Rates;

typedef struct
{
  gint64 above; /* tokens of input, all kinds */
  Rates rates;
} Tier;

#define ALL_WEEKDAYS 0x7f
#define ALL_HOURS 0xffffff

struct _CollatePrice
{
  grefcount ref_count;
  Rates base;
  GArray *tiers; /* of Tier, by rising threshold */

  gboolean has_peak;
  guint peak_weekdays; /* a bit a day, Monday first */
  guint peak_hours;    /* a bit an hour, UTC */
  Rates peak;

  char *as_of;
  char *source;
};

G_DEFINE_BOXED_TYPE (CollatePrice, collate_price, collate_price_ref, collate_price_unref)

/* Saturates: counts are a server's word, and a sum beyond the type is as absurd as its largest value. */
static gint64
add_counts (gint64 a, gint64 b)
{
  gint64 sum;

  return __builtin_add_overflow (a, b, &sum) ? G_MAXINT64 : sum;
}

gint64
collate_usage_get_input (const CollateUsage *usage)
{
  return add_counts (add_counts (usage->input, usage->cached_input),
                     add_counts (usage->cache_write, usage->cache_write_1h));
}

gint64
collate_usage_get_total (const CollateUsage *usage)
{
  return add_counts (collate_usage_get_input (usage), usage->output);
}

/* Reading. */

static gboolean
read_rates (JsonObject *object, Rates *rates, GError **error)
{
  for (guint i = 0; i < N_KINDS; i++)
    {
      rates->each[i] = COLLATE_MONEY_UNKNOWN;
      if (!collate_models_file_has (object, kind_names[i]))
        continue;

      rates->each[i] = collate_money_per_token (collate_json_double (object, kind_names[i], -1));
      if (rates->each[i] == COLLATE_MONEY_UNKNOWN)
        return collate_models_file_refuse (error, "“%s” is no price", kind_names[i]);
    }

  return TRUE;
}

/* A tier or the peak may leave out input and output that stay as they are. Its caches do not stay: a cache
 * without a price of its own there is billed as the input there. */
static void
inherit_rates (Rates *rates, const Rates *base)
{
  if (rates->each[INPUT] == COLLATE_MONEY_UNKNOWN)
    rates->each[INPUT] = base->each[INPUT];
  if (rates->each[OUTPUT] == COLLATE_MONEY_UNKNOWN)
    rates->each[OUTPUT] = base->each[OUTPUT];
}

static int
compare_tiers (gconstpointer a, gconstpointer b)
{
  gint64 first = ((const Tier *) a)->above, second = ((const Tier *) b)->above;

  return (first > second) - (first < second);
}

static gboolean
read_tiers (CollatePrice *self, JsonObject *object, GError **error)
{
  JsonArray *array = collate_json_array (object, "tiers");

  if (!collate_models_file_has (object, "tiers"))
    return TRUE;
  if (array == NULL)
    return collate_models_file_refuse (error, "“tiers” is no list");

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *element = collate_json_element_object (array, i);
      Tier tier = { .above = collate_json_int (element, "above", -1) };

      if (tier.above < 0)
        return collate_models_file_refuse (error, "a tier without a threshold “above”");
      if (!read_rates (element, &tier.rates, error))
        return FALSE;
      inherit_rates (&tier.rates, &self->base);
      g_array_append_val (self->tiers, tier);
    }
  g_array_sort (self->tiers, compare_tiers);

  return TRUE;
}

/* Bits for "weekdays": [1, 5], Monday being 1; 0 on error. */
static guint
read_weekdays (JsonObject *object)
{
  JsonArray *array = collate_json_array (object, "weekdays");
  guint days = 0;

  if (!json_object_has_member (object, "weekdays"))
    return ALL_WEEKDAYS;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      gint64 day = collate_json_element_int (array, i, -1);

      if (day < 1 || day > 7)
        return 0;
      days |= 1u << (day - 1);
    }

  return days;
}

/* Bits for "hours_utc": [[1, 4]], from one o'clock until before four; 0 on error. */
static guint
read_hours (JsonObject *object)
{
  JsonArray *array = collate_json_array (object, "hours_utc");
  guint hours = 0;

  if (!json_object_has_member (object, "hours_utc"))
    return ALL_HOURS;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      JsonArray *span = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
      gint64 from, until;

      if (span == NULL || json_array_get_length (span) != 2)
        return 0;
      from = collate_json_element_int (span, 0, -1);
      until = collate_json_element_int (span, 1, -1);
      if (from < 0 || until > 24 || from >= until)
        return 0;
      for (gint64 hour = from; hour < until; hour++)
        hours |= 1u << hour;
    }

  return hours;
}

static gboolean
read_peak (CollatePrice *self, JsonObject *object, GError **error)
{
  JsonObject *peak = collate_json_object (object, "peak");

  if (!collate_models_file_has (object, "peak"))
    return TRUE;
  if (peak == NULL)
    return collate_models_file_refuse (error, "“peak” is no object");

  self->peak_weekdays = read_weekdays (peak);
  self->peak_hours = read_hours (peak);
  if (self->peak_weekdays == 0 || self->peak_hours == 0)
    return collate_models_file_refuse (error,
                                       "“peak” wants weekdays from 1 to 7 and pairs of hours from 0 to 24");
  if (!read_rates (peak, &self->peak, error))
    return FALSE;
  inherit_rates (&self->peak, &self->base);
  self->has_peak = TRUE;

  return TRUE;
}

CollatePrice *
collate_price_new_from_json (JsonObject *object, GError **error)
{
  g_autoptr (CollatePrice) self = g_new0 (CollatePrice, 1);

  g_ref_count_init (&self->ref_count);
  self->tiers = g_array_new (FALSE, FALSE, sizeof (Tier));
  self->as_of = g_strdup (collate_json_string (object, "as_of"));
  self->source = g_strdup (collate_json_string (object, "source"));

  if (!read_rates (object, &self->base, error) || !read_tiers (self, object, error) ||
      !read_peak (self, object, error))
    return NULL;

  return g_steal_pointer (&self);
}

/* Writing. */

static void
write_rates (JsonObject *object, const Rates *rates)
{
  for (guint i = 0; i < N_KINDS; i++)
    if (rates->each[i] != COLLATE_MONEY_UNKNOWN)
      json_object_set_double_member (object, kind_names[i], (double) rates->each[i] / 1e6);
}

static JsonArray *
write_tiers (const CollatePrice *self)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->tiers->len; i++)
    {
      const Tier *tier = &g_array_index (self->tiers, Tier, i);
      JsonObject *object = json_object_new ();

      json_object_set_int_member (object, "above", tier->above);
      write_rates (object, &tier->rates);
      json_array_add_object_element (array, object);
    }

  return array;
}

static JsonObject *
write_peak (const CollatePrice *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *weekdays = json_array_new ();
  JsonArray *hours = json_array_new ();

  for (guint day = 0; day < 7; day++)
    if (self->peak_weekdays & (1u << day))
      json_array_add_int_element (weekdays, day + 1);

  for (guint from = 0; from < 24; from++)
    {
      guint until = from;

      while (until < 24 && self->peak_hours & (1u << until))
        until++;
      if (until > from)
        {
          JsonArray *span = json_array_new ();

          json_array_add_int_element (span, from);
          json_array_add_int_element (span, until);
          json_array_add_array_element (hours, span);
          from = until;
        }
    }

  json_object_set_array_member (object, "weekdays", weekdays);
  json_object_set_array_member (object, "hours_utc", hours);
  write_rates (object, &self->peak);

  return object;
}

JsonObject *
collate_price_to_json (const CollatePrice *price)
{
  JsonObject *object = json_object_new ();

  write_rates (object, &price->base);
  if (price->tiers->len > 0)
    json_object_set_array_member (object, "tiers", write_tiers (price));
  if (price->has_peak)
    json_object_set_object_member (object, "peak", write_peak (price));
  if (price->as_of != NULL)
    json_object_set_string_member (object, "as_of", price->as_of);
  if (price->source != NULL)
    json_object_set_string_member (object, "source", price->source);

  return object;
}

CollatePrice *
collate_price_complete (CollatePrice *listed, const CollatePrice *known)
{
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (JsonObject) more = NULL;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (known == NULL || listed->base.each[INPUT] != known->base.each[INPUT] ||
      listed->base.each[OUTPUT] != known->base.each[OUTPUT])
    return collate_price_ref (listed);

  object = collate_price_to_json (listed);
  more = collate_price_to_json (known);
  json_object_iter_init (&iter, more);
  while (json_object_iter_next (&iter, &name, &node))
    if (!json_object_has_member (object, name))
      json_object_set_member (object, name, json_node_copy (node));

  return collate_price_new_from_json (object, NULL);
}

CollatePrice *
collate_price_ref (CollatePrice *price)
{
  g_ref_count_inc (&price->ref_count);

  return price;
}

void
collate_price_unref (CollatePrice *price)
{
  if (!g_ref_count_dec (&price->ref_count))
    return;

  g_array_unref (price->tiers);
  g_free (price->as_of);
  g_free (price->source);
  g_free (price);
}

const char *
collate_price_get_source (const CollatePrice *price)
{
  return price->source;
}

const char *
collate_price_get_as_of (const CollatePrice *price)
{
  return price->as_of;
}

CollateMoney
collate_price_get_input (const CollatePrice *price)
{
  return price->base.each[INPUT];
}

CollateMoney
collate_price_get_output (const CollatePrice *price)
{
  return price->base.each[OUTPUT];
}

/* Billing. */

static gboolean
is_peak (const CollatePrice *self, gint64 time)
{
  g_autoptr (GDateTime) utc = self->has_peak ? g_date_time_new_from_unix_utc (time) : NULL;

  return utc != NULL && (self->peak_weekdays & (1u << (g_date_time_get_day_of_week (utc) - 1))) != 0 &&
         (self->peak_hours & (1u << g_date_time_get_hour (utc))) != 0;
}

/* A tier wins over the hour: no provider is known to have both. */
static const Rates *
choose_rates (const CollatePrice *self, const CollateUsage *usage, gint64 time)
{
  gint64 input = collate_usage_get_input (usage);

  for (guint i = self->tiers->len; i > 0; i--)
    {
      const Tier *tier = &g_array_index (self->tiers, Tier, i - 1);

      if (input > tier->above)
        return &tier->rates;
    }

  return is_peak (self, time) ? &self->peak : &self->base;
}

CollateMoney
collate_price_get_cost (const CollatePrice *price, const CollateUsage *usage, gint64 time)
{
  const gint64 counts[N_KINDS] = {
    usage->input, usage->cached_input, usage->cache_write, usage->cache_write_1h, usage->output
  };
  const Rates *rates;
  CollateMoney cost = 0;

  if (usage->reported != COLLATE_MONEY_UNKNOWN)
    return usage->reported;
  if (price == NULL)
    return COLLATE_MONEY_UNKNOWN;

  rates = choose_rates (price, usage, time);
  for (guint i = 0; i < N_KINDS; i++)
    {
      CollateMoney each = rates->each[i];

      /* What was not used needs no price. */
      if (counts[i] == 0)
        continue;
      if (each == COLLATE_MONEY_UNKNOWN && i != OUTPUT)
        each = rates->each[INPUT];
      cost = collate_money_add (cost, collate_money_multiply (each, counts[i]));
    }

  return cost;
}

static gboolean
rates_equal (const Rates *a, const Rates *b)
{
  return memcmp (a, b, sizeof *a) == 0;
}

gboolean
collate_price_equal (const CollatePrice *a, const CollatePrice *b)
{
  if (!rates_equal (&a->base, &b->base) || a->tiers->len != b->tiers->len || a->has_peak != b->has_peak)
    return FALSE;

  for (guint i = 0; i < a->tiers->len; i++)
    {
      const Tier *first = &g_array_index (a->tiers, Tier, i), *second = &g_array_index (b->tiers, Tier, i);

      if (first->above != second->above || !rates_equal (&first->rates, &second->rates))
        return FALSE;
    }

  return !a->has_peak || (a->peak_weekdays == b->peak_weekdays && a->peak_hours == b->peak_hours &&
                          rates_equal (&a->peak, &b->peak));
}
