/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-tensor.h"

G_BEGIN_DECLS

/* Writes model files for tests: right ones, and ones that are wrong in one place. */
typedef struct _GgufWriter GgufWriter;

/* GGUF's numbers for the types of values. */
typedef enum
{
  GGUF_UINT8,
  GGUF_INT8,
  GGUF_UINT16,
  GGUF_INT16,
  GGUF_UINT32,
  GGUF_INT32,
  GGUF_FLOAT32,
  GGUF_BOOL,
  GGUF_STRING,
  GGUF_ARRAY,
  GGUF_UINT64,
  GGUF_INT64,
  GGUF_FLOAT64,
} GgufType;

GgufWriter *gguf_writer_new (guint32 version);
void gguf_writer_free (GgufWriter *writer);

/* Adds general.alignment too; 32 where this is not called. */
void gguf_writer_set_alignment (GgufWriter *writer, guint32 alignment);

/* A key with an integer or boolean, a number, a text. */
void gguf_writer_add_int (GgufWriter *writer, const char *key, GgufType type, gint64 value);
void gguf_writer_add_double (GgufWriter *writer, const char *key, GgufType type, double value);
void gguf_writer_add_string (GgufWriter *writer, const char *key, const char *value);

/* A key with an array; `lengths` NULL: to the NUL. */
void gguf_writer_add_ints (GgufWriter *writer, const char *key, GgufType type, const gint64 *values, gsize n);
void gguf_writer_add_floats (GgufWriter *writer, const char *key, const float *values, gsize n);
void gguf_writer_add_strings (GgufWriter *writer,
                              const char *key,
                              const char *const *values,
                              const gsize *lengths,
                              gsize n);

/* A key with any type and any bytes after it. */
void gguf_writer_add_raw (GgufWriter *writer,
                          const char *key,
                          guint32 type,
                          const void *value,
                          gsize n_bytes);

/* A tensor of these numbers, packed. */
void gguf_writer_add_tensor (GgufWriter *writer,
                             const char *name,
                             CollateType type,
                             gint64 columns,
                             gint64 rows,
                             const float *numbers);

/* A tensor with any description, and any bytes as its data. */
void gguf_writer_add_raw_tensor (GgufWriter *writer,
                                 const char *name,
                                 guint32 type,
                                 guint32 n_dimensions,
                                 const guint64 *dimensions,
                                 const void *data,
                                 gsize n_bytes);

/* The file; (transfer full). */
GBytes *gguf_writer_to_bytes (GgufWriter *writer);
void gguf_writer_save (GgufWriter *writer, const char *path);

/* The plain way from numbers to blocks: not the best one, but the nearest quant for a scale that reaches the largest
 * number. `count` is whole blocks. */
void gguf_pack (CollateType type, const float *numbers, gpointer data, gint64 count);

/* The letter that stands for a byte in byte-level vocabularies: itself where it can be seen, else one from U+0100 on;
 * (transfer full). */
char *gguf_spell_byte (guint byte);

/* A deterministic source of numbers; (-1, 1). */
float gguf_random (guint64 *state);

/* What a tiny model is made of. Its vocabulary: 3 control tokens ("<|endoftext|>" 0, "<|im_start|>" 1, "<|im_end|>" 2),
 * for qwen3 also "<think>" 3 and "</think>" 4, then the 256 bytes, then some merges. llama ties its output to its
 * embedding, as SmolLM2 does; qwen3's heads together are wider than its rows. */
typedef struct
{
  gint64 columns; /* 64; 256 for the K types */
  gint64 hidden;  /* 96; 512 */
  gint64 layers;  /* 2 */
  gint64 heads, kv_heads, head_size;
  gint64 context;
  gsize vocabulary;
} GgufTinyModel;

/* Writes a random model of "llama", "qwen2", "qwen3", or "deepseek2", "deepseek32", "glm-dsa" (of no K type), whose matrices
 * are of `type`; the same for the same seed. */
void gguf_writer_tiny_model (const char *path, const char *architecture, CollateType type, guint64 seed);

/* The same by parts: its shape, and a writer that can still be added to. */
GgufTinyModel gguf_tiny_model_get_shape (const char *architecture, CollateType type);
GgufWriter *gguf_tiny_model_new (const char *architecture, CollateType type, guint64 seed);

/* One of DeepSeek's family with the same numbers, as older files have them: what makes keys and values is one weight. */
GgufWriter *gguf_tiny_joined_new (const char *architecture, CollateType type, guint64 seed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GgufWriter, gguf_writer_free)

G_END_DECLS
