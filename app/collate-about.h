/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "collate-session.h"

G_BEGIN_DECLS

/* Shows who made the program, under which licence, and what a bug report should say of this machine. */
void collate_about_present (GtkWindow *parent, CollateSession *session);

G_END_DECLS
