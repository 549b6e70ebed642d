/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <math.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/collate-database.h"
#include "compare/collate-export.h"
#include "compare/collate-sentences.h"
#include "fixtures.h"
#include "scripted-server.h"

#define MODELS                                                                                               \
  "[{'id':'m','name':'M','routes':[{'provider':'p','model':'one','price':{'input':2,'output':10,"            \
  "'as_of':'2026-11'}}]},{'id':'n','name':'N','routes':[{'provider':'a','model':'two'}]},"                   \
  "{'id':'s','name':'S','routes':[{'provider':'p','model':'slow','price':{'input':1,'output':1000}}]}]"

#define SCRIPT                                                                                               \
  "{'models':{'one':[{'answer':{'text':'Yes, it does.','reasoning':'Hm.','served_model':'one-1',"            \
  "'usage':{'input':1000,'cached':200,'output':60,'reasoning':20}}}],"                                       \
  "'two':[{'error':{'status':400,'message':'bad thing'}},{'answer':{'text':'No.'}}],"                        \
  "'slow':[{'answer':{'text':'" SLOW_TEXT "','tokens_per_second':20,'usage':{'input':50,'output':400}}}]}}"

typedef struct
{
  ScriptedServer *server;
  Desk *desk;
} Fixture;

static void
fixture_set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *script = g_strdelimit (g_strdup (SCRIPT), "'", '"');
  g_autoptr (GError) error = NULL;

  fixture->server = scripted_server_new (script, -1, 0, &error);
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

static CollateHistoryItem *
item_at (CollateHistory *history, guint position)
{
  g_autoptr (CollateHistoryItem) item = g_list_model_get_item (G_LIST_MODEL (history), position);

  g_assert_nonnull (item);
  return item;
}

/* The code of what keeps the history from working; -1: nothing. */
static int
get_problem (CollateHistory *history)
{
  g_autoptr (GError) problem = NULL;

  g_object_get (history, "problem", &problem, NULL);

  return problem != NULL ? problem->code : -1;
}

/* All that the command line tells of a comparison is the same after a new start, but for what only the
 * moment knows. */
static void
test_round_trip (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CollateComparison) comparison = NULL;
  g_autoptr (CollateComparison) past = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  gint64 id;

  desk_add_document (fixture->desk, "a.txt", "It does.");
  comparison = desk_ask (fixture->desk, "Does it?", "m,n");
  id = collate_comparison_get_id (comparison);
  g_assert_cmpint (id, >, 0);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (get_history (fixture))), ==, 1);
  g_assert_cmpint (collate_history_item_get_id (item_at (get_history (fixture), 0)), ==, id);
  g_assert_cmpstr (collate_history_item_get_state (item_at (get_history (fixture), 0)), ==, "failed");

  /* What this program asked is opened as the very same object. */
  past = open_past (get_history (fixture), id, &error);
  g_assert_true (past == comparison);
  g_clear_object (&past);

  before = collate_export_json (comparison);
  g_clear_object (&comparison);
  desk_restart (fixture->desk);

  g_assert_true (load_history (get_history (fixture), &error));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (get_history (fixture))), ==, 1);
  g_assert_cmpstr (collate_history_item_get_question (item_at (get_history (fixture), 0)), ==, "Does it?");
  g_assert_cmpstr (collate_history_item_get_title (item_at (get_history (fixture), 0)), ==, "Does it?");
  g_assert_cmpstr (collate_history_item_get_state (item_at (get_history (fixture), 0)), ==, "failed");
  g_assert_cmpstr (collate_history_item_get_documents (item_at (get_history (fixture), 0))[0], ==, "a.txt");
  g_assert_cmpstr (collate_history_item_get_models (item_at (get_history (fixture), 0))[1], ==, "n");

  past = open_past (get_history (fixture), id, &error);
  g_assert_no_error (error);
  after = collate_export_json (past);
  g_assert_cmpstr (after, ==, before);
  g_assert_nonnull (strstr (after, "\"as_of\": \"2026-11\""));
  g_assert_false (collate_comparison_is_running (past));
  g_assert_false (collate_comparison_can_retry (past, answer_at (past, 0)));
}

static void
test_title_and_removal (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CollateComparison) first = desk_ask (fixture->desk, "First?", "m");
  g_autoptr (CollateComparison) second = desk_ask (fixture->desk, "Second?", "m");
  g_autoptr (CollateComparison) past = NULL;
  g_autoptr (GError) error = NULL;
  gint64 id = collate_comparison_get_id (second);

  g_assert_cmpstr (collate_history_item_get_question (item_at (get_history (fixture), 0)), ==, "Second?");
  g_object_set (first, "title", "A title", NULL);
  g_assert_cmpstr (collate_history_item_get_title (item_at (get_history (fixture), 1)), ==, "A title");
  collate_history_remove (get_history (fixture), id);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (get_history (fixture))), ==, 1);

  g_clear_object (&first);
  desk_restart (fixture->desk);
  g_assert_true (load_history (get_history (fixture), &error));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (get_history (fixture))), ==, 1);
  g_assert_cmpstr (collate_history_item_get_title (item_at (get_history (fixture), 0)), ==, "A title");
  g_assert_null (open_past (get_history (fixture), id, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
  g_clear_error (&error);

  /* A past comparison is renamed, too. */
  past = open_past (
      get_history (fixture), collate_history_item_get_id (item_at (get_history (fixture), 0)), &error);
  g_assert_no_error (error);
  g_object_set (past, "title", "", NULL);
  g_assert_cmpstr (collate_history_item_get_title (item_at (get_history (fixture), 0)), ==, "First?");
}

static void
test_retry_replaces (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CollateComparison) comparison = desk_ask (fixture->desk, "Does it?", "n,m");
  g_autoptr (CollateComparison) past = NULL;
  gint64 id = collate_comparison_get_id (comparison);

  g_assert_cmpint (collate_answer_get_state (answer_at (comparison, 0)), ==, COLLATE_ANSWER_FAILED);
  collate_comparison_retry (comparison, answer_at (comparison, 0));
  g_assert_cmpstr (collate_history_item_get_state (item_at (get_history (fixture), 0)), ==, "running");
  settle (comparison);
  g_assert_cmpstr (collate_history_item_get_state (item_at (get_history (fixture), 0)), ==, "done");

  g_clear_object (&comparison);
  desk_restart (fixture->desk);
  past = open_past (get_history (fixture), id, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (past)), ==, 2);
  g_assert_cmpint (collate_answer_get_state (answer_at (past, 0)), ==, COLLATE_ANSWER_DONE);
  g_assert_cmpstr (collate_answer_get_text (answer_at (past, 0)), ==, "No.");
  g_assert_null (collate_answer_get_error (answer_at (past, 0)));
}

/* What the other program asks is on disk while it goes on: the beginning of its text, and what that cost. */
static gboolean
is_written (gpointer history)
{
  g_autoptr (CollateComparison) past = open_past (history, 1, NULL);
  const CollateUsage *usage = past != NULL ? collate_answer_get_usage (answer_at (past, 0)) : NULL;

  return usage != NULL && usage->input > 0 && collate_answer_get_text_length (answer_at (past, 0)) > 20;
}

/* Starts the other program over the same history, and waits until it has written something. */
static GSubprocess *
start_asker (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  GSubprocess *asker = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE,
                                         &error,
                                         g_getenv ("COLLATE_SLOW_ASKER"),
                                         scripted_server_get_address (fixture->server),
                                         fixture->desk->history_path,
                                         NULL);

  g_assert_no_error (error);
  wait_for (is_written, get_history (fixture));

  return asker;
}

static void
kill_program (GSubprocess *program)
{
  g_subprocess_send_signal (program, SIGKILL);
  g_subprocess_wait (program, NULL, NULL);
}

/* What yet another program does at the moment when it finds out whether the one that asked is alive; returns the descriptor
 * that it has open. */
static int
look_at_lock (Fixture *fixture)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->desk->folder, 0, NULL);
  g_autofree char *path = NULL;
  const char *name;
  int fd;

  while ((name = g_dir_read_name (dir)) != NULL && !g_str_has_suffix (name, ".lock"))
    ;
  g_assert_nonnull (name);
  path = g_build_filename (fixture->desk->folder, name, NULL);
  fd = open (path, O_RDWR | O_CLOEXEC);
  g_assert_cmpint (flock (fd, LOCK_SH | LOCK_NB), ==, 0);

  return fd;
}

/* An answer is written as it comes: should its program be killed, it is there as interrupted, with what it cost by then. */
static void
test_killed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSubprocess) asker = start_asker (fixture);
  g_autoptr (CollateComparison) past = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *sentence = NULL;
  CollateAnswer *answer;
  gint64 id;
  int onlooker;

  /* While the program lives, whoever reads sees it run. */
  g_assert_true (load_history (get_history (fixture), &error));
  g_assert_cmpstr (collate_history_item_get_state (item_at (get_history (fixture), 0)), ==, "running");
  id = collate_history_item_get_id (item_at (get_history (fixture), 0));
  past = open_past (get_history (fixture), id, &error);
  g_assert_true (collate_comparison_is_running (past));
  g_clear_object (&past);

  kill_program (asker);
  onlooker = look_at_lock (fixture);
  g_assert_true (load_history (get_history (fixture), &error));
  g_assert_cmpstr (collate_history_item_get_state (item_at (get_history (fixture), 0)), ==, "interrupted");
  close (onlooker);
  past = open_past (get_history (fixture), id, &error);
  g_assert_no_error (error);
  answer = answer_at (past, 0);

  g_assert_cmpint (collate_answer_get_state (answer), ==, COLLATE_ANSWER_INTERRUPTED);
  g_assert_true (g_str_has_prefix (collate_answer_get_text (answer), "one two three "));
  g_assert_true (g_str_has_prefix (SLOW_TEXT, collate_answer_get_text (answer)));
  g_assert_error (collate_answer_get_error (answer), COLLATE_ERROR, COLLATE_ERROR_INTERRUPTED);
  g_assert_true (collate_answer_get_usage (answer)->estimated);
  g_assert_cmpint (collate_answer_get_usage (answer)->output, >, 0);
  g_assert_cmpint (collate_answer_get_usage (answer)->input, >, 0);
  g_assert_cmpint (collate_answer_get_cost (answer), >, 0);
  g_assert_cmpfloat (collate_answer_get_time (answer), >, 0);
  sentence = collate_sentence_for_answer (answer);
  g_assert_nonnull (sentence);
}

/* Two programs at once: neither waits for the other for long, and neither loses anything. */
static void
test_two_programs (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSubprocess) asker = start_asker (fixture);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (CollateComparison) comparison = desk_ask (fixture->desk, "Does it?", "m");

      g_assert_cmpint (collate_comparison_get_id (comparison), >, 1);
      g_assert_cmpint (collate_answer_get_state (answer_at (comparison, 0)), ==, COLLATE_ANSWER_DONE);
    }
  g_assert_true (load_history (get_history (fixture), &error));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (get_history (fixture))), ==, 11);
  g_assert_cmpstr (collate_history_item_get_state (item_at (get_history (fixture), 10)), ==, "running");
  g_assert_cmpint (get_problem (get_history (fixture)), ==, -1);
  kill_program (asker);
}

static void
assert_goes_on_without (Fixture *fixture, int code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateComparison) comparison = NULL;

  g_assert_false (load_history (get_history (fixture), &error));
  g_assert_error (error, COLLATE_ERROR, code);
  g_assert_cmpint (get_problem (get_history (fixture)), ==, code);

  comparison = desk_ask (fixture->desk, "Does it?", "m");
  g_assert_cmpint (collate_answer_get_state (answer_at (comparison, 0)), ==, COLLATE_ANSWER_DONE);
  g_assert_cmpint (collate_comparison_get_id (comparison), ==, 0);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (get_history (fixture))), ==, 0);
}

static void
test_damaged (Fixture *fixture, gconstpointer data)
{
  desk_spoil_history (fixture->desk, "this was a database once, and is long enough to be looked at");
  assert_goes_on_without (fixture, COLLATE_ERROR_INVALID);
}

static void
test_newer (Fixture *fixture, gconstpointer data)
{
  CollateDatabase *database;
  g_autoptr (GError) error = NULL;

  g_assert_true (load_history (get_history (fixture), NULL));
  database = collate_database_open (fixture->desk->history_path, &error);
  g_assert_no_error (error);
  g_assert_true (collate_database_execute (database, "PRAGMA user_version = 999", &error));
  collate_database_close (database);
  desk_restart (fixture->desk);
  assert_goes_on_without (fixture, COLLATE_ERROR_INVALID);
}

/* Another program's way into the file. */
static void
execute (Fixture *fixture, const char *sql)
{
  g_autoptr (GError) error = NULL;
  CollateDatabase *database = collate_database_open (fixture->desk->history_path, &error);

  g_assert_no_error (error);
  g_assert_true (collate_database_execute (database, sql, &error));
  g_assert_no_error (error);
  collate_database_close (database);
}

/* Rows that this program would not have written are read as far as they make sense. */
static void
test_odd_rows (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CollateComparison) past = NULL;
  g_autoptr (GError) error = NULL;
  gint64 id;

  past = desk_ask (fixture->desk, "Does it?", "m,n");
  id = collate_comparison_get_id (past);
  g_clear_object (&past);
  execute (fixture,
           "UPDATE comparison SET documents = 'no JSON', created = 9e18, repeats = -4, program = '../../x';"
           "UPDATE answer SET state = 'odd', price = '[]', dropped = '{', error = 'odd', run = -1,"
           " input = -5, text = CAST (x'ff41' AS TEXT) WHERE position = 0;"
           "UPDATE answer SET state = 'streaming' WHERE position = 1;");

  desk_restart (fixture->desk);
  g_assert_true (load_history (get_history (fixture), &error));
  g_assert_cmpstr (collate_history_item_get_state (item_at (get_history (fixture), 0)), ==, "failed");
  past = open_past (get_history (fixture), id, &error);
  g_assert_no_error (error);
  g_assert_cmpint (collate_answer_get_state (answer_at (past, 0)), ==, COLLATE_ANSWER_FAILED);
  g_assert_null (collate_answer_get_price (answer_at (past, 0)));
  g_assert_cmpstr (collate_answer_get_text (answer_at (past, 0)), ==, "");
  g_assert_cmpint (collate_answer_get_state (answer_at (past, 1)), ==, COLLATE_ANSWER_INTERRUPTED);
}

/* To what the schema was before the text of documents was kept. */
#define WITHOUT_TEXTS "DROP TRIGGER document_gone; DROP TABLE document; DROP TABLE text;"

/* A history of before a graphics card could be avoided is brought forward; why one was stays with its answer. */
static void
test_avoided (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CollateComparison) past = desk_ask (fixture->desk, "Does it?", "m,n");
  gint64 id = collate_comparison_get_id (past);
  g_autoptr (GError) error = NULL;

  g_clear_object (&past);
  execute (fixture,
           WITHOUT_TEXTS "ALTER TABLE answer DROP COLUMN avoided; ALTER TABLE answer DROP COLUMN keys_read;"
                         "ALTER TABLE answer DROP COLUMN pace; ALTER TABLE answer DROP COLUMN drafted;"
                         "ALTER TABLE answer DROP COLUMN drafts_right; PRAGMA user_version = 1");

  desk_restart (fixture->desk);
  past = open_past (get_history (fixture), id, &error);
  g_assert_no_error (error);
  g_assert_null (collate_answer_get_avoided (answer_at (past, 0)));
  g_clear_object (&past);

  execute (fixture,
           "UPDATE answer SET avoided = '{\"code\":\"too_large\",\"detail\":\"vulkan:0: full\"}' WHERE "
           "position = 0;"
           "UPDATE answer SET avoided = '{' WHERE position = 1");
  desk_restart (fixture->desk);
  past = open_past (get_history (fixture), id, &error);
  g_assert_no_error (error);
  g_assert_error (collate_answer_get_avoided (answer_at (past, 0)), COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_assert_cmpstr (collate_answer_get_avoided (answer_at (past, 0))->message, ==, "vulkan:0: full");
  g_assert_null (collate_answer_get_avoided (answer_at (past, 1)));
}

static void
assert_pace (CollateAnswer *answer, gboolean writing, const CollatePacePoint *expected, guint n_expected)
{
  guint n_points;
  const CollatePacePoint *points = collate_answer_get_pace (answer, writing, &n_points);

  g_assert_cmpuint (n_points, ==, n_expected);
  for (guint i = 0; i < n_points; i++)
    {
      g_assert_cmpint (points[i].end, ==, expected[i].end);
      g_assert_cmpint (points[i].n_tokens, ==, expected[i].n_tokens);
      g_assert_cmpint (points[i].duration, ==, expected[i].duration);
    }
}

/* A history of before it was known is brought forward, and what is known then stays with its answer; nonsense is not. */
static void
test_pace (Fixture *fixture, gconstpointer data)
{
  static const CollatePacePoint reading[] = { { 256, 256, 1000 }, { 300, 44, 400 } };
  static const CollatePacePoint writing[] = { { 301, 1, 90 } };
  g_autoptr (CollateComparison) past = desk_ask (fixture->desk, "Does it?", "m,n");
  gint64 id = collate_comparison_get_id (past);
  g_autoptr (GError) error = NULL;

  g_assert_true (isnan (collate_answer_get_keys_read (answer_at (past, 0))));
  g_clear_object (&past);
  execute (fixture,
           WITHOUT_TEXTS
           "ALTER TABLE answer DROP COLUMN keys_read; ALTER TABLE answer DROP COLUMN pace;"
           "ALTER TABLE answer DROP COLUMN drafted; ALTER TABLE answer DROP COLUMN drafts_right;"
           "PRAGMA user_version = 2");
  desk_restart (fixture->desk);
  past = open_past (get_history (fixture), id, &error);
  g_assert_no_error (error);
  g_assert_true (isnan (collate_answer_get_keys_read (answer_at (past, 0))));
  assert_pace (answer_at (past, 0), FALSE, NULL, 0);
  g_clear_object (&past);

  execute (
      fixture,
      "UPDATE answer SET keys_read = 0.125, pace = '{\"reading\":[256,256,1000,300,44,400],"
      "\"writing\":[301,1,90]}' WHERE position = 0;"
      "UPDATE answer SET keys_read = 1.5, pace = '{\"reading\":[\"x\",1,2,5,9,1,5,0,1,5,5,-1,5,5,5,4,1,1,9],"
      "\"writing\":{}}' WHERE position = 1");
  desk_restart (fixture->desk);
  past = open_past (get_history (fixture), id, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (collate_answer_get_keys_read (answer_at (past, 0)), ==, 0.125);
  assert_pace (answer_at (past, 0), FALSE, reading, G_N_ELEMENTS (reading));
  assert_pace (answer_at (past, 0), TRUE, writing, G_N_ELEMENTS (writing));
  g_assert_true (isnan (collate_answer_get_keys_read (answer_at (past, 1))));
  assert_pace (answer_at (past, 1), FALSE, &(CollatePacePoint){ 5, 5, 5 }, 1);
  assert_pace (answer_at (past, 1), TRUE, NULL, 0);
}

/* A history of before drafts were counted is brought forward; what a row says that cannot be is mended. */
static void
test_drafts (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CollateComparison) past = desk_ask (fixture->desk, "Does it?", "m,n");
  gint64 id = collate_comparison_get_id (past);
  g_autoptr (GError) error = NULL;

  g_clear_object (&past);
  execute (fixture,
           WITHOUT_TEXTS
           "ALTER TABLE answer DROP COLUMN drafted; ALTER TABLE answer DROP COLUMN drafts_right;"
           "UPDATE answer SET input = 10; PRAGMA user_version = 3");
  desk_restart (fixture->desk);
  past = open_past (get_history (fixture), id, &error);
  g_assert_no_error (error);
  g_assert_cmpint (collate_answer_get_usage (answer_at (past, 0))->drafted, ==, 0);
  g_clear_object (&past);

  execute (fixture,
           "UPDATE answer SET drafted = 75, drafts_right = 62 WHERE position = 0;"
           "UPDATE answer SET drafted = 75, drafts_right = 76 WHERE position = 1");
  desk_restart (fixture->desk);
  past = open_past (get_history (fixture), id, &error);
  g_assert_no_error (error);
  g_assert_cmpint (collate_answer_get_usage (answer_at (past, 0))->drafted, ==, 75);
  g_assert_cmpint (collate_answer_get_usage (answer_at (past, 0))->drafts_right, ==, 62);
  g_assert_cmpint (collate_answer_get_usage (answer_at (past, 1))->drafts_right, ==, 75);
}

/* Of a program whose name cannot be read nobody can say that it lives. */
static void
test_odd_program (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CollateComparison) past = NULL;
  g_autoptr (GError) error = NULL;
  gint64 id;

  past = desk_ask (fixture->desk, "Does it?", "m");
  id = collate_comparison_get_id (past);
  g_clear_object (&past);
  execute (fixture,
           "UPDATE comparison SET program = CAST (x'ff' AS TEXT);"
           "UPDATE answer SET state = 'streaming'");

  desk_restart (fixture->desk);
  g_assert_true (load_history (get_history (fixture), &error));
  g_assert_cmpstr (collate_history_item_get_state (item_at (get_history (fixture), 0)), ==, "interrupted");
  past = open_past (get_history (fixture), id, &error);
  g_assert_no_error (error);
  g_assert_cmpint (collate_answer_get_state (answer_at (past, 0)), ==, COLLATE_ANSWER_INTERRUPTED);
}

/* A history of years is listed whole, newest first. */
static void
test_many (Fixture *fixture, gconstpointer data)
{
  CollateDatabase *database;
  g_autoptr (GError) error = NULL;
  gint64 start;

  g_assert_true (load_history (get_history (fixture), NULL));
  database = collate_database_open (fixture->desk->history_path, &error);
  g_assert_no_error (error);
  g_assert_true (collate_database_execute (
      database,
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
      " INSERT INTO comparison (created, title, question, documents, repeats, program)"
      " SELECT i, 'Title ' || i, 'Question ' || i, '[{\"name\":\"a.pdf\"}]', 1, 'p' || i FROM n;"
      "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3)"
      " INSERT INTO answer (comparison, position, entry, name, run, local, state, requests, dropped, status,"
      " input_cut, text, reasoning) SELECT id, i, 'm' || i, 'M', 1, 0, 'done', 1, '[]', 0, 0,"
      " hex (zeroblob (5000)), '' FROM comparison, n",
      &error));
  g_assert_no_error (error);
  collate_database_close (database);

  start = g_get_monotonic_time ();
  g_assert_true (load_history (get_history (fixture), &error));
  g_test_message ("listed in %.1f ms", (double) (g_get_monotonic_time () - start) / 1000);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (get_history (fixture))), ==, 2000);
  g_assert_cmpstr (collate_history_item_get_title (item_at (get_history (fixture), 0)), ==, "Title 2000");
  g_assert_cmpuint (
      g_strv_length ((GStrv) collate_history_item_get_models (item_at (get_history (fixture), 1999))), ==, 4);
  g_assert_cmpstr (collate_history_item_get_state (item_at (get_history (fixture), 1000)), ==, "done");
}

/* Before the program ends by itself: what is on screen is on disk when flush returns, without a main loop. */
static gboolean
has_text (gpointer answer)
{
  return collate_answer_get_text_length (answer) > 20;
}

static void
test_flush (Fixture *fixture, gconstpointer data)
{
  const char *const ids[] = { "s", NULL };
  g_autoptr (CollateComparison) comparison = collate_workspace_ask (fixture->desk->workspace, "Why?", ids);
  CollateDatabase *database;
  CollateStatement *row;
  g_autofree char *text = NULL;

  wait_for (has_text, answer_at (comparison, 0));
  text = g_strdup (collate_answer_get_text (answer_at (comparison, 0)));
  collate_history_flush (get_history (fixture));

  database = collate_database_open (fixture->desk->history_path, NULL);
  row = collate_database_prepare (database, "SELECT text FROM answer", NULL);
  g_assert_true (collate_statement_next (row, NULL));
  g_assert_cmpstr (collate_statement_get_text (row, 0), ==, text);
  collate_statement_free (row);
  collate_database_close (database);
  collate_comparison_stop_all (comparison);
  settle (comparison);
}

static void
assert_kept (Fixture *fixture, gint64 id, const char *text)
{
  g_autoptr (CollateComparison) past = NULL;
  g_autoptr (GError) error = NULL;

  desk_restart (fixture->desk);
  past = open_past (get_history (fixture), id, &error);
  g_assert_no_error (error);
  g_assert_cmpint (collate_answer_get_state (answer_at (past, 0)), ==, COLLATE_ANSWER_DONE);
  g_assert_cmpstr (collate_answer_get_text (answer_at (past, 0)), ==, text);
}

/* What cannot be written does not hold up the answer, and is told until something can be written again. */
static void
test_writing_fails (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CollateComparison) comparison = NULL;

  g_assert_true (load_history (get_history (fixture), NULL));
  execute (fixture,
           "CREATE TRIGGER more BEFORE UPDATE ON answer BEGIN SELECT RAISE (ABORT, 'no'); END;"
           "CREATE TRIGGER whole BEFORE INSERT ON answer WHEN NEW.state <> 'queued'"
           " BEGIN SELECT RAISE (ABORT, 'no'); END");
  comparison = desk_ask (fixture->desk, "Does it?", "m");
  g_assert_cmpint (collate_answer_get_state (answer_at (comparison, 0)), ==, COLLATE_ANSWER_DONE);
  g_assert_cmpint (get_problem (get_history (fixture)), ==, COLLATE_ERROR_INVALID);

  execute (fixture, "DROP TRIGGER more; DROP TRIGGER whole");
  collate_history_flush (get_history (fixture));
  assert_kept (fixture, collate_comparison_get_id (comparison), "Yes, it does.");
}

static gboolean
has_long_text (gpointer answer)
{
  return collate_answer_get_text_length (answer) > 350;
}

/* However often writing failed in between, no piece of a text is missing once it works again. */
static void
test_writing_fails_long (Fixture *fixture, gconstpointer data)
{
  const char *const ids[] = { "s", NULL };
  g_autoptr (CollateComparison) comparison = collate_workspace_ask (fixture->desk->workspace, "Why?", ids);
  g_autoptr (CollateComparison) past = NULL;
  g_autofree char *text = NULL;
  gint64 id;

  wait_for (has_text, answer_at (comparison, 0));
  collate_history_flush (get_history (fixture));
  execute (fixture,
           "CREATE TRIGGER more BEFORE UPDATE ON answer BEGIN SELECT RAISE (ABORT, 'no'); END;"
           "CREATE TRIGGER whole BEFORE INSERT ON answer BEGIN SELECT RAISE (ABORT, 'no'); END");
  wait_for (has_long_text, answer_at (comparison, 0));
  execute (fixture, "DROP TRIGGER more; DROP TRIGGER whole");
  collate_comparison_stop_all (comparison);
  settle (comparison);
  g_assert_cmpint (get_problem (get_history (fixture)), ==, -1);

  id = collate_comparison_get_id (comparison);
  text = g_strdup (collate_answer_get_text (answer_at (comparison, 0)));
  g_clear_object (&comparison);
  desk_restart (fixture->desk);
  past = open_past (get_history (fixture), id, NULL);
  g_assert_cmpstr (collate_answer_get_text (answer_at (past, 0)), ==, text);
}

static gboolean
has_problem (gpointer history)
{
  return get_problem (history) >= 0;
}

/* A comparison that could not be added at first is added as soon as it can, with all that came until then. */
static void
test_inserting_fails_at_first (Fixture *fixture, gconstpointer data)
{
  const char *const ids[] = { "s", NULL };
  g_autoptr (CollateComparison) comparison = NULL;
  g_autoptr (CollateComparison) past = NULL;
  g_autofree char *text = NULL;
  gint64 id;

  g_assert_true (load_history (get_history (fixture), NULL));
  execute (fixture,
           "CREATE TRIGGER refuse BEFORE INSERT ON comparison BEGIN SELECT RAISE (ABORT, 'no'); END");
  comparison = collate_workspace_ask (fixture->desk->workspace, "Why?", ids);
  wait_for (has_problem, get_history (fixture));
  wait_for (has_text, answer_at (comparison, 0));
  g_assert_cmpint (collate_comparison_get_id (comparison), ==, 0);
  g_assert_cmpint (get_problem (get_history (fixture)), ==, COLLATE_ERROR_INVALID);

  execute (fixture, "DROP TRIGGER refuse");
  wait_for (has_id, comparison);
  g_assert_cmpint (get_problem (get_history (fixture)), ==, -1);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (get_history (fixture))), ==, 1);
  collate_comparison_stop_all (comparison);
  settle (comparison);

  id = collate_comparison_get_id (comparison);
  text = g_strdup (collate_answer_get_text (answer_at (comparison, 0)));
  g_clear_object (&comparison);
  desk_restart (fixture->desk);
  past = open_past (get_history (fixture), id, NULL);
  g_assert_cmpint (collate_answer_get_state (answer_at (past, 0)), ==, COLLATE_ANSWER_STOPPED);
  g_assert_cmpstr (collate_answer_get_text (answer_at (past, 0)), ==, text);
}

/* After somebody took the file away, what is asked is kept in a new one, and what still runs does not write into
 * a stranger's row. */
static void
test_file_taken_away (Fixture *fixture, gconstpointer data)
{
  const char *const ids[] = { "s", NULL };
  static const char *const endings[] = { "", "-wal", "-shm" };
  g_autoptr (CollateComparison) running = collate_workspace_ask (fixture->desk->workspace, "Why?", ids);
  g_autoptr (CollateComparison) next = NULL;

  wait_for (has_text, answer_at (running, 0));
  wait_for (has_id, running);
  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      g_autofree char *path = g_strconcat (fixture->desk->history_path, endings[i], NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }

  next = desk_ask (fixture->desk, "Does it?", "m");
  g_assert_cmpint (collate_comparison_get_id (next), ==, collate_comparison_get_id (running));
  collate_comparison_stop_all (running);
  settle (running);
  assert_kept (fixture, collate_comparison_get_id (next), "Yes, it does.");
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/compare/history/round-trip", test_round_trip },
    { "/compare/history/title-and-removal", test_title_and_removal },
    { "/compare/history/retry-replaces", test_retry_replaces },
    { "/compare/history/killed", test_killed },
    { "/compare/history/two-programs", test_two_programs },
    { "/compare/history/damaged", test_damaged },
    { "/compare/history/newer", test_newer },
    { "/compare/history/odd-rows", test_odd_rows },
    { "/compare/history/avoided", test_avoided },
    { "/compare/history/pace", test_pace },
    { "/compare/history/drafts", test_drafts },
    { "/compare/history/odd-program", test_odd_program },
    { "/compare/history/many", test_many },
    { "/compare/history/flush", test_flush },
    { "/compare/history/writing-fails", test_writing_fails },
    { "/compare/history/writing-fails-long", test_writing_fails_long },
    { "/compare/history/inserting-fails-at-first", test_inserting_fails_at_first },
    { "/compare/history/file-taken-away", test_file_taken_away },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, fixture_set_up, tests[i].test, fixture_tear_down);

  return g_test_run ();
}
