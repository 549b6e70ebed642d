/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "collate-session.h"

G_BEGIN_DECLS

/* The application with a window: it owns the session and the settings, and hands them down. */
#define COLLATE_TYPE_APPLICATION (collate_application_get_type ())
G_DECLARE_FINAL_TYPE (CollateApplication, collate_application, COLLATE, APPLICATION, AdwApplication)

CollateApplication *collate_application_new (void);

/* The parts, there once it has started; (transfer none). */
CollateSession *collate_application_get_session (CollateApplication *self);
GSettings *collate_application_get_settings (CollateApplication *self);

G_END_DECLS
