# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Renders our chat templates with the transformers library.

    python3 check_chat_template.py src/test/resources/chat_templates [--write]
    python3 check_chat_template.py --model EXPORT

The first compares the texts that ChatTemplateTest expects with what apply_chat_template makes of each
template, or writes them anew. The second asks for an exported model's prompt by way of its processor,
and prints it.
"""

import argparse
import json
import sys
from pathlib import Path

from transformers.utils.chat_template_utils import render_jinja_template

CONVERSATIONS = "conversations.json"


def rendered(template, case):
    """The text of one conversation; an answer is asked for where the user spoke last."""
    texts, _ = render_jinja_template(
        conversations=[case["messages"]],
        chat_template=template,
        add_generation_prompt=case["messages"][-1]["role"] == "user",
    )
    return texts[0]


def check_folder(folder, write):
    conversations = json.loads((folder / CONVERSATIONS).read_text())
    wrong = count = 0
    templates = sorted(folder.glob("*.jinja"))
    for file in templates:
        cases = conversations["plain" if file.stem == "plain" else "others"]
        texts = {case["name"]: rendered(file.read_text(), case) for case in cases}
        expected = file.with_suffix(".json")
        if write:
            expected.write_text(json.dumps(texts, indent=1, ensure_ascii=False) + "\n")
            continue
        for name, text in json.loads(expected.read_text()).items():
            count += 1
            if texts.get(name) != text:
                wrong += 1
                print(f"{file.stem}, {name}:\n  expected {text!r}\n  rendered {texts.get(name)!r}")
    print(f"{len(templates)} templates, {count} conversations compared, {wrong} differ")
    return wrong or not templates


def show_model(folder):
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(folder)
    messages = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is this?"}]}]
    print(repr(processor.apply_chat_template(messages, add_generation_prompt=True)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--write", action="store_true", help="write the expected texts")
    parser.add_argument("--model", type=Path, help="an exported model")
    arguments = parser.parse_args()
    if arguments.model:
        show_model(arguments.model)
    elif arguments.folder:
        sys.exit(1 if check_folder(arguments.folder, arguments.write) else 0)
    else:
        parser.error("name a folder of templates or --model")
