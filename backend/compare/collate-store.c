/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The history in SQLite: its schema, and writing. On the history's thread. */

#include "compare/collate-store-private.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "base/collate-json.h"

/* The list is read from the index alone: the rows hold whole answers. */
static const char *const steps[] = {
  "CREATE TABLE comparison ("
  " id INTEGER PRIMARY KEY AUTOINCREMENT,"
  " created INTEGER NOT NULL,"
  " title TEXT NOT NULL,"
  " question TEXT NOT NULL,"
  " documents TEXT NOT NULL,"
  " context_tokens INTEGER,"
  " repeats INTEGER NOT NULL,"
  " program TEXT NOT NULL);"
  "CREATE TABLE answer ("
  " comparison INTEGER NOT NULL REFERENCES comparison (id) ON DELETE CASCADE,"
  " position INTEGER NOT NULL,"
  " entry TEXT NOT NULL, name TEXT NOT NULL, run INTEGER NOT NULL, route TEXT, provider TEXT, key_name TEXT,"
  " served_model TEXT, finish_reason TEXT, local INTEGER NOT NULL, state TEXT NOT NULL,"
  " input INTEGER, cached_input INTEGER, cache_write INTEGER, cache_write_1h INTEGER, output INTEGER,"
  " reasoning_output INTEGER, reported INTEGER, estimated INTEGER,"
  " price TEXT, cost INTEGER, asked_at INTEGER,"
  " head INTEGER, first_reasoning INTEGER, first_text INTEGER, last_token INTEGER, done INTEGER,"
  " requests INTEGER NOT NULL, dropped TEXT NOT NULL, error TEXT, message TEXT, status INTEGER NOT NULL,"
  " expected_input INTEGER, input_cut INTEGER NOT NULL,"
  " text TEXT NOT NULL, reasoning TEXT NOT NULL,"
  " PRIMARY KEY (comparison, position));"
  "CREATE INDEX answer_list ON answer (comparison, position, entry, state);",
  "ALTER TABLE answer ADD COLUMN avoided TEXT;",
  "ALTER TABLE answer ADD COLUMN keys_read REAL;"
  "ALTER TABLE answer ADD COLUMN pace TEXT;",
  "ALTER TABLE answer ADD COLUMN drafted INTEGER;"
  "ALTER TABLE answer ADD COLUMN drafts_right INTEGER;",
  "CREATE TABLE text ("
  " id INTEGER PRIMARY KEY,"
  " hash TEXT NOT NULL UNIQUE," /* SHA-256 of the text */
  " length INTEGER NOT NULL,"   /* of the text, in bytes */
  " packed BLOB NOT NULL);"
  "CREATE TABLE document ("
  " comparison INTEGER NOT NULL REFERENCES comparison (id) ON DELETE CASCADE,"
  " position INTEGER NOT NULL,"
  " text TEXT NOT NULL,"
  " PRIMARY KEY (comparison, position)) WITHOUT ROWID;"
  "CREATE INDEX document_text ON document (text);"
  "CREATE TRIGGER document_gone AFTER DELETE ON document BEGIN"
  " DELETE FROM text WHERE hash = OLD.text AND NOT EXISTS (SELECT 1 FROM document WHERE text = OLD.text);"
  " END;",
};

/* One "?" for each of ANSWER_COLUMNS, from ?3 on. */
#define ANSWER_VALUES                                                                                        \
  "?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, "  \
  "?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42"

void
collate_store_change_free (CollateStoreChange *change)
{
  collate_answer_record_free (change->record);
  g_free (change);
}

/* Opening. */

CollateStore *
collate_store_open (const char *path, GError **error)
{
  g_autoptr (CollateStore) store = g_new0 (CollateStore, 1);
  struct stat info;

  store->path = g_strdup (path);
  store->database = collate_database_open (path, error);
  if (store->database == NULL ||
      !collate_database_migrate (store->database, steps, G_N_ELEMENTS (steps), error))
    return NULL;

  if (stat (path, &info) == 0)
    {
      store->device = info.st_dev;
      store->inode = info.st_ino;
    }
  return g_steal_pointer (&store);
}

gboolean
collate_store_is_there (CollateStore *store)
{
  struct stat info;

  return store->inode == 0 ||
         (stat (store->path, &info) == 0 && info.st_dev == store->device && info.st_ino == store->inode);
}

void
collate_store_close (CollateStore *store)
{
  g_clear_pointer (&store->database, collate_database_close);
  g_clear_pointer (&store->lock, collate_lock_free);
  g_free (store->path);
  g_free (store);
}

/* Writing. */

static void
bind_known (CollateStatement *statement, int index, gint64 value, gboolean known)
{
  if (known)
    collate_statement_bind_int (statement, index, value);
  else
    collate_statement_bind_null (statement, index);
}

/* A JSON text that is not null. */
static void
bind_json (CollateStatement *statement, int index, JsonNode *node)
{
  g_autofree char *text = collate_json_to_string (node, FALSE);

  collate_statement_bind_text (statement, index, text);
  json_node_unref (node);
}

static JsonNode *
object_to_node (JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return node;
}

static JsonNode *
strings_to_node (GPtrArray *strings)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < strings->len; i++)
    json_array_add_string_element (array, strings->pdata[i]);
  json_node_take_array (node, array);
  return node;
}

static void
bind_usage (CollateStatement *statement, const CollateAnswerRecord *record)
{
  const CollateUsage *usage = &record->usage;
  gboolean known = record->has_usage;

  bind_known (statement, 13, usage->input, known);
  bind_known (statement, 14, usage->cached_input, known);
  bind_known (statement, 15, usage->cache_write, known);
  bind_known (statement, 16, usage->cache_write_1h, known);
  bind_known (statement, 17, usage->output, known);
  bind_known (statement, 18, usage->reasoning, known);
  bind_known (statement, 19, usage->reported, known && usage->reported != COLLATE_MONEY_UNKNOWN);
  bind_known (statement, 20, usage->estimated, known);
  bind_known (statement, 41, usage->drafted, known);
  bind_known (statement, 42, usage->drafts_right, known);
}

static void
bind_pace (CollateStatement *statement, const CollateAnswerRecord *record)
{
  if (isfinite (record->keys_read))
    collate_statement_bind_double (statement, 39, record->keys_read);
  else
    collate_statement_bind_null (statement, 39);
  if (record->pace != NULL)
    bind_json (statement, 40, object_to_node (collate_pace_to_json (record->pace)));
  else
    collate_statement_bind_null (statement, 40);
}

/* The columns from ?3 on; ?1 and ?2 are comparison and position. */
static void
bind_answer (CollateStatement *statement, const CollateAnswerRecord *record)
{
  const CollateTimings *timings = &record->timings;
  const GError *error = record->error;

  collate_statement_bind_text (statement, 3, record->entry_id);
  collate_statement_bind_text (statement, 4, record->name);
  collate_statement_bind_int (statement, 5, record->run);
  collate_statement_bind_text (statement, 6, record->route);
  collate_statement_bind_text (statement, 7, record->provider_name);
  collate_statement_bind_text (statement, 8, record->key_name);
  collate_statement_bind_text (statement, 9, record->served_model);
  collate_statement_bind_text (statement, 10, record->finish_reason);
  collate_statement_bind_int (statement, 11, record->local);
  collate_statement_bind_text (statement, 12, collate_answer_state_to_string (record->state));
  bind_usage (statement, record);
  if (record->price != NULL)
    bind_json (statement, 21, object_to_node (collate_price_to_json (record->price)));
  else
    collate_statement_bind_null (statement, 21);
  bind_known (statement, 22, record->cost, record->cost != COLLATE_MONEY_UNKNOWN);
  bind_known (statement, 23, record->asked_at, record->asked_at > 0);
  bind_known (statement, 24, timings->head, timings->head >= 0);
  bind_known (statement, 25, timings->first_reasoning, timings->first_reasoning >= 0);
  bind_known (statement, 26, timings->first_text, timings->first_text >= 0);
  bind_known (statement, 27, timings->last_token, timings->last_token >= 0);
  bind_known (statement, 28, timings->done, timings->done >= 0);
  collate_statement_bind_int (statement, 29, record->requests);
  bind_json (statement, 30, strings_to_node (record->dropped));
  collate_statement_bind_text (statement, 31, error != NULL ? collate_error_to_string (error->code) : NULL);
  collate_statement_bind_text (statement, 32, error != NULL ? error->message : NULL);
  collate_statement_bind_int (statement, 33, record->status);
  bind_known (statement, 34, record->expected_input, record->expected_input >= 0);
  collate_statement_bind_int (statement, 35, record->input_cut);
  collate_statement_bind_text (statement, 36, record->text->str);
  collate_statement_bind_text (statement, 37, record->reasoning->str);
  if (record->avoided != NULL)
    bind_json (statement, 38, object_to_node (collate_avoided_to_json (record->avoided)));
  else
    collate_statement_bind_null (statement, 38);
  bind_pace (statement, record);
}

static gboolean
write_answer (CollateStore *store,
              CollateStatement *statement,
              gint64 id,
              guint position,
              const CollateAnswerRecord *record,
              GError **error)
{
  collate_statement_bind_int (statement, 1, id);
  collate_statement_bind_int (statement, 2, position);
  bind_answer (statement, record);

  return collate_statement_run (statement, error);
}

/* A whole row, unless its comparison was removed meanwhile. */
static CollateStatement *
prepare_whole (CollateStore *store, GError **error)
{
  return collate_database_prepare (store->database,
                                   "INSERT OR REPLACE INTO answer (comparison, position, " ANSWER_COLUMNS ")"
                                   " SELECT ?1, ?2, " ANSWER_VALUES
                                   " WHERE EXISTS (SELECT 1 FROM comparison WHERE id = ?1)",
                                   error);
}

/* The same columns, with more of the text. */
static CollateStatement *
prepare_more (CollateStore *store, GError **error)
{
  return collate_database_prepare (
      store->database,
      "UPDATE answer SET (" ANSWER_COLUMNS ") ="
      " (SELECT ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,"
      " ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, text || ?36, reasoning || ?37, ?38, "
      "?39, ?40, ?41, ?42)"
      " WHERE comparison = ?1 AND position = ?2",
      error);
}

gboolean
collate_store_commit (CollateStore *store, gboolean written, GError **error)
{
  if (written && collate_database_execute (store->database, "COMMIT", error))
    return TRUE;

  collate_database_execute (store->database, "ROLLBACK", NULL);
  return FALSE;
}

static gboolean
insert_comparison (CollateStore *store, const CollateComparisonRecord *record, GError **error)
{
  g_autoptr (CollateStatement) statement = collate_database_prepare (
      store->database,
      "INSERT INTO comparison (created, title, question, documents, context_tokens, repeats, program)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)",
      error);
  JsonNode *documents;

  if (statement == NULL)
    return FALSE;

  documents = json_node_new (JSON_NODE_ARRAY);
  json_node_take_array (documents, collate_document_records_to_json (record->documents));
  collate_statement_bind_int (statement, 1, record->created);
  collate_statement_bind_text (statement, 2, record->title);
  collate_statement_bind_text (statement, 3, record->question);
  bind_json (statement, 4, documents);
  bind_known (statement, 5, record->context_tokens, record->context_tokens >= 0);
  collate_statement_bind_int (statement, 6, record->repeats);
  collate_statement_bind_text (statement, 7, store->lock != NULL ? collate_lock_get_name (store->lock) : "");

  return collate_statement_run (statement, error);
}

static gboolean
insert_answers (CollateStore *store, gint64 id, GPtrArray *answers, GError **error)
{
  g_autoptr (CollateStatement) statement = prepare_whole (store, error);

  if (statement == NULL)
    return FALSE;

  for (guint i = 0; i < answers->len; i++)
    if (!write_answer (store, statement, id, i, answers->pdata[i], error))
      return FALSE;

  return TRUE;
}

gint64
collate_store_insert (CollateStore *store, const CollateComparisonRecord *record, GError **error)
{
  gboolean written;
  gint64 id;

  if (store->lock == NULL && strcmp (store->path, ":memory:") != 0)
    {
      store->lock = collate_lock_new (store->path, error);
      if (store->lock == NULL)
        return 0;
    }
  if (!collate_database_execute (store->database, "BEGIN IMMEDIATE", error))
    return 0;

  written = insert_comparison (store, record, error);
  id = collate_database_last_id (store->database);
  written = written && insert_answers (store, id, record->answers, error);

  return collate_store_commit (store, written, error) ? id : 0;
}

static gboolean
write_changes (CollateStore *store, gint64 id, GPtrArray *changes, GError **error)
{
  g_autoptr (CollateStatement) whole = prepare_whole (store, error);
  g_autoptr (CollateStatement) more = whole != NULL ? prepare_more (store, error) : NULL;

  if (more == NULL)
    return FALSE;

  for (guint i = 0; i < changes->len; i++)
    {
      const CollateStoreChange *change = changes->pdata[i];

      if (!write_answer (store, change->whole ? whole : more, id, change->position, change->record, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
collate_store_write (CollateStore *store, gint64 id, GPtrArray *changes, GError **error)
{
  if (!collate_database_execute (store->database, "BEGIN IMMEDIATE", error))
    return FALSE;

  return collate_store_commit (store, write_changes (store, id, changes, error), error);
}

gboolean
collate_store_rename (CollateStore *store, gint64 id, const char *title, GError **error)
{
  g_autoptr (CollateStatement) statement =
      collate_database_prepare (store->database, "UPDATE comparison SET title = ? WHERE id = ?", error);

  if (statement == NULL)
    return FALSE;

  collate_statement_bind_text (statement, 1, title);
  collate_statement_bind_int (statement, 2, id);
  return collate_statement_run (statement, error);
}

gboolean
collate_store_remove (CollateStore *store, gint64 id, GError **error)
{
  g_autoptr (CollateStatement) statement =
      collate_database_prepare (store->database, "DELETE FROM comparison WHERE id = ?", error);

  if (statement == NULL)
    return FALSE;

  collate_statement_bind_int (statement, 1, id);
  return collate_statement_run (statement, error);
}
