/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-command-private.h"

#include <glib/gi18n-lib.h>

#include "base/collate-json.h"
#include "base/collate-table.h"

/* `collate models`: what can be asked, and what keeps the rest from it. */

/* Why the model cannot be asked, or NULL where it can; (nullable) (transfer full). */
static char *
dup_reason (CollateModel *model)
{
  CollateRoute *route = collate_model_get_route (model);

  switch (collate_model_get_availability (model))
    {
    case COLLATE_UNAVAILABLE_KEY:
      return g_strdup_printf (_ ("The key %s is missing."),
                              collate_provider_get_key_name (collate_route_get_provider (route)));
    case COLLATE_UNAVAILABLE_RETIRED:
      if (route != NULL && collate_route_get_retired (route) != NULL)
        return g_strdup_printf (_ ("Every route to it is retired, the first one since %s."),
                                collate_route_get_retired (route));
      return g_strdup (_ ("There is no route to it."));
    case COLLATE_UNAVAILABLE_FILE:
      return g_strdup (collate_model_get_problem (model));
    case COLLATE_AVAILABLE:
    default:
      return NULL;
    }
}

/* The chosen route's provider, or NULL where there is none; (nullable). */
static CollateProvider *
model_provider (CollateModel *model)
{
  CollateRoute *route = collate_model_get_route (model);

  return route != NULL ? collate_route_get_provider (route) : NULL;
}

static void
add_model (JsonBuilder *builder, CollateModel *model)
{
  g_autofree char *reason = dup_reason (model);
  CollateProvider *provider = model_provider (model);

  json_builder_begin_object (builder);
  collate_json_add_string (builder, "id", collate_model_get_id (model));
  collate_json_add_string (builder, "name", collate_model_get_name (model));
  collate_json_add_string (builder, "provider", provider != NULL ? collate_provider_get_id (provider) : NULL);
  json_builder_set_member_name (builder, "available");
  json_builder_add_boolean_value (builder, reason == NULL);
  collate_json_add_string (builder, "reason", reason);
  json_builder_end_object (builder);
}

static int
print_json (GListModel *models)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "models");
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (CollateModel) model = g_list_model_get_item (models, i);

      add_model (builder, model);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return collate_command_print_json (builder);
}

static int
print_table (GListModel *models)
{
  g_autoptr (CollateTable) table = collate_table_new ("llll");
  g_autofree char *text = NULL;
  const char *head[] = { _ ("Id"), _ ("Model"), _ ("Provider"), _ ("State") };

  collate_table_add (table, head);
  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (CollateModel) model = g_list_model_get_item (models, i);
      g_autofree char *reason = dup_reason (model);
      CollateProvider *provider = model_provider (model);
      const char *cells[] = { collate_model_get_id (model),
                              collate_model_get_name (model),
                              provider != NULL ? collate_provider_get_name (provider) : "—",
                              reason != NULL ? reason : _ ("can be asked") };

      collate_table_add (table, cells);
    }
  text = collate_table_to_string (table);
  return collate_command_print (text);
}

int
collate_command_models (GStrv arguments)
{
  g_autofree char *format_name = NULL;
  g_auto (GStrv) rest = g_strdupv (arguments);
  g_autoptr (CollateKeys) keys = NULL;
  g_autoptr (CollateCatalogue) catalogue = NULL;
  const GOptionEntry entries[] = {
    COLLATE_OPTION ("format", &format_name, N_ ("Print in this format"), "text|json"),
    G_OPTION_ENTRY_NULL,
  };
  CollateOutputFormat format;
  int status;
  int printed;

  if (!collate_command_parse (&rest, NULL, _ ("Lists what can be asked."), entries, &status))
    return status;
  if (!collate_command_parse_format (format_name, COLLATE_OUTPUT_JSON, &format))
    return COLLATE_EXIT_USAGE;

  keys = collate_session_make_keys ();
  catalogue = collate_session_make_catalogue (keys);
  collate_session_find_local_models (catalogue);
  status = collate_command_check_catalogue (catalogue);
  collate_command_find_keys (catalogue, NULL);
  printed = format == COLLATE_OUTPUT_JSON ? print_json (G_LIST_MODEL (catalogue))
                                          : print_table (G_LIST_MODEL (catalogue));
  return collate_command_worse (status, printed);
}
