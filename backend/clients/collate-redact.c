/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "clients/collate-redact.h"

#include <string.h>

#define MAX_READ 4096 /* bytes of the text that are looked at */
#define MAX_WRITE 500 /* bytes of the message */
#define KEY_PART 8    /* characters of a key in a row that would tell of it */

/* How many bytes at `text` also stand in the key, where they are too many to be chance. */
static gsize
match_key (const char *text, const char *key)
{
  gsize key_length = strlen (key);
  gsize least = MIN (key_length, KEY_PART);
  gsize longest = 0;

  for (const char *start = key; start <= key + key_length - least; start++)
    {
      gsize length = 0;

      while (start[length] != '\0' && text[length] == start[length])
        length++;
      if (length >= least)
        longest = MAX (longest, length);
    }

  return longest;
}

static char *
remove_key (const char *text, const char *key)
{
  GString *out = g_string_new (NULL);

  while (*text != '\0')
    {
      gsize length = match_key (text, key);

      if (length > 0)
        g_string_append (out, "…");
      else
        g_string_append_c (out, *text);
      text += MAX (length, 1);
    }

  return g_string_free (out, FALSE);
}

/* Each run of white space and control characters becomes a blank. */
static char *
make_line (const char *text, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid (text, length);
  GString *out = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (!g_unichar_iscntrl (c) && !g_unichar_isspace (c))
        g_string_append_unichar (out, c);
      else if (out->len > 0 && out->str[out->len - 1] != ' ')
        g_string_append_c (out, ' ');
    }

  return g_strchomp (g_string_free (out, FALSE));
}

char *
collate_redact (const char *text, const char *key)
{
  g_autofree char *line = make_line (text, strnlen (text, MAX_READ));
  g_autofree char *clean = key != NULL && *key != '\0' ? remove_key (line, key) : g_strdup (line);
  const char *end;

  if (strlen (clean) <= MAX_WRITE)
    return g_steal_pointer (&clean);

  end = g_utf8_find_prev_char (clean, clean + MAX_WRITE);
  return g_strdup_printf ("%.*s…", (int) (end - clean), clean);
}
