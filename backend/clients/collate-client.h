/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "catalogue/collate-model.h"
#include "net/collate-http.h"

G_BEGIN_DECLS

/* Who speaks to a model: one subclass a wire format. A client turns a request into events as they come,
 * times them, retries where that can help, and drops a parameter that the server refuses. Main thread;
 * nothing blocks. */

/* What to ask. Copied by collate_client_answer_async(). */
typedef struct
{
  CollateRoute *route;
  const char *key;           /* the provider's key; (nullable) where it needs none */
  const char *system;        /* instruction and documents */
  const char *user;          /* the question */
  gint64 max_output;         /* tokens, reasoning included */
  CollateThinking can_think; /* what the model can: nothing is sent unless it is COLLATE_THINKING_SWITCH */
  gboolean think;            /* what the person chose for such a model */
  const char *device;        /* what a model file runs on, by name; (nullable): the best one */
  const char *name;          /* what a person calls the model; (nullable): as the route does */
  gint64 top_k;              /* tokens that a token reads in sparse attention; 0: as the model file says */
} CollateRequest;

typedef enum
{
  COLLATE_EVENT_WAITS, /* its turn has not come: text names the model that is answering meanwhile */
  COLLATE_EVENT_LOADS, /* a model file of this machine is being loaded */
  COLLATE_EVENT_AVOIDED, /* the graphics card failed and the processor computes: number is the error's code, text its
                              message */
  COLLATE_EVENT_READS, /* number tokens of the input are read, of total */
  COLLATE_EVENT_STEP, /* the timeline of a model file has number tokens now, of which the last total took duration */
  COLLATE_EVENT_SHARE, /* share of the tokens before each of those was read, the mean over all; a later one replaces it */
  COLLATE_EVENT_SENT,      /* a request left: number is the attempt, from 1 */
  COLLATE_EVENT_HEAD,      /* the reply's head came: number is its status */
  COLLATE_EVENT_RETRY,     /* the attempt failed and another follows: number is the wait in milliseconds, text
                              the reason */
  COLLATE_EVENT_DROPPED,   /* text names a parameter that the server refuses, now (the request is sent again
                              without it) or in an earlier answer (it is not sent at all) */
  COLLATE_EVENT_MODEL,     /* text is the model's name by the server's word */
  COLLATE_EVENT_REASONING, /* text is more reasoning, never empty */
  COLLATE_EVENT_TEXT,      /* text is more of the answer, never empty */
  COLLATE_EVENT_USAGE,     /* usage as known by now; a later one replaces it */
  COLLATE_EVENT_FINISH,    /* text is the server's finish reason */
} CollateEventKind;

typedef struct
{
  CollateEventKind kind;
  gint64 time;      /* g_get_monotonic_time() when it came from the network */
  const char *text; /* valid UTF-8, during the call; (nullable) */
  gint64 number;
  gint64 total;
  gint64 duration;           /* microseconds */
  gboolean writing;          /* what took it: the answer, not the prompt */
  double share;              /* 0 to 1 */
  const CollateUsage *usage; /* during the call; (nullable) */
} CollateEvent;

/* Takes an event. Cancelling, and dropping references, inside is allowed. */
typedef void (*CollateEventFunc) (const CollateEvent *event, gpointer user_data);

/* What a failed attempt says about another one. */
typedef struct
{
  guint status;   /* HTTP's, 0 where there was none */
  gboolean again; /* the same request may succeed */
  gint64 wait;    /* milliseconds that the server asks for, -1: it asks for none */
  char *refused;  /* the parameter that the server refuses, as on the wire, or NULL; (owned) */
  char *instead;  /* the parameter that it names in its place, or NULL; (owned) */
} CollateVerdict;

void collate_verdict_clear (CollateVerdict *verdict);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CollateVerdict, collate_verdict_clear)

#define COLLATE_TYPE_CLIENT (collate_client_get_type ())
G_DECLARE_DERIVABLE_TYPE (CollateClient, collate_client, COLLATE, CLIENT, GObject)

struct _CollateClientClass
{
  GObjectClass parent_class;

  /* Sends the request once, without what collate_client_get_refused() tells (each such parameter is a
   * COLLATE_EVENT_DROPPED); the base class retries. */
  void (*attempt_async) (CollateClient *self,
                         const CollateRequest *request,
                         CollateEventFunc on_event,
                         gpointer event_data,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);

  /* TRUE where an attempt may have to wait for others, and tells COLLATE_EVENT_SENT itself when its turn comes. */
  gboolean tells_sent;

  /* Fills `verdict`, which comes cleared, whatever the outcome. */
  gboolean (*attempt_finish) (CollateClient *self,
                              GAsyncResult *result,
                              CollateVerdict *verdict,
                              GError **error);
};

/* The client for a provider's wire format; (transfer full). It remembers for its lifetime what the
 * provider's models refuse. */
CollateClient *collate_client_new (CollateHttp *http, CollateProvider *provider);

/* For subclasses: NULL where the server takes the parameter for this model, the name of what it takes
 * instead, or "" where it takes nothing in its place; (nullable). */
const char *collate_client_get_refused (CollateClient *self, const char *model, const char *parameter);

/* For subclasses: seconds without a byte until COLLATE_ERROR_TIMEOUT. */
guint collate_client_get_idle_timeout (CollateClient *self);

CollateHttp *collate_client_get_http (CollateClient *self);
CollateProvider *collate_client_get_provider (CollateClient *self);

/* Asks, and hands over events as they come, in the main loop. At most three retries, only while nothing of
 * an answer came and only where one can help; they wait as the server says (Retry-After up to a minute), or
 * else 0.5 s doubling, with jitter. */
void collate_client_answer_async (CollateClient *self,
                                  const CollateRequest *request,
                                  CollateEventFunc on_event,
                                  gpointer event_data,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

/* TRUE where the stream ended after a finish reason and gave text or reasoning. Otherwise a code from
 * COLLATE_ERROR_KEY to _UNSUPPORTED, whose message is the server's own words without the key; `status` is
 * HTTP's, 0 where there was none; (nullable) status. Events that came before stay valid. */
gboolean collate_client_answer_finish (CollateClient *self,
                                       GAsyncResult *result,
                                       guint *status,
                                       GError **error);

/* Shortens the waits for tests: seconds without a byte until COLLATE_ERROR_TIMEOUT (300), and the factor on
 * the waits between retries (1). */
void collate_client_set_patience (CollateClient *self, guint idle_timeout, double wait_factor);

G_END_DECLS
