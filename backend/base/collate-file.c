/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/collate-error.h"

static gboolean
fail (int number, GError **error)
{
  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNWRITABLE, g_strerror (number));
  return FALSE;
}

/* 0, or what went wrong. */
static int
write_all (int fd, const char *data, gsize length)
{
  while (length > 0)
    {
      gssize written = write (fd, data, length);

      if (written >= 0)
        {
          data += written;
          length -= (gsize) written;
        }
      else if (errno != EINTR)
        return errno;
    }

  return 0;
}

/* Ends what `number` says of a file so far. */
static int
close_file (int fd, int number)
{
  return close (fd) != 0 && number == 0 ? errno : number;
}

/* Into what is there: a device or a pipe, whose place a file beside it would only take, or a file that nothing may stand
 * beside. */
static int
write_through (const char *path, int flags, const char *data, gsize length)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags);

  return fd >= 0 ? close_file (fd, write_all (fd, data, length)) : errno;
}

/* Beside its place first, so that it is whole or not there. */
static int
write_beside (const char *path, const char *data, gsize length)
{
  g_autofree char *beside = g_strconcat (path, ".XXXXXX", NULL);
  int fd = g_mkstemp_full (beside, O_WRONLY | O_CLOEXEC, 0666);
  int number = fd >= 0 ? write_all (fd, data, length) : errno;

  if (fd < 0)
    return number;
  if (number == 0 && fsync (fd) != 0)
    number = errno;
  number = close_file (fd, number);
  if (number == 0 && g_rename (beside, path) != 0)
    number = errno;
  if (number != 0)
    g_unlink (beside);

  return number;
}

static gboolean
is_refusal (int number)
{
  return number == EACCES || number == EPERM || number == EROFS;
}

/* What went wrong is said in the system's words, which hold no path: in a sandbox that would be nobody's. */
gboolean
collate_file_write (const char *path, const char *data, gsize length, GError **error)
{
  g_autofree char *target = NULL; /* what a link leads to */
  struct stat info;
  gboolean exists = stat (path, &info) == 0;
  int number;

  if (exists && S_ISDIR (info.st_mode))
    return fail (EISDIR, error);
  if (exists && !S_ISREG (info.st_mode))
    number = write_through (path, 0, data, length);
  else
    {
      target = realpath (path, NULL);
      number = write_beside (target != NULL ? target : path, data, length);
      if (exists && is_refusal (number))
        number = write_through (path, O_TRUNC, data, length);
    }

  return number == 0 || fail (number, error);
}
