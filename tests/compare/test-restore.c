/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/collate-database.h"
#include "base/collate-error.h"
#include "base/collate-json.h"
#include "base/collate-pack.h"
#include "compare/collate-export.h"
#include "documents/collate-reply.h"
#include "fixtures.h"
#include "scripted-server.h"

/* The text of documents in the history: kept once, gone with the last comparison over it, and never believed. */

#define MODELS "[{'id':'m','name':'M','routes':[{'provider':'p','model':'one'}]}]"
#define SCRIPT "{\"models\":{\"one\":[{\"answer\":{\"text\":\"Yes, it does.\"}}]}}"

typedef struct
{
  ScriptedServer *server;
  Desk *desk;
} Fixture;

static void
fixture_set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->server = scripted_server_new (SCRIPT, -1, 0, &error);
  g_assert_no_error (error);
  fixture->desk = desk_new (scripted_server_get_address (fixture->server), MODELS);
}

static void
fixture_tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->desk, desk_free);
  scripted_server_free (fixture->server);
}

static CollateHistory *
get_history (Fixture *fixture)
{
  return collate_workspace_get_history (fixture->desk->workspace);
}

static CollateLibrary *
get_library (Fixture *fixture)
{
  return collate_workspace_get_library (fixture->desk->workspace);
}

/* The id of a comparison over what is loaded. */
static gint64
ask (Fixture *fixture)
{
  g_autoptr (CollateComparison) comparison = desk_ask (fixture->desk, "Does it?", "m");

  g_assert_cmpint (collate_comparison_get_id (comparison), >, 0);
  return collate_comparison_get_id (comparison);
}

static void
take_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_set (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static GPtrArray *
restore (Fixture *fixture, gint64 id, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  collate_history_restore_async (get_history (fixture), id, NULL, take_result, &result);
  wait_for (is_set, &result);

  return collate_history_restore_finish (get_history (fixture), result, error);
}

/* Puts documents into the library, and waits until they are counted. */
static void
load (Fixture *fixture, GPtrArray *documents)
{
  g_autoptr (GAsyncResult) result = NULL;

  collate_library_clear (get_library (fixture));
  for (guint i = 0; i < documents->len; i++)
    collate_library_add_document (get_library (fixture), documents->pdata[i]);
  collate_library_settle_async (get_library (fixture), NULL, take_result, &result);
  wait_for (is_set, &result);
  g_assert_true (collate_library_settle_finish (get_library (fixture), result, NULL));
}

static void
assert_missing (Fixture *fixture, gint64 id)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (restore (fixture, id, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
}

/* Another program's way into the file. */
static void
execute (Fixture *fixture, const char *sql)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateDatabase) database = collate_database_open (fixture->desk->history_path, &error);

  g_assert_no_error (error);
  collate_database_execute (database, sql, &error);
  g_assert_no_error (error);
}

static gint64
count_texts (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateDatabase) database = NULL;
  g_autoptr (CollateStatement) statement = NULL;

  collate_history_flush (get_history (fixture));
  database = collate_database_open (fixture->desk->history_path, &error);
  g_assert_no_error (error);
  statement = collate_database_prepare (database, "SELECT count(*) FROM text", &error);
  g_assert_no_error (error);
  g_assert_true (collate_statement_next (statement, &error));
  return collate_statement_get_int (statement, 0);
}

/* The messages of a request so far, as JSON. */
static char *
dup_messages (Fixture *fixture, guint number)
{
  g_autofree char *journal = scripted_server_dup_journal (fixture->server);
  g_autoptr (JsonArray) requests = collate_json_parse_array (journal, -1, NULL);
  JsonObject *body = collate_json_object (collate_json_element_object (requests, number), "body");

  return collate_json_to_string (json_object_get_member (body, "messages"), FALSE);
}

/* After a new start, without any file, the very same is asked. */
static void
test_round_trip (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CollateComparison) first = NULL;
  g_autoptr (CollateComparison) second = NULL;
  g_autoptr (GPtrArray) documents = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *messages = NULL;
  g_autofree char *again = NULL;
  CollateDocumentRecord *before, *after;

  desk_add_document (fixture->desk, "b.txt", "\xef\xbb\xbfIt does,\r\n\r\nsays the café.\f\n");
  desk_add_document (fixture->desk, "a.md", "# It does not.\n");
  first = desk_ask (fixture->desk, "Does it?", "m");
  desk_restart (fixture->desk);
  documents = restore (fixture, collate_comparison_get_id (first), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (documents->len, ==, 2);
  g_assert_null (collate_document_get_file (documents->pdata[0]));
  load (fixture, documents);
  second = desk_ask (fixture->desk, "Does it?", "m");

  messages = dup_messages (fixture, 0);
  again = dup_messages (fixture, 1);
  g_assert_nonnull (strstr (messages, "says the café."));
  g_assert_cmpstr (again, ==, messages);
  g_assert_cmpint (
      collate_comparison_get_context_tokens (second), ==, collate_comparison_get_context_tokens (first));
  for (guint i = 0; i < 2; i++)
    {
      before = collate_comparison_get_documents (first)->pdata[i];
      after = collate_comparison_get_documents (second)->pdata[i];
      g_assert_cmpstr (after->name, ==, before->name);
      g_assert_cmpuint (after->pages, ==, before->pages);
      g_assert_cmpint (after->tokens, ==, before->tokens);
    }
}

/* What exports tell of a comparison says nothing of its documents' text. */
static void
test_not_exported (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CollateComparison) comparison = NULL;
  g_autofree char *json = NULL;

  desk_add_document (fixture->desk, "a.txt", "It does.");
  comparison = desk_ask (fixture->desk, "Does it?", "m");
  json = collate_export_json (comparison);
  g_assert_nonnull (strstr (json, "a.txt"));
  g_assert_null (strstr (json, "It does."));
}

static void
test_shared (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) documents = NULL;
  gint64 first, second;

  desk_add_document (fixture->desk, "a.txt", "Shared.");
  desk_add_document (fixture->desk, "copy.txt", "Shared.");
  first = ask (fixture);
  g_assert_cmpint (count_texts (fixture), ==, 1);
  desk_add_document (fixture->desk, "c.txt", "Its own.");
  second = ask (fixture);
  g_assert_cmpint (count_texts (fixture), ==, 2);

  collate_history_remove (get_history (fixture), first);
  g_assert_cmpint (count_texts (fixture), ==, 2);
  assert_missing (fixture, first);
  documents = restore (fixture, second, NULL);
  g_assert_cmpuint (documents->len, ==, 3);
  g_assert_cmpstr (collate_document_get_text (documents->pdata[1]), ==, "Its own.");
  g_assert_cmpstr (collate_document_get_text (documents->pdata[2]), ==, "Shared.");

  collate_history_remove (get_history (fixture), second);
  g_assert_cmpint (count_texts (fixture), ==, 0);
}

/* A comparison of before the text was kept is there, but not its text; what is asked from then on has it. */
static void
test_older (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CollateComparison) past = NULL;
  g_autoptr (GPtrArray) documents = NULL;
  gint64 id;

  desk_add_document (fixture->desk, "a.txt", "It does.");
  id = ask (fixture);
  execute (fixture,
           "DROP TRIGGER document_gone; DROP TABLE document; DROP TABLE text; PRAGMA user_version = 4");
  desk_restart (fixture->desk);
  past = open_past (get_history (fixture), id, NULL);
  g_assert_cmpuint (collate_comparison_get_documents (past)->len, ==, 1);
  assert_missing (fixture, id);

  desk_add_document (fixture->desk, "a.txt", "It does.");
  documents = restore (fixture, ask (fixture), NULL);
  g_assert_cmpstr (collate_document_get_text (documents->pdata[0]), ==, "It does.");
}

static void
test_none (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) documents = restore (fixture, ask (fixture), NULL);

  g_assert_cmpuint (documents->len, ==, 0);
  assert_missing (fixture, 0);
  assert_missing (fixture, 1234);
}

/* The reading of a comparison's documents ends when the window that waits for them does. */
static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  collate_history_restore_async (get_history (fixture), ask (fixture), cancellable, take_result, &result);
  g_cancellable_cancel (cancellable);
  wait_for (is_set, &result);
  g_assert_null (collate_history_restore_finish (get_history (fixture), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Where there is no room for a text, the comparison is kept without it. */
static void
test_no_room (Fixture *fixture, gconstpointer data)
{
  gint64 id;

  collate_history_flush (get_history (fixture));
  execute (
      fixture,
      "CREATE TRIGGER full BEFORE INSERT ON text WHEN NEW.length > 8 BEGIN SELECT RAISE (FAIL, 'full'); END");
  desk_add_document (fixture->desk, "a.txt", "Short.");
  desk_add_document (fixture->desk, "b.txt", "It does.\n");
  id = ask (fixture);
  assert_missing (fixture, id);
  g_assert_cmpint (count_texts (fixture), ==, 0);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (get_history (fixture))), ==, 1);
}

/* Rows that this program would not have written: the text is not there, and everything else is. */
static void
test_odd_rows (Fixture *fixture, gconstpointer data)
{
  static const char *const odd[] = {
    "DELETE FROM text",
    "DELETE FROM document WHERE position = 0",
    "UPDATE document SET position = -1 WHERE position = 1",
    "INSERT INTO document SELECT comparison, 2, text FROM document WHERE position = 1",
    "UPDATE document SET position = 9223372036854775807 WHERE position = 1",
    "UPDATE document SET text = '' WHERE position = 0",
    "UPDATE text SET hash = 'odd' || id",
    "UPDATE text SET hash = CAST (hash AS BLOB)",
    "UPDATE text SET packed = x''",
    "UPDATE text SET packed = x'ff00ff00'",
    "UPDATE text SET packed = zeroblob (100000)",
    "UPDATE text SET packed = substr (packed, 1, length (packed) - 3)",
    "UPDATE text SET packed = 'a text'",
    "UPDATE text SET packed = 5",
    "UPDATE text SET packed = (SELECT packed FROM text AS other WHERE other.id != text.id)",
    "UPDATE text SET length = 0",
    "UPDATE text SET length = -1",
    "UPDATE text SET length = length - 1",
    "UPDATE text SET length = length + 1",
    "UPDATE text SET length = 'long'",
    "UPDATE text SET length = 67108864",
    "UPDATE text SET length = 9223372036854775807",
    "UPDATE comparison SET documents = 'no JSON'",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      g_autoptr (CollateComparison) past = NULL;
      gint64 id;

      desk_add_document (fixture->desk, "a.txt", "It does, and it does, and it does.");
      desk_add_document (fixture->desk, "b.txt", "It does not.");
      id = ask (fixture);
      execute (fixture, odd[i]);
      g_test_message ("%s", odd[i]);
      assert_missing (fixture, id);

      desk_restart (fixture->desk);
      past = open_past (get_history (fixture), id, NULL);
      g_assert_cmpstr (collate_answer_get_text (answer_at (past, 0)), ==, "Yes, it does.");
      execute (fixture, "DELETE FROM comparison; DELETE FROM text");
    }
}

/* Puts another text into the place of the only one, packed and with its hash as it has to be. */
static void
replace_text (Fixture *fixture, const char *text, gsize length)
{
  gsize size;
  g_autofree guint8 *packed = collate_pack (text, length, &size);
  g_autofree char *hash = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) text, length);
  g_autoptr (GString) sql = g_string_new (NULL);

  g_string_printf (
      sql, "UPDATE text SET hash = '%s', length = %" G_GSIZE_FORMAT ", packed = x'", hash, length);
  for (gsize i = 0; i < size; i++)
    g_string_append_printf (sql, "%02x", packed[i]);
  g_string_append_printf (sql, "'; UPDATE document SET text = '%s';", hash);
  execute (fixture, sql->str);
}

/* What is rightly packed need not be a text. */
static void
test_no_text (Fixture *fixture, gconstpointer data)
{
  gint64 id;

  desk_add_document (fixture->desk, "a.txt", "It does.");
  id = ask (fixture);
  replace_text (fixture, "\xff\xfe", 2);
  assert_missing (fixture, id);
  replace_text (fixture, "It\0does", 7);
  assert_missing (fixture, id);
}

/* A small row that is, rightly, a long text: it is read, but not more often than there is room. */
static void
test_bomb (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) documents = NULL;
  g_autofree char *text = g_strnfill (COLLATE_REPLY_MAX_TEXT, 'x');
  g_autoptr (GString) sql = g_string_new ("UPDATE comparison SET documents = '[{\"name\":\"a\"}");
  gint64 id;

  desk_add_document (fixture->desk, "a.txt", "It does.");
  id = ask (fixture);
  replace_text (fixture, text, COLLATE_REPLY_MAX_TEXT);
  documents = restore (fixture, id, NULL);
  g_assert_cmpuint (strlen (collate_document_get_text (documents->pdata[0])), ==, COLLATE_REPLY_MAX_TEXT);

  for (guint i = 1; i < 9; i++)
    g_string_append (sql, ",{\"name\":\"a\"}");
  g_string_append (sql, "]';");
  for (guint i = 1; i < 9; i++)
    g_string_append_printf (
        sql, "INSERT INTO document SELECT comparison, %u, text FROM document WHERE position = 0;", i);
  execute (fixture, sql->str);
  assert_missing (fixture, id);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/compare/restore/round-trip", test_round_trip },
    { "/compare/restore/not-exported", test_not_exported },
    { "/compare/restore/shared", test_shared },
    { "/compare/restore/older", test_older },
    { "/compare/restore/none", test_none },
    { "/compare/restore/cancelled", test_cancelled },
    { "/compare/restore/no-room", test_no_room },
    { "/compare/restore/odd-rows", test_odd_rows },
    { "/compare/restore/no-text", test_no_text },
    { "/compare/restore/bomb", test_bomb },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, fixture_set_up, tests[i].test, fixture_tear_down);

  return g_test_run ();
}
