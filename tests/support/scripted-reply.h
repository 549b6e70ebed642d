/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* A reply as it is played: a head, then steps one after another. */
typedef enum
{
  SCRIPTED_SEND,
  SCRIPTED_WAIT,
  SCRIPTED_CLOSE,
} ScriptedStepKind;

typedef struct
{
  ScriptedStepKind kind;
  GBytes *bytes; /* what to send */
  guint times;   /* how often to send it */
  gint64 wait;   /* microseconds */
} ScriptedStep;

typedef struct
{
  guint status;     /* 0: no head at all, the steps are every byte */
  gint64 head_wait; /* microseconds before the head */
  GString *headers; /* "Name: value\r\n" … */
  gboolean chunked;
  gboolean has_length; /* the script names a Content-Length of its own */
  GArray *steps;       /* ScriptedStep */
} ScriptedReply;

/* What the reply depends on: the request's body as JSON (NULL where it is none), and its wire format. */
typedef struct
{
  JsonObject *body;
  const char *model;
  gboolean anthropic;
} ScriptedRequest;

/* The reply that a script's object describes: low level ("steps"), "answer" or "error"; (transfer full). */
ScriptedReply *scripted_reply_new (JsonObject *script, const ScriptedRequest *request);

/* An error in the body of the wire format; (transfer full). */
ScriptedReply *scripted_reply_new_error (guint status,
                                         const char *message,
                                         const char *code,
                                         gboolean anthropic);

/* A JSON object as a whole reply, (transfer full) node; (transfer full). */
ScriptedReply *scripted_reply_new_json (guint status, JsonNode *node);

void scripted_reply_free (ScriptedReply *reply);

/* Writes the answer of `script` in its wire format; private to the two files of replies. */
void scripted_reply_write_answer (ScriptedReply *reply, JsonObject *script, const ScriptedRequest *request);
void scripted_reply_add_text (ScriptedReply *reply, const char *text);
void scripted_reply_add_wait (ScriptedReply *reply, gint64 wait);
void scripted_reply_add_close (ScriptedReply *reply);
void scripted_reply_add_header (ScriptedReply *reply, const char *name, const char *value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ScriptedReply, scripted_reply_free)

G_END_DECLS
