/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs the helper program for one document: the file is opened on a pool thread, because that can hang on a
 * network; all the rest is asynchronous on the main thread. */
#include "config.h"

#include "documents/collate-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/collate-error.h"
#include "base/collate-sandbox.h"
#include "documents/collate-reply.h"

#define MAX_FILE_BYTES (G_GINT64_CONSTANT (1) << 30)
#define CHUNK_BYTES (64 * 1024)

#define LIBRARIES "LD_LIBRARY_PATH"

/* The status of the dynamic linker that finds no library. */
#define UNSTARTED 127

typedef struct
{
  char *extract_path;
  char *name;
  guint time_limit;

  GSubprocess *process;
  GByteArray *reply;

  /* Ends the waiting for the helper: when the caller cancels, and when the time is over. */
  GCancellable *stop;
  gulong cancelled_id;
  guint timeout_id;
  gboolean timed_out;
} Reading;

static void
reading_free (Reading *reading)
{
  g_free (reading->extract_path);
  g_free (reading->name);
  g_clear_object (&reading->process);
  g_byte_array_unref (reading->reply);
  g_object_unref (reading->stop);
  g_free (reading);
}

/* Answers the task, once: with the pages, or by killing the helper. */
static void
finish (GTask *task, GPtrArray *pages, GError *error)
{
  Reading *reading = g_task_get_task_data (task);

  g_cancellable_disconnect (g_task_get_cancellable (task), reading->cancelled_id);
  g_clear_handle_id (&reading->timeout_id, g_source_remove);

  if (error == NULL)
    {
      g_task_return_pointer (task, pages, (GDestroyNotify) g_ptr_array_unref);
      return;
    }

  if (reading->process != NULL)
    g_subprocess_force_exit (reading->process);

  if (reading->timed_out)
    {
      g_clear_error (&error);
      error = g_error_new (
          COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE, "not read after %u seconds", reading->time_limit / 1000);
    }
  g_task_return_error (task, error);
}

static void
finish_ended (GTask *task)
{
  Reading *reading = g_task_get_task_data (task);
  GSubprocess *process = reading->process;
  GPtrArray *pages = NULL;
  GError *error = NULL;

  if (g_subprocess_get_if_exited (process) && g_subprocess_get_exit_status (process) == 0)
    pages = collate_reply_parse (reading->reply->data, reading->reply->len, &error);
  else if (g_subprocess_get_if_exited (process) && g_subprocess_get_exit_status (process) == UNSTARTED)
    error = g_error_new_literal (
        COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, "the reader cannot be started: a library of it is missing");
  else if (g_subprocess_get_if_exited (process))
    error = g_error_new (COLLATE_ERROR,
                         COLLATE_ERROR_DAMAGED,
                         "the reader failed with status %d",
                         g_subprocess_get_exit_status (process));
  else if (g_subprocess_get_term_sig (process) == SIGXCPU)
    error = g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE, "too much work to read");
  else
    error = g_error_new (COLLATE_ERROR,
                         COLLATE_ERROR_DAMAGED,
                         "the reader crashed: %s",
                         g_strsignal (g_subprocess_get_term_sig (process)));

  finish (task, pages, error);
}

static void
ended_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_subprocess_wait_finish (G_SUBPROCESS (object), result, &error))
    finish_ended (task);
  else
    finish (task, NULL, error);
}

static void
chunk_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Reading *reading = g_task_get_task_data (task);
  GInputStream *stream = G_INPUT_STREAM (object);
  GError *error = NULL;
  g_autoptr (GBytes) chunk = g_input_stream_read_bytes_finish (stream, result, &error);

  if (chunk == NULL)
    {
      finish (task, NULL, error);
      return;
    }

  if (g_bytes_get_size (chunk) == 0)
    {
      g_subprocess_wait_async (reading->process, reading->stop, ended_cb, g_steal_pointer (&task));
      return;
    }

  if (reading->reply->len + g_bytes_get_size (chunk) > COLLATE_REPLY_MAX_BYTES)
    {
      finish (task,
              NULL,
              g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_DAMAGED, "the reader's reply has no end"));
      return;
    }

  g_byte_array_append (reading->reply, g_bytes_get_data (chunk, NULL), g_bytes_get_size (chunk));
  g_input_stream_read_bytes_async (
      stream, CHUNK_BYTES, G_PRIORITY_DEFAULT, reading->stop, chunk_cb, g_steal_pointer (&task));
}

static gboolean
timeout_cb (gpointer user_data)
{
  Reading *reading = user_data;

  reading->timeout_id = 0;
  reading->timed_out = TRUE;
  g_cancellable_cancel (reading->stop);

  return G_SOURCE_REMOVE;
}

static void
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

/* Hands `fd` to a new helper, which sees no other file, no terminal, and of the environment only where libraries lie. */
static GSubprocess *
spawn (Reading *reading, int fd, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  const char *const argv[] = { reading->extract_path, reading->name, NULL };
  const char *libraries = g_getenv (LIBRARIES);
  g_auto (GStrv) environment =
      libraries != NULL ? g_environ_setenv (NULL, LIBRARIES, libraries, TRUE) : g_new0 (char *, 1);

  g_subprocess_launcher_take_stdin_fd (launcher, fd);
  g_subprocess_launcher_set_environ (launcher, environment);

  return g_subprocess_launcher_spawnv (launcher, argv, error);
}

static void
opened_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Reading *reading = g_task_get_task_data (task);
  g_autoptr (GError) spawn_error = NULL;
  GError *error = NULL;
  int fd = g_task_propagate_int (G_TASK (result), &error);

  if (fd < 0)
    {
      finish (task, NULL, error);
      return;
    }

  if (g_cancellable_set_error_if_cancelled (reading->stop, &error))
    {
      close (fd);
      finish (task, NULL, error);
      return;
    }

  reading->process = spawn (reading, fd, &spawn_error);
  if (reading->process == NULL)
    {
      finish (task,
              NULL,
              g_error_new (COLLATE_ERROR,
                           COLLATE_ERROR_UNREADABLE,
                           "the reader cannot be started: %s",
                           spawn_error->message));
      return;
    }

  reading->timeout_id = g_timeout_add (reading->time_limit, timeout_cb, reading);
  g_input_stream_read_bytes_async (g_subprocess_get_stdout_pipe (reading->process),
                                   CHUNK_BYTES,
                                   G_PRIORITY_DEFAULT,
                                   reading->stop,
                                   chunk_cb,
                                   g_steal_pointer (&task));
}

/* Opens what may be anything at all: a FIFO does not wait for its writer, a terminal is not taken. */
static int
open_regular (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat status;

  if (fd < 0 && collate_sandbox_hides (errno))
    g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_HIDDEN, "");
  else if (fd < 0 || fstat (fd, &status) < 0)
    g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, g_strerror (errno));
  else if (!S_ISREG (status.st_mode))
    g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, "not a regular file");
  else if (status.st_size > MAX_FILE_BYTES)
    g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE, "more than 1 GiB");
  else
    return fd;

  if (fd >= 0)
    close (fd);
  return -1;
}

static void
open_thread (GTask *task, gpointer source_object, gpointer path, GCancellable *cancellable)
{
  GError *error = NULL;
  int fd = open_regular (path, &error);

  if (fd >= 0)
    g_task_return_int (task, fd);
  else
    g_task_return_error (task, error);
}

void
collate_reader_read_async (const char *extract_path,
                           GFile *file,
                           guint time_limit,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GTask) opening = NULL;
  Reading *reading = g_new0 (Reading, 1);

  g_return_if_fail (extract_path != NULL);
  g_return_if_fail (G_IS_FILE (file));

  reading->extract_path = g_strdup (extract_path);
  reading->name = g_file_get_basename (file);
  reading->time_limit = time_limit;
  reading->reply = g_byte_array_new ();
  reading->stop = g_cancellable_new ();
  g_task_set_task_data (task, reading, (GDestroyNotify) reading_free);

  if (cancellable != NULL)
    reading->cancelled_id =
        g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb), reading->stop, NULL);

  if (g_file_peek_path (file) == NULL)
    {
      finish (task,
              NULL,
              g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, "not a file of this machine"));
      return;
    }

  /* Without the cancellable, so that an opened file always comes back to be closed. */
  opening = g_task_new (NULL, NULL, opened_cb, g_steal_pointer (&task));
  g_task_set_task_data (opening, g_strdup (g_file_peek_path (file)), g_free);
  g_task_run_in_thread (opening, open_thread);
}

GPtrArray *
collate_reader_read_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
