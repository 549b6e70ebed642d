/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-gguf-private.h"

#include <stdlib.h>
#include <string.h>

/* The keys of a model file and their values, read once into sorted order: a hostile file can make every key of a hash
 * table collide, but not a sort slow. What is taken in memory stays within a few times the file's own size, because
 * nothing is allocated before its bytes are known to be there. */

typedef enum
{
  TYPE_UINT8,
  TYPE_INT8,
  TYPE_UINT16,
  TYPE_INT16,
  TYPE_UINT32,
  TYPE_INT32,
  TYPE_FLOAT32,
  TYPE_BOOL,
  TYPE_STRING,
  TYPE_ARRAY,
  TYPE_UINT64,
  TYPE_INT64,
  TYPE_FLOAT64,
  N_TYPES,
} ValueType;

/* Bytes of a value; 0: it says so itself. */
static const gsize type_sizes[N_TYPES] = {
  [TYPE_UINT8] = 1,  [TYPE_INT8] = 1,  [TYPE_UINT16] = 2,  [TYPE_INT16] = 2,
  [TYPE_UINT32] = 4, [TYPE_INT32] = 4, [TYPE_FLOAT32] = 4, [TYPE_BOOL] = 1,
  [TYPE_UINT64] = 8, [TYPE_INT64] = 8, [TYPE_FLOAT64] = 8,
};

typedef struct
{
  gsize n;
  gsize *lengths;
  const char **strings; /* in the file */
} StringArray;

/* The numbers are a copy, because those in the file are not aligned; NULL: of a type that nobody asks for. */
typedef struct
{
  gsize n;
  gpointer numbers;
} NumberArray;

/* A number of any type, its bytes as in the file. */
typedef union
{
  guint8 u8; /* and booleans */
  gint8 i8;
  guint16 u16;
  gint16 i16;
  guint32 u32;
  gint32 i32;
  gint64 i64; /* and unsigned ones */
  float f32;
  double f64;
} Number;

typedef struct
{
  const char *key;
  gsize start; /* its place in the file */
  guint32 type;
  guint32 element; /* of an array */
  union
  {
    Number number;
    const char *string;
    StringArray strings;
    NumberArray numbers;
  };
} Entry;

struct _CollateGgufKeys
{
  GArray *entries; /* Entry */
};

static void
clear_entry (gpointer data)
{
  Entry *entry = data;

  if (entry->type != TYPE_ARRAY)
    return;
  if (entry->element == TYPE_STRING)
    {
      g_free (entry->strings.lengths);
      g_free (entry->strings.strings);
    }
  else
    g_free (entry->numbers.numbers);
}

static gboolean
check_booleans (CollateCursor *cursor, const guint8 *bytes, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (bytes[i] > 1)
      return collate_cursor_fail (cursor, COLLATE_ERROR_INVALID, "%u is no boolean", bytes[i]);

  return TRUE;
}

static gboolean
read_string_array (CollateCursor *cursor, guint64 n, StringArray *array)
{
  /* Each has a length of eight bytes. */
  if (n > collate_cursor_get_rest (cursor) / 8)
    return collate_cursor_fail (cursor,
                                COLLATE_ERROR_INVALID,
                                "an array of %" G_GUINT64_FORMAT " strings goes beyond the file's end",
                                n);

  array->n = (gsize) n;
  array->lengths = g_new (gsize, n);
  array->strings = g_new (const char *, n);
  for (gsize i = 0; i < n; i++)
    {
      const guint8 *bytes;

      if (!collate_cursor_read_string (cursor, &bytes, &array->lengths[i]))
        return FALSE;
      array->strings[i] = (const char *) bytes;
    }

  return TRUE;
}

static gboolean
read_number_array (CollateCursor *cursor, guint32 element, guint64 n, NumberArray *array)
{
  gsize size = type_sizes[element];
  const guint8 *bytes;

  if (n > collate_cursor_get_rest (cursor) / size)
    return collate_cursor_fail (cursor,
                                COLLATE_ERROR_INVALID,
                                "an array of %" G_GUINT64_FORMAT " numbers goes beyond the file's end",
                                n);
  if (!collate_cursor_take (cursor, n * size, &bytes))
    return FALSE;
  if (element == TYPE_BOOL && !check_booleans (cursor, bytes, (gsize) n))
    return FALSE;

  array->n = (gsize) n;
  if (element == TYPE_INT32 || element == TYPE_UINT32 || element == TYPE_FLOAT32 || element == TYPE_BOOL)
    array->numbers = g_memdup2 (bytes, (gsize) n * size);
  return TRUE;
}

static gboolean
read_array (CollateCursor *cursor, Entry *entry)
{
  guint32 element;
  guint64 n;

  if (!collate_cursor_read_u32 (cursor, &element) || !collate_cursor_read_u64 (cursor, &n))
    return FALSE;
  if (element == TYPE_ARRAY)
    return collate_cursor_fail (cursor, COLLATE_ERROR_UNSUPPORTED, "arrays of arrays are not supported");
  if (element >= N_TYPES)
    return collate_cursor_fail (cursor, COLLATE_ERROR_INVALID, "an array of the unknown type %u", element);

  entry->element = element;
  return element == TYPE_STRING ? read_string_array (cursor, n, &entry->strings)
                                : read_number_array (cursor, element, n, &entry->numbers);
}

static gboolean
read_string (CollateCursor *cursor, GStringChunk *strings, const char **string)
{
  const guint8 *bytes;
  gsize length;

  if (!collate_cursor_read_string (cursor, &bytes, &length))
    return FALSE;
  if (!g_utf8_validate_len ((const char *) bytes, length, NULL))
    return collate_cursor_fail (cursor, COLLATE_ERROR_INVALID, "its text is not UTF-8 or has a NUL in it");

  *string = g_string_chunk_insert_len (strings, (const char *) bytes, (gssize) length);
  return TRUE;
}

static gboolean
read_value (CollateCursor *cursor, GStringChunk *strings, Entry *entry)
{
  const guint8 *bytes;

  if (entry->type >= N_TYPES)
    return collate_cursor_fail (cursor, COLLATE_ERROR_INVALID, "the unknown type %u", entry->type);
  if (entry->type == TYPE_ARRAY)
    return read_array (cursor, entry);
  if (entry->type == TYPE_STRING)
    return read_string (cursor, strings, &entry->string);

  if (!collate_cursor_take (cursor, type_sizes[entry->type], &bytes))
    return FALSE;
  memcpy (&entry->number, bytes, type_sizes[entry->type]);
  return entry->type != TYPE_BOOL || check_booleans (cursor, bytes, 1);
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  return strcmp (((const Entry *) a)->key, ((const Entry *) b)->key);
}

static gboolean
sort_entries (CollateCursor *cursor, GArray *entries)
{
  g_array_sort (entries, compare_entries);

  for (guint i = 1; i < entries->len; i++)
    {
      const Entry *entry = &g_array_index (entries, Entry, i);

      if (compare_entries (entry - 1, entry) == 0)
        {
          cursor->name = entry->key;
          cursor->start = MAX (entry[-1].start, entry->start);
          return collate_cursor_fail (cursor, COLLATE_ERROR_INVALID, "it stands twice in the file");
        }
    }

  return TRUE;
}

CollateGgufKeys *
collate_gguf_keys_read (CollateCursor *cursor, guint64 n_keys, GStringChunk *strings)
{
  g_autoptr (CollateGgufKeys) keys = g_new0 (CollateGgufKeys, 1);

  keys->entries = g_array_new (FALSE, TRUE, sizeof (Entry));
  g_array_set_clear_func (keys->entries, clear_entry);

  for (guint64 i = 0; i < n_keys; i++)
    {
      Entry *entry;

      collate_cursor_begin (cursor, "key", i);
      g_array_set_size (keys->entries, (guint) i + 1);
      entry = &g_array_index (keys->entries, Entry, i);
      entry->start = cursor->start;

      if (!collate_cursor_read_name (cursor, G_MAXUINT16, strings, &entry->key) ||
          !collate_cursor_read_u32 (cursor, &entry->type) || !read_value (cursor, strings, entry))
        return NULL;
    }
  if (!sort_entries (cursor, keys->entries))
    return NULL;

  return g_steal_pointer (&keys);
}

void
collate_gguf_keys_free (CollateGgufKeys *keys)
{
  g_array_unref (keys->entries);
  g_free (keys);
}

static const Entry *
find (CollateGgufKeys *keys, const char *key)
{
  Entry wanted = { .key = key };

  if (keys->entries->len == 0)
    return NULL;

  return bsearch (&wanted, keys->entries->data, keys->entries->len, sizeof wanted, compare_entries);
}

static const Entry *
find_typed (CollateGguf *gguf, const char *key, ValueType type)
{
  const Entry *entry = find (gguf->keys, key);

  return entry != NULL && entry->type == (guint32) type ? entry : NULL;
}

static const Entry *
find_array (CollateGguf *gguf, const char *key, ValueType element)
{
  const Entry *entry = find_typed (gguf, key, TYPE_ARRAY);

  return entry != NULL && entry->element == (guint32) element ? entry : NULL;
}

static gboolean
get_int (const Entry *entry, gint64 *value)
{
  switch (entry->type)
    {
    case TYPE_UINT8:
      *value = entry->number.u8;
      return TRUE;
    case TYPE_INT8:
      *value = entry->number.i8;
      return TRUE;
    case TYPE_UINT16:
      *value = entry->number.u16;
      return TRUE;
    case TYPE_INT16:
      *value = entry->number.i16;
      return TRUE;
    case TYPE_UINT32:
      *value = entry->number.u32;
      return TRUE;
    case TYPE_INT32:
      *value = entry->number.i32;
      return TRUE;
    case TYPE_INT64:
      *value = entry->number.i64;
      return TRUE;
    case TYPE_UINT64:
      *value = entry->number.i64;
      return entry->number.i64 >= 0;
    default:
      return FALSE;
    }
}

gboolean
collate_gguf_keys_get_alignment (CollateGgufKeys *keys, CollateCursor *cursor, gsize *alignment)
{
  const Entry *entry = find (keys, "general.alignment");
  gint64 value = 32;

  if (entry != NULL &&
      (!get_int (entry, &value) || value < 8 || value > G_MAXINT32 || (value & (value - 1)) != 0))
    {
      cursor->kind = "key";
      cursor->name = entry->key;
      cursor->start = entry->start;
      return collate_cursor_fail (cursor, COLLATE_ERROR_INVALID, "it is not a power of two from 8 to 2³⁰");
    }

  *alignment = (gsize) value;
  return TRUE;
}

gboolean
collate_gguf_get_int (CollateGguf *gguf, const char *key, gint64 *value)
{
  const Entry *entry = find (gguf->keys, key);

  return entry != NULL && get_int (entry, value);
}

gboolean
collate_gguf_get_double (CollateGguf *gguf, const char *key, double *value)
{
  const Entry *entry = find (gguf->keys, key);

  if (entry == NULL || (entry->type != TYPE_FLOAT32 && entry->type != TYPE_FLOAT64))
    return FALSE;

  *value = entry->type == TYPE_FLOAT32 ? (double) entry->number.f32 : entry->number.f64;
  return TRUE;
}

gboolean
collate_gguf_get_boolean (CollateGguf *gguf, const char *key, gboolean *value)
{
  const Entry *entry = find_typed (gguf, key, TYPE_BOOL);

  if (entry == NULL)
    return FALSE;

  *value = entry->number.u8;
  return TRUE;
}

const char *
collate_gguf_get_string (CollateGguf *gguf, const char *key)
{
  const Entry *entry = find_typed (gguf, key, TYPE_STRING);

  return entry != NULL ? entry->string : NULL;
}

gint64
collate_gguf_get_strings (CollateGguf *gguf,
                          const char *key,
                          const char *const **strings,
                          const gsize **lengths)
{
  const Entry *entry = find_array (gguf, key, TYPE_STRING);

  if (entry == NULL)
    return -1;

  *strings = entry->strings.strings;
  *lengths = entry->strings.lengths;
  return (gint64) entry->strings.n;
}

gint64
collate_gguf_get_floats (CollateGguf *gguf, const char *key, const float **floats)
{
  const Entry *entry = find_array (gguf, key, TYPE_FLOAT32);

  if (entry == NULL)
    return -1;

  *floats = entry->numbers.numbers;
  return (gint64) entry->numbers.n;
}

gint64
collate_gguf_get_ints (CollateGguf *gguf, const char *key, const gint32 **ints)
{
  const Entry *entry = find_array (gguf, key, TYPE_INT32);

  if (entry == NULL)
    entry = find_array (gguf, key, TYPE_UINT32);
  if (entry == NULL)
    return -1;

  *ints = entry->numbers.numbers;
  return (gint64) entry->numbers.n;
}

gint64
collate_gguf_get_booleans (CollateGguf *gguf, const char *key, const guint8 **booleans)
{
  const Entry *entry = find_array (gguf, key, TYPE_BOOL);

  if (entry == NULL)
    return -1;

  *booleans = entry->numbers.numbers;
  return (gint64) entry->numbers.n;
}
