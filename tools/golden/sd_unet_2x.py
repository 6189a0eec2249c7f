# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the golden case sd_unet_2x with diffusers: the topology of Stable Diffusion 2.x, small.

Usage: python sd_unet_2x.py FOLDER     (needs torch, safetensors, diffusers)
"""

import json
import pathlib
import sys

import diffusers
import torch
from safetensors.torch import save_file

CONFIG = {
    "act_fn": "silu",
    "attention_head_dim": [2, 3, 6],
    "block_out_channels": [8, 12, 24],
    "center_input_sample": False,
    "cross_attention_dim": 20,
    "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "downsample_padding": 1,
    "dual_cross_attention": False,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "in_channels": 4,
    "layers_per_block": 2,
    "mid_block_scale_factor": 1,
    "norm_eps": 1e-05,
    "norm_num_groups": 4,
    "num_class_embeds": None,
    "only_cross_attention": False,
    "out_channels": 4,
    "sample_size": 96,
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    "use_linear_projection": True,
    "upcast_attention": True,
}

OBSERVED = ["time_embedding", "conv_in", "down_blocks.0", "down_blocks.1", "mid_block", "up_blocks.1"]

GRADIENTS = [
    "conv_in.weight",
    "down_blocks.0.attentions.1.proj_in.weight",
    "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight",
    "mid_block.attentions.0.transformer_blocks.0.attn2.to_v.weight",
    "up_blocks.2.attentions.2.proj_out.weight",
]


def run(unet, sample, timestep, context, upstream):
    """All tensors that the case stores, by name."""
    outputs = {}
    handles = []
    for name in OBSERVED:
        module = unet.get_submodule(name)

        def hook(_, __, output, name=name):
            hidden = output[0] if isinstance(output, tuple) else output
            outputs[f"out.{name}"] = hidden.detach().clone()

        handles.append(module.register_forward_hook(hook))
    sample = sample.clone().requires_grad_()
    context = context.clone().requires_grad_()
    unet.zero_grad()
    eps = unet(sample, timestep, encoder_hidden_states=context).sample
    (eps * upstream).sum().backward()
    for handle in handles:
        handle.remove()
    outputs["eps"] = eps.detach()
    outputs["grad.sample"] = sample.grad
    outputs["grad.encoder_hidden_states"] = context.grad
    for name in GRADIENTS:
        outputs[f"grad.{name}"] = unet.get_parameter(name).grad.clone()
    return outputs


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(20)
    unet = diffusers.UNet2DConditionModel(**CONFIG).eval()
    with torch.no_grad():
        # Norms and biases away from one and zero, so that each is seen.
        for name, parameter in unet.named_parameters():
            if parameter.dim() == 1:
                parameter.add_(0.2 * torch.randn_like(parameter))
    inputs = {
        # Sides that no power of two divides: the way up has to meet the sizes of the way down.
        "sample": torch.randn(2, 4, 10, 7),
        "timestep": torch.tensor([981, 41]),
        "encoder_hidden_states": torch.randn(2, 5, 20),
        "upstream": torch.randn(2, 4, 10, 7),
    }
    single = run(unet, *inputs.values())
    double = run(
        unet.double(), *(t if t.dtype == torch.int64 else t.double() for t in inputs.values())
    )
    tolerance = {}
    for name, value in single.items():
        error = (value.double() - double[name]).abs().max().item()
        tolerance[name] = {
            "max_abs": float(f"{value.abs().max():.4g}"),
            "f32_vs_f64_max_abs_err": float(f"{error:.3g}"),
            "atol": float(f"{20 * error:.1g}"),
        }
    weights = {k: v.float().contiguous() for k, v in unet.state_dict().items()}
    save_file(weights, folder / "diffusion_pytorch_model.safetensors", {"format": "pt"})
    save_file(
        {k: v.contiguous() for k, v in {**inputs, **single}.items()}, folder / "io.safetensors"
    )
    config = {"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.8.0", **CONFIG}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    case = {
        "case": "sd_unet_2x",
        "kind": "sd_unet",
        "library": f"diffusers {diffusers.__version__}, torch {torch.__version__}",
        "class": "UNet2DConditionModel (float32, CPU)",
        "generator": "tools/golden/sd_unet_2x.py",
        "tensors": {
            "sample, timestep, encoder_hidden_states": "inputs (timestep int64, one per sample)",
            "upstream": "every gradient below is that of (eps * upstream).sum()",
            "eps": "network output",
            "out.NAME": "output of that submodule",
            "grad.NAME": "gradients of inputs and of the named weights",
        },
        "tolerance": {"rtol": 5e-05, "per_tensor": tolerance},
        "notes": [
            "Stable Diffusion 2.x: linear projections around the transformers, a list of head counts.",
            "Odd picture sides: upsampling goes to the size of the skip connection, not to twice its own.",
            "atol is 20 times the largest difference between the library's float32 and float64.",
        ],
    }
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
