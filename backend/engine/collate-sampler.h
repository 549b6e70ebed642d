/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How the next token is chosen. All zero is greedy. */
typedef struct
{
  double temperature; /* 0: greedy */
  double top_p;       /* 0 or 1: off */
  int top_k;          /* 0: off */
  double min_p;       /* 0: off */
  guint64 seed;
} CollateSampling;

/* Plain C; one thread at a time. */
typedef struct _CollateSampler CollateSampler;

CollateSampler *collate_sampler_new (const CollateSampling *sampling);

/* The next token. Filters in this order: top-k, top-p, min-p, then temperature; equal logits: the lower id. NaN counts
 * as the least. -1 where there are none. */
gint32 collate_sampler_pick (CollateSampler *sampler, const float *logits, gsize n_logits);

void collate_sampler_free (CollateSampler *sampler);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateSampler, collate_sampler_free)

G_END_DECLS
