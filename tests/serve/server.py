# SPDX-License-Identifier: GPL-3.0-or-later
"""`collate serve` with a tiny random model, and plain HTTP to talk to it: what its tests share."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

COLLATE, WRITE_MODEL = sys.argv[1:3]
SANITIZED = any(name in pathlib.Path(COLLATE).read_bytes() for name in (b"__asan_init", b"__tsan_init"))

# The tiny models' context, and their vocabulary's bytes: a prompt of plain text has at most a token a byte.
CONTEXT = 512

HELLO = [{"role": "user", "content": "Hello"}]


class Server:
    """The program, serving, for the length of a with block."""

    def __init__(self, *arguments, architecture="llama", model="tiny", **environment):
        self.arguments = arguments
        self.environment = environment
        self.architecture = architecture
        self.name = model

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.log = tempfile.TemporaryFile("w+")
        path = pathlib.Path(self.folder.name, f"{self.name}.gguf")
        self.path = path
        self.write_model(self.architecture)
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder.name, "LC_ALL": "C.UTF-8",
                       "XDG_DATA_HOME": self.folder.name, "G_DEBUG": "fatal-criticals", **self.environment}
        environment.update({name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")})
        self.process = subprocess.Popen([COLLATE, "serve", "--port", "0", "--model", path, *self.arguments],
                                        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log,
                                        text=True)
        self.address = self.process.stdout.readline().strip()
        assert self.address, "no address was printed"
        self.host, _, port = self.address.removeprefix("http://").rpartition(":")
        self.port = int(port)
        return self

    def __exit__(self, kind, *failure):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        self.process.stdout.close()
        sys.stderr.write(self.said())
        self.log.close()
        self.folder.cleanup()
        assert kind or status == 0, status

    def write_model(self, architecture):
        """The served file as another one that takes its place at once."""
        new = self.path.with_suffix(".new")
        subprocess.run([WRITE_MODEL, new, architecture], check=True)
        new.replace(self.path)

    def said(self):
        """What came on standard error until now."""
        self.log.seek(0)
        return self.log.read()

    def connect(self):
        return http.client.HTTPConnection(self.host.strip("[]"), self.port, timeout=60)

    def socket(self):
        return socket.create_connection((self.host.strip("[]"), self.port), timeout=60)

    def ask(self, method, path, body=None, headers=None):
        """Status, headers and JSON of one reply."""
        connection = self.connect()
        connection.request(method, path, body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode(),
                           headers or {})
        reply = connection.getresponse()
        data = reply.read()
        connection.close()
        return reply.status, reply.headers, json.loads(data) if data else None

    def post(self, path, **body):
        status, _, reply = self.ask("POST", path, body)
        assert status == 200, (status, reply)
        return reply

    def chat(self, **body):
        return self.post("/v1/chat/completions", **{"messages": HELLO, "max_tokens": 8, **body})

    def refused(self, path, body, status=400, headers=None):
        """The error of a request that must be refused with this status."""
        got, _, reply = self.ask("POST", path, body, headers)
        assert got == status, (got, reply, body)
        assert set(reply) == {"error"} and set(reply["error"]) == {"message", "type", "param", "code"}, reply
        assert reply["error"]["message"] and reply["error"]["type"] == (
            "invalid_request_error" if status < 500 else "server_error"), reply
        return reply["error"]

    def stream(self, path, **body):
        """The events of a streamed reply, without the marker at its end, which must be there."""
        connection = self.connect()
        connection.request("POST", path, json.dumps({"stream": True, **body}))
        reply = connection.getresponse()
        assert reply.status == 200 and reply.headers["Content-Type"] == "text/event-stream", reply.headers
        lines = reply.read().decode().split("\n\n")
        connection.close()
        assert lines[-2:] == ["data: [DONE]", ""], lines[-2:]
        return [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]

    def memory(self):
        """Bytes that are resident."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024

    def assert_bounded(self, before, growth):
        """Less than `growth` more bytes are resident than `before`. Sanitizers keep what is freed, so that a program
        built with one is only held to coming through."""
        now = self.memory()
        assert SANITIZED or now < before + growth, (before, now)


def wait_for(what, condition):
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"never came: {what}")


# A call of get_weather for a city and some days, and one of now.
BLOCK = ["\n\n<", "｜DSML｜", "function_calls>\n", "<｜DSML｜invoke name=\"get_weather\">\n", "<｜DSML｜parameter name=\"city\" ",
         "string=\"true\">", "Pa\"ris", "</｜DSML｜parameter>\n<｜DSML｜par", "ameter name=\"days\" string=\"false\">3</｜DSML｜parameter>\n",
         "</｜DSML｜invoke>\n<｜DSML｜invoke name=\"now\">\n</｜DSML｜invoke>\n", "</｜DSML｜function_", "calls>"]


class Caller(Server):
    """A model whose conversations are DeepSeek 3.2's, and which says these pieces whatever it is asked: WRITE-CALLER."""

    def __init__(self, *pieces):
        super().__init__()
        self.pieces = pieces

    def write_model(self, architecture):
        subprocess.run([sys.argv[3], self.path, *self.pieces], check=True)
