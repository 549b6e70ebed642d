/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "clients/collate-reply.h"

#include <string.h>

#include "base/collate-error.h"
#include "base/collate-json.h"

/* What a server's error means: a code by what a person can do, whether another attempt helps, and which
 * parameter to leave out. Servers agree on little, so that words are looked for: in the error's own names for
 * itself first, in its message where it has none, in the status at last. */

typedef struct
{
  guint status;   /* HTTP's, or what an error inside a reply of status 200 says of itself */
  gboolean late;  /* it came inside a reply of status 200 */
  GString *names; /* code, type and the like, in lower case, with blanks between */
  GString *message;
  char *lower;       /* the message in lower case */
  const char *param; /* the parameter that the server names; (nullable) */
} Report;

static void
report_clear (Report *report)
{
  g_string_free (report->names, TRUE);
  g_string_free (report->message, TRUE);
  g_free (report->lower);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Report, report_clear)

static gboolean
has_word (const char *text, const char *const *words)
{
  for (gsize i = 0; words[i] != NULL; i++)
    if (strstr (text, words[i]) != NULL)
      return TRUE;

  return FALSE;
}

static const char *const money_names[] = {
  "insufficient_quota",   "credit_balance",       "billing", "spend_limit", "payment_required",
  "insufficient_balance", "insufficient_credits", NULL
};
static const char *const money_messages[] = { "insufficient balance",
                                              "insufficient credit",
                                              "credit balance",
                                              "exceeded your current quota",
                                              "spend limit",
                                              "spending limit",
                                              "api usage limits",
                                              "out of credits",
                                              NULL };
static const char *const length_names[] = { "context_length",          "context_window",
                                            "request_too_large",       "exceed_context_size",
                                            "string_above_max_length", NULL };
static const char *const length_messages[] = { "context length",     "context window",
                                               "context size",       "context limit",
                                               "prompt is too long", "input is too long",
                                               "prompt too long",    NULL };
static const char *const policy_names[] = { "content_policy",
                                            "content_filter",
                                            "moderation",
                                            "country",
                                            NULL };
static const char *const policy_messages[] = { "country", "region",         "territory", "moderation",
                                               "flagged", "content policy", "safety",    NULL };
static const char *const model_names[] = { "model_not_found",
                                           "not_found_error",
                                           "model_deprecated",
                                           "invalid_model",
                                           NULL };
static const char *const gone_messages[] = { "not exist",    "not found",      "not a valid",
                                             "retired",      "decommissioned", "no longer",
                                             "no endpoints", "deprecated",     NULL };
static const char *const parameter_messages[] = {
  "unsupported", "not support",     "n't support",   "unrecognized", "not recognized", "unknown",
  "unexpected",  "extra_forbidden", "extra inputs",  "extra fields", "not permitted",  "not allowed",
  "no such",     "additional prop", "expected tags", "deprecated",   "not available",  NULL
};

/* The status that an error inside a reply would have had. */
static guint
late_status (const char *names)
{
  static const struct
  {
    const char *name;
    guint status;
  } statuses[] = {
    { "overloaded", 529 }, { "rate_limit", 429 },      { "slow_down", 429 }, { "too_many", 429 },
    { "timeout", 504 },    { "authentication", 401 },  { "api_key", 401 },   { "permission", 403 },
    { "not_found", 404 },  { "invalid_request", 400 }, { "too_large", 413 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (strstr (names, statuses[i].name) != NULL)
      return statuses[i].status;

  return 500;
}

static void
add_name (Report *report, const char *name)
{
  if (name == NULL)
    return;

  g_string_append (report->names, name);
  g_string_append_c (report->names, ' ');
  g_string_ascii_down (report->names);
}

static void
add_message (Report *report, const char *message)
{
  if (message == NULL || *message == '\0')
    return;

  if (report->message->len > 0)
    g_string_append (report->message, ": ");
  g_string_append (report->message, message);
}

/* The list of complaints that a FastAPI server sends: each with a place, a message and a type. */
static void
read_details (Report *report, JsonArray *details)
{
  for (guint i = 0; details != NULL && i < json_array_get_length (details); i++)
    {
      JsonObject *detail = collate_json_element_object (details, i);
      JsonArray *place = collate_json_array (detail, "loc");

      for (guint j = 0; place != NULL && j < json_array_get_length (place); j++)
        add_message (report, collate_json_element_string (place, j));
      add_message (report, collate_json_string (detail, "msg"));
      add_name (report, collate_json_string (detail, "type"));
    }
}

static void
read_object (Report *report, JsonObject *error)
{
  JsonObject *details = collate_json_object (error, "details");
  JsonObject *metadata = collate_json_object (error, "metadata");
  gint64 code = collate_json_int (error, "code", 0);

  add_name (report, collate_json_string (error, "code"));
  add_name (report, collate_json_string (error, "type"));
  add_name (report, collate_json_string (details, "error_code"));
  add_name (report, collate_json_string (metadata, "error_type"));
  add_message (report, collate_json_string (error, "message"));
  add_message (report, collate_json_string (error, "detail"));
  add_message (report, collate_json_string (metadata, "raw"));
  read_details (report, collate_json_array (error, "detail"));
  report->param = collate_json_string (error, "param");

  if (report->late)
    report->status = code >= 400 && code < 600 ? code : late_status (report->names->str);
}

/* A body that is no JSON: plain text is the server's word, a page for browsers is not. */
static void
read_raw (Report *report, const char *raw)
{
  if (raw != NULL && *raw != '<')
    add_message (report, raw);
}

static Report
report_new (CollateReply *reply, JsonObject *body, const char *raw)
{
  JsonObject *error = collate_json_object (body, "error");
  gboolean late = reply->status / 100 == 2;
  Report report = { .status = late ? 500 : reply->status, .late = late };

  report.names = g_string_new (NULL);
  report.message = g_string_new (NULL);
  add_message (&report, collate_json_string (body, "error"));
  if (body != NULL)
    read_object (&report, error != NULL ? error : body);
  else
    read_raw (&report, raw);

  if (report.message->len == 0)
    g_string_printf (report.message, "HTTP status %u", report.status);
  report.lower = g_utf8_strdown (report.message->str, -1);

  return report;
}

/* Parameters. */

/* TRUE where `name` stands in the text, and not as a part of another name. */
static gboolean
names_parameter (const char *text, const char *name)
{
  gsize length = strlen (name);

  for (const char *p = strstr (text, name); p != NULL; p = strstr (p + 1, name))
    {
      char before = p > text ? p[-1] : ' ';
      char after = p[length];

      if (!g_ascii_isalnum (before) && before != '_' && !g_ascii_isalnum (after) && after != '_')
        return TRUE;
    }

  return FALSE;
}

/* TRUE where the server means this member of the request, or one inside it by a name of its own. */
static gboolean
means_member (const Report *report, JsonObject *sent, const char *name)
{
  JsonObject *inner = collate_json_object (sent, name);
  JsonObjectIter iter;
  const char *inner_name;

  if (report->param != NULL && g_str_has_prefix (report->param, name) &&
      strchr (".[", report->param[strlen (name)]) != NULL)
    return TRUE;
  if (names_parameter (report->message->str, name))
    return TRUE;
  if (inner == NULL)
    return FALSE;

  json_object_iter_init_ordered (&iter, inner);
  while (json_object_iter_next_ordered (&iter, &inner_name, NULL))
    if (strchr (inner_name, '_') != NULL &&
        (g_strcmp0 (report->param, inner_name) == 0 || names_parameter (report->message->str, inner_name)))
      return TRUE;

  return FALSE;
}

/* The member of the request that the server refuses; (nullable). */
static const char *
find_refused (const Report *report, CollateReply *reply)
{
  JsonObjectIter iter;
  const char *name;

  if (reply->sent == NULL || report->late || (report->status != 400 && report->status != 422))
    return NULL;
  if (!has_word (report->names->str, parameter_messages) && !has_word (report->lower, parameter_messages))
    return NULL;

  json_object_iter_init_ordered (&iter, reply->sent);
  while (json_object_iter_next_ordered (&iter, &name, NULL))
    if (!g_strv_contains (reply->needed, name) && means_member (report, reply->sent, name))
      return name;

  return NULL;
}

/* The other name of the output limit, where the server speaks of it; (nullable). */
static const char *
find_instead (const Report *report, const char *refused)
{
  static const char *const limits[] = { "max_tokens", "max_completion_tokens" };

  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++)
    if (strcmp (refused, limits[i]) == 0 && names_parameter (report->message->str, limits[1 - i]))
      return limits[1 - i];

  return NULL;
}

/* Codes. */

static gboolean
is_about_money (const Report *report)
{
  return report->status == 402 || has_word (report->names->str, money_names) ||
         (report->status < 500 && has_word (report->lower, money_messages));
}

static gboolean
is_too_long (const Report *report)
{
  return report->status == 413 || has_word (report->names->str, length_names) ||
         (report->status < 500 && has_word (report->lower, length_messages));
}

static gboolean
is_about_model (const Report *report)
{
  return has_word (report->names->str, model_names) ||
         (strstr (report->lower, "model") != NULL && has_word (report->lower, gone_messages));
}

static CollateError
code_by_status (const Report *report, gboolean *again)
{
  *again = FALSE;
  switch (report->status)
    {
    case 401:
      return COLLATE_ERROR_KEY;
    case 403:
      return has_word (report->names->str, policy_names) || has_word (report->lower, policy_messages)
                 ? COLLATE_ERROR_REFUSED
                 : COLLATE_ERROR_KEY;
    case 400:
    case 410:
    case 422:
      return is_about_model (report) ? COLLATE_ERROR_RETIRED : COLLATE_ERROR_REFUSED;
    case 404:
      return is_about_model (report) ? COLLATE_ERROR_RETIRED : COLLATE_ERROR_UNSUPPORTED;
    case 405:
    case 501:
      return COLLATE_ERROR_UNSUPPORTED;
    case 408:
    case 504:
      *again = TRUE;
      return COLLATE_ERROR_TIMEOUT;
    case 429:
      *again = TRUE;
      return COLLATE_ERROR_RATE;
    default:
      *again = report->status == 409 || report->status >= 500;
      return *again ? COLLATE_ERROR_SERVER : COLLATE_ERROR_REFUSED;
    }
}

static CollateError
find_code (const Report *report, gboolean *again)
{
  *again = FALSE;
  if (is_about_money (report))
    return COLLATE_ERROR_QUOTA;
  if (is_too_long (report))
    return COLLATE_ERROR_TOO_LONG;

  return code_by_status (report, again);
}

void
collate_reply_fail_by_server (CollateReply *reply, JsonObject *body, const char *raw)
{
  g_auto (Report) report = report_new (reply, body, raw);
  CollateVerdict *verdict = &reply->verdict;
  const char *refused;
  CollateError code;

  if (reply->error != NULL)
    return;

  code = find_code (&report, &verdict->again);

  /* The server knows better, but not that waiting fills an account. */
  if (code != COLLATE_ERROR_QUOTA && code != COLLATE_ERROR_KEY && reply->should_retry != NULL)
    verdict->again = strcmp (reply->should_retry, "true") == 0;
  verdict->wait = reply->retry_after;

  refused =
      code == COLLATE_ERROR_REFUSED || code == COLLATE_ERROR_RETIRED ? find_refused (&report, reply) : NULL;
  if (refused != NULL)
    {
      code = COLLATE_ERROR_UNSUPPORTED;
      verdict->refused = g_strdup (refused);
      verdict->instead = g_strdup (find_instead (&report, refused));
    }

  collate_reply_fail (reply, code, "%s", report.message->str);
}
