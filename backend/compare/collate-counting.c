/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "compare/collate-counting.h"

#include <math.h>

#include "catalogue/collate-local-model.h"

/* Two messages with a role each, and the start of the reply. */
#define FORMAT_TOKENS 12

typedef struct
{
  CollateEncodings *encodings;
  GStrv names;
  GStrv texts;
} Count;

static void
count_free (gpointer data)
{
  Count *count = data;

  collate_encodings_unref (count->encodings);
  g_strfreev (count->names);
  g_strfreev (count->texts);
  g_free (count);
}

static void
count_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Count *count = data;
  GHashTable *sums = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; count->names[i] != NULL; i++)
    {
      CollateEncoding *encoding = collate_encodings_get (count->encodings, count->names[i], NULL);
      gint64 sum = 0;

      if (encoding == NULL)
        continue;
      for (guint j = 0; count->texts[j] != NULL; j++)
        sum += (gint64) collate_encoding_count (encoding, count->texts[j], -1);
      g_hash_table_insert (sums, g_strdup (count->names[i]), g_memdup2 (&sum, sizeof sum));
    }

  g_task_return_pointer (task, sums, (GDestroyNotify) g_hash_table_unref);
}

void
collate_count_async (CollateEncodings *encodings,
                     const char *const *names,
                     const char *const *texts,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Count *count = g_new0 (Count, 1);

  count->encodings = collate_encodings_ref (encodings);
  count->names = g_strdupv ((char **) names);
  count->texts = g_strdupv ((char **) texts);
  g_task_set_source_tag (task, collate_count_async);
  g_task_set_task_data (task, count, count_free);
  g_task_run_in_thread (task, count_in_thread);
}

GHashTable *
collate_count_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

const char *
collate_counting_encoding (CollateModel *model)
{
  const char *own = collate_model_get_encoding (model);

  return own != NULL ? own : COLLATE_ENCODING_DEFAULT;
}

gint64
collate_counting_estimate (CollateModel *model, const char *encoding, gint64 tokens, gboolean thinking)
{
  const CollateLocalModel *local = collate_model_get_local (model);
  gboolean exact = g_strcmp0 (encoding, collate_model_get_encoding (model)) == 0;
  double factor = exact ? 1.0 : collate_model_get_token_factor (model);

  return (gint64) ceil ((double) tokens * factor) +
         (local != NULL ? local->chat_tokens[thinking] : FORMAT_TOKENS);
}
