/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Looks for the texts that end an answer, and lets through what cannot become one. One thread at a time. */
typedef struct _CollateStops CollateStops;

typedef void (*CollateStopsFunc) (const char *text, gpointer user_data);

/* `texts` are not empty, and copied; (nullable) texts: none; (transfer full). */
CollateStops *collate_stops_new (const char *const *texts, CollateStopsFunc on_text, gpointer user_data);

/* FALSE where one was found: what stands before it was let through, and nothing else will be. */
gboolean collate_stops_add (CollateStops *stops, const char *text);

/* Lets through what was held back. */
void collate_stops_end (CollateStops *stops);

gboolean collate_stops_was_found (CollateStops *stops);

void collate_stops_free (CollateStops *stops);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateStops, collate_stops_free)

G_END_DECLS
