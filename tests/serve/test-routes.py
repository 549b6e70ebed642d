#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `collate serve` answers, in each form: test-routes.py COLLATE WRITE-TINY"""

import server
import tap


def check_usage(usage, completion):
    assert usage["completion_tokens"] == completion, usage
    assert usage["total_tokens"] == usage["prompt_tokens"] + completion, usage


def test_models():
    with server.Server(model="a b") as here:
        status, headers, reply = here.ask("GET", "/v1/models")
        assert status == 200 and headers["Content-Type"] == "application/json"
        [model] = reply["data"]
        assert (reply["object"], model["object"], model["id"]) == ("list", "model", "a b"), reply
        assert here.ask("GET", "/v1/models/a%20b")[2] == model
        assert here.ask("GET", "/v1/models/other")[0] == 404


def test_chat():
    with server.Server() as here:
        reply = here.chat(model="whatever", max_tokens=8)
        [choice] = reply["choices"]
        assert (reply["object"], reply["model"]) == ("chat.completion", "tiny"), reply
        assert choice["message"]["role"] == "assistant" and choice["message"]["content"], reply
        assert (choice["index"], choice["finish_reason"]) == (0, "length"), reply
        check_usage(reply["usage"], 8)
        assert reply["id"] != here.chat()["id"]
        assert here.chat(max_tokens=8, max_completion_tokens=3)["usage"]["completion_tokens"] == 3


def test_chat_streams():
    with server.Server() as here:
        whole = here.chat()["choices"][0]["message"]["content"]
        for usage in [None, {}, {"include_usage": False}, {"include_usage": True}]:
            events = here.stream("/v1/chat/completions", messages=server.HELLO, max_tokens=8, stream_options=usage)
            wanted = bool(usage and usage["include_usage"])
            assert {event["object"] for event in events} == {"chat.completion.chunk"}
            assert len({event["id"] for event in events}) == 1
            if wanted:
                last = events.pop()
                assert last["choices"] == []
                check_usage(last["usage"], 8)
            assert all(event.get("usage") is None and ("usage" in event) == wanted for event in events), events
            assert events[0]["choices"][0]["delta"]["role"] == "assistant"
            assert [event["choices"][0]["finish_reason"] for event in events] == [None] * (len(events) - 1) + ["length"]
            assert "".join(event["choices"][0]["delta"].get("content", "") for event in events) == whole


def test_drafts():
    """A model that drafts says how many were right, as llama.cpp's server does; predictions of a request are none of them."""
    with server.Server() as here:
        assert "timings" not in here.chat(), here.chat()
    with server.Server(architecture="deepseek32") as here:
        reply = here.chat(max_tokens=60)
        timings, usage = reply["timings"], reply["usage"]
        assert list(timings) == ["draft_n", "draft_n_accepted"], timings
        told = timings["draft_n"] + timings["draft_n_accepted"]
        # The last draft may have had no token to be held against.
        assert told > 1 and 0 <= usage["completion_tokens"] - 1 - told <= 1, reply
        assert list(usage["completion_tokens_details"]) == ["reasoning_tokens"], usage
        options = {"include_usage": True}
        *events, last = here.stream("/v1/chat/completions", messages=server.HELLO, max_tokens=60, stream_options=options)
        assert last["timings"] == timings and not any("timings" in event for event in events), last
        assert here.post("/v1/completions", prompt="A", max_tokens=60)["timings"]["draft_n"] > 1


def test_conversations():
    with server.Server() as here:
        first = here.chat()["usage"]["prompt_tokens"]
        messages = [{"role": "system", "content": "Be brief."}, *server.HELLO]
        with_system = here.chat(messages=messages)["usage"]["prompt_tokens"]
        assert with_system > first
        assert here.chat(messages=[{**messages[0], "role": "developer"}, *server.HELLO])["usage"]["prompt_tokens"] == with_system
        parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]
        assert here.chat(messages=[{"role": "user", "content": parts}])["usage"]["prompt_tokens"] == first
        messages += [{"role": "assistant", "content": "Hi."}, {"role": "user", "content": "And now?"}]
        longer = here.chat(messages=messages)["usage"]
        assert longer["prompt_tokens"] > with_system
        # What was read before is not read again.
        again = here.chat(messages=messages)["usage"]
        assert again["prompt_tokens_details"]["cached_tokens"] == again["prompt_tokens"] - 1, again


def test_completions():
    with server.Server() as here:
        reply = here.post("/v1/completions", prompt="Once", max_tokens=8)
        [choice] = reply["choices"]
        assert reply["object"] == "text_completion" and choice["finish_reason"] == "length", reply
        assert choice["text"]
        check_usage(reply["usage"], 8)
        assert here.post("/v1/completions", prompt=["Once"], max_tokens=8)["choices"] == reply["choices"]
        assert here.post("/v1/completions", prompt="Once")["usage"]["completion_tokens"] == 16
        events = here.stream("/v1/completions", prompt="Once", max_tokens=8)
        assert "".join(event["choices"][0]["text"] for event in events) == choice["text"]
        assert {event["object"] for event in events} == {"text_completion"}


def test_generate():
    with server.Server() as here:
        reply = here.post("/generate", prompt="Hello", max_tokens=8)
        assert reply == {"response": here.chat(max_tokens=8)["choices"][0]["message"]["content"]}, reply
        # Without a limit it ends with the context at the latest.
        assert len(here.post("/generate", prompt="Hello")["response"]) > len(reply["response"])


def test_sampling():
    with server.Server() as here:
        def text(**body):
            return here.post("/v1/completions", prompt="Once", max_tokens=24, **body)["choices"][0]["text"]

        greedy = text()
        assert text(temperature=0) == greedy and text(temperature=0, seed=1) == greedy
        assert text(temperature=2, top_p=0) == greedy
        # The tiny model is sure of most of what it says.
        seeded = [text(temperature=2, seed=seed) for seed in range(12)]
        assert len(set(seeded)) > 2, seeded
        assert [text(temperature=2, seed=seed) for seed in range(12)] == seeded
        assert len({text(temperature=2) for _ in range(20)}) > 1


def test_stops():
    with server.Server() as here:
        text = here.chat(max_tokens=64)["choices"][0]["message"]["content"]
        stop = text[5:8]
        kept = text[:text.index(stop)]
        for stops in [stop, [stop], ["\0never\0", stop]]:
            reply = here.chat(max_tokens=64, stop=stops)
            assert reply["choices"][0]["message"]["content"] == kept, (text, stop, reply)
            assert reply["choices"][0]["finish_reason"] == "stop"
            assert reply["usage"]["completion_tokens"] < 64
        events = here.stream("/v1/chat/completions", messages=server.HELLO, max_tokens=64, stop=stop)
        assert "".join(event["choices"][0]["delta"].get("content", "") for event in events) == kept
        assert here.chat(max_tokens=64, stop="never comes")["choices"][0]["message"]["content"] == text


def test_reasoning():
    """A model that can think: what it may write in thought is no part of the answer, and the switch reaches the prompt."""
    with server.Server(architecture="qwen3") as here:
        thinking = here.chat(max_tokens=32)
        silent = here.chat(max_tokens=32, reasoning_effort="none")
        assert silent["usage"]["prompt_tokens"] > thinking["usage"]["prompt_tokens"]
        assert silent["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0


def test_finds_a_model():
    with server.Server() as here:
        assert here.address.startswith("http://127.0.0.1:")
    with server.Server("--host", "localhost", "--device", "cpu", "--attention", "dense") as here:
        assert here.address.startswith("http://127.0.0.1:")
        assert here.chat()["choices"]


def test_sparse_attention():
    """With as many tokens as there are at most it is dense attention."""
    with server.Server() as dense:
        expected = dense.chat(seed=1, max_tokens=32)["choices"]
    for arguments in [["--top-k", str(server.CONTEXT)], []]:
        with server.Server("--attention", "sparse", *arguments) as sparse:
            assert sparse.chat(seed=1, max_tokens=32)["choices"] == expected
    with server.Server("--attention", "sparse", "--top-k", "1") as here:
        assert here.chat(seed=1, max_tokens=32)["choices"]


tap.run(globals())
