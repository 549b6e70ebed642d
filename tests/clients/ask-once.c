/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>

#include "asker.h"
#include "base/collate-json.h"

/* `ask-once openai|anthropic ADDRESS MODEL QUESTION` asks a server and prints every event as a line of JSON; the
 * last line is how it ended. */

static void
print_line (JsonObject *line)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), line);
  g_autofree char *text = collate_json_to_string (node, FALSE);

  printf ("%s\n", text);
  json_object_unref (line);
}

static JsonObject *
describe_usage (const CollateUsage *usage)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "input", usage->input);
  json_object_set_int_member (object, "cached_input", usage->cached_input);
  json_object_set_int_member (object, "cache_write", usage->cache_write + usage->cache_write_1h);
  json_object_set_int_member (object, "output", usage->output);
  json_object_set_int_member (object, "reasoning", usage->reasoning);

  return object;
}

static void
print_event (const CollateEvent *event, gpointer data)
{
  static const char *const kinds[] = {
    [COLLATE_EVENT_WAITS] = "waits",         [COLLATE_EVENT_LOADS] = "loads",
    [COLLATE_EVENT_READS] = "reads",         [COLLATE_EVENT_SENT] = "sent",
    [COLLATE_EVENT_HEAD] = "head",           [COLLATE_EVENT_RETRY] = "retry",
    [COLLATE_EVENT_DROPPED] = "dropped",     [COLLATE_EVENT_MODEL] = "model",
    [COLLATE_EVENT_REASONING] = "reasoning", [COLLATE_EVENT_TEXT] = "text",
    [COLLATE_EVENT_USAGE] = "usage",         [COLLATE_EVENT_FINISH] = "finish",
    [COLLATE_EVENT_STEP] = "step",           [COLLATE_EVENT_SHARE] = "share",
  };
  JsonObject *line = json_object_new ();

  json_object_set_string_member (line, "event", kinds[event->kind]);
  if (event->text != NULL)
    json_object_set_string_member (line, "text", event->text);
  if (event->usage != NULL)
    json_object_set_object_member (line, "usage", describe_usage (event->usage));
  print_line (line);
}

static void
print_end (const Asked *asked)
{
  JsonObject *line = json_object_new ();

  json_object_set_string_member (line, "event", asked->ok ? "done" : "failed");
  json_object_set_int_member (line, "status", asked->status);
  if (!asked->ok)
    {
      json_object_set_string_member (line, "code", collate_error_to_string (asked->error->code));
      json_object_set_string_member (line, "message", asked->error->message);
    }
  print_line (line);
}

int
main (int argc, char **argv)
{
  g_auto (Asker) asker = { NULL };
  g_autoptr (Asked) asked = asked_new ();
  CollateRequest request;

  if (argc != 5)
    {
      fprintf (stderr, "ask-once openai|anthropic ADDRESS MODEL QUESTION\n");
      return 2;
    }

  asker_init (
      &asker,
      &(AskerOptions){ .api = strcmp (argv[1], "anthropic") == 0 ? COLLATE_API_ANTHROPIC : COLLATE_API_OPENAI,
                       .address = argv[2],
                       .model = argv[3] });
  request = asker_request (&asker);
  request.key = "sk-test-0123456789";
  request.user = argv[4];
  request.max_output = 4096;
  asked->watch = print_event;
  asker_ask (&asker, &request, asked);
  print_end (asked);

  return asked->ok ? 0 : 1;
}
