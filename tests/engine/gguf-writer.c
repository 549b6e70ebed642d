/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gguf-writer.h"

struct _GgufWriter
{
  guint32 version;
  gsize alignment;
  guint64 n_keys, n_tensors;
  GByteArray *keys;
  GByteArray *tensors; /* their descriptions */
  GByteArray *data;
};

GgufWriter *
gguf_writer_new (guint32 version)
{
  GgufWriter *writer = g_new0 (GgufWriter, 1);

  writer->version = version;
  writer->alignment = 32;
  writer->keys = g_byte_array_new ();
  writer->tensors = g_byte_array_new ();
  writer->data = g_byte_array_new ();
  return writer;
}

void
gguf_writer_free (GgufWriter *writer)
{
  g_byte_array_unref (writer->keys);
  g_byte_array_unref (writer->tensors);
  g_byte_array_unref (writer->data);
  g_free (writer);
}

static void
put (GByteArray *array, gconstpointer data, gsize n_bytes)
{
  g_byte_array_append (array, data, (guint) n_bytes);
}

/* The low bytes of a number, the lowest first. */
static void
put_int (GByteArray *array, guint64 value, gsize n_bytes)
{
  guint64 little = GUINT64_TO_LE (value);

  put (array, &little, n_bytes);
}

static void
put_string (GByteArray *array, const char *string, gsize length)
{
  put_int (array, length, 8);
  put (array, string, length);
}

static void
pad (GByteArray *array, gsize alignment)
{
  while (array->len % alignment != 0)
    put_int (array, 0, 1);
}

static gsize
get_type_size (GgufType type)
{
  switch (type)
    {
    case GGUF_UINT8:
    case GGUF_INT8:
    case GGUF_BOOL:
      return 1;
    case GGUF_UINT16:
    case GGUF_INT16:
      return 2;
    case GGUF_UINT32:
    case GGUF_INT32:
    case GGUF_FLOAT32:
      return 4;
    default:
      return 8;
    }
}

static void
begin_key (GgufWriter *writer, const char *key, guint32 type)
{
  writer->n_keys++;
  put_string (writer->keys, key, strlen (key));
  put_int (writer->keys, type, 4);
}

static void
begin_array (GgufWriter *writer, const char *key, GgufType element, gsize n)
{
  begin_key (writer, key, GGUF_ARRAY);
  put_int (writer->keys, element, 4);
  put_int (writer->keys, n, 8);
}

void
gguf_writer_set_alignment (GgufWriter *writer, guint32 alignment)
{
  writer->alignment = alignment;
  gguf_writer_add_int (writer, "general.alignment", GGUF_UINT32, alignment);
}

void
gguf_writer_add_int (GgufWriter *writer, const char *key, GgufType type, gint64 value)
{
  begin_key (writer, key, type);
  put_int (writer->keys, (guint64) value, get_type_size (type));
}

void
gguf_writer_add_double (GgufWriter *writer, const char *key, GgufType type, double value)
{
  float number = (float) value;

  begin_key (writer, key, type);
  if (type == GGUF_FLOAT32)
    put (writer->keys, &number, sizeof number);
  else
    put (writer->keys, &value, sizeof value);
}

void
gguf_writer_add_string (GgufWriter *writer, const char *key, const char *value)
{
  begin_key (writer, key, GGUF_STRING);
  put_string (writer->keys, value, strlen (value));
}

void
gguf_writer_add_ints (GgufWriter *writer, const char *key, GgufType type, const gint64 *values, gsize n)
{
  begin_array (writer, key, type, n);
  for (gsize i = 0; i < n; i++)
    put_int (writer->keys, (guint64) values[i], get_type_size (type));
}

void
gguf_writer_add_floats (GgufWriter *writer, const char *key, const float *values, gsize n)
{
  begin_array (writer, key, GGUF_FLOAT32, n);
  put (writer->keys, values, n * sizeof *values);
}

void
gguf_writer_add_strings (GgufWriter *writer,
                         const char *key,
                         const char *const *values,
                         const gsize *lengths,
                         gsize n)
{
  begin_array (writer, key, GGUF_STRING, n);
  for (gsize i = 0; i < n; i++)
    put_string (writer->keys, values[i], lengths != NULL ? lengths[i] : strlen (values[i]));
}

void
gguf_writer_add_raw (GgufWriter *writer, const char *key, guint32 type, const void *value, gsize n_bytes)
{
  begin_key (writer, key, type);
  put (writer->keys, value, n_bytes);
}

void
gguf_writer_add_raw_tensor (GgufWriter *writer,
                            const char *name,
                            guint32 type,
                            guint32 n_dimensions,
                            const guint64 *dimensions,
                            const void *data,
                            gsize n_bytes)
{
  pad (writer->data, writer->alignment);

  writer->n_tensors++;
  put_string (writer->tensors, name, strlen (name));
  put_int (writer->tensors, n_dimensions, 4);
  for (guint32 i = 0; i < n_dimensions; i++)
    put_int (writer->tensors, dimensions[i], 8);
  put_int (writer->tensors, type, 4);
  put_int (writer->tensors, writer->data->len, 8);

  put (writer->data, data, n_bytes);
}

void
gguf_writer_add_tensor (GgufWriter *writer,
                        const char *name,
                        CollateType type,
                        gint64 columns,
                        gint64 rows,
                        const float *numbers)
{
  const guint64 dimensions[] = { (guint64) columns, (guint64) rows };
  gsize n_bytes = collate_type_get_row_bytes (type, columns) * (gsize) rows;
  g_autofree guint8 *data = g_malloc0 (n_bytes);

  gguf_pack (type, numbers, data, columns * rows);
  gguf_writer_add_raw_tensor (writer, name, type, rows > 1 ? 2 : 1, dimensions, data, n_bytes);
}

GBytes *
gguf_writer_to_bytes (GgufWriter *writer)
{
  GByteArray *file = g_byte_array_new ();

  put (file, "GGUF", 4);
  put_int (file, writer->version, 4);
  put_int (file, writer->n_tensors, 8);
  put_int (file, writer->n_keys, 8);
  put (file, writer->keys->data, writer->keys->len);
  put (file, writer->tensors->data, writer->tensors->len);
  pad (file, writer->alignment);
  put (file, writer->data->data, writer->data->len);

  return g_byte_array_free_to_bytes (file);
}

void
gguf_writer_save (GgufWriter *writer, const char *path)
{
  g_autoptr (GBytes) bytes = gguf_writer_to_bytes (writer);
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (path,
                            g_bytes_get_data (bytes, NULL),
                            (gssize) g_bytes_get_size (bytes),
                            G_FILE_SET_CONTENTS_CONSISTENT,
                            0600,
                            &error);
  g_assert_no_error (error);
}
