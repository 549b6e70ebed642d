/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/collate-sse.h"

#include <string.h>

#include "base/collate-error.h"

/* Bytes are gathered into lines, lines into an event; an empty line dispatches it. Nothing is decoded here:
 * who reads the data decides what invalid UTF-8 means. */
struct _CollateSse
{
  CollateSseFunc func;
  gpointer user_data;
  gsize max_bytes;

  GString *line;  /* the line that is not at its end */
  GString *event; /* the name that this event has so far */
  GString *data;  /* its data lines, each with a line feed */

  gboolean first_line; /* where a byte order mark may stand */
  gboolean skip_feed;  /* the last byte was CR: a LF after it belongs to it */
  gboolean pending;    /* a field came since the last empty line */
  gboolean ended;      /* the receiver wants no more */
};

static const char byte_order_mark[] = "\xef\xbb\xbf";

CollateSse *
collate_sse_new (CollateSseFunc func, gpointer user_data, gsize max_bytes)
{
  CollateSse *sse = g_new0 (CollateSse, 1);

  g_return_val_if_fail (func != NULL, NULL);

  sse->func = func;
  sse->user_data = user_data;
  sse->max_bytes = max_bytes;
  sse->line = g_string_new (NULL);
  sse->event = g_string_new (NULL);
  sse->data = g_string_new (NULL);
  sse->first_line = TRUE;

  return sse;
}

void
collate_sse_free (CollateSse *sse)
{
  if (sse == NULL)
    return;

  g_string_free (sse->line, TRUE);
  g_string_free (sse->event, TRUE);
  g_string_free (sse->data, TRUE);
  g_free (sse);
}

static void
dispatch (CollateSse *sse)
{
  if (sse->data->len > 0)
    {
      g_string_truncate (sse->data, sse->data->len - 1);
      sse->ended = !sse->func (sse->event->str, sse->data->str, sse->data->len, sse->user_data);
    }

  g_string_truncate (sse->event, 0);
  g_string_truncate (sse->data, 0);
  sse->pending = FALSE;
}

static void
read_field (CollateSse *sse, const char *line, gsize length)
{
  const char *colon = memchr (line, ':', length);
  gsize name_length = colon != NULL ? (gsize) (colon - line) : length;
  const char *value = colon != NULL ? colon + 1 : line + length;
  const char *end = line + length;

  if (value < end && *value == ' ')
    value++;

  sse->pending = TRUE;
  if (name_length == 4 && memcmp (line, "data", 4) == 0)
    {
      g_string_append_len (sse->data, value, end - value);
      g_string_append_c (sse->data, '\n');
    }
  else if (name_length == 5 && memcmp (line, "event", 5) == 0)
    {
      g_string_truncate (sse->event, 0);
      g_string_append_len (sse->event, value, end - value);
    }
}

/* The line without the byte order mark that may open the stream. */
static const char *
line_start (CollateSse *sse, gsize *length)
{
  const char *line = sse->line->str;

  *length = sse->line->len;
  if (sse->first_line && g_str_has_prefix (line, byte_order_mark))
    {
      line += strlen (byte_order_mark);
      *length -= strlen (byte_order_mark);
    }

  return line;
}

static void
end_line (CollateSse *sse)
{
  gsize length;
  const char *line = line_start (sse, &length);

  if (length == 0)
    dispatch (sse);
  else if (line[0] != ':')
    read_field (sse, line, length);

  g_string_truncate (sse->line, 0);
  sse->first_line = FALSE;
}

gboolean
collate_sse_push (CollateSse *sse, const guint8 *data, gsize length, GError **error)
{
  const char *p = (const char *) data;
  const char *end = p + length;

  while (p < end && !sse->ended)
    {
      const char *stop = p;

      if (sse->skip_feed && *p == '\n')
        stop = ++p;
      sse->skip_feed = FALSE;

      while (stop < end && *stop != '\n' && *stop != '\r')
        stop++;
      g_string_append_len (sse->line, p, stop - p);

      if (sse->line->len + sse->data->len + sse->event->len > sse->max_bytes)
        {
          sse->ended = TRUE;
          g_set_error (error,
                       COLLATE_ERROR,
                       COLLATE_ERROR_PROTOCOL,
                       "an event of more than %" G_GSIZE_FORMAT " bytes",
                       sse->max_bytes);
          return FALSE;
        }

      if (stop < end)
        {
          sse->skip_feed = *stop == '\r';
          end_line (sse);
          stop++;
        }
      p = stop;
    }

  return TRUE;
}

gboolean
collate_sse_has_rest (CollateSse *sse)
{
  gsize length;
  const char *line = line_start (sse, &length);

  return !sse->ended && (sse->pending || (length > 0 && line[0] != ':'));
}
