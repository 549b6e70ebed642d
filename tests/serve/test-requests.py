#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `collate serve` refuses, and how: test-requests.py COLLATE WRITE-TINY"""

import json
import random

import server
import tap

CHAT = "/v1/chat/completions"
COMPLETIONS = "/v1/completions"


def chat(**body):
    return {"messages": server.HELLO, "max_tokens": 2, **body}


def test_addresses_and_methods():
    with server.Server() as here:
        for path in ["/", "/v1", "/v1/chat", "/v1/chat/completions/", "/v1/embeddings", "/generate/x", "/%2e%2e/x", "/v1/models/"]:
            status, _, reply = here.ask("GET", path)
            assert (status, reply["error"]["code"]) == (404, "not_found"), (path, status, reply)
        for path, methods, allowed in [(CHAT, ["GET", "PUT", "DELETE", "OPTIONS", "HEAD"], "POST"), (COMPLETIONS, ["GET"], "POST"),
                                       ("/generate", ["GET"], "POST"), ("/v1/models", ["POST", "DELETE"], "GET")]:
            for method in methods:
                status, headers, reply = here.ask(method, path)
                assert (status, headers["Allow"]) == (405, allowed), (method, path, status)
                assert method == "HEAD" or reply["error"]["code"] == "method_not_allowed"


def test_bodies_that_are_no_request():
    with server.Server() as here:
        for body in [b"", b"{", b"[]", b"null", b"\"x\"", b"\xff\xfe{}", b"{}garbage", b"\0", b"[" * 100000,
                     b'{"a":' * 100000, b'{"messages": [' + b"{}," * 10]:
            for path in [CHAT, COMPLETIONS, "/generate"]:
                error = here.refused(path, body)
                assert error["code"] == "invalid_json", (body[:20], error)
        assert here.chat()["choices"]


def test_wrong_members():
    wrong = {
        "messages": [[], {}, "x", None, [1], [{}], [{"role": "user"}], [{"role": "user", "content": 1}],
                     [{"role": "tool", "content": "x"}], [{"role": "user", "content": [{"type": "image_url"}]}],
                     [{"role": "user", "content": [{"type": "text"}]}], [{"content": "x"}],
                     [*server.HELLO, {"role": "assistant", "content": "x"}],
                     [*server.HELLO, {"role": "system", "content": "x"}, *server.HELLO]],
        "model": [1, [], {}],
        "temperature": ["1", -0.1, 2.1, True, [], 1e308],
        "top_p": ["1", -0.1, 1.1, {}],
        "max_tokens": [0, -1, 1.5, "1", True, 1e300, []],
        "max_completion_tokens": [0, "x"],
        "seed": ["1", 1.5, [], 1e30],
        "stop": [1, "", [""], [1], ["a"] * 5, {}, "x" * 2000, True],
        "stream": ["true", 1, {}],
        "stream_options": [1, "x", [], {"include_usage": 1}],
    }
    with server.Server() as here:
        for param, values in wrong.items():
            for value in values:
                error = here.refused(CHAT, chat(**{param: value}))
                assert error["param"] in (param, "include_usage"), (param, value, error)
        for value in [None, 1, [], ["a", "b"], {}, [1, 2]]:
            assert here.refused(COMPLETIONS, {"prompt": value})["param"] == "prompt"
            assert here.refused("/generate", {"prompt": value})["param"] == "prompt"
        assert here.refused(COMPLETIONS, {"prompt": ""})["param"] == "prompt"


def test_what_is_not_done_here():
    asked = {"n": 2, "best_of": 2, "echo": True, "suffix": "x", "logprobs": True, "top_logprobs": 3,
             "logit_bias": {"1": 2}, "presence_penalty": 0.5, "frequency_penalty": 1, "functions": [{}],
             "tool_choice": "required", "response_format": {"type": "json_object"}}
    neutral = {"n": 1, "best_of": 1, "echo": False, "suffix": "", "logprobs": False, "logit_bias": {}, "presence_penalty": 0,
               "frequency_penalty": 0.0, "tools": [], "tool_choice": "auto", "response_format": {"type": "text"},
               "user": "somebody", "store": False, "metadata": {"a": "b"}, "temperature": None, "stop": None}
    with server.Server() as here:
        for param, value in asked.items():
            error = here.refused(CHAT, chat(**{param: value}))
            assert (error["param"], error["code"]) == (param, "unsupported_parameter"), error
        assert here.chat(**neutral)["choices"]
        assert here.refused("/generate", {"prompt": "x", "stream": True})["param"] == "stream"


def test_too_long():
    with server.Server() as here:
        for text in ["x" * server.CONTEXT, "word " * 100000]:
            error = here.refused(CHAT, chat(messages=[{"role": "user", "content": text}]))
            assert error["param"] == "messages" and here.refused(COMPLETIONS, {"prompt": text})["param"] == "prompt"
            assert error["code"] == "context_length_exceeded" and str(server.CONTEXT) in error["message"], error
            assert here.refused(CHAT, chat(messages=[{"role": "user", "content": text}], stream=True))["code"] == error["code"]
        # More than there is room for is cut at the context.
        usage = here.chat(max_tokens=10 * server.CONTEXT)["usage"]
        assert usage["total_tokens"] <= server.CONTEXT, usage


def test_too_large():
    with server.Server() as here:
        status, _, reply = here.ask("POST", CHAT, b" " * (17 * 1024 * 1024))
        assert (status, reply["error"]["code"]) == (413, "request_too_large")
        chunks = (b" " * 65536 for _ in range(17 * 16))
        connection = here.connect()
        connection.request("POST", CHAT, chunks, encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        assert connection.getresponse().status == 413
        connection.close()
        before = here.memory()
        for _ in range(5):
            assert here.ask("POST", CHAT, b" " * (40 * 1024 * 1024))[0] == 413
        here.assert_bounded(before, 16 * 1024 * 1024)
        assert here.chat()["choices"]


def test_endless_bodies_are_cut():
    with server.Server() as here:
        with here.socket() as peer:
            peer.sendall(b"POST /generate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n")
            block = b" " * (1024 * 1024)
            try:
                for _ in range(200):
                    peer.sendall(block)
                raise AssertionError("nobody stopped it")
            except ConnectionError:
                pass
        assert here.chat()["choices"]


def test_foreign_hosts_and_origins():
    with server.Server() as here:
        own = f"127.0.0.1:{here.port}"
        for host in ["evil.example", f"evil.example:{here.port}", "localhost.evil.example", "127.0.0.1.evil.example", "",
                     "192.168.1.1", "user@127.0.0.1", "[::2]", "127.0.0.1:99999", "127.0.0.1, evil.example", "0x7f.1"]:
            status, _, _ = here.ask("GET", "/v1/models", headers={"Host": host})
            assert status in (400, 403), (host, status)
            assert here.ask("POST", CHAT, chat(), {"Host": host})[0] in (400, 403), host
        for host in [own, "127.0.0.1", "localhost", f"LOCALHOST:{here.port}", "[::1]"]:
            assert here.ask("GET", "/v1/models", headers={"Host": host})[0] == 200, host
        for origin in ["http://evil.example", "null", "", f"https://{own}", f"http://{own}.evil.example", "http://127.0.0.1:1",
                       f"http://localhost:{here.port}", "file://", f"http://{own}/"]:
            error = here.refused(CHAT, chat(), 403, {"Origin": origin})
            assert error["code"] == "foreign_request", (origin, error)
            assert here.ask("OPTIONS", CHAT, headers={"Origin": origin})[0] == 403
        assert here.ask("GET", "/v1/models", headers={"Origin": f"http://{own}"})[0] == 200


def test_broken_http():
    with server.Server() as here:
        for data in [b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"\x16\x03\x01\x02\x00\x01\x00" * 100, b"POST /generate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
                     b"POST /generate HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                     b"POST /generate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
                     b"GET /" + b"a" * 200000, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 50000]:
            with here.socket() as peer:
                try:
                    peer.sendall(data)
                except ConnectionError:
                    pass
        assert here.chat()["choices"]


def mutate(random_bytes, data):
    data = bytearray(data)
    for _ in range(random_bytes.randrange(1, 6)):
        at = random_bytes.randrange(len(data))
        kind = random_bytes.randrange(3)
        if kind == 0:
            data[at] = random_bytes.randrange(256)
        elif kind == 1:
            del data[at:at + random_bytes.randrange(1, 9)]
        else:
            data[at:at] = random_bytes.choice([b"null", b"-1", b"[]", b"{}", b"\"\\u0000\"", b"1e999", b"\xf0\x9f", b",", b"\\ud800"])
        if not data:
            return b"{}"
    return bytes(data)


def test_random_bodies():
    """Whatever comes, it is answered: with 200, or with an error of the client's."""
    random_bytes = random.Random(7)
    seeds = [(CHAT, json.dumps(chat(stop=["a", "b"], temperature=0.5, stream=False)).encode()),
             (COMPLETIONS, b'{"prompt": "Once", "max_tokens": 2, "top_p": 0.5, "seed": 3}'),
             ("/generate", b'{"prompt": "Hello", "max_tokens": 2}')]
    with server.Server() as here:
        for _ in range(300):
            path, seed = random_bytes.choice(seeds)
            body = mutate(random_bytes, seed)
            connection = here.connect()
            connection.request("POST", path, body)
            reply = connection.getresponse()
            assert reply.status in (200, 400), (body, reply.status)
            reply.read()
            connection.close()
        assert here.chat()["choices"]


tap.run(globals())
