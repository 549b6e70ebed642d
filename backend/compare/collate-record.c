/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Making, copying and freeing the plain data behind answers and comparisons. */

#include "compare/collate-record.h"

#include <math.h>

#include "base/collate-json.h"
#include "reading/collate-prompt.h"

static char *
copy_string (gconstpointer text, gpointer data)
{
  return g_strdup (text);
}

CollateAnswerRecord *
collate_answer_record_new (const char *entry_id, const char *name, guint run)
{
  CollateAnswerRecord *record = g_new0 (CollateAnswerRecord, 1);

  record->entry_id = g_strdup (entry_id);
  record->name = g_strdup (name);
  record->run = run;
  record->reading = collate_reading_to_string (COLLATE_READING_WHOLE);
  record->text = g_string_new (NULL);
  record->reasoning = g_string_new (NULL);
  record->usage.reported = COLLATE_MONEY_UNKNOWN;
  record->cost = COLLATE_MONEY_UNKNOWN;
  record->timings = (CollateTimings){ -1, -1, -1, -1, -1 };
  record->dropped = g_ptr_array_new_with_free_func (g_free);
  record->expected_input = -1;
  record->keys_read = NAN;

  return record;
}

CollateAnswerRecord *
collate_answer_record_copy (const CollateAnswerRecord *record, gsize text_from, gsize reasoning_from)
{
  CollateAnswerRecord *copy = g_new (CollateAnswerRecord, 1);

  *copy = *record;
  copy->entry_id = g_strdup (record->entry_id);
  copy->name = g_strdup (record->name);
  copy->route = g_strdup (record->route);
  copy->provider_name = g_strdup (record->provider_name);
  copy->key_name = g_strdup (record->key_name);
  copy->served_model = g_strdup (record->served_model);
  copy->finish_reason = g_strdup (record->finish_reason);
  copy->text = g_string_new (record->text->str + text_from);
  copy->reasoning = g_string_new (record->reasoning->str + reasoning_from);
  copy->price = record->price != NULL ? collate_price_ref (record->price) : NULL;
  copy->dropped = g_ptr_array_copy (record->dropped, (GCopyFunc) copy_string, NULL);
  copy->error = record->error != NULL ? g_error_copy (record->error) : NULL;
  copy->sentence = g_strdup (record->sentence);
  copy->avoided = record->avoided != NULL ? g_error_copy (record->avoided) : NULL;
  copy->pace = record->pace != NULL ? collate_pace_copy (record->pace) : NULL;

  return copy;
}

void
collate_answer_record_free (CollateAnswerRecord *record)
{
  g_free (record->entry_id);
  g_free (record->name);
  g_free (record->route);
  g_free (record->provider_name);
  g_free (record->key_name);
  g_free (record->served_model);
  g_free (record->finish_reason);
  g_string_free (record->text, TRUE);
  g_string_free (record->reasoning, TRUE);
  g_clear_pointer (&record->price, collate_price_unref);
  g_ptr_array_unref (record->dropped);
  g_clear_error (&record->error);
  g_free (record->sentence);
  g_clear_error (&record->avoided);
  g_clear_pointer (&record->pace, collate_pace_free);
  g_free (record);
}

GError *
collate_answer_error_new (GQuark domain, int code, const char *message)
{
  if (domain != COLLATE_ERROR || code < COLLATE_ERROR_KEY || code > COLLATE_ERROR_UNSUPPORTED)
    code = COLLATE_ERROR_PROTOCOL;

  return g_error_new_literal (COLLATE_ERROR, code, message);
}

JsonObject *
collate_avoided_to_json (const GError *avoided)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "code", collate_error_to_string (avoided->code));
  json_object_set_string_member (object, "detail", avoided->message);

  return object;
}

GError *
collate_avoided_from_json (JsonObject *object)
{
  const char *detail = collate_json_string (object, "detail");
  CollateError code;

  if (detail == NULL || !collate_error_from_string (collate_json_string (object, "code"), &code))
    return NULL;

  return g_error_new_literal (COLLATE_ERROR, code, detail);
}

double
collate_record_check_share (double share)
{
  return share >= 0 && share <= 1 ? share : NAN;
}

CollateComparisonRecord *
collate_comparison_record_new (const char *question)
{
  CollateComparisonRecord *record = g_new0 (CollateComparisonRecord, 1);

  record->question = g_strdup (question);
  record->title = g_strdup (question);
  record->created = g_get_real_time ();
  record->documents = collate_document_records_new ();
  record->context_tokens = -1;
  record->repeats = 1;
  record->answers = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_answer_record_free);

  return record;
}

void
collate_comparison_record_free (CollateComparisonRecord *record)
{
  g_free (record->question);
  g_free (record->title);
  g_ptr_array_unref (record->documents);
  g_ptr_array_unref (record->answers);
  g_free (record);
}

/* Documents. */

static void
document_record_free (gpointer data)
{
  CollateDocumentRecord *document = data;

  g_free (document->name);
  g_strfreev (document->warnings);
  g_clear_pointer (&document->text, g_ref_string_release);
  g_free (document);
}

CollateDocumentRecord *
collate_document_record_new (const char *name, guint pages, gint64 tokens, const char *const *warnings)
{
  CollateDocumentRecord *document = g_new0 (CollateDocumentRecord, 1);

  document->name = g_strdup (name);
  document->pages = pages;
  document->tokens = tokens;
  document->warnings = g_strdupv ((char **) warnings);

  return document;
}

GPtrArray *
collate_document_records_new (void)
{
  return g_ptr_array_new_with_free_func (document_record_free);
}

GPtrArray *
collate_document_records_copy (GPtrArray *documents)
{
  GPtrArray *copies = collate_document_records_new ();

  for (guint i = 0; i < documents->len; i++)
    {
      const CollateDocumentRecord *document = documents->pdata[i];
      CollateDocumentRecord *copy = collate_document_record_new (
          document->name, document->pages, document->tokens, (const char *const *) document->warnings);

      copy->text = document->text != NULL ? g_ref_string_acquire (document->text) : NULL;
      g_ptr_array_add (copies, copy);
    }

  return copies;
}

JsonArray *
collate_document_records_to_json (GPtrArray *documents)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < documents->len; i++)
    {
      const CollateDocumentRecord *document = documents->pdata[i];
      JsonObject *object = json_object_new ();
      JsonArray *warnings = json_array_new ();

      for (guint j = 0; document->warnings[j] != NULL; j++)
        json_array_add_string_element (warnings, document->warnings[j]);
      json_object_set_string_member (object, "name", document->name);
      json_object_set_int_member (object, "pages", document->pages);
      if (document->tokens >= 0)
        json_object_set_int_member (object, "tokens", document->tokens);
      else
        json_object_set_null_member (object, "tokens");
      json_object_set_array_member (object, "warnings", warnings);
      json_array_add_object_element (array, object);
    }

  return array;
}

GPtrArray *
collate_document_records_from_json (JsonArray *array)
{
  GPtrArray *documents = collate_document_records_new ();

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonObject *object = collate_json_element_object (array, i);
      const char *name = collate_json_string (object, "name");
      JsonArray *warnings = collate_json_array (object, "warnings");
      g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
      g_auto (GStrv) texts = NULL;

      if (name == NULL)
        continue;
      for (guint j = 0; warnings != NULL && j < json_array_get_length (warnings); j++)
        if (collate_json_element_string (warnings, j) != NULL)
          g_strv_builder_add (builder, collate_json_element_string (warnings, j));
      texts = g_strv_builder_end (builder);
      g_ptr_array_add (
          documents,
          collate_document_record_new (name,
                                       (guint) CLAMP (collate_json_int (object, "pages", 0), 0, G_MAXINT32),
                                       MAX (collate_json_int (object, "tokens", -1), -1),
                                       (const char *const *) texts));
    }

  return documents;
}
