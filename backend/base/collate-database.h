/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* SQLite, known by this one file: a connection, statements with parameters, rows. A connection belongs to
 * one thread at a time (the worker that opened it). Errors are COLLATE_ERROR_INVALID (damaged, not a
 * database, refused statement), COLLATE_ERROR_UNREADABLE (cannot be opened), COLLATE_ERROR_UNWRITABLE (disk
 * full, read only, busy for too long). */
typedef struct _CollateDatabase CollateDatabase;
typedef struct _CollateStatement CollateStatement;

/* Opens or makes the database at `path` (":memory:" for one that is not kept), its folder included, with
 * write-ahead log and foreign keys on and what is deleted overwritten, and waits up to five seconds for other programs' locks; what may not
 * be written is opened for reading; (nullable)
 * (transfer full). */
CollateDatabase *collate_database_open (const char *path, GError **error);

/* Closes the connection. */
void collate_database_close (CollateDatabase *database);

/* Runs statements that take no parameters and give no rows (schema, BEGIN, COMMIT). */
gboolean collate_database_execute (CollateDatabase *database, const char *sql, GError **error);

/* Brings the schema from the version in the file (PRAGMA user_version) to `n_steps`, one script a step,
 * each in a transaction; a file of a newer program is an error. */
gboolean collate_database_migrate (CollateDatabase *database,
                                   const char *const *steps,
                                   int n_steps,
                                   GError **error);

/* Prepares one statement; (nullable) (transfer full). */
CollateStatement *collate_database_prepare (CollateDatabase *database, const char *sql, GError **error);

/* The row id that the last INSERT made. */
gint64 collate_database_last_id (CollateDatabase *database);

/* Binds the parameter `index` (from 1); text is copied, NULL binds NULL; bytes (of g_malloc) are taken. */
void collate_statement_bind_int (CollateStatement *statement, int index, gint64 value);
void collate_statement_bind_double (CollateStatement *statement, int index, double value);
void collate_statement_bind_text (CollateStatement *statement, int index, const char *value);
void collate_statement_take_bytes (CollateStatement *statement, int index, gpointer data, gsize size);
void collate_statement_bind_null (CollateStatement *statement, int index);

/* Goes to the next row: TRUE with a row, FALSE at the end or, with `error` set, on failure. */
gboolean collate_statement_next (CollateStatement *statement, GError **error);

/* Runs a statement whose rows do not matter, and resets it for the next bindings. */
gboolean collate_statement_run (CollateStatement *statement, GError **error);

/* The columns (from 0) of the current row; text and bytes are the statement's until the next step, NULL where
 * the value is, and bytes also where they are none or the value is of another type. */
gboolean collate_statement_is_null (CollateStatement *statement, int column);
gint64 collate_statement_get_int (CollateStatement *statement, int column);
double collate_statement_get_double (CollateStatement *statement, int column);
const char *collate_statement_get_text (CollateStatement *statement, int column);
gconstpointer collate_statement_get_bytes (CollateStatement *statement, int column, gsize *size);

/* Frees the statement; before its database is closed. */
void collate_statement_free (CollateStatement *statement);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateDatabase, collate_database_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateStatement, collate_statement_free)

G_END_DECLS
