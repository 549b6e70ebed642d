/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* What the tests of widgets share. */

#include "widget-support.h"

#include "compare/collate-answer-private.h"
#include "compare/collate-comparison-private.h"

GtkWindow *
widget_support_show (GtkWidget *widget, int width)
{
  GtkWindow *window = GTK_WINDOW (adw_window_new ());
  GtkWidget *scroller = gtk_scrolled_window_new ();

  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), widget);
  gtk_window_set_default_size (window, width, 600);
  adw_window_set_content (ADW_WINDOW (window), scroller);
  gtk_window_present (window);
  gtk_test_widget_wait_for_draw (GTK_WIDGET (window));
  return window;
}

void
widget_support_draw (GtkWindow *window)
{
  gtk_widget_queue_draw (GTK_WIDGET (window));
  gtk_test_widget_wait_for_draw (GTK_WIDGET (window));
}

static void
collect (GtkWidget *widget, GType type, GPtrArray *found)
{
  if (g_type_is_a (G_OBJECT_TYPE (widget), type))
    g_ptr_array_add (found, widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect (child, type, found);
}

GPtrArray *
widget_support_find_all (GtkWidget *root, GType type)
{
  GPtrArray *found = g_ptr_array_new ();

  collect (root, type, found);
  return found;
}

GtkWidget *
widget_support_find (GtkWidget *root, GType type)
{
  g_autoptr (GPtrArray) found = widget_support_find_all (root, type);

  return found->len > 0 ? g_ptr_array_index (found, 0) : NULL;
}

static gboolean
is_shown (GtkWidget *widget, GtkWidget *root)
{
  while (widget != NULL && widget != root && gtk_widget_get_visible (widget))
    widget = gtk_widget_get_parent (widget);
  return widget == root;
}

GtkWidget *
widget_support_find_label (GtkWidget *root, const char *beginning)
{
  g_autoptr (GPtrArray) labels = widget_support_find_all (root, GTK_TYPE_LABEL);

  for (guint i = 0; i < labels->len; i++)
    if (g_str_has_prefix (gtk_label_get_text (labels->pdata[i]), beginning) &&
        is_shown (labels->pdata[i], root))
      return labels->pdata[i];
  return NULL;
}

static const struct
{
  const char *id;
  const char *name;
  const char *price;
} models[] = {
  { "gpt-5", "GPT-5", "{\"input\": 2.5, \"output\": 10}" },
  { "claude-sonnet-4.5", "Claude Sonnet 4.5", "{\"input\": 3, \"output\": 15}" },
  { "deepseek-v3.2-exp", "DeepSeek v3.2-Exp", "{\"input\": 0.28, \"output\": 0.42}" },
  { "deepseek-v3.1-terminus", "DeepSeek v3.1-Terminus", "{\"input\": 0.55, \"output\": 2.19}" },
};

static CollateAnswerRecord *
answer_record_new (guint model)
{
  CollateAnswerRecord *record = collate_answer_record_new (models[model].id, models[model].name, 1);
  g_autoptr (JsonNode) price = json_from_string (models[model].price, NULL);
  g_autoptr (GError) error = NULL;

  record->provider_name = g_strdup ("OpenAI");
  record->key_name = g_strdup ("OPENAI_API_KEY");
  record->price = collate_price_new_from_json (json_node_get_object (price), &error);
  g_assert_no_error (error);
  return record;
}

static CollateComparison *
comparison_new (guint n, gboolean local)
{
  CollateComparisonRecord *record =
      collate_comparison_record_new ("What are the key differences between sparse and dense attention?");
  const char *const no_warnings[] = { NULL };

  g_assert_cmpuint (n, <=, G_N_ELEMENTS (models));
  record->created = g_get_real_time ();
  record->repeats = 1;
  record->context_tokens = 57204;
  g_ptr_array_add (record->documents,
                   collate_document_record_new ("DeepSeek_V3_2.pdf", 6, 4412, no_warnings));
  g_ptr_array_add (record->documents, collate_document_record_new ("NSA.pdf", 24, 25118, no_warnings));
  for (guint i = 0; i < n; i++)
    {
      CollateAnswerRecord *answer = answer_record_new (i);

      answer->local = local;
      g_ptr_array_add (record->answers, answer);
    }
  return collate_comparison_new (record);
}

CollateComparison *
widget_support_comparison_new (guint n)
{
  return comparison_new (n, FALSE);
}

CollateComparison *
widget_support_local_comparison_new (guint n)
{
  return comparison_new (n, TRUE);
}

CollateAnswer *
widget_support_get_answer (CollateComparison *comparison, guint position)
{
  CollateAnswer *answer = g_list_model_get_item (G_LIST_MODEL (comparison), position);

  g_object_unref (answer);
  return answer;
}

static void
apply (CollateComparison *comparison, guint position, CollateEvent event)
{
  CollateAnswer *answer = widget_support_get_answer (comparison, position);

  event.time = g_get_monotonic_time ();
  collate_answer_apply (answer, &event);
  collate_comparison_answer_changed (comparison, answer);
}

/* The first thing that comes was sent for. */
static void
ensure_sent (CollateComparison *comparison, guint position)
{
  CollateAnswer *answer = widget_support_get_answer (comparison, position);

  if (collate_answer_get_state (answer) == COLLATE_ANSWER_QUEUED)
    apply (comparison, position, (CollateEvent){ .kind = COLLATE_EVENT_SENT, .number = 1 });
}

void
widget_support_write (CollateComparison *comparison, guint position, const char *text)
{
  ensure_sent (comparison, position);
  apply (comparison, position, (CollateEvent){ .kind = COLLATE_EVENT_TEXT, .text = text });
}

void
widget_support_think (CollateComparison *comparison, guint position, const char *text)
{
  ensure_sent (comparison, position);
  apply (comparison, position, (CollateEvent){ .kind = COLLATE_EVENT_REASONING, .text = text });
}

void
widget_support_wait (CollateComparison *comparison, guint position, const char *other)
{
  apply (comparison, position, (CollateEvent){ .kind = COLLATE_EVENT_WAITS, .text = other });
}

void
widget_support_load (CollateComparison *comparison, guint position)
{
  ensure_sent (comparison, position);
  apply (comparison, position, (CollateEvent){ .kind = COLLATE_EVENT_LOADS });
}

void
widget_support_read (CollateComparison *comparison, guint position, gint64 n_done, gint64 n_tokens)
{
  apply (comparison,
         position,
         (CollateEvent){ .kind = COLLATE_EVENT_READS, .number = n_done, .total = n_tokens });
}

static void
end (CollateComparison *comparison, guint position, const GError *error)
{
  CollateAnswer *answer = widget_support_get_answer (comparison, position);

  collate_answer_finish (answer, error, 0);
  collate_comparison_answer_changed (comparison, answer);
}

void
widget_support_step (CollateComparison *comparison,
                     guint position,
                     gboolean writing,
                     gint64 end,
                     gint64 n_tokens,
                     gint64 duration)
{
  apply (comparison,
         position,
         (CollateEvent){ .kind = COLLATE_EVENT_STEP,
                         .number = end,
                         .total = n_tokens,
                         .duration = duration,
                         .writing = writing });
}

void
widget_support_tell_share (CollateComparison *comparison, guint position, double share)
{
  apply (comparison, position, (CollateEvent){ .kind = COLLATE_EVENT_SHARE, .share = share });
}

static void
finish (CollateComparison *comparison, guint position, const CollateUsage *usage)
{
  ensure_sent (comparison, position);
  apply (comparison, position, (CollateEvent){ .kind = COLLATE_EVENT_USAGE, .usage = usage });
  apply (comparison, position, (CollateEvent){ .kind = COLLATE_EVENT_FINISH, .text = "stop" });
  end (comparison, position, NULL);
}

void
widget_support_finish (CollateComparison *comparison, guint position, gint64 input, gint64 output)
{
  finish (comparison,
          position,
          &(CollateUsage){ .input = input, .output = output, .reported = COLLATE_MONEY_UNKNOWN });
}

void
widget_support_finish_with_drafts (CollateComparison *comparison,
                                   guint position,
                                   gint64 drafted,
                                   gint64 right)
{
  finish (comparison,
          position,
          &(CollateUsage){ .input = 10,
                           .output = 100,
                           .drafted = drafted,
                           .drafts_right = right,
                           .reported = COLLATE_MONEY_UNKNOWN });
}

void
widget_support_fail (CollateComparison *comparison, guint position, CollateError code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (COLLATE_ERROR, code, message);

  ensure_sent (comparison, position);
  end (comparison, position, error);
}
