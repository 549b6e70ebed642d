/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-engine.h"

G_BEGIN_DECLS

/* The models that are loaded, each with a timeline for a way of reading, for those who ask again and again. Blocks: for a worker's thread,
 * one at a time. */
typedef struct _CollateLoaded CollateLoaded;

CollateLoaded *collate_loaded_new (void);
void collate_loaded_free (CollateLoaded *loaded);

/* The model of a file on a device (NULL: the best one), loaded where it is not, where the file became another one, or
 * where it computes nothing any more. Where memory is short, models that were loaded before make room. (nullable)
 * (transfer none), until the next call. */
CollateEngine *collate_loaded_get_engine (CollateLoaded *loaded,
                                          const char *path,
                                          const char *device,
                                          GCancellable *cancellable,
                                          GError **error);

/* The timeline that reads so (NULL: dense) of the model that collate_loaded_get_engine() gave last, opened where it is
 * not. Where memory does not hold two of them as long, the older one makes room. (nullable) (transfer none), until the
 * next call. */
CollateEngineSession *collate_loaded_get_session (CollateLoaded *loaded,
                                                  const CollateEngineReading *reading,
                                                  GError **error);

/* Tells that the model that collate_loaded_get_engine() gave last could not compute. What its device cannot do any more
 * is unloaded, to be loaded anew. TRUE where the CPU takes the place of a graphics card that nobody named: asking again
 * helps. */
gboolean collate_loaded_fail (CollateLoaded *loaded, const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateLoaded, collate_loaded_free)

G_END_DECLS
