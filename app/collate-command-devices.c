/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-command-engine.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/collate-error.h"
#include "base/collate-json.h"
#include "base/collate-table.h"
#include "collate-local-files.h"
#include "compare/collate-sentences.h"

/* `collate devices`: what a model file can run on; and what the commands share that run one. */

#define AUTO "auto"
#define DENSE "dense"
#define SPARSE "sparse"

void
collate_engine_options_clear (CollateEngineOptions *options)
{
  g_free (options->model);
  g_free (options->attention);
  g_free (options->top_k);
  g_free (options->index_bits);
  g_free (options->device);
}

gboolean
collate_command_check_device (const char *name)
{
  g_autoptr (GPtrArray) devices = NULL;

  if (name == NULL || strcmp (name, AUTO) == 0)
    return TRUE;

  devices = collate_engine_list_devices ();
  for (guint i = 0; i < devices->len; i++)
    if (strcmp (((CollateEngineDevice *) devices->pdata[i])->name, name) == 0)
      return TRUE;

  return collate_command_complain (_ ("There is no device “%s”; “collate devices” lists all."), name);
}

gboolean
collate_command_find_model (CollateEngineOptions *options)
{
  char *path;

  if (!g_str_has_prefix (options->model, COLLATE_LOCAL_PREFIX))
    return TRUE;

  path = collate_local_files_find (options->model);
  if (path == NULL)
    return collate_command_complain (_ ("There is no model “%s”; “collate models” lists all."),
                                     options->model);
  g_free (options->model);
  options->model = path;

  return TRUE;
}

const char *
collate_command_get_attention (const CollateEngineReading *reading)
{
  return reading->sparse ? SPARSE : DENSE;
}

static gboolean
parse_index_bits (const char *text, gboolean *narrow)
{
  *narrow = g_strcmp0 (text, "8") == 0;

  return text == NULL || *narrow || strcmp (text, "16") == 0 ||
         collate_command_complain (_ ("--index-bits takes 16 or 8."));
}

GArray *
collate_command_parse_attentions (const CollateEngineOptions *options)
{
  g_auto (GStrv) parts = g_strsplit (options->attention != NULL ? options->attention : DENSE, ",", -1);
  g_autoptr (GArray) readings = g_array_new (FALSE, FALSE, sizeof (CollateEngineReading));
  gboolean any_sparse = FALSE, narrow;
  int n_top_k = 0;

  if (!collate_command_parse_number ("--top-k", options->top_k, COLLATE_MOST_TOP_K, &n_top_k) ||
      !parse_index_bits (options->index_bits, &narrow))
    return NULL;
  for (guint i = 0; i == 0 || parts[i] != NULL; i++)
    {
      const char *name = parts[i] != NULL ? parts[i] : "";
      gboolean sparse = strcmp (name, SPARSE) == 0;
      const CollateEngineReading reading = {
        .sparse = sparse,
        .top_k = sparse ? n_top_k : 0,
        .narrow_index = sparse && narrow,
      };

      if (!sparse && strcmp (name, DENSE) != 0)
        {
          collate_command_complain (_ ("The attention “%s” is not known; there are dense and sparse."), name);
          return NULL;
        }
      any_sparse = any_sparse || sparse;
      g_array_append_val (readings, reading);
    }
  if ((options->top_k != NULL || options->index_bits != NULL) && !any_sparse)
    {
      collate_command_complain (_ ("%s is of use with sparse attention only."),
                                options->top_k != NULL ? "--top-k" : "--index-bits");
      return NULL;
    }

  return g_steal_pointer (&readings);
}

gboolean
collate_command_parse_attention (const CollateEngineOptions *options, CollateEngineReading *reading)
{
  g_autoptr (GArray) readings = collate_command_parse_attentions (options);

  if (readings == NULL)
    return FALSE;
  if (readings->len > 1)
    return collate_command_complain (_ ("--attention takes one attention here, not “%s”."),
                                     options->attention);
  *reading = g_array_index (readings, CollateEngineReading, 0);

  return TRUE;
}

int
collate_command_fail (const GError *error, const char *subject)
{
  g_autofree char *sentence = NULL;

  /* What is said of a document does not help with a model file. */
  if (g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED))
    {
      sentence = collate_local_files_dup_problem (error);
      collate_command_complain ("%s: %s", subject, sentence);
      return COLLATE_EXIT_INCOMPLETE;
    }
  sentence = collate_sentence_for_error (error, subject);
  collate_command_complain ("%s", sentence);

  return COLLATE_EXIT_INCOMPLETE;
}

void
collate_command_tell_avoided (const GError *avoided)
{
  g_autofree char *sentence = avoided != NULL ? collate_sentence_for_avoided (avoided) : NULL;

  if (sentence != NULL)
    collate_command_complain ("%s", sentence);
}

static int
print_json (GPtrArray *devices)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "devices");
  json_builder_begin_array (builder);
  for (guint i = 0; i < devices->len; i++)
    {
      const CollateEngineDevice *device = devices->pdata[i];

      json_builder_begin_object (builder);
      collate_json_add_string (builder, "name", device->name);
      collate_json_add_string (builder, "type", device->type);
      collate_json_add_string (builder, "description", device->description);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);

  return collate_command_print_json (builder);
}

static int
print_table (GPtrArray *devices)
{
  g_autoptr (CollateTable) table = collate_table_new ("lll");
  g_autofree char *text = NULL;
  const char *head[] = { _ ("Device"), _ ("Type"), _ ("Description") };

  collate_table_add (table, head);
  for (guint i = 0; i < devices->len; i++)
    {
      const CollateEngineDevice *device = devices->pdata[i];
      const char *cells[] = { device->name, device->type, device->description };

      collate_table_add (table, cells);
    }
  text = collate_table_to_string (table);

  return collate_command_print (text);
}

int
collate_command_devices (GStrv arguments)
{
  g_autofree char *format_name = NULL;
  g_auto (GStrv) rest = g_strdupv (arguments);
  g_autoptr (GPtrArray) devices = NULL;
  const GOptionEntry entries[] = {
    COLLATE_OPTION ("format", &format_name, N_ ("Print in this format"), "text|json"),
    G_OPTION_ENTRY_NULL,
  };
  CollateOutputFormat format;
  int status;

  if (!collate_command_parse (
          &rest, NULL, _ ("Lists what models of this machine can run on."), entries, &status))
    return status;
  if (!collate_command_parse_format (format_name, COLLATE_OUTPUT_JSON, &format))
    return COLLATE_EXIT_USAGE;

  devices = collate_engine_list_devices ();

  return format == COLLATE_OUTPUT_JSON ? print_json (devices) : print_table (devices);
}
