/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <dlfcn.h>
#include <gio/gio.h>

/* What ThreadSanitizer must be told of GLib, which is not built with it: that its locks lock, that what is put into its
 * queues and main loops comes out after it, and that who drops a reference has done with the object before another thread
 * frees it. A library that programs for ./dev tsan find before GLib; each function is GLib's own, with that said around
 * it. */

void __tsan_acquire (void *address);
void __tsan_release (void *address);

static void
acquire (gconstpointer address)
{
  __tsan_acquire ((void *) address);
}

static void
release (gconstpointer address)
{
  __tsan_release ((void *) address);
}

/* GLib's own function of this name. */
#define GLIBS(name)                                                                                          \
  static __typeof__ (name) *own;                                                                             \
  if (g_atomic_pointer_get (&own) == NULL)                                                                   \
  g_atomic_pointer_set (&own, dlsym (RTLD_NEXT, #name))

/* Locks. */

void
g_mutex_lock (GMutex *mutex)
{
  GLIBS (g_mutex_lock);
  own (mutex);
  acquire (mutex);
}

void
g_mutex_unlock (GMutex *mutex)
{
  GLIBS (g_mutex_unlock);
  release (mutex);
  own (mutex);
}

void
g_cond_wait (GCond *condition, GMutex *mutex)
{
  GLIBS (g_cond_wait);
  release (mutex);
  own (condition, mutex);
  acquire (mutex);
}

gboolean
g_cond_wait_until (GCond *condition, GMutex *mutex, gint64 end_time)
{
  gboolean signalled;

  GLIBS (g_cond_wait_until);
  release (mutex);
  signalled = own (condition, mutex, end_time);
  acquire (mutex);
  return signalled;
}

/* Queues. */

void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  GLIBS (g_async_queue_push);
  release (queue);
  own (queue, data);
}

gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer data;

  GLIBS (g_async_queue_pop);
  data = own (queue);
  acquire (queue);
  return data;
}

/* References. */

void (g_object_unref) (gpointer object)
{
  GLIBS (g_object_unref);
  release (object);
  acquire (object);
  own (object);
}

void
g_atomic_rc_box_release_full (gpointer block, GDestroyNotify clear)
{
  GLIBS (g_atomic_rc_box_release_full);
  release (block);
  acquire (block);
  own (block, clear);
}

void
g_bytes_unref (GBytes *bytes)
{
  GLIBS (g_bytes_unref);
  release (bytes);
  acquire (bytes);
  own (bytes);
}

/* Main loops: a source runs after its callback was set. */

typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Callback;

static gboolean
call_cb (gpointer data)
{
  Callback *callback = data;

  acquire (callback);
  return callback->func (callback->data);
}

static void
free_cb (gpointer data)
{
  Callback *callback = data;

  acquire (callback);
  if (callback->notify != NULL)
    callback->notify (callback->data);
  g_free (callback);
}

void
g_source_set_callback (GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  Callback *callback;

  GLIBS (g_source_set_callback);
  if (source->source_funcs != &g_idle_funcs && source->source_funcs != &g_timeout_funcs)
    {
      /* Its callback has other arguments, and no thread but the loop's own sets it up here. */
      own (source, func, data, notify);
      return;
    }

  callback = g_new (Callback, 1);
  *callback = (Callback){ func, data, notify };
  release (callback);
  own (source, call_cb, callback, free_cb);
}

/* Threads of a task. */

static GQuark
func_quark (void)
{
  return g_quark_from_static_string ("tsan-func");
}

static void
run_cb (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GTaskThreadFunc func = (GTaskThreadFunc) g_object_get_qdata (G_OBJECT (task), func_quark ());

  acquire (task);
  func (task, source, data, cancellable);
}

void
g_task_run_in_thread (GTask *task, GTaskThreadFunc func)
{
  GLIBS (g_task_run_in_thread);
  g_object_set_qdata (G_OBJECT (task), func_quark (), func);
  release (task);
  own (task, run_cb);
}

/* Once: who sees the value without asking GLib sees what was made before it. */

void (g_once_init_leave) (volatile void *location, gsize result)
{
  GLIBS (g_once_init_leave);
  own (location, result);
  g_atomic_pointer_set ((gsize *) location, result);
}
