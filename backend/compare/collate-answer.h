/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "base/collate-error.h"
#include "catalogue/collate-price.h"
#include "compare/collate-pace.h"

G_BEGIN_DECLS

/* One model answering one question: its state, text, reasoning, usage, times, cost and error. It holds
 * facts only; the comparison drives it. Properties, read only and notified (many times a second while text
 * arrives: views redraw on the frame clock): "state", "text-length" (bytes; the text only grows),
 * "reasoning-length", "cost" (CollateMoney as gint64), "usage" (boxed), "error" (boxed GError), "warning",
 * "activity" (CollateActivityKind as guint, notified for its figures too).
 * Main thread. */

#define COLLATE_TYPE_ANSWER (collate_answer_get_type ())
G_DECLARE_FINAL_TYPE (CollateAnswer, collate_answer, COLLATE, ANSWER, GObject)

/* States only move forward. */
typedef enum
{
  COLLATE_ANSWER_QUEUED,
  COLLATE_ANSWER_WAITING, /* sent, nothing came yet; also between retries */
  COLLATE_ANSWER_REASONING,
  COLLATE_ANSWER_STREAMING,
  COLLATE_ANSWER_DONE,
  COLLATE_ANSWER_FAILED,
  COLLATE_ANSWER_STOPPED,
  COLLATE_ANSWER_INTERRUPTED,
} CollateAnswerState;

#define COLLATE_TYPE_ANSWER_STATE (collate_answer_state_get_type ())
GType collate_answer_state_get_type (void);

#define COLLATE_TYPE_USAGE (collate_usage_get_type ())
GType collate_usage_get_type (void);

/* What a model file of this machine is at before anything of an answer comes. */
typedef enum
{
  COLLATE_ACTIVITY_NONE,  /* or not known */
  COLLATE_ACTIVITY_WAITS, /* for another model's answer */
  COLLATE_ACTIVITY_LOADS,
  COLLATE_ACTIVITY_READS,
} CollateActivityKind;

typedef struct
{
  CollateActivityKind kind;
  const char *other; /* who is waited for; NULL for the rest */
  gint64 n_done;     /* tokens that are read, of how many */
  gint64 n_tokens;
} CollateActivity;

/* Moments in microseconds since the request was first sent; -1 where they did not come. */
typedef struct
{
  gint64 head;
  gint64 first_reasoning;
  gint64 first_text;
  gint64 last_token;
  gint64 done;
} CollateTimings;

/* "queued" … "interrupted": as the command line and the history write it. Static. */
const char *collate_answer_state_to_string (CollateAnswerState state);
gboolean collate_answer_state_from_string (const char *name, CollateAnswerState *state);

/* TRUE for done, failed, stopped and interrupted. */
gboolean collate_answer_state_is_final (CollateAnswerState state);

/* Who answers. Everything (transfer none). */
const char *collate_answer_get_entry_id (CollateAnswer *self); /* "gpt-5" */
const char *collate_answer_get_name (CollateAnswer *self);     /* "GPT-5" */
const char *collate_answer_get_label (CollateAnswer *self);    /* "GPT-5", "GPT-5 · run 2" where repeated */
guint collate_answer_get_run (CollateAnswer *self);            /* from 1 */
const char *collate_answer_get_reading (CollateAnswer *self);  /* "whole" */
const char *collate_answer_get_route (CollateAnswer *self);    /* "deepseek/deepseek-chat"; (nullable) */
const char *collate_answer_get_served_model (CollateAnswer *self);  /* by the server's word; (nullable) */
const char *collate_answer_get_provider_name (CollateAnswer *self); /* "DeepSeek"; (nullable) */
const char *collate_answer_get_key_name (CollateAnswer *self);      /* "DEEPSEEK_API_KEY"; (nullable) */
gboolean collate_answer_is_local (CollateAnswer *self);             /* competes on time, never on cost */

CollateAnswerState collate_answer_get_state (CollateAnswer *self);

/* What it is at while it is queued or waits; (transfer none), valid until the next event. */
const CollateActivity *collate_answer_get_activity (CollateAnswer *self);

/* The text and reasoning so far: never NULL, valid UTF-8, NUL-terminated, valid until the next event. */
const char *collate_answer_get_text (CollateAnswer *self);
gsize collate_answer_get_text_length (CollateAnswer *self);
const char *collate_answer_get_reasoning (CollateAnswer *self);
gsize collate_answer_get_reasoning_length (CollateAnswer *self);

/* The server's word; (nullable). */
const char *collate_answer_get_finish_reason (CollateAnswer *self);

/* What was used; NULL until something is known; (nullable). */
const CollateUsage *collate_answer_get_usage (CollateAnswer *self);

/* The prices of the day it was asked; (nullable). */
CollatePrice *collate_answer_get_price (CollateAnswer *self);

/* The bill, or COLLATE_MONEY_UNKNOWN. */
CollateMoney collate_answer_get_cost (CollateAnswer *self);

const CollateTimings *collate_answer_get_timings (CollateAnswer *self);

/* Seconds, NaN where unknown: from sending to the end (while it runs: to now), to the first text or
 * reasoning, and output tokens over the time after the first. */
double collate_answer_get_time (CollateAnswer *self);
double collate_answer_get_time_to_first_token (CollateAnswer *self);
double collate_answer_get_tokens_per_second (CollateAnswer *self);

/* Of a model file: which share of the tokens before each it read, itself included, the mean over prompt and answer, from 0
 * to 1; NaN where unknown. */
double collate_answer_get_keys_read (CollateAnswer *self);

/* Of a model file: how long it took for a token at each place of its timeline, while it read or wrote; valid until the next
 * event; (nullable) where there are no points. */
const CollatePacePoint *collate_answer_get_pace (CollateAnswer *self, gboolean writing, guint *n_points);

/* HTTP requests sent; parameters that the server refused, as on the wire, NULL-terminated and never NULL.
   */
guint collate_answer_get_requests (CollateAnswer *self);
const char *const *collate_answer_get_dropped_parameters (CollateAnswer *self);

/* Why it failed, stopped or was interrupted; HTTP's status, 0 where there was none; (nullable). */
const GError *collate_answer_get_error (CollateAnswer *self);
guint collate_answer_get_status (CollateAnswer *self);

/* Why the processor computed what a graphics card was to compute: COLLATE_ERROR_TOO_LARGE where the model did not fit into
 * its memory, or another error of it; (nullable). */
const GError *collate_answer_get_avoided (CollateAnswer *self);

/* The input tokens that we counted before sending, -1 where unknown; TRUE where the server reports so few
 * that it must have cut the documents. */
gint64 collate_answer_get_expected_input (CollateAnswer *self);
gboolean collate_answer_is_input_cut (CollateAnswer *self);

G_END_DECLS
