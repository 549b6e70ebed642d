/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/collate-error.h"
#include "engine/collate-gguf.h"
#include "gguf-writer.h"

G_BEGIN_DECLS

/* A folder of the test's own, and a file in it. */
typedef struct
{
  char *folder;
  char *path;
} GgufFixture;

typedef void (*GgufTest) (GgufFixture *fixture, gconstpointer data);

/* Adds a test "/gguf/NAME". */
void gguf_fixture_add (const char *name, gconstpointer data, GgufTest test);

void gguf_fixture_save (GgufFixture *fixture, const guint8 *bytes, gsize n_bytes);

/* What is in the file, which is right. */
CollateGguf *gguf_fixture_open (GgufFixture *fixture);

/* What is in the file is refused with this code, and these words in the message. */
void gguf_fixture_refuse (GgufFixture *fixture, CollateError code, const char *words);

/* A small file that has every kind of thing once, behind `n_filling` bytes of text. */
GgufWriter *gguf_sample_new (guint32 version, guint32 alignment, gsize n_filling);

/* The usual one's bytes. */
GByteArray *gguf_sample_to_array (void);

/* What its arrays hold. */
extern const char *const gguf_sample_strings[3];
extern const gint64 gguf_sample_ints[3];
extern const float gguf_sample_floats[2];

/* Reads all that is offered, so that a sanitizer sees it. */
void gguf_read_everything (CollateGguf *gguf);

G_END_DECLS
