# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Holds the operations that `dsvlm plan` counts by formulas against those that PyTorch counts.

usage: check_flops.py DSVLM

DSVLM is the launcher, tools/dsvlm. The public models are built by transformers, and by diffusers
where that is installed, on PyTorch's meta device and run forward and backward under
torch.utils.flop_counter, which looks at the calls that really happen. Attention is compared forward
alone: how much of it a backward pass repeats depends on the kernel. One line a model, exit code 1 if
one differs.
"""

import json
import subprocess
import sys
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPVisionConfig, CLIPVisionModel, LlamaConfig, LlamaForCausalLM
from transformers import SiglipVisionConfig, SiglipVisionModel

MODELS = Path(__file__).resolve().parents[2] / "src/main/resources/org/dsvlm/models"
RECORDS = 2
TEXT = 24
RECIPE = [
    "--set", f"stage1.batch_size={RECORDS}", "--set", f"stage1.micro_batch_size={RECORDS}",
    "--set", f"data.expected.stage1.text_tokens={TEXT}", "--set", "supervision.attention=shared",
    "--set", "data.expected.stage1.with_picture=1.0", "--set", "activation_checkpointing=false",
]  # fmt: skip


def planned(launcher, recipe, part, *overrides):
    """Operations of a step's part by kind and by what they are for."""
    command = [launcher, "plan", "--json", "--recipe", recipe, *RECIPE]
    for override in overrides:
        command += ["--set", override]
    plan = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return plan["stages"]["stage1"]["operations"][part]


def counted(run):
    """Operations of run() by kind; attention is made of batched products here."""
    with FlopCounterMode(display=False) as counter:
        run()
    kinds = {"matrix_product": 0, "convolution": 0, "attention": 0}
    for operator, flops in counter.get_flop_counts()["Global"].items():
        name = str(operator)
        kind = "attention" if "bmm" in name else "matrix_product"
        kinds["convolution" if "convolution" in name else kind] += flops
    return kinds


def config(name):
    return json.loads(next(MODELS.rglob(f"{name}.json")).read_text())


def frozen(model):
    return model.requires_grad_(False)


def vision(kind, configuration, name, trained_blocks):
    with torch.device("meta"):
        sizes = configuration(
            **config(name)["config"] | {"vision_use_head": False}, attn_implementation="eager"
        )
        model = kind(sizes)
        side = sizes.image_size
        pixels = torch.empty(RECORDS, 3, side, side)

    def forward():
        return model(pixels, output_hidden_states=True).hidden_states

    return counted(forward), counted(lambda: forward()[trained_blocks].sum().backward())


def language(name, tokens):
    """The decoder's layers and its head on the text's tokens, frozen, its input differentiated."""
    with torch.device("meta"):
        sizes = LlamaConfig(**config(name)["config"], attn_implementation="eager")
        model = frozen(LlamaForCausalLM(sizes))
        embedded = torch.empty(RECORDS, tokens, sizes.hidden_size, requires_grad=True)

    def forward():
        # Contiguous, else the head's product is made of batches and passes for attention.
        states = model.model(inputs_embeds=embedded).last_hidden_state[:, -TEXT:].contiguous()
        return model.lm_head(states)

    return counted(forward), counted(lambda: forward().sum().backward())


def unet(name, side, tokens):
    from diffusers import UNet2DConditionModel

    with torch.device("meta"):
        sizes = {k: v for k, v in config(name)["unet"].items() if k != "_class_name"}
        model = frozen(UNet2DConditionModel(**sizes))
        latents = torch.empty(RECORDS, 4, side, side)
        times = torch.empty(RECORDS, dtype=torch.long)
        context = torch.empty(RECORDS, tokens, sizes["cross_attention_dim"], requires_grad=True)

    def forward():
        return model(latents, times, context).sample

    return counted(forward), counted(lambda: forward().sum().backward())


def vae(name, side):
    from diffusers import AutoencoderKL

    with torch.device("meta"):
        sizes = {k: v for k, v in config(name)["vae"].items() if k != "_class_name"}
        model = frozen(AutoencoderKL(**sizes))
        picture = torch.empty(RECORDS, 3, side, side)
        latents = torch.empty(RECORDS, 4, side // 8, side // 8, requires_grad=True)

    def forward():
        model.encode(picture)
        return model.decode(latents).sample

    return counted(forward), counted(lambda: forward().sum().backward())


def compare(label, operations, forward, both):
    """Tells whether the plan's counts are PyTorch's."""

    def ours(kind, *roles):
        return sum(operations.get(kind, {}).get(role, 0) for role in roles)

    # Where a linear layer's product is one of batches, as on the VAE's transposed maps, it passes
    # for attention here.
    apart = abs(forward["attention"] - ours("attention", "forward")) <= 1e-3 * forward["attention"]
    kinds = ["matrix_product", "convolution"] if apart else ["convolution"]
    backward = ("input_gradient", "weight_gradient")
    rows = [
        ("forward", sum(ours(kind, "forward") for kind in forward), sum(forward.values())),
        (
            "backward, " + " and ".join(kinds),
            sum(ours(kind, *backward) for kind in kinds),
            sum(both[kind] - forward[kind] for kind in kinds),
        ),
    ]
    same = True
    for what, mine, theirs in rows:
        # The UNet's first layers have no gradient, but what they hand to its last ones is counted.
        same &= abs(mine - theirs) <= 5e-4 * theirs
        print(f"{label:14} {what:40} ours {mine:.7e} PyTorch {theirs:.7e}")
    return same


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    launcher = sys.argv[1]
    clip, siglip = "ds-vlm-vicuna-7b-clip", "ds-vlm-vicuna-7b-siglip"
    results = [
        compare(
            "clip-l-336",
            planned(launcher, clip, "vision_encoder"),
            *vision(CLIPVisionModel, CLIPVisionConfig, "clip-l-336", 24),
        ),
        compare(
            "siglip-so400m",
            planned(launcher, siglip, "vision_encoder"),
            *vision(SiglipVisionModel, SiglipVisionConfig, "siglip-so400m", 26),
        ),
        compare(
            "vicuna-7b",
            planned(launcher, clip, "language_model"),
            *language("vicuna-7b", 576 + TEXT),
        ),
    ]
    try:
        import diffusers  # noqa: F401
    except ImportError:
        print("diffusers is not installed: UNet and VAE are not compared")
    else:
        sd = "stable-diffusion-1.5"
        results += [
            compare("UNet", planned(launcher, clip, "unet"), *unet(sd, 32, 4 * 576)),
            compare("VAE", planned(launcher, clip, "vae"), *vae(sd, 256)),
        ]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
