/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/collate-error.h"
#include "engine/collate-gguf.h"
#include "gguf-writer.h"

/* A folder of the test's own, and a file in it. */
typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("collate-gguf-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "model.gguf", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_remove (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static void
save (Fixture *fixture, const guint8 *bytes, gsize n_bytes)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (fixture->path, (const char *) bytes, (gssize) n_bytes, 0, 0600, &error);
  g_assert_no_error (error);
}

static CollateGguf *
open_good (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  CollateGguf *gguf = collate_gguf_open (fixture->path, &error);

  g_assert_no_error (error);
  g_assert_nonnull (gguf);
  return gguf;
}

/* Refused with this code, and these words in the message. */
static void
expect_refusal (Fixture *fixture, CollateError code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateGguf) gguf = collate_gguf_open (fixture->path, &error);

  g_assert_null (gguf);
  g_assert_error (error, COLLATE_ERROR, (int) code);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_test_message ("“%s”, to have “%s”", error->message, words);
  g_assert_nonnull (strstr (error->message, words));
}

static const char *const strings[] = { "ab", "c", "" };
static const gint64 ints[] = { 1, -2, G_MAXINT32 };
static const gint64 flags[] = { 0, 1 };
static const float floats[] = { 0.5, -1 };

/* A small file that has every kind of thing once. */
static GgufWriter *
write_sample (guint32 version, guint32 alignment)
{
  GgufWriter *writer = gguf_writer_new (version);
  const guint64 cube[] = { 2, 2, 2 };
  const guint16 halves[] = { 0x3c00, 0, 0, 0, 0, 0, 0, 0x4000 };
  float numbers[96];

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    numbers[i] = (float) i;

  gguf_writer_set_alignment (writer, alignment);
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
  gguf_writer_add_ints (writer, "k.ints", GGUF_INT32, ints, G_N_ELEMENTS (ints));
  gguf_writer_add_ints (writer, "k.shorts", GGUF_INT16, ints, 2);
  gguf_writer_add_ints (writer, "k.flags", GGUF_BOOL, flags, G_N_ELEMENTS (flags));
  gguf_writer_add_floats (writer, "k.floats", floats, G_N_ELEMENTS (floats));
  gguf_writer_add_strings (writer, "k.strings", strings, NULL, G_N_ELEMENTS (strings));
  gguf_writer_add_strings (writer, "k.nothing", NULL, NULL, 0);

  gguf_writer_add_tensor (writer, "t.first", COLLATE_F32, 4, 2, numbers);
  gguf_writer_add_tensor (writer, "t.second", COLLATE_Q4_1, 32, 3, numbers);
  gguf_writer_add_raw_tensor (writer, "t.cubed", COLLATE_F16, 3, cube, halves, sizeof halves);
  gguf_writer_add_raw_tensor (writer, "t.point", COLLATE_F32, 0, NULL, numbers + 7, sizeof *numbers);

  return writer;
}

static GByteArray *
make_sample (void)
{
  g_autoptr (GgufWriter) writer = write_sample (3, 32);

  return g_bytes_unref_to_array (gguf_writer_to_bytes (writer));
}

static void
check_numbers (CollateGguf *gguf)
{
  struct
  {
    const char *key;
    gint64 value;
  } const figures[] = {
    { "k.u8", 255 },          { "k.i8", -128 },        { "k.u16", 65535 },      { "k.i16", -32768 },
    { "k.u32", G_MAXUINT32 }, { "k.i32", G_MININT32 }, { "k.u64", G_MAXINT64 }, { "k.i64", G_MININT64 },
  };
  const char *const no_ints[] = {
    "k.vast", "k.yes", "k.f32", "k.text", "k.ints", "k.missing", "k.", "", "zzz"
  };
  gint64 value;
  double number;
  gboolean flag;

  for (gsize i = 0; i < G_N_ELEMENTS (figures); i++)
    {
      g_assert_true (collate_gguf_get_int (gguf, figures[i].key, &value));
      g_assert_cmpint (value, ==, figures[i].value);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (no_ints); i++)
    g_assert_false (collate_gguf_get_int (gguf, no_ints[i], &value));

  g_assert_true (collate_gguf_get_double (gguf, "k.f32", &number));
  g_assert_cmpfloat (number, ==, (double) 0.1f);
  g_assert_true (collate_gguf_get_double (gguf, "k.f64", &number));
  g_assert_cmpfloat (number, ==, 0.1);
  g_assert_false (collate_gguf_get_double (gguf, "k.u8", &number));
  g_assert_false (collate_gguf_get_double (gguf, "k.missing", &number));

  g_assert_true (collate_gguf_get_boolean (gguf, "k.yes", &flag));
  g_assert_true (flag);
  g_assert_false (collate_gguf_get_boolean (gguf, "k.u8", &flag));
}

static void
check_texts_and_arrays (CollateGguf *gguf)
{
  const char *const *array;
  const gsize *lengths;
  const gint32 *whole;
  const float *real;

  g_assert_cmpstr (collate_gguf_get_string (gguf, "general.name"), ==, "Sämple");
  g_assert_cmpstr (collate_gguf_get_string (gguf, "k.none"), ==, "");
  g_assert_null (collate_gguf_get_string (gguf, "k.strings"));
  g_assert_null (collate_gguf_get_string (gguf, "k.u8"));

  g_assert_cmpint (collate_gguf_get_strings (gguf, "k.strings", &array, &lengths), ==, 3);
  for (gsize i = 0; i < 3; i++)
    g_assert_cmpmem (array[i], lengths[i], strings[i], strlen (strings[i]));
  g_assert_cmpint (collate_gguf_get_strings (gguf, "k.nothing", &array, &lengths), ==, 0);
  g_assert_cmpint (collate_gguf_get_strings (gguf, "k.ints", &array, &lengths), ==, -1);
  g_assert_cmpint (collate_gguf_get_strings (gguf, "k.text", &array, &lengths), ==, -1);

  g_assert_cmpint (collate_gguf_get_ints (gguf, "k.ints", &whole), ==, 3);
  for (gsize i = 0; i < 3; i++)
    g_assert_cmpint (whole[i], ==, ints[i]);
  g_assert_cmpint (collate_gguf_get_ints (gguf, "k.shorts", &whole), ==, -1);
  g_assert_cmpint (collate_gguf_get_ints (gguf, "k.floats", &whole), ==, -1);

  g_assert_cmpint (collate_gguf_get_floats (gguf, "k.floats", &real), ==, 2);
  g_assert_cmpmem (real, 2 * sizeof *real, floats, sizeof floats);
  g_assert_cmpint (collate_gguf_get_floats (gguf, "k.f32", &real), ==, -1);
}

static void
check_tensors (CollateGguf *gguf)
{
  struct
  {
    const char *name;
    CollateType type;
    gint64 columns, rows;
    float first, last;
  } const wanted[] = {
    { "t.first", COLLATE_F32, 4, 2, 0, 7 },
    { "t.second", COLLATE_Q4_1, 32, 3, 0, 95 },
    { "t.cubed", COLLATE_F16, 2, 4, 1, 2 },
    { "t.point", COLLATE_F32, 1, 1, 7, 7 },
  };

  g_assert_cmpuint (collate_gguf_get_n_tensors (gguf), ==, G_N_ELEMENTS (wanted));
  for (gsize i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      const CollateTensor *tensor;
      float numbers[96];
      gint64 count = wanted[i].columns * wanted[i].rows;

      g_assert_cmpstr (collate_gguf_get_nth_tensor (gguf, i, &tensor), ==, wanted[i].name);
      g_assert_true (collate_gguf_get_tensor (gguf, wanted[i].name) == tensor);
      g_assert_cmpint (tensor->type, ==, wanted[i].type);
      g_assert_cmpint (tensor->columns, ==, wanted[i].columns);
      g_assert_cmpint (tensor->rows, ==, wanted[i].rows);
      g_assert_cmpuint (tensor->n_bytes,
                        ==,
                        collate_type_get_row_bytes (tensor->type, tensor->columns) * (gsize) tensor->rows);
      collate_type_expand (tensor->type, tensor->data, numbers, count);
      g_assert_cmpfloat_with_epsilon (numbers[0], wanted[i].first, 1e-6f);
      g_assert_cmpfloat_with_epsilon (numbers[count - 1], wanted[i].last, 0.1f);
    }
  g_assert_null (collate_gguf_get_tensor (gguf, "t.missing"));
  g_assert_null (collate_gguf_get_tensor (gguf, ""));
}

static void
test_everything (Fixture *fixture, gconstpointer data)
{
  const guint32 alignments[] = { 8, 32, 4096 };

  for (guint32 version = 2; version <= 3; version++)
    for (gsize i = 0; i < G_N_ELEMENTS (alignments); i++)
      {
        g_autoptr (GgufWriter) writer = write_sample (version, alignments[i]);
        g_autoptr (GBytes) bytes = gguf_writer_to_bytes (writer);
        g_autoptr (CollateGguf) gguf = NULL;

        gguf_writer_save (writer, fixture->path);
        gguf = open_good (fixture);
        g_assert_cmpuint (collate_gguf_get_size (gguf), ==, g_bytes_get_size (bytes));
        check_numbers (gguf);
        check_texts_and_arrays (gguf);
        check_tensors (gguf);
      }
}

static void
test_empty_but_right (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new (3);
  g_autoptr (CollateGguf) gguf = NULL;
  gint64 value;

  gguf_writer_save (writer, fixture->path);
  gguf = open_good (fixture);
  g_assert_cmpuint (collate_gguf_get_n_tensors (gguf), ==, 0);
  g_assert_null (collate_gguf_get_tensor (gguf, "x"));
  g_assert_false (collate_gguf_get_int (gguf, "x", &value));
}

static void
test_outlives_its_name (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GgufWriter) writer = write_sample (3, 32);
  g_autoptr (CollateGguf) gguf = NULL, other = NULL;

  gguf_writer_save (writer, fixture->path);
  gguf = open_good (fixture);
  other = collate_gguf_ref (gguf);
  g_assert_cmpint (g_unlink (fixture->path), ==, 0);
  save (fixture, (const guint8 *) "", 0);
  g_clear_pointer (&gguf, collate_gguf_unref);
  check_numbers (other);
  check_texts_and_arrays (other);
  check_tensors (other);
}

/* One number of the sample is another: `width` bytes, `after` bytes behind the beginning of `needle` (NULL: of the
 * file). What follows a name there: its type (keys) or dimensions (tensors). */
typedef struct
{
  const char *name;
  const char *needle;
  int after;
  guint width;
  guint64 value;
  CollateError code;
  const char *words;
} EditCase;

#define BAD COLLATE_ERROR_INVALID
#define STRANGE COLLATE_ERROR_UNSUPPORTED
#define HUGE_NUMBER G_MAXUINT64

static const EditCase edit_cases[] = {
  { "magic", NULL, 0, 1, 'g', BAD, "not a GGUF file" },
  { "magic-end", NULL, 3, 1, 0, BAD, "not a GGUF file" },
  { "version-0", NULL, 4, 4, 0, STRANGE, "header at byte 0" },
  { "version-1", NULL, 4, 4, 1, STRANGE, "version 1 " },
  { "version-4", NULL, 4, 4, 4, STRANGE, "version 4 " },
  { "version-odd", NULL, 4, 4, 0x00030003, STRANGE, "version 196611 " },
  { "big-endian-3", NULL, 4, 4, 0x03000000, STRANGE, "big-endian" },
  { "big-endian-2", NULL, 4, 4, 0x02000000, STRANGE, "big-endian" },
  { "one-tensor-more", NULL, 8, 8, 5, BAD, "tensor 4 at byte" },
  { "tensors-huge", NULL, 8, 8, HUGE_NUMBER, BAD, "beyond belief" },
  { "tensors-many", NULL, 8, 8, 65537, BAD, "beyond belief" },
  { "tensors-as-many-as-may-be", NULL, 8, 8, 65536, BAD, "tensor 4 at byte" },
  { "one-key-more", NULL, 16, 8, 23, BAD, "tensor 0 at byte" },
  { "one-key-less", NULL, 16, 8, 21, BAD, "tensor “k.nothing”" },
  { "keys-none", NULL, 16, 8, 0, BAD, "tensor “general.alignment”" },
  { "keys-huge", NULL, 16, 8, HUGE_NUMBER, BAD, "beyond belief" },
  { "keys-many", NULL, 16, 8, 65537, BAD, "beyond belief" },

  { "key-empty", "k.u8", -8, 8, 0, BAD, "key 2 at byte" },
  { "key-too-long", "k.u8", -8, 8, 65536, BAD, "key 2 at byte" },
  { "key-past-the-end", "k.u8", -8, 8, 20000, BAD, "key 2 at byte" },
  { "key-huge", "k.u8", -8, 8, HUGE_NUMBER, BAD, "key 2 at byte" },
  { "key-huge-signed", "k.u8", -8, 8, G_MAXINT64, BAD, "key 2 at byte" },
  { "key-with-nul", "k.u8", 1, 1, 0, BAD, "key 2 at byte" },
  { "key-with-line-feed", "k.u8", 3, 1, '\n', BAD, "0x0a" },
  { "key-with-delete", "k.u8", 0, 1, 0x7f, BAD, "0x7f" },
  { "key-not-ascii", "k.u8", 2, 1, 0xe4, BAD, "0xe4" },
  { "key-twice", "k.u8", 2, 1, 'i', BAD, "key “k.i8”" },
  { "type-13", "k.u8", 4, 4, 13, BAD, "key “k.u8”" },
  { "type-huge", "k.u8", 4, 4, G_MAXUINT32, BAD, "unknown type 4294967295" },
  { "boolean-2", "k.yes", 9, 1, 2, BAD, "key “k.yes”" },
  { "boolean-255", "k.yes", 9, 1, 255, BAD, "255 is no boolean" },
  { "text-past-the-end", "k.text", 10, 8, 20000, BAD, "key “k.text”" },
  { "text-huge", "k.text", 10, 8, HUGE_NUMBER, BAD, "key “k.text”" },
  { "text-huge-signed", "k.text", 10, 8, G_MAXINT64, BAD, "key “k.text”" },
  { "text-with-nul", "k.text", 18, 1, 0, BAD, "not UTF-8 or has a NUL" },
  { "text-not-utf8", "k.text", 20, 1, 0xff, BAD, "not UTF-8 or has a NUL" },
  { "text-half-a-letter", "k.text", 26, 1, 0xc3, BAD, "not UTF-8 or has a NUL" },

  { "array-of-arrays", "k.ints", 10, 4, GGUF_ARRAY, STRANGE, "arrays of arrays" },
  { "array-of-13", "k.ints", 10, 4, 13, BAD, "key “k.ints”" },
  { "array-of-huge", "k.ints", 10, 4, G_MAXUINT32, BAD, "unknown type 4294967295" },
  { "ints-past-the-end", "k.ints", 14, 8, 20000, BAD, "20000 numbers" },
  { "ints-overflow", "k.ints", 14, 8, G_GUINT64_CONSTANT (1) << 62, BAD, "key “k.ints”" },
  { "ints-overflow-by-one", "k.ints", 14, 8, (G_GUINT64_CONSTANT (1) << 62) + 1, BAD, "key “k.ints”" },
  { "ints-huge", "k.ints", 14, 8, HUGE_NUMBER, BAD, "key “k.ints”" },
  { "floats-huge", "k.floats", 16, 8, HUGE_NUMBER, BAD, "key “k.floats”" },
  { "flags-huge", "k.flags", 15, 8, HUGE_NUMBER, BAD, "key “k.flags”" },
  { "flag-2", "k.flags", 24, 1, 2, BAD, "2 is no boolean" },
  { "strings-past-the-end", "k.strings", 17, 8, 20000, BAD, "20000 strings" },
  { "strings-overflow", "k.strings", 17, 8, G_GUINT64_CONSTANT (1) << 61, BAD, "key “k.strings”" },
  { "strings-huge", "k.strings", 17, 8, HUGE_NUMBER, BAD, "key “k.strings”" },
  { "string-past-the-end", "k.strings", 25, 8, 20000, BAD, "key “k.strings”" },
  { "string-huge", "k.strings", 25, 8, HUGE_NUMBER, BAD, "key “k.strings”" },
  { "last-string-huge", "k.strings", 44, 8, HUGE_NUMBER, BAD, "key “k.strings”" },

  { "alignment-0", "general.alignment", 21, 4, 0, BAD, "key “general.alignment” at byte 24" },
  { "alignment-1", "general.alignment", 21, 4, 1, BAD, "not a power of two" },
  { "alignment-4", "general.alignment", 21, 4, 4, BAD, "not a power of two" },
  { "alignment-33", "general.alignment", 21, 4, 33, BAD, "not a power of two" },
  { "alignment-48", "general.alignment", 21, 4, 48, BAD, "not a power of two" },
  { "alignment-huge", "general.alignment", 21, 4, 1u << 31, BAD, "not a power of two" },
  { "alignment-beyond", "general.alignment", 21, 4, 1u << 30, BAD, "tensor “t." },
  { "alignment-larger", "general.alignment", 21, 4, 64, BAD, "not aligned" },
  { "alignment-a-float", "general.alignment", 17, 4, GGUF_FLOAT32, BAD, "not a power of two" },
  { "alignment-negative",
    "general.alignment",
    17,
    8,
    G_GUINT64_CONSTANT (0x8000000000000005),
    BAD,
    "not a power" },

  { "tensor-nameless", "t.first", -8, 8, 0, BAD, "tensor 0 at byte" },
  { "tensor-name-too-long", "t.first", -8, 8, 65, BAD, "1 to 64" },
  { "tensor-name-huge", "t.first", -8, 8, HUGE_NUMBER, BAD, "tensor 0 at byte" },
  { "tensor-name-with-nul", "t.first", 6, 1, 0, BAD, "tensor 0 at byte" },
  { "tensor-name-not-ascii", "t.first", 6, 1, 0xff, BAD, "0xff" },
  { "dimensions-5", "t.first", 7, 4, 5, BAD, "5 dimensions" },
  { "dimensions-huge", "t.first", 7, 4, G_MAXUINT32, BAD, "tensor “t.first”" },
  { "columns-0", "t.first", 11, 8, 0, BAD, "dimension 0 is 0" },
  { "columns-huge", "t.first", 11, 8, HUGE_NUMBER, BAD, "tensor “t.first”" },
  { "columns-of-half-the-range", "t.first", 11, 8, G_GUINT64_CONSTANT (1) << 62, BAD, "tensor “t.first”" },
  { "columns-overflow", "t.first", 11, 8, (G_GUINT64_CONSTANT (1) << 62) + 4, BAD, "tensor “t.first”" },
  { "columns-past-the-end", "t.first", 11, 8, 20000, BAD, "beyond the file's end" },
  { "rows-0", "t.first", 19, 8, 0, BAD, "dimension 1 is 0" },
  { "rows-huge", "t.first", 19, 8, HUGE_NUMBER, BAD, "tensor “t.first”" },
  { "rows-huge-signed", "t.first", 19, 8, G_MAXINT64, BAD, "overflows" },
  { "rows-overflow", "t.first", 19, 8, (G_GUINT64_CONSTANT (1) << 60) + 2, BAD, "overflows" },
  { "rows-past-the-end", "t.first", 19, 8, 20000, BAD, "beyond the file's end" },
  { "rows-overflow-of-product", "t.cubed", 19, 8, G_GUINT64_CONSTANT (1) << 62, BAD, "dimension 2" },
  { "row-too-many", "t.second", 20, 8, 4, BAD, "tensor “t.cubed”" },
  { "columns-no-whole-block",
    "t.second",
    12,
    8,
    48,
    BAD,
    "48 columns are no whole number of blocks of Q4_1" },
  { "columns-no-super-block", "t.second", 28, 4, COLLATE_Q6_K, BAD, "blocks of Q6_K" },
  { "type-removed", "t.second", 28, 4, 4, STRANGE, "tensor “t.second”" },
  { "type-q8_1", "t.second", 28, 4, 9, STRANGE, "type 9 " },
  { "type-q2_k", "t.second", 28, 4, 10, STRANGE, "type 10 " },
  { "type-iq2_xxs", "t.second", 28, 4, 16, STRANGE, "type 16 " },
  { "type-i8", "t.second", 28, 4, 24, STRANGE, "type 24 " },
  { "type-after-the-last", "t.second", 28, 4, 31, STRANGE, "type 31 " },
  { "type-unheard-of", "t.second", 28, 4, G_MAXUINT32, STRANGE, "type 4294967295 " },
  { "offset-odd", "t.second", 32, 8, 33, BAD, "not aligned" },
  { "offset-at-another", "t.second", 32, 8, 0, BAD, "within that of another" },
  { "offset-within-another", "t.cubed", 39, 8, 64, BAD, "within that of another" },
  { "offset-past-the-end", "t.second", 32, 8, 32000, BAD, "tensor “t.second”" },
  { "offset-huge", "t.second", 32, 8, HUGE_NUMBER - 31, BAD, "tensor “t.second”" },
  { "offset-huge-signed", "t.second", 32, 8, G_GUINT64_CONSTANT (1) << 63, BAD, "beyond the file's end" },
  { "tensor-twice", "t.cubed", -8, 8, 7, BAD, "tensor “t.first”" },
};

static guint8 *
find (GByteArray *bytes, const char *needle)
{
  guint8 *found = memmem (bytes->data, bytes->len, needle, strlen (needle));

  g_assert_nonnull (found);
  return found;
}

static void
test_edit (Fixture *fixture, gconstpointer data)
{
  const EditCase *test = data;
  g_autoptr (GByteArray) bytes = make_sample ();
  guint8 *place = test->needle != NULL ? find (bytes, test->needle) : bytes->data;

  memcpy (place + test->after, &test->value, test->width);
  if (g_str_equal (test->name, "tensor-twice"))
    memcpy (place, "t.first", 7);
  save (fixture, bytes->data, bytes->len);
  expect_refusal (fixture, test->code, test->words);
}

/* However short it is cut, down to nothing. */
static void
test_truncated (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) bytes = make_sample ();

  for (gsize length = 0; length < bytes->len; length++)
    {
      save (fixture, bytes->data, length);
      expect_refusal (fixture, COLLATE_ERROR_INVALID, " at byte ");
    }
}

static void
test_not_a_file (Fixture *fixture, gconstpointer data)
{
  expect_refusal (fixture, COLLATE_ERROR_UNREADABLE, fixture->path);

  g_assert_cmpint (g_mkdir (fixture->path, 0700), ==, 0);
  expect_refusal (fixture, COLLATE_ERROR_UNREADABLE, g_strerror (EISDIR));
  g_assert_cmpint (g_rmdir (fixture->path), ==, 0);

  /* Does not wait for who would write into it. */
  g_assert_cmpint (mkfifo (fixture->path, 0600), ==, 0);
  expect_refusal (fixture, COLLATE_ERROR_UNREADABLE, fixture->path);
}

/* A file of holes takes no room, however large it says that it is: what is believed of it has to have a bound. */
static void
test_holes (Fixture *fixture, gconstpointer data)
{
  const guint64 n_strings = G_GUINT64_CONSTANT (1) << 36;
  g_autoptr (GgufWriter) writer = gguf_writer_new (3);
  guint8 array[12] = { GGUF_STRING };

  memcpy (array + 4, &n_strings, sizeof n_strings);
  gguf_writer_add_raw (writer, "k.strings", GGUF_ARRAY, array, sizeof array);
  gguf_writer_save (writer, fixture->path);
  if (truncate (fixture->path, G_GINT64_CONSTANT (1) << 40) != 0)
    {
      g_test_skip ("this file system has no files of 1 TiB");
      return;
    }
  expect_refusal (fixture, COLLATE_ERROR_INVALID, "key “k.strings”");
}

/* Reads all that is offered, so that a sanitizer sees it. */
static void
read_everything (CollateGguf *gguf)
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

/* Opens what `fd` holds now: a whole model, or a refusal with a reason. Returns whether it opened. */
static gboolean
try_to_open (Fixture *fixture, gboolean read)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateGguf) gguf = collate_gguf_open (fixture->path, &error);

  if (gguf == NULL)
    {
      g_assert_true (g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_INVALID) ||
                     g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED));
      g_assert_nonnull (strstr (error->message, " at byte "));
      return FALSE;
    }

  g_assert_no_error (error);
  if (read)
    read_everything (gguf);
  return TRUE;
}

static void
write_at (int fd, const guint8 *bytes, gsize n_bytes, gsize offset)
{
  g_assert_cmpint (pwrite (fd, bytes, n_bytes, (off_t) offset), ==, (gssize) n_bytes);
}

/* Every byte wrong in several ways, in a file that is whole again before the next. */
static void
flip_bytes (Fixture *fixture, const guint8 *bytes, gsize n_bytes, gboolean read)
{
  const guint8 flips[] = { 0x01, 0x80, 0xff, 0x40 };
  int fd = g_open (fixture->path, O_RDWR | O_CLOEXEC, 0);
  gsize n_opened = 0, n_refused = 0;

  g_assert_cmpint (fd, >=, 0);
  for (gsize i = 0; i < n_bytes; i++)
    {
      for (gsize f = 0; f < G_N_ELEMENTS (flips); f++)
        {
          guint8 wrong = bytes[i] ^ flips[f];

          write_at (fd, &wrong, 1, i);
          if (try_to_open (fixture, read))
            n_opened++;
          else
            n_refused++;
        }
      write_at (fd, bytes + i, 1, i);
    }
  g_close (fd, NULL);

  /* Some of a name's letters may change, a length may not: else nothing was tried. */
  g_assert_cmpuint (n_opened, >, n_bytes / 10);
  g_assert_cmpuint (n_refused, >, n_bytes / 2);
  g_assert_true (try_to_open (fixture, TRUE));
}

static void
test_flipped (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) bytes = make_sample ();

  save (fixture, bytes->data, bytes->len);
  flip_bytes (fixture, bytes->data, bytes->len, TRUE);
}

static void
test_flipped_model (Fixture *fixture, gconstpointer data)
{
  g_autofree char *bytes = NULL;
  gsize n_bytes;

  gguf_writer_tiny_model (fixture->path, "qwen3", COLLATE_Q8_0, 1);
  g_assert_true (g_file_get_contents (fixture->path, &bytes, &n_bytes, NULL));

  /* The descriptions alone: no number of a tensor can be wrong. */
  flip_bytes (fixture, (const guint8 *) bytes, 2048, FALSE);
}

/* Several numbers wrong at once, with what hurts most: the edges of the integers. */
static void
test_scattered (Fixture *fixture, gconstpointer data)
{
  const guint64 edges[] = { 0, 1, 8, 31, 32, 65536, G_MAXINT32, G_MAXUINT32, G_MAXINT64, G_MAXUINT64 };
  g_autoptr (GByteArray) sample = make_sample ();
  guint64 state = 3;

  for (guint round = 0; round < 5000; round++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_sized_new (sample->len);

      g_byte_array_append (bytes, sample->data, sample->len);
      for (guint i = 0; i < 1 + round % 4; i++)
        {
          gsize place = (gsize) (fabsf (gguf_random (&state)) * (float) (bytes->len - 8));
          guint64 edge = edges[(gsize) (fabsf (gguf_random (&state)) * (float) G_N_ELEMENTS (edges))];

          memcpy (bytes->data + place, &edge, 1u << (guint) (fabsf (gguf_random (&state)) * 4));
        }
      save (fixture, bytes->data, bytes->len);
      try_to_open (fixture, TRUE);
    }
}

static void
test_tiny_models (Fixture *fixture, gconstpointer data)
{
  const char *const architectures[] = { "llama", "qwen2", "qwen3" };
  const gsize n_tensors[] = { 2 + 2 * 9, 3 + 2 * 12, 3 + 2 * 11 };
  const CollateType types[] = { COLLATE_F32, COLLATE_Q4_1, COLLATE_Q6_K };

  for (gsize a = 0; a < G_N_ELEMENTS (architectures); a++)
    for (gsize t = 0; t < G_N_ELEMENTS (types); t++)
      {
        GgufTinyModel shape = gguf_tiny_model_get_shape (architectures[a], types[t]);
        g_autoptr (CollateGguf) gguf = NULL;
        const CollateTensor *tensor;
        const char *const *tokens;
        const gsize *lengths;
        const gint32 *token_types;

        gguf_writer_tiny_model (fixture->path, architectures[a], types[t], 1);
        gguf = open_good (fixture);
        g_assert_cmpuint (collate_gguf_get_n_tensors (gguf), ==, n_tensors[a]);
        tensor = collate_gguf_get_tensor (gguf, "token_embd.weight");
        g_assert_cmpint (tensor->type, ==, types[t]);
        g_assert_cmpint (tensor->columns, ==, shape.columns);
        g_assert_cmpint (tensor->rows, ==, (gint64) shape.vocabulary);
        g_assert_cmpint (collate_gguf_get_strings (gguf, "tokenizer.ggml.tokens", &tokens, &lengths),
                         ==,
                         (gint64) shape.vocabulary);
        g_assert_cmpint (collate_gguf_get_ints (gguf, "tokenizer.ggml.token_type", &token_types),
                         ==,
                         (gint64) shape.vocabulary);
        g_assert_cmpmem (tokens[2], lengths[2], "<|im_end|>", 10);
        g_assert_cmpint (token_types[2], ==, 3);
      }
}

/* The real one, where there is one. */
static void
test_real_model (void)
{
  const char *path = g_getenv ("COLLATE_MODEL");
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateGguf) gguf = NULL;
  g_autoptr (GTimer) timer = NULL;

  if (path == NULL)
    {
      g_test_skip ("COLLATE_MODEL names no model file");
      return;
    }

  timer = g_timer_new ();
  gguf = collate_gguf_open (path, &error);
  g_test_message ("opened in %.1f ms", g_timer_elapsed (timer, NULL) * 1e3);
  g_assert_no_error (error);
  g_assert_nonnull (collate_gguf_get_string (gguf, "general.architecture"));
  g_assert_nonnull (collate_gguf_get_tensor (gguf, "token_embd.weight"));
  read_everything (gguf);
}

static void
add (const char *name, gconstpointer data, void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strdup_printf ("/gguf/%s", name);

  g_test_add (path, Fixture, data, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("everything", NULL, test_everything);
  add ("empty-but-right", NULL, test_empty_but_right);
  add ("outlives-its-name", NULL, test_outlives_its_name);
  add ("tiny-models", NULL, test_tiny_models);
  add ("truncated", NULL, test_truncated);
  add ("not-a-file", NULL, test_not_a_file);
  add ("holes", NULL, test_holes);
  for (gsize i = 0; i < G_N_ELEMENTS (edit_cases); i++)
    {
      g_autofree char *name = g_strconcat ("refused/", edit_cases[i].name, NULL);

      add (name, &edit_cases[i], test_edit);
    }
  add ("fuzz/flipped", NULL, test_flipped);
  add ("fuzz/flipped-model", NULL, test_flipped_model);
  add ("fuzz/scattered", NULL, test_scattered);
  g_test_add_func ("/gguf/real-model", test_real_model);

  return g_test_run ();
}
