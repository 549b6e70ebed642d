/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-gguf-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file: magic, version, counts; keys; tensors; then, aligned, the tensors' data, which stays in the file. */

#define MAX_NAME 64
#define MAX_DIMENSIONS 4

/* What describes a file is tens of megabytes at most (a vocabulary and its merges); with this limit a file of holes,
 * whose size costs nothing, cannot claim memory without end. */
#define MAX_DESCRIPTION (128u << 20)
#define MAX_COUNT (1u << 16) /* of keys, of tensors */

typedef struct
{
  const char *name;
  gsize start;    /* where its description stands in the file */
  guint64 offset; /* of its data, from where the data begins */
  CollateTensor tensor;
} Tensor;

static gboolean
fail_opening (const char *path, int number, GError **error)
{
  g_autofree char *name = g_filename_display_basename (path);

  g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, "%s: %s", name, g_strerror (number));
  return FALSE;
}

static gboolean
map_fd (CollateGguf *gguf, int fd, const char *path, GError **error)
{
  struct stat info;

  if (fstat (fd, &info) != 0)
    return fail_opening (path, errno, error);
  if (!S_ISREG (info.st_mode))
    return fail_opening (path, S_ISDIR (info.st_mode) ? EISDIR : EINVAL, error);
  if (info.st_size == 0)
    {
      g_set_error_literal (
          error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "header at byte 0: the file is empty");
      return FALSE;
    }
  if ((guint64) info.st_size > G_MAXSSIZE)
    return fail_opening (path, EFBIG, error);

  gguf->mapping = collate_mapping_new (fd, (gsize) info.st_size);
  return gguf->mapping != NULL || fail_opening (path, errno, error);
}

static gboolean
map (CollateGguf *gguf, const char *path, GError **error)
{
  /* Not to wait for the other end, should it be a pipe. */
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  gboolean mapped;

  if (fd < 0)
    return fail_opening (path, errno, error);

  mapped = map_fd (gguf, fd, path, error);
  close (fd);
  return mapped;
}

static gboolean
read_header (CollateCursor *cursor, guint64 *n_tensors, guint64 *n_keys)
{
  const guint8 *magic;
  guint32 version;

  if (!collate_cursor_take (cursor, 4, &magic))
    return FALSE;
  if (memcmp (magic, "GGUF", 4) != 0)
    return collate_cursor_fail (cursor, COLLATE_ERROR_INVALID, "not a GGUF file");

  if (!collate_cursor_read_u32 (cursor, &version))
    return FALSE;
  if (G_BYTE_ORDER != G_LITTLE_ENDIAN || (version & 0xffff) == 0)
    return collate_cursor_fail (
        cursor, COLLATE_ERROR_UNSUPPORTED, "big-endian files and machines are not supported");
  if (version != 2 && version != 3)
    return collate_cursor_fail (cursor, COLLATE_ERROR_UNSUPPORTED, "version %u is not supported", version);

  if (!collate_cursor_read_u64 (cursor, n_tensors) || !collate_cursor_read_u64 (cursor, n_keys))
    return FALSE;
  if (*n_tensors > MAX_COUNT || *n_keys > MAX_COUNT)
    return collate_cursor_fail (cursor,
                                COLLATE_ERROR_INVALID,
                                "%" G_GUINT64_FORMAT " tensors and %" G_GUINT64_FORMAT
                                " keys are beyond belief",
                                *n_tensors,
                                *n_keys);

  return TRUE;
}

static gboolean
read_shape (CollateCursor *cursor, CollateTensor *tensor)
{
  guint32 n_dimensions;

  if (!collate_cursor_read_u32 (cursor, &n_dimensions))
    return FALSE;
  if (n_dimensions > MAX_DIMENSIONS)
    return collate_cursor_fail (cursor, COLLATE_ERROR_INVALID, "%u dimensions", n_dimensions);

  tensor->columns = tensor->rows = 1;
  for (guint32 i = 0; i < n_dimensions; i++)
    {
      gint64 *product = i == 0 ? &tensor->columns : &tensor->rows;
      guint64 size;

      if (!collate_cursor_read_u64 (cursor, &size))
        return FALSE;
      if (size == 0 || size > G_MAXINT64 || *product > G_MAXINT64 / (gint64) size)
        return collate_cursor_fail (
            cursor, COLLATE_ERROR_INVALID, "its dimension %u is %" G_GUINT64_FORMAT, i, size);
      *product *= (gint64) size;
    }

  return TRUE;
}

static gboolean
read_type (CollateCursor *cursor, CollateTensor *tensor)
{
  guint32 type;
  gsize row_bytes;

  if (!collate_cursor_read_u32 (cursor, &type))
    return FALSE;
  if (!collate_type_is_known (type))
    return collate_cursor_fail (cursor, COLLATE_ERROR_UNSUPPORTED, "its type %u is not supported", type);

  tensor->type = (CollateType) type;
  row_bytes = collate_type_get_row_bytes (tensor->type, tensor->columns);
  if (row_bytes == 0)
    return collate_cursor_fail (cursor,
                                COLLATE_ERROR_INVALID,
                                "%" G_GINT64_FORMAT " columns are no whole number of blocks of %s",
                                tensor->columns,
                                collate_type_get_name (tensor->type));
  if (!g_size_checked_mul (&tensor->n_bytes, row_bytes, (gsize) tensor->rows))
    return collate_cursor_fail (cursor, COLLATE_ERROR_INVALID, "its size overflows");

  return TRUE;
}

static gboolean
read_tensors (CollateGguf *gguf, CollateCursor *cursor, guint64 n_tensors)
{
  for (guint64 i = 0; i < n_tensors; i++)
    {
      Tensor tensor = { .start = cursor->offset };

      collate_cursor_begin (cursor, "tensor", i);
      if (!collate_cursor_read_name (cursor, MAX_NAME, gguf->strings, &tensor.name) ||
          !read_shape (cursor, &tensor.tensor) || !read_type (cursor, &tensor.tensor) ||
          !collate_cursor_read_u64 (cursor, &tensor.offset))
        return FALSE;
      g_array_append_val (gguf->tensors, tensor);
    }

  return TRUE;
}

static Tensor *
get_tensor (CollateGguf *gguf, gsize n)
{
  return &g_array_index (gguf->tensors, Tensor, n);
}

static gboolean
fail_at (CollateCursor *cursor, const Tensor *tensor, const char *message)
{
  cursor->kind = "tensor";
  cursor->name = tensor->name;
  cursor->start = tensor->start;
  return collate_cursor_fail (cursor, COLLATE_ERROR_INVALID, "%s", message);
}

/* The data begins at the next aligned byte after the descriptions. */
static gboolean
place_tensors (CollateGguf *gguf, CollateCursor *cursor, gsize alignment)
{
  gsize begin = (cursor->offset + alignment - 1) & ~(alignment - 1);
  gsize size = collate_gguf_get_size (gguf);

  for (gsize i = 0; i < gguf->tensors->len; i++)
    {
      Tensor *tensor = get_tensor (gguf, i);

      if (tensor->offset % alignment != 0)
        return fail_at (cursor, tensor, "its data is not aligned");
      if (begin > size || tensor->offset > size - begin ||
          tensor->tensor.n_bytes > size - begin - tensor->offset)
        return fail_at (cursor, tensor, "its data goes beyond the file's end");
      tensor->tensor.data = collate_mapping_get_data (gguf->mapping) + begin + tensor->offset;
    }

  return TRUE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(const Tensor *const *) a)->name, (*(const Tensor *const *) b)->name);
}

static int
compare_places (gconstpointer a, gconstpointer b)
{
  guint64 left = (*(const Tensor *const *) a)->offset, right = (*(const Tensor *const *) b)->offset;

  return (left > right) - (left < right);
}

/* No two of a name, and no two in the same bytes: else a small file could ask for any amount of memory on a device. */
static gboolean
sort_tensors (CollateGguf *gguf, CollateCursor *cursor)
{
  GPtrArray *sorted = gguf->by_name;

  for (gsize i = 0; i < gguf->tensors->len; i++)
    g_ptr_array_add (sorted, get_tensor (gguf, i));

  g_ptr_array_sort (sorted, compare_places);
  for (guint i = 1; i < sorted->len; i++)
    {
      const Tensor *before = sorted->pdata[i - 1], *tensor = sorted->pdata[i];

      if (tensor->offset - before->offset < before->tensor.n_bytes)
        return fail_at (cursor, tensor, "its data lies within that of another");
    }

  g_ptr_array_sort (sorted, compare_names);
  for (guint i = 1; i < sorted->len; i++)
    if (compare_names (&sorted->pdata[i - 1], &sorted->pdata[i]) == 0)
      return fail_at (cursor, sorted->pdata[i], "it stands twice in the file");

  return TRUE;
}

static gboolean
read_all (CollateGguf *gguf, GError **error)
{
  CollateCursor cursor = {
    .data = collate_mapping_get_data (gguf->mapping),
    .size = MIN (collate_gguf_get_size (gguf), MAX_DESCRIPTION),
    .error = error,
  };
  guint64 n_tensors, n_keys;
  gsize alignment;

  if (!read_header (&cursor, &n_tensors, &n_keys))
    return FALSE;

  gguf->keys = collate_gguf_keys_read (&cursor, n_keys, gguf->strings);
  return gguf->keys != NULL && read_tensors (gguf, &cursor, n_tensors) &&
         collate_gguf_keys_get_alignment (gguf->keys, &cursor, &alignment) &&
         place_tensors (gguf, &cursor, alignment) && sort_tensors (gguf, &cursor);
}

CollateGguf *
collate_gguf_open (const char *path, GError **error)
{
  g_autoptr (CollateGguf) gguf = g_new0 (CollateGguf, 1);
  g_autoptr (GError) local_error = NULL;
  gboolean is_right;

  g_atomic_ref_count_init (&gguf->refs);
  gguf->strings = g_string_chunk_new (4096);
  gguf->tensors = g_array_new (FALSE, FALSE, sizeof (Tensor));
  gguf->by_name = g_ptr_array_new ();

  if (!map (gguf, path, error))
    return NULL;

  /* What vanished while it was read is not what is wrong with the file. */
  is_right = read_all (gguf, &local_error);
  if (!collate_gguf_check (gguf, error))
    return NULL;
  if (!is_right)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }

  return g_steal_pointer (&gguf);
}

CollateGguf *
collate_gguf_ref (CollateGguf *gguf)
{
  g_atomic_ref_count_inc (&gguf->refs);
  return gguf;
}

void
collate_gguf_unref (CollateGguf *gguf)
{
  if (!g_atomic_ref_count_dec (&gguf->refs))
    return;

  g_clear_pointer (&gguf->keys, collate_gguf_keys_free);
  g_array_unref (gguf->tensors);
  g_ptr_array_unref (gguf->by_name);
  g_string_chunk_free (gguf->strings);
  g_clear_pointer (&gguf->mapping, collate_mapping_free);
  g_free (gguf);
}

gboolean
collate_gguf_check (CollateGguf *gguf, GError **error)
{
  return collate_mapping_check (gguf->mapping, error);
}

gsize
collate_gguf_get_size (CollateGguf *gguf)
{
  return collate_mapping_get_size (gguf->mapping);
}

const CollateTensor *
collate_gguf_get_tensor (CollateGguf *gguf, const char *name)
{
  const Tensor wanted = { .name = name };
  const Tensor *key = &wanted;
  Tensor *const *found;

  if (gguf->by_name->len == 0)
    return NULL;

  found = bsearch (&key, gguf->by_name->pdata, gguf->by_name->len, sizeof key, compare_names);
  return found != NULL ? &(*found)->tensor : NULL;
}

gsize
collate_gguf_get_n_tensors (CollateGguf *gguf)
{
  return gguf->tensors->len;
}

const char *
collate_gguf_get_nth_tensor (CollateGguf *gguf, gsize n, const CollateTensor **tensor)
{
  const Tensor *nth = get_tensor (gguf, n);

  if (tensor != NULL)
    *tensor = &nth->tensor;
  return nth->name;
}

gint64
collate_gguf_get_tensor_bytes (CollateGguf *gguf)
{
  gint64 n_bytes = 0;

  for (guint i = 0; i < gguf->tensors->len; i++)
    n_bytes += (gint64) get_tensor (gguf, i)->tensor.n_bytes;
  return n_bytes;
}
