# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""What the checks of exported models against the public libraries have in common."""

import os
import subprocess
import sys
from pathlib import Path

import torch
from transformers import LlavaForConditionalGeneration

LAUNCHER = os.environ.get("DSVLM", Path(__file__).resolve().parents[2] / "tools" / "dsvlm")
TOLERANCE = 1e-4

# A small language model; llama3 has the rope scaling of Llama 3.1.
TEXT = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4)
LLAMA_3_SCALING = dict(
    rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0
)

_failed = 0


def report(check, problems, figures):
    """Prints what a check found."""
    global _failed
    _failed += bool(problems)
    print(f"{check}: " + ("FAILED: " + "; ".join(problems) if problems else figures), flush=True)


def finish():
    """Ends with exit code 1 if a check has failed."""
    sys.exit(1 if _failed else 0)


def dsvlm(*arguments):
    """Runs this project's command line."""
    command = [LAUNCHER, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: {done.stderr.strip()[-300:]}")


def open_model(folder, kind=LlavaForConditionalGeneration):
    """A model for inference, and what is wrong with the names of its weights."""
    model, loading = kind.from_pretrained(
        folder, output_loading_info=True, dtype=torch.float32, attn_implementation="eager"
    )
    return model.eval(), [f"{what}: {sorted(found)}" for what, found in loading.items() if found]


def compare(model, expected):
    """What differs between a model and the figures of `dsvlm probe` or `dsvlm chat --check`, and by how much."""
    ids, pixels = expected["input_ids"], expected["pixel_values"].float()
    with torch.no_grad():
        logits = model(input_ids=ids, pixel_values=pixels).logits
        tokens = model.generate(
            input_ids=ids,
            pixel_values=pixels,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=expected["generated"].shape[1],
            eos_token_id=-1,
        )[:, ids.shape[1] :]
    problems = []
    worst = (logits - expected["logits"].float()).abs().max().item()
    if not worst <= TOLERANCE:
        problems.append(f"logits differ by {worst:.1e}, more than {TOLERANCE}")
    if not torch.equal(tokens, expected["generated"]):
        problems.append(f"tokens {tokens.tolist()} are not {expected['generated'].tolist()}")
    figures = f"logits of {ids.shape[1]} tokens within {worst:.1e}, {tokens.shape[1]} tokens equal"
    return problems, figures
