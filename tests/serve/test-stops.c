/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-stops.h"

#include <string.h>

static void
note (const char *text, gpointer data)
{
  g_assert_cmpstr (text, !=, "");
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_string_append (data, text);
}

/* Hands `written` over a character at a time, and in one. */
static void
check (const char *const *stops, const char *written, const char *kept, gboolean found)
{
  for (int whole = 0; whole < 2; whole++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (CollateStops) filter = collate_stops_new (stops, note, text);
      const char *p = written;

      while (*p != '\0')
        {
          gsize length = whole ? strlen (p) : (gsize) (g_utf8_next_char (p) - p);
          g_autofree char *piece = g_strndup (p, length);

          p += length;
          if (!collate_stops_add (filter, piece))
            break;
        }
      collate_stops_end (filter);
      g_assert_cmpstr (text->str, ==, kept);
      g_assert_cmpint (collate_stops_was_found (filter), ==, found);
      g_assert_cmpint (collate_stops_add (filter, "more"), ==, !found);
    }
}

static void
test_finds (void)
{
  const char *const one[] = { "END", NULL };
  const char *const several[] = { "bcd", "ab", "é!", NULL };
  const char *const repeated[] = { "aab", NULL };
  const char *const within[] = { "abcde", "cd", "bcd", NULL };

  check (NULL, "all of it", "all of it", FALSE);
  check (one, "all of it", "all of it", FALSE);
  check (one, "before END after", "before ", TRUE);
  check (one, "END", "", TRUE);
  check (one, "EN", "EN", FALSE);
  check (one, "ENEND", "EN", TRUE);
  check (several, "xabcd", "x", TRUE);
  check (several, "xbcab", "xbc", TRUE);
  check (several, "aé!", "a", TRUE);
  check (several, "aéb", "aéb", FALSE);
  check (repeated, "aaaab", "aa", TRUE);
  check (repeated, "aaaa", "aaaa", FALSE);

  /* What is complete first ends it, and the longer one of two that end together. */
  check (within, "abcdefg", "a", TRUE);
  check (within, "acdefg", "a", TRUE);
  check (within, "abbcx", "abbcx", FALSE);
}

/* Nothing is held back longer than it must be. */
static void
test_tells_at_once (void)
{
  const char *const stops[] = { "\n\n", NULL };
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (CollateStops) filter = collate_stops_new (stops, note, text);

  g_assert_true (collate_stops_add (filter, "one\n"));
  g_assert_cmpstr (text->str, ==, "one");
  g_assert_true (collate_stops_add (filter, "two"));
  g_assert_cmpstr (text->str, ==, "one\ntwo");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/engine/stops/finds", test_finds);
  g_test_add_func ("/engine/stops/tells-at-once", test_tells_at_once);

  return g_test_run ();
}
