/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-catalogue-private.h"

#include "base/collate-json.h"
#include "catalogue/collate-models-file.h"

/* A public price list, in the form of models.dev's api.json: a provider's id → "models": a model's id →
 * "cost" in USD per million tokens. Nothing of it is believed before all of it is checked, because a wrong
 * price looks like any other. */

/* No model's tokens cost as much; a list in other units would. */
#define MAX_USD_PER_MILLION 1000

/* The providers whose ids the list and our models file share. A list names hundreds more, of which some
 * count in other units; none of them is asked here. */
static const char *const provider_ids[] = { "openai", "anthropic", "deepseek", "openrouter", "huggingface" };

static const struct
{
  const char *theirs;
  const char *ours;
} members[] = {
  { "input", "input" },
  { "output", "output" },
  { "cache_read", "cached_input" },
  { "cache_write", "cache_write" },
};

static gboolean
is_known_provider (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (provider_ids); i++)
    if (g_str_equal (provider_ids[i], id))
      return TRUE;

  return FALSE;
}

/* Copies the rates of a "cost" object into one of ours. */
static gboolean
convert_rates (JsonObject *cost, JsonObject *price, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      const char *name = members[i].theirs;
      double usd;

      if (!collate_models_file_has (cost, name))
        {
          if (i < 2)
            return collate_models_file_refuse (error, "a cost without “%s”", name);
          continue;
        }
      usd = collate_json_double (cost, name, -1);
      if (!(usd >= 0 && usd <= MAX_USD_PER_MILLION))
        return collate_models_file_refuse (error, "“%s” is no price in USD per million tokens", name);
      json_object_set_double_member (price, members[i].ours, usd);
    }

  return TRUE;
}

static gboolean
convert_tier (JsonObject *cost, gint64 above, JsonArray *tiers, GError **error)
{
  g_autoptr (JsonObject) tier = json_object_new ();

  if (cost == NULL || above < 0)
    return collate_models_file_refuse (error, "a price tier without its threshold");

  json_object_set_int_member (tier, "above", above);
  if (!convert_rates (cost, tier, error))
    return FALSE;
  json_array_add_object_element (tiers, g_steal_pointer (&tier));

  return TRUE;
}

static gboolean
convert_tiers (JsonObject *cost, JsonObject *price, GError **error)
{
  g_autoptr (JsonArray) tiers = json_array_new ();
  JsonArray *listed = collate_json_array (cost, "tiers");
  const char *old_member = "context_over_200k";

  if (listed == NULL && collate_models_file_has (cost, "tiers"))
    return collate_models_file_refuse (error, "“tiers” is no list");

  for (guint i = 0; listed != NULL && i < json_array_get_length (listed); i++)
    {
      JsonObject *element = collate_json_element_object (listed, i);
      JsonObject *tier = collate_json_object (element, "tier");

      if (!convert_tier (element, collate_json_int (tier, "size", -1), tiers, error))
        return FALSE;
    }
  if (listed == NULL && collate_models_file_has (cost, old_member) &&
      !convert_tier (collate_json_object (cost, old_member), 200000, tiers, error))
    return FALSE;

  if (json_array_get_length (tiers) > 0)
    json_object_set_array_member (price, "tiers", g_steal_pointer (&tiers));

  return TRUE;
}

static gboolean
is_free (JsonObject *price)
{
  return collate_json_double (price, "input", 0) == 0 && collate_json_double (price, "output", 0) == 0;
}

/* Adds the model's price to `prices`, where the list gives one. */
static gboolean
convert_model (const char *route_id,
               JsonObject *model,
               const char *date,
               const char *host,
               JsonObject *prices,
               GError **error)
{
  JsonObject *cost = collate_json_object (model, "cost");
  JsonObject *limit = collate_json_object (model, "limit");
  g_autoptr (JsonObject) price = json_object_new ();

  if (collate_models_file_has (model, "limit") && collate_json_int (limit, "context", -1) < 0)
    return collate_models_file_refuse (error, "“limit” has no number of tokens as “context”");
  if (!collate_models_file_has (model, "cost"))
    return TRUE;
  if (cost == NULL)
    return collate_models_file_refuse (error, "“cost” is no object");
  if (!convert_rates (cost, price, error) || !convert_tiers (cost, price, error))
    return FALSE;

  /* Lists write 0 where they do not know. */
  if (is_free (price))
    return TRUE;

  json_object_set_string_member (price, "as_of", date);
  json_object_set_string_member (price, "source", host);
  json_object_set_object_member (prices, route_id, g_steal_pointer (&price));

  return TRUE;
}

static gboolean
convert_provider (const char *id,
                  JsonObject *provider,
                  const char *date,
                  const char *host,
                  JsonObject *prices,
                  GError **error)
{
  JsonObject *models = collate_json_object (provider, "models");
  JsonObjectIter iter;
  const char *model_id;
  JsonNode *node;

  if (models == NULL)
    return collate_models_file_refuse (error, "%s: “models” is missing, or no object", id);
  if (!is_known_provider (id))
    return TRUE;

  json_object_iter_init (&iter, models);
  while (json_object_iter_next (&iter, &model_id, &node))
    {
      g_autofree char *route_id = g_strconcat (id, "/", model_id, NULL);

      if (!JSON_NODE_HOLDS_OBJECT (node))
        return collate_models_file_refuse (error, "%s: no object", route_id);
      if (!convert_model (route_id, json_node_get_object (node), date, host, prices, error))
        {
          g_prefix_error (error, "%s: ", route_id);
          return FALSE;
        }
    }

  return TRUE;
}

JsonObject *
collate_price_list_convert (JsonObject *list, const char *date, const char *source, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (source, G_URI_FLAGS_NONE, NULL);
  const char *host = uri != NULL ? g_uri_get_host (uri) : source;
  g_autoptr (JsonObject) kept = json_object_new ();
  JsonObject *prices = json_object_new ();
  JsonObjectIter iter;
  const char *id;
  JsonNode *node;

  json_object_set_int_member (kept, "version", 1);
  json_object_set_string_member (kept, "date", date);
  json_object_set_string_member (kept, "source", source);
  json_object_set_object_member (kept, "prices", prices);

  json_object_iter_init (&iter, list);
  while (json_object_iter_next (&iter, &id, &node))
    {
      JsonObject *provider = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

      if (!convert_provider (id, provider, date, host, prices, error))
        return NULL;
    }

  return g_steal_pointer (&kept);
}

CollatePriceList *
collate_price_list_new_from_json (JsonObject *object, GError **error)
{
  g_autoptr (CollatePriceList) self = g_new0 (CollatePriceList, 1);
  JsonObject *prices = collate_json_object (object, "prices");
  JsonObjectIter iter;
  const char *route_id;
  JsonNode *node;

  self->prices =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) collate_price_unref);
  self->date = g_strdup (collate_json_string (object, "date"));
  self->source = g_strdup (collate_json_string (object, "source"));
  if (self->date == NULL || self->source == NULL || prices == NULL)
    {
      collate_models_file_refuse (error, "no kept price list");
      return NULL;
    }

  json_object_iter_init (&iter, prices);
  while (json_object_iter_next (&iter, &route_id, &node))
    {
      CollatePrice *price;

      if (!JSON_NODE_HOLDS_OBJECT (node))
        {
          collate_models_file_refuse (error, "%s: no object", route_id);
          return NULL;
        }
      price = collate_price_new_from_json (json_node_get_object (node), error);
      if (price == NULL)
        return NULL;
      g_hash_table_insert (self->prices, g_strdup (route_id), price);
    }

  return g_steal_pointer (&self);
}

void
collate_price_list_free (CollatePriceList *list)
{
  g_clear_pointer (&list->prices, g_hash_table_unref);
  g_free (list->date);
  g_free (list->source);
  g_free (list);
}
