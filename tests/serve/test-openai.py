#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The official client against `collate serve`: test-openai.py COLLATE WRITE-TINY WRITE-CALLER"""

import functools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))

import peers_of_clients

peers_of_clients.enter()

import openai

import server

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]


def connect(here):
    return openai.OpenAI(api_key="none", base_url=here.address + "/v1", max_retries=0)


def test_models():
    with server.Server() as here:
        client = connect(here)
        assert [model.id for model in client.models.list()] == ["tiny"]
        assert client.models.retrieve("tiny").id == "tiny"


def test_chat():
    with server.Server() as here:
        client = connect(here)
        whole = client.chat.completions.create(model="tiny", messages=MESSAGES, max_tokens=12, temperature=1, seed=5)
        assert whole.choices[0].finish_reason in ("stop", "length") and whole.usage.completion_tokens <= 12
        stream = client.chat.completions.create(model="tiny", messages=MESSAGES, max_completion_tokens=12, temperature=1, seed=5,
                                                stream=True, stream_options={"include_usage": True})
        chunks = list(stream)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert text == whole.choices[0].message.content, (text, whole)
        assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
        assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens


def test_completions():
    with server.Server() as here:
        client = connect(here)
        whole = client.completions.create(model="tiny", prompt="Once", max_tokens=12)
        chunks = client.completions.create(model="tiny", prompt="Once", max_tokens=12, stream=True)
        assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text


def test_tools():
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}]
    with server.Caller("Hm.", "</think>", "Let me look.", *server.BLOCK) as here:
        create = functools.partial(connect(here).chat.completions.create, model="tiny", tools=tools)
        whole = create(messages=MESSAGES).choices[0]
        assert whole.finish_reason == "tool_calls" and whole.message.content == "Let me look."
        assert [call.function.name for call in whole.message.tool_calls] == ["get_weather", "now"]
        with connect(here).chat.completions.stream(model="tiny", tools=tools, messages=MESSAGES) as stream:
            streamed = stream.get_final_completion().choices[0]
        assert streamed.finish_reason == "tool_calls" and streamed.message.content == "Let me look."
        assert ([call.function.arguments for call in streamed.message.tool_calls] ==
                [call.function.arguments for call in whole.message.tool_calls])
        results = [{"role": "tool", "tool_call_id": call.id, "content": "sun"} for call in whole.message.tool_calls]
        assert create(messages=[*MESSAGES, whole.message, *results]).choices


def expect(kind, call, **arguments):
    try:
        call(model="tiny", **arguments)
    except kind as error:
        return error
    raise AssertionError(f"{kind} was not raised")


def test_errors():
    with server.Server() as here:
        create = connect(here).chat.completions.create
        error = expect(openai.BadRequestError, create, messages=[{"role": "user", "content": "x " * 600}])
        assert error.code == "context_length_exceeded", error
        error = expect(openai.BadRequestError, create, messages=MESSAGES, n=3)
        assert (error.param, error.type) == ("n", "invalid_request_error"), error
        expect(openai.NotFoundError, connect(here).embeddings.create, input="x")
        expect(openai.PermissionDeniedError, create, messages=MESSAGES, extra_headers={"Origin": "http://evil.example"})


def test_leaving_early():
    with server.Server() as here:
        client = connect(here)
        for _ in range(5):
            with client.chat.completions.create(model="tiny", messages=MESSAGES, stream=True) as stream:
                next(iter(stream))
        assert client.chat.completions.create(model="tiny", messages=MESSAGES, max_tokens=2).choices


peers_of_clients.run(globals())
