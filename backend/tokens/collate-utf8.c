/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tokens/collate-utf8.h"

/* GLib's g_utf8_make_valid() puts one U+FFFD for every byte, and ends valid text at a NUL: other counts. */

/* The Unicode Standard, table 3-7 and "U+FFFD Substitution of Maximal Subparts". */
int
collate_utf8_get_length (const guchar *p, const guchar *end)
{
  guchar low = 0x80;
  guchar high = 0xbf;
  int length;

  if (p[0] < 0x80)
    return 1;
  if (p[0] >= 0xc2 && p[0] <= 0xdf)
    length = 2;
  else if ((p[0] & 0xf0) == 0xe0)
    length = 3;
  else if (p[0] >= 0xf0 && p[0] <= 0xf4)
    length = 4;
  else
    return -1;

  /* Too long a form, a surrogate, or past U+10FFFF: the second byte tells. */
  if (p[0] == 0xe0)
    low = 0xa0;
  else if (p[0] == 0xed)
    high = 0x9f;
  else if (p[0] == 0xf0)
    low = 0x90;
  else if (p[0] == 0xf4)
    high = 0x8f;

  for (int i = 1; i < length; i++)
    {
      if (p + i >= end || p[i] < low || p[i] > high)
        return -i;
      low = 0x80;
      high = 0xbf;
    }
  return length;
}

static const guchar *
find_invalid (const guchar *p, const guchar *end)
{
  int length;

  while (p < end && (length = collate_utf8_get_length (p, end)) > 0)
    p += length;
  return p;
}

GString *
collate_utf8_repair (const guchar *text, gsize length)
{
  const guchar *end = text + length;
  const guchar *invalid = find_invalid (text, end);
  GString *repaired;

  if (invalid == end)
    return NULL;

  repaired = g_string_sized_new (length + 16);
  while (text < end)
    {
      invalid = find_invalid (text, end);
      g_string_append_len (repaired, (const char *) text, invalid - text);
      if (invalid < end)
        {
          g_string_append (repaired, "\xef\xbf\xbd");
          invalid -= collate_utf8_get_length (invalid, end);
        }
      text = invalid;
    }
  return repaired;
}

guchar *
collate_utf8_mask (const guchar *text, gsize length)
{
  const guchar *end = text + length;
  const guchar *invalid = find_invalid (text, end);
  guchar *masked;

  if (invalid == end)
    return NULL;

  masked = g_memdup2 (text, length);
  for (; invalid < end; invalid = find_invalid (invalid, end))
    for (int i = collate_utf8_get_length (invalid, end); i < 0; i++)
      masked[invalid++ - text] = 0x01;
  return masked;
}
