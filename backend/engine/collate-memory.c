/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-memory.h"

#include <string.h>

#include "base/collate-error.h"

/* Linux grants memory that it does not have, and kills later: so what is there is asked for first. */

#define MIB (1 << 20)

gint64
collate_memory_get_available (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/meminfo", &text, NULL, NULL))
    return G_MAXINT64;
  line = strstr (text, "MemAvailable:");
  return line ? g_ascii_strtoll (line + strlen ("MemAvailable:"), NULL, 10) * 1024 : G_MAXINT64;
}

gboolean
collate_memory_check_in (gint64 available,
                         gint64 n_bytes,
                         const char *what,
                         const char *device,
                         GError **error)
{
  if (n_bytes <= available)
    return TRUE;
  if (device)
    g_set_error (error,
                 COLLATE_ERROR,
                 COLLATE_ERROR_TOO_LARGE,
                 "%s take %" G_GINT64_FORMAT " MiB of the memory of %s, where %" G_GINT64_FORMAT
                 " MiB are free",
                 what,
                 n_bytes / MIB,
                 device,
                 available / MIB);
  else
    g_set_error (error,
                 COLLATE_ERROR,
                 COLLATE_ERROR_TOO_LARGE,
                 "%s take %" G_GINT64_FORMAT " MiB of memory, %" G_GINT64_FORMAT " MiB are free",
                 what,
                 n_bytes / MIB,
                 available / MIB);
  return FALSE;
}

gboolean
collate_memory_check (gint64 n_bytes, const char *what, GError **error)
{
  return collate_memory_check_in (collate_memory_get_available (), n_bytes, what, NULL, error);
}

gboolean
collate_memory_must_leave (gint64 available, gint64 n_bytes, gint64 n_left)
{
  return n_left < n_bytes && n_bytes > available - available / 8;
}

gint64
collate_memory_fit (gint64 available, gint64 n_fixed, gint64 n_per_item, gint64 n_wanted)
{
  gint64 left = available - available / 8 - n_fixed;

  return CLAMP (left / n_per_item, 0, n_wanted);
}
