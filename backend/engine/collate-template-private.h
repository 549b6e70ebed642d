/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-engine.h"

G_BEGIN_DECLS

/* What the formats are written with. */

#define OPEN_TAG "<think>"
#define CLOSE_TAG "</think>"

/* DeepSeek's, with its full-width bars. */
#define DEEPSEEK_USER "<\357\275\234User\357\275\234>"
#define DEEPSEEK_ASSISTANT "<\357\275\234Assistant\357\275\234>"
#define DEEPSEEK_END "<｜end▁of▁sentence｜>"
#define DEEPSEEK_DSML "\357\275\234DSML\357\275\234"

/* Tokens so far, and text that waits to become tokens: text between two control tokens is encoded as one, whoever
 * wrote its parts, because tokens may lie across them. */
typedef struct
{
  CollateVocabulary *vocabulary;
  GArray *tokens;
  GString *text;
} CollateTemplateWriter;

void collate_template_write_text (CollateTemplateWriter *writer, const char *text);

/* A vocabulary without that token was trained with its spelling. */
void collate_template_write_control (CollateTemplateWriter *writer, const char *spelling);

/* The format's own words, in which the tags of thinking and the mark of calls may be tokens; NULL is nothing. */
void collate_template_write_tags (CollateTemplateWriter *writer, const char *text);

/* The turns as DeepSeek 3.2 has them, but for what opens or closes thinking after the last one; COLLATE_ERROR_INVALID
 * where a tool or a call's arguments are no JSON object. */
gboolean collate_template_write_dsml (CollateTemplateWriter *writer,
                                      const CollateTurn *turns,
                                      gsize n_turns,
                                      gboolean think,
                                      GError **error);

G_END_DECLS
