/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-mapping.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/collate-error.h"

/* The process's handler of SIGBUS, installed with the first mapping and never taken away, looks for the fault's address
 * in a table of all mappings. It runs on whichever thread reads, which may hold any lock: so the table is of a fixed
 * size and made of atomics, and the handler calls nothing but mmap(). */

#define MAX_MAPPINGS 256

struct _CollateMapping
{
  guint8 *data;
  gsize n_bytes;
  gsize n_mapped; /* whole pages */
  atomic_bool broken;
};

static _Atomic (CollateMapping *) mappings[MAX_MAPPINGS];

/* Threads that are looking into the table, where a mapping must not go away under them. */
static atomic_uint n_lookers;

static struct sigaction previous;
static gsize page_size;

/* Puts zeros in the place of what cannot be read: from the fault on, since what is cut off is the end. */
static gboolean
replace (CollateMapping *mapping, guint8 *address)
{
  guint8 *page = mapping->data + (gsize) (address - mapping->data) / page_size * page_size;
  gsize n_bytes = mapping->n_mapped - (gsize) (page - mapping->data);

  atomic_store (&mapping->broken, TRUE);
  return mmap (page, n_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

static gboolean
mend (guint8 *address)
{
  gboolean mended = FALSE;

  atomic_fetch_add (&n_lookers, 1);
  for (gsize i = 0; i < MAX_MAPPINGS && !mended; i++)
    {
      CollateMapping *mapping = atomic_load (&mappings[i]);

      if (mapping != NULL && address >= mapping->data && address < mapping->data + mapping->n_mapped)
        mended = replace (mapping, address);
    }
  atomic_fetch_sub (&n_lookers, 1);
  return mended;
}

/* What is no fault of ours goes where it would have gone. The default's way, and that of a handler that is to run once,
 * is to fault again without this one. */
static void
bus_error_cb (int number, siginfo_t *info, void *context)
{
  int error = errno;

  if (info->si_code <= 0 || !mend (info->si_addr))
    {
      if ((previous.sa_flags & SA_SIGINFO) != 0)
        previous.sa_sigaction (number, info, context);
      else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN)
        previous.sa_handler (number);
      else
        {
          sigaction (number, &previous, NULL);
          if (info->si_code <= 0)
            raise (number);
        }
    }
  errno = error;
}

static void
install (void)
{
  static gsize installed;
  struct sigaction action = { .sa_sigaction = bus_error_cb, .sa_flags = SA_SIGINFO | SA_ONSTACK };

  if (!g_once_init_enter (&installed))
    return;
  page_size = (gsize) sysconf (_SC_PAGESIZE);
  sigemptyset (&action.sa_mask);
  sigaction (SIGBUS, &action, &previous);
  g_once_init_leave (&installed, 1);
}

static gboolean
enter (CollateMapping *mapping)
{
  for (gsize i = 0; i < MAX_MAPPINGS; i++)
    {
      CollateMapping *nothing = NULL;

      if (atomic_compare_exchange_strong (&mappings[i], &nothing, mapping))
        return TRUE;
    }
  return FALSE;
}

static void
leave (CollateMapping *mapping)
{
  for (gsize i = 0; i < MAX_MAPPINGS; i++)
    {
      CollateMapping *wanted = mapping;

      if (atomic_compare_exchange_strong (&mappings[i], &wanted, NULL))
        break;
    }
  while (atomic_load (&n_lookers) > 0)
    sched_yield ();
}

CollateMapping *
collate_mapping_new (int fd, gsize n_bytes)
{
  CollateMapping *mapping;
  void *data;

  install ();
  data = mmap (NULL, n_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED)
    return NULL;

  mapping = g_new0 (CollateMapping, 1);
  mapping->data = data;
  mapping->n_bytes = n_bytes;
  mapping->n_mapped = (n_bytes + page_size - 1) / page_size * page_size;
  if (enter (mapping))
    return mapping;

  munmap (data, n_bytes);
  g_free (mapping);
  errno = EMFILE;
  return NULL;
}

void
collate_mapping_free (CollateMapping *mapping)
{
  leave (mapping);
  munmap (mapping->data, mapping->n_bytes);
  g_free (mapping);
}

const guint8 *
collate_mapping_get_data (CollateMapping *mapping)
{
  return mapping->data;
}

gsize
collate_mapping_get_size (CollateMapping *mapping)
{
  return mapping->n_bytes;
}

gboolean
collate_mapping_check (CollateMapping *mapping, GError **error)
{
  if (!atomic_load (&mapping->broken))
    return TRUE;

  g_set_error_literal (
      error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, "the model file changed while it was open");
  return FALSE;
}
