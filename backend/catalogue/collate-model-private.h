/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalogue/collate-keys.h"
#include "catalogue/collate-local-model.h"
#include "catalogue/collate-model.h"

G_BEGIN_DECLS

/* How the catalogue makes what collate-model.h shows, from entries of a models file. Every constructor is
 * strict about types where a wrong one would cost money or send a request elsewhere, and ignores members
 * that it does not know: COLLATE_ERROR_INVALID; (nullable) (transfer full). Main thread. */

CollateProvider *collate_provider_new_from_json (const char *id,
                                                 JsonObject *object,
                                                 gboolean own,
                                                 GError **error);

/* `prices` (nullable) holds a refreshed list's CollatePrice by route id; it wins over the entry's own. */
CollateRoute *collate_route_new_from_json (CollateProvider *provider,
                                           JsonObject *object,
                                           GHashTable *prices,
                                           GError **error);

/* The provider of all model files, one of those, and the entry that runs it, by dense or sparse attention; (transfer
 * full). */
CollateProvider *collate_provider_new_local (void);
CollateRoute *collate_route_new_local (CollateProvider *provider,
                                       const CollateLocalModel *local,
                                       gboolean sparse);
CollateModel *collate_model_new_local (CollateProvider *provider,
                                       const CollateLocalModel *local,
                                       gboolean sparse);

/* The listed price, and where it says the same as `known` for plain input and output, also what lists leave
 * out and `known` has (tiers, peak hours, caches); (nullable) known, (transfer full). */
CollatePrice *collate_price_complete (CollatePrice *listed, const CollatePrice *known);

/* A route to a provider that is not in `providers` (CollateProvider by id) is left out, and its provider
 * named in `problems` (strings). */
CollateModel *collate_model_new_from_json (JsonObject *object,
                                           GHashTable *providers,
                                           GHashTable *prices,
                                           GPtrArray *problems,
                                           GError **error);

/* Chooses the route anew for the keys and the day ("2026-11-22", UTC); TRUE where it or the availability
 * became another. */
gboolean collate_model_choose_route (CollateModel *self, CollateKeys *keys, const char *today);

/* The facts of a model's entry in the order to show them: an array of CollateFact; wrong types are left out,
 * since a fact decides nothing; (transfer full). */
GPtrArray *collate_facts_new_from_json (JsonObject *facts, gint64 context, gint64 max_output);

/* The same for a model file. */
GPtrArray *collate_facts_new_local (const CollateLocalModel *local, gboolean sparse);

G_END_DECLS
