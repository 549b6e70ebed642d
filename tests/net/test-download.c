/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "base/collate-error.h"
#include "base/collate-json.h"
#include "net/collate-download.h"
#include "scripted-server.h"

/* Downloads from a server that breaks off, changes its mind, lies about lengths, and redirects. The file is "MAGI" and a
 * thousand letters; in a script FIRST stands for its first 504 bytes, REST for the other 500, and OTHER for another
 * server's address. */

#define MAGIC "MAGI"
#define N_FIRST 504
#define N_WHOLE 1004

typedef struct
{
  ScriptedServer *server;
  ScriptedServer *other;
  char *folder;
  char *path;
  char *whole;
  char *digest;
} Net;

static char *
replace (const char *text, const char *what, const char *by)
{
  g_auto (GStrv) parts = g_strsplit (text, what, -1);

  return g_strjoinv (by, parts);
}

static ScriptedServer *
serve (Net *net, const char *script)
{
  g_autofree char *first = g_strndup (net->whole, N_FIRST);
  g_autofree char *with_first = replace (script, "FIRST", first);
  g_autofree char *with_rest = replace (with_first, "REST", net->whole + N_FIRST);
  g_autofree char *text = net->other != NULL
                              ? replace (with_rest, "OTHER", scripted_server_get_address (net->other))
                              : g_strdup (with_rest);
  ScriptedServer *server = scripted_server_new (text, -1, 0, NULL);

  g_assert_nonnull (server);

  return server;
}

static void
net_setup (Net *net, gconstpointer script)
{
  static const char other[] = "{\"paths\":{\"GET /m\":[{\"headers\":{\"ETag\":\"\\\"a\\\"\"},"
                              "\"steps\":[{\"send\":\"FIRST\"},{\"send\":\"REST\"}]}]}}";
  g_autoptr (GString) whole = g_string_new (MAGIC);

  for (guint i = 0; whole->len < N_WHOLE; i++)
    g_string_append_c (whole, 'a' + i % 23);
  net->whole = g_string_free (g_steal_pointer (&whole), FALSE);
  net->digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, net->whole, N_WHOLE);
  net->folder = g_dir_make_tmp ("download-XXXXXX", NULL);
  net->path = g_build_filename (net->folder, "m.bin", NULL);
  net->other = serve (net, other);
  if (script != NULL)
    net->server = serve (net, script);
}

static char *
beside (Net *net, const char *suffix)
{
  return g_strconcat (net->path, suffix, NULL);
}

static void
net_teardown (Net *net, gconstpointer script)
{
  static const char *const suffixes[] = { "", ".download", ".download.json" };

  scripted_server_free (net->server);
  scripted_server_free (net->other);
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *path = beside (net, suffixes[i]);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (net->folder), ==, 0);
  g_free (net->folder);
  g_free (net->path);
  g_free (net->whole);
  g_free (net->digest);
}

static gboolean
exists (Net *net, const char *suffix)
{
  g_autofree char *path = beside (net, suffix);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static CollateDownload *
make (Net *net, const char *sha256, gboolean replaces)
{
  g_autofree char *address = g_strconcat (scripted_server_get_address (net->server), "/m", NULL);
  g_autoptr (CollateDownloadNote) note = collate_download_note_new (address, net->path, sha256, replaces);
  CollateDownload *download = collate_download_new (note, MAGIC, NULL);

  collate_download_set_patience (download, 10, 0);

  return download;
}

static void
wait_while_running (CollateDownload *download)
{
  while (collate_download_is_running (download))
    g_main_context_iteration (NULL, TRUE);
}

static void
run (CollateDownload *download)
{
  collate_download_start (download);
  g_assert_true (collate_download_is_running (download));
  wait_while_running (download);
}

static void
assert_done (Net *net, CollateDownload *download)
{
  g_autofree char *text = NULL;
  gsize length;

  g_assert_no_error (collate_download_get_error (download));
  g_assert_cmpint (collate_download_get_state (download), ==, COLLATE_DOWNLOAD_DONE);
  g_assert_true (g_file_get_contents (net->path, &text, &length, NULL));
  g_assert_cmpmem (text, length, net->whole, N_WHOLE);
  g_assert_cmpstr (collate_download_get_digest (download), ==, net->digest);
  g_assert_cmpint (collate_download_get_received (download), ==, N_WHOLE);
  g_assert_cmpint (collate_download_get_size (download), ==, N_WHOLE);
  g_assert_false (exists (net, ".download"));
  g_assert_false (exists (net, ".download.json"));
}

static void
assert_failed (Net *net, CollateDownload *download, CollateError code)
{
  g_assert_error (collate_download_get_error (download), COLLATE_ERROR, (int) code);
  g_assert_cmpint (collate_download_get_state (download), ==, COLLATE_DOWNLOAD_FAILED);
  g_assert_false (exists (net, ""));
}

static guint
count_requests (ScriptedServer *server)
{
  g_autofree char *text = scripted_server_dup_journal (server);
  g_autoptr (JsonArray) journal = collate_json_parse_array (text, -1, NULL);

  return json_array_get_length (journal);
}

/* What a request's header said; (nullable). */
static char *
header (ScriptedServer *server, guint request, const char *name)
{
  g_autofree char *text = scripted_server_dup_journal (server);
  g_autoptr (JsonArray) journal = collate_json_parse_array (text, -1, NULL);

  g_assert_cmpuint (request, <, json_array_get_length (journal));

  return g_strdup (collate_json_string (
      collate_json_object (collate_json_element_object (journal, request), "headers"), name));
}

static void
assert_header (ScriptedServer *server, guint request, const char *name, const char *value)
{
  g_autofree char *have = header (server, request, name);

  g_assert_cmpstr (have, ==, value);
}

/* Scripts. */

#define PATHS(replies) "{\"paths\":{\"GET /m\":[" replies "]}}"
#define TAGGED "\"headers\":{\"ETag\":\"\\\"a\\\"\",\"Content-Length\":\"1004\"}"
#define WHOLE "{" TAGGED ",\"steps\":[{\"send\":\"FIRST\"},{\"send\":\"REST\"}]}"
#define CUT(headers) "{" headers ",\"steps\":[{\"send\":\"FIRST\"},{\"wait_ms\":50},{\"close\":true}]}"
#define PART(range, tag)                                                                                     \
  "{\"status\":206,\"headers\":{\"Content-Range\":\"bytes " range "\",\"ETag\":\"" tag "\"},"                \
  "\"steps\":[{\"send\":\"REST\"}]}"
#define REST_OF_A PART ("504-1003/1004", "\\\"a\\\"")

static void
test_whole (Net *net, gconstpointer data)
{
  g_autoptr (CollateDownload) download = make (net, NULL, FALSE);

  g_assert_cmpint (collate_download_get_state (download), ==, COLLATE_DOWNLOAD_STOPPED);
  run (download);
  assert_done (net, download);
  g_assert_false (collate_download_is_verified (download));
  g_assert_false (collate_download_get_restarted (download));
  for (const char *const *name = (const char *const[]){ "authorization", "cookie", "range", NULL };
       *name != NULL;
       name++)
    assert_header (net->server, 0, *name, NULL);

  /* Nothing is left to be done. */
  collate_download_start (download);
  g_assert_false (collate_download_is_running (download));
}

static void
test_digest (Net *net, gconstpointer data)
{
  g_autofree char *wrong = g_strdup (net->digest);
  g_autoptr (CollateDownload) download = NULL;
  g_autoptr (CollateDownload) right = make (net, net->digest, FALSE);

  wrong[0] = wrong[0] == 'a' ? 'b' : 'a';
  download = make (net, wrong, FALSE);
  run (download);
  assert_failed (net, download, COLLATE_ERROR_DAMAGED);
  g_assert_nonnull (strstr (collate_download_get_error (download)->message, net->digest));

  run (right);
  assert_done (net, right);
  g_assert_true (collate_download_is_verified (right));
}

static void
test_goes_on (Net *net, gconstpointer data)
{
  g_autoptr (CollateDownload) download = make (net, net->digest, FALSE);

  run (download);
  assert_done (net, download);
  g_assert_false (collate_download_get_restarted (download));
  g_assert_cmpuint (count_requests (net->server), ==, 2);
  assert_header (net->server, 1, "range", "bytes=504-");
  assert_header (net->server, 1, "if-range", "\"a\"");
}

static void
test_goes_on_by_date (Net *net, gconstpointer data)
{
  g_autoptr (CollateDownload) download = make (net, NULL, FALSE);

  run (download);
  assert_done (net, download);
  assert_header (net->server, 1, "range", "bytes=504-");
  assert_header (net->server, 1, "if-range", "Sun, 22 Nov 2026 10:00:00 GMT");
}

/* The second reply is of no use for the first half. */
static void
test_starts_again (Net *net, gconstpointer data)
{
  g_autoptr (CollateDownload) download = make (net, net->digest, FALSE);

  run (download);
  assert_done (net, download);
  g_assert_true (collate_download_get_restarted (download));
}

/* Nothing says that the file would be the same one: no part is asked for. */
static void
test_no_validator (Net *net, gconstpointer data)
{
  g_autoptr (CollateDownload) download = make (net, NULL, FALSE);
  g_autoptr (CollateDownload) again = NULL;
  g_autoptr (GPtrArray) notes = NULL;

  run (download);
  assert_failed (net, download, COLLATE_ERROR_PROTOCOL);
  notes = collate_download_find_notes (net->folder);
  g_assert_cmpuint (notes->len, ==, 1);
  again = collate_download_new (notes->pdata[0], MAGIC, NULL);
  run (again);
  g_assert_true (collate_download_get_restarted (again));
  for (guint i = 0; i < count_requests (net->server); i++)
    assert_header (net->server, i, "if-range", NULL);
}

static void
wait_for_bytes (CollateDownload *download, gint64 n_bytes)
{
  while (collate_download_get_received (download) < n_bytes)
    {
      g_assert_true (collate_download_is_running (download));
      g_main_context_iteration (NULL, TRUE);
    }
}

/* Stopped, gone with the program, and found again. */
static void
test_after_a_start (Net *net, gconstpointer data)
{
  g_autoptr (CollateDownload) download = make (net, net->digest, FALSE);
  g_autoptr (CollateDownload) again = NULL;
  g_autoptr (GPtrArray) notes = NULL;
  const CollateDownloadNote *note;

  collate_download_start (download);
  wait_for_bytes (download, N_FIRST);
  collate_download_stop (download);
  wait_while_running (download);
  g_assert_cmpint (collate_download_get_state (download), ==, COLLATE_DOWNLOAD_STOPPED);
  g_assert_no_error (collate_download_get_error (download));
  g_clear_object (&download);

  notes = collate_download_find_notes (net->folder);
  g_assert_cmpuint (notes->len, ==, 1);
  note = notes->pdata[0];
  g_assert_cmpstr (note->path, ==, net->path);
  g_assert_cmpint (note->received, ==, N_FIRST);
  g_assert_cmpint (note->size, ==, N_WHOLE);
  again = collate_download_new (note, MAGIC, NULL);
  g_assert_cmpint (collate_download_get_received (again), ==, N_FIRST);
  run (again);
  assert_done (net, again);
  assert_header (net->server, 1, "range", "bytes=504-");
}

/* The object goes while its thread waits for the server. */
static void
test_dropped (Net *net, gconstpointer data)
{
  CollateDownload *download = make (net, NULL, FALSE);

  collate_download_start (download);
  wait_for_bytes (download, N_FIRST);
  g_assert_finalize_object (download);
  g_assert_true (exists (net, ".download"));
}

static void
test_discarded (Net *net, gconstpointer data)
{
  g_autoptr (CollateDownload) download = make (net, NULL, FALSE);
  g_autoptr (CollateDownload) second = make (net, NULL, FALSE);

  collate_download_start (download);
  wait_for_bytes (download, N_FIRST);

  /* Two do not write into one file. */
  run (second);
  assert_failed (net, second, COLLATE_ERROR_UNWRITABLE);

  collate_download_discard (download);
  wait_while_running (download);
  while (exists (net, ".download") || exists (net, ".download.json"))
    g_main_context_iteration (NULL, TRUE);
  collate_download_start (download);
  g_assert_false (collate_download_is_running (download));
}

static void
test_fails (Net *net, gconstpointer data, CollateError code, guint n_requests)
{
  g_autoptr (CollateDownload) download = make (net, NULL, FALSE);

  run (download);
  assert_failed (net, download, code);
  g_assert_cmpuint (count_requests (net->server), ==, n_requests);
}

static void
test_web_page (Net *net, gconstpointer data)
{
  test_fails (net, data, COLLATE_ERROR_INVALID, 1);
}

static void
test_no_magic (Net *net, gconstpointer data)
{
  test_fails (net, data, COLLATE_ERROR_INVALID, 1);
}

static void
test_endless (Net *net, gconstpointer data)
{
  test_fails (net, data, COLLATE_ERROR_PROTOCOL, 1);
}

static void
test_compressed (Net *net, gconstpointer data)
{
  test_fails (net, data, COLLATE_ERROR_PROTOCOL, 1);
}

static void
test_gives_up (Net *net, gconstpointer data)
{
  test_fails (net, data, COLLATE_ERROR_PROTOCOL, 7);
}

static void
test_silent (Net *net, gconstpointer data)
{
  g_autoptr (CollateDownload) download = make (net, NULL, FALSE);

  collate_download_set_patience (download, 1, 0);
  run (download);
  assert_failed (net, download, COLLATE_ERROR_TIMEOUT);
}

static void
test_too_large (Net *net, gconstpointer data)
{
  test_fails (net, data, COLLATE_ERROR_TOO_LARGE, 1);
}

static void
test_status (Net *net, gconstpointer data)
{
  static const struct
  {
    guint status;
    CollateError code;
  } cases[] = {
    { 401, COLLATE_ERROR_KEY },     { 403, COLLATE_ERROR_KEY },     { 404, COLLATE_ERROR_RETIRED },
    { 410, COLLATE_ERROR_RETIRED }, { 429, COLLATE_ERROR_RATE },    { 500, COLLATE_ERROR_SERVER },
    { 503, COLLATE_ERROR_SERVER },  { 400, COLLATE_ERROR_REFUSED }, { 204, COLLATE_ERROR_REFUSED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *script =
          g_strdup_printf (PATHS ("{\"status\":%u,\"steps\":[{\"send\":\"no\"}]}"), cases[i].status);

      scripted_server_free (net->server);
      net->server = serve (net, script);
      test_fails (net, data, cases[i].code, 1);
    }
}

/* The disk is full in the middle of it: what came until then stays. */
static void
test_disk_full (Net *net, gconstpointer data)
{
  g_autoptr (CollateDownload) download = make (net, NULL, FALSE);
  struct rlimit before, little;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  little = before;
  little.rlim_cur = 700;
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &little), ==, 0);
  run (download);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  assert_failed (net, download, COLLATE_ERROR_TOO_LARGE);

  run (download);
  assert_done (net, download);
}

static void
test_redirected (Net *net, gconstpointer data)
{
  g_autoptr (CollateDownload) download = make (net, net->digest, FALSE);

  run (download);
  assert_done (net, download);
  assert_header (net->other, 0, "authorization", NULL);
}

static void
test_redirected_away (Net *net, gconstpointer data)
{
  static const char *const places[] = {
    "http://example.invalid/m", "ftp://127.0.0.1/m", "file:///etc/passwd", "http://name:word@127.0.0.1/m"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *script =
          g_strdup_printf (PATHS ("{\"status\":302,\"headers\":{\"Location\":\"%s\"}}"), places[i]);

      scripted_server_free (net->server);
      net->server = serve (net, script);
      test_fails (net, data, COLLATE_ERROR_UNSUPPORTED, 1);
    }
}

static void
test_address (Net *net, gconstpointer data)
{
  static const char *const addresses[] = { "http://example.invalid/m",
                                           "https://name:word@example.invalid/m",
                                           "file:///etc/passwd",
                                           "ftp://127.0.0.1/",
                                           "127.0.0.1",
                                           "" };

  for (gsize i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr (CollateDownloadNote) note = collate_download_note_new (addresses[i], net->path, NULL, FALSE);
      g_autoptr (CollateDownload) download = collate_download_new (note, NULL, NULL);

      run (download);
      assert_failed (net, download, COLLATE_ERROR_UNSUPPORTED);
      g_assert_false (exists (net, ".download"));
    }
}

static void
test_name_is_taken (Net *net, gconstpointer data)
{
  g_autoptr (CollateDownload) download = make (net, NULL, FALSE);
  g_autoptr (CollateDownload) replacing = NULL;
  g_autofree char *text = NULL;

  g_assert_true (g_file_set_contents (net->path, "mine", -1, NULL));
  run (download);
  g_assert_error (collate_download_get_error (download), COLLATE_ERROR, COLLATE_ERROR_UNWRITABLE);
  g_assert_true (g_file_get_contents (net->path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "mine");

  /* What came is not asked for again. */
  g_assert_cmpint (g_unlink (net->path), ==, 0);
  run (download);
  assert_done (net, download);
  g_assert_cmpuint (count_requests (net->server), ==, 1);

  g_assert_true (g_file_set_contents (net->path, "mine", -1, NULL));
  replacing = make (net, NULL, TRUE);
  run (replacing);
  assert_done (net, replacing);
}

static gboolean
refuse (const char *path, GError **error)
{
  g_assert_true (g_str_has_suffix (path, ".download"));
  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "not this one");

  return FALSE;
}

static void
test_check (Net *net, gconstpointer data)
{
  g_autofree char *address = g_strconcat (scripted_server_get_address (net->server), "/m", NULL);
  g_autoptr (CollateDownloadNote) note = collate_download_note_new (address, net->path, NULL, FALSE);
  g_autoptr (CollateDownload) download = collate_download_new (note, MAGIC, refuse);

  run (download);
  assert_failed (net, download, COLLATE_ERROR_INVALID);
  g_assert_cmpstr (collate_download_get_error (download)->message, ==, "not this one");
}

/* What is no note is no download. */
static void
test_notes (Net *net, gconstpointer data)
{
  static const char *const texts[] = { "", "{", "[]", "{}", "{\"address\":7}", "{\"address\":null}", "\xff" };
  g_autofree char *path = beside (net, ".download.json");
  g_autofree char *long_text = g_strnfill (100000, ' ');
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GPtrArray) done = NULL;
  const CollateDownloadNote *note;

  for (gsize i = 0; i <= G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GPtrArray) notes = NULL;

      g_assert_true (g_file_set_contents (path, i < G_N_ELEMENTS (texts) ? texts[i] : long_text, -1, NULL));
      notes = collate_download_find_notes (net->folder);
      g_assert_cmpuint (notes->len, ==, 0);
    }

  g_assert_true (g_file_set_contents (path, "{\"address\":\"https://a/\",\"size\":-7,\"etag\":3}", -1, NULL));
  found = collate_download_find_notes (net->folder);
  g_assert_cmpuint (found->len, ==, 1);
  note = found->pdata[0];
  g_assert_cmpint (note->size, ==, -1);
  g_assert_null (note->etag);
  g_assert_cmpint (note->received, ==, 0);

  /* The file is there, and what was loaded of it is not: it was done. */
  g_assert_true (g_file_set_contents (net->path, "whole", -1, NULL));
  done = collate_download_find_notes (net->folder);
  g_assert_cmpuint (done->len, ==, 0);
  g_assert_false (exists (net, ".download.json"));
  g_assert_true (exists (net, ""));
}

#define ADD(name, script, function)                                                                          \
  g_test_add ("/download/" name, Net, script, net_setup, function, net_teardown)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("whole", PATHS (WHOLE), test_whole);
  ADD ("digest", PATHS (WHOLE), test_digest);
  ADD ("goes-on", PATHS (CUT (TAGGED) "," REST_OF_A), test_goes_on);
  ADD ("goes-on-by-date",
       PATHS (CUT ("\"headers\":{\"ETag\":\"W/\\\"a\\\"\",\"Content-Length\":\"1004\","
                   "\"Last-Modified\":\"Sun, 22 Nov 2026 10:00:00 GMT\"}") "," REST_OF_A),
       test_goes_on_by_date);
  ADD ("no-ranges", PATHS (CUT (TAGGED) "," WHOLE), test_starts_again);
  ADD ("changed", PATHS (CUT (TAGGED) "," PART ("504-1003/1004", "\\\"b\\\"") "," WHOLE), test_starts_again);
  ADD ("grown", PATHS (CUT (TAGGED) "," PART ("504-1004/1005", "\\\"a\\\"") "," WHOLE), test_starts_again);
  ADD ("another-part",
       PATHS (CUT (TAGGED) "," PART ("500-1003/1004", "\\\"a\\\"") "," WHOLE),
       test_starts_again);
  ADD ("no-part", PATHS (CUT (TAGGED) "," PART ("nonsense", "\\\"a\\\"") "," WHOLE), test_starts_again);
  ADD ("not-satisfiable",
       PATHS (CUT (TAGGED) ",{\"status\":416,\"headers\":{\"Content-Range\":\"bytes */3\"}}," WHOLE),
       test_starts_again);
  ADD ("no-validator", PATHS (CUT ("\"headers\":{\"Content-Length\":\"1004\"}")), test_no_validator);
  ADD ("after-a-start",
       PATHS ("{" TAGGED ",\"steps\":[{\"send\":\"FIRST\"},{\"wait_ms\":60000}]}," REST_OF_A),
       test_after_a_start);
  ADD ("dropped", PATHS ("{" TAGGED ",\"steps\":[{\"send\":\"FIRST\"},{\"wait_ms\":60000}]}"), test_dropped);
  ADD ("discarded",
       PATHS ("{" TAGGED ",\"steps\":[{\"send\":\"FIRST\"},{\"wait_ms\":60000}]}"),
       test_discarded);
  ADD ("web-page",
       PATHS ("{\"headers\":{\"Content-Type\":\"text/html; charset=utf-8\"},\"chunked\":true,"
              "\"steps\":[{\"send\":\"<!doctype html>\",\"times\":100}]}"),
       test_web_page);
  ADD ("no-magic", PATHS ("{\"steps\":[{\"send\":\"MAG\"},{\"send\":\"xxxx\"}]}"), test_no_magic);
  ADD ("endless",
       PATHS ("{\"chunked\":true,\"steps\":[{\"send\":\"MAGIxxxxxxxxxxxxxx\",\"times\":50000},{\"wait_ms\":"
              "60000}]}"),
       test_endless);
  ADD ("compressed",
       PATHS ("{\"headers\":{\"Content-Encoding\":\"br\"},\"steps\":[{\"send\":\"FIRST\"}]}"),
       test_compressed);
  /* Half of it, and then nothing, however often it is asked. */
  ADD ("gives-up",
       PATHS (CUT (TAGGED) ",{\"status\":206,\"headers\":{\"Content-Range\":\"bytes "
                           "504-1003/1004\",\"ETag\":\"\\\"a\\\"\","
                           "\"Content-Length\":\"500\"},\"steps\":[{\"close\":true}]}"),
       test_gives_up);
  ADD ("silent", PATHS ("{" TAGGED ",\"steps\":[{\"wait_ms\":60000}]}"), test_silent);
  ADD ("more-than-the-disk-holds",
       PATHS ("{\"headers\":{\"Content-Length\":\"9000000000000000000\"},\"steps\":[{\"send\":\"FIRST\"}]}"),
       test_too_large);
  ADD ("status", NULL, test_status);
  ADD ("disk-full", PATHS (WHOLE), test_disk_full);
  ADD ("redirected",
       PATHS ("{\"status\":302,\"headers\":{\"Location\":\"OTHER/m\"},\"steps\":[{\"send\":\"there\"}]}"),
       test_redirected);
  ADD ("redirected-away", NULL, test_redirected_away);
  ADD ("address", NULL, test_address);
  ADD ("name-is-taken", PATHS (WHOLE), test_name_is_taken);
  ADD ("check", PATHS (WHOLE), test_check);
  ADD ("notes", NULL, test_notes);

  return g_test_run ();
}
