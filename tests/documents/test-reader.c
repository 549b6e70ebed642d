/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program's side of the helper: against the real one with every file that gives no text, and against a
 * helper that does its worst. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/collate-error.h"
#include "documents/collate-reader.h"
#include "fixtures.h"

#define LONG_TIME (60 * 1000)

static void
result_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* Reads one file with the program at `extract`, which is given away; (nullable) (transfer full). */
static GPtrArray *
read_pages (char *extract, const char *path, guint time_limit, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GAsyncResult) result = NULL;

  collate_reader_read_async (extract, file, time_limit, cancellable, result_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_free (extract);

  return collate_reader_read_finish (result, error);
}

static void
assert_unread (char *extract, const char *path, guint time_limit, CollateError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (read_pages (extract, path, time_limit, NULL, &error));
  g_assert_error (error, COLLATE_ERROR, (int) code);
}

static void
assert_refused (const char *path, CollateError code)
{
  assert_unread (real_extract (), path, LONG_TIME, code);
}

static void
test_pdf (void)
{
  static const char *const texts[] = { "first page", "", "third page", NULL };
  g_autoptr (Folder) folder = folder_new ();
  g_autofree char *path = folder_path (folder, "no ending");
  g_autoptr (GPtrArray) pages = NULL;
  g_autoptr (GError) error = NULL;

  folder_write_pdf (folder, "no ending", texts);
  pages = read_pages (real_extract (), path, LONG_TIME, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (pages->len, ==, 3);
  for (guint i = 0; i < pages->len; i++)
    g_assert_cmpstr (g_ptr_array_index (pages, i), ==, texts[i]);
}

/* The file's own name may look like an option. */
static void
test_text (void)
{
  static const char *const names[] = { "-x", "--help", "no ending", "a.md", "code.c", "line\nfeed.txt" };
  g_autoptr (Folder) folder = folder_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = folder_path (folder, names[i]);
      g_autoptr (GPtrArray) pages = NULL;
      g_autoptr (GError) error = NULL;

      folder_write (folder, names[i], "# a\r\n%PDF-1.4\n", -1);
      pages = read_pages (real_extract (), path, LONG_TIME, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (pages->len, ==, 1);
      g_assert_cmpstr (g_ptr_array_index (pages, 0), ==, "# a\r\n%PDF-1.4\n");
    }
}

static void
test_unreadable (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autofree char *fifo = folder_path (folder, "fifo.txt");
  g_autofree char *link = folder_path (folder, "dangling.txt");
  g_autofree char *loop = folder_path (folder, "loop.txt");
  g_autofree char *missing = folder_path (folder, "missing.pdf");
  g_autofree char *name = g_strnfill (300, 'n');

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_cmpint (symlink ("nowhere", link), ==, 0);
  g_assert_cmpint (symlink ("loop.txt", loop), ==, 0);

  assert_refused (fifo, COLLATE_ERROR_UNREADABLE);
  assert_refused (link, COLLATE_ERROR_UNREADABLE);
  assert_refused (loop, COLLATE_ERROR_UNREADABLE);
  assert_refused (missing, COLLATE_ERROR_UNREADABLE);
  assert_refused (folder->path, COLLATE_ERROR_UNREADABLE);
  assert_refused (name, COLLATE_ERROR_UNREADABLE);
  assert_refused ("/dev/zero", COLLATE_ERROR_UNREADABLE);
  assert_refused ("/dev/tty", COLLATE_ERROR_UNREADABLE);
}

static void
test_forbidden (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autofree char *path = folder_path (folder, "mine.txt");

  if (geteuid () == 0)
    {
      g_test_skip ("root may read every file");
      return;
    }

  folder_write (folder, "mine.txt", "secret", -1);
  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  assert_refused (path, COLLATE_ERROR_UNREADABLE);
}

static void
test_remote (void)
{
  g_autoptr (GFile) file = g_file_new_for_uri ("nosuchscheme://host/paper.pdf");
  g_autofree char *extract = real_extract ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  collate_reader_read_async (extract, file, LONG_TIME, NULL, result_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);

  g_assert_null (collate_reader_read_finish (result, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
}

static void
make_sparse (Folder *folder, const char *name, gint64 length)
{
  g_autofree char *path = folder_path (folder, name);
  int fd = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  g_assert_cmpint (ftruncate (fd, length), ==, 0);
  close (fd);
}

static void
test_too_large (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autofree char *file = folder_path (folder, "large.pdf");
  g_autofree char *text = folder_path (folder, "large.txt");

  make_sparse (folder, "large.pdf", G_GINT64_CONSTANT (2) << 30);
  make_sparse (folder, "large.txt", 65 << 20);

  assert_refused (file, COLLATE_ERROR_TOO_LARGE);
  assert_refused (text, COLLATE_ERROR_TOO_LARGE);
}

static void
test_damaged (void)
{
  static const char *const texts[] = { "first page", "second page", "third page", NULL };
  g_autoptr (Folder) folder = folder_new ();
  GString *pdf = pdf_new (texts);

  folder_write (folder, "empty.pdf", "", 0);
  folder_write (folder, "text.PDF", "just words", -1);
  folder_write (folder, "head.pdf", "%PDF-1.7\n", -1);

  for (guint i = 1; i < 10; i++)
    {
      g_autofree char *name = g_strdup_printf ("cut%u.pdf", i);
      g_autofree char *path = folder_path (folder, name);

      folder_write (folder, name, pdf->str, pdf->len * i / 10);
      assert_refused (path, COLLATE_ERROR_DAMAGED);
    }

  for (guint i = 0; i < 3; i++)
    {
      static const char *const names[] = { "empty.pdf", "text.PDF", "head.pdf" };
      g_autofree char *path = folder_path (folder, names[i]);

      assert_refused (path, COLLATE_ERROR_DAMAGED);
    }

  g_string_free (pdf, TRUE);
}

/* More pages than there can be, and a page that is its own parent: said to be damaged or too large, soon. */
static void
test_hostile_pages (void)
{
  static const char *const changes[][2] = {
    { "/Count 3", "/Count 2000000000" },
    { "/Count 3", "/Count -1" },
    { "/Kids [ 4 0 R 6 0 R 8 0 R ]", "/Kids [ 2 0 R ]" },
    { "/Kids [ 4 0 R 6 0 R 8 0 R ]", "/Kids [ 1 0 R ]" },
  };
  static const char *const texts[] = { "first page", "second page", "third page", NULL };
  g_autoptr (Folder) folder = folder_new ();
  g_autofree char *path = folder_path (folder, "a.pdf");

  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autoptr (GPtrArray) pages = NULL;
      g_autoptr (GError) error = NULL;
      GString *pdf = pdf_new (texts);

      g_assert_cmpuint (g_string_replace (pdf, changes[i][0], changes[i][1], 1), ==, 1);
      folder_write (folder, "a.pdf", pdf->str, pdf->len);
      g_string_free (pdf, TRUE);

      pages = read_pages (real_extract (), path, LONG_TIME, NULL, &error);
      if (pages != NULL)
        g_assert_cmpuint (pages->len, <=, 3);
      else
        g_assert_true (g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_DAMAGED) ||
                       g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE));
    }
}

/* What a library complains of on standard error does not reach the terminal. */
static void
test_quiet (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr (Folder) folder = folder_new ();
      g_autofree char *path = folder_path (folder, "garbage");

      folder_write (folder, "garbage", "", 0);
      assert_unread (fake_extract (), path, LONG_TIME, COLLATE_ERROR_DAMAGED);
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr_unmatched ("*Syntax Error*");
}

/* A file whose end is missing is read where all its pages are there. */
static void
test_no_end_marker (void)
{
  static const char *const texts[] = { "first page", "second page", NULL };
  g_autoptr (Folder) folder = folder_new ();
  g_autofree char *path = folder_path (folder, "a.pdf");
  g_autoptr (GPtrArray) pages = NULL;
  g_autoptr (GError) error = NULL;
  GString *pdf = pdf_new (texts);

  folder_write (folder, "a.pdf", pdf->str, pdf->len - strlen ("%%EOF\n"));
  pages = read_pages (real_extract (), path, LONG_TIME, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (pages->len, ==, 2);

  g_string_free (pdf, TRUE);
}

static void
test_encrypted (void)
{
  g_autofree char *locked = g_test_build_filename (G_TEST_DIST, "documents", "data", "password.pdf", NULL);
  g_autofree char *restricted =
      g_test_build_filename (G_TEST_DIST, "documents", "data", "restricted.pdf", NULL);
  g_autoptr (GPtrArray) pages = NULL;
  g_autoptr (GError) error = NULL;

  assert_refused (locked, COLLATE_ERROR_PASSWORD);

  pages = read_pages (real_extract (), restricted, LONG_TIME, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_ptr_array_index (pages, 0), ==, "for your eyes only");
}

static void
test_unsupported (void)
{
  static const struct
  {
    const char *name, *data;
    gsize length;
  } files[] = {
#define FILE_WITH(name, literal) { name, literal, sizeof literal - 1 }
    FILE_WITH ("picture.png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    FILE_WITH ("letter.docx", "PK\3\4\24\0\6\0\10\0"),
    FILE_WITH ("zeros.txt", "one\0two"),
    FILE_WITH ("letter.rtf", "{\\rtf1\\ansi hello}"),
    FILE_WITH ("print.ps", "%!PS-Adobe-3.0\n"),
  };
  g_autoptr (Folder) folder = folder_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = folder_path (folder, files[i].name);

      folder_write (folder, files[i].name, files[i].data, files[i].length);
      assert_refused (path, COLLATE_ERROR_UNSUPPORTED);
    }
}

static void
test_no_helper (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autofree char *path = folder_path (folder, "a.txt");

  folder_write (folder, "a.txt", "text", -1);
  assert_unread (g_strdup ("/nonexistent/collate-extract"), path, LONG_TIME, COLLATE_ERROR_UNREADABLE);
}

static void
test_misbehaving (void)
{
  static const struct
  {
    const char *name;
    CollateError code;
  } files[] = {
    { "crash", COLLATE_ERROR_DAMAGED },        { "cpu", COLLATE_ERROR_TOO_LARGE },
    { "status", COLLATE_ERROR_DAMAGED },       { "flood", COLLATE_ERROR_DAMAGED },
    { "garbage", COLLATE_ERROR_DAMAGED },      { "silence", COLLATE_ERROR_DAMAGED },
    { "unstarted", COLLATE_ERROR_UNREADABLE },
  };
  g_autoptr (Folder) folder = folder_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = folder_path (folder, files[i].name);

      folder_write (folder, files[i].name, "", 0);
      assert_unread (fake_extract (), path, LONG_TIME, files[i].code);
    }
}

static void
test_time_limit (void)
{
  static const char *const names[] = { "hang", "half-then-hang", "close-then-hang" };
  g_autoptr (Folder) folder = folder_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = folder_path (folder, names[i]);

      folder_write (folder, names[i], "", 0);
      assert_unread (fake_extract (), path, 50, COLLATE_ERROR_TOO_LARGE);
    }
}

static gboolean
cancel_cb (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

/* Cancelled before it begins, while the file is opened, and while the helper hangs. */
static void
test_cancel (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autofree char *path = folder_path (folder, "hang");

  folder_write (folder, "hang", "", 0);

  for (int delay = -1; delay < 100; delay += 20)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;

      if (delay < 0)
        g_cancellable_cancel (cancellable);
      else
        g_timeout_add (delay, cancel_cb, cancellable);

      g_assert_null (read_pages (fake_extract (), path, LONG_TIME, cancellable, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
}

/* A helper that was taken over finds no key to send away, and yet its libraries. */
static void
test_environment (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autofree char *path = folder_path (folder, "keys");
  g_autoptr (GError) error = NULL;

  folder_write (folder, "keys", "", 0);
  g_setenv ("SOME_API_KEY", "sk-secret", TRUE);
  g_setenv ("LD_LIBRARY_PATH", "/nonexistent", FALSE);
  g_assert_null (read_pages (fake_extract (), path, LONG_TIME, NULL, &error));
  g_assert_cmpstr (error->message, ==, "the reader's reply is malformed");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/reader/pdf", test_pdf);
  g_test_add_func ("/reader/text", test_text);
  g_test_add_func ("/reader/unreadable", test_unreadable);
  g_test_add_func ("/reader/forbidden", test_forbidden);
  g_test_add_func ("/reader/remote", test_remote);
  g_test_add_func ("/reader/too-large", test_too_large);
  g_test_add_func ("/reader/damaged", test_damaged);
  g_test_add_func ("/reader/hostile-pages", test_hostile_pages);
  g_test_add_func ("/reader/quiet", test_quiet);
  g_test_add_func ("/reader/no-end-marker", test_no_end_marker);
  g_test_add_func ("/reader/encrypted", test_encrypted);
  g_test_add_func ("/reader/unsupported", test_unsupported);
  g_test_add_func ("/reader/no-helper", test_no_helper);
  g_test_add_func ("/reader/misbehaving", test_misbehaving);
  g_test_add_func ("/reader/time-limit", test_time_limit);
  g_test_add_func ("/reader/cancel", test_cancel);
  g_test_add_func ("/reader/environment", test_environment);

  return g_test_run ();
}
