/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Drives a comparison's answers: route, client, events, end. The comparison owns its conductor; a call that
 * is under way holds the comparison. */

#include "compare/collate-conductor.h"

#include <string.h>

#include "compare/collate-answer-private.h"
#include "compare/collate-comparison-private.h"
#include "compare/collate-counting.h"

/* Fewer bytes than this a token are hardly ever met: an input of less need not be counted to be sent. */
#define FEWEST_BYTES_PER_TOKEN 2

/* An answer to ask for, and how. */
typedef struct
{
  CollateAnswer *answer;
  CollateRoute *route;
  gint64 max_output;
  gboolean think;
} Job;

typedef struct
{
  CollateEntry *entry;
  GQueue jobs;        /* that wait */
  gboolean counting;  /* nothing is sent before the input is counted: it may not fit */
  gint64 input;       /* tokens of system message and question in the counting encoding; -1 not yet */
  gboolean asking;    /* a client works for this lane */
  Job *job;           /* what it works on */
  GCancellable *stop; /* of that */
} Lane;

typedef struct
{
  CollateComparison *comparison; /* owns this */
  char *question;
  char *system; /* interned: questions about the same documents share it */
  gint64 max_output;
  char *device;
  gint64 top_k;
  gboolean sequential;

  CollateEncodings *encodings;
  CollateKeys *keys;
  CollateClientPool *pool;

  GPtrArray *lanes; /* of Lane */
} Conductor;

/* A client at work. */
typedef struct
{
  CollateComparison *comparison;
  Conductor *conductor;
  Lane *lane;
} Call;

static void pump (Conductor *self);

static void
job_free (Job *job)
{
  g_object_unref (job->answer);
  g_object_unref (job->route);
  g_free (job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Job, job_free)

static void
lane_free (gpointer data)
{
  Lane *lane = data;

  g_queue_clear_full (&lane->jobs, (GDestroyNotify) job_free);
  g_clear_pointer (&lane->job, job_free);
  g_clear_object (&lane->stop);
  g_object_unref (lane->entry);
  g_free (lane);
}

static void
conductor_free (gpointer data)
{
  Conductor *self = data;

  g_free (self->question);
  g_free (self->device);
  g_ref_string_release (self->system);
  collate_encodings_unref (self->encodings);
  g_object_unref (self->keys);
  collate_client_pool_unref (self->pool);
  g_ptr_array_unref (self->lanes);
  g_free (self);
}

/* Answers. */

static void
refuse (CollateAnswerRecord *record, CollateError code, const char *message)
{
  record->state = COLLATE_ANSWER_FAILED;
  record->error = g_error_new_literal (COLLATE_ERROR, code, message);
}

/* The facts of an answer to be: who answers, over which route and at which price, or why nobody can. */
static CollateAnswerRecord *
make_record (CollateEntry *entry, guint run)
{
  CollateModel *model = collate_entry_get_model (entry);
  CollateRoute *route = collate_model_get_route (model);
  CollateAnswerRecord *record =
      collate_answer_record_new (collate_entry_get_id (entry), collate_entry_get_name (entry), run);

  record->reading = collate_reading_to_string (collate_entry_get_reading (entry));
  record->local = collate_model_is_local (model);
  if (route != NULL)
    {
      CollateProvider *provider = collate_route_get_provider (route);
      CollatePrice *price = collate_route_get_price (route);

      record->route = g_strdup (collate_route_get_id (route));
      record->provider_name = g_strdup (collate_provider_get_name (provider));
      record->key_name = g_strdup (collate_provider_get_key_name (provider));
      record->price = price != NULL ? collate_price_ref (price) : NULL;
    }

  switch (collate_model_get_availability (model))
    {
    case COLLATE_UNAVAILABLE_KEY:
      refuse (record, COLLATE_ERROR_KEY, "");
      break;
    case COLLATE_UNAVAILABLE_RETIRED:
      refuse (record,
              COLLATE_ERROR_RETIRED,
              route != NULL && collate_route_get_retired (route) != NULL ? collate_route_get_retired (route)
                                                                         : "");
      break;
    case COLLATE_UNAVAILABLE_FILE:
      refuse (record, COLLATE_ERROR_UNSUPPORTED, collate_model_get_problem (model));
      break;
    case COLLATE_AVAILABLE:
    default:
      break;
    }

  return record;
}

/* Queues an answer that can be asked for. */
static void
enqueue (Conductor *self, Lane *lane, CollateAnswer *answer)
{
  CollateModel *model = collate_entry_get_model (lane->entry);
  Job *job;

  if (collate_answer_state_is_final (collate_answer_get_state (answer)))
    return;

  collate_answer_set_counting (
      answer,
      self->encodings,
      collate_counting_encoding (model),
      collate_model_get_encoding (model) != NULL ? 1.0 : collate_model_get_token_factor (model));
  job = g_new0 (Job, 1);
  job->answer = g_object_ref (answer);
  job->route = g_object_ref (collate_model_get_route (model));
  job->max_output = collate_entry_get_output_limit_for (lane->entry, self->max_output);
  job->think = collate_entry_get_thinking (lane->entry);
  g_queue_push_tail (&lane->jobs, job);
}

static void
end_answer (Conductor *self, CollateAnswer *answer, const GError *error, guint status)
{
  if (collate_answer_state_is_final (collate_answer_get_state (answer)))
    return;

  collate_answer_finish (answer, error, status);
  collate_comparison_answer_changed (self->comparison, answer);
}

/* What a model reads at the least: of a file of this machine all of the prompt and a token of the answer, since both are
 * known here; of a server's what is surely sent. */
static gint64
get_least_length (Lane *lane)
{
  CollateModel *model = collate_entry_get_model (lane->entry);

  if (!collate_model_is_local (model))
    return lane->input;

  return collate_counting_estimate (model,
                                    collate_counting_encoding (model),
                                    lane->input,
                                    collate_entry_get_thinking (lane->entry)) +
         1;
}

/* The input is longer than all that the model reads, by its own tokenizer: no server could take it. An estimate never
 * decides that. */
static GError *
check_length (Lane *lane)
{
  CollateModel *model = collate_entry_get_model (lane->entry);
  gint64 context = collate_model_get_context (model);
  gint64 length;

  if (collate_model_get_encoding (model) == NULL || context <= 0 || lane->input < 0)
    return NULL;
  length = get_least_length (lane);
  if (length <= context)
    return NULL;

  return g_error_new (COLLATE_ERROR,
                      COLLATE_ERROR_TOO_LONG,
                      "%" G_GINT64_FORMAT " tokens, %" G_GINT64_FORMAT " too many for the %" G_GINT64_FORMAT
                      " that it reads at most",
                      length,
                      length - context,
                      context);
}

static void
on_event (const CollateEvent *event, gpointer data)
{
  Call *call = data;
  CollateAnswer *answer = call->lane->job->answer;

  if (collate_answer_state_is_final (collate_answer_get_state (answer)))
    return;

  collate_answer_apply (answer, event);
  collate_comparison_answer_changed (call->comparison, answer);
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  Lane *lane = call->lane;
  g_autoptr (Job) job = g_steal_pointer (&lane->job);
  g_autoptr (GError) error = NULL;
  guint status = 0;

  collate_client_answer_finish (COLLATE_CLIENT (source), result, &status, &error);
  lane->asking = FALSE;
  g_clear_object (&lane->stop);
  end_answer (call->conductor, job->answer, error, status);
  pump (call->conductor);

  collate_comparison_release (call->comparison);
  g_object_unref (call->comparison);
  g_free (call);
}

static void
send_job (Conductor *self, Lane *lane, Job *job)
{
  CollateProvider *provider = collate_route_get_provider (job->route);
  const char *key_name = collate_provider_get_key_name (provider);
  CollateModel *model = collate_entry_get_model (lane->entry);
  CollateRequest request = {
    .route = job->route,
    .key = key_name != NULL ? collate_keys_lookup (self->keys, key_name) : NULL,
    .system = self->system,
    .user = self->question,
    .max_output = job->max_output,
    .can_think = collate_model_get_thinking (model),
    .think = job->think,
    .device = self->device,
    .name = collate_entry_get_name (lane->entry),
    .top_k = self->top_k,
  };
  Call *call = g_new0 (Call, 1);

  call->comparison = g_object_ref (self->comparison);
  call->conductor = self;
  call->lane = lane;
  collate_comparison_hold (self->comparison);

  lane->asking = TRUE;
  lane->job = job;
  lane->stop = g_cancellable_new ();
  collate_client_answer_async (collate_client_pool_get (self->pool, provider),
                               &request,
                               on_event,
                               call,
                               lane->stop,
                               answered_cb,
                               call);
}

static void
start_next (Conductor *self, Lane *lane)
{
  g_autoptr (GError) too_long = check_length (lane);
  Job *job = g_queue_pop_head (&lane->jobs);

  if (too_long == NULL)
    {
      send_job (self, lane, job);
      return;
    }

  end_answer (self, job->answer, too_long, 0);
  job_free (job);
}

/* Starts what can start now. */
static void
pump (Conductor *self)
{
  for (guint i = 0; i < self->lanes->len; i++)
    {
      Lane *lane = self->lanes->pdata[i];

      while (!lane->counting && !lane->asking && !g_queue_is_empty (&lane->jobs))
        start_next (self, lane);
      if (self->sequential && (lane->asking || !g_queue_is_empty (&lane->jobs)))
        break;
    }
}

/* Counting the input. */

static Lane *
find_lane (Conductor *self, CollateAnswer *answer)
{
  for (guint i = 0; i < self->lanes->len; i++)
    {
      Lane *lane = self->lanes->pdata[i];

      if (strcmp (collate_entry_get_id (lane->entry), collate_answer_get_entry_id (answer)) == 0)
        return lane;
    }

  return NULL;
}

static void
tell_input (Conductor *self, CollateAnswer *answer, Lane *lane)
{
  CollateModel *model = collate_entry_get_model (lane->entry);

  if (lane->input < 0)
    return;

  collate_answer_set_expected_input (
      answer,
      collate_counting_estimate (
          model, collate_counting_encoding (model), lane->input, collate_entry_get_thinking (lane->entry)),
      collate_model_get_encoding (model) != NULL);
  collate_comparison_answer_changed (self->comparison, answer);
}

/* What a count is for: lanes whose encoding's count lacks as many tokens as are known already. */
typedef struct
{
  CollateComparison *comparison;
  Conductor *conductor;
  GHashTable *known; /* encoding's name to gint64: the documents' tokens, 0 where they were counted now */
} Counting;

static void
counted_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Counting *counting = data;
  Conductor *self = counting->conductor;
  g_autoptr (GHashTable) sums = collate_count_finish (result);
  GListModel *answers = G_LIST_MODEL (self->comparison);

  for (guint i = 0; i < self->lanes->len; i++)
    {
      Lane *lane = self->lanes->pdata[i];
      const char *name = collate_counting_encoding (collate_entry_get_model (lane->entry));
      const gint64 *known = g_hash_table_lookup (counting->known, name);
      const gint64 *sum = g_hash_table_lookup (sums, name);

      if (known == NULL)
        continue;
      if (sum != NULL)
        lane->input = *known + *sum;
      lane->counting = FALSE;
    }

  for (guint i = 0; i < g_list_model_get_n_items (answers); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (answers, i);
      Lane *lane = find_lane (self, answer);

      if (g_hash_table_contains (counting->known,
                                 collate_counting_encoding (collate_entry_get_model (lane->entry))))
        tell_input (self, answer, lane);
    }
  pump (self);

  g_hash_table_unref (counting->known);
  collate_comparison_release (counting->comparison);
  g_object_unref (counting->comparison);
  g_free (counting);
}

static void
count (Conductor *self, GHashTable *known, const char *first, const char *second)
{
  g_autofree const char **names = (const char **) g_hash_table_get_keys_as_array (known, NULL);
  const char *const texts[] = { first, second, NULL };
  Counting *counting;

  if (names[0] == NULL)
    return;

  counting = g_new0 (Counting, 1);
  counting->comparison = g_object_ref (self->comparison);
  counting->conductor = self;
  counting->known = g_hash_table_ref (known);
  collate_comparison_hold (self->comparison);
  collate_count_async (self->encodings, names, texts, counted_cb, counting);
}

/* Where the library has the documents' count, only instruction and question are counted. */
static void
count_input (Conductor *self, CollateLibrary *library)
{
  g_autoptr (GHashTable) rest = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GHashTable) whole = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  gint64 bytes = (gint64) (strlen (self->system) + strlen (self->question));

  for (guint i = 0; i < self->lanes->len; i++)
    {
      Lane *lane = self->lanes->pdata[i];
      CollateModel *model = collate_entry_get_model (lane->entry);
      const char *name = collate_counting_encoding (model);
      gint64 context = collate_model_get_context (model);
      gint64 documents = collate_library_get_context_tokens (library, name);
      gboolean has_count = documents >= 0;

      if (!has_count)
        documents = 0;
      g_hash_table_insert (
          has_count ? rest : whole, g_strdup (name), g_memdup2 (&documents, sizeof documents));
      lane->counting = collate_model_get_encoding (model) != NULL && context > 0 &&
                       bytes / FEWEST_BYTES_PER_TOKEN > context;
    }

  count (self, rest, collate_prompt_instruction (), self->question);
  count (self, whole, self->system, self->question);
}

/* What the comparison asks of its driver. */

static void
stop_answer (CollateAnswer *answer, gpointer data)
{
  Conductor *self = data;
  Lane *lane = find_lane (self, answer);
  g_autoptr (GError) stopped = g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_STOPPED, "");
  g_autoptr (CollateComparison) kept = g_object_ref (self->comparison);

  if (lane->job != NULL && lane->job->answer == answer)
    {
      g_autoptr (GCancellable) cancellable = g_object_ref (lane->stop);

      end_answer (self, answer, stopped, 0);
      g_cancellable_cancel (cancellable);
      return;
    }

  for (GList *link = lane->jobs.head; link != NULL; link = link->next)
    if (((Job *) link->data)->answer == answer)
      {
        g_autoptr (Job) job = link->data;

        g_queue_delete_link (&lane->jobs, link);
        end_answer (self, answer, stopped, 0);
        break;
      }
  pump (self);
}

static void
retry_answer (CollateAnswer *answer, gpointer data)
{
  Conductor *self = data;
  Lane *lane = find_lane (self, answer);
  g_autoptr (CollateAnswer) again =
      collate_answer_new (make_record (lane->entry, collate_answer_get_run (answer)),
                          collate_comparison_get_repeats (self->comparison));

  enqueue (self, lane, again);
  tell_input (self, again, lane);
  collate_comparison_replace (self->comparison, answer, again);
  pump (self);
}

static const CollateDriver driver = { stop_answer, retry_answer };

/* Making it. */

static void
add_documents (CollateComparisonRecord *record, GListModel *documents)
{
  for (guint i = 0; i < g_list_model_get_n_items (documents); i++)
    {
      g_autoptr (CollateDocument) document = g_list_model_get_item (documents, i);
      CollateDocumentRecord *copy;

      if (collate_document_get_state (document) != COLLATE_DOCUMENT_READY)
        continue;
      copy = collate_document_record_new (collate_document_get_name (document),
                                          collate_document_get_n_pages (document),
                                          collate_document_get_tokens (document),
                                          collate_document_get_warnings (document));
      copy->text = collate_document_ref_text (document);
      g_ptr_array_add (record->documents, copy);
    }
}

CollateComparison *
collate_conductor_prepare (const CollateOrder *order)
{
  CollateComparisonRecord *record = collate_comparison_record_new (order->question);
  char *context = collate_library_dup_context (order->library);
  g_autofree char *system = collate_prompt_system (context);
  CollateComparison *comparison;
  Conductor *self;

  record->repeats = order->repeats;
  record->context_tokens = collate_library_get_context_tokens (order->library, COLLATE_ENCODING_DEFAULT);
  add_documents (record, G_LIST_MODEL (order->library));
  for (guint i = 0; i < order->entries->len; i++)
    for (guint run = 1; run <= order->repeats; run++)
      g_ptr_array_add (record->answers, make_record (order->entries->pdata[i], run));
  comparison = collate_comparison_new (record);

  self = g_new0 (Conductor, 1);
  self->comparison = comparison;
  self->question = g_strdup (order->question);
  self->system = g_ref_string_new_intern (system);
  self->max_output = order->max_output;
  self->device = g_strdup (order->device);
  self->top_k = order->top_k;
  self->sequential = order->sequential;
  self->encodings = collate_encodings_ref (order->encodings);
  self->keys = g_object_ref (order->keys);
  self->pool = collate_client_pool_ref (order->pool);
  self->lanes = g_ptr_array_new_with_free_func (lane_free);
  for (guint i = 0; i < order->entries->len; i++)
    {
      Lane *lane = g_new0 (Lane, 1);

      lane->entry = g_object_ref (order->entries->pdata[i]);
      lane->input = -1;
      g_queue_init (&lane->jobs);
      g_ptr_array_add (self->lanes, lane);
    }
  for (guint i = 0; i < order->entries->len * order->repeats; i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (comparison), i);

      enqueue (self, self->lanes->pdata[i / order->repeats], answer);
    }
  collate_comparison_set_driver (comparison, &driver, self, conductor_free);
  count_input (self, order->library);

  g_ref_string_release (context);
  return comparison;
}

void
collate_conductor_start (CollateComparison *comparison)
{
  pump (collate_comparison_get_driver_data (comparison));
}
