/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* How long a model of this machine took for a token at each place of its timeline, first while it read and then while it
 * wrote. However long the timeline is, there are never more than COLLATE_MOST_PACE points of each: neighbours are joined.
 * Plain data. */
typedef struct
{
  gint64 end;      /* tokens of the timeline, those of this point included */
  gint64 n_tokens; /* of this point */
  gint64 duration; /* microseconds that they took together */
} CollatePacePoint;

#define COLLATE_MOST_PACE 192

typedef struct _CollatePace CollatePace;

CollatePace *collate_pace_new (void);
CollatePace *collate_pace_copy (const CollatePace *pace);
void collate_pace_free (CollatePace *pace);

/* Takes the next step; one that cannot be true is left out: fewer than one token, or more than there are. */
void collate_pace_add (CollatePace *pace, gboolean writing, const CollatePacePoint *step);

/* The points of reading or writing, in order; (nullable) (transfer none). */
const CollatePacePoint *collate_pace_get (const CollatePace *pace, gboolean writing, guint *n_points);

/* As the history keeps it, and back: what is malformed is left out; (transfer full). */
JsonObject *collate_pace_to_json (const CollatePace *pace);
CollatePace *collate_pace_from_json (JsonObject *object);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollatePace, collate_pace_free)

G_END_DECLS
