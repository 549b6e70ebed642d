/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "clients/collate-strict-json.h"

#include <string.h>

#include "base/collate-error.h"
#include "base/collate-json.h"

#define MAX_DEPTH 64

/* The value of the escape \uXXXX at `p`; -1 where it is none. */
static int
read_escape (const char *p, const char *end)
{
  int value = 0;

  if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
    return -1;

  for (int i = 2; i < 6; i++)
    {
      int digit = g_ascii_xdigit_value (p[i]);

      if (digit < 0)
        return -1;
      value = value * 16 + digit;
    }

  return value;
}

/* Looks at the escape at `p`, replaces it where it stands for no character, and returns what follows it; NULL
 * where it is malformed. */
static char *
mend_escape (char *p, const char *end)
{
  int value, low;

  if (end - p < 2)
    return NULL;
  if (p[1] != 'u')
    return strchr ("\"\\/bfnrt", p[1]) != NULL ? p + 2 : NULL;

  value = read_escape (p, end);
  if (value < 0)
    return NULL;

  low = value >= 0xd800 && value < 0xdc00 ? read_escape (p + 6, end) : -1;
  if (low >= 0xdc00 && low < 0xe000)
    return p + 12;
  if (value == 0 || (value >= 0xd800 && value < 0xe000))
    memcpy (p, "\\ufffd", 6);

  return p + 6;
}

/* Mends the text in place; FALSE where it is no JSON, or too deep. */
static gboolean
mend (char *text, gsize length)
{
  const char *end = text + length;
  gboolean in_string = FALSE;
  int depth = 0;

  for (char *p = text; p < end;)
    {
      if (in_string && *p == '\\')
        {
          p = mend_escape (p, end);
          if (p == NULL)
            return FALSE;
          continue;
        }

      if (*p == '"')
        in_string = !in_string;
      else if (!in_string)
        {
          if (*p == '{' || *p == '[')
            depth++;
          else if (*p == '}' || *p == ']')
            depth--;
          else if (!g_ascii_isalnum (*p) && strchr (" \t\r\n,:+-.", *p) == NULL)
            return FALSE;
          if (depth > MAX_DEPTH)
            return FALSE;
        }
      p++;
    }

  return !in_string && depth == 0;
}

JsonObject *
collate_strict_json_parse (const char *data, gsize length, GError **error)
{
  g_autofree char *text = g_strndup (data, length);
  g_autoptr (GError) local = NULL;
  JsonObject *object = NULL;

  if (!g_utf8_validate_len (data, length, NULL))
    g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL, "not UTF-8 text");
  else if (!mend (text, length))
    g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL, "malformed JSON");
  else if ((object = collate_json_parse_object (text, length, &local)) == NULL)
    g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL, local->message);

  return object;
}
