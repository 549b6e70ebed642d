/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "catalogue/collate-price.h"

G_BEGIN_DECLS

/* Providers, routes and models: what the models file says of them, immutable but for a model's chosen
 * route. All strings and objects are (transfer none) and live as long as their owner. Main thread. */

/* The wire format that a provider speaks. */
typedef enum
{
  COLLATE_API_OPENAI,    /* POST base_url/chat/completions */
  COLLATE_API_ANTHROPIC, /* POST base_url/v1/messages */
  COLLATE_API_ENGINE,    /* none: a model file that runs in this process */
} CollateApi;

/* Whether a model thinks before it answers. */
typedef enum
{
  COLLATE_THINKING_NONE,
  COLLATE_THINKING_SWITCH, /* the person chooses */
  COLLATE_THINKING_ALWAYS,
} CollateThinking;

#define COLLATE_TYPE_PROVIDER (collate_provider_get_type ())
G_DECLARE_FINAL_TYPE (CollateProvider, collate_provider, COLLATE, PROVIDER, GObject)

const char *collate_provider_get_id (CollateProvider *self);
const char *collate_provider_get_name (CollateProvider *self);
CollateApi collate_provider_get_api (CollateProvider *self);
const char *collate_provider_get_base_url (
    CollateProvider *self); /* without a slash at its end; "" for an engine */

/* The environment variable that names its key, or NULL where it needs none; (nullable). */
const char *collate_provider_get_key_name (CollateProvider *self);

/* The request's member for the output limit: "max_tokens", or "max_completion_tokens" where the file says
 * so. */
const char *collate_provider_get_limit_name (CollateProvider *self);

/* A page where a person gets a key, or NULL; (nullable). */
const char *collate_provider_get_key_page (CollateProvider *self);

/* TRUE where the person's own file defines it (it can be changed and removed in the window). */
gboolean collate_provider_is_own (CollateProvider *self);

#define COLLATE_TYPE_ROUTE (collate_route_get_type ())
G_DECLARE_FINAL_TYPE (CollateRoute, collate_route, COLLATE, ROUTE, GObject)

/* One way to a model: a provider and the name by which it knows the model. */
CollateProvider *collate_route_get_provider (CollateRoute *self);
const char *collate_route_get_model (CollateRoute *self);

/* The model file that an engine runs, or NULL for every other route; (nullable). */
const char *collate_route_get_path (CollateRoute *self);

/* TRUE where that file's model reads by sparse attention. */
gboolean collate_route_is_sparse (CollateRoute *self);

/* "deepseek/deepseek-chat": the provider's id and the route's model. */
const char *collate_route_get_id (CollateRoute *self);

/* The day from which it no longer answers, "2026-07-24", or NULL; (nullable). */
const char *collate_route_get_retired (CollateRoute *self);

/* Its prices, or NULL where they are unknown; (nullable). */
CollatePrice *collate_route_get_price (CollateRoute *self);

/* Members to merge into the request's body so that the model thinks or does not, or NULL where the wire
 * format's own way is meant; (nullable). */
JsonObject *collate_route_get_thinking (CollateRoute *self, gboolean on);

/* TRUE where `today` ("2026-11-22", UTC) is not before the day it retires. */
gboolean collate_route_is_retired (CollateRoute *self, const char *today);

/* Why a model cannot be asked now. */
typedef enum
{
  COLLATE_AVAILABLE,
  COLLATE_UNAVAILABLE_KEY,     /* a route is alive, but its key is missing */
  COLLATE_UNAVAILABLE_RETIRED, /* every route is retired, or there is none */
  COLLATE_UNAVAILABLE_FILE,    /* its model file cannot be used: collate_model_get_problem() */
} CollateAvailability;

#define COLLATE_TYPE_AVAILABILITY (collate_availability_get_type ())
GType collate_availability_get_type (void);

/* A fact to show about a model: "Parameters" → "671 B (37 B active)". */
typedef struct
{
  char *label; /* translated */
  char *value;
} CollateFact;

/* What is known of a model file: catalogue/collate-local-model.h. */
typedef struct _CollateLocalModel CollateLocalModel;

#define COLLATE_TYPE_MODEL (collate_model_get_type ())
G_DECLARE_FINAL_TYPE (CollateModel, collate_model, COLLATE, MODEL, GObject)

/* Properties: "route" and "availability" (read only, notified when keys or the day change), "free-memory". */
const char *collate_model_get_id (CollateModel *self);
const char *collate_model_get_name (CollateModel *self);

/* The context window in tokens, 0 where unknown; the longest output in tokens, 0 where unknown. */
gint64 collate_model_get_context (CollateModel *self);
gint64 collate_model_get_max_output (CollateModel *self);

/* Its tokenizer where we have it, or NULL; (nullable). */
const char *collate_model_get_encoding (CollateModel *self);

/* Tokens of this model for one token of the default encoding, where its own tokenizer is not to be had: 1.2
 * and more for Claude. 1.0 where "encoding" is one that the program has at hand, and not in a file of this machine. */
double collate_model_get_token_factor (CollateModel *self);

CollateThinking collate_model_get_thinking (CollateModel *self);

/* What is known of the model (parameters, active ones, licence, context, release, benchmarks, notes), in
 * the order to show it: an array of CollateFact, and where it is from; (nullable) source. */
GPtrArray *collate_model_get_facts (CollateModel *self);
const char *collate_model_get_facts_source (CollateModel *self);

/* All routes, in order of preference: a GListModel of CollateRoute. */
GListModel *collate_model_get_routes (CollateModel *self);

/* The first route that is alive and has a key; where no route is askable, the first that is alive, or else
 * the first of all, so that its price and what is missing can be shown; (nullable) where there are none. */
CollateRoute *collate_model_get_route (CollateModel *self);
CollateAvailability collate_model_get_availability (CollateModel *self);

/* TRUE where it is a file on this machine. */
gboolean collate_model_is_local (CollateModel *self);

/* TRUE where it is one, read by sparse attention: another entry is the same file, read whole. */
gboolean collate_model_is_sparse (CollateModel *self);

/* What its file says; (nullable): NULL for every other model. */
const CollateLocalModel *collate_model_get_local (CollateModel *self);

/* What this machine's memory holds of a model file by now: bytes that are free, and tokens of context (0: not even its
 * weights); -1 where that was not looked at. Where it is a graphics card's memory, `card` is its name, or else NULL;
 * (nullable). Whoever can look sets it; notified as "free-memory". */
gint64 collate_model_get_free_memory (CollateModel *self);
gint64 collate_model_get_held_context (CollateModel *self);
const char *collate_model_get_card (CollateModel *self);
void collate_model_set_free_memory (CollateModel *self,
                                    gint64 free_bytes,
                                    gint64 held_context,
                                    const char *card);

/* What is wrong with its model file, a sentence; NULL where nothing is; (nullable). */
const char *collate_model_get_problem (CollateModel *self);

G_END_DECLS
