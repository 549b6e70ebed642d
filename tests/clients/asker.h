/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "base/collate-error.h"
#include "catalogue/collate-catalogue.h"
#include "clients/collate-client.h"

G_BEGIN_DECLS

/* A client of a server at an address, by way of a catalogue as the program makes it. */
typedef struct
{
  CollateCatalogue *catalogue;
  CollateHttp *http;
  CollateClient *client;
} Asker;

/* What the asker's provider and its one model, "m", are; NULL and 0 are the usual. */
typedef struct
{
  CollateApi api;
  const char *address;
  const char *model;    /* the name on the wire, "alpha" */
  const char *limit;    /* the member that limits the output */
  const char *thinking; /* the route's own members, as JSON {"on": …, "off": …} */
  gboolean needs_key;   /* the key's name is TEST_KEY */
} AskerOptions;

/* An asker with the patience of a test: 10 s without a byte, and no wait between retries. */
void asker_init (Asker *asker, const AskerOptions *options);
void asker_clear (Asker *asker);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Asker, asker_clear)

/* All that one answer told. */
typedef struct
{
  gboolean done;
  gboolean ok;
  GError *error;
  guint status; /* HTTP's */

  GString *text;
  GString *reasoning;
  char *model;
  char *finish;
  CollateUsage usage;
  gboolean has_usage;
  GPtrArray *dropped;
  GArray *waits;        /* gint64 milliseconds, one a retry */
  GPtrArray *waits_for; /* names of models, in order */
  guint n_loads;
  GPtrArray *avoided;       /* why no graphics card computes, in order */
  gint64 n_read, n_to_read; /* tokens, by the last word on it */
  gint64 n_in_timeline;     /* tokens of a model file's, by the last word on it */
  gint64 n_grown[2];        /* tokens by which it grew while it read, and while it wrote */
  guint n_steps[2];         /* in which it did */
  double share;             /* of the tokens before each, that was read; -1: nothing was said */
  guint n_sent;
  guint n_events;
  gint64 last_time;

  /* Called at each event, after it is noted; (nullable). */
  void (*watch) (const CollateEvent *event, gpointer data);
  gpointer watch_data;
} Asked;

Asked *asked_new (void);
void asked_free (Asked *asked);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Asked, asked_free)

/* A request for the asker's model: "Be brief.", "Why?", 100 tokens, no thinking, no key. */
CollateRequest asker_request (Asker *asker);

/* Asks, and lets the main loop run until the answer is there. */
void asker_start (Asker *asker, const CollateRequest *request, Asked *asked, GCancellable *cancellable);
void asked_wait (Asked *asked);
void asker_ask (Asker *asker, const CollateRequest *request, Asked *asked);

G_END_DECLS
