/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words between the program and its helper: one file, so that both sides agree. */
#include "config.h"

#include "documents/collate-reply.h"

#include <string.h>

#include "base/collate-error.h"

#define MAGIC "COLX"
#define REPLY_VERSION 1

enum
{
  KIND_PAGES,
  KIND_ERROR,
};

/* What is left of a reply. */
typedef struct
{
  const guint8 *data;
  gsize length;
} Rest;

static void
append_number (GByteArray *reply, guint32 number)
{
  number = GUINT32_TO_BE (number);
  g_byte_array_append (reply, (const guint8 *) &number, sizeof number);
}

static void
append_string (GByteArray *reply, const char *string)
{
  gsize length = strlen (string);

  append_number (reply, length);
  g_byte_array_append (reply, (const guint8 *) string, length);
}

static GByteArray *
reply_new (guint32 kind, guint32 number)
{
  GByteArray *reply = g_byte_array_new ();

  g_byte_array_append (reply, (const guint8 *) MAGIC, strlen (MAGIC));
  append_number (reply, REPLY_VERSION);
  append_number (reply, kind);
  append_number (reply, number);

  return reply;
}

GByteArray *
collate_reply_new_pages (GPtrArray *pages)
{
  GByteArray *reply = reply_new (KIND_PAGES, pages->len);

  for (guint i = 0; i < pages->len; i++)
    append_string (reply, g_ptr_array_index (pages, i));

  return reply;
}

GByteArray *
collate_reply_new_error (const GError *error)
{
  GByteArray *reply = reply_new (KIND_ERROR, error->code);
  g_autofree char *message = g_utf8_make_valid (error->message, -1);

  append_string (reply, message);

  return reply;
}

static gboolean
take_number (Rest *rest, guint32 *number)
{
  if (rest->length < sizeof *number)
    return FALSE;

  memcpy (number, rest->data, sizeof *number);
  *number = GUINT32_FROM_BE (*number);
  rest->data += sizeof *number;
  rest->length -= sizeof *number;

  return TRUE;
}

static char *
take_string (Rest *rest)
{
  guint32 length;
  char *string;

  if (!take_number (rest, &length) || length > rest->length)
    return NULL;
  if (!g_utf8_validate_len ((const char *) rest->data, length, NULL))
    return NULL;

  string = g_strndup ((const char *) rest->data, length);
  rest->data += length;
  rest->length -= length;

  return string;
}

static gboolean
is_code_of_a_document (guint32 code)
{
  switch (code)
    {
    case COLLATE_ERROR_UNREADABLE:
    case COLLATE_ERROR_DAMAGED:
    case COLLATE_ERROR_PASSWORD:
    case COLLATE_ERROR_NO_TEXT:
    case COLLATE_ERROR_TOO_LARGE:
    case COLLATE_ERROR_UNSUPPORTED:
      return TRUE;
    default:
      return FALSE;
    }
}

static GPtrArray *
take_pages (Rest *rest, guint32 n_pages)
{
  g_autoptr (GPtrArray) pages = g_ptr_array_new_with_free_func (g_free);

  for (guint32 i = 0; i < n_pages; i++)
    {
      char *page = take_string (rest);

      if (page == NULL)
        return NULL;
      g_ptr_array_add (pages, page);
    }

  return rest->length == 0 ? g_steal_pointer (&pages) : NULL;
}

GPtrArray *
collate_reply_parse (const guint8 *data, gsize length, GError **error)
{
  Rest rest = { data, length };
  guint32 version, kind, number;

  if (length >= strlen (MAGIC) && memcmp (data, MAGIC, strlen (MAGIC)) == 0)
    {
      rest.data += strlen (MAGIC);
      rest.length -= strlen (MAGIC);

      if (take_number (&rest, &version) && version == REPLY_VERSION && take_number (&rest, &kind) &&
          take_number (&rest, &number))
        {
          if (kind == KIND_PAGES && number <= COLLATE_REPLY_MAX_PAGES)
            {
              GPtrArray *pages = take_pages (&rest, number);

              if (pages != NULL)
                return pages;
            }
          else if (kind == KIND_ERROR && is_code_of_a_document (number))
            {
              g_autofree char *message = take_string (&rest);

              if (message != NULL && rest.length == 0)
                {
                  g_set_error_literal (error, COLLATE_ERROR, number, message);
                  return NULL;
                }
            }
        }
    }

  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_DAMAGED, "the reader's reply is malformed");
  return NULL;
}
