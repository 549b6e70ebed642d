/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/collate-download-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/collate-error.h"
#include "net/collate-http.h"

/* The thread of a download: it has a main context of its own for the network, and writes and computes between two reads,
 * so that a slow disk slows the server down and nobody else. */

#define TELL_INTERVAL (200 * 1000) /* microseconds */
#define SPEED_WINDOW 3.0           /* seconds that the shown speed is about */
#define MAX_TRIES 5                /* in a row without a byte */
#define MAX_RESTARTS 3
#define READ_SIZE (1 << 20)
#define RESERVE (64 << 20) /* bytes of the disk that are left for everybody else */

typedef struct
{
  CollateDownloadOrder *order;
  CollateDownloadNote *note; /* the order's */
  GMainContext *context;
  CollateHttp *http;
  char *partial_path;
  int fd;

  gint64 received;
  GChecksum *checksum; /* of what was received */
  gboolean restarted;
  guint n_restarts;
  CollateDownloadState state;

  GError *refusal;      /* why the reply at hand is of no use */
  gboolean begins_anew; /* another request, from the start, may do better */

  double speed;
  gint64 told_at;
  gint64 told_received;
} Work;

/* Telling. */

static void
tell (Work *work)
{
  CollateDownloadProgress *progress = g_new0 (CollateDownloadProgress, 1);
  gint64 now = g_get_monotonic_time ();
  double seconds = (double) (now - work->told_at) / G_USEC_PER_SEC;

  if (work->state == COLLATE_DOWNLOAD_LOADING && seconds > 0)
    {
      double share = MIN (1.0, seconds / SPEED_WINDOW);
      double speed = (double) MAX (0, work->received - work->told_received) / seconds;

      work->speed = work->speed > 0 ? work->speed + (speed - work->speed) * share : speed;
    }
  work->told_at = now;
  work->told_received = work->received;

  progress->state = work->state;
  progress->received = work->received;
  progress->size = work->note->size;
  progress->speed = work->state == COLLATE_DOWNLOAD_LOADING ? work->speed : 0;
  progress->restarted = work->restarted;
  collate_inbox_send (work->order->inbox, progress);
}

static void
set_state (Work *work, CollateDownloadState state)
{
  if (work->state == state)
    return;

  work->state = state;
  work->speed = 0;
  work->told_at = g_get_monotonic_time ();
  work->told_received = work->received;
  tell (work);
}

static gboolean
clock_cb (gpointer data)
{
  Work *work = data;

  if (g_get_monotonic_time () - work->told_at >= TELL_INTERVAL)
    tell (work);

  return G_SOURCE_CONTINUE;
}

/* The file. */

static gboolean
fail_to_write (int number, GError **error)
{
  gboolean is_full = number == ENOSPC || number == EDQUOT || number == EFBIG;

  g_set_error_literal (error,
                       COLLATE_ERROR,
                       is_full ? COLLATE_ERROR_TOO_LARGE : COLLATE_ERROR_UNWRITABLE,
                       g_strerror (number));

  return FALSE;
}

static gboolean
is_stopped (Work *work, GError **error)
{
  if (!g_cancellable_is_cancelled (work->order->cancellable))
    return FALSE;

  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED, "stopped");

  return TRUE;
}

/* Forgets what came. */
static gboolean
begin_anew (Work *work, GError **error)
{
  work->restarted = work->restarted || work->received > 0;
  work->received = 0;
  g_checksum_reset (work->checksum);
  g_clear_pointer (&work->note->etag, g_free);
  g_clear_pointer (&work->note->modified, g_free);
  work->note->size = -1;

  return (ftruncate (work->fd, 0) == 0 && lseek (work->fd, 0, SEEK_SET) == 0) || fail_to_write (errno, error);
}

/* Takes account of the bytes that follow. */
static gboolean
account (Work *work, const guint8 *data, gsize length, GError **error)
{
  const char *magic = work->order->magic;
  gint64 n_magic = magic != NULL ? (gint64) strlen (magic) : 0;

  for (gint64 i = work->received; i < n_magic && i - work->received < (gint64) length; i++)
    if (data[i - work->received] != (guint8) magic[i])
      {
        g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "it does not begin with \"%s\"", magic);
        return FALSE;
      }

  g_checksum_update (work->checksum, data, (gssize) length);
  work->received += (gint64) length;

  return TRUE;
}

static gboolean
write_bytes (Work *work, const guint8 *data, gsize length, GError **error)
{
  while (length > 0)
    {
      gssize n = write (work->fd, data, length);

      if (n < 0 && errno != EINTR)
        return fail_to_write (errno, error);
      if (n > 0)
        {
          data += n;
          length -= (gsize) n;
        }
    }

  return TRUE;
}

/* TRUE where a part can be asked for so that it belongs to what is there. */
static gboolean
can_be_continued (const CollateDownloadNote *note)
{
  return note->etag != NULL || note->modified != NULL;
}

/* Reads what came before, for its digest. */
static gboolean
read_partial (Work *work, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (READ_SIZE);
  gssize n;

  while ((n = read (work->fd, buffer, READ_SIZE)) != 0)
    {
      if (is_stopped (work, error))
        return FALSE;
      if (n < 0 && errno != EINTR)
        {
          g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, g_strerror (errno));
          return FALSE;
        }
      if (n > 0 && !account (work, buffer, (gsize) n, NULL))
        return begin_anew (work, error);
    }

  return TRUE;
}

static gboolean
open_partial (Work *work, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (work->note->path);
  struct stat status;

  if (g_mkdir_with_parents (folder, 0755) != 0)
    return fail_to_write (errno, error);
  work->fd = open (work->partial_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
  if (work->fd < 0 || fstat (work->fd, &status) != 0)
    return fail_to_write (errno, error);
  if (!S_ISREG (status.st_mode) || flock (work->fd, LOCK_EX | LOCK_NB) != 0)
    return fail_to_write (EBUSY, error);

  if (status.st_size <= MAX (0, work->note->size))
    return read_partial (work, error);
  work->received = status.st_size;

  return begin_anew (work, error);
}

static gboolean
check_disk (Work *work, GError **error)
{
  gint64 needed = work->note->size - work->received;
  g_autofree char *folder = g_path_get_dirname (work->note->path);
  g_autofree char *takes = g_format_size ((guint64) needed);
  g_autofree char *free = NULL;
  struct statvfs disk;
  gint64 available;

  if (statvfs (folder, &disk) != 0)
    return TRUE; /* writing will tell */
  available = (gint64) MIN (disk.f_bavail * (guint64) disk.f_frsize, (guint64) G_MAXINT64);
  if (needed <= available - RESERVE)
    return TRUE;

  free = g_format_size ((guint64) available);
  g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE, "it takes %s, and %s are free", takes, free);

  return FALSE;
}

/* A reply's head. */

static CollateError
code_of_status (guint status)
{
  switch (status)
    {
    case 401:
    case 403:
      return COLLATE_ERROR_KEY;
    case 404:
    case 410:
      return COLLATE_ERROR_RETIRED;
    case 429:
      return COLLATE_ERROR_RATE;
    default:
      return status >= 500 ? COLLATE_ERROR_SERVER : COLLATE_ERROR_REFUSED;
    }
}

static gint64
parse_number (const char *text)
{
  gint64 number;

  return text != NULL && g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, &number, NULL) ? number : -1;
}

/* "bytes 100-299/300" to 100 and 300; only one that goes to the end is of use. */
static gboolean
parse_range (const char *text, gint64 *first, gint64 *size)
{
  g_auto (GStrv) parts = text != NULL && g_str_has_prefix (text, "bytes ")
                             ? g_strsplit_set (text + strlen ("bytes "), "-/", 3)
                             : NULL;

  if (parts == NULL || g_strv_length (parts) != 3)
    return FALSE;
  *first = parse_number (parts[0]);
  *size = parse_number (parts[2]);

  return *first >= 0 && *size > *first && parse_number (parts[1]) == *size - 1;
}

static void
refuse_anew (Work *work, GError **error)
{
  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL, "the server has another file by now");
  work->begins_anew = begin_anew (work, NULL);
}

/* The rest of the file, where it is still the same one. */
static gboolean
accept_rest (Work *work, GHashTable *headers, GError **error)
{
  const char *etag = g_hash_table_lookup (headers, "etag");
  gint64 first, size;

  if (!parse_range (g_hash_table_lookup (headers, "content-range"), &first, &size) || first != work->received)
    {
      g_set_error_literal (
          error, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL, "another part of the file than was asked for");
      work->begins_anew = work->received > 0 && begin_anew (work, NULL);
      return FALSE;
    }
  if (work->received > 0 && (size != work->note->size || (etag != NULL && work->note->etag != NULL &&
                                                          strcmp (etag, work->note->etag) != 0)))
    {
      refuse_anew (work, error);
      return FALSE;
    }
  work->note->size = size;

  return TRUE;
}

static gboolean
accept_whole (Work *work, GHashTable *headers, GError **error)
{
  if (work->received > 0 && !begin_anew (work, error))
    return FALSE;

  work->note->size = parse_number (g_hash_table_lookup (headers, "content-length"));
  if (work->note->size > 0)
    return TRUE;
  g_set_error_literal (
      error, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL, "the server does not say how long the file is");

  return FALSE;
}

/* What a part can be asked for by, next time; only a strong tag says that bytes are the same. */
static void
remember (Work *work, GHashTable *headers)
{
  const char *etag = g_hash_table_lookup (headers, "etag");

  g_free (work->note->etag);
  work->note->etag = etag != NULL && *etag == '"' ? g_strdup (etag) : NULL;
  g_free (work->note->modified);
  work->note->modified = g_strdup (g_hash_table_lookup (headers, "last-modified"));
}

static gboolean
accept (Work *work, guint status, GHashTable *headers, GError **error)
{
  const char *type = g_hash_table_lookup (headers, "content-type");
  const char *coding = g_hash_table_lookup (headers, "content-encoding");

  if (status == 416 && work->received > 0)
    {
      refuse_anew (work, error);
      return FALSE;
    }
  if (status != 200 && status != 206)
    {
      g_set_error (error, COLLATE_ERROR, code_of_status (status), "HTTP %u", status);
      return FALSE;
    }
  if (type != NULL && work->order->magic != NULL && g_ascii_strncasecmp (type, "text/html", 9) == 0)
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "a web page");
      return FALSE;
    }
  if (coding != NULL && g_ascii_strcasecmp (coding, "identity") != 0)
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL, "it comes compressed");
      return FALSE;
    }
  if (!(status == 206 ? accept_rest : accept_whole) (work, headers, error) || !check_disk (work, error))
    return FALSE;
  remember (work, headers);

  return collate_download_note_write (work->note, error);
}

static void
head_cb (guint status, GHashTable *headers, gint64 time, gpointer data)
{
  Work *work = data;

  if (accept (work, status, headers, &work->refusal))
    set_state (work, COLLATE_DOWNLOAD_LOADING);
}

static gboolean
data_cb (const guint8 *data, gsize length, gint64 time, gpointer user_data)
{
  Work *work = user_data;

  if (work->refusal != NULL)
    return FALSE;
  if ((gint64) length > work->note->size - work->received)
    {
      g_set_error_literal (
          &work->refusal, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL, "more comes than the file is long");
      return FALSE;
    }
  if (!account (work, data, length, &work->refusal) || !write_bytes (work, data, length, &work->refusal))
    return FALSE;
  clock_cb (work);

  return TRUE;
}

/* Requests. */

typedef struct
{
  gboolean done;
  GError *error;
} Reply;

static void
replied_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Reply *reply = data;

  collate_http_send_finish (COLLATE_HTTP (source), result, &reply->error);
  reply->done = TRUE;
}

/* One request for what is missing. */
static gboolean
load_rest (Work *work, GError **error)
{
  static const CollateHttpHandler handler = { head_cb, data_cb };
  const char *same = work->note->etag != NULL ? work->note->etag : work->note->modified;
  g_autofree char *range = g_strdup_printf ("bytes=%" G_GINT64_FORMAT "-", work->received);
  const char *const headers[] = { "Range", range, "If-Range", same, NULL };
  const CollateHttpRequest request = {
    .method = "GET",
    .url = work->note->address,
    .headers = work->received > 0 ? headers : NULL,
    .idle_timeout = work->order->idle_timeout,
    .is_public = TRUE,
  };
  Reply reply = { FALSE, NULL };

  g_clear_error (&work->refusal);
  work->begins_anew = FALSE;
  collate_http_send_async (
      work->http, &request, &handler, work, work->order->cancellable, replied_cb, &reply);
  while (!reply.done)
    g_main_context_iteration (work->context, TRUE);

  if (work->refusal != NULL)
    {
      g_clear_error (&reply.error);
      g_propagate_error (error, g_error_copy (work->refusal));
      return FALSE;
    }
  if (reply.error == NULL && work->received < work->note->size)
    reply.error = g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_PROTOCOL, "the connection broke");
  if (reply.error == NULL)
    return TRUE;
  g_propagate_error (error, reply.error);

  return FALSE;
}

/* TRUE where the same request may do better in a while: after bytes came, a connection that breaks is an accident. */
static gboolean
can_go_on (Work *work, const GError *error)
{
  switch (error->code)
    {
    case COLLATE_ERROR_OFFLINE:
    case COLLATE_ERROR_TIMEOUT:
    case COLLATE_ERROR_PROTOCOL:
      return work->refusal == NULL;
    case COLLATE_ERROR_RATE:
    case COLLATE_ERROR_SERVER:
      return TRUE;
    default:
      return FALSE;
    }
}

/* FALSE where it was stopped meanwhile. */
static gboolean
wait_before (Work *work, guint try, GError **error)
{
  int milliseconds = (int) (1000 * (1 << try) * work->order->wait_factor);
  GPollFD fd;

  set_state (work, COLLATE_DOWNLOAD_CONNECTING);
  if (g_cancellable_make_pollfd (work->order->cancellable, &fd))
    {
      g_poll (&fd, 1, milliseconds);
      g_cancellable_release_fd (work->order->cancellable);
    }

  return !is_stopped (work, error);
}

static gboolean
load (Work *work, GError **error)
{
  gint64 n_most = work->received; /* so far, over all attempts */
  gboolean came = FALSE;
  guint n_tries = 0;

  while (work->note->size < 0 || work->received < work->note->size)
    {
      g_autoptr (GError) local = NULL;
      gboolean further;

      if (work->received > 0 && !can_be_continued (work->note) && !begin_anew (work, error))
        return FALSE;
      if (load_rest (work, &local))
        break;
      further = work->received > n_most;
      n_most = MAX (n_most, work->received);
      came = came || further;
      if (work->begins_anew && work->n_restarts++ < MAX_RESTARTS)
        continue;
      n_tries = further ? 0 : n_tries + 1;
      if (!came || n_tries > MAX_TRIES || !can_go_on (work, local))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (!wait_before (work, n_tries, error))
        return FALSE;
    }

  return TRUE;
}

/* The end. */

static gboolean
check_digest (Work *work, GError **error)
{
  const char *digest = g_checksum_get_string (work->checksum);

  work->order->digest = g_strdup (digest);
  if (work->note->sha256 == NULL || strcmp (work->note->sha256, digest) == 0)
    return TRUE;
  g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_DAMAGED, "its SHA-256 is %s", digest);

  return FALSE;
}

static gboolean
put_in_place (Work *work, GError **error)
{
  g_autofree char *note_path = collate_download_dup_note_path (work->note->path);
  const char *path = work->note->path;
  int result;

  if (fsync (work->fd) != 0)
    return fail_to_write (errno, error);
  result =
      renameat2 (AT_FDCWD, work->partial_path, AT_FDCWD, path, work->note->replace ? 0 : RENAME_NOREPLACE);
  /* Not every file system knows how to spare what is there. */
  if (result != 0 && errno == EINVAL && !g_file_test (path, G_FILE_TEST_EXISTS))
    result = rename (work->partial_path, path);
  if (result != 0)
    return fail_to_write (errno == EINVAL ? EEXIST : errno, error);
  unlink (note_path);

  return TRUE;
}

static gboolean
finish (Work *work, GError **error)
{
  set_state (work, COLLATE_DOWNLOAD_CHECKING);
  if (check_digest (work, error) &&
      (work->order->check == NULL || work->order->check (work->partial_path, error)))
    return put_in_place (work, error);

  /* What is wrong as a whole is not mended by more of it. */
  begin_anew (work, NULL);
  work->restarted = FALSE;
  collate_download_note_write (work->note, NULL);

  return FALSE;
}

static void
work_clear (Work *work)
{
  if (work->fd >= 0)
    close (work->fd);
  g_free (work->partial_path);
  g_clear_error (&work->refusal);
  g_checksum_free (work->checksum);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

static gboolean
work_on (Work *work, GError **error)
{
  return open_partial (work, error) && collate_download_note_write (work->note, error) &&
         load (work, error) && finish (work, error);
}

gboolean
collate_download_work (CollateDownloadOrder *order, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) clock = g_timeout_source_new (TELL_INTERVAL / 1000);
  g_auto (Work) work = { order, order->note, context, .fd = -1 };
  gboolean done;

  if (!collate_http_is_guarded (order->note->address))
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, order->note->address);
      return FALSE;
    }

  g_main_context_push_thread_default (context);
  work.http = collate_http_new ("Collate/" VERSION);
  work.partial_path = collate_download_dup_partial_path (order->note->path);
  work.checksum = g_checksum_new (G_CHECKSUM_SHA256);
  work.state = COLLATE_DOWNLOAD_CONNECTING;
  g_source_set_callback (clock, clock_cb, &work, NULL);
  g_source_attach (clock, context);

  done = work_on (&work, error);
  order->note->received = work.received;
  tell (&work);

  g_source_destroy (clock);
  g_clear_object (&work.http);
  while (g_main_context_iteration (context, FALSE))
    ; /* connections that close */
  g_main_context_pop_thread_default (context);

  return done;
}
