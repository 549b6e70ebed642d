/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Appends the bytes that `length` bytes of UTF-8 in GPT-2's byte alphabet spell; what has a character outside of it
 * stands for itself. Any thread. */
void collate_alphabet_decode (const char *text, gsize length, GByteArray *bytes);

G_END_DECLS
