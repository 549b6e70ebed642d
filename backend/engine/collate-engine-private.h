/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-engine.h"
#include "engine/collate-model.h"
#include "engine/collate-template.h"
#include "tokens/collate-vocabulary.h"

G_BEGIN_DECLS

/* What the parts of the boundary share. */

/* Tokens that a graphics card's memory holds at least, for the card to be worth taking. */
#define COLLATE_LEAST_CONTEXT 4096

#define COLLATE_VULKAN_PREFIX "vulkan:"

/* The index in a device's name; FALSE where it is none of a graphics card. */
gboolean collate_engine_parse_card (const char *name, guint *index);

/* The graphics card that "auto" takes first: its index; FALSE where there is none. */
gboolean collate_engine_find_card (guint *index);

CollateEngineModel *collate_engine_get_model (CollateEngine *engine);

/* collate_engine_open() on a device by its name, or, where that fails, on another one (nullable). */
CollateEngine *collate_engine_open_on (const char *path,
                                       const char *device,
                                       const char *other,
                                       GCancellable *cancellable,
                                       GError **error);

/* Bytes that a session of a model of this shape takes, however long it is, and for each token of its context. */
void collate_engine_session_measure (const CollateShape *shape,
                                     const CollateEngineReading *reading,
                                     gint64 *n_fixed,
                                     gint64 *n_per_token);

/* COLLATE_ERROR_TOO_LARGE where the device of a loaded model has no memory left for a session that is worth having. */
gboolean collate_engine_session_check_room (CollateEngineModel *model, GError **error);

/* How a file says that its model is talked to; (transfer full). */
CollateTemplate *collate_engine_read_template (CollateGguf *gguf);

/* What a file says of itself; (transfer full). */
CollateEngineInfo *collate_engine_info_new (CollateGguf *gguf, CollateTemplate *chat);

/* A file's tokenizer, and the tokens that it names. */
typedef struct
{
  CollateVocabulary *vocabulary;
  gint32 bos;       /* -1: none */
  gboolean add_bos; /* before each text */
  gint32 ends[3];   /* of a text, a turn, a message; -1: none */
} CollateTokenizer;

/* COLLATE_ERROR_UNSUPPORTED, COLLATE_ERROR_INVALID. */
gboolean collate_tokenizer_read (CollateGguf *gguf, CollateTokenizer *tokenizer, GError **error);

G_END_DECLS
