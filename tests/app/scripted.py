# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted server and the models file that leads to it."""

import json
import subprocess
import urllib.request

KEY = "sk-collate-test-0123456789"

# The tutorial's four models: wire format, prices of a million tokens, and the answer's usage and bill.
TUTORIAL = {
    "gpt-5": ("GPT-5", "openai", 2.50, 10.00, 56937, 1996, "$0.1623"),
    "claude-sonnet-4.5": ("Claude Sonnet 4.5", "anthropic", 3.00, 15.00, 65855, 485, "$0.2048"),
    "deepseek-v3.2-exp": ("DeepSeek v3.2-Exp", "openai", 0.28, 0.42, 56842, 698, "$0.0162"),
    "deepseek-v3.1-terminus": ("DeepSeek v3.1-Terminus", "openai", 0.55, 2.19, 56842, 700, "$0.0328"),
}


def answer(text="It does.", **more):
    return {"answer": {"text": text, **more}}


class Server:
    """collate-scripted-server, for the length of a with block."""

    def __init__(self, program, models, **more):
        self.program = program
        self.script = {"models": models, **more}

    def __enter__(self):
        self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(json.dumps(self.script))
        self.process.stdin.close()
        self.address = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *failure):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def journal(self):
        """The requests so far, but for this one."""
        with urllib.request.urlopen(self.address + "/__journal") as reply:
            return [entry for entry in json.load(reply) if not entry["path"].startswith("/__")]


def models_file(address, models, line_up=None):
    """A models file whose `models` ({ id: more members of the entry }) are all served at `address`."""
    return {
        "version": 1,
        "providers": {
            "here": {"name": "Here", "api": "openai", "base_url": address + "/v1", "key": "HERE_API_KEY"},
            "there": {"name": "There", "api": "anthropic", "base_url": address, "key": "THERE_API_KEY"},
            "open": {"name": "Open", "api": "openai", "base_url": address + "/v1"},
        },
        "models": [
            {"id": id, "name": more.pop("name", id.title()), "context": 1000000, "max_output": 8192,
             "routes": [{"provider": "here", "model": id, "price": {"input": 1.0, "output": 2.0}}], **more}
            for id, more in models.items()
        ],
        "default_line_up": "test",
        "line_ups": {"test": {"name": "Test", "models": line_up or list(models)}},
    }


def tutorial_models():
    """The tutorial's four for models_file()."""
    return {
        id: {"name": name, "routes": [{
            "provider": "there" if api == "anthropic" else "here", "model": id,
            "price": {"input": price_in, "output": price_out, "as_of": "2025-10", "source": "tutorial"}}]}
        for id, (name, api, price_in, price_out, *_) in TUTORIAL.items()
    }
