/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A large file that is fetched over the network into a folder. What came is kept beside the file's place ("PATH.download",
 * and what is known of it in "PATH.download.json"), so that a broken connection, a stop and the program's end cost
 * nothing where the server can go on from the middle; where it cannot, or has another file by now, it starts again and
 * says so. The file takes its place whole and checked, or not at all. Main thread; nothing blocks, for each runs on a
 * thread of its own. No key and no cookie is ever sent. */

typedef enum
{
  COLLATE_DOWNLOAD_STOPPED,    /* not running: new, stopped by the person, or found after a start */
  COLLATE_DOWNLOAD_CONNECTING, /* also while it waits to try again after a connection that broke */
  COLLATE_DOWNLOAD_LOADING,
  COLLATE_DOWNLOAD_CHECKING, /* all is there, and is looked at */
  COLLATE_DOWNLOAD_DONE,
  COLLATE_DOWNLOAD_FAILED,
} CollateDownloadState;

/* Whether a file that came whole is what is wanted; runs on the download's thread, and may block. */
typedef gboolean (*CollateDownloadCheck) (const char *path, GError **error);

/* What a download is known by before it runs. Plain data. */
typedef struct
{
  char *address;
  char *path;       /* where the file shall be */
  char *sha256;     /* in lower case; (nullable) */
  gboolean replace; /* what is at `path` by then goes */

  char *etag;     /* of what came so far; (nullable), as the next one */
  char *modified; /* Last-Modified */
  gint64 size;    /* of the whole file, -1 where it is not known yet */
  gint64 received;
} CollateDownloadNote;

/* Strings are copied; (transfer full). */
CollateDownloadNote *collate_download_note_new (const char *address,
                                                const char *path,
                                                const char *sha256,
                                                gboolean replace);
CollateDownloadNote *collate_download_note_copy (const CollateDownloadNote *note);
void collate_download_note_free (CollateDownloadNote *note);

/* The downloads that were begun in a folder and are not done: an array of CollateDownloadNote, in the order of their
 * paths; (transfer full). Any thread; blocks. */
GPtrArray *collate_download_find_notes (const char *folder);

/* Properties, read only, notified: "state", and "progress" (a boolean that says nothing: one of the figures changed). */
#define COLLATE_TYPE_DOWNLOAD (collate_download_get_type ())
G_DECLARE_FINAL_TYPE (CollateDownload, collate_download, COLLATE, DOWNLOAD, GObject)

/* A download that does not run yet. What it loads must begin with `magic`, and pass the check; (nullable) both. */
CollateDownload *collate_download_new (const CollateDownloadNote *note,
                                       const char *magic,
                                       CollateDownloadCheck check);

/* Begins, or goes on where it was; nothing where it runs, or is done. */
void collate_download_start (CollateDownload *self);

/* Ends it, and keeps what came. */
void collate_download_stop (CollateDownload *self);

/* Ends it, and deletes what came. */
void collate_download_discard (CollateDownload *self);

CollateDownloadState collate_download_get_state (CollateDownload *self);
gboolean collate_download_is_running (CollateDownload *self);

const char *collate_download_get_address (CollateDownload *self);
const char *collate_download_get_path (CollateDownload *self);

/* Bytes that are there, of how many (-1: not known yet), and how many come in a second (0: not known). */
gint64 collate_download_get_received (CollateDownload *self);
gint64 collate_download_get_size (CollateDownload *self);
double collate_download_get_speed (CollateDownload *self);

/* TRUE where what had come was of no use any more, and the file was begun again. */
gboolean collate_download_get_restarted (CollateDownload *self);

/* The SHA-256 of the whole file once it was computed, in lower case; (nullable). */
const char *collate_download_get_digest (CollateDownload *self);

/* TRUE where that was asked for, and is right. */
gboolean collate_download_is_verified (CollateDownload *self);

/* Why it failed; the message is a technical detail; (nullable). COLLATE_ERROR_OFFLINE, _TIMEOUT, _PROTOCOL (the
 * connection broke, or the server does not say how long the file is), _KEY (the server lets only those in who are known
 * to it), _RETIRED (there is nothing at that address), _RATE, _SERVER, _REFUSED, _UNSUPPORTED (an address that is not
 * collate_http_is_guarded(), a redirect to one), _INVALID (not the kind of file that is wanted: the check's own errors
 * pass, too), _DAMAGED (another SHA-256), _TOO_LARGE (the disk does not hold it), _UNWRITABLE (also where another
 * download writes there, or a file has the name already). */
const GError *collate_download_get_error (CollateDownload *self);

/* For tests: seconds without a byte until COLLATE_ERROR_TIMEOUT (60), and the factor on the waits between attempts. */
void collate_download_set_patience (CollateDownload *self, guint idle_timeout, double wait_factor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateDownloadNote, collate_download_note_free)

G_END_DECLS
