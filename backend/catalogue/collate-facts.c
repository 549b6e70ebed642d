/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-model-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/collate-json.h"

/* What is known of a model, as pairs to read. Numbers are in the locale's form, everything else stands as
 * the models file says it. */

static void
fact_free (gpointer data)
{
  CollateFact *fact = data;

  g_free (fact->label);
  g_free (fact->value);
  g_free (fact);
}

/* Takes the value; leaves out what is not known. */
static void
add_fact (GPtrArray *facts, const char *label, char *value)
{
  CollateFact *fact;

  if (value == NULL || *value == '\0')
    {
      g_free (value);
      return;
    }

  fact = g_new0 (CollateFact, 1);
  fact->label = g_strdup (label);
  fact->value = value;
  g_ptr_array_add (facts, fact);
}

/* "671 B", "1.6 T", "350 M"; NULL where it is no number of parameters. */
static char *
format_parameters (double count)
{
  if (!isfinite (count) || count < 1 || count > 1e18)
    return NULL;
  if (count >= 1e12)
    return g_strdup_printf ("%.3g T", count / 1e12);
  if (count >= 1e9)
    return g_strdup_printf ("%.3g B", count / 1e9);

  return g_strdup_printf ("%.3g M", count / 1e6);
}

static char *
describe_parameters (JsonObject *facts)
{
  g_autofree char *all = format_parameters (collate_json_double (facts, "parameters", 0));
  g_autofree char *active = format_parameters (collate_json_double (facts, "active", 0));

  if (all == NULL || active == NULL)
    return g_steal_pointer (&all);

  /* Translators: parameters of a model, "671 B (37 B active)". */
  return g_strdup_printf (_ ("%s (%s active)"), all, active);
}

static char *
describe_tokens (gint64 count)
{
  return count > 0 ? g_strdup_printf (ngettext ("%'" G_GINT64_FORMAT " token",
                                                "%'" G_GINT64_FORMAT " tokens",
                                                (gulong) MIN (count, G_MAXLONG)),
                                      count)
                   : NULL;
}

/* "benchmarks": { "GPQA Diamond": "79.9 %" }, in the file's order. */
static void
add_benchmarks (GPtrArray *facts, JsonObject *benchmarks)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (benchmarks == NULL)
    return;

  json_object_iter_init_ordered (&iter, benchmarks);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    add_fact (facts, name, g_strdup (collate_json_string (benchmarks, name)));
}

GPtrArray *
collate_facts_new_from_json (JsonObject *object, gint64 context, gint64 max_output)
{
  GPtrArray *facts = g_ptr_array_new_with_free_func (fact_free);
  JsonArray *notes = collate_json_array (object, "notes");

  add_fact (facts, _ ("Parameters"), describe_parameters (object));
  add_fact (facts, _ ("Licence"), g_strdup (collate_json_string (object, "licence")));
  add_fact (facts, _ ("Context"), describe_tokens (context));
  add_fact (facts, _ ("Longest output"), describe_tokens (max_output));
  add_fact (facts, _ ("Released"), g_strdup (collate_json_string (object, "released")));
  add_benchmarks (facts, collate_json_object (object, "benchmarks"));
  for (guint i = 0; notes != NULL && i < json_array_get_length (notes); i++)
    add_fact (facts, _ ("Note"), g_strdup (collate_json_element_string (notes, i)));

  return facts;
}

/* What the model reads, of all that stands before a token. */
static char *
describe_reading (gint64 top_k)
{
  return top_k > 0 ? g_strdup_printf (ngettext ("the best %'" G_GINT64_FORMAT " token before each",
                                                "the best %'" G_GINT64_FORMAT " tokens before each",
                                                (gulong) MIN (top_k, G_MAXLONG)),
                                      top_k)
                   : NULL;
}

static void
add_sparse_facts (GPtrArray *facts, const CollateLocalModel *local)
{
  add_fact (facts, _ ("Reads"), describe_reading (local->top_k));
  add_fact (facts,
            _ ("Chosen by"),
            g_strdup (local->trained_index ? _ ("the model’s own trained index")
                                           : _ ("bounds of pages, which nothing was trained for")));
}

GPtrArray *
collate_facts_new_local (const CollateLocalModel *local, gboolean sparse)
{
  GPtrArray *facts = g_ptr_array_new_with_free_func (fact_free);

  if (sparse)
    add_sparse_facts (facts, local);
  add_fact (facts, _ ("Calls itself"), g_strdup (local->title));
  add_fact (facts, _ ("Parameters"), format_parameters ((double) local->parameters));
  add_fact (facts, _ ("Licence"), g_strdup (local->licence));
  add_fact (facts, _ ("Context"), describe_tokens (local->context));
  add_fact (facts, _ ("Architecture"), g_strdup (local->architecture));
  add_fact (facts, _ ("Quantisation"), g_strdup (local->quantization));
  add_fact (facts, _ ("Chat format"), g_strdup (local->chat));
  add_fact (
      facts, _ ("Drafts"), g_strdup (local->drafts ? _ ("a token ahead, verified with the next") : NULL));
  add_fact (
      facts, _ ("File size"), local->file_bytes > 0 ? g_format_size ((guint64) local->file_bytes) : NULL);
  add_fact (facts, _ ("File"), g_filename_display_name (local->path));

  return facts;
}
