/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-gguf-private.h"

#include <string.h>

void
collate_cursor_begin (CollateCursor *cursor, const char *kind, guint64 index)
{
  cursor->kind = kind;
  cursor->index = index;
  cursor->name = NULL;
  cursor->start = cursor->offset;
}

gboolean
collate_cursor_fail (CollateCursor *cursor, CollateError code, const char *format, ...)
{
  g_autoptr (GString) message = g_string_new (NULL);
  va_list args;

  if (cursor->kind == NULL)
    g_string_append (message, "header");
  else if (cursor->name == NULL)
    g_string_append_printf (message, "%s %" G_GUINT64_FORMAT, cursor->kind, cursor->index);
  else
    g_string_append_printf (message, "%s “%.64s”", cursor->kind, cursor->name);
  g_string_append_printf (message, " at byte %" G_GSIZE_FORMAT ": ", cursor->start);

  va_start (args, format);
  g_string_append_vprintf (message, format, args);
  va_end (args);

  g_set_error_literal (cursor->error, COLLATE_ERROR, (int) code, message->str);
  return FALSE;
}

gsize
collate_cursor_get_rest (const CollateCursor *cursor)
{
  return cursor->size - cursor->offset;
}

gboolean
collate_cursor_take (CollateCursor *cursor, guint64 n_bytes, const guint8 **bytes)
{
  if (n_bytes > collate_cursor_get_rest (cursor))
    return collate_cursor_fail (cursor,
                                COLLATE_ERROR_INVALID,
                                "%" G_GUINT64_FORMAT " bytes at byte %" G_GSIZE_FORMAT
                                " go beyond the end of the file, or of what may describe it",
                                n_bytes,
                                cursor->offset);

  *bytes = cursor->data + cursor->offset;
  cursor->offset += (gsize) n_bytes;
  return TRUE;
}

gboolean
collate_cursor_read_u32 (CollateCursor *cursor, guint32 *value)
{
  const guint8 *bytes;

  if (!collate_cursor_take (cursor, sizeof *value, &bytes))
    return FALSE;

  memcpy (value, bytes, sizeof *value);
  return TRUE;
}

gboolean
collate_cursor_read_u64 (CollateCursor *cursor, guint64 *value)
{
  const guint8 *bytes;

  if (!collate_cursor_take (cursor, sizeof *value, &bytes))
    return FALSE;

  memcpy (value, bytes, sizeof *value);
  return TRUE;
}

gboolean
collate_cursor_read_string (CollateCursor *cursor, const guint8 **bytes, gsize *length)
{
  guint64 n_bytes;

  if (!collate_cursor_read_u64 (cursor, &n_bytes) || !collate_cursor_take (cursor, n_bytes, bytes))
    return FALSE;

  *length = (gsize) n_bytes;
  return TRUE;
}

gboolean
collate_cursor_read_name (CollateCursor *cursor, gsize limit, GStringChunk *strings, const char **name)
{
  const guint8 *bytes;
  gsize length;

  if (!collate_cursor_read_string (cursor, &bytes, &length))
    return FALSE;

  if (length == 0 || length > limit)
    return collate_cursor_fail (cursor,
                                COLLATE_ERROR_INVALID,
                                "a name of %" G_GSIZE_FORMAT " bytes, where 1 to %" G_GSIZE_FORMAT
                                " are allowed",
                                length,
                                limit);
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isprint ((char) bytes[i]))
      return collate_cursor_fail (
          cursor, COLLATE_ERROR_INVALID, "its name has the byte 0x%02x, which is not allowed", bytes[i]);

  *name = cursor->name = g_string_chunk_insert_len (strings, (const char *) bytes, (gssize) length);
  return TRUE;
}
