# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs every check of this project against the public tools, and prints one line for each.

usage: run_checks.py [DIR]

Small random LLaVAs of each language model (Llama, Llama 3 with its rope scaling, Qwen2) and vision
tower (CLIP, SigLIP) go both ways:

  read      transformers saves one, in one file or in shards; this project reads it and has to give
            the logits and the likeliest tokens that transformers gives
  written   this project writes it again; transformers has to use every weight, and to give the
            logits and tokens that this project gives
  original  this project writes it in the layout of the LLaVA project; under the names of that
            project's code every tensor has to be the same, bit by bit
  bitwise   what this project writes as float32, bfloat16 and float16, read by the safetensors
            library, has to be what PyTorch makes of the numbers, bit by bit

Then check_adapter.py does the same for PEFT adapters. Exit code 1 if a check fails. DIR keeps what
was made; without it a temporary folder is used. Needs torch, transformers, peft and safetensors;
DSVLM names the launcher (tools/dsvlm of this tree).
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    Qwen2Config,
    SiglipVisionConfig,
)

import checks
from checks import dsvlm, report

NEW_TOKENS = 8
ROWS = 192
IMAGE_TOKEN = 160
SIDE = 28
PATCH = 14

TEXT = dict(
    checks.TEXT,
    vocab_size=ROWS,
    max_position_embeddings=256,
    # Wider than for training, so that the likeliest token is clear.
    initializer_range=0.3,
    tie_word_embeddings=False,
)
LLAMA_3_SCALING = dict(
    checks.LLAMA_3_SCALING, rope_theta=500000.0, original_max_position_embeddings=16
)
LANGUAGES = {
    "llama": lambda: LlamaConfig(**TEXT, num_key_value_heads=4),
    "llama3": lambda: LlamaConfig(
        **TEXT, num_key_value_heads=2, rope_parameters=LLAMA_3_SCALING
    ),
    "qwen2": lambda: Qwen2Config(**TEXT, num_key_value_heads=2),
}
VISION = dict(
    hidden_size=24,
    intermediate_size=40,
    num_hidden_layers=3,
    num_attention_heads=2,
    image_size=SIDE,
    patch_size=PATCH,
)
TOWERS = {
    "clip": (lambda: CLIPVisionConfig(**VISION, projection_dim=16), "default"),
    "siglip": (lambda: SiglipVisionConfig(**VISION), "full"),
}

def make(folder, language, tower, sharded):
    """A random LLaVA as transformers saves it, and a prompt with a picture."""
    vision, strategy = TOWERS[tower]
    torch.manual_seed(len(language) + 10 * len(tower))
    tokens = (SIDE // PATCH) ** 2
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            text_config=LANGUAGES[language](),
            vision_config=vision(),
            image_token_index=IMAGE_TOKEN,
            vision_feature_select_strategy=strategy,
            image_seq_length=tokens,
        )
    ).eval()
    with torch.no_grad():
        # Biases and norms as training leaves them, not all zeros and ones.
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(folder, max_shard_size="60KB" if sharded else "5GB")
    words = torch.randint(0, IMAGE_TOKEN, (1, 9))
    picture = torch.full((1, tokens), IMAGE_TOKEN)
    ids = torch.cat([words[:, :2], picture, words[:, 2:]], dim=1)
    save_file(
        {"input_ids": ids, "pixel_values": torch.randn(1, 3, SIDE, SIDE)},
        folder / "input.safetensors",
    )


def check_against(name, folder, ours):
    """The model in folder as transformers runs it, against what this project made of it."""
    model, problems = checks.open_model(folder)
    different, figures = checks.compare(model, load_file(ours))
    report(name, problems + different, figures)


def read_by_library(folder):
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as opened:
            tensors.update({key: opened.get_tensor(key) for key in opened.keys()})
    return tensors


def in_memory_names(folder):
    """The model's tensors under the names of transformers' modules."""
    return LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).state_dict()


def original_name(name):
    """From transformers 5's name in memory to the one in the LLaVA project's code."""
    for ours, theirs in (
        ("model.vision_tower.", "model.vision_tower.vision_tower.vision_model."),
        ("model.multi_modal_projector.linear_1.", "model.mm_projector.0."),
        ("model.multi_modal_projector.linear_2.", "model.mm_projector.2."),
        ("model.language_model.", "model."),
    ):
        if name.startswith(ours):
            return theirs + name[len(ours) :]
    return name


def written_name(name):
    """From transformers 5's name in memory to that of 4.52, which this project writes."""
    tower = "model.vision_tower."
    return tower + "vision_model." + name[len(tower) :] if name.startswith(tower) else name


def compare_bits(name, wanted, found):
    problems = [] if wanted.keys() == found.keys() else ["names differ"]
    unlike = [
        key
        for key in wanted.keys() & found.keys()
        if wanted[key].dtype != found[key].dtype or not torch.equal(wanted[key], found[key])
    ]
    if unlike:
        problems.append(f"{len(unlike)} tensors differ: {sorted(unlike)[:3]}")
    report(name, problems, f"{len(found)} tensors equal")


def check_llava(folder, language, tower):
    label = f"{language} {tower}"
    sharded = tower == "siglip"
    theirs, ours = folder / "theirs", folder / "ours"
    make(theirs, language, tower, sharded)
    probe = ("--input", theirs / "input.safetensors", "--dtype", "float32")
    probe += ("--max-new-tokens", NEW_TOKENS)
    dsvlm("probe", "--model", theirs, *probe, "--out", folder / "read.safetensors")
    check_against(f"read {label}", theirs, folder / "read.safetensors")

    (theirs / "input.safetensors").unlink()
    dsvlm("export", "--model", theirs, "--out", ours, "--dtype", "float32")
    check_against(f"written {label}", ours, folder / "read.safetensors")

    wanted = in_memory_names(theirs)
    original = folder / "original"
    layout = ("--layout", "original", "--dtype", "float32")
    dsvlm("export", "--model", theirs, "--out", original, *layout)
    renamed = {original_name(key): value for key, value in wanted.items()}
    compare_bits(f"original {label}", renamed, read_by_library(original))
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        name = str(dtype).removeprefix("torch.")
        if dtype == torch.float32:
            written = ours
        elif language == "llama":
            written = folder / name
            dsvlm("export", "--model", theirs, "--out", written, "--dtype", name)
        else:
            continue
        cast = {written_name(key): value.to(dtype) for key, value in wanted.items()}
        compare_bits(f"bitwise {label} {name}", cast, read_by_library(written))


def main():
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(sys.argv[1]) if len(sys.argv) == 2 else Path(temporary)
        for language in LANGUAGES:
            for tower in TOWERS:
                folder = out / f"{language}-{tower}"
                folder.mkdir(parents=True)
                try:
                    check_llava(folder, language, tower)
                except (RuntimeError, OSError) as error:
                    report(f"{language} {tower}", [str(error)], "")
    adapters = Path(__file__).with_name("check_adapter.py")
    done = subprocess.run([sys.executable, adapters], check=False)
    report("adapters", ["see above"] if done.returncode else [], "all checks passed")
    checks.finish()


if __name__ == "__main__":
    main()
