/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The text of the documents of comparisons, once for each content. The schema itself removes a text when
 * the last comparison over it goes. On the history's thread. */

#include "compare/collate-store-private.h"

#include <string.h>

#include "base/collate-pack.h"
#include "documents/collate-reply.h"

/* No document that was read is longer: its pages are joined by two characters. */
#define MAX_TEXT (COLLATE_REPLY_MAX_TEXT + 2 * COLLATE_REPLY_MAX_PAGES)

/* Of one comparison together. */
#define MAX_TEXTS (4 * (gsize) MAX_TEXT)

/* A text on its way into the file. */
typedef struct
{
  const char *text; /* the comparison's */
  gsize length;
  char *hash;
  guint8 *packed; /* NULL where the file has it */
  gsize size;
} Text;

static void
text_free (gpointer data)
{
  Text *text = data;

  g_free (text->hash);
  g_free (text->packed);
  g_free (text);
}

static char *
hash_text (const char *text, gsize length)
{
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) text, length);
}

static gboolean
is_stored (CollateStore *store, const char *hash)
{
  g_autoptr (CollateStatement) statement =
      collate_database_prepare (store->database, "SELECT 1 FROM text WHERE hash = ?", NULL);

  if (statement == NULL)
    return FALSE;

  collate_statement_bind_text (statement, 1, hash);
  return collate_statement_next (statement, NULL);
}

static gboolean
have_texts (GPtrArray *documents)
{
  gsize sum = 0;

  for (guint i = 0; i < documents->len; i++)
    {
      const CollateDocumentRecord *document = documents->pdata[i];

      if (document->text == NULL || g_ref_string_length (document->text) > MAX_TEXT)
        return FALSE;
      sum += g_ref_string_length (document->text);
    }

  return sum <= MAX_TEXTS;
}

/* Packed where the file lacks them; (transfer full). */
static GPtrArray *
pack_texts (CollateStore *store, GPtrArray *documents)
{
  GPtrArray *texts = g_ptr_array_new_with_free_func (text_free);

  for (guint i = 0; i < documents->len; i++)
    {
      const CollateDocumentRecord *document = documents->pdata[i];
      Text *text = g_new0 (Text, 1);

      text->text = document->text;
      text->length = g_ref_string_length (document->text);
      text->hash = hash_text (text->text, text->length);
      if (!is_stored (store, text->hash))
        text->packed = collate_pack (text->text, text->length, &text->size);
      g_ptr_array_add (texts, text);
    }

  return texts;
}

static gboolean
insert_text (CollateStore *store, Text *text, GError **error)
{
  g_autoptr (CollateStatement) statement = collate_database_prepare (
      store->database, "INSERT INTO text (hash, length, packed) VALUES (?, ?, ?)", error);

  if (statement == NULL)
    return FALSE;

  /* Another program has removed it since it was looked for. */
  if (text->packed == NULL)
    text->packed = collate_pack (text->text, text->length, &text->size);
  collate_statement_bind_text (statement, 1, text->hash);
  collate_statement_bind_int (statement, 2, (gint64) text->length);
  collate_statement_take_bytes (statement, 3, g_steal_pointer (&text->packed), text->size);

  return collate_statement_run (statement, error);
}

static gboolean
insert_texts (CollateStore *store, gint64 id, GPtrArray *texts, GError **error)
{
  g_autoptr (CollateStatement) statement = collate_database_prepare (
      store->database, "INSERT INTO document (comparison, position, text) VALUES (?, ?, ?)", error);

  if (statement == NULL)
    return FALSE;

  for (guint i = 0; i < texts->len; i++)
    {
      Text *text = texts->pdata[i];

      if (!is_stored (store, text->hash) && !insert_text (store, text, error))
        return FALSE;
      collate_statement_bind_int (statement, 1, id);
      collate_statement_bind_int (statement, 2, i);
      collate_statement_bind_text (statement, 3, text->hash);
      if (!collate_statement_run (statement, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
collate_store_insert_texts (CollateStore *store, gint64 id, GPtrArray *documents, GError **error)
{
  g_autoptr (GPtrArray) texts = NULL;

  if (!have_texts (documents))
    return TRUE;

  /* Packing takes a while, in which other programs may want to write. */
  texts = pack_texts (store, documents);
  if (!collate_database_execute (store->database, "BEGIN IMMEDIATE", error))
    return FALSE;

  return collate_store_commit (store, insert_texts (store, id, texts, error), error);
}

/* The text of a row, as a ref-counted string, where it is what its hash says; (nullable) (transfer full). */
static char *
read_text (CollateStatement *row, gsize room)
{
  const char *hash = collate_statement_get_text (row, 1);
  gint64 length = collate_statement_get_int (row, 2);
  g_autofree char *text = NULL;
  g_autofree char *found = NULL;
  gconstpointer packed;
  gsize size;

  if (hash == NULL || length <= 0 || (guint64) length > MIN (room, (gsize) MAX_TEXT))
    return NULL;

  packed = collate_statement_get_bytes (row, 3, &size);
  text = packed != NULL ? collate_unpack (packed, size, (gsize) length) : NULL;
  found = text != NULL ? hash_text (text, (gsize) length) : NULL;
  if (found == NULL || strcmp (found, hash) != 0 || !g_utf8_validate_len (text, (gsize) length, NULL))
    return NULL;

  return g_ref_string_new_len (text, length);
}

static gboolean
is_complete (GPtrArray *documents)
{
  for (guint i = 0; i < documents->len; i++)
    if (((CollateDocumentRecord *) documents->pdata[i])->text == NULL)
      return FALSE;

  return TRUE;
}

gboolean
collate_store_read_texts (CollateStore *store, gint64 id, GPtrArray *documents, GError **error)
{
  g_autoptr (CollateStatement) rows = collate_database_prepare (
      store->database,
      "SELECT position, hash, length, packed FROM document JOIN text ON hash = document.text"
      " WHERE comparison = ? ORDER BY position",
      error);
  g_autoptr (GError) local = NULL;
  gsize room = MAX_TEXTS;
  gboolean has_strays = FALSE;

  if (rows == NULL)
    return FALSE;

  collate_statement_bind_int (rows, 1, id);
  while (collate_statement_next (rows, &local))
    {
      gint64 position = collate_statement_get_int (rows, 0);
      CollateDocumentRecord *document;

      if (position < 0 || position >= documents->len)
        {
          has_strays = TRUE;
          continue;
        }
      document = documents->pdata[position];
      if (document->text == NULL)
        document->text = read_text (rows, room);
      if (document->text != NULL)
        room -= MIN (room, g_ref_string_length (document->text));
    }

  if (local == NULL && (has_strays || !is_complete (documents)))
    local = g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, "a document's text is not there");
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}
