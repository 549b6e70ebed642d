/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a person writes who wants a model file from the network. Any thread. */

/* The address to load from: a page of Hugging Face that shows a file stands for the file; white space around it and the
 * part after "#" go. NULL where it is none that collate_http_is_guarded(); (nullable) (transfer full). */
char *collate_model_address_resolve (const char *text);

/* What the file's name in the address makes of the model's name: of one line, no path, without ".gguf", not hidden and
 * not too long, "model" where nothing is left; (transfer full). */
char *collate_model_address_dup_name (const char *address);

/* A SHA-256 as people copy it, with "sha256:" before it or not, in lower case: NULL where the text is empty; FALSE where
 * it is none; (nullable) (transfer full) digest. */
gboolean collate_model_address_parse_digest (const char *text, char **digest);

G_END_DECLS
