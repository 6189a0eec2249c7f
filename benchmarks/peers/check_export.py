# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Loads an exported LLaVA with the transformers library and compares it with this project.

usage: check_export.py DIR [CHECK [IMAGE]]

DIR is the exported folder, CHECK (default DIR/check.safetensors) what this project made of one
prompt: input_ids, pixel_values, logits, generated. Demands that no weight is missing or left over,
that logits agree to 1e-4 and that the likeliest tokens are the same; with IMAGE, the prompt's
picture, also that the folder's image processor makes the same pixels of it. Exit code 1 if not.
"""

import json
import sys
from pathlib import Path

import transformers
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoTokenizer

import checks


def main():
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    check = load_file(sys.argv[2] if len(sys.argv) > 2 else folder / "check.safetensors")
    model, failures = checks.open_model(folder)
    problems, figures = checks.compare(model, check)
    failures += problems

    tokenizer = AutoTokenizer.from_pretrained(folder)
    image_token = tokenizer.convert_tokens_to_ids("<image>")
    if image_token != model.config.image_token_index:
        failures.append(f"<image> is {image_token}, not {model.config.image_token_index}")

    if len(sys.argv) == 4:
        pixels = check["pixel_values"].float()
        # AutoImageProcessor wants torchvision, whose resize is not Pillow's to the level.
        kind = json.loads((folder / "preprocessor_config.json").read_text())["image_processor_type"]
        processor = getattr(transformers, f"{kind}Pil").from_pretrained(folder)
        seen = processor(Image.open(sys.argv[3]).convert("RGB"), return_tensors="pt")["pixel_values"]
        if seen.shape != pixels.shape or not (seen - pixels).abs().max().item() <= 1e-5:
            failures.append(f"{type(processor).__name__} makes other pixels of {sys.argv[3]}")

    answer = tokenizer.decode(check["generated"][0])
    checks.report(folder, failures, f"every weight used; {figures}: {answer!r}")
    checks.finish()


if __name__ == "__main__":
    main()
