/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/collate-inbox.h"
#include "net/collate-download.h"

G_BEGIN_DECLS

/* Private to the download's files: what the object hands to its thread, and what comes back. */

/* How far it is; sent through the inbox. */
typedef struct
{
  CollateDownloadState state;
  gint64 received;
  gint64 size;
  double speed;
  gboolean restarted;
} CollateDownloadProgress;

typedef struct
{
  CollateDownloadNote *note; /* the thread's own; what it learns is in it afterwards */
  char *magic;
  CollateDownloadCheck check;
  CollateInbox *inbox; /* of CollateDownloadProgress */
  GCancellable *cancellable;
  guint idle_timeout;
  double wait_factor;

  char *digest; /* the thread's result */
} CollateDownloadOrder;

/* Loads the file; blocks: for the download's own thread. */
gboolean collate_download_work (CollateDownloadOrder *order, GError **error);

/* The files beside the place of the whole one; (transfer full). */
char *collate_download_dup_partial_path (const char *path);
char *collate_download_dup_note_path (const char *path);

/* Writes down what is known; any thread; blocks. */
gboolean collate_download_note_write (const CollateDownloadNote *note, GError **error);

G_END_DECLS
