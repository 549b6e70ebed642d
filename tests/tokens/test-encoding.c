/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/collate-error.h"
#include "tokens/collate-encoding.h"

#define PREFIX "/io/github/collate/Collate/vocabularies"

static CollateEncodings *encodings;

static CollateEncoding *
get_encoding (const char *name)
{
  g_autoptr (GError) error = NULL;
  CollateEncoding *encoding = collate_encodings_get (encodings, name, &error);

  g_assert_no_error (error);
  return encoding;
}

static char *
ids_to_string (GArray *ids)
{
  GString *string = g_string_new (NULL);

  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf (string, "%s%u", i ? " " : "", g_array_index (ids, guint32, i));
  return g_string_free (string, FALSE);
}

/* Every line of golden.txt, which make-golden.py wrote with the real tokenizers. */
static void
test_golden (gconstpointer name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "tokens", "golden.txt", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n_cases = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], "\t", -1);
      g_autofree guchar *bytes = NULL;
      g_autoptr (GArray) ids = NULL;
      g_autofree char *found = NULL;
      gsize length;

      if (g_strcmp0 (fields[0], name) != 0)
        continue;
      g_assert_cmpuint (g_strv_length (fields), ==, 3);
      bytes = g_base64_decode (fields[1], &length);
      ids = collate_encoding_encode (get_encoding (name), (char *) bytes, length);
      found = ids_to_string (ids);
      g_assert_cmpstr (found, ==, fields[2]);
      g_assert_cmpuint (collate_encoding_count (get_encoding (name), (char *) bytes, length), ==, ids->len);
      n_cases++;
    }
  g_assert_cmpuint (n_cases, >, 90);
}

static void
assert_decodes_to (CollateEncoding *encoding, const char *text, gssize length, const char *expected)
{
  g_autoptr (GArray) ids = collate_encoding_encode (encoding, text, length);
  g_autoptr (GBytes) bytes = collate_encoding_decode (encoding, (guint32 *) (gpointer) ids->data, ids->len);

  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected, strlen (expected));
}

static void
test_decode (gconstpointer name)
{
  CollateEncoding *encoding = get_encoding (name);
  const guint32 strangers[] = { 100, G_MAXUINT32, 100, 1 << 22, 4000000 };
  g_autoptr (GBytes) twice = collate_encoding_decode (encoding, strangers, G_N_ELEMENTS (strangers));
  g_autoptr (GBytes) once = collate_encoding_decode (encoding, strangers, 1);
  g_autoptr (GBytes) none = collate_encoding_decode (encoding, NULL, 0);

  assert_decodes_to (encoding,
                     "Où est l’œuvre ? 今天天气很好\n\n  12345 🌍",
                     -1,
                     "Où est l’œuvre ? 今天天气很好\n\n  12345 🌍");
  assert_decodes_to (encoding, "up to here, not further", 10, "up to here");
  assert_decodes_to (encoding, "bad \xff byte", -1, "bad \xef\xbf\xbd byte");
  assert_decodes_to (encoding, "cut \xe2\x82\xac", 6, "cut \xef\xbf\xbd");
  assert_decodes_to (encoding, "", -1, "");

  g_assert_cmpuint (g_bytes_get_size (once), >, 0);
  g_assert_cmpuint (g_bytes_get_size (twice), ==, 2 * g_bytes_get_size (once));
  g_assert_cmpuint (g_bytes_get_size (none), ==, 0);
}

/* Inputs that a quadratic merge, a backtracking expression or recursion would not survive. The counts are the
 * real tokenizers'. */
static void
test_hostile (gconstpointer name)
{
  static const struct
  {
    const char *unit;
    guint times;
    guint counts[3];
  } cases[] = {
    { "a", 1000000, { 125000, 125000, 125000 } },       { " ", 100000, { 782, 782, 782 } },
    { "\n", 200000, { 6250, 12500, 12500 } },           { "=", 200000, { 3125, 3125, 3125 } },
    { "文", 100000, { 100000, 100000, 100000 } },       { "文A", 100000, { 200000, 200000, 200000 } },
    { "\xcc\x81", 100000, { 100000, 100000, 100000 } }, { "\x01", 200000, { 200000, 200000, 200000 } },
    { "1", 200000, { 66667, 66667, 66667 } },           { "\xff", 200000, { 50000, 25000, 12500 } },
    { " \n", 100000, { 50000, 50000, 25000 } },         { "!a", 100000, { 200000, 200000, 200000 } },
  };
  const char *const *names = collate_encodings_get_names ();
  guint index = 0;

  while (strcmp (names[index], name) != 0)
    index++;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GString *text = g_string_new (NULL);

      for (guint j = 0; j < cases[i].times; j++)
        g_string_append (text, cases[i].unit);
      g_test_message ("input %u", i);
      g_assert_cmpuint (
          collate_encoding_count (get_encoding (name), text->str, text->len), ==, cases[i].counts[index]);
      g_string_free (text, TRUE);
    }
}

/* A table of all bytes, at their own value as rank, and these lines. */
static CollateEncoding *
new_small (const char *lines, GError **error)
{
  GString *table = g_string_new (NULL);

  for (guint i = 0; i < 256; i++)
    {
      guchar byte = i;
      g_autofree char *base64 = g_base64_encode (&byte, 1);

      g_string_append_printf (table, "%s %u\n", base64, i);
    }
  g_string_append (table, lines);
  {
    g_autoptr (GBytes) bytes = g_string_free_to_bytes (table);

    return collate_encoding_new ("small", COLLATE_SPLIT_CL100K, bytes, error);
  }
}

/* The lowest rank merges first, the leftmost of equals, and a token that no merge reaches is found whole. */
static void
test_merge_order (void)
{
  static const struct
  {
    const char *text;
    const char *ids;
  } cases[] = {
    { "ab", "300" },
    { "abc", "97 299" },
    { "abab", "300 300" },
    { "ccc", "301 99" },
    { "cccc", "301 301" },
    { "xyz", "400" },
    { "xxyz", "120 120 121 122" },
    { "ababab", "300 300 300" },
    { "abcab", "97 299 300" },
  };
  g_autoptr (GError) error = NULL;
  /* bc, ab, cc, xyz; ranks need not follow one another, nor lines stand in their order. */
  g_autoptr (CollateEncoding) encoding = new_small ("eHl6 400\nYWI= 300\nYmM= 299\nY2M= 301", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (collate_encoding_get_name (encoding), ==, "small");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GArray) ids = collate_encoding_encode (encoding, cases[i].text, -1);
      g_autofree char *found = ids_to_string (ids);

      g_assert_cmpstr (found, ==, cases[i].ids);
    }
}

static void
test_bad_tables (void)
{
  static const char *const lines[] = {
    "\n",
    "YWI=\n",
    "YWI= \n",
    " 300\n",
    "YWI=300\n",
    "YWI= x\n",
    "YWI= -1\n",
    "YWI= 300 \n",
    "YWI= 300\r\n",
    "YWI= 3000000000000\n",
    "YWI= 99999999\n",
    "YW= 300\n",
    "Y*I= 300\n",
    "==== 300\n",
    "YWI= 97\n",
    "YWI= 300\nYWI= 301\n",
    "YWI= 300\nYmM= 300\n",
    "YQ== 300\n",
    "YWI= 300\n\n",
    "YWI= 00000000000000000300\n",
  };
  static const char *const tables[] = { "", "YWI= 0\n", "YQ== 97\n" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", lines[i]);
      g_assert_null (new_small (lines[i], &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
    }
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static (tables[i], strlen (tables[i]));
      g_autoptr (GError) error = NULL;

      g_assert_null (collate_encoding_new ("bad", COLLATE_SPLIT_CL100K, bytes, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
    }
}

static void
test_names (void)
{
  g_autoptr (CollateEncodings) elsewhere = collate_encodings_new ("/no/such/folder");
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (collate_encodings_get_names ()[0], ==, COLLATE_ENCODING_DEFAULT);
  g_assert_cmpuint (g_strv_length ((char **) collate_encodings_get_names ()), ==, 3);
  for (const char *const *name = collate_encodings_get_names (); *name; name++)
    g_assert_cmpstr (collate_encoding_get_name (get_encoding (*name)), ==, *name);

  g_assert_null (collate_encodings_get (encodings, "p50k_base", &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_null (collate_encodings_get (encodings, "", &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_null (collate_encodings_get (elsewhere, COLLATE_ENCODING_DEFAULT, &error));
  g_assert_error (error, G_RESOURCE_ERROR, G_RESOURCE_ERROR_NOT_FOUND);
}

static gpointer
count_in_thread (gpointer data)
{
  CollateEncoding *encoding = collate_encodings_get (data, "o200k_base", NULL);

  for (guint i = 0; i < 1000; i++)
    g_assert_cmpuint (collate_encoding_count (encoding, "Labourers of the 23rd, wait!", -1), ==, 11);
  return encoding;
}

/* Threads that ask at once are given the same encoding, and use it at once. */
static void
test_threads (void)
{
  g_autoptr (CollateEncodings) fresh = collate_encodings_new (PREFIX);
  GThread *threads[8];
  gpointer first = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("count", count_in_thread, fresh);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      gpointer encoding = g_thread_join (threads[i]);

      g_assert_nonnull (encoding);
      g_assert_true (!first || encoding == first);
      first = encoding;
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  encodings = collate_encodings_new (PREFIX);

  for (const char *const *name = collate_encodings_get_names (); *name; name++)
    {
      g_autofree char *golden = g_strdup_printf ("/tokens/golden/%s", *name);
      g_autofree char *decode = g_strdup_printf ("/tokens/decode/%s", *name);
      g_autofree char *hostile = g_strdup_printf ("/tokens/hostile/%s", *name);

      g_test_add_data_func (golden, *name, test_golden);
      g_test_add_data_func (decode, *name, test_decode);
      g_test_add_data_func (hostile, *name, test_hostile);
    }
  g_test_add_func ("/tokens/merge-order", test_merge_order);
  g_test_add_func ("/tokens/bad-tables", test_bad_tables);
  g_test_add_func ("/tokens/names", test_names);
  g_test_add_func ("/tokens/threads", test_threads);

  status = g_test_run ();
  collate_encodings_unref (encodings);
  return status;
}
