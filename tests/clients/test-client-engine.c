/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "asker.h"
#include "fake-engine.h"

/* A folder of models for one test, and a client over it. */
typedef struct
{
  Asker asker;
  CollateKeys *keys;
  GPtrArray *models;
  char *folder;
} Shelf;

static void
shelf_clear (Shelf *shelf)
{
  asker_clear (&shelf->asker);
  g_clear_object (&shelf->keys);
  for (guint i = 0; i < shelf->models->len; i++)
    g_unlink (((CollateLocalModel *) shelf->models->pdata[i])->path);
  g_ptr_array_unref (shelf->models);
  g_rmdir (shelf->folder);
  g_free (shelf->folder);

  g_assert_cmpuint (fake_engine_get_done ()->n_open, ==, 0);
  g_assert_cmpuint (fake_engine_get_done ()->most_at_work, <=, 1);
  fake_engine_reset ();
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Shelf, shelf_clear)

static void
shelf_init (Shelf *shelf)
{
  g_autoptr (GBytes) built_in = g_bytes_new_static ("{\"version\":1}", 13);

  fake_engine_reset ();
  shelf->folder = g_dir_make_tmp ("collate-XXXXXX", NULL);
  shelf->models = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_local_model_free);
  shelf->keys = collate_keys_new (NULL, NULL);
  shelf->asker.catalogue = collate_catalogue_new (built_in, NULL, FALSE, NULL, shelf->keys);
  shelf->asker.http = collate_http_new ("collate-test");
}

static void
write_model (const char *path, const char *what)
{
  g_autofree char *content = g_strdup_printf ("[model]\n%s\n", what);

  g_assert_true (g_file_set_contents (path, content, -1, NULL));
}

/* Adds the file of a model, of the lines that fake-engine.h tells. */
static void
shelf_add (Shelf *shelf, const char *name, const char *what)
{
  g_autofree char *path = g_build_filename (shelf->folder, name, NULL);

  if (what != NULL)
    write_model (path, what);
  g_ptr_array_add (shelf->models, collate_local_model_new (name, path));
  collate_catalogue_set_local_models (shelf->asker.catalogue, shelf->models);
  if (shelf->asker.client == NULL)
    shelf->asker.client = collate_client_new (
        shelf->asker.http, collate_catalogue_lookup_provider (shelf->asker.catalogue, "local"));
}

/* What `name` is the name of: a file, or one with "@sparse" after it. */
static CollateRequest
shelf_request (Shelf *shelf, const char *name, const char *question)
{
  g_autofree char *id = g_strconcat (COLLATE_LOCAL_PREFIX, name, NULL);
  CollateModel *model = collate_catalogue_lookup (shelf->asker.catalogue, id);

  return (CollateRequest){
    .route = collate_model_get_route (model), .system = "system", .user = question, .max_output = 100
  };
}

static Asked *
ask (Shelf *shelf, const char *name, const char *question)
{
  Asked *asked = asked_new ();
  const CollateRequest request = shelf_request (shelf, name, question);

  asker_ask (&shelf->asker, &request, asked);

  return asked;
}

static void
test_answers (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) asked = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=Größe 🎉");
  asked = ask (&shelf, "a", "why");

  g_assert_no_error (asked->error);
  g_assert_cmpstr (asked->text->str, ==, "Größe 🎉");
  g_assert_cmpstr (asked->reasoning->str, ==, "");
  g_assert_cmpstr (asked->model, ==, "a");
  g_assert_cmpstr (asked->finish, ==, "stop");
  g_assert_cmpuint (asked->n_sent, ==, 1);
  g_assert_cmpuint (asked->n_loads, ==, 1);
  g_assert_cmpint (asked->n_read, ==, strlen ("system|why>"));
  g_assert_cmpint (asked->n_to_read, ==, strlen ("system|why>"));
  g_assert_cmpint (asked->usage.input, ==, strlen ("system|why>"));
  g_assert_cmpint (asked->usage.cached_input, ==, 0);
  g_assert_cmpint (asked->usage.output, ==, strlen ("Größe 🎉") + 1);
  g_assert_cmpint (asked->usage.reasoning, ==, 0);
  g_assert_false (asked->usage.estimated);
  g_assert_null (fake_engine_get_done ()->device);
}

static void
test_drafts (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) plain = NULL;
  g_autoptr (Asked) drafted = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=Yes");
  shelf_add (&shelf, "b", "drafted=7\ndrafts-right=4\nreply=Yes");
  plain = ask (&shelf, "a", "why");
  drafted = ask (&shelf, "b", "why");

  g_assert_cmpint (plain->usage.drafted, ==, 0);
  g_assert_cmpint (plain->usage.drafts_right, ==, 0);
  g_assert_cmpint (drafted->usage.drafted, ==, 7);
  g_assert_cmpint (drafted->usage.drafts_right, ==, 4);
  g_assert_cmpint (drafted->usage.output, ==, plain->usage.output);
}

static void
test_thinks (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) asked = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "thinks=true\nreply=<think>Hm</think>Yes");
  asked = ask (&shelf, "a", "why");

  g_assert_no_error (asked->error);
  g_assert_cmpstr (asked->reasoning->str, ==, "Hm");
  g_assert_cmpstr (asked->text->str, ==, "Yes");
  g_assert_cmpint (asked->usage.output, ==, strlen ("<think>Hm</think>Yes") + 1);
  g_assert_cmpint (asked->usage.reasoning, >=, strlen ("Hm</think>"));
  g_assert_cmpint (asked->usage.reasoning, <=, strlen ("<think>Hm</think>"));
}

/* A second question pays only for what is new, and the model is loaded once. */
static void
test_reuses (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) first = NULL;
  g_autoptr (Asked) second = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=Yes");
  first = ask (&shelf, "a", "why");
  collate_catalogue_reload (shelf.asker.catalogue);
  second = ask (&shelf, "a", "how");

  g_assert_cmpint (second->usage.cached_input, ==, strlen ("system|"));
  g_assert_cmpint (second->usage.input, ==, strlen ("how>"));
  g_assert_cmpuint (fake_engine_get_done ()->n_opened, ==, 1);
  g_assert_cmpuint (fake_engine_get_done ()->n_sessions, ==, 1);
  g_assert_cmpuint (
      fake_engine_get_done ()->n_computed, ==, strlen ("system|why>") + 3 + strlen ("how>") + 3);
}

static void
test_device_lost (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) first = NULL;
  g_autoptr (Asked) second = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=Yes\nlost=true");
  first = ask (&shelf, "a", "why");
  second = ask (&shelf, "a", "why");

  g_assert_cmpstr (second->text->str, ==, "Yes");
  g_assert_cmpint (second->usage.cached_input, ==, 0);
  g_assert_cmpuint (fake_engine_get_done ()->n_opened, ==, 2);
}

/* A device that nobody named and that fails before anything was written: the same answer, from the processor; and so
 * for the next question. */
static void
test_device_fails_while_reading (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) first = NULL;
  g_autoptr (Asked) second = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=Yes\nfails=5");
  first = ask (&shelf, "a", "why");
  g_assert_no_error (first->error);
  g_assert_cmpstr (first->text->str, ==, "Yes");
  g_assert_cmpuint (first->n_sent, ==, 1);
  g_assert_cmpuint (first->avoided->len, ==, 1);
  g_assert_cmpstr (first->avoided->pdata[0], ==, "server: vulkan:0: it stopped answering");
  g_assert_cmpint (first->usage.input, ==, strlen ("system|why>"));
  g_assert_cmpint (first->usage.output, ==, strlen ("Yes") + 1);
  g_assert_cmpstr (fake_engine_get_done ()->device, ==, "cpu");

  second = ask (&shelf, "a", "how");
  g_assert_cmpstr (second->text->str, ==, "Yes");
  g_assert_cmpint (second->usage.cached_input, ==, strlen ("system|"));
  g_assert_cmpuint (second->avoided->len, ==, 1);
  g_assert_cmpuint (fake_engine_get_done ()->n_opened, ==, 2);

  /* Another file is another model, for which the device is tried. */
  write_model (((CollateLocalModel *) shelf.models->pdata[0])->path, "reply=Another");
  g_clear_pointer (&second, asked_free);
  second = ask (&shelf, "a", "how");
  g_assert_cmpstr (second->text->str, ==, "Another");
  g_assert_cmpuint (second->avoided->len, ==, 0);
}

/* What was written stays, and is not written twice. */
static void
test_device_fails_while_writing (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) first = NULL;
  g_autoptr (Asked) second = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=Yes\nfails=13");
  first = ask (&shelf, "a", "why");
  g_assert_error (first->error, COLLATE_ERROR, COLLATE_ERROR_SERVER);
  g_assert_cmpstr (first->text->str, ==, "Yes");
  g_assert_cmpuint (first->avoided->len, ==, 0);

  second = ask (&shelf, "a", "why");
  g_assert_no_error (second->error);
  g_assert_cmpstr (second->text->str, ==, "Yes");
  g_assert_cmpuint (second->avoided->len, ==, 1);
}

/* A device that was named is not left for another one, but opened anew. */
static void
test_named_device_fails (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) first = asked_new ();
  g_autoptr (Asked) second = asked_new ();
  CollateRequest request;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=Yes\nnamed-fails=5");
  request = shelf_request (&shelf, "a", "why");
  request.device = "vulkan:0";
  for (guint i = 0; i < 2; i++)
    {
      Asked *asked = i == 0 ? first : second;

      asker_ask (&shelf.asker, &request, asked);
      g_assert_error (asked->error, COLLATE_ERROR, COLLATE_ERROR_SERVER);
      g_assert_cmpuint (asked->avoided->len, ==, 0);
    }
  g_assert_cmpuint (fake_engine_get_done ()->n_opened, ==, 2);
  g_assert_cmpstr (fake_engine_get_done ()->device, ==, "vulkan:0");
}

static void
test_device_avoided (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) asked = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=Yes\navoids=vulkan:0: full");
  asked = ask (&shelf, "a", "why");
  g_assert_cmpstr (asked->text->str, ==, "Yes");
  g_assert_cmpuint (asked->avoided->len, ==, 1);
  g_assert_cmpstr (asked->avoided->pdata[0], ==, "too_large: vulkan:0: full");
}

static void
test_file_replaced (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) first = NULL;
  g_autoptr (Asked) second = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=Yes");
  first = ask (&shelf, "a", "why");
  write_model (((CollateLocalModel *) shelf.models->pdata[0])->path, "reply=Another");
  second = ask (&shelf, "a", "why");

  g_assert_cmpstr (second->text->str, ==, "Another");
  g_assert_cmpint (second->usage.cached_input, ==, 0);
}

static void
test_output_limit (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) asked = asked_new ();
  g_autoptr (Asked) exact = asked_new ();
  CollateRequest request;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=é");
  request = shelf_request (&shelf, "a", "why");
  request.max_output = 1;
  asker_ask (&shelf.asker, &request, asked);
  g_assert_no_error (asked->error);
  g_assert_cmpstr (asked->finish, ==, "length");
  g_assert_cmpstr (asked->text->str, ==, "\xef\xbf\xbd");
  g_assert_cmpint (asked->usage.output, ==, 1);

  request.max_output = 3;
  asker_ask (&shelf.asker, &request, exact);
  g_assert_cmpstr (exact->finish, ==, "stop");
  g_assert_cmpstr (exact->text->str, ==, "é");
}

/* Nothing is computed of an input that does not fit; one that fits writes to the context's end. */
static void
test_context (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) too_long = NULL;
  g_autoptr (Asked) fits = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=Yes and no\ncontext=12");
  too_long = ask (&shelf, "a", "why?");
  g_assert_error (too_long->error, COLLATE_ERROR, COLLATE_ERROR_TOO_LONG);
  g_assert_nonnull (strstr (too_long->error->message, "12 tokens"));
  g_assert_cmpuint (fake_engine_get_done ()->n_computed, ==, 0);
  g_assert_false (too_long->has_usage);

  fits = ask (&shelf, "a", "why");
  g_assert_no_error (fits->error);
  g_assert_cmpstr (fits->text->str, ==, "Y");
  g_assert_cmpstr (fits->finish, ==, "length");
}

static void
test_failures (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) missing = NULL;
  g_autoptr (Asked) unknown = NULL;
  g_autoptr (Asked) empty = NULL;
  g_autoptr (Asked) after = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "missing", NULL);
  shelf_add (&shelf, "unknown", "reply=Yes\nunknown=true");
  shelf_add (&shelf, "empty", "reply=");
  shelf_add (&shelf, "good", "reply=Yes");

  missing = ask (&shelf, "missing", "why");
  g_assert_error (missing->error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_assert_cmpstr (missing->error->message, !=, "");
  unknown = ask (&shelf, "unknown", "why");
  g_assert_error (unknown->error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  empty = ask (&shelf, "empty", "why");
  g_assert_error (empty->error, COLLATE_ERROR, COLLATE_ERROR_EMPTY);
  g_assert_cmpint (empty->usage.output, ==, 1);
  after = ask (&shelf, "good", "why");
  g_assert_no_error (after->error);
  g_assert_cmpuint (missing->n_sent + unknown->n_sent + empty->n_sent, ==, 3);
}

/* Where memory holds one model, the one before goes; where it holds none, that is said. */
static void
test_memory (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) first = NULL;
  g_autoptr (Asked) second = NULL;
  g_autoptr (Asked) third = NULL;
  g_autoptr (Asked) none = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=A");
  shelf_add (&shelf, "b", "reply=B");
  fake_engine_set_memory (1);
  first = ask (&shelf, "a", "why");
  second = ask (&shelf, "b", "why");
  third = ask (&shelf, "b", "why");
  g_assert_cmpstr (first->text->str, ==, "A");
  g_assert_cmpstr (second->text->str, ==, "B");
  g_assert_cmpint (third->usage.input, ==, 1);
  g_assert_cmpuint (fake_engine_get_done ()->n_opened, ==, 2);

  fake_engine_set_memory (0);
  none = ask (&shelf, "a", "why");
  g_assert_error (none->error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (none->error->message, "1 GB"));
}

/* A file is loaded once, and read in both ways side by side: neither forgets what it read. */
static void
test_sparse (void)
{
  static const char *const names[] = { "a", "a@sparse", "a", "a@sparse" };
  g_auto (Shelf) shelf = { 0 };
  CollateRequest request;
  g_autoptr (Asked) other = asked_new ();

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=A");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (Asked) asked = ask (&shelf, names[i], "why");

      g_assert_no_error (asked->error);
      g_assert_cmpstr (asked->model, ==, names[i]);
      g_assert_cmpint (asked->usage.input, ==, i < 2 ? strlen ("system|why>") : 1);
    }
  g_assert_cmpuint (fake_engine_get_done ()->n_opened, ==, 1);
  g_assert_cmpuint (fake_engine_get_done ()->n_sessions, ==, 2);
  g_assert_cmpint (fake_engine_get_done ()->top_k, ==, 8);

  /* As many as the file says is the same; another number is another way of reading, and there are never more than two. */
  request = shelf_request (&shelf, "a@sparse", "why");
  request.top_k = 8;
  asker_ask (&shelf.asker, &request, other);
  g_assert_cmpint (other->usage.input, ==, 1);
  for (request.top_k = 3; request.top_k < 6; request.top_k++)
    {
      g_autoptr (Asked) asked = asked_new ();

      asker_ask (&shelf.asker, &request, asked);
      g_assert_cmpint (asked->usage.input, ==, strlen ("system|why>"));
      g_assert_cmpint (fake_engine_get_done ()->top_k, ==, request.top_k);
      g_assert_cmpuint (fake_engine_get_done ()->n_open_sessions, ==, 2);
    }
}

/* All that is computed is told, a step at a time, and what was read of it in the end. */
static void
test_steps (void)
{
  const gint64 n_prompt = (gint64) strlen ("system|why>");
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) dense = NULL;
  g_autoptr (Asked) again = NULL;
  g_autoptr (Asked) sparse = NULL;
  double sum = 8;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=Yes");
  dense = ask (&shelf, "a", "why");
  g_assert_cmpint (dense->n_grown[0], ==, n_prompt);
  g_assert_cmpuint (dense->n_steps[0], ==, n_prompt);
  g_assert_cmpint (dense->n_grown[1], ==, strlen ("Yes"));
  g_assert_cmpuint (dense->n_steps[1], ==, strlen ("Yes"));
  g_assert_cmpint (dense->n_in_timeline, ==, n_prompt + 3);
  g_assert_cmpfloat (dense->share, ==, 1);

  again = ask (&shelf, "a", "why");
  g_assert_cmpint (again->n_grown[0], ==, 1);
  g_assert_cmpint (again->n_in_timeline, ==, n_prompt + 3);

  sparse = ask (&shelf, "a@sparse", "why");
  for (gint64 i = 8; i < n_prompt + 3; i++)
    sum += 8.0 / (double) (i + 1);
  g_assert_cmpfloat_with_epsilon (sparse->share, sum / (double) (n_prompt + 3), 1e-9);
}

/* Where memory holds one timeline, the older one goes: of the same model, or of another, whose weights go with it. */
static void
test_sparse_memory (void)
{
  static const char *const names[] = { "a", "a@sparse", "a@sparse", "a", "b" };
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) none = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=A");
  shelf_add (&shelf, "b", "reply=B");
  fake_engine_set_session_memory (1);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (Asked) asked = ask (&shelf, names[i], "why");

      g_assert_no_error (asked->error);
      g_assert_cmpint (asked->usage.input, ==, i == 2 ? 1 : strlen ("system|why>"));
      g_assert_cmpuint (fake_engine_get_done ()->n_open_sessions, ==, 1);
    }
  g_assert_cmpuint (fake_engine_get_done ()->n_opened, ==, 2);
  g_assert_cmpuint (fake_engine_get_done ()->n_open, ==, 1);

  fake_engine_set_session_memory (0);
  none = ask (&shelf, "b@sparse", "why");
  g_assert_error (none->error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (none->error->message, "1 GB"));
}

/* A second timeline that would hold less than the first, since that took the memory, takes its place. */
static void
test_sparse_context (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) dense = NULL;
  g_autoptr (Asked) sparse = NULL;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=A\nsecond-context=4");
  dense = ask (&shelf, "a", "why");
  sparse = ask (&shelf, "a@sparse", "why");
  g_assert_no_error (dense->error);
  g_assert_no_error (sparse->error);
  g_assert_cmpstr (sparse->text->str, ==, "A");
  g_assert_cmpuint (fake_engine_get_done ()->n_open_sessions, ==, 1);
}

/* Memory that is granted is not there yet: two timelines stay where both fit when they are full. */
static void
test_sparse_when_full (void)
{
  for (gint64 spare = -1; spare <= 0; spare++)
    {
      g_auto (Shelf) shelf = { 0 };
      g_autoptr (Asked) dense = NULL;
      g_autoptr (Asked) sparse = NULL;
      g_autoptr (Asked) on_card = NULL;

      shelf_init (&shelf);
      shelf_add (&shelf, "a", "reply=A\ntakes=500");
      shelf_add (&shelf, "b", "reply=B\ntakes=500\nfails=1000");
      fake_engine_set_free_memory (100 + 400 + 400 + spare);
      dense = ask (&shelf, "a", "why");
      sparse = ask (&shelf, "a@sparse", "why");
      g_assert_cmpstr (sparse->text->str, ==, "A");
      g_assert_cmpuint (fake_engine_get_done ()->n_open_sessions, ==, spare < 0 ? 1 : 2);
      g_assert_cmpuint (fake_engine_get_done ()->n_opened, ==, 1);

      /* A card's is there, or it is not granted. */
      g_clear_pointer (&dense, asked_free);
      dense = ask (&shelf, "b", "why");
      on_card = ask (&shelf, "b@sparse", "why");
      g_assert_cmpuint (fake_engine_get_done ()->n_open_sessions, ==, spare < 0 ? 3 : 4);
    }
}

static void
test_device (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (Asked) asked = asked_new ();
  CollateRequest request;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=A");
  request = shelf_request (&shelf, "a", "why");
  request.device = "cpu";
  asker_ask (&shelf.asker, &request, asked);
  g_assert_cmpstr (fake_engine_get_done ()->device, ==, "cpu");
}

/* Stopping. */

static void
test_stopped_while_writing (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (Asked) asked = asked_new ();
  g_autoptr (Asked) after = NULL;
  CollateRequest request;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=Yes and no");
  request = shelf_request (&shelf, "a", "why");
  fake_engine_allow (strlen ("system|why>") + 3);
  asker_start (&shelf.asker, &request, asked, stop);
  while (asked->text->len < 4)
    g_main_context_iteration (NULL, TRUE);
  g_cancellable_cancel (stop);
  fake_engine_allow (-1);
  asked_wait (asked);

  g_assert_error (asked->error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
  g_assert_cmpstr (asked->text->str, ==, "Yes ");
  g_assert_cmpuint (fake_engine_get_done ()->n_computed, ==, strlen ("system|why>") + 4);
  g_assert_cmpint (asked->n_grown[1], ==, 3);
  g_assert_cmpfloat (asked->share, ==, 1);

  after = ask (&shelf, "a", "why");
  g_assert_cmpstr (after->text->str, ==, "Yes and no");
}

/* What was read before the stop is kept. */
static void
test_stopped_while_reading (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (Asked) asked = asked_new ();
  g_autoptr (Asked) after = NULL;
  CollateRequest request;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=Yes");
  request = shelf_request (&shelf, "a", "why");
  fake_engine_allow (4);
  asker_start (&shelf.asker, &request, asked, stop);
  while (asked->n_sent == 0)
    g_main_context_iteration (NULL, TRUE);
  fake_engine_await_idle ();
  g_cancellable_cancel (stop);
  fake_engine_allow (-1);
  asked_wait (asked);

  g_assert_error (asked->error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
  g_assert_false (asked->has_usage);
  g_assert_cmpuint (fake_engine_get_done ()->n_computed, ==, 5);
  after = ask (&shelf, "a", "why");
  g_assert_cmpint (after->usage.cached_input, ==, 5);
}

/* Several at once are answered one after another; one that is stopped while it waits is never sent. */
static void
test_queue (void)
{
  g_auto (Shelf) shelf = { 0 };
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (Asked) first = asked_new ();
  g_autoptr (Asked) second = asked_new ();
  g_autoptr (Asked) third = asked_new ();
  CollateRequest a, b;

  shelf_init (&shelf);
  shelf_add (&shelf, "a", "reply=A");
  shelf_add (&shelf, "b", "reply=B");
  a = shelf_request (&shelf, "a", "why");
  b = shelf_request (&shelf, "b", "why");
  fake_engine_allow (3);
  asker_start (&shelf.asker, &a, first, NULL);
  asker_start (&shelf.asker, &b, second, stop);
  asker_start (&shelf.asker, &b, third, NULL);
  while (first->n_sent == 0)
    g_main_context_iteration (NULL, TRUE);
  fake_engine_await_idle ();
  g_assert_cmpuint (second->n_sent + third->n_sent, ==, 0);
  g_assert_cmpuint (first->waits_for->len, ==, 0);
  g_assert_cmpuint (second->waits_for->len, ==, 1);
  g_assert_cmpuint (third->waits_for->len, ==, 1);
  g_assert_cmpstr (third->waits_for->pdata[0], ==, "a");

  g_cancellable_cancel (stop);
  fake_engine_allow (-1);
  asked_wait (first);
  asked_wait (second);
  asked_wait (third);
  g_assert_cmpstr (first->text->str, ==, "A");
  g_assert_error (second->error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
  g_assert_cmpuint (second->n_sent, ==, 0);
  g_assert_cmpstr (third->text->str, ==, "B");

  /* The one in between was the next, until it was seen to be stopped. */
  g_assert_cmpuint (third->waits_for->len, ==, 2);
  g_assert_cmpstr (third->waits_for->pdata[1], ==, "b");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clients/engine/answers", test_answers);
  g_test_add_func ("/clients/engine/drafts", test_drafts);
  g_test_add_func ("/clients/engine/thinks", test_thinks);
  g_test_add_func ("/clients/engine/reuses", test_reuses);
  g_test_add_func ("/clients/engine/device-lost", test_device_lost);
  g_test_add_func ("/clients/engine/device-fails-while-reading", test_device_fails_while_reading);
  g_test_add_func ("/clients/engine/device-fails-while-writing", test_device_fails_while_writing);
  g_test_add_func ("/clients/engine/named-device-fails", test_named_device_fails);
  g_test_add_func ("/clients/engine/device-avoided", test_device_avoided);
  g_test_add_func ("/clients/engine/file-replaced", test_file_replaced);
  g_test_add_func ("/clients/engine/output-limit", test_output_limit);
  g_test_add_func ("/clients/engine/context", test_context);
  g_test_add_func ("/clients/engine/failures", test_failures);
  g_test_add_func ("/clients/engine/memory", test_memory);
  g_test_add_func ("/clients/engine/sparse", test_sparse);
  g_test_add_func ("/clients/engine/steps", test_steps);
  g_test_add_func ("/clients/engine/sparse-memory", test_sparse_memory);
  g_test_add_func ("/clients/engine/sparse-context", test_sparse_context);
  g_test_add_func ("/clients/engine/sparse-when-full", test_sparse_when_full);
  g_test_add_func ("/clients/engine/device", test_device);
  g_test_add_func ("/clients/engine/stopped-while-writing", test_stopped_while_writing);
  g_test_add_func ("/clients/engine/stopped-while-reading", test_stopped_while_reading);
  g_test_add_func ("/clients/engine/queue", test_queue);

  return g_test_run ();
}
