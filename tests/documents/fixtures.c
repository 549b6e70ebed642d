/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fixtures.h"

#include <glib/gstdio.h>
#include <string.h>

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }

  g_remove (path);
}

Folder *
folder_new (void)
{
  g_autoptr (GError) error = NULL;
  Folder *folder = g_new (Folder, 1);

  folder->path = g_dir_make_tmp ("collate-documents-XXXXXX", &error);
  g_assert_no_error (error);
  folder->file = g_file_new_for_path (folder->path);

  return folder;
}

void
folder_free (Folder *folder)
{
  remove_tree (folder->path);
  g_object_unref (folder->file);
  g_free (folder->path);
  g_free (folder);
}

char *
folder_path (Folder *folder, const char *name)
{
  return g_build_filename (folder->path, name, NULL);
}

void
folder_write (Folder *folder, const char *name, const char *data, gssize length)
{
  g_autofree char *path = folder_path (folder, name);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, data, length, &error);
  g_assert_no_error (error);
}

/* Writes the object `number` and notes where it stands. */
static void G_GNUC_PRINTF (4, 5)
    append_object (GString *pdf, GArray *offsets, guint number, const char *format, ...)
{
  va_list arguments;
  gsize offset = pdf->len;

  g_assert_cmpuint (number, ==, offsets->len + 1);
  g_array_append_val (offsets, offset);

  g_string_append_printf (pdf, "%u 0 obj\n", number);
  va_start (arguments, format);
  g_string_append_vprintf (pdf, format, arguments);
  va_end (arguments);
  g_string_append (pdf, "\nendobj\n");
}

GString *
pdf_new (const char *const *texts)
{
  GString *pdf = g_string_new ("%PDF-1.4\n");
  g_autoptr (GArray) offsets = g_array_new (FALSE, FALSE, sizeof (gsize));
  g_autoptr (GString) kids = g_string_new (NULL);
  guint n_pages = g_strv_length ((GStrv) texts);
  gsize xref;

  for (guint i = 0; i < n_pages; i++)
    g_string_append_printf (kids, "%u 0 R ", 4 + 2 * i);

  append_object (pdf, offsets, 1, "<< /Type /Catalog /Pages 2 0 R >>");
  append_object (pdf, offsets, 2, "<< /Type /Pages /Count %u /Kids [ %s] >>", n_pages, kids->str);
  append_object (pdf, offsets, 3, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");

  for (guint i = 0; i < n_pages; i++)
    {
      g_autofree char *content = g_strdup_printf ("BT /F 12 Tf 72 720 Td (%s) Tj ET", texts[i]);

      append_object (pdf,
                     offsets,
                     4 + 2 * i,
                     "<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 612 792 ] /Contents %u 0 R "
                     "/Resources << /Font << /F 3 0 R >> >> >>",
                     5 + 2 * i);
      append_object (
          pdf, offsets, 5 + 2 * i, "<< /Length %zu >>\nstream\n%s\nendstream", strlen (content), content);
    }

  xref = pdf->len;
  g_string_append_printf (pdf, "xref\n0 %u\n0000000000 65535 f \n", offsets->len + 1);
  for (guint i = 0; i < offsets->len; i++)
    g_string_append_printf (pdf, "%010zu 00000 n \n", g_array_index (offsets, gsize, i));
  g_string_append_printf (
      pdf, "trailer\n<< /Size %u /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n", offsets->len + 1, xref);

  return pdf;
}

void
folder_write_pdf (Folder *folder, const char *name, const char *const *texts)
{
  GString *pdf = pdf_new (texts);

  folder_write (folder, name, pdf->str, pdf->len);
  g_string_free (pdf, TRUE);
}

char *
real_extract (void)
{
  return g_test_build_filename (G_TEST_BUILT, "..", "backend", "documents", "collate-extract", NULL);
}

char *
fake_extract (void)
{
  return g_test_build_filename (G_TEST_BUILT, "documents", "fake-extract", NULL);
}

CollateEncodings *
shared_encodings (void)
{
  static CollateEncodings *encodings = NULL;

  if (encodings == NULL)
    encodings = collate_encodings_new ("/io/github/collate/Collate/vocabularies");

  return encodings;
}

CollateLibrary *
library_new (char *extract)
{
  CollateLibrary *library = collate_library_new (shared_encodings (), extract);

  g_free (extract);

  return library;
}

void
library_add (CollateLibrary *library, const char *path, ...)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  va_list paths;

  va_start (paths, path);
  for (; path != NULL; path = va_arg (paths, const char *))
    g_ptr_array_add (files, g_file_new_for_path (path));
  va_end (paths);

  collate_library_add (library, files);
}

static void
settled_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (collate_library_settle_finish (COLLATE_LIBRARY (object), result, &error));
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

void
library_settle (CollateLibrary *library)
{
  gboolean settled = FALSE;

  collate_library_settle_async (library, NULL, settled_cb, &settled);
  while (!settled)
    g_main_context_iteration (NULL, TRUE);
}

void
wait_for (gboolean (*condition) (gpointer), gpointer data)
{
  while (!condition (data))
    g_main_context_iteration (NULL, TRUE);
}

CollateDocument *
library_document (CollateLibrary *library, guint position)
{
  g_autoptr (CollateDocument) document = g_list_model_get_item (G_LIST_MODEL (library), position);

  g_assert_nonnull (document);
  return document;
}
