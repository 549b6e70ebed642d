/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "collate-session.h"

G_BEGIN_DECLS

/* Preferences: how to ask, keys, servers, prices. */
#define COLLATE_TYPE_PREFERENCES (collate_preferences_get_type ())
G_DECLARE_FINAL_TYPE (CollatePreferences, collate_preferences, COLLATE, PREFERENCES, AdwPreferencesWindow)

/* Shows the preferences over `parent`, at `place`: "" or "general", "keys", "servers", "local", or "key:NAME" for
 * one key. */
void collate_preferences_present (CollateSession *session,
                                  GSettings *settings,
                                  GtkWindow *parent,
                                  const char *place);

G_END_DECLS
