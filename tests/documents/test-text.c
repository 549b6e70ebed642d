/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/collate-error.h"
#include "documents/collate-reply.h"
#include "documents/collate-text.h"

static void
assert_decoded (const char *bytes, gssize length, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text =
      collate_text_decode ((const guint8 *) bytes, length < 0 ? strlen (bytes) : (gsize) length, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_refused (const char *bytes, gsize length, CollateError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (collate_text_decode ((const guint8 *) bytes, length, &error));
  g_assert_error (error, COLLATE_ERROR, (int) code);
}

/* Valid UTF-8 is never touched: byte order mark, line ends, ligatures and all. */
static void
test_decode_utf8 (void)
{
  static const char *const texts[] = {
    "", "one\r\ntwo\rthree\n", "\xef\xbb\xbfmark", "ﬁ\u00ad 中文 😀", "\x01\x1b[0m",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_decoded (texts[i], -1, texts[i]);
  assert_decoded (NULL, 0, "");
}

static void
test_decode_others (void)
{
  assert_decoded ("caf\xe9 \x80 5 \x93quoted\x94 \x81", -1, "café € 5 “quoted” \xc2\x81");
  assert_decoded ("\xff\xfeh\0\xe9\0=\xd8\0\xde", 10, "hé😀");
  assert_decoded ("\xfe\xff\0h\0\xe9\xd8=\xde\0", 10, "hé😀");
  assert_decoded ("\xff\xfe", 2, "");
}

static void
test_decode_refuses (void)
{
  assert_refused ("a\0b", 3, COLLATE_ERROR_UNSUPPORTED);
  assert_refused ("\x89PNG\r\n\x1a\n", 8, COLLATE_ERROR_UNSUPPORTED);
  assert_refused ("caf\xe9\x7f", 5, COLLATE_ERROR_UNSUPPORTED);
  assert_refused ("\xff\xfe\0\0h\0\0\0", 8, COLLATE_ERROR_UNSUPPORTED);
  assert_refused ("\xff\xfeh", 3, COLLATE_ERROR_DAMAGED);
  assert_refused ("\xff\xfe=\xd8h\0", 6, COLLATE_ERROR_DAMAGED);
}

static void
test_clean (void)
{
  static const struct
  {
    const char *page, *clean;
  } pages[] = {
    { "eﬃcient oﬀer, ﬁne ﬂow aﬄict ﬅ ﬆ", "efficient offer, fine flow afflict st st" },
    { "one\r\ntwo\rthree\n\n", "one\ntwo\nthree" },
    { "atten\u00adtion inter\u00ad\nnational end\u00ad", "attention international end" },
    { "a\tb\fc\x01 d", "a\tbc d" },
    { "bad\xff\xfe bytes", "bad\uFFFD\uFFFD bytes" },
    { " \n ", "" },
    { "x² ＝ ½", "x² ＝ ½" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      g_autofree char *clean = collate_text_clean (pages[i].page);

      g_assert_cmpstr (clean, ==, pages[i].clean);
    }
}

static void
test_blank (void)
{
  g_assert_true (collate_text_is_blank (""));
  g_assert_true (collate_text_is_blank ("\xef\xbb\xbf \r\n\t\u00a0\u3000"));
  g_assert_false (collate_text_is_blank (" ."));
}

static void
test_reply_pages (void)
{
  g_autoptr (GPtrArray) pages = g_ptr_array_new ();
  g_autoptr (GPtrArray) parsed = NULL;
  g_autoptr (GByteArray) reply = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (pages, "first");
  g_ptr_array_add (pages, "");
  g_ptr_array_add (pages, "drítt");
  reply = collate_reply_new_pages (pages);

  parsed = collate_reply_parse (reply->data, reply->len, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (parsed->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr (g_ptr_array_index (parsed, i), ==, g_ptr_array_index (pages, i));
}

static void
test_reply_error (void)
{
  g_autoptr (GError) written = g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_PASSWORD, "bad \xff byte");
  g_autoptr (GByteArray) reply = collate_reply_new_error (written);
  g_autoptr (GError) error = NULL;

  g_assert_null (collate_reply_parse (reply->data, reply->len, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_PASSWORD);
  g_assert_cmpstr (error->message, ==, "bad \uFFFD byte");
}

/* What no honest helper writes: another version, lengths beyond the end, bytes that are no UTF-8, a code that
 * is none of a document, bytes after the end. */
static void
test_reply_hostile (void)
{
  static const struct
  {
    const char *data;
    gsize length;
  } replies[] = {
#define REPLY(literal) { literal, sizeof literal - 1 }
    REPLY (""),
    REPLY ("COLX"),
    REPLY ("COLY\0\0\0\1\0\0\0\0\0\0\0\0"),
    REPLY ("COLX\0\0\0\2\0\0\0\0\0\0\0\0"),
    REPLY ("COLX\0\0\0\1\0\0\0\2\0\0\0\0"),
    REPLY ("COLX\0\0\0\1\0\0\0\0\377\377\377\377"),
    REPLY ("COLX\0\0\0\1\0\0\0\0\0\0\0\1"),
    REPLY ("COLX\0\0\0\1\0\0\0\0\0\0\0\1\377\377\377\377one"),
    REPLY ("COLX\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\4one"),
    REPLY ("COLX\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\2one"),
    REPLY ("COLX\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\3o\0e"),
    REPLY ("COLX\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\3o\377e"),
    REPLY ("COLX\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\1x"),
    REPLY ("COLX\0\0\0\1\0\0\0\1\0\0\0\16\0\0\0\2x"),
    REPLY ("COLX\0\0\0\1\0\0\0\1\0\0\0\16\0\0\0\1xy"),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (replies); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree guint8 *copy = g_memdup2 (replies[i].data, replies[i].length);

      g_assert_null (collate_reply_parse (copy, replies[i].length, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_DAMAGED);
    }
}

static void
test_reply_cut (void)
{
  static const char whole[] = "COLX\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\3one\0\0\0\3two";

  for (gsize length = 0; length < sizeof whole - 1; length++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree guint8 *copy = g_memdup2 (whole, length);

      g_assert_null (collate_reply_parse (copy, length, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_DAMAGED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/text/decode/utf-8", test_decode_utf8);
  g_test_add_func ("/text/decode/others", test_decode_others);
  g_test_add_func ("/text/decode/refuses", test_decode_refuses);
  g_test_add_func ("/text/clean", test_clean);
  g_test_add_func ("/text/blank", test_blank);
  g_test_add_func ("/reply/pages", test_reply_pages);
  g_test_add_func ("/reply/error", test_reply_error);
  g_test_add_func ("/reply/hostile", test_reply_hostile);
  g_test_add_func ("/reply/cut", test_reply_cut);

  return g_test_run ();
}
