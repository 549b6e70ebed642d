#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The official SDKs accept what the scripted server sends, so that it speaks the real protocol:
test-sdks.py COLLATE-SCRIPTED-SERVER
"""

import json
import subprocess
import sys

import peers_of_clients

peers_of_clients.enter()

import anthropic
import openai

TEXT = "Yes, it does.\nIndeed: “é” 😀."
ANSWER = {"text": TEXT, "reasoning": "They ask that.", "served_model": "alpha-2026", "first_token_ms": 20,
          "usage": {"input": 1000, "cached": 200, "cache_write": 100, "output": 60, "reasoning": 20}}
SCRIPT = {"models": {
    "alpha": [{"answer": ANSWER}],
    "finish-chunk": [{"answer": ANSWER | {"usage_on_finish_chunk": True}}],
    "cut": [{"answer": ANSWER | {"cut_after": 4}}],
    "retried": [{"error": {"status": 429, "message": "slow down", "retry_after": "0.01"}}, {"answer": ANSWER}],
    **{str(status): [{"error": {"status": status, "message": f"error {status}", "type": "some_type",
                                "code": "some_code", "param": "model"}}]
       for status in (400, 401, 402, 403, 404, 409, 422, 429, 500, 503, 529)},
}}

server = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
server.stdin.write(json.dumps(SCRIPT))
server.stdin.close()
ADDRESS = server.stdout.readline().strip()
OPENAI = openai.OpenAI(api_key="sk-test", base_url=ADDRESS + "/v1", max_retries=0)
ANTHROPIC = anthropic.Anthropic(api_key="sk-test", base_url=ADDRESS, max_retries=0)
MESSAGES = [{"role": "user", "content": "Why?"}]


def check(value, expected):
    if value != expected:
        raise AssertionError(f"{value!r} is not {expected!r}")


def stream_openai(model, client=OPENAI):
    return client.chat.completions.create(
        model=model, messages=MESSAGES, stream=True, stream_options={"include_usage": True})


def check_openai_stream(model):
    text = reasoning = ""
    finish = usage = served = None
    for chunk in stream_openai(model):
        check(chunk.object, "chat.completion.chunk")
        served = chunk.model
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reasoning += getattr(choice.delta, "reasoning_content", None) or ""
            finish = choice.finish_reason or finish
    check((text, reasoning, finish, served), (TEXT, ANSWER["reasoning"], "stop", "alpha-2026"))
    check((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (1000, 60, 1060))
    check(usage.prompt_tokens_details.cached_tokens, 200)
    check(usage.completion_tokens_details.reasoning_tokens, 20)


def test_openai_streams():
    check_openai_stream("alpha")
    check_openai_stream("finish-chunk")


def test_openai_answers_whole():
    answer = OPENAI.chat.completions.create(model="alpha", messages=MESSAGES)
    check(answer.choices[0].message.content, TEXT)
    check(answer.choices[0].finish_reason, "stop")
    check(answer.usage.prompt_tokens, 1000)


def test_openai_errors():
    kinds = {400: openai.BadRequestError, 401: openai.AuthenticationError, 403: openai.PermissionDeniedError,
             404: openai.NotFoundError, 409: openai.ConflictError, 422: openai.UnprocessableEntityError,
             429: openai.RateLimitError, 500: openai.InternalServerError, 503: openai.InternalServerError}
    for status in (400, 401, 402, 403, 404, 409, 422, 429, 500, 503):
        try:
            stream_openai(str(status))
        except openai.APIStatusError as error:
            check(type(error), kinds.get(status, openai.APIStatusError))
            check((error.status_code, error.code, error.type, error.param), (status, "some_code", "some_type", "model"))
            check(error.body["message"], f"error {status}")
        else:
            raise AssertionError(f"{status} was no error")


def test_openai_retries():
    text = "".join(choice.delta.content or "" for chunk in stream_openai("retried", OPENAI.with_options(max_retries=1))
                   for choice in chunk.choices)
    check(text, TEXT)


def test_openai_lists_models():
    check([model.id for model in OPENAI.models.list()][:3], ["alpha", "finish-chunk", "cut"])


def test_openai_sees_a_cut():
    try:
        finished = [chunk for chunk in stream_openai("cut") if chunk.choices and chunk.choices[0].finish_reason]
    except Exception:  # which one depends on the transport
        return
    check(finished, [])


def test_anthropic_streams():
    with ANTHROPIC.messages.stream(model="alpha", max_tokens=100, messages=MESSAGES) as stream:
        check("".join(stream.text_stream), TEXT)
        message = stream.get_final_message()
    check([block.type for block in message.content], ["thinking", "text"])
    check(message.content[0].thinking, ANSWER["reasoning"])
    check(message.content[0].signature, "c2NyaXB0ZWQ=")
    check((message.model, message.stop_reason), ("alpha-2026", "end_turn"))
    check((message.usage.input_tokens, message.usage.cache_read_input_tokens,
           message.usage.cache_creation_input_tokens, message.usage.output_tokens), (700, 200, 100, 60))


def test_anthropic_events_in_order():
    kinds = [event.type for event in ANTHROPIC.messages.create(
        model="alpha", max_tokens=100, messages=MESSAGES, stream=True)]
    check((kinds[0], kinds[-2], kinds[-1]), ("message_start", "message_delta", "message_stop"))
    check((kinds.count("content_block_start"), kinds.count("content_block_stop")), (2, 2))


def test_anthropic_answers_whole():
    message = ANTHROPIC.messages.create(model="alpha", max_tokens=100, messages=MESSAGES)
    check(message.content[-1].text, TEXT)
    check(message.usage.output_tokens, 60)


def test_anthropic_errors():
    for status in (400, 401, 403, 404, 409, 422, 429, 500, 529):
        try:
            ANTHROPIC.messages.create(model=str(status), max_tokens=100, messages=MESSAGES, stream=True)
        except anthropic.APIStatusError as error:
            check(error.status_code, status)
            check(error.body["type"], "error")
            check(error.body["error"], {"message": f"error {status}", "type": "some_type"})
        else:
            raise AssertionError(f"{status} was no error")


def test_anthropic_lists_models():
    check([model.id for model in ANTHROPIC.models.list()][:1], ["alpha"])


try:
    peers_of_clients.run(globals())
finally:
    server.terminate()
