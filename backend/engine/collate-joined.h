/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-architecture.h"
#include "engine/collate-gguf.h"

G_BEGIN_DECLS

/* Older files of DeepSeek's family make keys and values of a latent row by one weight, "attn_kv_b": for each head n_plain
 * rows for its keys, then out_size rows for its values. */

/* The tensor that is bound, "attn_k_b" or "attn_v_b", out of the layer's joined one; keys change their places, and are F16
 * unless the file has them finer. FALSE without an error where the layer has no joined one; COLLATE_ERROR_INVALID where it
 * has another size, _TOO_LARGE. The tensor's data are to be freed with g_free(). */
gboolean collate_joined_take_part (CollateGguf *gguf,
                                   const CollateLatentShape *shape,
                                   const CollateBinding *binding,
                                   CollateTensor *part,
                                   GError **error);

G_END_DECLS
