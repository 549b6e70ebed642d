/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Reading the history's file. What it holds is not believed to be what this program wrote. On the history's
 * thread. */

#include "compare/collate-store-private.h"

#include <string.h>

#include "base/collate-json.h"

void
collate_store_row_free (CollateStoreRow *row)
{
  g_free (row->title);
  g_free (row->question);
  g_strfreev (row->documents);
  g_strfreev (row->models);
  g_free (row);
}

const char *
collate_store_join_states (const CollateAnswerState *states, guint n_states)
{
  static const CollateAnswerState order[] = { COLLATE_ANSWER_FAILED,
                                              COLLATE_ANSWER_STOPPED,
                                              COLLATE_ANSWER_INTERRUPTED };

  for (guint i = 0; i < n_states; i++)
    if (!collate_answer_state_is_final (states[i]))
      return "running";
  for (gsize j = 0; j < G_N_ELEMENTS (order); j++)
    for (guint i = 0; i < n_states; i++)
      if (states[i] == order[j])
        return collate_answer_state_to_string (order[j]);

  return collate_answer_state_to_string (COLLATE_ANSWER_DONE);
}

/* Ask this before reading the answers: what a program that is gone wrote is all there by then. */
static gboolean
lives (CollateStore *store, const char *program)
{
  if (program == NULL)
    return FALSE;

  return (store->lock != NULL && strcmp (program, collate_lock_get_name (store->lock)) == 0) ||
         collate_lock_is_held (store->path, program);
}

static const char *
get_text (CollateStatement *statement, int column)
{
  const char *text = collate_statement_get_text (statement, column);

  return text != NULL && g_utf8_validate (text, -1, NULL) ? text : NULL;
}

static char *
dup_text (CollateStatement *statement, int column)
{
  const char *text = get_text (statement, column);

  return g_strdup (text != NULL ? text : "");
}

static gint64
get_known (CollateStatement *statement, int column, gint64 otherwise)
{
  return collate_statement_is_null (statement, column) ? otherwise
                                                       : collate_statement_get_int (statement, column);
}

static gint64
get_count (CollateStatement *statement, int column)
{
  return CLAMP (get_known (statement, column, 0), 0, G_MAXINT32);
}

static GPtrArray *
read_documents (const char *text)
{
  g_autoptr (JsonArray) array = text != NULL ? collate_json_parse_array (text, -1, NULL) : NULL;

  return collate_document_records_from_json (array);
}

static GStrv
read_document_names (const char *text)
{
  g_autoptr (GPtrArray) documents = read_documents (text);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < documents->len; i++)
    g_strv_builder_add (builder, ((CollateDocumentRecord *) documents->pdata[i])->name);

  return g_strv_builder_end (builder);
}

static CollateAnswerState
read_state (const char *name, gboolean alive)
{
  CollateAnswerState state = COLLATE_ANSWER_INTERRUPTED;

  if (!collate_answer_state_from_string (name, &state))
    return COLLATE_ANSWER_FAILED;

  return alive || collate_answer_state_is_final (state) ? state : COLLATE_ANSWER_INTERRUPTED;
}

/* The programs that left an answer unfinished and are gone; (nullable) (transfer full). */
static GHashTable *
find_gone (CollateStore *store, GError **error)
{
  g_autoptr (CollateStatement) programs =
      collate_database_prepare (store->database,
                                "SELECT DISTINCT program FROM comparison JOIN answer ON comparison = id"
                                " WHERE state IN ('queued', 'waiting', 'reasoning', 'streaming')",
                                error);
  g_autoptr (GHashTable) gone = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GError) local = NULL;

  if (programs == NULL)
    return NULL;

  while (collate_statement_next (programs, &local))
    if (get_text (programs, 0) != NULL && !lives (store, get_text (programs, 0)))
      g_hash_table_add (gone, g_strdup (get_text (programs, 0)));

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  return g_steal_pointer (&gone);
}

/* Both queries go downwards, as the index does, so that they are joined in one pass. */
static void
read_row_answers (CollateStatement *answers, gboolean *more, CollateStoreRow *row, gboolean alive)
{
  g_autoptr (GArray) states = g_array_new (FALSE, FALSE, sizeof (CollateAnswerState));
  g_autoptr (GPtrArray) models = g_ptr_array_new ();

  for (; *more && collate_statement_get_int (answers, 0) >= row->id;
       *more = collate_statement_next (answers, NULL))
    {
      const char *entry = get_text (answers, 1);
      CollateAnswerState state = read_state (get_text (answers, 2), alive);

      if (collate_statement_get_int (answers, 0) != row->id)
        continue;
      g_array_append_val (states, state);
      if (entry != NULL && !g_ptr_array_find_with_equal_func (models, entry, g_str_equal, NULL))
        g_ptr_array_insert (models, 0, g_strdup (entry));
    }

  g_ptr_array_add (models, NULL);
  row->models = (GStrv) g_ptr_array_steal (models, NULL);
  row->state = collate_store_join_states ((CollateAnswerState *) states->data, states->len);
}

GPtrArray *
collate_store_list (CollateStore *store, GError **error)
{
  g_autoptr (GHashTable) gone = find_gone (store, error);
  g_autoptr (CollateStatement) comparisons = NULL;
  g_autoptr (CollateStatement) answers = NULL;
  g_autoptr (GError) local = NULL;
  GPtrArray *rows;
  gboolean more;

  comparisons =
      gone == NULL
          ? NULL
          : collate_database_prepare (
                store->database,
                "SELECT id, created, title, question, documents, program FROM comparison ORDER BY id DESC",
                error);
  answers = comparisons == NULL
                ? NULL
                : collate_database_prepare (
                      store->database,
                      "SELECT comparison, entry, state FROM answer ORDER BY comparison DESC, position DESC",
                      error);
  if (answers == NULL)
    return NULL;

  rows = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_store_row_free);
  more = collate_statement_next (answers, &local);
  while (local == NULL && collate_statement_next (comparisons, &local))
    {
      CollateStoreRow *row = g_new0 (CollateStoreRow, 1);
      gboolean alive;

      row->id = collate_statement_get_int (comparisons, 0);
      row->created = collate_statement_get_int (comparisons, 1);
      row->title = dup_text (comparisons, 2);
      row->question = dup_text (comparisons, 3);
      row->documents = read_document_names (get_text (comparisons, 4));
      alive = get_text (comparisons, 5) != NULL && !g_hash_table_contains (gone, get_text (comparisons, 5));
      read_row_answers (answers, &more, row, alive);
      g_ptr_array_add (rows, row);
    }

  if (local == NULL)
    return rows;

  g_propagate_error (error, g_steal_pointer (&local));
  g_ptr_array_unref (rows);
  return NULL;
}

static void
read_usage (CollateStatement *row, CollateAnswerRecord *record)
{
  record->has_usage = !collate_statement_is_null (row, 10);
  if (!record->has_usage)
    return;

  record->usage.input = get_count (row, 10);
  record->usage.cached_input = get_count (row, 11);
  record->usage.cache_write = get_count (row, 12);
  record->usage.cache_write_1h = get_count (row, 13);
  record->usage.output = get_count (row, 14);
  record->usage.reasoning = get_count (row, 15);
  record->usage.reported = get_known (row, 16, COLLATE_MONEY_UNKNOWN);
  record->usage.estimated = collate_statement_get_int (row, 17) != 0;
  record->usage.drafted = get_count (row, 38);
  record->usage.drafts_right = MIN (get_count (row, 39), record->usage.drafted);
}

static void
read_price (CollateStatement *row, CollateAnswerRecord *record)
{
  const char *text = get_text (row, 18);
  g_autoptr (JsonObject) object = text != NULL ? collate_json_parse_object (text, -1, NULL) : NULL;

  if (object != NULL)
    record->price = collate_price_new_from_json (object, NULL);
}

static void
read_dropped (CollateStatement *row, CollateAnswerRecord *record)
{
  const char *text = get_text (row, 27);
  g_autoptr (JsonArray) array = text != NULL ? collate_json_parse_array (text, -1, NULL) : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    if (collate_json_element_string (array, i) != NULL)
      g_ptr_array_add (record->dropped, g_strdup (collate_json_element_string (array, i)));
}

static void
read_avoided (CollateStatement *row, CollateAnswerRecord *record)
{
  const char *text = get_text (row, 35);
  g_autoptr (JsonObject) object = text != NULL ? collate_json_parse_object (text, -1, NULL) : NULL;

  if (object != NULL)
    record->avoided = collate_avoided_from_json (object);
}

static void
read_pace (CollateStatement *row, CollateAnswerRecord *record)
{
  const char *text = get_text (row, 37);
  g_autoptr (JsonObject) object = text != NULL ? collate_json_parse_object (text, -1, NULL) : NULL;

  if (!collate_statement_is_null (row, 36))
    record->keys_read = collate_record_check_share (collate_statement_get_double (row, 36));
  if (object != NULL)
    record->pace = collate_pace_from_json (object);
}

static void
read_error (CollateStatement *row, CollateAnswerRecord *record)
{
  const char *message = get_text (row, 29);
  CollateError code;

  if (record->state == COLLATE_ANSWER_INTERRUPTED)
    record->error = g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_INTERRUPTED, "");
  else if (record->state == COLLATE_ANSWER_FAILED || record->state == COLLATE_ANSWER_STOPPED)
    {
      if (!collate_error_from_string (get_text (row, 28), &code))
        code = COLLATE_ERROR_PROTOCOL;
      record->error = collate_answer_error_new (COLLATE_ERROR, code, message != NULL ? message : "");
    }
  record->status = (guint) get_count (row, 30);
}

/* The columns in the order of ANSWER_COLUMNS. */
static CollateAnswerRecord *
read_answer (CollateStatement *row, gboolean alive)
{
  CollateAnswerRecord *record;
  const char *entry = get_text (row, 0);
  const char *name = get_text (row, 1);

  if (entry == NULL || name == NULL)
    return NULL;

  record = collate_answer_record_new (entry, name, (guint) MAX (get_count (row, 2), 1));
  record->route = g_strdup (get_text (row, 3));
  record->provider_name = g_strdup (get_text (row, 4));
  record->key_name = g_strdup (get_text (row, 5));
  record->served_model = g_strdup (get_text (row, 6));
  record->finish_reason = g_strdup (get_text (row, 7));
  record->local = collate_statement_get_int (row, 8) != 0;
  record->state = read_state (get_text (row, 9), alive);
  read_usage (row, record);
  read_price (row, record);
  record->cost = get_known (row, 19, COLLATE_MONEY_UNKNOWN);
  record->asked_at = get_known (row, 20, 0);
  record->timings.head = get_known (row, 21, -1);
  record->timings.first_reasoning = get_known (row, 22, -1);
  record->timings.first_text = get_known (row, 23, -1);
  record->timings.last_token = get_known (row, 24, -1);
  record->timings.done = get_known (row, 25, -1);
  record->requests = (guint) get_count (row, 26);
  read_dropped (row, record);
  read_error (row, record);
  record->expected_input = get_known (row, 31, -1);
  record->input_cut = collate_statement_get_int (row, 32) != 0;
  g_string_assign (record->text, get_text (row, 33) != NULL ? get_text (row, 33) : "");
  g_string_assign (record->reasoning, get_text (row, 34) != NULL ? get_text (row, 34) : "");
  read_avoided (row, record);
  read_pace (row, record);

  /* It ended at some moment that nobody saw; the last sign of life is the best that is known. */
  if (record->state == COLLATE_ANSWER_INTERRUPTED && record->timings.done < 0)
    record->timings.done = record->timings.last_token;

  return record;
}

static CollateComparisonRecord *
read_comparison (CollateStore *store, gint64 id, gboolean *alive, GError **error)
{
  g_autoptr (CollateStatement) row =
      collate_database_prepare (store->database,
                                "SELECT question, title, created, documents, context_tokens, repeats, program"
                                " FROM comparison WHERE id = ?",
                                error);
  g_autoptr (GError) local = NULL;
  CollateComparisonRecord *record;

  if (row == NULL)
    return NULL;

  collate_statement_bind_int (row, 1, id);
  if (!collate_statement_next (row, &local))
    {
      if (local == NULL)
        local = g_error_new (COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, "no comparison %" G_GINT64_FORMAT, id);
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }

  record = collate_comparison_record_new (get_text (row, 0) != NULL ? get_text (row, 0) : "");
  record->id = id;
  if (get_text (row, 1) != NULL)
    {
      g_free (record->title);
      record->title = g_strdup (get_text (row, 1));
    }
  record->created = collate_statement_get_int (row, 2);
  g_ptr_array_unref (record->documents);
  record->documents = read_documents (get_text (row, 3));
  record->context_tokens = get_known (row, 4, -1);
  record->repeats = (guint) MAX (get_count (row, 5), 1);
  *alive = lives (store, get_text (row, 6));

  return record;
}

CollateComparisonRecord *
collate_store_read (CollateStore *store, gint64 id, GError **error)
{
  g_autoptr (CollateComparisonRecord) record = NULL;
  g_autoptr (CollateStatement) rows = NULL;
  g_autoptr (GError) local = NULL;
  gboolean alive;

  record = read_comparison (store, id, &alive, error);
  rows = record == NULL ? NULL
                        : collate_database_prepare (store->database,
                                                    "SELECT " ANSWER_COLUMNS
                                                    " FROM answer WHERE comparison = ? ORDER BY position",
                                                    error);
  if (rows == NULL)
    return NULL;

  collate_statement_bind_int (rows, 1, id);
  while (collate_statement_next (rows, &local))
    {
      CollateAnswerRecord *answer = read_answer (rows, alive);

      if (answer != NULL)
        g_ptr_array_add (record->answers, answer);
    }

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  return g_steal_pointer (&record);
}

GPtrArray *
collate_store_read_documents (CollateStore *store, gint64 id, GError **error)
{
  g_autoptr (CollateComparisonRecord) record = NULL;
  gboolean alive;

  record = read_comparison (store, id, &alive, error);
  if (record == NULL || !collate_store_read_texts (store, id, record->documents, error))
    return NULL;

  return g_ptr_array_ref (record->documents);
}
