/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/collate-database.h"
#include "base/collate-error.h"
#include "base/collate-file.h"
#include "base/collate-format.h"
#include "base/collate-json.h"
#include "base/collate-money.h"
#include "base/collate-pack.h"
#include "base/collate-table.h"
#include "base/collate-worker.h"

#define NOBODY 65534

static void
test_error_names (void)
{
  CollateError code;

  for (int i = COLLATE_ERROR_KEY; i <= COLLATE_ERROR_HIDDEN; i++)
    {
      g_assert_true (collate_error_from_string (collate_error_to_string (i), &code));
      g_assert_cmpint (code, ==, i);
    }
  g_assert_false (collate_error_from_string ("no such code", &code));
}

/* The tutorial's bill, from prices per million. */
static void
test_money_bill (void)
{
  static const struct
  {
    double input, output;
    gint64 n_input, n_output;
    const char *bill;
  } bills[] = {
    { 2.50, 10.00, 56937, 1996, "$0.1623" },
    { 3.00, 15.00, 65855, 485, "$0.2048" },
    { 0.28, 0.42, 56842, 698, "$0.0162" },
    { 0.55, 2.19, 56842, 700, "$0.0328" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bills); i++)
    {
      CollateMoney input =
          collate_money_multiply (collate_money_per_token (bills[i].input), bills[i].n_input);
      CollateMoney output =
          collate_money_multiply (collate_money_per_token (bills[i].output), bills[i].n_output);
      g_autofree char *text = collate_money_format (collate_money_add (input, output), 4);

      g_assert_cmpstr (text, ==, bills[i].bill);
    }

  g_assert_cmpint (collate_money_per_token (0.003), ==, 3000);
}

static void
test_money_unknown (void)
{
  g_autofree char *dash = collate_money_format (COLLATE_MONEY_UNKNOWN, 4);
  g_autofree char *half = collate_money_format (50000000, 4);
  g_autofree char *less = collate_money_format (49999999, 4);

  g_assert_cmpstr (dash, ==, "—");
  g_assert_cmpstr (half, ==, "$0.0001");
  g_assert_cmpstr (less, ==, "$0.0000");
  g_assert_cmpint (collate_money_add (1, COLLATE_MONEY_UNKNOWN), ==, COLLATE_MONEY_UNKNOWN);
  g_assert_cmpint (collate_money_add (G_MAXINT64, 1), ==, COLLATE_MONEY_UNKNOWN);
  g_assert_cmpint (collate_money_multiply (G_MAXINT64, 2), ==, COLLATE_MONEY_UNKNOWN);
  g_assert_cmpint (collate_money_per_token (-1), ==, COLLATE_MONEY_UNKNOWN);
  g_assert_cmpint (collate_money_per_token (NAN), ==, COLLATE_MONEY_UNKNOWN);
  g_assert_true (isnan (collate_money_to_usd (COLLATE_MONEY_UNKNOWN)));
}

/* What is shown and what is compared are the same: 99.996 s is a minute and forty seconds for both. */
static void
test_format_seconds (void)
{
  static const struct
  {
    double seconds;
    const char *text;
    double shown;
  } cases[] = {
    { 42.28, "42.28 s", 42.28 },
    { 1.4, "1.40 s", 1.4 },
    { 1.396, "1.40 s", 1.4 },
    { 11, "11.00 s", 11 },
    { 0, "0.00 s", 0 },
    { 0.004, "0.00 s", 0 },
    { 99.994, "99.99 s", 99.99 },
    { 99.996, "1 min 40 s", 100 },
    { 100.4, "1 min 40 s", 100 },
    { 192.4, "3 min 12 s", 192 },
    { 3599.4, "59 min 59 s", 3599 },
    { 3599.6, "1 h 0 min", 3600 },
    { 3629, "1 h 0 min", 3600 },
    { 7231, "2 h 1 min", 7260 },
  };
  static const double unknown[] = { -1, NAN, INFINITY, -INFINITY, 1e300 };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = collate_format_seconds (cases[i].seconds);

      g_assert_cmpstr (text, ==, cases[i].text);
      g_assert_cmpfloat (collate_shown_seconds (cases[i].seconds), ==, cases[i].shown);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (unknown); i++)
    {
      g_autofree char *text = collate_format_seconds (unknown[i]);

      g_assert_cmpstr (text, ==, "—");
    }
}

static void
test_format_counts (void)
{
  static const struct
  {
    gint64 count;
    const char *text;
  } cases[] = { { 0, "0" },          { 999, "999" },           { 1000, "1,000" },
                { 57204, "57,204" }, { 1234567, "1,234,567" }, { G_MAXINT64, "9,223,372,036,854,775,807" },
                { -1, "—" } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = collate_format_count (cases[i].count);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_format_lines (void)
{
  g_autofree char *plain = collate_format_line ("Where, \u00e9 and \u6587?", -1);
  g_autofree char *hostile = collate_format_line ("a\r\nb\tc\x1b[2Jd\xc2\x9b"
                                                  "e\x7f\xff",
                                                  -1);
  g_autofree char *cut = collate_format_line ("\u6587\u5b57 or", 3);
  g_autofree char *fits = collate_format_line ("\u6587\u5b57", 2);

  g_assert_cmpstr (cut, ==, "\u6587\u5b57 …");
  g_assert_cmpstr (fits, ==, "\u6587\u5b57");
  g_assert_cmpstr (plain, ==, "Where, \u00e9 and \u6587?");
  g_assert_cmpstr (hostile, ==, "a  b c [2Jd e \ufffd");
}

static void
test_table (void)
{
  static const char *const rows[][2] = { { "Name", "N" },
                                         { "\u6587\u5b57", "10" },
                                         { "a\n\x1b[2J", "1,000" } };
  g_autoptr (CollateTable) table = collate_table_new ("lr");
  g_autofree char *text = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    collate_table_add (table, rows[i]);
  text = collate_table_to_string (table);

  g_assert_cmpstr (text,
                   ==,
                   "Name        N\n"
                   "\u6587\u5b57       10\n"
                   "a  [2J  1,000\n");
}

static void
assert_file (const char *path, const char *expected)
{
  g_autofree char *content = NULL;

  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, expected);
}

/* A link stays a link, and what it leads to is written. */
static void
test_file_whole (void)
{
  g_autofree char *folder = g_dir_make_tmp ("collate-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "a.txt", NULL);
  g_autofree char *link = g_build_filename (folder, "b.txt", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (collate_file_write (path, "one", 3, &error));
  g_assert_no_error (error);
  assert_file (path, "one");
  g_assert_cmpint (symlink ("a.txt", link), ==, 0);
  g_assert_true (collate_file_write (link, "two", 3, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
  assert_file (path, "two");

  g_assert_cmpint (g_unlink (link), ==, 0);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* Where nothing may stand beside a file, it is written in its place. */
static void
test_file_alone (void)
{
  g_autofree char *folder = g_dir_make_tmp ("collate-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "a.txt", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (collate_file_write (path, "something long", 14, &error));
  g_assert_cmpint (g_chmod (path, 0666), ==, 0);
  g_assert_cmpint (g_chmod (folder, 0555), ==, 0);
  /* Root may do everything. */
  if (geteuid () == 0)
    setfsuid (NOBODY);
  g_assert_true (collate_file_write (path, "short", 5, &error));
  setfsuid (geteuid ());
  g_assert_no_error (error);
  assert_file (path, "short");

  g_assert_cmpint (g_chmod (folder, 0700), ==, 0);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static gpointer
read_pipe (gpointer path)
{
  char *content = NULL;

  g_file_get_contents (path, &content, NULL, NULL);
  return content;
}

/* What is no regular file is written into, never replaced. */
static void
test_file_odd (void)
{
  g_autofree char *folder = g_dir_make_tmp ("collate-XXXXXX", NULL);
  g_autofree char *fifo = g_build_filename (folder, "fifo", NULL);
  g_autofree char *missing = g_build_filename (folder, "missing", "a.txt", NULL);
  const char *const refused[] = { folder, missing, "/dev/full", "/proc/collate" };
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  GThread *reader;

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  reader = g_thread_new ("reader", read_pipe, fifo);
  g_assert_true (collate_file_write (fifo, "through", 7, &error));
  g_assert_no_error (error);
  content = g_thread_join (reader);
  g_assert_cmpstr (content, ==, "through");
  g_assert_false (g_file_test (fifo, G_FILE_TEST_IS_REGULAR));

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_assert_false (collate_file_write (refused[i], "x", 1, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNWRITABLE);
      g_assert_null (strchr (error->message, G_DIR_SEPARATOR));
      g_clear_error (&error);
    }
  g_assert_false (g_file_test ("/dev/full", G_FILE_TEST_IS_REGULAR));

  g_assert_cmpint (g_unlink (fifo), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_format_shares (void)
{
  static const struct
  {
    double share;
    const char *text;
  } cases[] = {
    { 1, "100\u00a0%" },    { 0.99999, "99.9\u00a0%" }, { 0.125, "12.5\u00a0%" },
    { 0.01, "1.0\u00a0%" }, { 0.0039, "0.39\u00a0%" },  { 0, "0.00\u00a0%" },
    { -0.1, "—" },
  };
  g_autofree char *unknown = collate_format_share (NAN);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = collate_format_share (cases[i].share);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
  g_assert_cmpstr (unknown, ==, "—");
}

static void
test_format_rates (void)
{
  g_autofree char *rate = collate_format_rate (22.54);
  g_autofree char *unknown = collate_format_rate (NAN);
  g_autofree char *infinite = collate_format_rate (INFINITY);

  g_assert_cmpstr (rate, ==, "22.5");
  g_assert_cmpstr (unknown, ==, "—");
  g_assert_cmpstr (infinite, ==, "—");
}

/* Every getter on every type of member, and on none. */
static void
test_json_getters (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object =
      collate_json_parse_object ("{\"s\":\"x\",\"i\":3,\"d\":2.0,\"b\":true,\"n\":null,"
                                 "\"o\":{\"k\":1},\"a\":[\"z\",{},3]}",
                                 -1,
                                 &error);
  JsonArray *array;

  g_assert_no_error (error);
  g_assert_cmpstr (collate_json_string (object, "s"), ==, "x");
  g_assert_null (collate_json_string (object, "i"));
  g_assert_null (collate_json_string (object, "n"));
  g_assert_null (collate_json_string (NULL, "s"));
  g_assert_cmpint (collate_json_int (object, "i", -1), ==, 3);
  g_assert_cmpint (collate_json_int (object, "d", -1), ==, 2);
  g_assert_cmpint (collate_json_int (object, "s", -1), ==, -1);
  g_assert_cmpfloat (collate_json_double (object, "i", -1), ==, 3);
  g_assert_cmpfloat (collate_json_double (object, "missing", -1), ==, -1);
  g_assert_true (collate_json_boolean (object, "b", FALSE));
  g_assert_true (collate_json_boolean (object, "i", TRUE));
  g_assert_nonnull (collate_json_object (object, "o"));
  g_assert_null (collate_json_object (object, "a"));
  array = collate_json_array (object, "a");
  g_assert_cmpstr (collate_json_element_string (array, 0), ==, "z");
  g_assert_null (collate_json_element_string (array, 2));
  g_assert_nonnull (collate_json_element_object (array, 1));
  g_assert_cmpint (collate_json_element_int (array, 2, -1), ==, 3);
  g_assert_cmpint (collate_json_element_int (array, 0, -1), ==, -1);
  g_assert_null (collate_json_element_object (array, 9));
}

/* What json-glib would end the program at, cut a string at, or take for JSON. */
static void
test_json_hostile (void)
{
  g_autofree char *brackets = g_strnfill (200000, '[');
  g_autofree char *deep = g_strconcat ("{\"a\":", brackets, NULL);
  const char *const bad[] = {
    deep,
    "",
    "{",
    "[]",
    "{\"a\":\"\\u12\"}",
    "{\"a\":\"\\u\"}",
    "{\"a\":\"\\q\"}",
    "{\"a\":\"\\",
    "{'a':1}",
    "{\"a\":1}//",
    "/**/{}",
    "{\"a\":1}}",
    "{\"a\":\xff}",
    "{\"a\":\"",
    "null",
    "{\"a\":1",
    "{\"a\":]}",
    "{\"a\" 1}",
  };
  static const struct
  {
    const char *text, *value;
  } good[] = {
    { "{\"a\":\"x\\u0000y\"}", "x\xef\xbf\xbdy" },
    { "{\"a\":\"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80" },
    { "{\"a\":\"\\uD83D\"}", "\xef\xbf\xbd" },
    { "{\"a\":\"\\ude00\\ud83d\"}", "\xef\xbf\xbd\xef\xbf\xbd" },
    { "{\"a\":\"\\ud83d\\\\\"}", "\xef\xbf\xbd\\" },
    { "{\"a\":\"\\ud83d\\ud83d\\ude00\"}", "\xef\xbf\xbd\xf0\x9f\x98\x80" },
    { "{\"a\":\"\\\\u0000 \\\"[{\"}", "\\u0000 \"[{" },
    { " \r\n{\t\"a\" : \"\\u00e9\\/\" }\n", "é/" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (collate_json_parse_object (bad[i], -1, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) object = collate_json_parse_object (good[i].text, -1, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (collate_json_string (object, "a"), ==, good[i].value);
    }
}

static void
test_json_array (void)
{
  static const char *const bad[] = { "", "{}", "[", "[\"\\q\"]", "3" };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonArray) array = collate_json_parse_array ("[\"\\ud83d\", 2]", -1, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (collate_json_element_string (array, 0), ==, "\xef\xbf\xbd");
  g_assert_cmpint (collate_json_element_int (array, 1, -1), ==, 2);

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) refused = NULL;

      g_assert_null (collate_json_parse_array (bad[i], -1, &refused));
      g_assert_error (refused, COLLATE_ERROR, COLLATE_ERROR_INVALID);
    }
}

static void
test_json_writes (void)
{
  static const char text[] = "{\"price\":0.28,\"cost\":0.01620892,\"n\":3,\"big\":1e+300,\"z\":0.0,"
                             "\"s\":\"a\\\"\\\\\\n\\u0001é\",\"l\":[1,null,true,{}]}";
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  g_autofree char *flat = collate_json_to_string (node, FALSE);
  g_autofree char *pretty = collate_json_to_string (node, TRUE);
  g_autoptr (JsonNode) again = json_from_string (pretty, NULL);

  g_assert_cmpstr (flat, ==, text);
  g_assert_true (json_node_equal (node, again));
}

static void
job_add (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GArray *order = data;
  int n = order->len;

  g_array_append_val (order, n);
  g_task_return_boolean (task, TRUE);
}

static void
count_done (GObject *source, GAsyncResult *result, gpointer data)
{
  int *n_done = data;

  g_assert_true (g_task_propagate_boolean (G_TASK (result), NULL));
  (*n_done)++;
}

static void
test_worker_order (void)
{
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (int));
  CollateWorker *worker = collate_worker_new ("test");
  int n_done = 0;

  for (int i = 0; i < 100; i++)
    {
      GTask *task = g_task_new (NULL, NULL, count_done, &n_done);

      g_task_set_task_data (task, order, NULL);
      collate_worker_run (worker, task, job_add);
    }
  while (n_done < 100)
    g_main_context_iteration (NULL, TRUE);
  collate_worker_free (worker);

  for (int i = 0; i < 100; i++)
    g_assert_cmpint (g_array_index (order, int, i), ==, i);
}

static void
test_database (void)
{
  static const char *const steps[] = { "CREATE TABLE t (a INTEGER, b TEXT)",
                                       "ALTER TABLE t ADD COLUMN c REAL" };
  g_autofree char *folder = g_dir_make_tmp ("collate-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "sub", "x.sqlite", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateDatabase) database = collate_database_open (path, &error);
  CollateStatement *statement;

  g_assert_no_error (error);
  g_assert_true (collate_database_migrate (database, steps, 1, &error));
  g_assert_true (collate_database_migrate (database, steps, 2, &error));
  g_assert_true (collate_database_migrate (database, steps, 2, &error));
  g_assert_no_error (error);

  statement = collate_database_prepare (database, "INSERT INTO t VALUES (?, ?, ?)", &error);
  collate_statement_bind_int (statement, 1, 7);
  collate_statement_bind_text (statement, 2, "é");
  collate_statement_bind_double (statement, 3, 0.5);
  g_assert_true (collate_statement_run (statement, &error));
  collate_statement_bind_text (statement, 2, NULL);
  g_assert_true (collate_statement_run (statement, &error));
  collate_statement_free (statement);
  g_assert_cmpint (collate_database_last_id (database), ==, 2);

  statement = collate_database_prepare (database, "SELECT a, b, c FROM t ORDER BY rowid", &error);
  g_assert_true (collate_statement_next (statement, &error));
  g_assert_cmpint (collate_statement_get_int (statement, 0), ==, 7);
  g_assert_cmpstr (collate_statement_get_text (statement, 1), ==, "é");
  g_assert_cmpfloat (collate_statement_get_double (statement, 2), ==, 0.5);
  g_assert_true (collate_statement_next (statement, &error));
  g_assert_true (collate_statement_is_null (statement, 1));
  g_assert_false (collate_statement_next (statement, &error));
  g_assert_no_error (error);
  collate_statement_free (statement);

  g_assert_null (collate_database_prepare (database, "SELEKT", &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
  g_clear_error (&error);

  /* A newer program's file is not touched. */
  g_assert_false (collate_database_migrate (database, steps, 1, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
}

/* Who reads does not wait for one who writes. */
static void
test_database_shared (void)
{
  static const char *const steps[] = { "CREATE TABLE t (a INTEGER)" };
  g_autofree char *folder = g_dir_make_tmp ("collate-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "x.sqlite", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateDatabase) writer = collate_database_open (path, &error);
  g_autoptr (CollateDatabase) reader = NULL;
  g_autoptr (CollateStatement) row = NULL;

  g_assert_true (collate_database_migrate (writer, steps, 1, &error));
  g_assert_true (collate_database_execute (writer, "INSERT INTO t VALUES (7); BEGIN IMMEDIATE", &error));

  reader = collate_database_open (path, &error);
  g_assert_no_error (error);
  g_assert_true (collate_database_migrate (reader, steps, 1, &error));
  row = collate_database_prepare (reader, "SELECT a FROM t", &error);
  g_assert_true (collate_statement_next (row, &error));
  g_assert_cmpint (collate_statement_get_int (row, 0), ==, 7);
}

static void
test_database_damaged (void)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  int fd = g_file_open_tmp ("collate-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  close (fd);
  g_file_set_contents (path, "this is no database, and long enough to be looked at", -1, NULL);
  g_assert_null (collate_database_open (path, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
  remove (path);
}

/* What is deleted leaves nothing of it in the file. */
static void
test_database_deleted (void)
{
  g_autofree char *folder = g_dir_make_tmp ("collate-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "x.sqlite", NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  CollateDatabase *database = collate_database_open (path, &error);
  gsize length;

  g_assert_no_error (error);
  g_assert_true (collate_database_execute (
      database, "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('secret'); DELETE FROM t", &error));
  collate_database_close (database);

  g_assert_true (g_file_get_contents (path, &contents, &length, &error));
  g_assert_nonnull (memmem (contents, length, "CREATE TABLE t", strlen ("CREATE TABLE t")));
  g_assert_null (memmem (contents, length, "secret", strlen ("secret")));
  remove (path);
  rmdir (folder);
}

static void
test_database_bytes (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateDatabase) database = collate_database_open (":memory:", &error);
  g_autoptr (CollateStatement) statement = NULL;
  gsize size;

  g_assert_no_error (error);
  statement = collate_database_prepare (database, "SELECT ?, 'text', x'', NULL, 7", &error);
  g_assert_no_error (error);
  collate_statement_take_bytes (statement, 1, g_memdup2 ("a\0b", 3), 3);
  g_assert_true (collate_statement_next (statement, &error));
  g_assert_cmpmem (collate_statement_get_bytes (statement, 0, &size), size, "a\0b", 3);
  for (int i = 1; i < 5; i++)
    {
      g_assert_null (collate_statement_get_bytes (statement, i, &size));
      g_assert_cmpuint (size, ==, 0);
    }
}

static void
assert_packs (const char *text, gsize length)
{
  gsize size;
  g_autofree guint8 *packed = collate_pack (text, length, &size);
  g_autofree char *again = collate_unpack (packed, size, length);

  g_assert_cmpmem (again, again != NULL ? length : 0, text, length);
  g_assert_cmpint (again[length], ==, '\0');
  g_assert_null (collate_unpack (packed, size, length + 1));
  g_assert_null (collate_unpack (packed, size - 1, length));
  g_assert_null (collate_unpack (packed, size, G_MAXSIZE));
  if (length > 0)
    g_assert_null (collate_unpack (packed, size, length - 1));
}

static void
test_pack (void)
{
  g_autofree char *same = g_strnfill (3000000, 'x');
  g_autofree char *noise = g_malloc (300001);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  gsize size;

  for (gsize i = 0; i < 300001; i++)
    noise[i] = (char) g_rand_int (rand);
  assert_packs ("", 0);
  assert_packs ("a", 1);
  assert_packs (same, 3000000);
  assert_packs (noise, 300001);
  g_free (collate_pack (same, 3000000, &size));
  g_assert_cmpuint (size, <, 10000);
  g_assert_null (collate_unpack (noise, 300001, 300001));
  g_assert_null (collate_unpack (NULL, 0, 0));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/error/names", test_error_names);
  g_test_add_func ("/base/money/bill", test_money_bill);
  g_test_add_func ("/base/money/unknown", test_money_unknown);
  g_test_add_func ("/base/format/seconds", test_format_seconds);
  g_test_add_func ("/base/format/counts", test_format_counts);
  g_test_add_func ("/base/format/shares", test_format_shares);
  g_test_add_func ("/base/format/rates", test_format_rates);
  g_test_add_func ("/base/format/lines", test_format_lines);
  g_test_add_func ("/base/table", test_table);
  g_test_add_func ("/base/file/whole", test_file_whole);
  g_test_add_func ("/base/file/alone", test_file_alone);
  g_test_add_func ("/base/file/odd", test_file_odd);
  g_test_add_func ("/base/json/getters", test_json_getters);
  g_test_add_func ("/base/json/hostile", test_json_hostile);
  g_test_add_func ("/base/json/array", test_json_array);
  g_test_add_func ("/base/json/writes", test_json_writes);
  g_test_add_func ("/base/worker/order", test_worker_order);
  g_test_add_func ("/base/database", test_database);
  g_test_add_func ("/base/database/shared", test_database_shared);
  g_test_add_func ("/base/database/damaged", test_database_damaged);
  g_test_add_func ("/base/database/deleted", test_database_deleted);
  g_test_add_func ("/base/database/bytes", test_database_bytes);
  g_test_add_func ("/base/pack", test_pack);

  return g_test_run ();
}
