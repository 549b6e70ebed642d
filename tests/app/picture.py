#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a picture of the window with real answers in it: picture.py [--dark] [--columns] [--size WxH] PROGRAM PICTURE [FILE]...

The models are played by the scripted server; everything else is the program itself. FILEs are the documents, by
default the samples.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
import accessible  # noqa: E402
import desk  # noqa: E402
import scripted  # noqa: E402

# With a key for everything, nothing stands in the picture as missing.
KEYS = ["HERE_API_KEY", "THERE_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "DEEPSEEK_API_KEY", "OPENROUTER_API_KEY"]
FONT = "Cantarell 11"  # GNOME's own, which a desktop would say
OPEN = "deepseek-v3.2-exp"  # the answer that stands unfolded

QUESTION = "What are the key differences between dense and sparse attention?"

ANSWERS = {
    "gpt-5": (dict(input=3748, output=662, reasoning=320), 1400, 150, """\
Both compute the same weighted mean of values; they differ in **which** earlier tokens take part.

| | Dense | Sparse |
|---|---|---|
| Tokens read for each query | all *L* earlier ones | the best *k* |
| Cost over a whole text | O(*L*²) | O(*L·k*), plus a cheap indexer |
| Cache | all keys and values | all keys and values |
| Exact | always | while *L* ≤ *k* |

1. **Selection.** A small *indexer* scores every earlier token and keeps the best *k*; attention proper reads only those.
2. **Price.** Long prompts become cheaper, short ones do not: below *k* tokens the two are the same computation.
3. **Quality.** The benchmarks that the documents quote stay within the noise of a repeated run.

What sparse attention does **not** save is memory: an unread token may be selected later, so it stays in the cache.
"""),
    "claude-sonnet-4.5": (dict(input=4316, output=245), 700, 95, """\
**Dense attention** lets every token look at every earlier token, so the work grows with the square of the length.

**Sparse attention** first asks a light indexer which tokens matter, then attends to those alone:

- complexity falls from O(L²) to O(L·k), with *k* fixed;
- the full cache is kept, so memory does not shrink;
- with *k* or fewer visible tokens the result is exactly the dense one.

The documents do not say how *k* was chosen.
"""),
    "deepseek-v3.2-exp": (dict(input=3702, cached=0, output=334), 500, 110, """\
Dense attention lets every token look at every earlier token, so its cost grows with the square of the length. \
**Sparse attention** first asks a small *lightning indexer* which tokens matter, then attends to those only:

- complexity O(L·k) in place of O(L²), with k = 2,048;
- quality within the noise of the dense model on the reported benchmarks;
- the saving shows in long contexts only, because short ones select everything anyway.

In short: *the same answer from fewer tokens read*, as long as the indexer looks in the right place.
"""),
    "deepseek-v3.1-terminus": (dict(input=3702, output=351), 600, 80, """\
### Dense attention
Each query is compared with **all** previous keys. Nothing can be missed, and a text twice as long costs four times as \
much to read.

### Sparse attention
Each query is compared with a **selected** set of keys. A cheap indexer makes the selection, so the expensive part grows \
linearly. What the indexer overlooks, the model cannot use.

The papers agree on the cost; only one of them reports what was overlooked.
"""),
}


def reply(id):
    usage, first_token_ms, speed, text = ANSWERS[id]
    reasoning = "The question asks for differences, so a table by aspect reads best. " * 5 if "reasoning" in usage else None
    return {"answer": {"text": text, "usage": usage, "first_token_ms": first_token_ms, "tokens_per_second": speed,
                       "served_model": id, **({"reasoning": reasoning} if reasoning else {})}}


def prepare(path, server, width, height, options):
    models = {id: {**model, "context": 131072 if "deepseek" in id else 400000}
              for id, model in scripted.tutorial_models().items()}
    pathlib.Path(path, "models.json").write_text(json.dumps(scripted.models_file(server.address, models)))
    desk.write_settings(path, window_width=width, window_height=height, models_chosen="true", models=list(models),
                        color_scheme="'dark'" if options.dark else "'light'",
                        answer_layout="'columns'" if options.columns else "'stacked'")
    gtk = pathlib.Path(path, "config", "gtk-4.0", "settings.ini")
    gtk.parent.mkdir()
    gtk.write_text(f"[Settings]\ngtk-font-name={FONT}\n")
    return desk.folders(path, COLLATE_MODELS=f"{path}/models.json", **{name: "none" for name in KEYS})


def ask(application):
    accessible.write(accessible.find(application.window, "text", "Question"), QUESTION)
    accessible.press(accessible.find(application.window, "button", "Ask…"))
    accessible.wait_for("all answers", lambda: len(accessible.every(application.window, "button", "Retry…")) >= 4
                        and not accessible.every(application.window, "button", "Stop…"))


def fold(application):
    """Folds all answers but one, so that figures and charts come into the picture."""
    for id in ANSWERS:
        name = scripted.TUTORIAL[id][0]
        group = next(node for node in accessible.every(application.window, None, name + "…")
                     if node.get_role_name() in ("group", "panel", "grouping"))
        if id != OPEN:
            accessible.press(accessible.find(group, "button"))


def take(options):
    width, height = map(int, options.size.split("x"))
    program = pathlib.Path(options.program).resolve()
    server_program = program.parent.parent / "tests" / "support" / "collate-scripted-server"
    files = options.files or sorted(map(str, (ROOT / "resources" / "samples").glob("*.pdf")))
    with tempfile.TemporaryDirectory() as path, \
            scripted.Server(server_program, {id: [reply(id)] for id in ANSWERS}) as server:
        environment = prepare(path, server, width + 2 * accessible.BORDER, height + 2 * accessible.BORDER, options)
        with accessible.Application(str(program), *files, environment=environment) as application:
            ask(application)
            if not options.columns:
                fold(application)
            time.sleep(1)  # the last frame, and the revealers that still move
            pathlib.Path(options.picture).parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["import", "-window", "root", "-crop", f"{width}x{height}+{accessible.BORDER}+{accessible.BORDER}", "+repage",
                            options.picture], check=True)
            application.quit()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--columns", action="store_true", help="the answers side by side")
    parser.add_argument("--size", default="1400x1100")
    parser.add_argument("program")
    parser.add_argument("picture")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    desk.ensure(width + 2 * accessible.BORDER, height + 2 * accessible.BORDER)
    take(options)


if __name__ == "__main__":
    main()
