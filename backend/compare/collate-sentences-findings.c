/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* What a person reads about documents, files and a whole comparison. */

#include <glib/gi18n-lib.h>
#include <math.h>

#include "compare/collate-comparison-private.h"
#include "compare/collate-sentences.h"

/* Files. */

static char *
sentence_for_file (CollateError code, const char *subject)
{
  switch (code)
    {
    case COLLATE_ERROR_UNREADABLE:
      return g_strdup_printf (_ ("%s cannot be read. Check that it is there and that you may read it."),
                              subject);
    case COLLATE_ERROR_UNWRITABLE:
      return g_strdup_printf (
          _ ("%s cannot be written. Check that you may write there, that the disk is not full, "
             "and that no other program holds the file."),
          subject);
    case COLLATE_ERROR_DAMAGED:
      return g_strdup_printf (_ ("%s is damaged, or not the kind of file that its name says."), subject);
    case COLLATE_ERROR_PASSWORD:
      return g_strdup_printf (_ ("%s is locked with a password. Save a copy without one and open that."),
                              subject);
    case COLLATE_ERROR_NO_TEXT:
      return g_strdup_printf (
          _ ("%s holds no text: it is probably scanned. Run text recognition on it first."), subject);
    case COLLATE_ERROR_TOO_LARGE:
      return g_strdup_printf (_ ("%s is too large. Open a part of it."), subject);
    case COLLATE_ERROR_INVALID:
      return g_strdup_printf (
          _ ("%s is damaged, or not in the form that is expected. Mend it, or move it away to start "
             "afresh."),
          subject);
    case COLLATE_ERROR_UNSUPPORTED:
      return g_strdup_printf (_ ("%s is of a kind that cannot be opened. Open a PDF, text or Markdown file."),
                              subject);
    case COLLATE_ERROR_HIDDEN:
      return g_strdup_printf (
          _ ("%s cannot be seen from inside Collate's sandbox. Open it with the Open button, "
             "or drag it from Files."),
          subject);
    case COLLATE_ERROR_OFFLINE:
      return g_strdup_printf (_ ("%s cannot be reached. Check the network connection and the address."),
                              subject);
    case COLLATE_ERROR_KEY:
      return g_strdup_printf (_ ("%s refuses the key. Check it in Preferences ▸ Keys."), subject);
    case COLLATE_ERROR_TIMEOUT:
      return g_strdup_printf (_ ("%s sent nothing for too long. Try again."), subject);
    case COLLATE_ERROR_PROTOCOL:
      return g_strdup_printf (_ ("%s sent something that is not understood. Check the address."), subject);
    case COLLATE_ERROR_STOPPED:
      return g_strdup_printf (_ ("%s was stopped."), subject);
    default:
      return g_strdup_printf (_ ("%s did not work."), subject);
    }
}

char *
collate_sentence_for_error (const GError *error, const char *subject)
{
  g_autofree char *sentence = NULL;

  if (subject == NULL)
    subject = _ ("This");
  if (error->domain != COLLATE_ERROR)
    return g_strdup_printf (_ ("%s did not work. (%s)"), subject, error->message);

  sentence = sentence_for_file (error->code, subject);
  if (*error->message == '\0' || error->code == COLLATE_ERROR_STOPPED)
    return g_steal_pointer (&sentence);

  return g_strdup_printf (_ ("%s (%s)"), sentence, error->message);
}

char *
collate_sentence_for_document (CollateDocument *document)
{
  g_autofree char *tokens = NULL;
  guint n_pages;

  switch (collate_document_get_state (document))
    {
    case COLLATE_DOCUMENT_READING:
      return g_strdup (_ ("reading…"));
    case COLLATE_DOCUMENT_FAILED:
      return collate_document_get_error (document) != NULL
                 ? collate_sentence_for_error (collate_document_get_error (document),
                                               collate_document_get_name (document))
                 : g_strdup (_ ("This document gave no text."));
    case COLLATE_DOCUMENT_READY:
    default:
      break;
    }

  n_pages = collate_document_get_n_pages (document);
  if (collate_document_get_tokens (document) < 0)
    return g_strdup_printf (ngettext ("%u page · counting…", "%u pages · counting…", n_pages), n_pages);

  tokens = collate_format_count (collate_document_get_tokens (document));
  return g_strdup_printf (ngettext ("%u page · %s tokens", "%u pages · %s tokens", n_pages), n_pages, tokens);
}

/* Findings. */

char *
collate_sentence_for_entry (CollateComparison *comparison, const char *id)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (comparison)); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (comparison), i);

      if (g_strcmp0 (collate_answer_get_entry_id (answer), id) == 0)
        return g_strdup (collate_answer_get_name (answer));
    }

  return g_strdup (id);
}

char *
collate_sentence_for_cost_finding (CollateComparison *comparison)
{
  const CollateFindings *findings = collate_comparison_get_findings (comparison);
  g_autofree char *lowest = collate_money_format (findings->lowest_cost, COLLATE_COST_DECIMALS);
  g_autofree char *highest = collate_money_format (findings->highest_cost, COLLATE_COST_DECIMALS);
  g_autofree char *hundred = collate_money_format (collate_money_multiply (findings->lowest_cost, 100), 2);
  g_autofree char *winner = NULL;
  g_autofree char *loser = NULL;

  if (findings->highest_cost == COLLATE_MONEY_UNKNOWN)
    return NULL;
  if (findings->most_cost_effective == NULL)
    return findings->repeats > 1
               ? g_strdup_printf (
                     _ ("No model is clearly the most cost-effective: the ranges of the cheapest "
                        "overlap (%s to %s on average)."),
                     lowest,
                     highest)
               : g_strdup_printf (_ ("No model is the most cost-effective: the cheapest cost the same (%s)."),
                                  lowest);

  winner = collate_sentence_for_entry (comparison, findings->most_cost_effective);
  loser = collate_sentence_for_entry (comparison, findings->most_expensive);
  return g_strdup_printf (
      _ ("Most cost-effective: %s at %s (a hundred such questions: %s). %s cost the most, "
         "%s."),
      winner,
      lowest,
      hundred,
      loser,
      highest);
}

char *
collate_sentence_for_time_finding (CollateComparison *comparison)
{
  const CollateFindings *findings = collate_comparison_get_findings (comparison);
  g_autofree char *lowest = collate_format_seconds (findings->lowest_time);
  g_autofree char *highest = collate_format_seconds (findings->highest_time);
  g_autofree char *winner = NULL;
  g_autofree char *loser = NULL;

  if (isnan (findings->highest_time))
    return NULL;
  if (findings->fastest == NULL)
    return findings->repeats > 1
               ? g_strdup_printf (
                     _ ("No model is clearly the fastest: the ranges of the quickest overlap (%s "
                        "to %s on average)."),
                     lowest,
                     highest)
               : g_strdup_printf (_ ("No model is the fastest: the quickest took the same time (%s)."),
                                  lowest);

  winner = collate_sentence_for_entry (comparison, findings->fastest);
  loser = collate_sentence_for_entry (comparison, findings->slowest);
  return g_strdup_printf (_ ("Fastest: %s in %s. %s took the longest, %s."), winner, lowest, loser, highest);
}

char *
collate_sentence_for_total (CollateComparison *comparison)
{
  const CollateFindings *findings = collate_comparison_get_findings (comparison);
  g_autofree char *cost = collate_money_format (findings->total_cost, COLLATE_COST_DECIMALS);
  g_autofree char *hundred = collate_money_format (collate_money_multiply (findings->total_cost, 100), 2);
  g_autofree char *input = collate_format_count (findings->total_input);
  g_autofree char *output = collate_format_count (findings->total_output);

  if (findings->total_input == 0 && findings->total_output == 0)
    return NULL;
  if (findings->total_cost == COLLATE_MONEY_UNKNOWN)
    return findings->total_incomplete
               ? g_strdup_printf (
                     _ ("In all: %s tokens read and %s written; what they cost is not known."), input, output)
               : g_strdup_printf (_ ("In all: %s tokens read and %s written."), input, output);
  if (findings->total_incomplete)
    return g_strdup_printf (
        _ ("In all: at least %s, for %s tokens read and %s written; a price is not known."),
        cost,
        input,
        output);

  return g_strdup_printf (
      _ ("In all: %s for %s tokens read and %s written; a hundred such questions would cost %s."),
      cost,
      input,
      output,
      hundred);
}
