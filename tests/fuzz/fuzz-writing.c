/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "engine/collate-divider.h"
#include "engine/collate-stops.h"

/* What a model writes, in pieces of any size: reasoning, answer and the texts that end it are found at the same places
 * however it comes. An input chooses tags and the pieces' size, has up to three texts that end the answer, and then the
 * writing. */

#define OPEN "<think>"
#define CLOSE "</think>"

typedef struct
{
  GString *reasoning;
  GString *answer;
  CollateStops *stops;
} Written;

static void
on_answer (const char *text, gpointer user_data)
{
  Written *written = user_data;

  g_assert_true (*text != '\0');
  g_string_append (written->answer, text);
}

static void
on_divided (const char *text, gboolean reasoning, gpointer user_data)
{
  Written *written = user_data;

  g_assert_true (*text != '\0' && g_utf8_validate (text, -1, NULL));
  if (reasoning)
    g_string_append (written->reasoning, text);
  else
    collate_stops_add (written->stops, text);
}

static Written
write_in_pieces (const FuzzInput *writing,
                 gsize piece,
                 gboolean tags,
                 gboolean inside,
                 const char *const *texts)
{
  Written written = { g_string_new (NULL), g_string_new (NULL), NULL };
  g_autoptr (CollateDivider) divider =
      collate_divider_new (tags ? OPEN : NULL, tags ? CLOSE : NULL, inside, on_divided, &written);
  g_autoptr (CollateStops) stops = collate_stops_new (texts, on_answer, &written);

  written.stops = stops;
  for (gsize at = 0; at < writing->size; at += piece)
    collate_divider_add (divider, (const char *) writing->data + at, MIN (piece, writing->size - at));
  collate_divider_end (divider);
  collate_stops_end (stops);
  for (guint i = 0; texts[i] != NULL; i++)
    g_assert_null (strstr (written.answer->str, texts[i]));
  g_assert_true (tags || written.reasoning->len == 0);
  if (!tags && texts[0] == NULL && g_utf8_validate_len ((const char *) writing->data, writing->size, NULL))
    g_assert_true (written.answer->len == writing->size &&
                   memcmp (written.answer->str, writing->data, writing->size) == 0);
  return written;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  FuzzInput input = { data, size };
  guint8 kind = fuzz_input_take (&input);
  gsize piece = 1 + (kind >> 4);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) texts = NULL;
  Written pieces, whole;

  for (guint i = 0; i < (kind >> 2 & 3); i++)
    {
      FuzzInput part = fuzz_input_take_part (&input);
      g_autofree char *text = g_strndup ((const char *) part.data, part.size);

      if (*text != '\0' && g_utf8_validate (text, -1, NULL))
        g_strv_builder_add (builder, text);
    }
  texts = g_strv_builder_end (builder);

  whole = write_in_pieces (&input, MAX (input.size, 1), kind & 1, kind >> 1 & 1, (const char *const *) texts);
  pieces = write_in_pieces (&input, piece, kind & 1, kind >> 1 & 1, (const char *const *) texts);
  g_assert_true (g_string_equal (whole.reasoning, pieces.reasoning));
  g_assert_true (g_string_equal (whole.answer, pieces.answer));
  g_string_free (whole.reasoning, TRUE);
  g_string_free (whole.answer, TRUE);
  g_string_free (pieces.reasoning, TRUE);
  g_string_free (pieces.answer, TRUE);
  return 0;
}

void
fuzz_each_seed (FuzzSeedFunc on_seed, gpointer user_data)
{
  static const char *const texts[] = {
    "\x01 <think>Hm, \xc3\xa4.\n</think>\n\nParis.",
    "\x33Hm.</think>Paris <think>is</think> it.",
    "\x25\x04stopParis, and no more. st stop after",
    "\x18\x02\n\n\x03"
    "END<think>a\nEN ENDE\n\n",
    "\x00\xf0\x9f\xa6\x89\xff",
    NULL,
  };

  fuzz_each_text (texts, on_seed, user_data);
}
