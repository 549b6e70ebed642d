/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-error.h"
#include "base/collate-json.h"
#include "clients/collate-redact.h"
#include "clients/collate-strict-json.h"

/* What stands between a server's bytes and the program: messages without keys, JSON without traps. */

static void
test_redact (void)
{
  static const struct
  {
    const char *text, *key, *message;
  } cases[] = {
    { "plain", NULL, "plain" },
    { "plain", "", "plain" },
    { "a\r\nb\t\x01 c ", NULL, "a b c" },
    { "bad \xff byte", NULL, "bad \xef\xbf\xbd byte" },
    { "<sk-0123456789>", "sk-0123456789", "<…>" },
    { "sk-0123456789sk-0123456789", "sk-0123456789", "……" },
    { "part 23456789 of it", "sk-0123456789", "part … of it" },
    { "part 3456789 of it", "sk-0123456789", "part 3456789 of it" },
    { "short: abc.", "abc", "short: …." },
  };
  g_autofree char *endless = g_strnfill (100000, 'x');
  g_autofree char *cut = collate_redact (endless, "xy");
  g_autoptr (GString) letters = g_string_new (NULL);
  g_autofree char *cut_letters = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *message = collate_redact (cases[i].text, cases[i].key);

      g_assert_cmpstr (message, ==, cases[i].message);
    }

  g_assert_cmpuint (strlen (cut), <, 510);
  for (int i = 0; i < 1000; i++)
    g_string_append (letters, "€");
  cut_letters = collate_redact (letters->str, NULL);
  g_assert_true (g_utf8_validate (cut_letters, -1, NULL));
  g_assert_cmpuint (strlen (cut_letters), <, 510);
}

static void
test_strict_json (void)
{
  static const char *const bad[] = {
    "",
    "{",
    "[]",
    "{\"a\":\"\\u12\"}",
    "{\"a\":\"\\u\"}",
    "{\"a\":\"\\q\"}",
    "{\"a\":\"\\",
    "{'a':1}",
    "{\"a\":1}//",
    "/**/{}",
    "{\"a\":1}}",
    "{\"a\":\xff}",
    "{\"a\":\"",
    "null",
    "{\"a\":1",
    "{\"a\":]}",
    "{\"a\" 1}",
  };
  static const struct
  {
    const char *text, *value;
  } good[] = {
    { "{\"a\":\"x\\u0000y\"}", "x\xef\xbf\xbdy" },
    { "{\"a\":\"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80" },
    { "{\"a\":\"\\uD83D\"}", "\xef\xbf\xbd" },
    { "{\"a\":\"\\ude00\\ud83d\"}", "\xef\xbf\xbd\xef\xbf\xbd" },
    { "{\"a\":\"\\ud83d\\\\\"}", "\xef\xbf\xbd\\" },
    { "{\"a\":\"\\ud83d\\ud83d\\ude00\"}", "\xef\xbf\xbd\xf0\x9f\x98\x80" },
    { "{\"a\":\"\\\\u0000 \\\"[{\"}", "\\u0000 \"[{" },
    { " \r\n{\t\"a\" : \"\\u00e9\\/\" }\n", "é/" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (collate_strict_json_parse (bad[i], strlen (bad[i]), &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) object = collate_strict_json_parse (good[i].text, strlen (good[i].text), &error);

      g_assert_no_error (error);
      g_assert_cmpstr (collate_json_string (object, "a"), ==, good[i].value);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clients/redact", test_redact);
  g_test_add_func ("/clients/strict-json", test_strict_json);

  return g_test_run ();
}
