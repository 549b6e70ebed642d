/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-pack.h"

#include <gio/gio.h>

/* What deflate saves at best: who claims more does not know the text. */
#define MAX_RATIO 1032

/* Converts all of `data` into `out`; -1 where it is damaged or there is no room. */
static gssize
convert (GConverter *converter, gconstpointer data, gsize size, guint8 *out, gsize room)
{
  GConverterResult result = G_CONVERTER_CONVERTED;
  gsize n_read = 0, n_written = 0;

  while (result != G_CONVERTER_FINISHED)
    {
      gsize more_read, more_written;

      if (n_written == room)
        return -1;
      result = g_converter_convert (converter,
                                    (const guint8 *) data + n_read,
                                    size - n_read,
                                    out + n_written,
                                    room - n_written,
                                    G_CONVERTER_INPUT_AT_END,
                                    &more_read,
                                    &more_written,
                                    NULL);
      if (result == G_CONVERTER_ERROR)
        return -1;
      n_read += more_read;
      n_written += more_written;
    }

  return (gssize) n_written;
}

guint8 *
collate_pack (const char *text, gsize length, gsize *size)
{
  g_autoptr (GConverter) converter = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, -1));
  /* Deflate adds a few bytes to each block that does not become smaller. */
  gsize room = length + length / 1000 + 64;
  guint8 *packed = g_malloc (room);
  gssize written = convert (converter, text, length, packed, room);

  *size = (gsize) MAX (written, 0);
  return g_realloc (packed, MAX (*size, 1));
}

char *
collate_unpack (gconstpointer data, gsize size, gsize length)
{
  g_autoptr (GConverter) converter = NULL;
  g_autofree char *text = NULL;

  if (size == 0 || length / MAX_RATIO > size)
    return NULL;

  /* One byte more is for the NUL, and for finding out that the text is longer. */
  converter = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB));
  text = g_malloc (length + 1);
  if (convert (converter, data, size, (guint8 *) text, length + 1) != (gssize) length)
    return NULL;

  text[length] = '\0';
  return g_steal_pointer (&text);
}
