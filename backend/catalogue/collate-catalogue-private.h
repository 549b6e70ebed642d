/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalogue/collate-catalogue.h"

G_BEGIN_DECLS

/* What the catalogue's files share: the list itself, its own file's editing, its prices. Main thread. */

/* Reads a line-up of a models file; (nullable) (transfer full). COLLATE_ERROR_INVALID. */
CollateLineUp *collate_line_up_new_from_json (const char *id,
                                              JsonObject *object,
                                              gboolean own,
                                              GError **error);

/* A parsed models file and what was made of it, laid over one another: the built-in one first. */
typedef struct
{
  GPtrArray *models;       /* of CollateModel, in the order to show */
  GHashTable *model_index; /* id → position in models, + 1 */
  GPtrArray *providers;    /* of CollateProvider, in the order to show */
  GPtrArray *line_ups;     /* of CollateLineUp, in the order to show */
  char *default_line_up;   /* (nullable) */
  GPtrArray *problems;     /* strings: what is wrong with entries of the own file */
} CollateTables;

/* Makes tables from a built-in file and (nullable) the person's own, with (nullable) refreshed prices by
 * route id for the built-in entries; (transfer full). */
CollateTables *collate_tables_new (JsonObject *built_in, JsonObject *own, GHashTable *prices);
void collate_tables_free (CollateTables *tables);

/* Puts the model files of this machine, served by `provider`, before everything else. */
void collate_tables_add_local (CollateTables *tables, CollateProvider *provider, GPtrArray *local_models);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateTables, collate_tables_free)

/* For the satellites. */
JsonObject *collate_catalogue_get_built_in (CollateCatalogue *self);
const char *collate_catalogue_get_user_path (CollateCatalogue *self);
const char *collate_catalogue_get_prices_path (CollateCatalogue *self);

/* Chooses every model's route for the day ("2026-11-22"). */
void collate_catalogue_choose_routes (CollateCatalogue *self, const char *today);

/* Refreshed prices, as kept at `prices_path`. */
typedef struct
{
  GHashTable *prices; /* CollatePrice by route id */
  char *date;         /* "2026-11-22" */
  char *source;       /* the address */
} CollatePriceList;

void collate_price_list_free (CollatePriceList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollatePriceList, collate_price_list_free)

/* Reads what collate_price_list_convert() made; (nullable) (transfer full). COLLATE_ERROR_INVALID. */
CollatePriceList *collate_price_list_new_from_json (JsonObject *object, GError **error);

/* Checks all of a list in the form of models.dev, and makes of it what is kept; (nullable) (transfer full).
 * COLLATE_ERROR_INVALID where anything in it is not as it must be. */
JsonObject *collate_price_list_convert (JsonObject *list,
                                        const char *date,
                                        const char *source,
                                        GError **error);

G_END_DECLS
