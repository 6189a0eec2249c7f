#!/usr/bin/env python3
# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Trains the tokenizer of the nano models and writes it beside their recipes.

Byte-level BPE split as Llama 3 does, so any text has tokens and none is unknown. The corpus is the
names of the Noto pictures (from MIT data), the questions asked about them, and the words of the
conversation templates. Deterministic: running it again writes the same files.

    python3 -m pip install tokenizers==0.23.2
    python3 tools/nano/train_tokenizer.py
"""

import csv
import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

ROOT = Path(__file__).resolve().parents[2]
INDEX = ROOT / "src/main/resources/org/dsvlm/data/noto_index.tsv"
TARGET = ROOT / "src/main/resources/org/dsvlm/recipes/nano"

VOCABULARY = 1024
SPECIAL = ["<s>", "</s>", "<pad>", "<image>"]
CONTEXT = 512

# Llama 3's split: words with the character before them, numbers of up to three digits.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

TEMPLATE_WORDS = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions. "
    "USER: What is this? ASSISTANT: yes no \n"
)
QUESTIONS = [
    "What is this?",
    "What does the picture show?",
    "What do you see?",
    "Which group does it belong to?",
    "What kind of thing is it?",
    "What colour is it?",
    "Which colour does it mostly have?",
    "Is this called {name}?",
    "Does it belong to {group}?",
]


def corpus():
    """Lines in the proportion in which training meets them; every template word becomes one token."""
    with INDEX.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            name = row["name"].replace("\u2019", "'").replace("\u201c", '"').replace("\u201d", '"')
            if row["subgroup"].endswith("-flag"):
                name = name.replace("flag ", "flag of ", 1)
            group = row["group"].lower().replace("&", "and")
            yield TEMPLATE_WORDS
            yield f"{name}, {group} {row['colour']}"
            for question in QUESTIONS:
                yield question.format(name=name, group=group) + f" ASSISTANT: {name}"


def main():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 0)]
    )
    assert tokenizer.get_vocab_size() == VOCABULARY, tokenizer.get_vocab_size()

    TARGET.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(TARGET / "tokenizer.json"))
    config = {
        "add_bos_token": True,
        "bos_token": "<s>",
        "clean_up_tokenization_spaces": False,
        "eos_token": "</s>",
        "model_max_length": CONTEXT,
        "pad_token": "<pad>",
        "padding_side": "right",
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    text = json.dumps(config, indent=2, sort_keys=True) + "\n"
    (TARGET / "tokenizer_config.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
