/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gguf-fixture.h"

/* Model files that are wrong: in one place, cut short, at random. Each is refused with a reason, and none is a fault. */

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
  { "one-key-more", NULL, 16, 8, 24, BAD, "tensor 0 at byte" },
  { "one-key-less", NULL, 16, 8, 22, BAD, "tensor “k.nothing”" },
  { "keys-none", NULL, 16, 8, 0, BAD, "tensor “general.alignment”" },
  { "keys-huge", NULL, 16, 8, HUGE_NUMBER, BAD, "beyond belief" },
  { "keys-many", NULL, 16, 8, 65537, BAD, "beyond belief" },

  { "key-empty", "k.u8", -8, 8, 0, BAD, "key 3 at byte" },
  { "key-too-long", "k.u8", -8, 8, 65536, BAD, "key 3 at byte" },
  { "key-past-the-end", "k.u8", -8, 8, 20000, BAD, "key 3 at byte" },
  { "key-huge", "k.u8", -8, 8, HUGE_NUMBER, BAD, "key 3 at byte" },
  { "key-huge-signed", "k.u8", -8, 8, G_MAXINT64, BAD, "key 3 at byte" },
  { "key-with-nul", "k.u8", 1, 1, 0, BAD, "key 3 at byte" },
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
test_edit (GgufFixture *fixture, gconstpointer data)
{
  const EditCase *test = data;
  g_autoptr (GByteArray) bytes = gguf_sample_to_array ();
  guint8 *place = test->needle != NULL ? find (bytes, test->needle) : bytes->data;

  memcpy (place + test->after, &test->value, test->width);
  if (g_str_equal (test->name, "tensor-twice"))
    memcpy (place, "t.first", 7);
  gguf_fixture_save (fixture, bytes->data, bytes->len);
  gguf_fixture_refuse (fixture, test->code, test->words);
}

/* However short it is cut, down to nothing. */
static void
test_truncated (GgufFixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) bytes = gguf_sample_to_array ();

  for (gsize length = 0; length < bytes->len; length++)
    {
      gguf_fixture_save (fixture, bytes->data, length);
      gguf_fixture_refuse (fixture, COLLATE_ERROR_INVALID, " at byte ");
    }
}

/* Cut everywhere again, but each time so that the cut is at the end of a page: reading on would be a fault. */
static void
test_truncated_pages (GgufFixture *fixture, gconstpointer data)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE);
  g_autoptr (GByteArray) sample = gguf_sample_to_array ();
  gsize n_refused = 0;

  for (gsize n_filling = page - sample->len; n_filling < page; n_filling++)
    {
      g_autoptr (GgufWriter) writer = gguf_sample_new (3, 32, n_filling);
      g_autoptr (GByteArray) bytes = g_bytes_unref_to_array (gguf_writer_to_bytes (writer));

      if (bytes->len <= page)
        continue;
      gguf_fixture_save (fixture, bytes->data, page);
      gguf_fixture_refuse (fixture, COLLATE_ERROR_INVALID, " at byte ");
      n_refused++;
    }
  g_assert_cmpuint (n_refused, >, sample->len - 64);
}

static void
test_not_a_file (GgufFixture *fixture, gconstpointer data)
{
  /* By its name alone: where a file lies is nobody's business but the person's. */
  g_autofree char *name = g_path_get_basename (fixture->path);
  g_autoptr (GError) error = NULL;

  gguf_fixture_refuse (fixture, COLLATE_ERROR_UNREADABLE, name);
  g_assert_null (collate_gguf_open (fixture->path, &error));
  g_assert_null (strchr (error->message, G_DIR_SEPARATOR));

  g_assert_cmpint (g_mkdir (fixture->path, 0700), ==, 0);
  gguf_fixture_refuse (fixture, COLLATE_ERROR_UNREADABLE, g_strerror (EISDIR));
  g_assert_cmpint (g_rmdir (fixture->path), ==, 0);

  /* Does not wait for who would write into it. */
  g_assert_cmpint (mkfifo (fixture->path, 0600), ==, 0);
  gguf_fixture_refuse (fixture, COLLATE_ERROR_UNREADABLE, name);
}

/* A file of holes takes no room, however large it says that it is: what is believed of it has to have a bound. */
static void
test_holes (GgufFixture *fixture, gconstpointer data)
{
  const guint64 n_strings = G_GUINT64_CONSTANT (1) << 30;
  g_autoptr (GgufWriter) writer = gguf_writer_new (3);
  guint8 array[12] = { GGUF_STRING };

  memcpy (array + 4, &n_strings, sizeof n_strings);
  gguf_writer_add_raw (writer, "k.strings", GGUF_ARRAY, array, sizeof array);
  gguf_writer_save (writer, fixture->path);
  if (truncate (fixture->path, G_GINT64_CONSTANT (1) << 34) != 0)
    {
      g_test_skip ("this file system has no files of 16 GiB");
      return;
    }
  gguf_fixture_refuse (fixture, COLLATE_ERROR_INVALID, "key “k.strings”");
}

/* Opens what `fd` holds now: a whole model, or a refusal with a reason. Returns whether it opened. */
static gboolean
try_to_open (GgufFixture *fixture, gboolean read)
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
    gguf_read_everything (gguf);
  return TRUE;
}

static void
write_at (int fd, const guint8 *bytes, gsize n_bytes, gsize offset)
{
  g_assert_cmpint (pwrite (fd, bytes, n_bytes, (off_t) offset), ==, (gssize) n_bytes);
}

/* Every byte wrong in several ways, in a file that is whole again before the next. */
static void
flip_bytes (GgufFixture *fixture, const guint8 *bytes, gsize n_bytes, gboolean read)
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
test_flipped (GgufFixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) bytes = gguf_sample_to_array ();

  gguf_fixture_save (fixture, bytes->data, bytes->len);
  flip_bytes (fixture, bytes->data, bytes->len, TRUE);
}

static void
test_flipped_model (GgufFixture *fixture, gconstpointer data)
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
test_scattered (GgufFixture *fixture, gconstpointer data)
{
  const guint64 edges[] = { 0, 1, 8, 31, 32, 65536, G_MAXINT32, G_MAXUINT32, G_MAXINT64, G_MAXUINT64 };
  g_autoptr (GByteArray) sample = gguf_sample_to_array ();
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
      gguf_fixture_save (fixture, bytes->data, bytes->len);
      try_to_open (fixture, TRUE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  gguf_fixture_add ("truncated/anywhere", NULL, test_truncated);
  gguf_fixture_add ("truncated/pages", NULL, test_truncated_pages);
  gguf_fixture_add ("not-a-file", NULL, test_not_a_file);
  gguf_fixture_add ("holes", NULL, test_holes);
  for (gsize i = 0; i < G_N_ELEMENTS (edit_cases); i++)
    {
      g_autofree char *name = g_strconcat ("refused/", edit_cases[i].name, NULL);

      gguf_fixture_add (name, &edit_cases[i], test_edit);
    }
  gguf_fixture_add ("fuzz/flipped", NULL, test_flipped);
  gguf_fixture_add ("fuzz/flipped-model", NULL, test_flipped_model);
  gguf_fixture_add ("fuzz/scattered", NULL, test_scattered);

  return g_test_run ();
}
