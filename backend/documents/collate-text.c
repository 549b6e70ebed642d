/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "documents/collate-text.h"

#include <string.h>

#include "base/collate-error.h"

#define BYTE_ORDER_MARK 0xfeff
#define SOFT_HYPHEN 0x00ad

/* Bytes 0x80 to 0x9f in Windows-1252; the five that it leaves open are control characters, as on the web. */
static const gunichar windows_1252[] = {
  0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
  0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
  0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

/* U+FB00 to U+FB06. */
static const char *const ligatures[] = { "ff", "fi", "fl", "ffi", "ffl", "st", "st" };

static void
set_not_text (GError **error)
{
  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "neither a PDF file nor text");
}

static char *
decode_utf16 (const guint8 *data, gsize length, gboolean big_endian, GError **error)
{
  gsize n_units = length / 2;
  g_autofree gunichar2 *units = g_new (gunichar2, n_units + 1);
  char *text;

  for (gsize i = 0; i < n_units; i++)
    {
      guint8 first = data[2 * i], second = data[2 * i + 1];

      units[i] = big_endian ? first << 8 | second : second << 8 | first;
      if (units[i] == 0)
        {
          set_not_text (error);
          return NULL;
        }
    }

  text = length % 2 == 0 ? g_utf16_to_utf8 (units, n_units, NULL, NULL, NULL) : NULL;
  if (text == NULL)
    g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_DAMAGED, "broken UTF-16");

  return text;
}

static char *
decode_windows_1252 (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (GString) text = g_string_sized_new (length + length / 8);

  for (gsize i = 0; i < length; i++)
    {
      if ((data[i] < 0x20 && strchr ("\t\n\v\f\r\033", data[i]) == NULL) || data[i] == 0x7f)
        {
          set_not_text (error);
          return NULL;
        }

      if (data[i] >= 0x80 && data[i] < 0xa0)
        g_string_append_unichar (text, windows_1252[data[i] - 0x80]);
      else
        g_string_append_unichar (text, data[i]);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
collate_text_decode (const guint8 *data, gsize length, GError **error)
{
  if (length == 0)
    return g_strdup ("");

  if (length >= 2 && data[0] == 0xff && data[1] == 0xfe)
    return decode_utf16 (data + 2, length - 2, FALSE, error);
  if (length >= 2 && data[0] == 0xfe && data[1] == 0xff)
    return decode_utf16 (data + 2, length - 2, TRUE, error);

  if (memchr (data, '\0', length) != NULL)
    {
      set_not_text (error);
      return NULL;
    }

  if (g_utf8_validate_len ((const char *) data, length, NULL))
    return g_strndup ((const char *) data, length);

  return decode_windows_1252 (data, length, error);
}

char *
collate_text_clean (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (GString) clean = g_string_sized_new (strlen (valid));

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c >= 0xfb00 && c < 0xfb00 + G_N_ELEMENTS (ligatures))
        g_string_append (clean, ligatures[c - 0xfb00]);
      else if (c == '\r')
        {
          if (p[1] != '\n')
            g_string_append_c (clean, '\n');
        }
      else if (c == SOFT_HYPHEN)
        {
          /* At the end of a line it stands for a word that goes on in the next one. */
          const char *next = g_utf8_next_char (p);

          if (*next == '\n')
            p = next;
        }
      else if (c >= 0x20 || c == '\t' || c == '\n')
        g_string_append_unichar (clean, c);
    }

  return g_strchomp (g_string_free (g_steal_pointer (&clean), FALSE));
}

gboolean
collate_text_is_blank (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);

      if (!g_unichar_isspace (c) && c != BYTE_ORDER_MARK)
        return FALSE;
    }

  return TRUE;
}
