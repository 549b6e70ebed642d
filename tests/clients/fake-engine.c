/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fake-engine.h"

#include <string.h>

#include "base/collate-error.h"
#include "engine/collate-engine.h"

#define END 256
#define N_TOKENS 257
#define CONTEXT 4096
#define TOP_K 8

struct _CollateEngine
{
  gatomicrefcount count;
  CollateEngineInfo info;
  char *reply;
  gint64 second_context;
  gint64 n_bytes; /* with a session */
  gboolean unknown;
  gboolean lost;
  gint64 n_drafted; /* in each answer */
  gint64 n_right;
  gint64 n_left; /* tokens until the device fails; -1: it does not */
  char *device;
  GError *avoided;
};

struct _CollateEngineSession
{
  CollateEngine *engine;
  CollateEngineReading reading;
  gint64 context;
  GArray *tokens;
  gsize n_written; /* bytes of the reply */
  float logits[N_TOKENS];
};

static GMutex mutex;
static GCond cond;
static FakeEngineDone done;
static guint memory = G_MAXUINT;
static guint session_memory = G_MAXUINT;
static gint64 free_memory = G_MAXINT64;
static gssize allowance = -1;
static gboolean idle;

const FakeEngineDone *
fake_engine_get_done (void)
{
  return &done;
}

void
fake_engine_reset (void)
{
  g_free (done.device);
  memset (&done, 0, sizeof done);
  memory = G_MAXUINT;
  session_memory = G_MAXUINT;
  free_memory = G_MAXINT64;
  fake_engine_allow (-1);
}

void
fake_engine_set_memory (guint n_engines)
{
  memory = n_engines;
}

void
fake_engine_set_session_memory (guint n_sessions)
{
  session_memory = n_sessions;
}

void
fake_engine_set_free_memory (gint64 n_bytes)
{
  free_memory = n_bytes;
}

void
fake_engine_allow (gssize n_tokens)
{
  g_mutex_lock (&mutex);
  allowance = n_tokens;
  idle = FALSE;
  g_cond_broadcast (&cond);
  g_mutex_unlock (&mutex);
}

void
fake_engine_await_idle (void)
{
  g_mutex_lock (&mutex);
  while (!idle)
    g_cond_wait (&cond, &mutex);
  g_mutex_unlock (&mutex);
}

static gboolean
compute (CollateEngineSession *session, gint32 token, GError **error)
{
  if (session->engine->n_left == 0)
    {
      session->engine->lost = TRUE;
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_SERVER, "it stopped answering");
      return FALSE;
    }
  if (session->engine->n_left > 0)
    session->engine->n_left--;

  g_mutex_lock (&mutex);
  done.n_at_work++;
  done.most_at_work = MAX (done.most_at_work, done.n_at_work);
  while (allowance == 0)
    {
      idle = TRUE;
      g_cond_broadcast (&cond);
      g_cond_wait (&cond, &mutex);
    }
  if (allowance > 0)
    allowance--;
  done.n_computed++;
  done.n_at_work--;
  g_mutex_unlock (&mutex);

  g_array_append_val (session->tokens, token);

  return TRUE;
}

static void
choose_device (CollateEngine *engine, GKeyFile *file, const char *device)
{
  g_autofree char *avoids = g_key_file_get_string (file, "model", "avoids", NULL);
  const char *key = device == NULL ? "fails" : "named-fails";
  gboolean fails = g_key_file_has_key (file, "model", key, NULL);

  engine->n_left = fails ? g_key_file_get_int64 (file, "model", key, NULL) : -1;
  engine->device = g_strdup (device != NULL ? device : fails ? "vulkan:0" : "cpu");
  if (device == NULL && avoids != NULL)
    engine->avoided = g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE, avoids);
}

CollateEngine *
collate_engine_open (const char *path, const char *device, GCancellable *cancellable, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) local = NULL;
  CollateEngine *engine;

  if (done.n_open >= memory)
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE, "1 GB of 0");
      return NULL;
    }
  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &local))
    {
      g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "%s", local->message);
      return NULL;
    }

  engine = g_new0 (CollateEngine, 1);
  g_atomic_ref_count_init (&engine->count);
  engine->reply = g_key_file_get_string (file, "model", "reply", NULL);
  engine->unknown = g_key_file_get_boolean (file, "model", "unknown", NULL);
  engine->lost = g_key_file_get_boolean (file, "model", "lost", NULL);
  choose_device (engine, file, device);
  engine->info.thinks = g_key_file_get_boolean (file, "model", "thinks", NULL);
  engine->info.context = g_key_file_get_integer (file, "model", "context", NULL);
  if (engine->info.context == 0)
    engine->info.context = CONTEXT;
  engine->second_context = g_key_file_get_integer (file, "model", "second-context", NULL);
  engine->n_bytes = g_key_file_get_int64 (file, "model", "takes", NULL);
  engine->n_drafted = g_key_file_get_int64 (file, "model", "drafted", NULL);
  engine->n_right = g_key_file_get_int64 (file, "model", "drafts-right", NULL);
  engine->info.vocabulary = N_TOKENS;
  engine->info.top_k = TOP_K;
  done.n_opened++;
  done.n_open++;
  g_free (done.device);
  done.device = g_strdup (device);

  return engine;
}

void
collate_engine_unref (CollateEngine *engine)
{
  if (!g_atomic_ref_count_dec (&engine->count))
    return;

  done.n_open--;
  g_free (engine->reply);
  g_free (engine->device);
  g_clear_error (&engine->avoided);
  g_free (engine);
}

CollateEngine *
collate_engine_open_instead (const char *path,
                             const char *device,
                             const GError *reason,
                             GCancellable *cancellable,
                             GError **error)
{
  CollateEngine *engine = collate_engine_open (path, "cpu", cancellable, error);

  if (engine != NULL)
    engine->avoided = g_error_new (reason->domain, reason->code, "%s: %s", device, reason->message);

  return engine;
}

const char *
collate_engine_get_device (CollateEngine *engine)
{
  return engine->device;
}

const GError *
collate_engine_get_avoided (CollateEngine *engine)
{
  return engine->avoided;
}

gboolean
collate_engine_is_lost (CollateEngine *engine)
{
  return engine->lost;
}

const CollateEngineInfo *
collate_engine_get_info (CollateEngine *engine)
{
  return &engine->info;
}

const char *
collate_engine_get_piece (CollateEngine *engine, gint32 token, gsize *length)
{
  static char piece;

  piece = (char) token;
  *length = token < END;

  return token < END ? &piece : NULL;
}

gboolean
collate_engine_is_end (CollateEngine *engine, gint32 token)
{
  return token == END;
}

GArray *
collate_engine_encode_chat (CollateEngine *engine,
                            const char *system,
                            const char *user,
                            gboolean think,
                            GError **error)
{
  g_autofree char *prompt = g_strdup_printf ("%s|%s>", system, user);
  GArray *tokens;

  if (engine->unknown)
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "its chat format is not known");
      return NULL;
    }

  tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  for (const char *p = prompt; *p != '\0'; p++)
    {
      gint32 token = (guchar) *p;

      g_array_append_val (tokens, token);
    }

  return tokens;
}

const char *
collate_engine_get_think_tags (CollateEngine *engine, const char **close, gboolean *begins_inside)
{
  *begins_inside = FALSE;
  *close = engine->info.thinks ? "</think>" : NULL;

  return engine->info.thinks ? "<think>" : NULL;
}

CollateEngineSession *
collate_engine_session_new (CollateEngine *engine,
                            gint64 context,
                            const CollateEngineReading *reading,
                            GError **error)
{
  CollateEngineSession *session;

  if (done.n_open_sessions >= session_memory)
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE, "caches take 1 GB of 0");
      return NULL;
    }

  session = g_new0 (CollateEngineSession, 1);
  g_atomic_ref_count_inc (&engine->count);
  session->engine = engine;
  if (reading != NULL && reading->sparse)
    session->reading = *reading;
  if (session->reading.sparse && session->reading.top_k == 0)
    session->reading.top_k = engine->info.top_k;
  session->tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  session->context =
      done.n_open_sessions > 0 && engine->second_context > 0 ? engine->second_context : engine->info.context;
  done.n_sessions++;
  done.n_open_sessions++;
  done.top_k = session->reading.top_k;

  return session;
}

gint64
collate_engine_session_get_peak_memory (CollateEngineSession *session)
{
  return session->engine->n_bytes;
}

/* Of the weights, which all sessions share. */
gint64
collate_engine_session_get_shared_memory (CollateEngineSession *session)
{
  return MIN (session->engine->n_bytes, 100);
}

gint64
collate_engine_get_free_memory (void)
{
  return free_memory;
}

CollateEngineReading
collate_engine_session_get_reading (CollateEngineSession *session)
{
  return session->reading;
}

double
collate_engine_session_get_share (CollateEngineSession *session, gint64 first, gint64 end)
{
  double sum = 0;

  if (!session->reading.sparse || end <= first)
    return 1;
  for (gint64 i = first; i < end; i++)
    sum += (double) MIN (session->reading.top_k, i + 1) / (double) (i + 1);

  return sum / (double) (end - first);
}

void
collate_engine_session_free (CollateEngineSession *session)
{
  done.n_open_sessions--;
  collate_engine_unref (session->engine);
  g_array_unref (session->tokens);
  g_free (session);
}

void
collate_engine_session_get_drafts (CollateEngineSession *session, gint64 *n_drafted, gint64 *n_right)
{
  *n_drafted = session->engine->n_drafted;
  *n_right = session->engine->n_right;
}

gint64
collate_engine_session_get_context (CollateEngineSession *session)
{
  return session->context;
}

gboolean
collate_engine_session_sync (CollateEngineSession *session,
                             const gint32 *tokens,
                             gsize n_tokens,
                             CollateEngineProgress progress,
                             gpointer user_data,
                             gsize *n_reused,
                             GCancellable *cancellable,
                             GError **error)
{
  gsize n = 0;

  while (n < MIN (session->tokens->len, n_tokens - 1) &&
         g_array_index (session->tokens, gint32, n) == tokens[n])
    n++;
  g_array_set_size (session->tokens, (guint) n);
  *n_reused = n;
  for (; n < n_tokens; n++)
    {
      if (g_cancellable_is_cancelled (cancellable))
        {
          g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED, "stopped");
          return FALSE;
        }
      progress ((gint64) n, (gint64) n_tokens, user_data);
      if (!compute (session, tokens[n], error))
        return FALSE;
    }
  progress ((gint64) n_tokens, (gint64) n_tokens, user_data);
  session->n_written = 0;

  return TRUE;
}

gboolean
collate_engine_session_append (CollateEngineSession *session, gint32 token, GError **error)
{
  if (!compute (session, token, error))
    return FALSE;
  session->n_written++;

  return TRUE;
}

const float *
collate_engine_session_get_logits (CollateEngineSession *session)
{
  const char *reply = session->engine->reply;
  gboolean ended = session->n_written >= strlen (reply);

  memset (session->logits, 0, sizeof session->logits);
  session->logits[ended ? END : (guchar) reply[session->n_written]] = 1;

  return session->logits;
}
