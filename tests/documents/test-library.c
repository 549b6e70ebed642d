/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/collate-error.h"
#include "fixtures.h"

static void
test_empty (void)
{
  g_autoptr (CollateLibrary) library = library_new (real_extract ());

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, 0);
  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (library)) == COLLATE_TYPE_DOCUMENT);
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (library), 0));
  g_assert_false (collate_library_is_loading (library));
  g_assert_cmpint (collate_library_get_context_tokens (library, COLLATE_ENCODING_DEFAULT), ==, 0);
  g_assert_cmpint (collate_library_get_context_tokens (library, "o200k_base"), ==, 0);
  g_assert_cmpint (collate_library_get_context_tokens (library, "no such encoding"), ==, -1);
  assert_context (library, "");
  library_settle (library);
}

static void
test_join (void)
{
  static const char *const texts[] = { "first page", "second page", NULL };
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (real_extract ());
  CollateDocument *pdf;

  folder_write_pdf (folder, "b.pdf", texts);
  folder_write (folder, "a.md", "# Title\r\n\r\ntext\n", -1);
  library_add (library, folder->path, NULL);
  g_assert_true (collate_library_is_loading (library));
  library_settle (library);
  g_assert_false (collate_library_is_loading (library));

  pdf = library_document (library, 1);
  g_assert_cmpstr (collate_document_get_name (pdf), ==, "b.pdf");
  g_assert_cmpint (collate_document_get_state (pdf), ==, COLLATE_DOCUMENT_READY);
  g_assert_cmpuint (collate_document_get_n_pages (pdf), ==, 2);
  g_assert_cmpstr (collate_document_get_text (pdf), ==, "first page\n\nsecond page");
  g_assert_null (collate_document_get_error (pdf));
  g_assert_cmpuint (g_strv_length ((GStrv) collate_document_get_warnings (pdf)), ==, 0);
  g_assert_cmpuint (collate_document_get_n_pages (library_document (library, 0)), ==, 1);

  assert_context (library,
                  "\n\n=== Document: a.md ===\n\n# Title\r\n\r\ntext\n"
                  "\n\n=== Document: b.pdf ===\n\nfirst page\n\nsecond page");
}

static gint64
count (const char *encoding, const char *text)
{
  return collate_encoding_count (collate_encodings_get (shared_encodings (), encoding, NULL), text, -1);
}

static gboolean
has_o200k (gpointer library)
{
  return collate_library_get_context_tokens (library, "o200k_base") >= 0;
}

static void
count_cb (CollateLibrary *library, gpointer user_data)
{
  (*(guint *) user_data)++;
}

static void
test_tokens (void)
{
  const char *text = "Attention, dense or sparse?";
  const char *context = "\n\n=== Document: a.txt ===\n\nAttention, dense or sparse?";
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (real_extract ());
  g_autofree char *path = folder_path (folder, "a.txt");
  guint n_changes = 0;
  gint64 tokens;

  folder_write (folder, "a.txt", text, -1);
  library_add (library, path, NULL);
  library_settle (library);

  g_assert_cmpint (
      collate_document_get_tokens (library_document (library, 0)), ==, count ("cl100k_base", text));
  g_object_get (library, "context-tokens", &tokens, NULL);
  g_assert_cmpint (tokens, ==, count ("cl100k_base", context));

  /* Another encoding is counted when it is asked for, and from then on with every change. */
  g_signal_connect (library, "context-changed", G_CALLBACK (count_cb), &n_changes);
  g_assert_cmpint (collate_library_get_context_tokens (library, "o200k_base"), ==, -1);
  wait_for (has_o200k, library);
  g_assert_cmpuint (n_changes, ==, 1);
  g_assert_cmpint (
      collate_library_get_context_tokens (library, "o200k_base"), ==, count ("o200k_base", context));

  folder_write (folder, "a.txt", "other words", -1);
  library_add (library, path, NULL);
  library_settle (library);
  g_assert_cmpint (collate_library_get_context_tokens (library, "o200k_base"),
                   ==,
                   count ("o200k_base", "\n\n=== Document: a.txt ===\n\nother words"));
}

static void
note_tokens_cb (CollateLibrary *library, gpointer user_data)
{
  *(gint64 *) user_data = collate_library_get_context_tokens (library, COLLATE_ENCODING_DEFAULT);
}

/* Who only listens knows the tokens in the end, whatever happened. */
static void
test_context_changed (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (real_extract ());
  g_autofree char *missing = folder_path (folder, "missing.txt");
  gint64 tokens = -2;

  folder_write (folder, "a.txt", "one text", -1);
  folder_write (folder, "b.txt", "another text", -1);
  g_signal_connect (library, "context-changed", G_CALLBACK (note_tokens_cb), &tokens);

  library_add (library, folder->path, NULL);
  library_settle (library);
  g_assert_cmpint (
      tokens,
      ==,
      count (COLLATE_ENCODING_DEFAULT,
             "\n\n=== Document: a.txt ===\n\none text\n\n=== Document: b.txt ===\n\nanother text"));

  collate_library_remove (library, library_document (library, 0));
  library_settle (library);
  g_assert_cmpint (
      tokens, ==, count (COLLATE_ENCODING_DEFAULT, "\n\n=== Document: b.txt ===\n\nanother text"));

  tokens = -2;
  library_add (library, missing, NULL);
  library_settle (library);
  g_assert_cmpint (
      tokens, ==, count (COLLATE_ENCODING_DEFAULT, "\n\n=== Document: b.txt ===\n\nanother text"));

  collate_library_clear (library);
  g_assert_cmpint (tokens, ==, 0);
}

/* By bytes, so capitals come first, and by path where the names are the same. */
static void
test_sort (void)
{
  static const char *const names[] = { "b.txt", "é.txt", "B.txt", "a.txt", "a-1.txt", "10.txt", "9.txt" };
  static const char *const sorted[] = { "10.txt", "9.txt", "B.txt", "a-1.txt",
                                        "a.txt",  "b.txt", "é.txt", "é.txt" };
  g_autoptr (Folder) first = folder_new ();
  g_autoptr (Folder) second = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (real_extract ());
  const char *path_a, *path_b;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    folder_write (first, names[i], "text", -1);
  folder_write (second, "é.txt", "text", -1);
  library_add (library, second->path, first->path, NULL);
  library_settle (library);

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, G_N_ELEMENTS (sorted));
  for (gsize i = 0; i < G_N_ELEMENTS (sorted); i++)
    g_assert_cmpstr (collate_document_get_name (library_document (library, i)), ==, sorted[i]);

  path_a = g_file_peek_path (collate_document_get_file (library_document (library, 6)));
  path_b = g_file_peek_path (collate_document_get_file (library_document (library, 7)));
  g_assert_cmpint (strcmp (path_a, path_b), <, 0);
}

static CollateDocument *
document_for (const char *name, guint n_pages, const char *text)
{
  const char *const warnings[] = { "page 2 has no text: scanned?", NULL };

  return collate_document_new_for_text (name, n_pages, g_ref_string_new (text), warnings);
}

/* Texts without a file are listed, joined, counted and removed as files are. */
static void
test_texts (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (real_extract ());
  g_autoptr (CollateDocument) first = document_for ("b.txt", 3, "one\n\n\n\nthree");
  g_autoptr (CollateDocument) second = document_for ("b.txt", 1, "pasted");
  g_autoptr (CollateDocument) third = document_for ("a.txt", 1, "text");
  g_autofree char *first_id = collate_document_dup_id (first);
  g_autofree char *second_id = collate_document_dup_id (second);

  g_assert_cmpstr (first_id, !=, second_id);
  collate_library_add_document (library, second);
  collate_library_add_document (library, first);
  collate_library_add_document (library, third);
  g_assert_true (collate_library_is_loading (library));
  folder_write (folder, "b.txt", "file", -1);
  library_add (library, folder->path, NULL);
  library_settle (library);

  g_assert_null (collate_document_get_file (first));
  g_assert_cmpuint (collate_document_get_n_pages (first), ==, 3);
  g_assert_cmpint (
      collate_document_get_tokens (first), ==, count (COLLATE_ENCODING_DEFAULT, "one\n\n\n\nthree"));
  g_assert_cmpstr (collate_document_get_warnings (first)[0], ==, "page 2 has no text: scanned?");
  assert_context (library,
                  "\n\n=== Document: a.txt ===\n\ntext\n\n=== Document: b.txt ===\n\nfile"
                  "\n\n=== Document: b.txt ===\n\none\n\n\n\nthree\n\n=== Document: b.txt ===\n\npasted");

  collate_library_remove (library, first);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, 3);
  collate_library_add_document (library, first);
  collate_library_clear (library);
  library_settle (library);
  assert_context (library, "");
}

/* A name is for people, so it is UTF-8; the file is found by its bytes all the same. */
static void
test_name (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (real_extract ());

  folder_write (folder, "caf\xe9.txt", "text", -1);
  library_add (library, folder->path, NULL);
  library_settle (library);

  g_assert_cmpstr (collate_document_get_name (library_document (library, 0)), ==, "caf\uFFFD.txt");
  assert_context (library, "\n\n=== Document: caf\uFFFD.txt ===\n\ntext");
}

static void
test_folder (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (real_extract ());
  g_autofree char *subfolder = folder_path (folder, "sub.txt");
  g_autofree char *link = folder_path (folder, "link.txt");
  g_autofree char *unlisted = folder_path (folder, "page.html");

  g_assert_cmpint (g_mkdir (subfolder, 0700), ==, 0);
  folder_write (folder, "sub.txt/inside.txt", "text", -1);
  folder_write (folder, "one.TXT", "text", -1);
  folder_write (folder, "two.markdown", "text", -1);
  folder_write (folder, ".hidden.txt", "text", -1);
  folder_write (folder, "txt", "text", -1);
  folder_write (folder, "page.html", "<p>text", -1);
  g_assert_cmpint (symlink ("one.TXT", link), ==, 0);

  library_add (library, folder->path, NULL);
  library_settle (library);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, 3);
  g_assert_cmpstr (collate_document_get_name (library_document (library, 0)), ==, "link.txt");
  g_assert_cmpstr (collate_document_get_name (library_document (library, 1)), ==, "one.TXT");
  g_assert_cmpstr (collate_document_get_name (library_document (library, 2)), ==, "two.markdown");

  /* What a person names is read whatever its ending. */
  library_add (library, unlisted, NULL);
  library_settle (library);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, 4);
}

static void
test_warnings (void)
{
  static const struct
  {
    const char *pages[12];
    const char *warning;
  } cases[] = {
    { { "a", "b", "" }, "page 3 has no text: scanned?" },
    { { "", "b", "", "d" }, "pages 1 and 3 have no text: scanned?" },
    { { "a", "b", "", "d", "", "f", "" }, "pages 3, 5 and 7 have no text: scanned?" },
    { { "", "", "", "d", "", "", "g", "", "", "" }, "pages 1–3, 5, 6 and 8–10 have no text: scanned?" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Folder) folder = folder_new ();
      g_autoptr (CollateLibrary) library = library_new (real_extract ());
      g_autofree char *warning = NULL;
      CollateDocument *document;

      folder_write_pdf (folder, "a.pdf", cases[i].pages);
      library_add (library, folder->path, NULL);
      library_settle (library);

      document = library_document (library, 0);
      g_object_get (document, "warning", &warning, NULL);
      g_assert_cmpint (collate_document_get_state (document), ==, COLLATE_DOCUMENT_READY);
      g_assert_cmpstr (warning, ==, cases[i].warning);
      g_assert_cmpstr (collate_document_get_warnings (document)[0], ==, cases[i].warning);
      g_assert_null (collate_document_get_warnings (document)[1]);
    }
}

/* A document that fails says why, and leaves the others alone. */
static void
test_failures (void)
{
  static const char *const scanned[] = { "", "", NULL };
  static const struct
  {
    const char *name;
    int code; /* -1: none */
  } failures[] = {
    { "", COLLATE_ERROR_UNREADABLE },
    { "a-empty.txt", COLLATE_ERROR_NO_TEXT },
    { "b-blank.md", COLLATE_ERROR_NO_TEXT },
    { "c-good.txt", -1 },
    { "d-empty.pdf", COLLATE_ERROR_DAMAGED },
    { "e-scanned.pdf", COLLATE_ERROR_NO_TEXT },
    { "f-dangling.txt", COLLATE_ERROR_UNREADABLE },
    { "g-fifo.txt", COLLATE_ERROR_UNREADABLE },
    { "z-missing.txt", COLLATE_ERROR_UNREADABLE },
  };
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (real_extract ());
  g_autofree char *dangling = folder_path (folder, "f-dangling.txt");
  g_autofree char *fifo = folder_path (folder, "g-fifo.txt");
  g_autofree char *missing = folder_path (folder, "z-missing.txt");

  folder_write (folder, "a-empty.txt", "", 0);
  folder_write (folder, "b-blank.md", "\xef\xbb\xbf \n\n", -1);
  folder_write (folder, "c-good.txt", "text", -1);
  folder_write (folder, "d-empty.pdf", "", 0);
  folder_write_pdf (folder, "e-scanned.pdf", scanned);
  g_assert_cmpint (symlink ("nowhere.txt", dangling), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  library_add (library, folder->path, missing, "", NULL);
  library_settle (library);

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, G_N_ELEMENTS (failures));
  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      CollateDocument *document = library_document (library, i);

      g_assert_cmpstr (collate_document_get_name (document), ==, failures[i].name);
      if (failures[i].code < 0)
        g_assert_no_error (collate_document_get_error (document));
      else
        assert_failed (document, failures[i].code);
    }
  g_assert_cmpuint (collate_document_get_n_pages (library_document (library, 5)), ==, 2);
  g_assert_cmpint (collate_document_get_tokens (library_document (library, 1)), ==, -1);
  assert_context (library, "\n\n=== Document: c-good.txt ===\n\ntext");
}

static void
test_crash (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (fake_extract ());

  folder_write (folder, "crash.txt", "", 0);
  folder_write (folder, "good.txt", "", 0);
  library_add (library, folder->path, NULL);
  library_settle (library);

  assert_failed (library_document (library, 0), COLLATE_ERROR_DAMAGED);
  g_assert_cmpstr (collate_document_get_text (library_document (library, 1)), ==, "one\n\ntwo");
}

static gboolean
has_items (gpointer library)
{
  return g_list_model_get_n_items (library) > 0;
}

static void
test_remove_while_reading (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (fake_extract ());
  g_autoptr (CollateDocument) document = NULL;

  folder_write (folder, "hang.txt", "", 0);
  library_add (library, folder->path, NULL);
  wait_for (has_items, library);

  document = g_object_ref (library_document (library, 0));
  g_assert_cmpint (collate_document_get_state (document), ==, COLLATE_DOCUMENT_READING);
  collate_library_remove (library, document);
  collate_library_remove (library, document);
  library_settle (library);

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, 0);
  g_assert_cmpint (collate_document_get_state (document), ==, COLLATE_DOCUMENT_READING);
}

/* More than are read at once. */
static void
write_hanging (Folder *folder)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("hang%02u.txt", i);

      folder_write (folder, name, "", 0);
    }
}

/* After hanging helpers are taken away the next file's turn comes. */
static void
test_clear_while_reading (void)
{
  g_autoptr (Folder) hanging = folder_new ();
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (fake_extract ());

  write_hanging (hanging);
  folder_write (folder, "good.txt", "", 0);

  library_add (library, hanging->path, NULL);
  wait_for (has_items, library);
  collate_library_clear (library);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, 0);
  g_assert_false (collate_library_is_loading (library));

  library_add (library, folder->path, NULL);
  library_settle (library);
  assert_context (library, "\n\n=== Document: good.txt ===\n\none\n\ntwo");
}

/* A folder that is still being listed when all is cleared does not come back. */
static void
test_clear_while_scanning (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (real_extract ());

  folder_write (folder, "a.txt", "text", -1);
  library_add (library, folder->path, NULL);
  collate_library_clear (library);
  g_assert_false (collate_library_is_loading (library));
  for (guint i = 0; i < 20; i++)
    {
      g_usleep (1000);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, 0);
}

static void
items_changed_cb (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  *(guint *) user_data += removed + added;
}

static void
test_read_again (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (real_extract ());
  g_autofree char *path = folder_path (folder, "a.txt");
  CollateDocument *document;
  guint n_items_changed = 0;

  folder_write (folder, "a.txt", "before", -1);
  library_add (library, path, NULL);
  library_settle (library);
  document = library_document (library, 0);
  g_signal_connect (library, "items-changed", G_CALLBACK (items_changed_cb), &n_items_changed);

  folder_write (folder, "a.txt", "after", -1);
  library_add (library, path, path, NULL);
  library_add (library, folder->path, NULL);
  library_settle (library);

  g_assert_cmpuint (n_items_changed, ==, 0);
  g_assert_true (library_document (library, 0) == document);
  assert_context (library, "\n\n=== Document: a.txt ===\n\nafter");

  g_assert_cmpint (g_unlink (path), ==, 0);
  library_add (library, path, NULL);
  library_settle (library);
  assert_failed (document, COLLATE_ERROR_UNREADABLE);
  assert_context (library, "");
  g_assert_cmpint (collate_library_get_context_tokens (library, COLLATE_ENCODING_DEFAULT), ==, 0);
}

/* Whoever listens sees text, list and tokens that fit together, at any moment. */
static void
check_consistent_cb (CollateLibrary *library)
{
  g_autoptr (GString) expected = g_string_new (NULL);
  gint64 tokens = collate_library_get_context_tokens (library, COLLATE_ENCODING_DEFAULT);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (library)); i++)
    {
      CollateDocument *document = library_document (library, i);

      if (collate_document_get_state (document) == COLLATE_DOCUMENT_READY)
        g_string_append_printf (expected,
                                "\n\n=== Document: %s ===\n\n%s",
                                collate_document_get_name (document),
                                collate_document_get_text (document));
    }
  assert_context (library, expected->str);

  if (tokens >= 0)
    {
      g_assert_false (collate_library_is_loading (library));
      g_assert_cmpint (tokens, ==, count (COLLATE_ENCODING_DEFAULT, expected->str));
    }
}

static void
test_consistent (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (real_extract ());

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.txt", i);

      folder_write (folder, name, name, -1);
    }

  g_signal_connect (library, "context-changed", G_CALLBACK (check_consistent_cb), NULL);
  g_signal_connect (library, "items-changed", G_CALLBACK (check_consistent_cb), NULL);
  g_signal_connect (library, "notify", G_CALLBACK (check_consistent_cb), NULL);

  library_add (library, folder->path, NULL);
  library_settle (library);
  library_add (library, folder->path, NULL);
  library_settle (library);
  collate_library_remove (library, library_document (library, 2));
  library_settle (library);
  collate_library_clear (library);
  library_settle (library);
}

static void
test_many (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (real_extract ());
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *name = g_strdup_printf ("%03u.txt", i);

      folder_write (folder, name, name, -1);
      g_string_append_printf (expected, "\n\n=== Document: %s ===\n\n%s", name, name);
    }

  library_add (library, folder->path, NULL);
  library_settle (library);
  assert_context (library, expected->str);
}

static void
settle_result_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
test_settle_cancel (void)
{
  g_autoptr (Folder) folder = folder_new ();
  g_autoptr (CollateLibrary) library = library_new (fake_extract ());

  folder_write (folder, "hang.txt", "", 0);
  library_add (library, folder->path, NULL);

  for (guint before = 0; before < 2; before++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;

      if (before)
        g_cancellable_cancel (cancellable);
      collate_library_settle_async (library, cancellable, settle_result_cb, &result);
      g_cancellable_cancel (cancellable);
      while (result == NULL)
        g_main_context_iteration (NULL, TRUE);

      g_assert_false (collate_library_settle_finish (library, result, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
}

static gboolean
is_null (gpointer pointer)
{
  return *(gpointer *) pointer == NULL;
}

/* Nothing keeps a library alive, and what it began or queued ends with it. */
static void
test_drop_while_reading (void)
{
  g_autoptr (Folder) folder = folder_new ();
  CollateLibrary *library = library_new (fake_extract ());
  CollateDocument *read, *waiting;

  write_hanging (folder);
  library_add (library, folder->path, NULL);
  wait_for (has_items, library);

  read = library_document (library, 0);
  waiting = library_document (library, 19);
  g_object_add_weak_pointer (G_OBJECT (read), (gpointer *) &read);
  g_object_add_weak_pointer (G_OBJECT (waiting), (gpointer *) &waiting);
  g_assert_finalize_object (library);
  wait_for (is_null, &read);
  wait_for (is_null, &waiting);
}

/* The samples that come with the program: pages in two columns, tables and figures, and numbers in cells that
 * stay apart. */
static void
test_samples (void)
{
  static const struct
  {
    const char *name, *title, *cells;
  } samples[] = {
    { "dense-and-sparse-attention.pdf",
      "Dense and Sparse Attention over Long Documents",
      "\n131,072\n2,048\n" },
    { "measuring-answers.pdf", "Measuring Answers: a Small Study of Agreement", "\n64 %\n24\n" },
    { "what-reading-costs.pdf", "What Reading Costs: the Bill of One Question", "\n0.55\n10.00\n" },
  };
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "..", "resources", "samples", NULL);
  g_autoptr (CollateLibrary) library = library_new (real_extract ());
  gint64 tokens;

  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      g_autofree char *path = g_build_filename (folder, samples[i].name, NULL);

      library_add (library, path, NULL);
    }
  library_settle (library);

  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      CollateDocument *document = library_document (library, i);
      const char *text = collate_document_get_text (document);

      g_assert_no_error (collate_document_get_error (document));
      g_assert_cmpuint (collate_document_get_n_pages (document), ==, 2);
      g_assert_true (g_str_has_prefix (text, samples[i].title));
      g_assert_nonnull (strstr (text, samples[i].cells));
      g_assert_null (collate_document_get_warnings (document)[0]);
      g_test_message (
          "%s: %" G_GINT64_FORMAT " tokens", samples[i].name, collate_document_get_tokens (document));
    }

  tokens = collate_library_get_context_tokens (library, COLLATE_ENCODING_DEFAULT);
  g_test_message ("%" G_GINT64_FORMAT " tokens together", tokens);
  g_assert_cmpint (tokens, >, 3000);
  g_assert_cmpint (tokens, <, 4000);
}

static void
test_papers (void)
{
  static const struct
  {
    const char *name;
    guint n_pages;
    const char *phrase;
  } papers[] = {
    { "DeepSeek_V3.pdf", 53, "Multi-head Latent Attention" },
    { "DeepSeek_V3_2.pdf", 6, "lightning\nindexer" },
  };
  const char *folder = g_getenv ("COLLATE_PAPERS");
  g_autoptr (CollateLibrary) library = library_new (real_extract ());

  if (folder == NULL)
    {
      g_test_skip ("COLLATE_PAPERS names no folder");
      return;
    }

  library_add (library, folder, NULL);
  library_settle (library);

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, G_N_ELEMENTS (papers));
  for (gsize i = 0; i < G_N_ELEMENTS (papers); i++)
    {
      CollateDocument *document = library_document (library, i);

      g_assert_cmpstr (collate_document_get_name (document), ==, papers[i].name);
      g_assert_cmpuint (collate_document_get_n_pages (document), ==, papers[i].n_pages);
      g_assert_nonnull (strstr (collate_document_get_text (document), papers[i].phrase));
      g_assert_cmpint (collate_document_get_tokens (document), >, 0);
      g_test_message (
          "%s: %" G_GINT64_FORMAT " tokens", papers[i].name, collate_document_get_tokens (document));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/library/empty", test_empty);
  g_test_add_func ("/library/join", test_join);
  g_test_add_func ("/library/tokens", test_tokens);
  g_test_add_func ("/library/context-changed", test_context_changed);
  g_test_add_func ("/library/sort", test_sort);
  g_test_add_func ("/library/texts", test_texts);
  g_test_add_func ("/library/name", test_name);
  g_test_add_func ("/library/folder", test_folder);
  g_test_add_func ("/library/warnings", test_warnings);
  g_test_add_func ("/library/failures", test_failures);
  g_test_add_func ("/library/crash", test_crash);
  g_test_add_func ("/library/remove-while-reading", test_remove_while_reading);
  g_test_add_func ("/library/clear-while-reading", test_clear_while_reading);
  g_test_add_func ("/library/clear-while-scanning", test_clear_while_scanning);
  g_test_add_func ("/library/read-again", test_read_again);
  g_test_add_func ("/library/consistent", test_consistent);
  g_test_add_func ("/library/many", test_many);
  g_test_add_func ("/library/settle-cancel", test_settle_cancel);
  g_test_add_func ("/library/drop-while-reading", test_drop_while_reading);
  g_test_add_func ("/library/samples", test_samples);
  g_test_add_func ("/library/papers", test_papers);

  return g_test_run ();
}
