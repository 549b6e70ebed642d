/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/collate-error.h"
#include "engine/collate-gguf.h"
#include "engine/collate-mapping.h"

G_BEGIN_DECLS

/* A place in the mapped file that only moves forward, never past its end, and knows what is being read, for messages.
 * All readers return FALSE with an error of COLLATE_ERROR. */
typedef struct
{
  const guint8 *data;
  gsize size;
  gsize offset;

  const char *kind; /* "key", "tensor"; NULL: the header */
  guint64 index;
  const char *name; /* NULL until it is read */
  gsize start;      /* where this key or tensor began */

  GError **error;
} CollateCursor;

/* From here on the cursor reads this key or tensor. */
void collate_cursor_begin (CollateCursor *cursor, const char *kind, guint64 index);

gboolean collate_cursor_fail (CollateCursor *cursor, CollateError code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

gsize collate_cursor_get_rest (const CollateCursor *cursor);

/* Moves over `n_bytes` and hands out where they begin: not aligned. */
gboolean collate_cursor_take (CollateCursor *cursor, guint64 n_bytes, const guint8 **bytes);
gboolean collate_cursor_read_u32 (CollateCursor *cursor, guint32 *value);
gboolean collate_cursor_read_u64 (CollateCursor *cursor, guint64 *value);
gboolean collate_cursor_read_string (CollateCursor *cursor, const guint8 **bytes, gsize *length);

/* A name of printable ASCII of at most `limit` bytes, copied into `strings`; the cursor's messages have it from then
 * on. */
gboolean collate_cursor_read_name (CollateCursor *cursor,
                                   gsize limit,
                                   GStringChunk *strings,
                                   const char **name);

/* What the keys say, sorted by key. */
typedef struct _CollateGgufKeys CollateGgufKeys;

/* Reads `n_keys` keys and their values; (nullable) (transfer full). The strings of arrays stay in the file. */
CollateGgufKeys *collate_gguf_keys_read (CollateCursor *cursor, guint64 n_keys, GStringChunk *strings);
void collate_gguf_keys_free (CollateGgufKeys *keys);

/* general.alignment, or 32. */
gboolean collate_gguf_keys_get_alignment (CollateGgufKeys *keys, CollateCursor *cursor, gsize *alignment);

struct _CollateGguf
{
  gatomicrefcount refs;
  CollateMapping *mapping;

  GStringChunk *strings; /* names and single values */
  CollateGgufKeys *keys;
  GArray *tensors;    /* Tensor, in the file's order */
  GPtrArray *by_name; /* the same, sorted */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateGgufKeys, collate_gguf_keys_free)

G_END_DECLS
