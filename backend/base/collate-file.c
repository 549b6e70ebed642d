/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-file.h"

#include <errno.h>
#include <fcntl.h>
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

/* A device or a pipe: a file beside it that takes its name would only take its place. */
static gboolean
write_through (const char *path, const char *data, gsize length, GError **error)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  int number = fd < 0 ? errno : 0;

  while (number == 0 && length > 0)
    {
      gssize written = write (fd, data, length);

      if (written >= 0)
        {
          data += written;
          length -= (gsize) written;
        }
      else if (errno != EINTR)
        number = errno;
    }
  if (fd >= 0 && close (fd) != 0 && number == 0)
    number = errno;

  return number == 0 || fail (number, error);
}

gboolean
collate_file_write (const char *path, const char *data, gsize length, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *target = NULL; /* what a link leads to */
  struct stat info;

  if (stat (path, &info) == 0)
    {
      if (S_ISDIR (info.st_mode))
        return fail (EISDIR, error);
      if (!S_ISREG (info.st_mode))
        return write_through (path, data, length, error);
    }

  target = realpath (path, NULL);
  if (g_file_set_contents_full (target != NULL ? target : path,
                                data,
                                (gssize) length,
                                G_FILE_SET_CONTENTS_CONSISTENT,
                                0666,
                                &problem))
    return TRUE;

  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNWRITABLE, problem->message);
  return FALSE;
}
