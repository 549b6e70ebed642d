/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalogue/collate-keys.h"
#include "compare/collate-client-pool.h"
#include "compare/collate-comparison.h"
#include "compare/collate-entry.h"
#include "documents/collate-library.h"

G_BEGIN_DECLS

/* Private to this room: asks for a comparison. Each entry has a lane, in which its runs go one after
 * another; the lanes go side by side, or one after another. Main thread. */

/* What is asked, and with what. Everything is copied or referenced. */
typedef struct
{
  const char *question;
  GPtrArray *entries; /* of CollateEntry */
  guint repeats;
  gboolean sequential;
  gint64 max_output;  /* the person's output limit, 0 for the default */
  const char *device; /* what model files run on; (nullable) */
  gint64 top_k;       /* tokens that a token reads in sparse attention; 0: as a model file says */
  CollateLibrary *library;
  CollateEncodings *encodings;
  CollateKeys *keys;
  CollateClientPool *pool;
} CollateOrder;

/* A comparison that asks as soon as collate_conductor_start() is called; (transfer full). */
CollateComparison *collate_conductor_prepare (const CollateOrder *order);
void collate_conductor_start (CollateComparison *comparison);

G_END_DECLS
