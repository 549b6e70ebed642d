/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-stops.h"

#include <string.h>

/* A text that ends an answer may come in pieces: what one may begin with is held back. */

struct _CollateStops
{
  GStrv texts;
  GString *held;
  gboolean found;

  CollateStopsFunc on_text;
  gpointer user_data;
};

CollateStops *
collate_stops_new (const char *const *texts, CollateStopsFunc on_text, gpointer user_data)
{
  const char *const none[] = { NULL };
  CollateStops *stops = g_new0 (CollateStops, 1);

  stops->texts = g_strdupv ((GStrv) (texts ? texts : none));
  stops->held = g_string_new (NULL);
  stops->on_text = on_text;
  stops->user_data = user_data;
  return stops;
}

static void
let_through (CollateStops *stops, gsize length)
{
  g_autofree char *text = g_strndup (stops->held->str, length);

  g_string_erase (stops->held, 0, length);
  if (length > 0)
    stops->on_text (text, stops->user_data);
}

/* Where that text begins which is complete first, or NULL: the same one however what is written comes. Of two that end
 * together it is the longer one. */
static const char *
find_first (CollateStops *stops)
{
  const char *first = NULL, *first_end = NULL;

  for (guint i = 0; stops->texts[i]; i++)
    {
      const char *at = strstr (stops->held->str, stops->texts[i]);
      const char *end = at ? at + strlen (stops->texts[i]) : NULL;

      if (at && (!first || end < first_end || (end == first_end && at < first)))
        {
          first = at;
          first_end = end;
        }
    }
  return first;
}

/* The length of the longest end of what is held that a text begins with. */
static gsize
count_begun (CollateStops *stops)
{
  for (gsize at = 0; at < stops->held->len; at++)
    for (guint i = 0; stops->texts[i]; i++)
      if (g_str_has_prefix (stops->texts[i], stops->held->str + at))
        return stops->held->len - at;
  return 0;
}

gboolean
collate_stops_add (CollateStops *stops, const char *text)
{
  const char *first;

  if (stops->found)
    return FALSE;
  g_string_append (stops->held, text);
  first = find_first (stops);
  stops->found = first != NULL;
  let_through (stops, first ? (gsize) (first - stops->held->str) : stops->held->len - count_begun (stops));
  return !stops->found;
}

void
collate_stops_end (CollateStops *stops)
{
  if (!stops->found)
    let_through (stops, stops->held->len);
}

gboolean
collate_stops_was_found (CollateStops *stops)
{
  return stops->found;
}

void
collate_stops_free (CollateStops *stops)
{
  g_strfreev (stops->texts);
  g_string_free (stops->held, TRUE);
  g_free (stops);
}
