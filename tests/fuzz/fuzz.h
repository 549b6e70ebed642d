/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A target: what strangers' bytes are given to, and what must hold whatever they are. Each target is one file, linked
 * with replay.c (everywhere, with any compiler) or with libFuzzer (./dev fuzz). */

/* libFuzzer's name for it; always 0. What must not be aborts. */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

typedef void (*FuzzSeedFunc) (const char *name, const guint8 *data, gsize size, gpointer user_data);

/* Hands over inputs to begin with, which say what right ones look like; names are file names. */
void fuzz_each_seed (FuzzSeedFunc on_seed, gpointer user_data);

/* Hands over texts, to a NULL, as seeds that are named by their number. */
void fuzz_each_text (const char *const *texts, FuzzSeedFunc on_seed, gpointer user_data);

/* Makes the bytes, followed by zeros up to `least` of them, a file without a name on any disk; its path, which stays the
 * same. */
const char *fuzz_make_file (const guint8 *data, gsize size, gsize least);

/* An input is read from its beginning: bytes that choose, and the rest. */
typedef struct
{
  const guint8 *data;
  gsize size;
} FuzzInput;

/* The next byte; 0 at the end. */
guint8 fuzz_input_take (FuzzInput *input);

/* The next bytes, as many as the byte before them says, or all that are left. */
FuzzInput fuzz_input_take_part (FuzzInput *input);

G_END_DECLS
