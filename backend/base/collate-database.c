/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-database.h"

#include <sqlite3.h>
#include <unistd.h>

#include "base/collate-error.h"

#define BUSY_TIMEOUT_MS 5000

struct _CollateDatabase
{
  sqlite3 *handle;
};

struct _CollateStatement
{
  sqlite3_stmt *handle;
};

static void
set_error (sqlite3 *handle, int code, GError **error)
{
  switch (code & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_FULL:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNWRITABLE, sqlite3_errmsg (handle));
      break;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_PERM:
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, sqlite3_errmsg (handle));
      break;
    default:
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, sqlite3_errmsg (handle));
      break;
    }
}

static CollateDatabase *
open_file (const char *name, int flags, GError **error)
{
  g_autoptr (CollateDatabase) self = g_new0 (CollateDatabase, 1);
  int code = sqlite3_open_v2 (name, &self->handle, flags, NULL);

  if (code != SQLITE_OK)
    {
      set_error (self->handle, code, error);
      return NULL;
    }

  sqlite3_busy_timeout (self->handle, BUSY_TIMEOUT_MS);
  if (!collate_database_execute (
          self,
          "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"
          "PRAGMA secure_delete = ON;",
          error))
    return NULL;

  return g_steal_pointer (&self);
}

/* Where nobody may write, as on a read-only disk, there is no write-ahead log to be had, and no need of one. */
static CollateDatabase *
open_read_only (const char *path, const char *folder)
{
  g_autofree char *uri = NULL;
  g_autofree char *immutable = NULL;

  if (access (path, R_OK) != 0 || (access (path, W_OK) == 0 && access (folder, W_OK) == 0))
    return NULL;

  uri = g_filename_to_uri (path, NULL, NULL);
  immutable = uri != NULL ? g_strconcat (uri, "?immutable=1", NULL) : NULL;
  return immutable != NULL ? open_file (immutable, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) : NULL;
}

CollateDatabase *
collate_database_open (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GError) problem = NULL;
  CollateDatabase *database;

  if (g_strcmp0 (path, ":memory:") != 0 && g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, "%s: %s", folder, g_strerror (errno));
      return NULL;
    }

  database = open_file (path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &problem);
  if (database == NULL)
    database = open_read_only (path, folder);
  if (database == NULL)
    g_propagate_error (error, g_steal_pointer (&problem));

  return database;
}

void
collate_database_close (CollateDatabase *database)
{
  sqlite3_close (database->handle);
  g_free (database);
}

gboolean
collate_database_execute (CollateDatabase *database, const char *sql, GError **error)
{
  int code = sqlite3_exec (database->handle, sql, NULL, NULL, NULL);

  if (code != SQLITE_OK)
    set_error (database->handle, code, error);

  return code == SQLITE_OK;
}

static int
get_version (CollateDatabase *database, GError **error)
{
  g_autoptr (CollateStatement) statement = collate_database_prepare (database, "PRAGMA user_version", error);

  if (statement == NULL || !collate_statement_next (statement, error))
    return -1;

  return (int) collate_statement_get_int (statement, 0);
}

gboolean
collate_database_migrate (CollateDatabase *database, const char *const *steps, int n_steps, GError **error)
{
  int version = get_version (database, error);

  /* Who only reads is not kept waiting by another program that writes. */
  if (version < 0 || version == n_steps)
    return version >= 0;
  if (!collate_database_execute (database, "BEGIN IMMEDIATE", error))
    return FALSE;

  /* Again, for two programs that start together must not both take a step. */
  version = get_version (database, error);
  if (version > n_steps)
    g_set_error (error,
                 COLLATE_ERROR,
                 COLLATE_ERROR_INVALID,
                 "written by a newer version of this program (schema %d, this one knows %d)",
                 version,
                 n_steps);
  if (version < 0 || version > n_steps)
    goto rollback;

  for (; version < n_steps; version++)
    if (!collate_database_execute (database, steps[version], error))
      goto rollback;

  {
    g_autofree char *pragma = g_strdup_printf ("PRAGMA user_version = %d", n_steps);

    if (!collate_database_execute (database, pragma, error) ||
        !collate_database_execute (database, "COMMIT", error))
      goto rollback;
  }
  return TRUE;

rollback:
  collate_database_execute (database, "ROLLBACK", NULL);
  return FALSE;
}

CollateStatement *
collate_database_prepare (CollateDatabase *database, const char *sql, GError **error)
{
  sqlite3_stmt *handle = NULL;
  int code = sqlite3_prepare_v2 (database->handle, sql, -1, &handle, NULL);
  CollateStatement *statement;

  if (code != SQLITE_OK)
    {
      set_error (database->handle, code, error);
      return NULL;
    }

  statement = g_new0 (CollateStatement, 1);
  statement->handle = handle;

  return statement;
}

gint64
collate_database_last_id (CollateDatabase *database)
{
  return sqlite3_last_insert_rowid (database->handle);
}

void
collate_statement_bind_int (CollateStatement *statement, int index, gint64 value)
{
  sqlite3_bind_int64 (statement->handle, index, value);
}

void
collate_statement_bind_double (CollateStatement *statement, int index, double value)
{
  sqlite3_bind_double (statement->handle, index, value);
}

void
collate_statement_bind_text (CollateStatement *statement, int index, const char *value)
{
  sqlite3_bind_text (statement->handle, index, value, -1, SQLITE_TRANSIENT);
}

void
collate_statement_take_bytes (CollateStatement *statement, int index, gpointer data, gsize size)
{
  sqlite3_bind_blob64 (statement->handle, index, data, size, g_free);
}

void
collate_statement_bind_null (CollateStatement *statement, int index)
{
  sqlite3_bind_null (statement->handle, index);
}

gboolean
collate_statement_next (CollateStatement *statement, GError **error)
{
  int code = sqlite3_step (statement->handle);

  if (code == SQLITE_ROW)
    return TRUE;
  if (code != SQLITE_DONE)
    set_error (sqlite3_db_handle (statement->handle), code, error);

  return FALSE;
}

gboolean
collate_statement_run (CollateStatement *statement, GError **error)
{
  g_autoptr (GError) local = NULL;

  while (collate_statement_next (statement, &local))
    ;
  sqlite3_reset (statement->handle);
  sqlite3_clear_bindings (statement->handle);

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  return TRUE;
}

gboolean
collate_statement_is_null (CollateStatement *statement, int column)
{
  return sqlite3_column_type (statement->handle, column) == SQLITE_NULL;
}

gint64
collate_statement_get_int (CollateStatement *statement, int column)
{
  return sqlite3_column_int64 (statement->handle, column);
}

double
collate_statement_get_double (CollateStatement *statement, int column)
{
  return sqlite3_column_double (statement->handle, column);
}

const char *
collate_statement_get_text (CollateStatement *statement, int column)
{
  return (const char *) sqlite3_column_text (statement->handle, column);
}

gconstpointer
collate_statement_get_bytes (CollateStatement *statement, int column, gsize *size)
{
  gboolean is_bytes = sqlite3_column_type (statement->handle, column) == SQLITE_BLOB;

  *size = is_bytes ? (gsize) sqlite3_column_bytes (statement->handle, column) : 0;
  return *size > 0 ? sqlite3_column_blob (statement->handle, column) : NULL;
}

void
collate_statement_free (CollateStatement *statement)
{
  sqlite3_finalize (statement->handle);
  g_free (statement);
}
