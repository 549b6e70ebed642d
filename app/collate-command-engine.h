/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "collate-command-private.h"
#include "engine/collate-engine.h"

G_BEGIN_DECLS

/* What the commands share that run a model file themselves. */

/* Which model file, and how it is run, as it was given. */
typedef struct
{
  char *model;
  char *attention;
  char *top_k;
  char *index_bits;
  char *device;
} CollateEngineOptions;

void collate_engine_options_clear (CollateEngineOptions *options);

/* Their entries but the first, whose words are the command's own. */
#define COLLATE_ENGINE_ENTRIES(options, attentions)                                                          \
  COLLATE_OPTION ("attention", &(options)->attention, N_ ("Read by this attention"), (attentions)),          \
      COLLATE_OPTION ("top-k", &(options)->top_k, N_ ("Sparse: let each token read N tokens"), "N"),         \
      COLLATE_OPTION ("index-bits",                                                                          \
                      &(options)->index_bits,                                                                \
                      N_ ("Sparse: keep the keys of a trained index in 16 bits, or in 8"),                   \
                      "16|8"),                                                                               \
      COLLATE_OPTION ("device", &(options)->device, N_ ("Run on this device"), "NAME")

/* Puts the path of a file in the place of "local:NAME". FALSE after saying so where there is none of that name. */
gboolean collate_command_find_model (CollateEngineOptions *options);

/* Reads how a session shall read: an attention by name (NULL: dense), --top-k (NULL: the model's own) and --index-bits
 * (NULL: 16). FALSE after saying so where one of them is not known, or the last two are of no use. */
gboolean collate_command_parse_attention (const CollateEngineOptions *options, CollateEngineReading *reading);

/* The same for "dense,sparse", as an array of CollateEngineReading; (nullable) (transfer full). */
GArray *collate_command_parse_attentions (const CollateEngineOptions *options);

/* "dense", "sparse"; static. */
const char *collate_command_get_attention (const CollateEngineReading *reading);

/* Says what went wrong with `subject`; COLLATE_EXIT_INCOMPLETE. */
int collate_command_fail (const GError *error, const char *subject);

/* Says why no graphics card computes, where `avoided` does; (nullable). */
void collate_command_tell_avoided (const GError *avoided);

G_END_DECLS
