/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tokens/collate-vocabulary.h"

G_BEGIN_DECLS

/* What DeepSeek's chat templates of 3.2 are recognised by. */
#define DEEPSEEK32_TEMPLATE                                                                                  \
  "{%- set dsml_token = '｜DSML｜' -%}{{- bos_token -}}{{- ns.system_prompt -}}"                           \
  "{{- '<｜User｜>' + message['content'] -}}{{- '<｜Assistant｜>' -}}"                                   \
  "{{- '\\n\\n<' + dsml_token + 'function_calls>\\n' -}}{{- '<｜end▁of▁sentence｜>' -}}"

/* What "｜DSML｜" is in a vocabulary. */
typedef enum
{
  DSML_TEXT = 0,
  DSML_CONTROL = 3,
  DSML_USER_DEFINED = 4,
} DsmlKind;

/* DeepSeek 3's own vocabulary, with the ids that it has, read from a model file that this writes; (transfer full). */
CollateVocabulary *deepseek_vocabulary_new (void);

/* The same special tokens at their ids, but 256 bytes for all others: quick to make; (transfer full). */
CollateVocabulary *deepseek_vocabulary_new_tiny (DsmlKind dsml);

/* The tokens as people read them, special ones between brackets, without bars: "[User]Hi[/think]"; (transfer full). */
char *deepseek_vocabulary_spell (CollateVocabulary *vocabulary, const GArray *ids);

G_END_DECLS
