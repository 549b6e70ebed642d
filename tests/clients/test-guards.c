/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "clients/collate-redact.h"

/* Messages of servers, without keys. */

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clients/redact", test_redact);

  return g_test_run ();
}
