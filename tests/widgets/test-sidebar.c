/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The sidebar's rows: what a document and a model say in each of their states, their names for a screen
 * reader, and what their buttons ask for. */

#include <glib/gstdio.h>

#include "catalogue/collate-catalogue.h"
#include "compare/collate-entry.h"
#include "compare/collate-sentences.h"
#include "documents/collate-library.h"
#include "widget-support.h"
#include "widgets/collate-dates.h"
#include "widgets/collate-document-list.h"
#include "widgets/collate-document-row.h"
#include "widgets/collate-model-facts.h"
#include "widgets/collate-model-row.h"

static const char models[] =
    "{ \"version\": 1, \"providers\": {"
    "    \"here\": { \"name\": \"Here\", \"api\": \"openai\", \"base_url\": \"http://127.0.0.1:1\" },"
    "    \"shop\": { \"name\": \"The Shop\", \"api\": \"openai\", \"base_url\": \"https://127.0.0.1:1\","
    "                \"key\": \"COLLATE_TEST_KEY\" } },"
    "  \"models\": ["
    "    { \"id\": \"plain\", \"name\": \"Plain 1\", \"context\": 100000, \"max_output\": 4096,"
    "      \"facts\": { \"parameters\": 671e9, \"active\": 37e9, \"licence\": \"MIT\", \"source\": \"a "
    "paper\" },"
    "      \"routes\": [ { \"provider\": \"here\", \"model\": \"m\", \"price\": { \"input\": 0.28,"
    "        \"output\": 0.42, \"as_of\": \"2025-10\", \"source\": \"tutorial\" } } ] },"
    "    { \"id\": \"small\", \"name\": \"Small\", \"context\": 8192, \"max_output\": 1000, \"thinking\": "
    "\"switch\","
    "      \"routes\": [ { \"provider\": \"here\", \"model\": \"m\" } ] },"
    "    { \"id\": \"keyless\", \"name\": \"Keyless\", \"context\": 100000,"
    "      \"routes\": [ { \"provider\": \"shop\", \"model\": \"m\", \"price\": { \"input\": 3, \"output\": "
    "15 } } ] },"
    "    { \"id\": \"gone\", \"name\": \"Gone\", \"context\": 100000,"
    "      \"routes\": [ { \"provider\": \"here\", \"model\": \"m\", \"retired\": \"2020-01-01\" } ] },"
    "    { \"id\": \"free\", \"name\": \"Free\", \"context\": 100000,"
    "      \"routes\": [ { \"provider\": \"here\", \"model\": \"m\", \"price\": { \"input\": 0, \"output\": "
    "0 } } ] },"
    "    { \"id\": \"detour\", \"name\": \"Detour\", \"context\": 100000,"
    "      \"routes\": [ { \"provider\": \"shop\", \"model\": \"m\" },"
    "                    { \"provider\": \"here\", \"model\": \"m\" } ] } ] }";

typedef struct
{
  CollateCatalogue *catalogue;
  CollateEntry *entry;
  GtkWidget *row;
  GtkWindow *window;
} ModelFixture;

/* A file of 8 GB, 12 GB with its whole context; and one whose experts are most of it. */
static void
add_local_models (CollateCatalogue *catalogue)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_local_model_free);
  CollateLocalModel *local = collate_local_model_new ("file", "/nonexistent/file.gguf");
  CollateLocalModel *mixture;

  local->context = 100000;
  local->weight_bytes = 8000000000;
  local->token_bytes = 40000;
  local->sparse_session_bytes = 1000000000;
  local->sparse_token_bytes = 50000;
  g_ptr_array_add (files, local);
  mixture = collate_local_model_copy (local);
  g_free (mixture->name);
  mixture->name = g_strdup ("mixture");
  mixture->expert_bytes = 6500000000;
  g_ptr_array_add (files, mixture);
  collate_catalogue_set_local_models (catalogue, files);
}

static void
model_set_up (ModelFixture *fixture, gconstpointer id)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (models, strlen (models));
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, "/nonexistent");
  CollateModel *model;

  fixture->catalogue = collate_catalogue_new (bytes, "/nonexistent", FALSE, "/nonexistent", keys);
  add_local_models (fixture->catalogue);
  model = collate_catalogue_lookup (fixture->catalogue, id);
  g_assert_nonnull (model);
  fixture->entry = collate_entry_new (model, COLLATE_READING_WHOLE);
  collate_entry_estimate (fixture->entry, 57298, 0);
  fixture->row = g_object_new (COLLATE_TYPE_MODEL_ROW, "entry", fixture->entry, NULL);
  fixture->window = widget_support_show (fixture->row, 300);
}

static void
model_tear_down (ModelFixture *fixture, gconstpointer id)
{
  g_object_ref (fixture->row);
  gtk_window_destroy (fixture->window);
  g_assert_finalize_object (fixture->row);
  g_assert_finalize_object (fixture->entry);
  g_clear_object (&fixture->catalogue);
}

static GtkWidget *
find_by_action (GtkWidget *root, const char *action)
{
  g_autoptr (GPtrArray) buttons = widget_support_find_all (root, GTK_TYPE_BUTTON);

  for (guint i = 0; i < buttons->len; i++)
    if (g_strcmp0 (gtk_actionable_get_action_name (buttons->pdata[i]), action) == 0)
      return buttons->pdata[i];
  return NULL;
}

static const char *
get_target (GtkWidget *button)
{
  return g_variant_get_string (gtk_actionable_get_action_target_value (GTK_ACTIONABLE (button)), NULL);
}

static void
test_model_plain (ModelFixture *fixture, gconstpointer id)
{
  GtkWidget *check = widget_support_find (fixture->row, GTK_TYPE_CHECK_BUTTON);

  gtk_test_accessible_assert_role (check, GTK_ACCESSIBLE_ROLE_CHECKBOX);
  gtk_test_accessible_assert_property (check, GTK_ACCESSIBLE_PROPERTY_LABEL, "Plain 1");
  g_assert_nonnull (
      widget_support_find_label (fixture->row, "$0.28 in · $0.42 out · 57\302\240% of its window"));
  g_assert_nonnull (widget_support_find_label (fixture->row, "≤ $0.0178"));
  g_assert_false (gtk_widget_get_visible (find_by_action (fixture->row, "app.preferences")));
  g_assert_null (widget_support_find_label (fixture->row, "Thinking"));
}

/* Whether memory holds a file is said before it is asked, and no longer than that is so. */
static void
test_model_memory (ModelFixture *fixture, gconstpointer id)
{
  CollateModel *model = collate_entry_get_model (fixture->entry);
  g_autofree char *held = NULL;
  g_autofree char *part = NULL;
  g_autofree char *none = NULL;

  g_assert_null (collate_sentence_for_memory (model));
  g_assert_null (widget_support_find_label (fixture->row, "too large"));

  collate_model_set_free_memory (model, 16000000000, 100000, NULL);
  held = collate_sentence_for_memory (model);
  g_assert_cmpstr (held, ==, "Needs about 12.0\302\240GB of memory; 16.0\302\240GB are free.");
  g_assert_true (collate_model_is_held (model));
  g_assert_null (widget_support_find_label (fixture->row, "too large"));

  collate_model_set_free_memory (model, 4000000000, 0, NULL);
  none = collate_sentence_for_memory (model);
  g_assert_cmpstr (
      none, ==, "Needs at least 8.0\302\240GB of memory, and 4.0\302\240GB are free: it cannot run now.");
  g_assert_nonnull (widget_support_find_label (fixture->row, "too large for the memory that is free"));

  /* Part of its context is enough for what is asked, or is not. */
  collate_model_set_free_memory (model, 10000000000, 57299, NULL);
  part = collate_sentence_for_memory (model);
  g_assert_nonnull (strstr (part, "it can read 57,299 tokens"));
  g_assert_false (collate_model_is_held (model));
  g_assert_null (widget_support_find_label (fixture->row, "memory holds"));
  collate_model_set_free_memory (model, 10000000000, 57298, NULL);
  g_assert_nonnull (
      widget_support_find_label (fixture->row, "memory holds 57,298 tokens of it, needs 57,299"));
}

/* The index takes some, too. */
static void
test_model_memory_sparse (ModelFixture *fixture, gconstpointer id)
{
  CollateModel *model = collate_entry_get_model (fixture->entry);
  g_autofree char *held = NULL;

  collate_model_set_free_memory (model, 16000000000, 100000, NULL);
  held = collate_sentence_for_memory (model);
  g_assert_cmpstr (held, ==, "Needs about 14.0\302\240GB of memory; 16.0\302\240GB are free.");
}

/* Memory that is too small for all experts is enough for the rest. */
static void
test_model_memory_of_experts (ModelFixture *fixture, gconstpointer id)
{
  CollateModel *model = collate_entry_get_model (fixture->entry);
  g_autofree char *held = NULL;
  g_autofree char *left = NULL;
  g_autofree char *none = NULL;
  g_autofree char *card = NULL;

  collate_model_set_free_memory (model, 16000000000, 100000, NULL);
  held = collate_sentence_for_memory (model);
  g_assert_cmpstr (held, ==, "Needs about 12.0\302\240GB of memory; 16.0\302\240GB are free.");
  collate_model_set_free_memory (model, 6000000000, 60000, NULL);
  left = collate_sentence_for_memory (model);
  g_assert_cmpstr (left,
                   ==,
                   "Takes 8.0\302\240GB in all, and 6.0\302\240GB of memory are free: its experts are read "
                   "from the file as they are wanted, which is slow. It can read 60,000 tokens.");
  collate_model_set_free_memory (model, 1000000000, 0, NULL);
  none = collate_sentence_for_memory (model);
  g_assert_cmpstr (
      none, ==, "Needs at least 1.5\302\240GB of memory, and 1.0\302\240GB are free: it cannot run now.");
  collate_model_set_free_memory (model, 4000000000, 0, "vulkan:0");
  card = collate_sentence_for_memory (model);
  g_assert_nonnull (strstr (card, "Needs at least 8.0\302\240GB of the memory of the graphics card"));
}

/* Where a graphics card would compute, it is the card's memory that is told of. */
static void
test_model_memory_of_card (ModelFixture *fixture, gconstpointer id)
{
  CollateModel *model = collate_entry_get_model (fixture->entry);
  g_autofree char *held = NULL;
  g_autofree char *part = NULL;
  g_autofree char *none = NULL;
  g_autofree char *left = NULL;

  collate_model_set_free_memory (model, 16000000000, 100000, "vulkan:0");
  held = collate_sentence_for_memory (model);
  g_assert_cmpstr (
      held,
      ==,
      "Needs about 12.0\302\240GB of the memory of the graphics card vulkan:0; 16.0\302\240GB are free "
      "there.");
  collate_model_set_free_memory (model, 4000000000, 0, "vulkan:0");
  none = collate_sentence_for_memory (model);
  g_assert_cmpstr (
      none,
      ==,
      "Needs at least 8.0\302\240GB of the memory of the graphics card vulkan:0, and 4.0\302\240GB are "
      "free there: it cannot run there now.");
  collate_model_set_free_memory (model, 10000000000, 57299, "vulkan:0");
  part = collate_sentence_for_memory (model);
  g_assert_nonnull (strstr (part, "graphics card vulkan:0 to read as much as it can"));
  g_assert_nonnull (strstr (part, "it can read 57,299 tokens"));

  /* The same figures, of another memory. */
  collate_model_set_free_memory (model, 10000000000, 57299, NULL);
  left = collate_sentence_for_memory (model);
  g_assert_null (strstr (left, "graphics card"));
}

/* The answer of a file takes what the input leaves. */
static void
test_model_file_too_long (ModelFixture *fixture, gconstpointer id)
{
  collate_entry_estimate (fixture->entry, 99999, 0);
  g_assert_cmpint (collate_entry_get_fit (fixture->entry), ==, COLLATE_FIT_WHOLE);
  collate_entry_estimate (fixture->entry, 100000, 0);
  g_assert_cmpint (collate_entry_get_fit (fixture->entry), ==, COLLATE_FIT_TOO_LONG);
  g_assert_nonnull (widget_support_find_label (fixture->row, "holds 100,000 tokens, needs 100,001"));
}

static void
test_model_ticks (ModelFixture *fixture, gconstpointer id)
{
  GtkCheckButton *check = GTK_CHECK_BUTTON (widget_support_find (fixture->row, GTK_TYPE_CHECK_BUTTON));

  g_assert_false (gtk_check_button_get_active (check));
  collate_entry_set_selected (fixture->entry, TRUE);
  g_assert_true (gtk_check_button_get_active (check));
  gtk_check_button_set_active (check, FALSE);
  g_assert_false (collate_entry_get_selected (fixture->entry));
}

static void
test_model_estimate_changes (ModelFixture *fixture, gconstpointer id)
{
  collate_entry_estimate (fixture->entry, 1000, 100);
  g_assert_nonnull (widget_support_find_label (fixture->row, "≤ $0.0003"));
  collate_entry_estimate (fixture->entry, -1, 100);
  g_assert_nonnull (widget_support_find_label (fixture->row, "—"));
}

static void
test_model_too_long (ModelFixture *fixture, gconstpointer id)
{
  GtkWidget *label = widget_support_find_label (fixture->row, "holds 8,192 tokens, needs 58,298");

  g_assert_nonnull (label);
  g_assert_true (gtk_widget_has_css_class (label, "warning"));
  g_assert_nonnull (widget_support_find_label (fixture->row, "—"));
}

static void
test_model_thinks (ModelFixture *fixture, gconstpointer id)
{
  GtkWidget *label = widget_support_find_label (fixture->row, "Thinking");
  GtkWidget *toggle = gtk_widget_get_ancestor (label, GTK_TYPE_TOGGLE_BUTTON);

  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (toggle), TRUE);
  g_assert_true (collate_entry_get_thinking (fixture->entry));
}

static void
test_model_keyless (ModelFixture *fixture, gconstpointer id)
{
  GtkWidget *mend = find_by_action (fixture->row, "app.preferences");

  g_assert_nonnull (widget_support_find_label (fixture->row, "COLLATE_TEST_KEY is missing"));
  g_assert_true (gtk_widget_get_visible (mend));
  g_assert_cmpstr (get_target (mend), ==, "key:COLLATE_TEST_KEY");
}

static void
test_model_gone (ModelFixture *fixture, gconstpointer id)
{
  GtkWidget *mend = find_by_action (fixture->row, "app.preferences");

  g_assert_nonnull (widget_support_find_label (fixture->row, "retired since 2020-01-01"));
  g_assert_cmpstr (get_target (mend), ==, "servers");
}

static void
test_model_free (ModelFixture *fixture, gconstpointer id)
{
  g_assert_nonnull (widget_support_find_label (fixture->row, "free"));
}

static void
test_model_detour (ModelFixture *fixture, gconstpointer id)
{
  g_assert_nonnull (widget_support_find_label (fixture->row, "through Here"));
}

static void
test_model_facts (ModelFixture *fixture, gconstpointer id)
{
  GtkWidget *facts = g_object_ref_sink (collate_model_facts_new (collate_entry_get_model (fixture->entry)));

  g_assert_nonnull (widget_support_find_label (facts, "MIT"));
  g_assert_nonnull (widget_support_find_label (facts, "a paper"));
  g_assert_nonnull (widget_support_find_label (
      facts, "m\n$0.28 in · $0.42 out\nas the tutorial states, 2025-10\nused now"));
  g_assert_finalize_object (facts);
}

/* A row that shows another entry keeps nothing of the first. */
static void
test_model_row_recycled (ModelFixture *fixture, gconstpointer id)
{
  g_autoptr (CollateEntry) other =
      collate_entry_new (collate_catalogue_lookup (fixture->catalogue, "keyless"), COLLATE_READING_WHOLE);
  GtkWidget *check = widget_support_find (fixture->row, GTK_TYPE_CHECK_BUTTON);

  collate_entry_set_selected (fixture->entry, TRUE);
  g_object_set (fixture->row, "entry", other, NULL);
  gtk_test_accessible_assert_property (check, GTK_ACCESSIBLE_PROPERTY_LABEL, "Keyless");
  g_assert_false (gtk_check_button_get_active (GTK_CHECK_BUTTON (check)));
  g_assert_true (collate_entry_get_selected (fixture->entry));
  g_assert_null (widget_support_find_label (fixture->row, "≤ $0.0178"));
}

typedef struct
{
  char *folder;
  CollateLibrary *library;
  GtkWidget *list;
  GtkWindow *window;
} DocumentFixture;

static void
settled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  collate_library_settle_finish (COLLATE_LIBRARY (source), result, NULL);
  g_main_loop_quit (user_data);
}

static void
add_documents (DocumentFixture *fixture, const char *const *names)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  for (guint i = 0; names[i] != NULL; i++)
    g_ptr_array_add (files, g_file_new_build_filename (fixture->folder, names[i], NULL));
  collate_library_add (fixture->library, files);
  collate_library_settle_async (fixture->library, NULL, settled, loop);
  g_main_loop_run (loop);
  widget_support_draw (fixture->window);
}

static void
document_set_up (DocumentFixture *fixture, gconstpointer data)
{
  g_autoptr (CollateEncodings) encodings = collate_encodings_new ("/io/github/collate/Collate/vocabularies");
  g_autofree char *text = NULL;

  fixture->folder = g_dir_make_tmp ("collate-widgets-XXXXXX", NULL);
  text = g_build_filename (fixture->folder, "notes.txt", NULL);
  g_assert_true (g_file_set_contents (text, "Dense attention reads all.", -1, NULL));

  fixture->library = collate_library_new (encodings, g_getenv ("COLLATE_EXTRACT"));
  fixture->list = g_object_new (COLLATE_TYPE_DOCUMENT_LIST, "library", fixture->library, NULL);
  fixture->window = widget_support_show (fixture->list, 300);
}

static void
document_tear_down (DocumentFixture *fixture, gconstpointer data)
{
  g_autofree char *text = g_build_filename (fixture->folder, "notes.txt", NULL);

  g_object_ref (fixture->list);
  gtk_window_destroy (fixture->window);
  g_assert_finalize_object (fixture->list);
  g_clear_object (&fixture->library);
  g_unlink (text);
  g_rmdir (fixture->folder);
  g_free (fixture->folder);
}

static void
test_documents_empty (DocumentFixture *fixture, gconstpointer data)
{
  GtkWidget *list = widget_support_find (fixture->list, GTK_TYPE_LIST_VIEW);
  GtkWidget *open = find_by_action (fixture->list, "win.open");

  gtk_test_accessible_assert_role (list, GTK_ACCESSIBLE_ROLE_LIST);
  gtk_test_accessible_assert_property (list, GTK_ACCESSIBLE_PROPERTY_LABEL, "Documents");
  gtk_test_accessible_assert_property (open, GTK_ACCESSIBLE_PROPERTY_LABEL, "Open…");
  g_assert_true (gtk_widget_get_mapped (open));
}

static void
test_documents_listed (DocumentFixture *fixture, gconstpointer data)
{
  const char *const names[] = { "notes.txt", "missing.pdf", NULL };
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (CollateDocument) notes = NULL;
  g_autofree char *details = NULL;
  g_autofree char *total = NULL;
  gint64 context_tokens;
  GtkWidget *remove;
  GtkWidget *tokens;

  add_documents (fixture, names);
  notes = g_list_model_get_item (G_LIST_MODEL (fixture->library), 1);
  g_object_get (fixture->library, "context-tokens", &context_tokens, NULL);
  g_assert_cmpint (context_tokens, >, collate_document_get_tokens (notes));
  details = g_strdup_printf ("1 page · %" G_GINT64_FORMAT " tokens", collate_document_get_tokens (notes));
  total = g_strdup_printf ("Total tokens: %" G_GINT64_FORMAT, context_tokens);
  rows = widget_support_find_all (fixture->list, COLLATE_TYPE_DOCUMENT_ROW);
  g_assert_cmpuint (rows->len, ==, 2);
  g_assert_nonnull (widget_support_find_label (rows->pdata[0], "missing.pdf"));
  g_assert_nonnull (widget_support_find_label (rows->pdata[1], "notes.txt"));
  g_assert_nonnull (widget_support_find_label (rows->pdata[1], details));
  g_assert_false (gtk_widget_get_mapped (find_by_action (fixture->list, "win.open")));

  tokens = widget_support_find_label (fixture->list, total + strlen ("Total tokens: "));
  g_assert_nonnull (tokens);
  gtk_test_accessible_assert_property (tokens, GTK_ACCESSIBLE_PROPERTY_LABEL, total);

  remove = find_by_action (rows->pdata[1], "documents.remove");
  gtk_test_accessible_assert_property (remove, GTK_ACCESSIBLE_PROPERTY_LABEL, "Remove notes.txt");
}

static void
test_documents_failed (DocumentFixture *fixture, gconstpointer data)
{
  const char *const names[] = { "missing.pdf", NULL };
  GtkWidget *row;
  g_autoptr (GPtrArray) labels = NULL;
  guint n_errors = 0;

  add_documents (fixture, names);
  row = widget_support_find (fixture->list, COLLATE_TYPE_DOCUMENT_ROW);
  labels = widget_support_find_all (row, GTK_TYPE_LABEL);
  for (guint i = 0; i < labels->len; i++)
    if (gtk_widget_has_css_class (labels->pdata[i], "error"))
      n_errors++;
  g_assert_cmpuint (n_errors, ==, 1);
}

static void
test_documents_removed (DocumentFixture *fixture, gconstpointer data)
{
  const char *const names[] = { "notes.txt", NULL };

  add_documents (fixture, names);
  g_signal_emit_by_name (find_by_action (fixture->list, "documents.remove"), "clicked");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->library)), ==, 0);
  widget_support_draw (fixture->window);
  g_assert_true (gtk_widget_get_mapped (find_by_action (fixture->list, "win.open")));
}

static void
test_days (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_local (2026, 1, 1, 0, 30, 0);
  g_autoptr (GDateTime) before = g_date_time_add_minutes (now, -31);
  g_autoptr (GDateTime) month = g_date_time_add_days (now, -40);
  g_autofree char *today = collate_format_day (now, now);
  g_autofree char *yesterday = collate_format_day (before, now);
  g_autofree char *other = collate_format_day (month, now);
  int days = 0;

  g_assert_cmpstr (today, ==, "Today");
  g_assert_cmpstr (yesterday, ==, "Yesterday");
  g_assert_cmpstr (other, ==, "22 November 2025");

  g_assert_true (collate_days_until ("2026-01-09", now, &days));
  g_assert_cmpint (days, >=, 8);
  g_assert_cmpint (days, <=, 9);
  g_assert_false (collate_days_until ("2026-13-09", now, &days));
  g_assert_false (collate_days_until ("soon", now, &days));
  g_assert_false (collate_days_until ("2026-02-30", now, &days));
}

#define ADD_MODEL(path, id, func) g_test_add (path, ModelFixture, id, model_set_up, func, model_tear_down)
#define ADD_DOCUMENT(path, func)                                                                             \
  g_test_add (path, DocumentFixture, NULL, document_set_up, func, document_tear_down)

int
main (int argc, char *argv[])
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

  ADD_MODEL ("/models/plain", "plain", test_model_plain);
  ADD_MODEL ("/models/ticks", "plain", test_model_ticks);
  ADD_MODEL ("/models/estimate-changes", "plain", test_model_estimate_changes);
  ADD_MODEL ("/models/too-long", "small", test_model_too_long);
  ADD_MODEL ("/models/thinks", "small", test_model_thinks);
  ADD_MODEL ("/models/keyless", "keyless", test_model_keyless);
  ADD_MODEL ("/models/gone", "gone", test_model_gone);
  ADD_MODEL ("/models/free", "free", test_model_free);
  ADD_MODEL ("/models/detour", "detour", test_model_detour);
  ADD_MODEL ("/models/memory", "local:file", test_model_memory);
  ADD_MODEL ("/models/memory-sparse", "local:file@sparse", test_model_memory_sparse);
  ADD_MODEL ("/models/memory-of-experts", "local:mixture", test_model_memory_of_experts);
  ADD_MODEL ("/models/memory-of-card", "local:file", test_model_memory_of_card);
  ADD_MODEL ("/models/file-too-long", "local:file", test_model_file_too_long);
  ADD_MODEL ("/models/facts", "plain", test_model_facts);
  ADD_MODEL ("/models/row-recycled", "plain", test_model_row_recycled);
  ADD_DOCUMENT ("/documents/empty", test_documents_empty);
  ADD_DOCUMENT ("/documents/listed", test_documents_listed);
  ADD_DOCUMENT ("/documents/failed", test_documents_failed);
  ADD_DOCUMENT ("/documents/removed", test_documents_removed);
  g_test_add_func ("/dates/days", test_days);

  return g_test_run ();
}
