/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-sandbox.h"

#include <errno.h>

/* Flatpak puts it into every sandbox, and nobody inside can take it away. */
#define MARK "/.flatpak-info"

static int pretended; /* atomic */

gboolean
collate_sandbox_is_inside (void)
{
  return g_atomic_int_get (&pretended) || g_file_test (MARK, G_FILE_TEST_EXISTS);
}

gboolean
collate_sandbox_hides (int number)
{
  return (number == ENOENT || number == EACCES) && collate_sandbox_is_inside ();
}

void
collate_sandbox_pretend (gboolean inside)
{
  g_atomic_int_set (&pretended, inside);
}
