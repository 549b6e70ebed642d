/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "base/collate-json.h"
#include "serve/collate-serve-request.h"

/* The body of a request to the server, after a byte that chooses the path: understood and within its limits, or refused
 * in the form that clients read. */

static void
check_request (const CollateServeRequest *request)
{
  g_assert_true (request->sampling.temperature >= 0 && request->sampling.temperature <= 2);
  g_assert_true (request->sampling.top_p >= 0 && request->sampling.top_p <= 1);
  g_assert_cmpint (request->max_tokens, >=, 0);
  g_assert_true (request->form != COLLATE_SERVE_GENERATE || !request->stream);
  g_assert_true ((request->prompt != NULL) == (request->form == COLLATE_SERVE_COMPLETION));
  g_assert_true ((request->turns->len > 0) == (request->form != COLLATE_SERVE_COMPLETION));
  for (guint i = 0; i < request->turns->len; i++)
    {
      const CollateTurn *turn = &g_array_index (request->turns, CollateTurn, i);

      g_assert_true (g_utf8_validate (turn->content, -1, NULL));
      g_assert_true (i == 0 || turn->role != COLLATE_ROLE_SYSTEM);
      g_assert_true (i + 1 < request->turns->len || turn->role == COLLATE_ROLE_USER ||
                     turn->role == COLLATE_ROLE_TOOL);
      g_assert_true (turn->role != COLLATE_ROLE_TOOL || i > 0);
      g_assert_true (turn->tools == (i == 0 ? (const char *const *) request->tools : NULL));
      for (gsize call = 0; call < turn->n_calls; call++)
        g_assert_cmpint (turn[1 + call].role, ==, COLLATE_ROLE_TOOL);
    }
  for (guint i = 0; request->stops != NULL && request->stops[i] != NULL; i++)
    g_assert_true (i < 4 && *request->stops[i] != '\0');
}

static void
check_fault (const CollateServeFault *fault)
{
  g_autofree char *json = collate_serve_fault_to_json (fault);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = collate_json_parse_object (json, -1, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (fault->status, ==, 400);
  g_assert_cmpstr (
      collate_json_string (collate_json_object (object, "error"), "message"), ==, fault->message);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  FuzzInput input = { data, size };
  CollateServeForm form = fuzz_input_take (&input) % (COLLATE_SERVE_GENERATE + 1);
  g_autoptr (GBytes) body = g_bytes_new (input.data, input.size);
  g_auto (CollateServeFault) fault = { 0 };
  g_autoptr (CollateServeRequest) request = collate_serve_request_parse (form, body, &fault);

  g_assert_true ((request == NULL) == (fault.status != 0));
  if (request != NULL)
    check_request (request);
  else
    check_fault (&fault);
  return 0;
}

void
fuzz_each_seed (FuzzSeedFunc on_seed, gpointer user_data)
{
  static const char *const texts[] = {
    "0{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"a\"},{\"role\":\"user\",\"content\":"
    "[{\"type\":\"text\",\"text\":\"b\"}]}],\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
    "0{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"},{"
    "\"role\":"
    "\"user\",\"content\":\"c\"}],\"max_completion_tokens\":5,\"temperature\":1.5,\"top_p\":0.5,\"seed\":-1,"
    "\"stop\":[\"x\",\"y\"],\"reasoning_effort\":\"none\"}",
    "0{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":null,"
    "\"reasoning_content\":"
    "\"r\",\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{"
    "}\"}},{\"id\":\"2\","
    "\"function\":{\"name\":\"g\",\"arguments\":\"{\\\"a\\\": "
    "1}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"2\",\"content\":\"x\"},{"
    "\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":\"\"}],\"tools\":[{\"type\":\"function\","
    "\"function\":{\"name\":\"f\","
    "\"parameters\":{}}}],\"tool_choice\":\"auto\"}",
    "1{\"prompt\":\"a\",\"max_tokens\":1e2,\"n\":1,\"echo\":false,\"stop\":\"\\n\",\"logit_bias\":{}}",
    "1{\"prompt\":[\"a\"],\"best_of\":2,\"suffix\":\"\",\"response_format\":{\"type\":\"text\"},\"tools\":[]"
    "}",
    "2{\"prompt\":\"a\",\"stream\":false,\"presence_penalty\":0.0,\"logprobs\":null}",
    NULL,
  };

  fuzz_each_text (texts, on_seed, user_data);
}
