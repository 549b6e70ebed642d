/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-divider.h"

#include <string.h>

#include "tokens/collate-utf8.h"

/* Tags may come in pieces, and so may characters: what may still become one is held back. A tag within the answer is
 * text, since models write about tags, too. */

typedef enum
{
  BEGINNING, /* white space at most: the opening tag may follow */
  THINKING,
  ANSWERING,
} Stage;

struct _CollateDivider
{
  char *open;
  char *close;
  Stage stage;
  gboolean skip_space; /* after a tag, until something else comes */
  GString *held;

  CollateDividerFunc on_text;
  gpointer user_data;
};

CollateDivider *
collate_divider_new (const char *open,
                     const char *close,
                     gboolean inside,
                     CollateDividerFunc on_text,
                     gpointer user_data)
{
  CollateDivider *divider = g_new0 (CollateDivider, 1);

  divider->open = g_strdup (open);
  divider->close = g_strdup (close);
  divider->stage = open == NULL || close == NULL ? ANSWERING : inside ? THINKING : BEGINNING;
  divider->skip_space = divider->stage == THINKING;
  divider->held = g_string_new (NULL);
  divider->on_text = on_text;
  divider->user_data = user_data;

  return divider;
}

/* A NUL would end the text for whoever reads it. */
static void
replace_nuls (GString *text)
{
  for (gsize i = 0; i < text->len; i++)
    if (text->str[i] == '\0')
      {
        g_string_erase (text, (gssize) i, 1);
        g_string_insert (text, (gssize) i, "\xef\xbf\xbd");
      }
}

/* Tells the first `length` bytes of what is held. */
static void
tell (CollateDivider *divider, gsize length)
{
  g_autoptr (GString) text = collate_utf8_repair ((const guchar *) divider->held->str, length);

  if (text == NULL)
    text = g_string_new_len (divider->held->str, (gssize) length);
  replace_nuls (text);
  g_string_erase (divider->held, 0, (gssize) length);
  if (text->len > 0)
    divider->on_text (text->str, divider->stage == THINKING, divider->user_data);
}

static gsize
count_spaces (const GString *text)
{
  gsize n = 0;

  while (n < text->len && g_ascii_isspace (text->str[n]))
    n++;

  return n;
}

/* The longest end of the text that a tag may begin with. */
static gsize
count_tag_begun (const GString *text, const char *tag)
{
  for (gsize n = MIN (text->len, strlen (tag) - 1); n > 0; n--)
    if (memcmp (text->str + text->len - n, tag, n) == 0)
      return n;

  return 0;
}

/* The bytes at the end that may become a character. */
static gsize
count_character_begun (const GString *text)
{
  for (gsize n = 1; n <= MIN (text->len, 3); n++)
    {
      const char *start = text->str + text->len - n;

      if ((*start & 0xc0) != 0x80)
        return g_utf8_get_char_validated (start, (gssize) n) == (gunichar) -2 ? n : 0;
    }

  return 0;
}

/* Each stage goes as far as it can; TRUE where another one follows. */

static gboolean
begin (CollateDivider *divider)
{
  gsize spaces = count_spaces (divider->held);
  gsize rest = divider->held->len - spaces;
  gsize tag = strlen (divider->open);

  if (strncmp (divider->held->str + spaces, divider->open, MIN (rest, tag)) != 0)
    {
      divider->stage = ANSWERING;
      return TRUE;
    }
  if (rest < tag)
    return FALSE;

  g_string_erase (divider->held, 0, (gssize) (spaces + tag));
  divider->stage = THINKING;
  divider->skip_space = TRUE;

  return TRUE;
}

static void
skip_space (CollateDivider *divider)
{
  if (!divider->skip_space)
    return;

  g_string_erase (divider->held, 0, (gssize) count_spaces (divider->held));
  divider->skip_space = divider->held->len == 0;
}

static gboolean
think (CollateDivider *divider)
{
  const char *close;

  skip_space (divider);
  close = memmem (divider->held->str, divider->held->len, divider->close, strlen (divider->close));
  if (close == NULL)
    {
      tell (divider,
            divider->held->len -
                MAX (count_tag_begun (divider->held, divider->close), count_character_begun (divider->held)));
      return FALSE;
    }

  tell (divider, (gsize) (close - divider->held->str));
  g_string_erase (divider->held, 0, (gssize) strlen (divider->close));
  divider->stage = ANSWERING;
  divider->skip_space = TRUE;

  return TRUE;
}

static gboolean
answer (CollateDivider *divider)
{
  skip_space (divider);
  tell (divider, divider->held->len - count_character_begun (divider->held));

  return FALSE;
}

void
collate_divider_add (CollateDivider *divider, const char *bytes, gsize length)
{
  static gboolean (*const stages[]) (
      CollateDivider *) = { [BEGINNING] = begin, [THINKING] = think, [ANSWERING] = answer };

  g_string_append_len (divider->held, bytes, (gssize) length);
  while (stages[divider->stage](divider))
    ;
}

void
collate_divider_end (CollateDivider *divider)
{
  tell (divider, divider->held->len);
}

gboolean
collate_divider_is_thinking (CollateDivider *divider)
{
  return divider->stage == THINKING;
}

void
collate_divider_free (CollateDivider *divider)
{
  g_free (divider->open);
  g_free (divider->close);
  g_string_free (divider->held, TRUE);
  g_free (divider);
}
