/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "catalogue/collate-keys.h"
#include "catalogue/collate-local-model.h"
#include "catalogue/collate-model.h"
#include "net/collate-http.h"

G_BEGIN_DECLS

/* The models file: { "version": 1, "providers": { ID: … }, "models": [ … ], "line_ups": { ID: … },
 * "default_line_up": ID }. Members that are not named here are ignored; "?" marks what may be missing.
 *
 * provider   name?, api? ("openai" or "anthropic"), base_url, key? (its environment variable's name),
 *            limit? (the output limit's member in requests: "max_tokens" or "max_completion_tokens"),
 *            key_page? (where a person gets a key)
 * model      id, name, routes, context?, max_output?, encoding?, token_factor? (tokens for one of the
 *            default encoding, where "encoding" is missing), thinking? ("none", "switch", "always"), facts?
 * route      provider, model, retired? ("2026-07-24"), price?, thinking? ({ "on": …, "off": … }: members
 *            that requests get)
 * price      in USD per million tokens: input?, cached_input?, cache_write?, cache_write_1h?, output?,
 *            tiers? ([ { "above": tokens of input, the same members } ]), peak? ({ "weekdays"?: 1 is Monday,
 *            "hours_utc"?: [ [from, until] ], the same members }), as_of?, source?
 * facts      parameters?, active?, licence?, released?, benchmarks? ({ NAME: text }), notes?, source?
 * line_up    name?, models */

/* What can be asked: a GListModel of CollateModel, from the built-in models file, overlaid by the person's
 * own (an entry replaces the built-in one of the same id whole), with prices of a list refreshed on
 * request. Watches the keys, and chooses each model's route. Main thread. Signal "changed": models, prices,
 * routes or line-ups became others. */

#define COLLATE_TYPE_CATALOGUE (collate_catalogue_get_type ())
G_DECLARE_FINAL_TYPE (CollateCatalogue, collate_catalogue, COLLATE, CATALOGUE, GObject)

/* A named set of models. Immutable. */
#define COLLATE_TYPE_LINE_UP (collate_line_up_get_type ())
G_DECLARE_FINAL_TYPE (CollateLineUp, collate_line_up, COLLATE, LINE_UP, GObject)

const char *collate_line_up_get_id (CollateLineUp *self);
const char *collate_line_up_get_name (CollateLineUp *self);
const char *const *collate_line_up_get_models (CollateLineUp *self); /* ids of entries, NULL-terminated */
gboolean collate_line_up_is_own (CollateLineUp *self);               /* the person's own: can be removed */

/* Reads the built-in file (JSON bytes, ours), the person's own at `user_path`, and the refreshed prices at
 * `prices_path` where there are any. An own file that is damaged, or missing where `user_required`, leaves
 * the built-in list in force and is told by collate_catalogue_get_problem(); an entry that is malformed is
 * left out, told there too, and leaves the rest. Without `user_path` nothing can be changed, without
 * `prices_path` no prices be refreshed; (nullable) both; (transfer full). */
CollateCatalogue *collate_catalogue_new (GBytes *built_in,
                                         const char *user_path,
                                         gboolean user_required,
                                         const char *prices_path,
                                         CollateKeys *keys);

/* What is wrong with the person's own file, whose path the message begins with; (nullable) (transfer none).
 */
const GError *collate_catalogue_get_problem (CollateCatalogue *self);

/* Reads the person's own file again, after it was changed by hand. */
void collate_catalogue_reload (CollateCatalogue *self);

/* Replaces the model files of this machine: an array of CollateLocalModel, copied. They are entries "local:NAME" of the
 * provider "local", listed first, free of charge, and stay when the files are read again. */
void collate_catalogue_set_local_models (CollateCatalogue *self, GPtrArray *local_models);

/* A model, a provider by id; (nullable) (transfer none). */
CollateModel *collate_catalogue_lookup (CollateCatalogue *self, const char *id);
CollateProvider *collate_catalogue_lookup_provider (CollateCatalogue *self, const char *id);

/* The keys that the catalogue watches; (transfer none). */
CollateKeys *collate_catalogue_get_keys (CollateCatalogue *self);

/* GListModels of CollateProvider and CollateLineUp, kept up to date; (transfer none). */
GListModel *collate_catalogue_get_providers (CollateCatalogue *self);
GListModel *collate_catalogue_get_line_ups (CollateCatalogue *self);

/* The line-up that is ticked at the first start and asked without --models: the one that the files name as
 * "default_line_up", or else the first one; (nullable) (transfer none). */
CollateLineUp *collate_catalogue_get_default_line_up (CollateCatalogue *self);

/* Every change is an error, and nothing is changed, where the own file cannot be read (it is the person's
 * work) or written: COLLATE_ERROR_INVALID, _UNREADABLE, or _UNSUPPORTED where there is none. After a change,
 * or collate_catalogue_reload(), all models are other objects: keep ids. */

/* Adds a server of the person's (or changes it) with these models ("" as key name: it needs no key) to the
 * own file, written atomically; the own file's other content stays. Ids are made from the names. */
gboolean collate_catalogue_add_server (CollateCatalogue *self,
                                       const char *name,
                                       CollateApi api,
                                       const char *base_url,
                                       const char *key_name,
                                       const char *const *models,
                                       const gint64 *contexts,
                                       GError **error);

/* Takes one of the person's own providers, with the models that only it routes to, out of the own file. */
gboolean collate_catalogue_remove_server (CollateCatalogue *self, const char *id, GError **error);

/* Stores a line-up under a name, or removes one, in the own file. */
gboolean collate_catalogue_save_line_up (CollateCatalogue *self,
                                         const char *name,
                                         const char *const *models,
                                         GError **error);
gboolean collate_catalogue_remove_line_up (CollateCatalogue *self, const char *id, GError **error);

/* Sets the price of a route of the person's own server, or overrides any route's, in USD per million
 * tokens; NaN is unknown. */
gboolean collate_catalogue_set_price (CollateCatalogue *self,
                                      const char *model_id,
                                      double input,
                                      double cached_input,
                                      double output,
                                      GError **error);

/* The public price list that collate_catalogue_refresh_prices_async() reads unless told otherwise. */
#define COLLATE_PRICE_LIST "https://models.dev/api.json"

/* Fetches a price list (the JSON of models.dev), checks all of it before any of it is believed, keeps it at
 * `prices_path` with its date and source, and applies it to every built-in route that it names. Own entries
 * keep their prices. Only ever at the person's request. */
void collate_catalogue_refresh_prices_async (CollateCatalogue *self,
                                             CollateHttp *http,
                                             const char *url,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback,
                                             gpointer user_data);

/* The number of routes whose price changed; -1 on error, and then the prices in force stay. */
int collate_catalogue_refresh_prices_finish (CollateCatalogue *self, GAsyncResult *result, GError **error);

/* When the price list in use was fetched and from where; NULL while the built-in prices are in force;
 * (nullable). */
const char *collate_catalogue_get_prices_date (CollateCatalogue *self);
const char *collate_catalogue_get_prices_source (CollateCatalogue *self);

G_END_DECLS
