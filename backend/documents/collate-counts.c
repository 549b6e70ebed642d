/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "documents/collate-counts.h"

#include "documents/collate-counting.h"

struct _CollateCounts
{
  GHashTable *counts; /* name of an encoding → Count */
  void (*counted) (gpointer user_data);
  gpointer user_data;
};

typedef struct
{
  gint64 tokens;
  gboolean done;         /* for the text as it is now */
  GCancellable *running; /* or NULL */
} Count;

/* A count under way. Once it is cancelled `counts` and `count` may be gone. */
typedef struct
{
  CollateCounts *counts;
  Count *count;
  GCancellable *cancellable;
} Run;

static void
count_reset (Count *count)
{
  g_cancellable_cancel (count->running);
  g_clear_object (&count->running);
  count->done = FALSE;
  count->tokens = -1;
}

static void
count_free (Count *count)
{
  count_reset (count);
  g_free (count);
}

static void
counted_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  gint64 tokens = collate_counting_count_finish (result, NULL);

  if (!g_cancellable_is_cancelled (run->cancellable))
    {
      run->count->tokens = tokens;
      run->count->done = TRUE;
      g_clear_object (&run->count->running);
      run->counts->counted (run->counts->user_data);
    }

  g_object_unref (run->cancellable);
  g_free (run);
}

CollateCounts *
collate_counts_new (void (*counted) (gpointer user_data), gpointer user_data)
{
  CollateCounts *counts = g_new0 (CollateCounts, 1);
  Count *count = g_new0 (Count, 1);

  counts->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) count_free);
  counts->counted = counted;
  counts->user_data = user_data;

  count->done = TRUE;
  g_hash_table_insert (counts->counts, g_strdup (COLLATE_ENCODING_DEFAULT), count);

  return counts;
}

void
collate_counts_forget (CollateCounts *counts)
{
  GHashTableIter iter;
  Count *count;

  g_hash_table_iter_init (&iter, counts->counts);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &count))
    count_reset (count);
}

static void
begin (CollateCounts *counts,
       Count *count,
       CollateWorker *worker,
       CollateEncodings *encodings,
       const char *encoding,
       char *text)
{
  Run *run = g_new (Run, 1);

  count->running = g_cancellable_new ();
  run->counts = counts;
  run->count = count;
  run->cancellable = g_object_ref (count->running);

  collate_counting_count_async (
      worker, encodings, encoding, g_ref_string_acquire (text), run->cancellable, counted_cb, run);
}

gboolean
collate_counts_update (CollateCounts *counts, CollateWorker *worker, CollateEncodings *encodings, char *text)
{
  gboolean all_done = TRUE;
  GHashTableIter iter;
  const char *encoding;
  Count *count;

  g_hash_table_iter_init (&iter, counts->counts);
  while (g_hash_table_iter_next (&iter, (gpointer *) &encoding, (gpointer *) &count))
    {
      if (!count->done && *text == '\0')
        {
          count->tokens = 0;
          count->done = TRUE;
        }
      else if (!count->done && count->running == NULL)
        begin (counts, count, worker, encodings, encoding, text);

      all_done = all_done && count->done;
    }

  return all_done;
}

gboolean
collate_counts_ask (CollateCounts *counts, const char *encoding)
{
  Count *count;

  if (g_hash_table_contains (counts->counts, encoding))
    return FALSE;

  count = g_new0 (Count, 1);
  count->tokens = -1;

  return g_hash_table_insert (counts->counts, g_strdup (encoding), count);
}

gboolean
collate_counts_is_done (CollateCounts *counts, const char *encoding)
{
  Count *count = g_hash_table_lookup (counts->counts, encoding);

  return count->done;
}

gint64
collate_counts_get (CollateCounts *counts, const char *encoding)
{
  Count *count = g_hash_table_lookup (counts->counts, encoding);

  return count->tokens;
}

void
collate_counts_free (CollateCounts *counts)
{
  g_hash_table_unref (counts->counts);
  g_free (counts);
}
