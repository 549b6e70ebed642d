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

/* What a model is loaded for. */
typedef struct
{
  void (*begin) (gpointer data); /* before the model is loaded, each time */
  gboolean (*compute) (CollateEngine *engine, gpointer data, GError **error);
  const gboolean *has_told; /* set once what it made is out, and cannot be made anew */
  gpointer data;
} CollateLoadedWork;

/* Works with the model of a file on a device. What its device cannot do any more is unloaded, to be loaded anew, and where
 * that is a graphics card that nobody named, it is tried once more on the CPU. */
gboolean collate_loaded_run (CollateLoaded *loaded,
                             const char *path,
                             const char *device,
                             const CollateLoadedWork *work,
                             GCancellable *cancellable,
                             GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateLoaded, collate_loaded_free)

G_END_DECLS
