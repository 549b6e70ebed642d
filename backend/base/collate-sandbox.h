/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* TRUE inside a Flatpak's sandbox, which hides a person's files: those come through portals. Any thread. */
gboolean collate_sandbox_is_inside (void);

/* TRUE where `number` (errno) is what a sandbox says of a file that it hides: there is none. Any thread. */
gboolean collate_sandbox_hides (int number);

/* For tests: as if it were so from now on. */
void collate_sandbox_pretend (gboolean inside);

G_END_DECLS
