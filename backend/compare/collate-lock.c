/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "compare/collate-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/collate-error.h"

struct _CollateLock
{
  int fd;
  char *file;
  char *name;
};

static char *
get_file (const char *path, const char *name)
{
  return g_strdup_printf ("%s.%s.lock", path, name);
}

CollateLock *
collate_lock_new (const char *path, GError **error)
{
  CollateLock *lock = g_new0 (CollateLock, 1);

  lock->name = g_uuid_string_random ();
  lock->file = get_file (path, lock->name);
  lock->fd = open (lock->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (lock->fd < 0 || flock (lock->fd, LOCK_EX | LOCK_NB) != 0)
    {
      g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNWRITABLE, "%s: %s", lock->file, g_strerror (errno));
      collate_lock_free (lock);
      return NULL;
    }

  return lock;
}

const char *
collate_lock_get_name (CollateLock *lock)
{
  return lock->name;
}

void
collate_lock_free (CollateLock *lock)
{
  if (lock->fd >= 0)
    {
      unlink (lock->file);
      close (lock->fd);
    }
  g_free (lock->file);
  g_free (lock->name);
  g_free (lock);
}

gboolean
collate_lock_is_held (const char *path, const char *name)
{
  g_autofree char *file = NULL;
  gboolean held;
  int fd;

  /* The name comes from the file of the history: it must not lead elsewhere. */
  if (!g_uuid_string_is_valid (name))
    return FALSE;

  file = get_file (path, name);
  fd = open (file, O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return FALSE;

  /* Shared: another program may be looking, too, and is not the one that holds it. */
  held = flock (fd, LOCK_SH | LOCK_NB) != 0;
  if (!held)
    unlink (file);
  close (fd);

  return held;
}
