/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "scripted-reply.h"

#include <string.h>

#include "base/collate-json.h"

/* An answer as the two wire formats stream it, or send it whole where the request asks for no stream. */

typedef struct
{
  ScriptedReply *reply;
  JsonObject *script;
  const ScriptedRequest *request;

  char *model; /* quoted, as all text in events */
  const char *finish;
  JsonObject *usage; /* (nullable) */
  gint64 gap;        /* microseconds between two deltas */
  gint64 cut_after;  /* deltas until the connection is closed, -1: never */
  gint64 n_deltas;
} Answer;

/* The text as a JSON string; (transfer full). */
static char *
quote (const char *text)
{
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), text);

  return collate_json_to_string (node, FALSE);
}

static gint64
usage (Answer *answer, const char *name)
{
  return collate_json_int (answer->usage, name, 0);
}

/* The text's pieces, each a word with the white space after it; (transfer full). */
static GPtrArray *
words (const char *text)
{
  GPtrArray *pieces = g_ptr_array_new_with_free_func (g_free);
  const char *start = text != NULL ? text : "";

  while (*start != '\0')
    {
      const char *end = start + strcspn (start, " \n");

      end += strspn (end, " \n");
      g_ptr_array_add (pieces, g_strndup (start, end - start));
      start = end;
    }

  return pieces;
}

static void
send_event (Answer *answer, const char *event, const char *data)
{
  g_autofree char *named = event != NULL ? g_strdup_printf ("event: %s\n", event) : g_strdup ("");
  g_autofree char *text = g_strdup_printf ("%sdata: %s\n\n", named, data);

  scripted_reply_add_text (answer->reply, text);
}

/* Sends each word of `text` as an event, put between `before` and `after`. */
static void
send_words (Answer *answer, const char *text, const char *event, const char *before, const char *after)
{
  g_autoptr (GPtrArray) pieces = words (text);

  for (guint i = 0; i < pieces->len; i++)
    {
      g_autofree char *quoted = quote (pieces->pdata[i]);
      g_autofree char *data = g_strconcat (before, quoted, after, NULL);

      if (answer->n_deltas++ > 0)
        scripted_reply_add_wait (answer->reply, answer->gap);
      if (answer->cut_after >= 0 && answer->n_deltas > answer->cut_after)
        scripted_reply_add_close (answer->reply);
      send_event (answer, event, data);
    }
}

static void
wait_for_first_token (Answer *answer)
{
  scripted_reply_add_wait (answer->reply, collate_json_double (answer->script, "first_token_ms", 0) * 1000);
}

/* OpenAI */

static char *
openai_usage (Answer *answer)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gint64 input = usage (answer, "input");
  gint64 output = usage (answer, "output");

  g_string_append_printf (text,
                          "{\"prompt_tokens\":%" G_GINT64_FORMAT ",\"completion_tokens\":%" G_GINT64_FORMAT
                          ",\"total_tokens\":%" G_GINT64_FORMAT
                          ",\"prompt_tokens_details\":{\"cached_tokens\":%" G_GINT64_FORMAT
                          ",\"cache_write_tokens\":%" G_GINT64_FORMAT
                          "},\"completion_tokens_details\":{\"reasoning_tokens\":%" G_GINT64_FORMAT "}",
                          input,
                          output,
                          input + output,
                          usage (answer, "cached"),
                          usage (answer, "cache_write"),
                          usage (answer, "reasoning"));
  if (json_object_has_member (answer->script, "cost"))
    {
      char cost[G_ASCII_DTOSTR_BUF_SIZE];

      g_ascii_dtostr (cost, sizeof cost, collate_json_double (answer->script, "cost", 0));
      g_string_append_printf (text, ",\"cost\":%s", cost);
    }
  g_string_append_c (text, '}');

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* A chunk with these choices and, where `usage_text` is not NULL, that usage. */
static void
send_chunk (Answer *answer, const char *choices, const char *usage_text)
{
  g_autofree char *data =
      g_strdup_printf ("{\"id\":\"chatcmpl-scripted\",\"object\":\"chat.completion.chunk\","
                       "\"created\":1795312205,\"model\":%s,\"choices\":[%s],\"usage\":%s}",
                       answer->model,
                       choices,
                       usage_text != NULL ? usage_text : "null");

  send_event (answer, NULL, data);
}

static void
send_chunk_words (Answer *answer, const char *text, const char *member)
{
  g_autofree char *before =
      g_strdup_printf ("{\"id\":\"chatcmpl-scripted\",\"object\":\"chat.completion.chunk\","
                       "\"created\":1795312205,\"model\":%s,\"choices\":[{\"index\":0,\"delta\":{\"%s\":",
                       answer->model,
                       member);

  send_words (answer, text, NULL, before, "},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}");
}

static void
stream_openai (Answer *answer)
{
  const char *field = collate_json_string (answer->script, "reasoning_field");
  gboolean on_finish = collate_json_boolean (answer->script, "usage_on_finish_chunk", FALSE);
  gboolean asked = collate_json_boolean (
      collate_json_object (answer->request->body, "stream_options"), "include_usage", FALSE);
  g_autofree char *usage_text = answer->usage != NULL ? openai_usage (answer) : NULL;
  g_autofree char *finish = g_strdup_printf (
      "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"%s\"}", answer->finish);

  send_chunk (answer,
              "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
              "\"logprobs\":null,\"finish_reason\":null}",
              NULL);
  wait_for_first_token (answer);
  send_chunk_words (
      answer, collate_json_string (answer->script, "reasoning"), field != NULL ? field : "reasoning_content");
  send_chunk_words (answer, collate_json_string (answer->script, "text"), "content");
  send_chunk (answer, finish, on_finish ? usage_text : NULL);
  if (usage_text != NULL && asked && !on_finish)
    send_chunk (answer, "", usage_text);
  send_event (answer, NULL, "[DONE]");
}

static void
write_openai (Answer *answer)
{
  const char *reasoning = collate_json_string (answer->script, "reasoning");
  g_autofree char *text = quote (collate_json_string (answer->script, "text") ?: "");
  g_autofree char *thought = reasoning != NULL ? quote (reasoning) : g_strdup ("null");
  g_autofree char *usage_text = answer->usage != NULL ? openai_usage (answer) : g_strdup ("null");
  g_autofree char *body =
      g_strdup_printf ("{\"id\":\"chatcmpl-scripted\",\"object\":\"chat.completion\",\"created\":1795312205,"
                       "\"model\":%s,\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                       "\"content\":%s,\"reasoning_content\":%s,\"refusal\":null},\"logprobs\":null,"
                       "\"finish_reason\":\"%s\"}],\"usage\":%s}",
                       answer->model,
                       text,
                       thought,
                       answer->finish,
                       usage_text);

  scripted_reply_add_text (answer->reply, body);
}

/* Anthropic */

/* The words of OpenAI's finish reasons in Anthropic's. */
static const char *
stop_reason (const char *finish)
{
  if (strcmp (finish, "stop") == 0)
    return "end_turn";
  if (strcmp (finish, "length") == 0)
    return "max_tokens";
  if (strcmp (finish, "content_filter") == 0)
    return "refusal";

  return finish;
}

static char *
anthropic_input_usage (Answer *answer)
{
  gint64 cached = usage (answer, "cached");
  gint64 written = usage (answer, "cache_write");

  return g_strdup_printf ("\"input_tokens\":%" G_GINT64_FORMAT
                          ",\"cache_creation_input_tokens\":%" G_GINT64_FORMAT
                          ",\"cache_read_input_tokens\":%" G_GINT64_FORMAT,
                          usage (answer, "input") - cached - written,
                          written,
                          cached);
}

static void
send_block (Answer *answer, int index, const char *kind, const char *text)
{
  g_autofree char *signature = strcmp (kind, "thinking") == 0 ? g_strdup (",\"signature\":\"\"") : NULL;
  g_autofree char *start =
      g_strdup_printf ("{\"type\":\"content_block_start\",\"index\":%d,\"content_block\":"
                       "{\"type\":\"%s\",\"%s\":\"\"%s}}",
                       index,
                       kind,
                       kind,
                       signature != NULL ? signature : "");
  g_autofree char *before = g_strdup_printf ("{\"type\":\"content_block_delta\",\"index\":%d,\"delta\":"
                                             "{\"type\":\"%s_delta\",\"%s\":",
                                             index,
                                             kind,
                                             kind);
  g_autofree char *stop = g_strdup_printf ("{\"type\":\"content_block_stop\",\"index\":%d}", index);

  send_event (answer, "content_block_start", start);
  send_words (answer, text, "content_block_delta", before, "}}");
  if (signature != NULL)
    {
      g_autofree char *signed_off =
          g_strdup_printf ("{\"type\":\"content_block_delta\",\"index\":%d,\"delta\":"
                           "{\"type\":\"signature_delta\",\"signature\":\"c2NyaXB0ZWQ=\"}}",
                           index);

      send_event (answer, "content_block_delta", signed_off);
    }
  send_event (answer, "content_block_stop", stop);
}

static void
stream_anthropic (Answer *answer)
{
  const char *reasoning = collate_json_string (answer->script, "reasoning");
  g_autofree char *input = anthropic_input_usage (answer);
  g_autofree char *start = g_strdup_printf (
      "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_scripted\",\"type\":\"message\","
      "\"role\":\"assistant\",\"model\":%s,\"content\":[],\"stop_reason\":null,"
      "\"stop_sequence\":null,\"usage\":{%s,\"output_tokens\":%d}}}",
      answer->model,
      input,
      answer->usage != NULL ? 1 : 0);
  g_autofree char *end = g_strdup_printf (
      "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\",\"stop_sequence\":null},"
      "\"usage\":{\"output_tokens\":%" G_GINT64_FORMAT
      ",\"output_tokens_details\":{\"thinking_tokens\":%" G_GINT64_FORMAT "}}}",
      stop_reason (answer->finish),
      usage (answer, "output"),
      usage (answer, "reasoning"));

  send_event (answer, "message_start", start);
  send_event (answer, "ping", "{\"type\":\"ping\"}");
  wait_for_first_token (answer);
  if (reasoning != NULL)
    send_block (answer, 0, "thinking", reasoning);
  send_block (answer, reasoning != NULL ? 1 : 0, "text", collate_json_string (answer->script, "text"));
  send_event (answer, "message_delta", end);
  send_event (answer, "message_stop", "{\"type\":\"message_stop\"}");
}

static void
write_anthropic (Answer *answer)
{
  g_autofree char *input = anthropic_input_usage (answer);
  g_autofree char *text = quote (collate_json_string (answer->script, "text") ?: "");
  g_autofree char *body =
      g_strdup_printf ("{\"id\":\"msg_scripted\",\"type\":\"message\",\"role\":\"assistant\",\"model\":%s,"
                       "\"content\":[{\"type\":\"text\",\"text\":%s}],\"stop_reason\":\"%s\","
                       "\"stop_sequence\":null,\"usage\":{%s,\"output_tokens\":%" G_GINT64_FORMAT "}}",
                       answer->model,
                       text,
                       stop_reason (answer->finish),
                       input,
                       usage (answer, "output"));

  scripted_reply_add_text (answer->reply, body);
}

void
scripted_reply_write_answer (ScriptedReply *reply, JsonObject *script, const ScriptedRequest *request)
{
  gboolean stream = collate_json_boolean (request->body, "stream", FALSE);
  double rate = collate_json_double (script, "tokens_per_second", 0);
  const char *served = collate_json_string (script, "served_model");
  const char *finish = collate_json_string (script, "finish_reason");
  g_autofree char *model = quote (served != NULL ? served : request->model);
  Answer answer = {
    .reply = reply,
    .script = script,
    .request = request,
    .model = model,
    .finish = finish != NULL ? finish : "stop",
    .usage = collate_json_object (script, "usage"),
    .gap = rate > 0 ? G_USEC_PER_SEC / rate : 0,
    .cut_after = collate_json_int (script, "cut_after", -1),
  };

  reply->chunked = stream;
  scripted_reply_add_header (reply, "Content-Type", stream ? "text/event-stream" : "application/json");
  if (!stream)
    wait_for_first_token (&answer);

  if (request->anthropic)
    (stream ? stream_anthropic : write_anthropic) (&answer);
  else
    (stream ? stream_openai : write_openai) (&answer);
}
