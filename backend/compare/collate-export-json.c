/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A comparison as the command line's JSON, and back. */

#include "compare/collate-export.h"

#include <math.h>

#include "base/collate-json.h"
#include "compare/collate-answer-private.h"
#include "compare/collate-comparison-private.h"
#include "compare/collate-sentences.h"

/* Writing. */

static void
set_string (JsonObject *object, const char *member, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, member, value);
  else
    json_object_set_null_member (object, member);
}

static void
set_count (JsonObject *object, const char *member, gint64 value, gboolean known)
{
  if (known)
    json_object_set_int_member (object, member, value);
  else
    json_object_set_null_member (object, member);
}

static void
set_double (JsonObject *object, const char *member, double value)
{
  if (isfinite (value))
    json_object_set_double_member (object, member, value);
  else
    json_object_set_null_member (object, member);
}

static void
set_usage (JsonObject *object, const CollateUsage *usage)
{
  static const CollateUsage none;
  gboolean known = usage != NULL;

  if (!known)
    usage = &none;

  set_count (object, "input_tokens", collate_usage_get_input (usage), known);
  set_count (object, "cached_input_tokens", usage->cached_input, known);
  set_count (object, "cache_write_tokens", usage->cache_write + usage->cache_write_1h, known);
  set_count (object, "output_tokens", usage->output, known);
  set_count (object, "reasoning_tokens", usage->reasoning, known);
  set_count (object, "total_tokens", collate_usage_get_total (usage), known);
  json_object_set_boolean_member (object, "usage_estimated", usage->estimated);
}

static void
set_error (JsonObject *object, CollateAnswer *answer)
{
  const GError *error = collate_answer_get_error (answer);
  g_autofree char *sentence = collate_sentence_for_answer (answer);
  JsonObject *member;

  if (error == NULL)
    {
      json_object_set_null_member (object, "error");
      return;
    }

  member = json_object_new ();
  json_object_set_string_member (member, "code", collate_error_to_string (error->code));
  json_object_set_string_member (member, "message", sentence);
  set_count (member, "status", collate_answer_get_status (answer), collate_answer_get_status (answer) != 0);
  json_object_set_object_member (object, "error", member);
}

/* Only where something was drafted. */
static void
set_drafts (JsonObject *object, const CollateUsage *usage)
{
  if (usage == NULL || usage->drafted == 0)
    return;

  json_object_set_int_member (object, "drafted_tokens", usage->drafted);
  json_object_set_int_member (object, "accepted_draft_tokens", usage->drafts_right);
  json_object_set_double_member (
      object, "draft_acceptance_rate", (double) usage->drafts_right / (double) usage->drafted);
}

/* Only where it happened: what only a model on this machine has, only such a model's answers have. */
static void
set_avoided (JsonObject *object, const GError *avoided)
{
  g_autofree char *sentence = collate_sentence_for_avoided (avoided);
  JsonObject *member = collate_avoided_to_json (avoided);

  json_object_set_string_member (member, "message", sentence);
  json_object_set_object_member (object, "avoided", member);
}

static JsonObject *
answer_to_json (CollateAnswer *answer)
{
  JsonObject *object = json_object_new ();
  JsonArray *dropped = json_array_new ();
  const char *const *names = collate_answer_get_dropped_parameters (answer);
  gboolean has_text = collate_answer_get_text_length (answer) > 0;
  gboolean has_reasoning = collate_answer_get_reasoning_length (answer) > 0;
  CollateMoney cost = collate_answer_get_cost (answer);

  for (guint i = 0; names[i] != NULL; i++)
    json_array_add_string_element (dropped, names[i]);

  set_string (object, "id", collate_answer_get_entry_id (answer));
  set_string (object, "model", collate_answer_get_name (answer));
  set_string (object, "route", collate_answer_get_route (answer));
  set_string (object, "served_model", collate_answer_get_served_model (answer));
  set_string (object, "reading", collate_answer_get_reading (answer));
  json_object_set_int_member (object, "run", collate_answer_get_run (answer));
  set_string (object, "state", collate_answer_state_to_string (collate_answer_get_state (answer)));
  set_string (object, "response", has_text ? collate_answer_get_text (answer) : NULL);
  set_string (object, "reasoning", has_reasoning ? collate_answer_get_reasoning (answer) : NULL);
  set_string (object, "finish_reason", collate_answer_get_finish_reason (answer));
  set_usage (object, collate_answer_get_usage (answer));
  set_double (object, "cost", collate_money_to_usd (cost));
  json_object_set_boolean_member (object, "cost_known", cost != COLLATE_MONEY_UNKNOWN);
  if (collate_answer_get_price (answer) != NULL)
    json_object_set_object_member (
        object, "price", collate_price_to_json (collate_answer_get_price (answer)));
  else
    json_object_set_null_member (object, "price");
  json_object_set_array_member (object, "dropped_parameters", dropped);
  json_object_set_int_member (object, "requests", collate_answer_get_requests (answer));
  json_object_set_array_member (object, "sources", json_array_new ());
  set_double (object, "time", collate_answer_get_time (answer));
  set_double (object, "time_to_first_token", collate_answer_get_time_to_first_token (answer));
  set_double (object, "tokens_per_second", collate_answer_get_tokens_per_second (answer));
  set_error (object, answer);
  if (collate_answer_is_local (answer) || isfinite (collate_answer_get_keys_read (answer)))
    set_double (object, "keys_read", collate_answer_get_keys_read (answer));
  set_drafts (object, collate_answer_get_usage (answer));
  if (collate_answer_get_avoided (answer) != NULL)
    set_avoided (object, collate_answer_get_avoided (answer));

  return object;
}

char *
collate_export_json (CollateComparison *comparison)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *created = NULL;
  g_autofree char *text = NULL;
  const CollateFindings *findings;
  JsonObject *object, *winners;
  JsonArray *results;

  g_return_val_if_fail (COLLATE_IS_COMPARISON (comparison), NULL);

  findings = collate_comparison_get_findings (comparison);
  created = g_date_time_format (collate_comparison_get_created (comparison), "%Y-%m-%dT%H:%M:%SZ");
  object = json_object_new ();
  winners = json_object_new ();
  results = json_array_new ();

  set_count (
      object, "id", collate_comparison_get_id (comparison), collate_comparison_get_id (comparison) != 0);
  set_string (object, "question", collate_comparison_get_question (comparison));
  set_string (object, "created", created);
  json_object_set_array_member (
      object, "documents", collate_document_records_to_json (collate_comparison_get_documents (comparison)));
  set_count (object,
             "context_tokens",
             collate_comparison_get_context_tokens (comparison),
             collate_comparison_get_context_tokens (comparison) >= 0);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (comparison)); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (comparison), i);

      json_array_add_object_element (results, answer_to_json (answer));
    }
  json_object_set_array_member (object, "results", results);

  set_string (winners, "most_cost_effective", findings->most_cost_effective);
  set_string (winners, "fastest", findings->fastest);
  json_object_set_object_member (object, "findings", winners);

  json_node_take_object (root, object);
  text = collate_json_to_string (root, TRUE);
  return g_strconcat (text, "\n", NULL);
}

/* Reading. */

static gint64
get_count (JsonObject *object, const char *member)
{
  return CLAMP (collate_json_int (object, member, 0), 0, G_MAXINT32);
}

/* The export does not tell which caches were written to for how long: the prices are applied no more. */
static void
read_usage (CollateAnswerRecord *record, JsonObject *object)
{
  CollateUsage *usage = &record->usage;

  record->has_usage = collate_json_int (object, "input_tokens", -1) >= 0;
  if (!record->has_usage)
    return;

  usage->cached_input = get_count (object, "cached_input_tokens");
  usage->cache_write = get_count (object, "cache_write_tokens");
  usage->input = MAX (get_count (object, "input_tokens") - usage->cached_input - usage->cache_write, 0);
  usage->output = get_count (object, "output_tokens");
  usage->reasoning = get_count (object, "reasoning_tokens");
  usage->drafted = get_count (object, "drafted_tokens");
  usage->drafts_right = MIN (get_count (object, "accepted_draft_tokens"), usage->drafted);
  usage->estimated = collate_json_boolean (object, "usage_estimated", FALSE);
}

static gint64
get_microseconds (JsonObject *object, const char *member)
{
  double seconds = collate_json_double (object, member, NAN);

  return isfinite (seconds) && seconds >= 0 && seconds < 1e9 ? llround (seconds * G_USEC_PER_SEC) : -1;
}

static void
read_error (CollateAnswerRecord *record, JsonObject *error)
{
  const char *message = collate_json_string (error, "message");
  CollateError code;

  if (!collate_error_from_string (collate_json_string (error, "code"), &code))
    switch (record->state)
      {
      case COLLATE_ANSWER_FAILED:
        code = COLLATE_ERROR_PROTOCOL;
        break;
      case COLLATE_ANSWER_STOPPED:
        code = COLLATE_ERROR_STOPPED;
        break;
      case COLLATE_ANSWER_INTERRUPTED:
        code = COLLATE_ERROR_INTERRUPTED;
        break;
      default:
        return;
      }

  record->error = collate_answer_error_new (COLLATE_ERROR, code, "");
  record->status = (guint) get_count (error, "status");
  record->sentence = g_strdup (message);
}

static CollateAnswerRecord *
read_answer (JsonObject *object)
{
  const char *id = collate_json_string (object, "id");
  const char *name = collate_json_string (object, "model");
  JsonArray *dropped = collate_json_array (object, "dropped_parameters");
  CollateAnswerRecord *record;
  gboolean has_text;

  if (id == NULL)
    return NULL;

  record =
      collate_answer_record_new (id, name != NULL ? name : id, (guint) MAX (get_count (object, "run"), 1));
  record->route = g_strdup (collate_json_string (object, "route"));
  record->served_model = g_strdup (collate_json_string (object, "served_model"));
  record->finish_reason = g_strdup (collate_json_string (object, "finish_reason"));
  g_string_assign (record->text,
                   collate_json_string (object, "response") ? collate_json_string (object, "response") : "");
  g_string_assign (record->reasoning,
                   collate_json_string (object, "reasoning") ? collate_json_string (object, "reasoning")
                                                             : "");
  has_text = record->text->len > 0;

  if (!collate_answer_state_from_string (collate_json_string (object, "state"), &record->state))
    record->state = COLLATE_ANSWER_FAILED;
  if (!collate_answer_state_is_final (record->state))
    record->state = COLLATE_ANSWER_INTERRUPTED;
  read_error (record, collate_json_object (object, "error"));

  read_usage (record, object);
  record->cost = collate_money_from_usd (collate_json_double (object, "cost", NAN));
  if (collate_json_object (object, "price") != NULL)
    record->price = collate_price_new_from_json (collate_json_object (object, "price"), NULL);

  record->timings.done = get_microseconds (object, "time");
  if (has_text)
    record->timings.first_text = get_microseconds (object, "time_to_first_token");
  else
    record->timings.first_reasoning = get_microseconds (object, "time_to_first_token");
  record->requests = (guint) get_count (object, "requests");
  record->keys_read = collate_record_check_share (collate_json_double (object, "keys_read", NAN));
  record->avoided = collate_avoided_from_json (collate_json_object (object, "avoided"));
  for (guint i = 0; dropped != NULL && i < json_array_get_length (dropped); i++)
    if (collate_json_element_string (dropped, i) != NULL)
      g_ptr_array_add (record->dropped, g_strdup (collate_json_element_string (dropped, i)));

  return record;
}

CollateComparison *
collate_comparison_new_from_json (JsonObject *object, GError **error)
{
  const char *question = collate_json_string (object, "question");
  const char *created = collate_json_string (object, "created");
  JsonArray *results = collate_json_array (object, "results");
  g_autoptr (CollateComparisonRecord) record = NULL;
  g_autoptr (GDateTime) date = NULL;

  if (question == NULL || results == NULL)
    {
      g_set_error_literal (
          error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "no comparison: no question or results");
      return NULL;
    }

  record = collate_comparison_record_new (question);
  date = created != NULL ? g_date_time_new_from_iso8601 (created, NULL) : NULL;
  record->created = date != NULL ? g_date_time_to_unix (date) * G_USEC_PER_SEC : 0;
  record->context_tokens = MAX (collate_json_int (object, "context_tokens", -1), -1);
  g_ptr_array_unref (record->documents);
  record->documents = collate_document_records_from_json (collate_json_array (object, "documents"));

  for (guint i = 0; i < json_array_get_length (results); i++)
    {
      CollateAnswerRecord *answer = read_answer (collate_json_element_object (results, i));

      if (answer == NULL)
        continue;
      record->repeats = MAX (record->repeats, answer->run);
      g_ptr_array_add (record->answers, answer);
    }

  return collate_comparison_new (g_steal_pointer (&record));
}
