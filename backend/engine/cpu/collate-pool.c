/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-pool.h"

#include <sched.h>
#include <stdatomic.h>

/* Of `entry`: the job takes helpers. Below it: the number of helpers inside. */
#define OPEN (1u << 31)

/* About a tenth of a millisecond: longer than what lies between two kernels of a token, shorter than a person's word. */
#define SPINS 2000

struct _CollatePool
{
  GThread **helpers;
  guint n_helpers;

  /* The job; written only while `entry` is 0. */
  CollatePoolFunc func;
  gpointer data;
  gint64 n_items;
  gint64 grain;

  _Alignas(64) atomic_llong next; /* item */
  _Alignas(64) atomic_uint entry;
  atomic_uint generation; /* of jobs */
  atomic_uint sleepers;
  atomic_bool closing;

  GMutex mutex;
  GCond wake;
};

typedef struct
{
  CollatePool *pool;
  guint thread;
} Helper;

static inline void
relax (void)
{
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause ();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Cores, not hardware threads: two of a core share the vector units that these loops keep busy. */
static guint
count_cores (void)
{
  g_autoptr (GHashTable) cores = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  cpu_set_t set;

  if (sched_getaffinity (0, sizeof set, &set) != 0)
    return g_get_num_processors ();
  for (int i = 0; i < CPU_SETSIZE; i++)
    if (CPU_ISSET (i, &set))
      {
        g_autofree char *path = g_strdup_printf ("/sys/devices/system/cpu/cpu%d/topology/thread_siblings", i);
        char *siblings = NULL;

        if (!g_file_get_contents (path, &siblings, NULL, NULL))
          siblings = g_strdup (path);
        g_hash_table_add (cores, siblings);
      }
  return MAX (g_hash_table_size (cores), 1);
}

static void
work (CollatePool *pool, guint thread)
{
  gint64 first;

  while ((first = atomic_fetch_add_explicit (&pool->next, pool->grain, memory_order_relaxed)) < pool->n_items)
    pool->func (pool->data, first, MIN (first + pool->grain, pool->n_items), thread);
}

static void
help (CollatePool *pool, guint thread)
{
  unsigned entry = atomic_load_explicit (&pool->entry, memory_order_relaxed);

  while (entry & OPEN)
    if (atomic_compare_exchange_weak_explicit (
            &pool->entry, &entry, entry + 1, memory_order_acquire, memory_order_relaxed))
      {
        work (pool, thread);
        atomic_fetch_sub_explicit (&pool->entry, 1, memory_order_release);
        return;
      }
}

/* The caller raises the generation before it looks for sleepers, a helper counts itself before it looks at the
 * generation: one of the two sees the other. */
static void
wait_for_job (CollatePool *pool, unsigned seen)
{
  for (int i = 0; i < SPINS; i++)
    {
      if (atomic_load (&pool->generation) != seen)
        return;
      relax ();
    }

  g_mutex_lock (&pool->mutex);
  atomic_fetch_add (&pool->sleepers, 1);
  while (atomic_load (&pool->generation) == seen)
    g_cond_wait (&pool->wake, &pool->mutex);
  atomic_fetch_sub (&pool->sleepers, 1);
  g_mutex_unlock (&pool->mutex);
}

static gpointer
helper_main (gpointer data)
{
  g_autofree Helper *helper = data;
  CollatePool *pool = helper->pool;
  unsigned seen = 0;

  while (!atomic_load (&pool->closing))
    {
      wait_for_job (pool, seen);
      seen = atomic_load (&pool->generation);
      help (pool, helper->thread);
    }
  return NULL;
}

static void
announce (CollatePool *pool)
{
  atomic_fetch_add (&pool->generation, 1);
  if (atomic_load (&pool->sleepers) == 0)
    return;
  g_mutex_lock (&pool->mutex);
  g_cond_broadcast (&pool->wake);
  g_mutex_unlock (&pool->mutex);
}

CollatePool *
collate_pool_new (guint n_threads)
{
  CollatePool *pool = g_aligned_alloc0 (1, sizeof *pool, 64);
  guint wanted = (n_threads > 0 ? MIN (n_threads, 1024) : count_cores ()) - 1;

  g_mutex_init (&pool->mutex);
  g_cond_init (&pool->wake);
  pool->helpers = g_new0 (GThread *, MAX (wanted, 1));
  for (guint i = 0; i < wanted; i++)
    {
      Helper *helper = g_new (Helper, 1);
      GThread *thread;

      *helper = (Helper){ pool, i + 1 };
      thread = g_thread_try_new ("compute", helper_main, helper, NULL);
      if (thread == NULL)
        {
          g_free (helper);
          break;
        }
      pool->helpers[pool->n_helpers++] = thread;
    }
  return pool;
}

void
collate_pool_free (CollatePool *pool)
{
  atomic_store (&pool->closing, TRUE);
  announce (pool);
  for (guint i = 0; i < pool->n_helpers; i++)
    g_thread_join (pool->helpers[i]);
  g_mutex_clear (&pool->mutex);
  g_cond_clear (&pool->wake);
  g_free (pool->helpers);
  g_aligned_free (pool);
}

guint
collate_pool_get_n_threads (CollatePool *pool)
{
  return pool->n_helpers + 1;
}

void
collate_pool_run (CollatePool *pool, CollatePoolFunc func, gpointer data, gint64 n_items, gint64 grain)
{
  if (pool->n_helpers == 0 || n_items <= grain)
    {
      if (n_items > 0)
        func (data, 0, n_items, 0);
      return;
    }

  pool->func = func;
  pool->data = data;
  pool->n_items = n_items;
  pool->grain = grain;
  atomic_store_explicit (&pool->next, 0, memory_order_relaxed);
  atomic_store_explicit (&pool->entry, OPEN, memory_order_release);
  announce (pool);

  work (pool, 0);
  atomic_fetch_and_explicit (&pool->entry, ~OPEN, memory_order_relaxed);
  for (int i = 0; atomic_load_explicit (&pool->entry, memory_order_acquire) != 0; i++)
    if (i < SPINS)
      relax ();
    else
      sched_yield ();
}
