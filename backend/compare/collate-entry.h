/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "catalogue/collate-model.h"
#include "reading/collate-prompt.h"

G_BEGIN_DECLS

/* An entry that can be ticked: a model and a way of reading, whether it is ticked, and what asking it now
 * would take. The workspace keeps the estimates up to date. Main thread. Properties: "id", "name", "model"
 * (read only), "selected" and "thinking" (read and write), "input-tokens" (gint64, -1 unknown), "at-most"
 * (CollateMoney as gint64), "fit" (read only, notified). */

#define COLLATE_TYPE_ENTRY (collate_entry_get_type ())
G_DECLARE_FINAL_TYPE (CollateEntry, collate_entry, COLLATE, ENTRY, GObject)

typedef enum
{
  COLLATE_FIT_UNKNOWN, /* the model's context or the documents' tokens are not known */
  COLLATE_FIT_WHOLE,   /* input and output limit fit the context */
  COLLATE_FIT_TOO_LONG,
} CollateFit;

#define COLLATE_TYPE_FIT (collate_fit_get_type ())
GType collate_fit_get_type (void);

CollateEntry *collate_entry_new (CollateModel *model, CollateReading reading);

/* "gpt-5", with its reading's suffix where that is not whole; what findings and the command line name it
 * by. */
const char *collate_entry_get_id (CollateEntry *self);
const char *collate_entry_get_name (CollateEntry *self);
CollateModel *collate_entry_get_model (CollateEntry *self);
CollateReading collate_entry_get_reading (CollateEntry *self);

gboolean collate_entry_get_selected (CollateEntry *self);
void collate_entry_set_selected (CollateEntry *self, gboolean selected);

/* Whether a model that lets one choose shall think; FALSE at first. */
gboolean collate_entry_get_thinking (CollateEntry *self);
void collate_entry_set_thinking (CollateEntry *self, gboolean thinking);

/* The tokens of system message and question by this model's tokenizer, or our estimate; -1 while not known.
   */
gint64 collate_entry_get_input_tokens (CollateEntry *self);

/* The output limit that will be sent, in tokens. */
gint64 collate_entry_get_output_limit (CollateEntry *self);

/* What the model's window has to hold: input and the longest answer; of a model file, whose answer takes what is left,
 * one token of it. -1 where the input is not counted. */
gint64 collate_entry_get_needed_tokens (CollateEntry *self);

/* The same for another limit of the person's (0: the default). */
gint64 collate_entry_get_output_limit_for (CollateEntry *self, gint64 max_output);

/* What the question costs at most: all input at full price and output up to the limit; may be unknown. */
CollateMoney collate_entry_get_at_most (CollateEntry *self);
CollateFit collate_entry_get_fit (CollateEntry *self);

/* For the workspace: takes the input's tokens and the person's output limit (0: the smaller of the model's
 * and 4096) and works out the rest. */
void collate_entry_estimate (CollateEntry *self, gint64 input_tokens, gint64 max_output);

G_END_DECLS
