/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "engine/collate-calls.h"
#include "engine/collate-python-json.h"

/* Calls of functions in what a model writes, and the JSON in them. */

#define D "｜DSML｜"
#define OPEN "<" D "function_calls>\n"
#define CLOSE "</" D "function_calls>"
#define INVOKE(name) "<" D "invoke name=\"" name "\">\n"
#define END "</" D "invoke>\n"
#define PARAMETER(name, string, value)                                                                       \
  "<" D "parameter name=\"" name "\" string=\"" string "\">" value "</" D "parameter>\n"
#define NOW OPEN INVOKE ("now") END CLOSE

static void
note (const char *bytes, gsize length, gpointer user_data)
{
  g_string_append_len (user_data, bytes, length);
}

/* What passed, and after it each call as "name(arguments)", however the text is cut. */
static char *
read_pieces (const char *text, gsize length, gsize piece)
{
  GString *read = g_string_new (NULL);
  g_autoptr (CollateCalls) calls = collate_calls_new (note, read);
  const CollateCall *found;
  gsize n;

  for (gsize at = 0; at < length; at += piece)
    if (!collate_calls_add (calls, text + at, MIN (piece, length - at)))
      break;
  collate_calls_end (calls);
  found = collate_calls_get (calls, &n);
  g_assert_true (collate_calls_is_inside (calls) == (n > 0));
  for (gsize i = 0; i < n; i++)
    g_string_append_printf (read, "%s(%s)", found[i].name, found[i].arguments);
  return g_string_free (read, FALSE);
}

static void
assert_read (const char *text, const char *expected)
{
  for (gsize piece = 1; piece <= strlen (text); piece++)
    {
      g_autofree char *read = read_pieces (text, strlen (text), piece);

      g_assert_cmpstr (read, ==, expected);
    }
}

static void
test_calls (void)
{
  assert_read (NOW, "now({})");
  assert_read (OPEN INVOKE ("now") "\n" END CLOSE, "now({})");
  assert_read ("Look.\n\n" NOW, "Look.now({})");
  assert_read ("Look.\n" NOW, "Look.now({})");
  assert_read ("Look. \n\n\n\n" NOW, "Look. \n\nnow({})");
  assert_read ("Hm.</think>\n\n" NOW, "Hm.</think>now({})");
  assert_read ("Hm.\n\n" NOW "</think>no", "Hm.now({})");
  assert_read (OPEN INVOKE ("a") PARAMETER ("x", "true", "1") PARAMETER ("y", "false", "1") END INVOKE ("b")
                   PARAMETER ("x", "false", "{\"a\":[1,2.50,-1e9,true,null]}") END CLOSE,
               "a({\"x\": \"1\", \"y\": 1})b({\"x\": {\"a\": [1, 2.50, -1e9, true, null]}})");
}

/* A text is taken as it is; a name may be any that stands between quotes. */
static void
test_texts (void)
{
  assert_read (OPEN INVOKE ("a b<é>") PARAMETER ("x>y", "true", "\n \"<b>\\\t</b>\"\n") END CLOSE,
               "a b<é>({\"x>y\": \"\\n \\\"<b>\\\\\\t</b>\\\"\\n\"})");
  assert_read (OPEN INVOKE ("a") PARAMETER ("x", "true", "") END CLOSE, "a({\"x\": \"\"})");
  assert_read (OPEN INVOKE ("a") PARAMETER ("x", "true", CLOSE "\n\n" NOW "</" D "parameter") END CLOSE,
               "a({\"x\": \"" CLOSE "\\n\\n<" D "function_calls>\\n<" D "invoke name=\\\"now\\\">\\n</" D
               "invoke>\\n" CLOSE "</" D "parameter\"})");
}

/* What is wrong anywhere is text, all of it. */
static void
test_wrong (void)
{
  static const char *const wrong[] = {
    "",
    "Nothing.\n\n",
    "\n\n<",
    OPEN,
    OPEN CLOSE,
    OPEN "\n" INVOKE ("a") END CLOSE,
    OPEN INVOKE ("a"),
    OPEN INVOKE ("a") END,
    OPEN INVOKE ("") END CLOSE,
    OPEN INVOKE ("a\nb") END CLOSE,
    OPEN INVOKE ("a\" b=\"c") END CLOSE,
    OPEN INVOKE ("a") CLOSE,
    OPEN INVOKE ("a") END INVOKE ("b") CLOSE,
    OPEN INVOKE ("a") " " END CLOSE,
    OPEN INVOKE ("a") "\n\n" END CLOSE,
    OPEN INVOKE ("a") PARAMETER ("x", "true", "") "\n" END CLOSE,
    OPEN INVOKE ("a") PARAMETER ("x", "maybe", "") END CLOSE,
    OPEN INVOKE ("a") PARAMETER ("", "true", "") END CLOSE,
    OPEN INVOKE ("a") PARAMETER ("x", "true", "") PARAMETER ("x", "true", "") END CLOSE,
    OPEN INVOKE ("a") PARAMETER ("x", "false", "Paris") END CLOSE,
    OPEN INVOKE ("a") PARAMETER ("x", "false", "1, \"y\": 2") END CLOSE,
    OPEN INVOKE ("a") PARAMETER ("x", "false", "") END CLOSE,
    OPEN INVOKE ("a") "<" D "parameter name=\"x\">1</" D "parameter>\n" END CLOSE,
    OPEN INVOKE ("a") "text" END CLOSE,
    "<function_calls>\n<invoke name=\"a\">\n</invoke>\n</function_calls>",
    "<" D "tool_calls>\n" INVOKE ("a") END "</" D "tool_calls>",
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *more = g_strconcat (wrong[i], " and more", NULL);
      g_autofree char *again = g_strconcat (wrong[i], "\n\n" NOW, NULL);
      g_autofree char *read = g_strconcat (wrong[i], "now({})", NULL);

      assert_read (wrong[i], wrong[i]);
      assert_read (more, more);
      if (!g_str_has_suffix (wrong[i], "\n"))
        assert_read (again, read);
    }
}

/* A model may write any bytes. */
static void
test_bytes (void)
{
  static const char *const values[] = { "\xff", "a\0b", "\xc3" };
  static const gsize lengths[] = { 1, 3, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (GString) text =
          g_string_new (OPEN INVOKE ("a") "<" D "parameter name=\"x\" string=\"true\">");
      g_autoptr (GString) passed = g_string_new (NULL);
      g_autoptr (CollateCalls) calls = collate_calls_new (note, passed);
      gsize n;

      g_string_append_len (text, values[i], lengths[i]);
      g_string_append (text, "</" D "parameter>\n" END CLOSE);
      g_assert_true (collate_calls_add (calls, text->str, text->len));
      collate_calls_end (calls);
      collate_calls_get (calls, &n);
      g_assert_cmpuint (n, ==, 0);
      g_assert_cmpmem (passed->str, passed->len, text->str, text->len);
    }
}

/* What cannot become a call is not held back. */
static void
test_held (void)
{
  g_autoptr (GString) passed = g_string_new (NULL);
  g_autoptr (CollateCalls) calls = collate_calls_new (note, passed);

  g_assert_true (collate_calls_add (calls, "a\n\n\n<", 5));
  g_assert_cmpstr (passed->str, ==, "a\n");
  g_assert_true (collate_calls_add (calls, "b", 1));
  g_assert_cmpstr (passed->str, ==, "a\n\n\n<b");
  g_assert_false (collate_calls_is_inside (calls));
  g_assert_true (collate_calls_add (calls, OPEN, strlen (OPEN)));
  g_assert_cmpstr (passed->str, ==, "a\n\n\n<b");
  g_assert_true (collate_calls_add (calls, "<invoke", 7));
  g_assert_cmpstr (passed->str, ==, "a\n\n\n<b" OPEN "<invoke");
  g_assert_false (collate_calls_add (calls, NOW, strlen (NOW)));
  g_assert_true (collate_calls_is_inside (calls));
  g_assert_false (collate_calls_add (calls, "more", 4));
  g_assert_cmpstr (passed->str, ==, "a\n\n\n<b" OPEN "<invoke");
}

/* A long call comes a letter at a time, and takes no longer than its length. */
static void
test_long (void)
{
  g_autoptr (GString) text = g_string_new (OPEN INVOKE ("a") "<" D "parameter name=\"x\" string=\"true\">");
  g_autofree char *read = NULL;

  for (guint i = 0; i < 100000; i++)
    g_string_append (text, "</" D "function_calls>\n");
  g_string_append (text, "</" D "parameter>\n" END CLOSE);
  read = read_pieces (text->str, text->len, 1);
  g_assert_true (g_str_has_prefix (read, "a({\"x\": \"</"));
}

static void
test_json (void)
{
  static const struct
  {
    const char *json, *written;
  } right[] = {
    { " 1 ", "1" },
    { "-0", "-0" },
    { "12345678901234567890.5e+10", "12345678901234567890.5e+10" },
    { "[ ]", "[]" },
    { "{\n}", "{}" },
    { "[1,\t[2] ,{\"a\":{}}]", "[1, [2], {\"a\": {}}]" },
    { "\"\\u00e9\\/\\b\\f\\n\\r\\t\\\\\\\"\\u001f\"", "\"é/\\b\\f\\n\\r\\t\\\\\\\"\\u001f\"" },
    { "\"\\ud83d\\ude00 \\ud83d \\ude00 \\u0000\\uD83Dx\"", "\"😀 � � �\xef\xbf\xbdx\"" },
    { "\"\x7f\"", "\"\x7f\"" },
    { "{\"b\":1,\"a\":2,\"b\":3}", "{\"b\": 1, \"a\": 2, \"b\": 3}" },
  };
  static const char *const wrong[] = {
    "",       " ",     "[",       "]",       "{",      "[1",     "[1,]",     "[,1]", "{\"a\"}", "{\"a\":}",
    "{a:1}",  "{1:1}", "01",      "1.",      ".5",     "+1",     "1e",       "--1",  "NaN",     "Infinity",
    "'a'",    "\"a",   "\"\\x\"", "\"\\u12", "\"\n\"", "truely", "nul",      "1 2",  "[1 2]",   "{\"a\" 1}",
    "/**/ 1", "\"\\",  "\"\\u\"", "-",       "{,}",    "[}",     "{\"a\":1]"
  };

  for (guint i = 0; i < G_N_ELEMENTS (right); i++)
    {
      g_autofree char *written = collate_python_json_write (right[i].json);

      g_assert_cmpstr (written, ==, right[i].written);
    }
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    g_assert_null (collate_python_json_write (wrong[i]));
}

static void
test_json_depth (void)
{
  for (gsize depth = 63; depth <= 66; depth++)
    {
      g_autofree char *open = g_strnfill (depth, '[');
      g_autofree char *close = g_strnfill (depth, ']');
      g_autofree char *json = g_strconcat (open, close, NULL);
      g_autofree char *written = collate_python_json_write (json);

      g_assert_cmpstr (written, ==, depth <= 64 ? json : NULL);
    }
}

static void
note_member (const char *name, const char *value, gboolean is_string, gpointer user_data)
{
  g_string_append_printf (user_data, is_string ? "%s='%s';" : "%s=%s;", name, value);
}

static void
test_json_members (void)
{
  static const char *const wrong[] = { "",        "[]", "1", "{", "{}x", "{\"a\":1,}", "{\"a\":1 \"b\":2}",
                                       "{\"a\":}" };
  g_autoptr (GString) members = g_string_new (NULL);

  g_assert_true (collate_python_json_each_member (
      " { \"a\\n\" : \"\\\"1\\\"\", \"b\":[1,2],\"\":null } ", note_member, members));
  g_assert_cmpstr (members->str, ==, "a\n='\"1\"';b=[1, 2];=null;");
  g_assert_true (collate_python_json_each_member ("{ }", note_member, members));
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    g_assert_false (collate_python_json_each_member (wrong[i], note_member, members));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/calls/calls", test_calls);
  g_test_add_func ("/calls/texts", test_texts);
  g_test_add_func ("/calls/wrong", test_wrong);
  g_test_add_func ("/calls/bytes", test_bytes);
  g_test_add_func ("/calls/held", test_held);
  g_test_add_func ("/calls/long", test_long);
  g_test_add_func ("/calls/json", test_json);
  g_test_add_func ("/calls/json-depth", test_json_depth);
  g_test_add_func ("/calls/json-members", test_json_members);
  return g_test_run ();
}
