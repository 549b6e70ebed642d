/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-engine.h"
#include "tokens/collate-vocabulary.h"

G_BEGIN_DECLS

/* What a model file's tokenizer.chat_template comes down to for a conversation. Immutable; any thread. */
typedef struct _CollateTemplate CollateTemplate;

/* Recognises the format by its distinctive parts; NULL is COLLATE_CHAT_NONE; (transfer full). */
CollateTemplate *collate_template_new (const char *chat_template);

/* DeepSeek 3.2's, for which a program is published and no template; (transfer full). */
CollateTemplate *collate_template_new_deepseek32 (void);
void collate_template_free (CollateTemplate *self);

CollateChatFormat collate_template_get_format (CollateTemplate *self);

/* The conversation up to where the model begins to write: control tokens as tokens, the contents as text whatever they
 * spell; the turns as for collate_engine_encode_turns(), with its errors. `bos` is tokenizer.ggml.bos_token_id or -1; it
 * comes first where the template or `add_bos` asks for it. `think` matters where the template can switch. (nullable)
 * (transfer full); COLLATE_ERROR_UNSUPPORTED also where the template is none that is known. */
GArray *collate_template_encode_turns (CollateTemplate *self,
                                       CollateVocabulary *vocabulary,
                                       gint32 bos,
                                       gboolean add_bos,
                                       const CollateTurn *turns,
                                       gsize n_turns,
                                       gboolean think,
                                       GError **error);

/* The same for one system and one user message; (nullable) system. */
GArray *collate_template_encode (CollateTemplate *self,
                                 CollateVocabulary *vocabulary,
                                 gint32 bos,
                                 gboolean add_bos,
                                 const char *system,
                                 const char *user,
                                 gboolean think,
                                 GError **error);

/* The tags between which the model thinks, or NULL; static. `*begins_inside` is TRUE where a prompt encoded with
 * `think` ends within; one encoded without it never does. */
const char *collate_template_get_think_tags (CollateTemplate *self,
                                             const char **close,
                                             gboolean *begins_inside);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateTemplate, collate_template_free)

G_END_DECLS
