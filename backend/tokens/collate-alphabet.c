/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tokens/collate-alphabet.h"

#include "tokens/collate-utf8.h"

/* GPT-2 spells every byte as a letter that can be seen: those of Latin-1 that can be seen as themselves, the others
 * from U+0100 on in their order. */

#define N_LETTERS 324

/* The bytes' letters below U+0144, each its byte; -1: no letter. */
static const gint16 *
get_alphabet (void)
{
  static gint16 alphabet[N_LETTERS];
  static gsize is_made;

  if (g_once_init_enter (&is_made))
    {
      int hidden = 0x100;

      for (int letter = 0; letter < N_LETTERS; letter++)
        alphabet[letter] = -1;
      for (int byte = 0; byte < 256; byte++)
        if ((byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte != 0xad))
          alphabet[byte] = byte;
        else
          alphabet[hidden++] = byte;
      g_once_init_leave (&is_made, TRUE);
    }
  return alphabet;
}

void
collate_alphabet_decode (const char *text, gsize length, GByteArray *bytes)
{
  const gint16 *alphabet = get_alphabet ();
  const char *end = text + length;
  guint before = bytes->len;

  for (const char *p = text; p < end;)
    {
      int n = collate_utf8_get_length ((const guchar *) p, (const guchar *) end);
      gunichar letter = n > 0 ? g_utf8_get_char (p) : N_LETTERS;
      guint8 byte;

      if (letter >= N_LETTERS || alphabet[letter] < 0)
        {
          g_byte_array_set_size (bytes, before);
          g_byte_array_append (bytes, (const guint8 *) text, length);
          return;
        }
      byte = alphabet[letter];
      g_byte_array_append (bytes, &byte, 1);
      p += n;
    }
}
