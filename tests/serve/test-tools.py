#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of functions through `collate serve`: test-tools.py COLLATE WRITE-TINY WRITE-CALLER"""

import json

import server
import tap

CHAT = "/v1/chat/completions"
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "The weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}}}]
CALLS = [("get_weather", {"city": "Pa\"ris", "days": 3}), ("now", {})]


class Caller(server.Caller):
    def ask_with_tools(self, **body):
        return self.chat(**{"tools": TOOLS, "max_tokens": 64, **body})

    def stream_with_tools(self, **body):
        return self.stream(CHAT, **{"messages": server.HELLO, "tools": TOOLS, "max_tokens": 64, **body})


def read_calls(message):
    calls = message["tool_calls"]
    assert all(call["type"] == "function" and call["id"].startswith("call_") for call in calls), calls
    assert len({call["id"] for call in calls}) == len(calls)
    return [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls]


def join(events):
    """The whole message of a stream, as a client puts it together."""
    message = {"content": "", "reasoning_content": "", "tool_calls": []}
    reasons = []
    for event in events:
        for choice in event["choices"]:
            delta = choice["delta"]
            message["content"] += delta.get("content") or ""
            message["reasoning_content"] += delta.get("reasoning_content") or ""
            for call in delta.get("tool_calls", []):
                assert call["index"] == len(message["tool_calls"]), call
                message["tool_calls"].append(call)
            reasons.append(choice["finish_reason"])
    assert set(reasons[:-1]) <= {None}
    return message, reasons[-1]


def check(here, reasoning, content, **body):
    choice = here.ask_with_tools(**body)["choices"][0]
    assert choice["finish_reason"] == "tool_calls", choice
    assert choice["message"]["content"] == content and choice["message"].get("reasoning_content", "") == reasoning, choice
    assert read_calls(choice["message"]) == CALLS, choice
    message, reason = join(here.stream_with_tools(**body))
    assert reason == "tool_calls" and read_calls(message) == CALLS, message
    assert message["content"] == content and message["reasoning_content"] == reasoning, message


def test_calls():
    with Caller("Hm.", "</think>", "Let me look.", *server.BLOCK) as here:
        check(here, "Hm.", "Let me look.")
        check(here, "", "Let me look.", reasoning_effort="none")
        check(here, "Hm.", "Let me look.", tool_choice="auto", parallel_tool_calls=True)


def test_calls_alone():
    with Caller("Hm.", "</think>", *server.BLOCK) as here:
        check(here, "Hm.", "")


def test_calls_end_thinking():
    with Caller("Hm.", *server.BLOCK, "</think>") as here:
        check(here, "Hm.", "")
        usage = here.ask_with_tools()["usage"]
        assert usage["completion_tokens"] == 1 + len(server.BLOCK), usage
        assert 1 <= usage["completion_tokens_details"]["reasoning_tokens"] < len(server.BLOCK), usage


def assert_text(here, content, reason, **body):
    choice = here.chat(**{"max_tokens": 64, "reasoning_effort": "none", **body})["choices"][0]
    assert choice["message"]["content"] == content and "tool_calls" not in choice["message"], choice
    assert choice["finish_reason"] == reason, choice


def test_calls_are_text_where_none_are_asked_for():
    with Caller("Look.", *server.BLOCK) as here:
        for body in [{}, {"tools": []}, {"tools": TOOLS, "tool_choice": "none"}]:
            assert_text(here, "Look." + "".join(server.BLOCK), "stop", **body)


def test_broken_calls_are_text():
    with Caller("Look.", *server.BLOCK[:-1], "call>") as here:
        assert_text(here, "Look." + "".join(server.BLOCK[:-1]) + "call>", "stop", tools=TOOLS)
    with Caller("Look.", *server.BLOCK) as here:
        assert_text(here, "Look." + "".join(server.BLOCK[:-1]), "length", tools=TOOLS, max_tokens=len(server.BLOCK))
        assert_text(here, "Lo", "stop", tools=TOOLS, stop="ok")
        # The texts that end an answer do not look into calls.
        check(here, "", "Look.", reasoning_effort="none", stop=["city", "DSML"])


def answer(calls, **more):
    return {"role": "assistant", "content": None, "tool_calls": [
        {"id": name, "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}} for name in calls], **more}


def result(name, content="x", **more):
    return {"role": "tool", "tool_call_id": name, "content": content, **more}


def count(here, messages, **body):
    return here.ask_with_tools(messages=messages, **body)["usage"]


def test_results():
    with Caller("Done.") as here:
        asked = [*server.HELLO, answer("ab"), result("a", "sun"), result("b", [{"type": "text", "text": "rain"}])]
        choice = here.ask_with_tools(messages=asked, reasoning_effort="none")["choices"][0]
        assert (choice["message"]["content"], choice["finish_reason"]) == ("Done.", "stop"), choice
        # In any order, they are read as the calls stand.
        first = count(here, asked)
        second = count(here, [*asked[:2], *reversed(asked[2:])])
        assert second["prompt_tokens"] == first["prompt_tokens"]
        assert second["prompt_tokens_details"]["cached_tokens"] >= first["prompt_tokens"] - 1, second
        # What was thought in this turn is read, and what was in an earlier one is not.
        thought = [asked[0], answer("ab", reasoning_content="Hm."), *asked[2:]]
        assert count(here, thought)["prompt_tokens"] == first["prompt_tokens"] + 3
        later = count(here, [*thought, *server.HELLO])["prompt_tokens"]
        assert count(here, [*asked, *server.HELLO])["prompt_tokens"] == later
        assert count(here, [*thought, {"role": "assistant", "content": "Rain."}, *server.HELLO])["prompt_tokens"] > later


def test_wrong_messages():
    wrong = [
        [result("a")],
        [*server.HELLO, result("a")],
        [*server.HELLO, answer("a")],
        [*server.HELLO, answer("a"), *server.HELLO],
        [*server.HELLO, answer("ab"), result("a")],
        [*server.HELLO, answer("ab"), result("a"), *server.HELLO],
        [*server.HELLO, answer("ab"), result("a"), result("a")],
        [*server.HELLO, answer("a"), result("b")],
        [*server.HELLO, answer("a"), result("a"), result("a")],
        [*server.HELLO, answer("a"), result("a"), *server.HELLO, result("a")],
        [*server.HELLO, answer("a"), result("a", None)],
        [*server.HELLO, answer("a"), {"role": "tool", "content": "x"}],
        [*server.HELLO, answer("a", content=1), result("a")],
        [*server.HELLO, answer("a", content=[{"type": "image_url"}]), result("a")],
        [*server.HELLO, answer(["a"] * 129), *[result("a")] * 129],
        [*server.HELLO, {"role": "assistant", "content": None}, *server.HELLO],
        [*server.HELLO, {"role": "user", "content": None, "tool_calls": []}],
    ]
    functions = [None, {}, {"name": "f"}, {"name": "", "arguments": "{}"}, {"name": "f", "arguments": {}}, {"name": "f", "arguments": ""},
                 {"name": "f", "arguments": "[]"}, {"name": "f", "arguments": "{"}, {"name": "f\"", "arguments": "{}"},
                 {"name": "f" * 65, "arguments": "{}"}]
    wrong += [[*server.HELLO, {"role": "assistant", "tool_calls": [{"id": "a", "function": function}]}, result("a")] for function in functions]
    with Caller("Done.") as here:
        for messages in wrong:
            assert here.refused(CHAT, {"messages": messages, "tools": TOOLS})["param"] == "messages", messages
        error = here.refused(CHAT, {"messages": [*server.HELLO, answer(["a"] * 128), *[result("a")] * 128]})
        assert error["code"] == "context_length_exceeded", error


def test_wrong_tools():
    function = TOOLS[0]["function"]
    wrong = [1, "x", [1], [{}], [{"type": "function"}], [{"type": "custom", "function": function}], [{"function": function}],
             [{"type": "function", "function": {}}], [{"type": "function", "function": {"name": "a b"}}],
             [{"type": "function", "function": {"name": "<｜User｜>"}}], TOOLS * 129, [{"type": "function", "function": {**function, "strict": True}}]]
    with Caller("Done.") as here:
        for tools in wrong:
            assert here.refused(CHAT, {"messages": server.HELLO, "tools": tools})["param"] == "tools", tools
        for param, value in [("tool_choice", "required"), ("tool_choice", {"type": "function", "function": {"name": "get_weather"}}),
                             ("parallel_tool_calls", False)]:
            error = here.refused(CHAT, {"messages": server.HELLO, "tools": TOOLS, param: value})
            assert (error["param"], error["code"]) == (param, "unsupported_parameter"), error
        assert here.refused("/generate", {"prompt": "x", "tools": TOOLS})["param"] == "tools"
        assert here.ask_with_tools(messages=[{"role": "system", "content": "Be brief."}, *server.HELLO])["choices"]


def test_other_formats():
    with server.Server() as here:
        error = here.refused(CHAT, {"messages": server.HELLO, "tools": TOOLS})
        assert (error["param"], error["code"]) == ("tools", "unsupported_parameter") and "function" in error["message"], error
        error = here.refused(CHAT, {"messages": [*server.HELLO, answer("a"), result("a")]})
        assert error["code"] == "unsupported", error
        assert here.chat(tools=TOOLS, tool_choice="none")["choices"]


tap.run(globals())
