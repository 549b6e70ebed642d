/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-model.h"
#include "engine/collate-shape.h"

G_BEGIN_DECLS

/* A kind of network, by the name that files give it ("llama"). Static. */
typedef struct _CollateArchitecture CollateArchitecture;

/* COLLATE_ERROR_UNSUPPORTED where it is not known; (nullable) `name`. */
const CollateArchitecture *collate_architecture_find (const char *name, GError **error);

const CollateFamily *collate_architecture_get_family (const CollateArchitecture *self);

/* A tensor that a layer has, and where it belongs. */
typedef struct
{
  const char *name; /* "blk.0.attn_q.weight" */
  gsize field;      /* of CollateLayer */
  gint64 columns, rows;
  gint64 n_groups; /* that its rows are taken in */
  gboolean is_experts;
  gboolean may_be_joined; /* with another one in the layer's "attn_kv_b.weight", where it is missing */
} CollateBinding;

/* FALSE, with an error, ends it. */
typedef gboolean (*CollateBindFunc) (const CollateBinding *binding, gpointer user_data, GError **error);

/* Hands over all tensors of a layer of a file of this shape. */
gboolean collate_architecture_bind_layer (const CollateArchitecture *self,
                                          CollateGguf *gguf,
                                          const CollateShape *shape,
                                          gint64 layer,
                                          CollateBindFunc bind,
                                          gpointer user_data,
                                          GError **error);

G_END_DECLS
