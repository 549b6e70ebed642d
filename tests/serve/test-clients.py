#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many clients, slow ones, and ones that leave: test-clients.py COLLATE WRITE-TINY"""

import concurrent.futures
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import tempfile
import threading

import server
import tap

MIB = 1024 * 1024

# The program lets so many wait, and keeps so many connections.
WAITING = 32
CONNECTIONS = 256

# As many tokens as the context holds: long enough that what is asked meanwhile waits.
LONG = {"messages": server.HELLO, "stream": True}


def head(path, body, extra=b""):
    return b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n%s\r\n" % (path.encode(), len(body), extra)


def send(here, path="/v1/chat/completions", **body):
    """A connection on which a request was sent and nothing was read."""
    peer = here.socket()
    data = json.dumps(body).encode()
    peer.sendall(head(path, data) + data)
    return peer


def read_all(peer):
    data = b""
    while not data.endswith(b"0\r\n\r\n"):
        block = peer.recv(65536)
        if not block:
            break
        data += block
    return data


def test_many_at_once():
    """All are answered, or told to come back; never more than may wait and one that runs."""
    with server.Server() as here:
        def ask(_):
            return here.ask("POST", "/v1/chat/completions", {"messages": server.HELLO, "max_tokens": 64})

        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            replies = list(pool.map(ask, range(100)))
        statuses = [status for status, _, _ in replies]
        assert set(statuses) <= {200, 503} and statuses.count(200) >= WAITING, statuses
        for status, headers, reply in replies:
            if status == 503:
                assert int(headers["Retry-After"]) > 0 and reply["error"]["type"] == "server_error", reply
        assert len({reply["choices"][0]["message"]["content"] for status, _, reply in replies if status == 200}) == 1
        assert here.chat()["choices"]


def test_the_queue_is_bounded():
    """What comes at once while one is answered: some wait, and the others are told to come back."""
    with server.Server() as here:
        here.process.send_signal(signal.SIGSTOP)
        peers = [send(here, messages=server.HELLO) for _ in range(5 * WAITING)]
        here.process.send_signal(signal.SIGCONT)
        statuses = [peer.recv(12) for peer in peers]
        for peer in peers:
            peer.close()
        assert set(statuses) == {b"HTTP/1.1 200", b"HTTP/1.1 503"}, set(statuses)
        assert statuses.count(b"HTTP/1.1 200") > WAITING
        assert here.chat()["choices"]


def test_in_order():
    with server.Server() as here:
        order = []
        lock = threading.Lock()

        def read(number, peer):
            assert peer.recv(12) == b"HTTP/1.1 200"
            with lock:
                order.append(number)
            read_all(peer)
            peer.close()

        peers = []
        for number in range(6):
            peers.append(send(here, **LONG))
            here.ask("GET", "/v1/models")  # what was sent before has come
        threads = [threading.Thread(target=read, args=item) for item in enumerate(peers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert order == sorted(order), order


def test_clients_that_leave_make_room():
    """Waiting requests go with their clients: a full queue is empty at once."""
    with server.Server() as here:
        for _ in range(3):
            peers = [send(here, **LONG) for _ in range(WAITING + 1)]
            here.ask("GET", "/v1/models")
            for peer in peers:
                peer.close()
        server.wait_for("room", lambda: here.ask("POST", "/generate", {"prompt": "x", "max_tokens": 1})[0] == 200)


def test_clients_that_leave_while_it_streams():
    with server.Server() as here:
        for _ in range(30):
            with send(here, **LONG) as peer:
                assert peer.recv(12) == b"HTTP/1.1 200"
        assert here.chat()["choices"]


def test_a_client_of_http_1_0():
    """It knows no chunks: the events come as they are, up to the connection's end."""
    with server.Server() as here, here.socket() as peer:
        body = json.dumps({**LONG, "max_tokens": 3}).encode()
        peer.sendall(head("/v1/chat/completions", body).replace(b"HTTP/1.1", b"HTTP/1.0") + body)
        reply = b"".join(iter(lambda: peer.recv(65536), b""))
        top, _, events = reply.partition(b"\r\n\r\n")
        assert b"chunked" not in top, top
        lines = events.split(b"\n\n")
        assert all(line.startswith(b"data: ") for line in lines[:-1]) and lines[-2:] == [b"data: [DONE]", b""], events


def test_slow_and_silent_clients_hold_nobody_up():
    with server.Server() as here:
        silent = [here.socket() for _ in range(50)]
        half = [here.socket() for _ in range(50)]
        for peer in half:
            peer.sendall(head("/generate", b"x" * 100) + b"{")
        assert here.chat()["choices"]
        body = json.dumps({"prompt": "Hello", "max_tokens": 4}).encode()
        with here.socket() as slow:
            for byte in head("/generate", body, b"Connection: close\r\n") + body:
                slow.sendall(bytes([byte]))
            reply = b"".join(iter(lambda: slow.recv(65536), b""))
            assert reply.startswith(b"HTTP/1.1 200"), reply
        for peer in silent + half:
            peer.close()


def test_connections_are_bounded():
    with server.Server() as here:
        peers = [here.socket() for _ in range(CONNECTIONS + 50)]
        server.wait_for("the last one's end", lambda: peers[-1].recv(1) == b"")
        folder = pathlib.Path(f"/proc/{here.process.pid}/fd")
        assert len(list(folder.iterdir())) < CONNECTIONS + 40
        for peer in peers:
            peer.close()

        def answers():
            try:
                return here.chat()["choices"]
            except (ConnectionError, server.http.client.HTTPException):
                return False

        server.wait_for("room", answers)


def test_a_connection_serves_once():
    """Each reply says so, so that no client sends a request into a connection that is being closed."""
    with server.Server() as here:
        for method, path, body in [("GET", "/v1/models", None), ("GET", "/x", None), ("POST", "/generate", b"{"),
                                   ("POST", "/generate", b'{"prompt": "Hello", "max_tokens": 2}')]:
            assert here.ask(method, path, body)[1]["Connection"] == "close"
        with send(here, **LONG) as peer:
            assert b"\r\nConnection: close\r\n" in read_all(peer)


def leave_in_the_middle(here):
    with send(here, **LONG) as peer:
        assert peer.recv(12) == b"HTTP/1.1 200"


def leave_half_said(here):
    with here.socket() as peer:
        peer.sendall(head("/generate", b"x" * 100) + b"{")


def hello(i):
    """A question that was not asked before, so that caches and lists that grow with the requests would."""
    return [{"role": "user", "content": f"Request {i} " + "word " * 20}]


# All that clients do, right and wrong; each is told which request it is.
KINDS = [
    lambda here, i: here.chat(messages=hello(i), temperature=1),
    lambda here, i: here.stream("/v1/chat/completions", messages=hello(i), max_tokens=8),
    lambda here, i: leave_in_the_middle(here),
    lambda here, i: here.refused("/generate", b"{" * (i + 1)),
    lambda here, i: here.post("/v1/completions", prompt=f"Request {i}", max_tokens=4),
    lambda here, i: here.refused("/generate", {"prompt": "x"}, 403, {"Host": f"host-{i}.example.org"}),
    lambda here, i: here.refused("/generate", {"prompt": "x"}, 403, {"Origin": f"https://site-{i}.example.org"}),
    lambda here, i: here.refused("/v1/completions", {"prompt": "word " * (2000 + i)}),
    lambda here, i: here.chat(model=f"unknown-{i}"),
    lambda here, i: here.post("/generate", prompt=f"Request {i}", max_tokens=4),
    lambda here, i: here.ask("GET", f"/v1/models/unknown-{i}"),
    lambda here, i: leave_half_said(here),
    lambda here, i: here.refused("/v1/chat/completions", {"messages": hello(i), "temperature": "x" * i}),
]


def test_memory_does_not_grow():
    """500 requests of all kinds: what is resident after the first hundred does not grow with the others."""
    with server.Server() as here:
        def ask(first, end):
            for i in range(first, end):
                KINDS[i % len(KINDS)](here, i)
            assert here.chat()["choices"]

        ask(0, 100)
        before = here.memory()
        ask(100, 500)
        here.assert_bounded(before, 2 * MIB)


def test_a_model_file_that_is_cut_short():
    """Its requests fail from then on, be it in the middle of an answer, and the program lives; a whole file is served."""
    with server.Server() as here:
        assert here.chat()["choices"]
        with send(here, **LONG) as peer:
            assert peer.recv(12) == b"HTTP/1.1 200"
            os.truncate(here.path, 0)
            assert b"changed while it was open" in read_all(peer)
        for path, body in [("/generate", {"prompt": "x"}), ("/v1/chat/completions", {"messages": server.HELLO})]:
            assert here.refused(path, body, 500)["code"] == "model_not_loaded"
        assert here.ask("GET", "/v1/models")[0] == 200
        here.write_model("llama")
        assert here.chat()["choices"]


def test_a_model_file_that_is_replaced():
    """The next request is answered from the file that is there; where that is none, with an error, and again later."""
    with server.Server() as here, server.Server(architecture="qwen3") as other:
        before, after = here.chat(seed=1), other.chat(seed=1)
        assert before["choices"] != after["choices"]
        here.write_model("qwen3")
        replaced = here.chat(seed=1)
        assert replaced["choices"] == after["choices"], replaced
        assert replaced["usage"]["prompt_tokens_details"]["cached_tokens"] == 0, replaced
        here.path.unlink()
        for _ in range(2):
            error = here.refused("/v1/chat/completions", {"messages": server.HELLO}, 500)
            assert error["code"] == "model_not_loaded", error
        here.write_model("llama")
        assert here.chat(seed=1)["choices"] == before["choices"]


def test_a_graphics_card_that_fails():
    """It is left for the processor, which is said once."""
    with server.Server(LD_LIBRARY_PATH=os.environ["COLLATE_BROKEN_CARD"]) as here:
        for _ in range(3):
            assert here.chat()["choices"]
        assert here.said().count("vulkan:0: Broken Card") == 1 and "processor computes" in here.said(), here.said()
    with server.Server("--device", "cpu", LD_LIBRARY_PATH=os.environ["COLLATE_BROKEN_CARD"]) as here:
        assert here.chat()["choices"] and "Broken Card" not in here.said(), here.said()


def start(*arguments, home):
    return subprocess.run([server.COLLATE, "serve", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, env={"PATH": "/usr/bin", "HOME": home, "XDG_DATA_HOME": home, "LC_ALL": "C.UTF-8"})


def test_usage():
    with tempfile.TemporaryDirectory() as home:
        wrong = {"model file": [], "abc": ["--model", "x.gguf", "--attention", "abc"],
                 "--top-k": ["--model", "x.gguf", "--top-k", "5"],
                 "4096": ["--model", "x.gguf", "--attention", "sparse", "--top-k", "4097"],
                 "dense,sparse": ["--model", "x.gguf", "--attention", "dense,sparse"],
                 "--port": ["--port", "65536"], "--host": ["--host", "example.org"], "abacus": ["--device", "abacus"],
                 "stray": ["stray"]}
        for word, arguments in wrong.items():
            result = start(*arguments, home=home)
            assert (result.returncode, result.stdout) == (2, ""), (arguments, result)
            assert word in result.stderr and len(result.stderr.splitlines()) == 1, result.stderr
        missing = start("--model", f"{home}/none.gguf", home=home)
        assert (missing.returncode, missing.stdout) == (1, "") and "none.gguf" in missing.stderr, missing
        # The first file of the models folder that can be asked.
        models = pathlib.Path(home, "collate", "models")
        models.mkdir(parents=True)
        models.joinpath("a.gguf").write_bytes(b"none")
        for name in ["c", "b"]:
            subprocess.run([server.WRITE_MODEL, models / f"{name}.gguf", "llama"], check=True)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            result = start("--port", str(port), home=home)
            assert (result.returncode, result.stdout) == (1, ""), result


def test_no_core_is_written():
    """It would hold keys: also where a person's shell allows cores."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    with server.Server() as here:
        limits = pathlib.Path(f"/proc/{here.process.pid}/limits").read_text()
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
    [line] = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert line.split()[4] == "0", line


def test_signals_end_it():
    for number in [signal.SIGINT, signal.SIGTERM]:
        with server.Server() as here:
            busy = [send(here, **LONG) for _ in range(5)]
            assert busy[0].recv(12) == b"HTTP/1.1 200"
            here.process.send_signal(number)
            assert here.process.wait(60) == 0
            for peer in busy:
                peer.close()


tap.run(globals())
