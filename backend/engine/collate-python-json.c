/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-python-json.h"

#include <string.h>

/* Reads and writes at once, so that nothing is lost on the way that a tree of values would not keep. */

#define MAX_DEPTH 64
#define REPLACEMENT 0xfffd

typedef struct
{
  const char *at;
  GString *out;
  guint depth;

  CollatePythonJsonFunc on_member;
  gpointer user_data;
} Copy;

static void
skip_space (Copy *copy)
{
  copy->at += strspn (copy->at, " \t\r\n");
}

static gboolean
take (Copy *copy, char letter)
{
  skip_space (copy);
  if (*copy->at != letter)
    return FALSE;
  copy->at++;
  return TRUE;
}

/* The four digits at `at`, or -1. */
static int
read_hex (const char *at)
{
  int unit = 0;

  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (at[i]);

      if (digit < 0)
        return -1;
      unit = unit << 4 | digit;
    }
  return unit;
}

/* What follows "\u", which may go on in a second escape. */
static gboolean
read_unicode (Copy *copy, GString *text)
{
  int unit = read_hex (copy->at), low;
  gunichar letter = unit;

  if (unit < 0)
    return FALSE;
  copy->at += 4;
  if (unit >= 0xd800 && unit < 0xdc00 && copy->at[0] == '\\' && copy->at[1] == 'u' &&
      (low = read_hex (copy->at + 2)) >= 0xdc00 && low < 0xe000)
    {
      letter = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
      copy->at += 6;
    }
  g_string_append_unichar (text, letter > 0 && g_unichar_validate (letter) ? letter : REPLACEMENT);
  return TRUE;
}

static gboolean
read_escape (Copy *copy, GString *text)
{
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  const char *letter = *copy->at ? strchr (letters, *copy->at) : NULL;

  if (letter)
    g_string_append_c (text, meanings[letter - letters]);
  else if (*copy->at != 'u')
    return FALSE;
  copy->at++;
  return letter || read_unicode (copy, text);
}

/* Appends what a string says. */
static gboolean
read_string (Copy *copy, GString *text)
{
  if (!take (copy, '"'))
    return FALSE;
  for (;;)
    {
      guchar letter = *copy->at;

      if (letter < 0x20)
        return FALSE;
      copy->at++;
      if (letter == '"')
        return TRUE;
      if (letter != '\\')
        g_string_append_c (text, letter);
      else if (!read_escape (copy, text))
        return FALSE;
    }
}

void
collate_python_json_append_string (GString *json, const char *text)
{
  static const char letters[] = "\"\\\b\f\n\r\t", escapes[] = "\"\\bfnrt";

  g_string_append_c (json, '"');
  for (; *text; text++)
    {
      const char *letter = strchr (letters, *text);

      if (letter)
        {
          g_string_append_c (json, '\\');
          g_string_append_c (json, escapes[letter - letters]);
        }
      else if ((guchar) *text < 0x20)
        g_string_append_printf (json, "\\u%04x", (guint) *text);
      else
        g_string_append_c (json, *text);
    }
  g_string_append_c (json, '"');
}

static gboolean
copy_string (Copy *copy)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (!read_string (copy, text))
    return FALSE;
  collate_python_json_append_string (copy->out, text->str);
  return TRUE;
}

/* Copies what there is of a list of letters; FALSE where there is none. */
static gboolean
copy_span (Copy *copy, const char *letters)
{
  gsize length = strspn (copy->at, letters);

  g_string_append_len (copy->out, copy->at, length);
  copy->at += length;
  return length > 0;
}

static gboolean
copy_letter (Copy *copy, const char *letters)
{
  if (!*copy->at || !strchr (letters, *copy->at))
    return FALSE;
  g_string_append_c (copy->out, *copy->at++);
  return TRUE;
}

static gboolean
copy_number (Copy *copy)
{
  static const char digits[] = "0123456789";

  copy_letter (copy, "-");
  if (!copy_letter (copy, "0") && !copy_span (copy, digits))
    return FALSE;
  if (copy_letter (copy, ".") && !copy_span (copy, digits))
    return FALSE;
  if (!copy_letter (copy, "eE"))
    return TRUE;
  copy_letter (copy, "+-");
  return copy_span (copy, digits);
}

static gboolean
copy_word (Copy *copy)
{
  static const char *const words[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_has_prefix (copy->at, words[i]))
      {
        g_string_append (copy->out, words[i]);
        copy->at += strlen (words[i]);
        return TRUE;
      }
  return FALSE;
}

static gboolean copy_value (Copy *copy);

static gboolean
copy_member (Copy *copy)
{
  if (!copy_string (copy) || !take (copy, ':'))
    return FALSE;
  g_string_append (copy->out, ": ");
  return copy_value (copy);
}

/* A list or an object, after its first bracket. */
static gboolean
copy_parts (Copy *copy, char open, char close, gboolean (*copy_part) (Copy *copy))
{
  gboolean whole = take (copy, close);

  g_string_append_c (copy->out, open);
  for (guint i = 0; !whole; i++)
    {
      if (i > 0)
        g_string_append (copy->out, ", ");
      if (!copy_part (copy))
        return FALSE;
      whole = take (copy, close);
      if (!whole && !take (copy, ','))
        return FALSE;
    }
  g_string_append_c (copy->out, close);
  return TRUE;
}

static gboolean
copy_value (Copy *copy)
{
  gboolean is_value;

  if (++copy->depth > MAX_DEPTH)
    return FALSE;
  skip_space (copy);
  if (*copy->at == '"')
    is_value = copy_string (copy);
  else if (take (copy, '{'))
    is_value = copy_parts (copy, '{', '}', copy_member);
  else if (take (copy, '['))
    is_value = copy_parts (copy, '[', ']', copy_value);
  else if (*copy->at == '-' || g_ascii_isdigit (*copy->at))
    is_value = copy_number (copy);
  else
    is_value = copy_word (copy);
  copy->depth--;
  return is_value;
}

static gboolean
is_at_end (Copy *copy)
{
  skip_space (copy);
  return *copy->at == '\0';
}

char *
collate_python_json_write (const char *json)
{
  g_autoptr (GString) out = g_string_new (NULL);
  Copy copy = { json, out };

  if (!copy_value (&copy) || !is_at_end (&copy))
    return NULL;
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static gboolean
tell_member (Copy *copy)
{
  g_autoptr (GString) name = g_string_new (NULL);
  g_autoptr (GString) value = g_string_new (NULL);
  GString *out = copy->out;
  gboolean is_string, is_value;

  if (!read_string (copy, name) || !take (copy, ':'))
    return FALSE;
  skip_space (copy);
  is_string = *copy->at == '"';
  copy->out = value;
  is_value = is_string ? read_string (copy, value) : copy_value (copy);
  copy->out = out;
  if (is_value)
    copy->on_member (name->str, value->str, is_string, copy->user_data);
  return is_value;
}

gboolean
collate_python_json_each_member (const char *json, CollatePythonJsonFunc on_member, gpointer user_data)
{
  g_autoptr (GString) brackets = g_string_new (NULL);
  Copy copy = { json, brackets, 1, on_member, user_data };

  return take (&copy, '{') && copy_parts (&copy, '{', '}', tell_member) && is_at_end (&copy);
}
