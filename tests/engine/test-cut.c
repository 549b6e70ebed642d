/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/collate-error.h"
#include "engine/collate-mapping.h"
#include "gguf-fixture.h"
#include "tiny-engine.h"

/* Files that are cut short in place while they are mapped, as a program that copies a model anew over the old one does. */

#define N_PAGES 64
#define N_THREADS 4
#define N_ROUNDS 200

static gsize
get_page (void)
{
  return (gsize) sysconf (_SC_PAGESIZE);
}

static void
cut (const char *path, gsize n_bytes)
{
  g_assert_cmpint (truncate (path, (off_t) n_bytes), ==, 0);
}

/* A file of ones: all of its pages but for half of the last. */
static void
save_ones (GgufFixture *fixture)
{
  gsize n_bytes = N_PAGES * get_page () - get_page () / 2;
  g_autofree guint8 *bytes = g_malloc (n_bytes);

  memset (bytes, 1, n_bytes);
  gguf_fixture_save (fixture, bytes, n_bytes);
}

static CollateMapping *
map (GgufFixture *fixture)
{
  int fd = g_open (fixture->path, O_RDONLY | O_CLOEXEC, 0);
  CollateMapping *mapping;

  g_assert_cmpint (fd, >=, 0);
  mapping = collate_mapping_new (fd, N_PAGES * get_page () - get_page () / 2);
  g_assert_nonnull (mapping);
  g_close (fd, NULL);
  return mapping;
}

static guint8
read_page (CollateMapping *mapping, gsize page)
{
  return *(volatile const guint8 *) (collate_mapping_get_data (mapping) + page * get_page ());
}

static void
assert_broken (CollateMapping *mapping)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (collate_mapping_check (mapping, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
}

/* What is left can be read, what is gone is zeros and said; another file is not concerned, and a new one neither. */
static void
test_cut (GgufFixture *fixture, gconstpointer data)
{
  g_autofree char *other = g_strconcat (fixture->path, ".other", NULL);
  g_autoptr (CollateMapping) mapping = NULL;
  g_autoptr (CollateMapping) whole = NULL;
  g_autoptr (CollateMapping) again = NULL;

  save_ones (fixture);
  whole = map (fixture);
  g_assert_cmpint (g_rename (fixture->path, other), ==, 0);
  save_ones (fixture);
  mapping = map (fixture);
  g_assert_cmpint (read_page (mapping, 50), ==, 1);

  cut (fixture->path, 30 * get_page ());
  g_assert_true (collate_mapping_check (mapping, NULL));
  g_assert_cmpint (read_page (mapping, 29), ==, 1);
  g_assert_true (collate_mapping_check (mapping, NULL));
  g_assert_cmpint (read_page (mapping, 50), ==, 0);
  assert_broken (mapping);
  g_assert_cmpint (read_page (mapping, 63), ==, 0);
  g_assert_cmpint (read_page (mapping, 31), ==, 0);
  g_assert_cmpint (read_page (mapping, 30), ==, 0);
  g_assert_cmpint (read_page (mapping, 29), ==, 1);
  assert_broken (mapping);

  g_assert_cmpint (read_page (whole, 50), ==, 1);
  g_assert_true (collate_mapping_check (whole, NULL));
  g_assert_cmpint (g_rename (other, fixture->path), ==, 0);
  again = map (fixture);
  g_assert_cmpint (read_page (again, 63), ==, 1);
  g_assert_true (collate_mapping_check (again, NULL));
}

/* A model file whose tensors are gone when they are read, and which then cannot be opened. */
static void
test_tensors (GgufFixture *fixture, gconstpointer data)
{
  g_autoptr (CollateGguf) gguf = NULL;
  g_autoptr (GError) error = NULL;

  gguf_writer_tiny_model (fixture->path, "qwen3", COLLATE_F32, 1);
  gguf = gguf_fixture_open (fixture);
  gguf_read_everything (gguf);
  g_assert_true (collate_gguf_check (gguf, NULL));

  cut (fixture->path, 0);
  gguf_read_everything (gguf);
  g_assert_false (collate_gguf_check (gguf, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
  gguf_fixture_refuse (fixture, COLLATE_ERROR_INVALID, "empty");
}

typedef struct
{
  GgufFixture *fixture;
  gint n_broken;
} Shared;

static gpointer
read_in_thread (gpointer data)
{
  Shared *shared = data;

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      g_autoptr (CollateMapping) mapping = map (shared->fixture);

      for (gsize page = round % 7; page < N_PAGES; page += 7)
        g_assert_cmpint (read_page (mapping, page), <=, 1);
      g_atomic_int_add (&shared->n_broken, !collate_mapping_check (mapping, NULL));
    }
  return NULL;
}

/* Many are mapped, break and go at once. */
static void
test_threads (GgufFixture *fixture, gconstpointer data)
{
  Shared shared = { fixture, 0 };
  GThread *threads[N_THREADS];

  save_ones (fixture);
  cut (fixture->path, 3 * get_page ());
  for (gsize i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("read", read_in_thread, &shared);
  for (gsize i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (shared.n_broken, ==, N_THREADS * N_ROUNDS);
}

static gpointer
read_one_in_thread (gpointer data)
{
  for (gsize page = 0; page < N_PAGES; page++)
    g_assert_cmpint (read_page (data, page), <=, 1);
  return NULL;
}

/* One is read by all, and cut meanwhile. */
static void
test_shared (GgufFixture *fixture, gconstpointer data)
{
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      g_autoptr (CollateMapping) mapping = NULL;
      GThread *threads[N_THREADS];

      save_ones (fixture);
      mapping = map (fixture);
      for (gsize i = 0; i < N_THREADS; i++)
        threads[i] = g_thread_new ("read", read_one_in_thread, mapping);
      cut (fixture->path, (round % N_PAGES) * get_page ());
      for (gsize i = 0; i < N_THREADS; i++)
        g_thread_join (threads[i]);
      read_page (mapping, N_PAGES - 1);
      assert_broken (mapping);
    }
}

/* There is room for more models than anybody opens, and then there is an error. */
static void
test_many (GgufFixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) opened = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_gguf_unref);
  g_autoptr (GError) error = NULL;
  CollateGguf *gguf;

  gguf_writer_tiny_model (fixture->path, "llama", COLLATE_F32, 1);
  while ((gguf = collate_gguf_open (fixture->path, &error)) != NULL && opened->len < 10000)
    g_ptr_array_add (opened, gguf);
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
  g_assert_cmpuint (opened->len, >=, 200);
  g_ptr_array_set_size (opened, 0);
  g_ptr_array_add (opened, gguf_fixture_open (fixture));
}

/* A fault in a file of somebody else, once the handler is there. */
static void
read_elsewhere (GgufFixture *fixture)
{
  g_autoptr (CollateMapping) mapping = NULL;
  int fd;
  const guint8 *bytes;

  save_ones (fixture);
  mapping = map (fixture);
  fd = g_open (fixture->path, O_RDONLY | O_CLOEXEC, 0);
  bytes = mmap (NULL, get_page (), PROT_READ, MAP_PRIVATE, fd, 0);
  g_assert_true (bytes != MAP_FAILED);
  cut (fixture->path, 0);
  g_assert_cmpint (*(volatile const guint8 *) bytes, ==, 0);
}

static void
test_elsewhere (GgufFixture *fixture, gconstpointer data)
{
  if (g_test_subprocess ())
    {
      read_elsewhere (fixture);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
}

static sigjmp_buf before;

static void
jump (int number)
{
  siglongjmp (before, 1);
}

/* A handler that was there before still has what is its own. */
static void
test_earlier_handler (GgufFixture *fixture, gconstpointer data)
{
  if (g_test_subprocess ())
    {
      signal (SIGBUS, jump);
      if (sigsetjmp (before, 1) == 0)
        read_elsewhere (fixture);
      else
        g_print ("the earlier one ran\n");
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*the earlier one ran*");
}

static gboolean
sync_some (CollateEngineSession *session, guint64 seed, GError **error)
{
  g_autofree gint32 *tokens = tiny_engine_get_tokens (seed, 20);

  return collate_engine_session_sync (session, tokens, 20, NULL, NULL, NULL, NULL, error);
}

/* A session says it, at the next question and at each after it; another model's goes on. */
static void
test_session (void)
{
  TinyEngine tiny, other;
  CollateEngineSession *session, *other_session;

  tiny_engine_open (&tiny, "llama", COLLATE_Q8_0);
  tiny_engine_open (&other, "qwen3", COLLATE_Q8_0);
  session = tiny_engine_new_session (&tiny, 64);
  other_session = tiny_engine_new_session (&other, 64);
  g_assert_true (sync_some (session, 1, NULL));

  cut (tiny.path, 0);
  for (guint64 seed = 2; seed < 4; seed++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (sync_some (session, seed, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
      g_assert_null (collate_engine_session_get_logits (session));
      g_clear_error (&error);
      g_assert_false (collate_engine_session_append (session, 7, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
      g_assert_true (sync_some (other_session, seed, NULL));
      g_assert_nonnull (collate_engine_session_get_logits (other_session));
    }

  collate_engine_session_free (session);
  collate_engine_session_free (other_session);
  tiny_engine_close (&tiny);
  tiny_engine_close (&other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  gguf_fixture_add ("cut/mapping", NULL, test_cut);
  gguf_fixture_add ("cut/tensors", NULL, test_tensors);
  gguf_fixture_add ("cut/threads", NULL, test_threads);
  gguf_fixture_add ("cut/shared", NULL, test_shared);
  gguf_fixture_add ("cut/many", NULL, test_many);
  gguf_fixture_add ("cut/elsewhere", NULL, test_elsewhere);
  gguf_fixture_add ("cut/earlier-handler", NULL, test_earlier_handler);
  g_test_add_func ("/gguf/cut/session", test_session);

  return g_test_run ();
}
