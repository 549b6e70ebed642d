/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-tensor.h"

G_BEGIN_DECLS

/* A GGUF file (version 2 or 3, little-endian), mapped and checked before anything of it is believed: every length,
 * offset, count and size against the file. What describes it is bounded (128 MiB, 65,536 keys, 65,536 tensors), and
 * tensors do not overlap. Immutable; any thread. The file has to keep its bytes while it is open, since whoever replaces
 * a model writes beside it and renames; bytes that are cut off in place read as zeros, and collate_gguf_check() says
 * so. */
typedef struct _CollateGguf CollateGguf;

/* Maps a file; (nullable) (transfer full). COLLATE_ERROR_UNREADABLE, _INVALID (what and where), _UNSUPPORTED (a
 * version, big-endian, a tensor's type, an array of arrays). The message names the key or tensor and its place. */
CollateGguf *collate_gguf_open (const char *path, GError **error);
CollateGguf *collate_gguf_ref (CollateGguf *gguf);
void collate_gguf_unref (CollateGguf *gguf);

/* COLLATE_ERROR_UNREADABLE where bytes that were read so far are gone: what was computed with them is worth nothing. */
gboolean collate_gguf_check (CollateGguf *gguf, GError **error);

gsize collate_gguf_get_size (CollateGguf *gguf);

/* A value by key. FALSE where there is none of a type that fits: integers of any width, booleans, floats of either.
 * Strings are UTF-8 and NUL-terminated, copies that live as long as `gguf`. */
gboolean collate_gguf_get_int (CollateGguf *gguf, const char *key, gint64 *value);
gboolean collate_gguf_get_double (CollateGguf *gguf, const char *key, double *value);
gboolean collate_gguf_get_boolean (CollateGguf *gguf, const char *key, gboolean *value);
const char *collate_gguf_get_string (CollateGguf *gguf, const char *key);

/* An array by key: the number of its elements, -1 where there is none of that type. Strings are any bytes, still in
 * the file and not NUL-terminated. Integers are those of 32 bits, unsigned ones bit for bit. NULL where it is empty. */
gint64 collate_gguf_get_strings (CollateGguf *gguf,
                                 const char *key,
                                 const char *const **strings,
                                 const gsize **lengths);
gint64 collate_gguf_get_floats (CollateGguf *gguf, const char *key, const float **floats);
gint64 collate_gguf_get_ints (CollateGguf *gguf, const char *key, const gint32 **ints);
gint64 collate_gguf_get_booleans (CollateGguf *gguf, const char *key, const guint8 **booleans);

/* A tensor by name, NULL where there is none; lives as long as `gguf`. */
const CollateTensor *collate_gguf_get_tensor (CollateGguf *gguf, const char *name);

/* All tensors, in the file's order. */
gsize collate_gguf_get_n_tensors (CollateGguf *gguf);
const char *collate_gguf_get_nth_tensor (CollateGguf *gguf, gsize n, const CollateTensor **tensor);

/* Bytes of all of them together. */
gint64 collate_gguf_get_tensor_bytes (CollateGguf *gguf);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateGguf, collate_gguf_unref)

G_END_DECLS
