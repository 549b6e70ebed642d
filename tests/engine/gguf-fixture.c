/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gguf-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

static void
set_up (GgufFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("collate-gguf-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "model.gguf", NULL);
}

static void
tear_down (GgufFixture *fixture, gconstpointer data)
{
  g_remove (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->path);
  g_free (fixture->folder);
}

void
gguf_fixture_save (GgufFixture *fixture, const guint8 *bytes, gsize n_bytes)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (fixture->path, (const char *) bytes, (gssize) n_bytes, 0, 0600, &error);
  g_assert_no_error (error);
}

CollateGguf *
gguf_fixture_open (GgufFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  CollateGguf *gguf = collate_gguf_open (fixture->path, &error);

  g_assert_no_error (error);
  g_assert_nonnull (gguf);
  return gguf;
}

void
gguf_fixture_refuse (GgufFixture *fixture, CollateError code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateGguf) gguf = collate_gguf_open (fixture->path, &error);

  g_assert_null (gguf);
  g_assert_error (error, COLLATE_ERROR, (int) code);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_test_message ("“%s”, to have “%s”", error->message, words);
  g_assert_nonnull (strstr (error->message, words));
}

void
gguf_fixture_add (const char *name, gconstpointer data, GgufTest test)
{
  g_autofree char *path = g_strdup_printf ("/gguf/%s", name);

  g_test_add (path, GgufFixture, data, set_up, test, tear_down);
}

const char *const gguf_sample_strings[3] = { "ab", "c", "" };
const gint64 gguf_sample_ints[3] = { 1, -2, G_MAXINT32 };
static const gint64 flags[] = { 0, 1 };
const float gguf_sample_floats[2] = { 0.5, -1 };

GgufWriter *
gguf_sample_new (guint32 version, guint32 alignment, gsize n_filling)
{
  GgufWriter *writer = gguf_writer_new (version);
  const guint64 cube[] = { 2, 2, 2 };
  const guint16 halves[] = { 0x3c00, 0, 0, 0, 0, 0, 0, 0x4000 };
  g_autofree char *filling = g_strnfill (n_filling, ' ');
  float numbers[96];

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    numbers[i] = (float) i;

  gguf_writer_set_alignment (writer, alignment);
  gguf_writer_add_string (writer, "k.filling", filling);
  gguf_writer_add_string (writer, "general.name", "Sämple");
  gguf_writer_add_int (writer, "k.u8", GGUF_UINT8, 255);
  gguf_writer_add_int (writer, "k.i8", GGUF_INT8, -128);
  gguf_writer_add_int (writer, "k.u16", GGUF_UINT16, 65535);
  gguf_writer_add_int (writer, "k.i16", GGUF_INT16, -32768);
  gguf_writer_add_int (writer, "k.u32", GGUF_UINT32, G_MAXUINT32);
  gguf_writer_add_int (writer, "k.i32", GGUF_INT32, G_MININT32);
  gguf_writer_add_int (writer, "k.u64", GGUF_UINT64, G_MAXINT64);
  gguf_writer_add_int (writer, "k.i64", GGUF_INT64, G_MININT64);
  gguf_writer_add_int (writer, "k.vast", GGUF_UINT64, -1);
  gguf_writer_add_int (writer, "k.yes", GGUF_BOOL, TRUE);
  gguf_writer_add_double (writer, "k.f32", GGUF_FLOAT32, 0.1);
  gguf_writer_add_double (writer, "k.f64", GGUF_FLOAT64, 0.1);
  gguf_writer_add_string (writer, "k.text", "some text");
  gguf_writer_add_string (writer, "k.none", "");
  gguf_writer_add_ints (writer, "k.ints", GGUF_INT32, gguf_sample_ints, G_N_ELEMENTS (gguf_sample_ints));
  gguf_writer_add_ints (writer, "k.shorts", GGUF_INT16, gguf_sample_ints, 2);
  gguf_writer_add_ints (writer, "k.flags", GGUF_BOOL, flags, G_N_ELEMENTS (flags));
  gguf_writer_add_floats (writer, "k.floats", gguf_sample_floats, G_N_ELEMENTS (gguf_sample_floats));
  gguf_writer_add_strings (
      writer, "k.strings", gguf_sample_strings, NULL, G_N_ELEMENTS (gguf_sample_strings));
  gguf_writer_add_strings (writer, "k.nothing", NULL, NULL, 0);

  gguf_writer_add_tensor (writer, "t.first", COLLATE_F32, 4, 2, numbers);
  gguf_writer_add_tensor (writer, "t.second", COLLATE_Q4_1, 32, 3, numbers);
  gguf_writer_add_raw_tensor (writer, "t.cubed", COLLATE_F16, 3, cube, halves, sizeof halves);
  gguf_writer_add_raw_tensor (writer, "t.point", COLLATE_F32, 0, NULL, numbers + 7, sizeof *numbers);

  return writer;
}

GByteArray *
gguf_sample_to_array (void)
{
  g_autoptr (GgufWriter) writer = gguf_sample_new (3, 32, 0);

  return g_bytes_unref_to_array (gguf_writer_to_bytes (writer));
}

void
gguf_read_everything (CollateGguf *gguf)
{
  static volatile double sink;
  const char *const keys[] = { "k.strings", "k.nothing", "tokenizer.ggml.tokens", "tokenizer.ggml.merges" };
  double sum = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      const char *const *array;
      const gsize *lengths;
      gint64 n = collate_gguf_get_strings (gguf, keys[i], &array, &lengths);

      for (gint64 j = 0; j < n; j++)
        for (gsize k = 0; k < lengths[j]; k++)
          sum += array[j][k];
    }
  for (gsize i = 0; i < collate_gguf_get_n_tensors (gguf); i++)
    {
      const CollateTensor *tensor;
      const char *name = collate_gguf_get_nth_tensor (gguf, i, &tensor);
      g_autofree float *row = g_new (float, tensor->columns);

      g_assert_true (collate_gguf_get_tensor (gguf, name) == tensor);
      for (gint64 j = 0; j < tensor->rows; j++)
        {
          gsize row_bytes = collate_type_get_row_bytes (tensor->type, tensor->columns);

          collate_type_expand (
              tensor->type, (const guint8 *) tensor->data + (gsize) j * row_bytes, row, tensor->columns);
          sum += (double) row[tensor->columns - 1];
        }
    }
  sink = sum;
  (void) sink;
}
