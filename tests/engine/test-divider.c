/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "engine/collate-divider.h"

typedef struct
{
  GString *reasoning;
  GString *text;
} Divided;

static void
note (const char *text, gboolean reasoning, gpointer data)
{
  Divided *divided = data;

  g_assert_cmpstr (text, !=, "");
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_string_append (reasoning ? divided->reasoning : divided->text, text);
}

/* Hands `written` over in pieces of `piece` bytes. */
static void
check_pieces (const char *written,
              gsize length,
              gsize piece,
              gboolean tags,
              gboolean inside,
              const char *reasoning,
              const char *text)
{
  Divided divided = { g_string_new (NULL), g_string_new (NULL) };
  g_autoptr (CollateDivider) divider =
      collate_divider_new (tags ? "<think>" : NULL, tags ? "</think>" : NULL, inside, note, &divided);

  for (gsize at = 0; at < length; at += piece)
    collate_divider_add (divider, written + at, MIN (piece, length - at));
  collate_divider_end (divider);

  g_assert_cmpstr (divided.reasoning->str, ==, reasoning);
  g_assert_cmpstr (divided.text->str, ==, text);
  g_string_free (divided.reasoning, TRUE);
  g_string_free (divided.text, TRUE);
}

static void
test_divides (void)
{
  static const struct
  {
    const char *written;
    gsize length; /* 0: to the NUL */
    gboolean tags, inside;
    const char *reasoning, *text;
  } cases[] = {
    { "Paris.", 0, FALSE, FALSE, "", "Paris." },
    { " <think>a</think>", 0, FALSE, FALSE, "", " <think>a</think>" },
    { "Paris.", 0, TRUE, FALSE, "", "Paris." },
    { "\n Paris.", 0, TRUE, FALSE, "", "\n Paris." },
    { "<think>\nHm.\n</think>\n\nParis.", 0, TRUE, FALSE, "Hm.\n", "Paris." },
    { "\n<think>Hm</think>Paris", 0, TRUE, FALSE, "Hm", "Paris" },
    { "<think></think>Paris", 0, TRUE, FALSE, "", "Paris" },
    { "<thinker>", 0, TRUE, FALSE, "", "<thinker>" },
    { "<thin", 0, TRUE, FALSE, "", "<thin" },
    { "Hm</think> Paris", 0, TRUE, TRUE, "Hm", "Paris" },
    { "1 < 2 </thin </think>Yes", 0, TRUE, TRUE, "1 < 2 </thin ", "Yes" },
    { "<<//think></think>", 0, TRUE, TRUE, "<<//think>", "" },
    { "endless </thi", 0, TRUE, TRUE, "endless </thi", "" },
    { "<think>a</think>b <think>c</think>", 0, TRUE, FALSE, "a", "b <think>c</think>" },
    { "a</think>", 0, TRUE, FALSE, "", "a</think>" },
    { "<think>größer 日本 🎉</think>é", 0, TRUE, FALSE, "größer 日本 🎉", "é" },
    { "caf\xc3", 0, TRUE, FALSE, "", "caf\xef\xbf\xbd" },
    { "a\xff\xf0\x9f\x98z", 0, TRUE, FALSE, "", "a\xef\xbf\xbd\xef\xbf\xbdz" },
    { "a\0b",
      3,
      FALSE,
      FALSE,
      "",
      "a\xef\xbf\xbd"
      "b" },
    { "", 0, TRUE, FALSE, "", "" },
    { "  ", 0, TRUE, FALSE, "", "  " },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize length = cases[i].length > 0 ? cases[i].length : strlen (cases[i].written);

      for (gsize piece = 1; piece <= length + 1; piece++)
        check_pieces (cases[i].written,
                      length,
                      piece,
                      cases[i].tags,
                      cases[i].inside,
                      cases[i].reasoning,
                      cases[i].text);
    }
}

/* What cannot become a tag or a character is told at once. */
static void
test_tells_at_once (void)
{
  Divided divided = { g_string_new (NULL), g_string_new (NULL) };
  g_autoptr (CollateDivider) divider = collate_divider_new ("<think>", "</think>", FALSE, note, &divided);

  collate_divider_add (divider, "<think>a<", 9);
  g_assert_cmpstr (divided.reasoning->str, ==, "a");
  g_assert_true (collate_divider_is_thinking (divider));
  collate_divider_add (divider, "b", 1);
  g_assert_cmpstr (divided.reasoning->str, ==, "a<b");
  collate_divider_add (divider, "</think>c\xc3", 10);
  g_assert_false (collate_divider_is_thinking (divider));
  g_assert_cmpstr (divided.text->str, ==, "c");
  collate_divider_add (divider, "\xa9", 1);
  g_assert_cmpstr (divided.text->str, ==, "cé");

  g_string_free (divided.reasoning, TRUE);
  g_string_free (divided.text, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/divider/divides", test_divides);
  g_test_add_func ("/engine/divider/tells-at-once", test_tells_at_once);

  return g_test_run ();
}
