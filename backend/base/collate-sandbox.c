/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-sandbox.h"

/* Flatpak puts it into every sandbox, and nobody inside can take it away. */
#define MARK "/.flatpak-info"

static int pretended; /* atomic */

gboolean
collate_sandbox_is_inside (void)
{
  return g_atomic_int_get (&pretended) || g_file_test (MARK, G_FILE_TEST_EXISTS);
}

void
collate_sandbox_pretend (gboolean inside)
{
  g_atomic_int_set (&pretended, inside);
}
