/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-env.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The conventions that tools for `.env` files share: "export", comments, single quotes literal, double
 * quotes with escapes and over several lines. Variables within values are not expanded: a secret may hold a
 * dollar. */

#define MAX_BYTES (256 * 1024)

void
collate_env_wipe (char *secret)
{
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

typedef struct
{
  const char *at;
  const char *end;
} Reader;

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

static gboolean
is_line_end (char c)
{
  return c == '\n' || c == '\r';
}

static void
skip_blanks (Reader *reader)
{
  while (reader->at < reader->end && is_blank (*reader->at))
    reader->at++;
}

static void
skip_line (Reader *reader)
{
  while (reader->at < reader->end && !is_line_end (*reader->at))
    reader->at++;
  while (reader->at < reader->end && is_line_end (*reader->at))
    reader->at++;
}

/* A name of letters, digits and underscores; NULL where none stands here. */
static char *
read_name (Reader *reader)
{
  const char *start = reader->at;

  while (reader->at < reader->end && (g_ascii_isalnum (*reader->at) || *reader->at == '_'))
    reader->at++;

  return reader->at > start && !g_ascii_isdigit (*start) ? g_strndup (start, reader->at - start) : NULL;
}

static char
unescape (char c)
{
  switch (c)
    {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
    }
}

/* From behind the opening quote to behind the closing one; NULL, and nothing read, where there is none. */
static char *
read_quoted (Reader *reader, char quote)
{
  const char *p = reader->at + 1;
  char *value = g_malloc (reader->end - reader->at);
  gsize length = 0;

  for (; p < reader->end && *p != quote; p++)
    {
      if (quote == '"' && *p == '\\' && p + 1 < reader->end && strchr ("nrt\"\\$", p[1]) != NULL)
        value[length++] = unescape (*++p);
      else
        value[length++] = *p;
    }
  value[length] = '\0';
  if (p == reader->end)
    {
      collate_env_wipe (value);
      return NULL;
    }
  reader->at = p + 1;

  return value;
}

/* To the end of the line or a comment, which white space precedes. */
static char *
read_plain (Reader *reader)
{
  const char *start = reader->at;
  const char *p = start;
  const char *last = start;

  for (; p < reader->end && !is_line_end (*p); p++)
    {
      if (*p == '#' && (p == start || is_blank (p[-1])))
        break;
      if (!is_blank (*p))
        last = p + 1;
    }
  reader->at = p;

  return g_strndup (start, last - start);
}

static char *
read_value (Reader *reader)
{
  char first = reader->at < reader->end ? *reader->at : '\0';
  char *value = NULL;

  if (first == '"' || first == '\'' || first == '`')
    value = read_quoted (reader, first);

  return value != NULL ? value : read_plain (reader);
}

static void
read_line (Reader *reader, GHashTable *variables, GPtrArray *repeated)
{
  g_autofree char *name = NULL;

  skip_blanks (reader);
  name = read_name (reader);
  if (g_strcmp0 (name, "export") == 0 && reader->at < reader->end && is_blank (*reader->at))
    {
      skip_blanks (reader);
      g_free (name);
      name = read_name (reader);
    }
  skip_blanks (reader);
  if (name != NULL && reader->at < reader->end && *reader->at == '=')
    {
      reader->at++;
      skip_blanks (reader);
      if (g_hash_table_contains (variables, name) &&
          !g_ptr_array_find_with_equal_func (repeated, name, g_str_equal, NULL))
        g_ptr_array_add (repeated, g_strdup (name));
      g_hash_table_replace (variables, g_steal_pointer (&name), read_value (reader));
    }
  skip_line (reader);
}

void
collate_env_parse (const char *text, gsize length, GHashTable *variables, GPtrArray *repeated)
{
  Reader reader = { text, text + length };

  if (length >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    reader.at += 3;
  while (reader.at < reader.end)
    read_line (&reader, variables, repeated);
}

/* A pipe or a device by that name is none of ours, and must not be waited for. */
static char *
read_regular_file (const char *path, gsize *length, mode_t *mode)
{
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  char *text = NULL;
  struct stat info;
  gssize n = 0;

  if (fd < 0)
    return NULL;

  if (fstat (fd, &info) == 0 && S_ISREG (info.st_mode) && info.st_size <= MAX_BYTES)
    {
      text = g_malloc0 (info.st_size + 1);
      *length = 0;
      while (*length < (gsize) info.st_size)
        {
          n = read (fd, text + *length, info.st_size - *length);
          if (n == 0 || (n < 0 && errno != EINTR))
            break;
          *length += MAX (n, 0);
        }
      *mode = info.st_mode;
    }
  close (fd);

  return text;
}

static gboolean
holds_secret (GHashTable *variables)
{
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, variables);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (*(const char *) value != '\0' &&
        (g_str_has_suffix (name, "_KEY") || g_str_has_suffix (name, "TOKEN")))
      return TRUE;

  return FALSE;
}

void
collate_env_read (const char *path, GHashTable *variables, GPtrArray *warnings)
{
  g_autoptr (GHashTable) found =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) collate_env_wipe);
  g_autoptr (GPtrArray) repeated = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *shown = g_filename_display_name (path);
  GHashTableIter iter;
  gpointer name, value;
  gsize length = 0;
  mode_t mode = 0;
  char *text = read_regular_file (path, &length, &mode);

  if (text == NULL)
    return;

  collate_env_parse (text, length, found, repeated);
  explicit_bzero (text, length);
  g_free (text);

  if ((mode & 0044) != 0 && holds_secret (found))
    g_ptr_array_add (
        warnings,
        g_strdup_printf (_ ("%s holds keys and others can read it: run “chmod 600” on it."), shown));
  for (guint i = 0; i < repeated->len; i++)
    g_ptr_array_add (warnings,
                     g_strdup_printf (_ ("%s stands in %s more than once: the last one holds."),
                                      (const char *) repeated->pdata[i],
                                      shown));

  g_hash_table_iter_init (&iter, found);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (*g_strstrip (value) != '\0' && !g_hash_table_contains (variables, name))
      {
        g_hash_table_iter_steal (&iter);
        g_hash_table_insert (variables, name, value);
      }
}
