/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* What a person reads about an answer, made from its facts. Documents, errors and findings are in
 * collate-sentences-findings.c. */

#include "compare/collate-sentences.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "compare/collate-answer-private.h"
#include "compare/collate-comparison-private.h"

/* More of a server's words than this helps nobody. */
#define MAX_WORDS 300

static const char *
get_provider (CollateAnswer *answer)
{
  const char *provider = collate_answer_get_provider_name (answer);

  return provider != NULL ? provider : collate_answer_get_name (answer);
}

/* No key is there, there is one that cannot be sent, or the server refuses it. */
static char *
sentence_for_key (CollateAnswer *answer)
{
  const char *provider = get_provider (answer);
  const char *key = collate_answer_get_key_name (answer);
  gboolean sent = collate_answer_get_requests (answer) > 0;
  gboolean missing = !sent && *collate_answer_get_error (answer)->message == '\0';

  if (key == NULL)
    return g_strdup_printf (_ ("%s asks for a key, and none is set up for it. Name its key in Preferences ▸ "
                               "Servers."),
                            provider);
  if (missing)
    return g_strdup_printf (
        _ ("There is no key for %s. Enter one in Preferences ▸ Keys, or set %s."), provider, key);
  if (!sent)
    return g_strdup_printf (_ ("The key in %s holds characters that no key may hold, so nothing was sent to "
                               "%s. Enter it again in Preferences ▸ Keys."),
                            key,
                            provider);

  return g_strdup_printf (
      _ ("%s refuses the key in %s. Check it in Preferences ▸ Keys, or set %s."), provider, key, key);
}

/* What runs on this machine has no server to blame; (nullable). */
static char *
sentence_for_local_code (CollateAnswer *answer, CollateError code)
{
  const char *name = collate_answer_get_name (answer);

  switch (code)
    {
    case COLLATE_ERROR_TOO_LONG:
      return g_strdup_printf (
          _ ("Documents and question are too long for %s, so nothing was computed. Remove "
             "documents, or choose a model with a larger context."),
          name);
    case COLLATE_ERROR_UNSUPPORTED:
      return g_strdup_printf (
          _ ("%s cannot run on this machine. Look at it in Preferences ▸ Local Models, or "
             "ask another model."),
          name);
    case COLLATE_ERROR_SERVER:
      return g_strdup_printf (_ ("The device that %s runs on failed. Retry, or ask another model."), name);
    default:
      return NULL;
    }
}

static char *
sentence_for_code (CollateAnswer *answer, CollateError code)
{
  const char *provider = get_provider (answer);
  const char *name = collate_answer_get_name (answer);
  gboolean sent = collate_answer_get_requests (answer) > 0;

  switch (code)
    {
    case COLLATE_ERROR_KEY:
      return sentence_for_key (answer);
    case COLLATE_ERROR_OFFLINE:
      return g_strdup_printf (_ ("%s cannot be reached. Check the network connection and the server's "
                                 "address, then retry."),
                              provider);
    case COLLATE_ERROR_QUOTA:
      return g_strdup_printf (_ ("The account at %s is empty or has reached its limit. Retrying helps only "
                                 "after you add credit there."),
                              provider);
    case COLLATE_ERROR_RATE:
      return g_strdup_printf (_ ("%s takes no more requests just now. Wait a minute, then retry."), provider);
    case COLLATE_ERROR_TOO_LONG:
      return sent ? g_strdup_printf (_ ("%s says that documents and question are too long for %s. Remove "
                                        "documents, or choose a model with a larger context."),
                                     provider,
                                     name)
                  : g_strdup_printf (_ ("Documents and question are too long for %s, so nothing was sent. "
                                        "Remove documents, or choose a model with a larger context."),
                                     name);
    case COLLATE_ERROR_REFUSED:
      return g_strdup_printf (_ ("%s declined the request. Change the question or the documents, or ask "
                                 "another model."),
                              provider);
    case COLLATE_ERROR_RETIRED:
      return g_strdup_printf (_ ("%s is retired: none of its routes answers any more. Choose its successor, "
                                 "or add a route to it in the models file."),
                              name);
    case COLLATE_ERROR_PROTOCOL:
      return g_strdup_printf (_ ("%s broke off, or sent something that is no answer. Retry; if it happens "
                                 "again, check the server's address."),
                              provider);
    case COLLATE_ERROR_SERVER:
      return g_strdup_printf (_ ("%s has a fault or is overloaded. Retry in a while."), provider);
    case COLLATE_ERROR_TIMEOUT:
      return g_strdup_printf (_ ("%s sent nothing for too long. Retry, or ask another model."), provider);
    case COLLATE_ERROR_EMPTY:
      return g_strdup_printf (_ ("%s finished without writing anything. Retry, or raise the output limit."),
                              name);
    case COLLATE_ERROR_STOPPED:
      return g_strdup (collate_answer_get_text_length (answer) > 0
                           ? _ ("You stopped this answer; what came before is kept.")
                           : _ ("You stopped this answer before anything came."));
    case COLLATE_ERROR_INTERRUPTED:
      return g_strdup (_ ("The program ended before this answer was complete; what came before is kept. Ask "
                          "again to get it whole."));
    case COLLATE_ERROR_UNSUPPORTED:
      return g_strdup_printf (_ ("%s cannot do what was asked of it. Check the model's name and the "
                                 "server's address in Preferences ▸ Servers."),
                              provider);
    case COLLATE_ERROR_TOO_LARGE:
      return g_strdup_printf (_ ("%s sent more than an answer can be. Ask for a shorter one."), provider);
    default:
      return g_strdup_printf (_ ("%s could not be asked. Retry, or ask another model."), name);
    }
}

char *
collate_sentence_for_answer (CollateAnswer *answer)
{
  const GError *error = collate_answer_get_error (answer);
  g_autofree char *sentence = NULL;
  g_autofree char *line = NULL;
  const char *words;

  if (error == NULL)
    return NULL;
  if (collate_answer_get_record (answer)->sentence != NULL)
    return g_strdup (collate_answer_get_record (answer)->sentence);

  if (collate_answer_is_local (answer))
    sentence = sentence_for_local_code (answer, error->code);
  if (sentence == NULL)
    sentence = sentence_for_code (answer, error->code);
  line = collate_format_line (error->message, MAX_WORDS);
  words = g_strstrip (line);
  if (*words == '\0' || error->code == COLLATE_ERROR_STOPPED || error->code == COLLATE_ERROR_INTERRUPTED)
    return g_steal_pointer (&sentence);

  /* Translators: a server's own words, or a technical detail, after the sentence that explains it. */
  return collate_answer_get_status (answer) >= 400 ? g_strdup_printf (_ ("%s It says: “%s”"), sentence, words)
                                                   : g_strdup_printf (_ ("%s (%s)"), sentence, words);
}

/* Warnings. */

static char *
warn_of_cut_input (CollateAnswer *answer)
{
  g_autofree char *counted =
      collate_format_count (collate_usage_get_input (collate_answer_get_usage (answer)));
  g_autofree char *expected = collate_format_count (collate_answer_get_expected_input (answer));

  return g_strdup_printf (_ ("%s read only %s of about %s input tokens: it cut the documents, and the answer "
                             "may miss what stands in the rest."),
                          get_provider (answer),
                          counted,
                          expected);
}

static gboolean
is_output_cut (CollateAnswer *answer)
{
  const char *reason = collate_answer_get_finish_reason (answer);

  return g_strcmp0 (reason, "length") == 0 || g_strcmp0 (reason, "max_tokens") == 0;
}

/* A server that adds a date or a path to the name that was asked for still served that model. */
static gboolean
is_another_model (CollateAnswer *answer)
{
  const char *served = collate_answer_get_served_model (answer);
  const char *route = collate_answer_get_route (answer);
  const char *asked = route != NULL ? strchr (route, '/') : NULL;
  g_autofree char *served_folded = NULL;
  g_autofree char *asked_folded = NULL;

  if (served == NULL || *served == '\0' || asked == NULL)
    return FALSE;

  served_folded = g_utf8_casefold (served, -1);
  asked_folded = g_utf8_casefold (asked + 1, -1);
  return strstr (served_folded, asked_folded) == NULL && strstr (asked_folded, served_folded) == NULL;
}

static char *
warn_of_dropped_parameters (CollateAnswer *answer)
{
  const char *const *dropped = collate_answer_get_dropped_parameters (answer);
  g_autofree char *names = g_strjoinv (", ", (char **) dropped);

  return g_strdup_printf (ngettext ("%s does not accept the parameter %s, so it was asked without.",
                                    "%s does not accept the parameters %s, so it was asked without.",
                                    g_strv_length ((char **) dropped)),
                          get_provider (answer),
                          names);
}

char *
collate_sentence_for_warning (CollateAnswer *answer)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  const CollateUsage *usage = collate_answer_get_usage (answer);

  if (collate_answer_get_avoided (answer) != NULL)
    g_ptr_array_add (lines, collate_sentence_for_avoided (collate_answer_get_avoided (answer)));
  if (collate_answer_is_input_cut (answer) && usage != NULL)
    g_ptr_array_add (lines, warn_of_cut_input (answer));
  if (is_output_cut (answer))
    g_ptr_array_add (lines, g_strdup (_ ("The answer was cut off at the output limit.")));
  if (is_another_model (answer))
    g_ptr_array_add (lines,
                     g_strdup_printf (_ ("Asked for %s, answered by %s."),
                                      strchr (collate_answer_get_route (answer), '/') + 1,
                                      collate_answer_get_served_model (answer)));
  if (*collate_answer_get_dropped_parameters (answer) != NULL)
    g_ptr_array_add (lines, warn_of_dropped_parameters (answer));
  if (usage != NULL && usage->estimated)
    g_ptr_array_add (lines,
                     g_strdup (_ ("The server did not report all tokens: tokens and cost are estimated.")));

  if (lines->len == 0)
    return NULL;

  g_ptr_array_add (lines, NULL);
  return g_strjoinv (" ", (char **) lines->pdata);
}

char *
collate_sentence_for_drafts (CollateAnswer *answer)
{
  const CollateUsage *usage = collate_answer_get_usage (answer);
  g_autofree char *right = NULL;
  g_autofree char *drafted = NULL;

  if (usage == NULL || usage->drafted == 0)
    return NULL;

  right = collate_format_count (usage->drafts_right);
  drafted = collate_format_count (usage->drafted);
  /* Translators: tokens that a model guessed ahead while it wrote, and how many of them became part of the answer:
     "Drafts right: 62 of 75 (83 %)" */
  return g_strdup_printf (_ ("Drafts right: %s of %s (%.0f\302\240%%)"),
                          right,
                          drafted,
                          100.0 * (double) usage->drafts_right / (double) usage->drafted);
}

/* States. */

/* Two or three words for a header; the sentence stands below. */
static const char *
reason_in_short (const GError *error)
{
  switch (error->code)
    {
    case COLLATE_ERROR_KEY:
      return *error->message == '\0' ? _ ("no key") : _ ("key refused");
    case COLLATE_ERROR_OFFLINE:
      return _ ("offline");
    case COLLATE_ERROR_QUOTA:
      return _ ("account empty");
    case COLLATE_ERROR_RATE:
      return _ ("too many requests");
    case COLLATE_ERROR_TOO_LONG:
      return _ ("too long");
    case COLLATE_ERROR_REFUSED:
      return _ ("declined");
    case COLLATE_ERROR_RETIRED:
      return _ ("retired");
    case COLLATE_ERROR_PROTOCOL:
      return _ ("no proper answer");
    case COLLATE_ERROR_SERVER:
      return _ ("server fault");
    case COLLATE_ERROR_TIMEOUT:
      return _ ("no reply");
    case COLLATE_ERROR_EMPTY:
      return _ ("empty answer");
    case COLLATE_ERROR_UNSUPPORTED:
      return _ ("not supported");
    default:
      return _ ("not asked");
    }
}

static char *
bill (CollateAnswer *answer)
{
  g_autofree char *seconds = collate_format_seconds (collate_answer_get_time (answer));
  g_autofree char *money = NULL;

  if (collate_answer_is_local (answer))
    return g_strdup_printf (_ ("no charge · %s"), seconds);
  if (collate_answer_get_cost (answer) == COLLATE_MONEY_UNKNOWN)
    return g_strdup_printf (_ ("cost unknown · %s"), seconds);

  money = collate_money_format (collate_answer_get_cost (answer), COLLATE_COST_DECIMALS);
  return g_strdup_printf ("%s · %s", money, seconds);
}

static char *
progress (CollateAnswer *answer, const char *word)
{
  g_autofree char *seconds = collate_format_seconds (collate_answer_get_time (answer));
  g_autofree char *tokens = NULL;
  CollateUsage usage;

  /* One that another program asks: only that one has a clock on it. */
  if (isnan (collate_answer_get_time (answer)))
    return g_strdup (word);
  if (!collate_answer_estimate_usage (answer, &usage) || usage.output == 0)
    return g_strdup_printf ("%s %s", word, seconds);

  tokens = collate_format_count (usage.output);
  /* Translators: "writing… 312 tokens · 11.04 s" */
  return g_strdup_printf (
      ngettext ("%s %s token · %s", "%s %s tokens · %s", (gulong) usage.output), word, tokens, seconds);
}

/* What an answer that ended early cost, where it got as far as costing. */
static char *
ended (CollateAnswer *answer, const char *word)
{
  g_autofree char *figures = NULL;

  if (collate_answer_get_usage (answer) == NULL)
    return g_strdup (word);

  figures = bill (answer);
  return g_strdup_printf ("%s · %s", word, figures);
}

/* What it is at before anything comes, as a word for the header or, where `whole`, as a line of its own. */
static char *
activity (CollateAnswer *answer, gboolean whole)
{
  const CollateActivity *at = collate_answer_get_activity (answer);
  g_autofree char *n_done = collate_format_count (at->n_done);
  g_autofree char *n_tokens = collate_format_count (at->n_tokens);

  switch (at->kind)
    {
    case COLLATE_ACTIVITY_WAITS:
      return g_strdup_printf (whole ? _ ("Waiting for %s") : _ ("waiting for %s"), at->other);
    case COLLATE_ACTIVITY_LOADS:
      return g_strdup (whole ? _ ("Loading the model") : _ ("loading…"));
    case COLLATE_ACTIVITY_READS:
      if (at->n_done < at->n_tokens)
        return g_strdup_printf (
            whole ? _ ("Reading: %s of %s tokens") : _ ("reading %s of %s tokens ·"), n_done, n_tokens);
      return g_strdup (whole ? _ ("Nothing came yet") : _ ("waiting…"));
    case COLLATE_ACTIVITY_NONE:
    default:
      if (collate_answer_get_state (answer) == COLLATE_ANSWER_QUEUED)
        return g_strdup (whole ? _ ("Waiting for its turn") : _ ("queued"));
      return g_strdup (whole ? _ ("Nothing came yet") : _ ("waiting…"));
    }
}

char *
collate_sentence_for_activity (CollateAnswer *answer)
{
  return collate_answer_get_state (answer) == COLLATE_ANSWER_REASONING ? g_strdup (_ ("Thinking"))
                                                                       : activity (answer, TRUE);
}

char *
collate_sentence_for_state (CollateAnswer *answer)
{
  g_autofree char *word = NULL;

  switch (collate_answer_get_state (answer))
    {
    case COLLATE_ANSWER_QUEUED:
      return activity (answer, FALSE);
    case COLLATE_ANSWER_WAITING:
      word = activity (answer, FALSE);
      return progress (answer, word);
    case COLLATE_ANSWER_REASONING:
      return progress (answer, _ ("thinking…"));
    case COLLATE_ANSWER_STREAMING:
      return progress (answer, _ ("writing…"));
    case COLLATE_ANSWER_STOPPED:
      return ended (answer, _ ("stopped"));
    case COLLATE_ANSWER_INTERRUPTED:
      return ended (answer, _ ("interrupted"));
    case COLLATE_ANSWER_FAILED:
      word = g_strdup_printf (_ ("failed: %s"), reason_in_short (collate_answer_get_error (answer)));
      return ended (answer, word);
    case COLLATE_ANSWER_DONE:
    default:
      return bill (answer);
    }
}
