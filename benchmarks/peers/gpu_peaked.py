# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Attention that looks at few tokens, where a backward pass loses precision first: a step of check_gpu.py."""

import torch

from gpu_sides import OurMoeCrossAttention
from moe_cross_attention import MoeCrossAttention

NAMES = ("output", "query", "key 0", "key 1", "value 0", "value 1", "router")


def row_error(actual, expected):
    """The largest error of a row of one head, relative to that row."""
    difference = (actual.double() - expected).norm(dim=-1)
    return (difference / expected.norm(dim=-1).clamp_min(1e-3)).max().item()


def sharpened(kind, shape, sharpness):
    side = kind({"shape": shape, "dtype": "bfloat16"})
    with torch.no_grad():
        side.query.mul_(sharpness)
    return side


def exact(shape, sharpness):
    """Result and gradients in float64 from the same numbers."""
    side = sharpened(MoeCrossAttention, shape, sharpness)

    def leaf(tensor):
        return tensor.detach().double().requires_grad_()

    side.query, side.probabilities = leaf(side.query), leaf(side.probabilities)
    side.keys, side.values = ([leaf(tensor) for tensor in of] for of in (side.keys, side.values))
    side.gradient = side.gradient.double()
    result = side.result()
    side.backward(result)
    leaves = [side.query, *side.keys, *side.values, side.probabilities]
    return [result.detach(), *(tensor.grad for tensor in leaves)]


def peaked(device, arguments, rows):
    """The error of each row, ours beside that of SDPA in the same type."""
    for head_dim in (40, 80, 160) if device.gpu else (8,):
        for sharpness in (1.0, 4.0, 8.0):
            shape = f"1x65x2x{head_dim}:77+144"
            expected = exact(shape, sharpness)
            errors = []
            for kind in (OurMoeCrossAttention, MoeCrossAttention):
                side = sharpened(kind, shape, sharpness)
                found = side.inputs.left(side.run("forwardBackward"))
                errors.append([row_error(a, e) for a, e in zip(found, expected)])
            worst = max(ours / max(theirs, torch.finfo(torch.bfloat16).eps) for ours, theirs in zip(*errors))
            ours, theirs = (dict(zip(NAMES, of_side)) for of_side in errors)
            rows.add(f"head_dim {head_dim}, queries times {sharpness:g}", right=worst <= 2.5, worst_ratio=worst,
                     ours=ours, sdpa=theirs)  # fmt: skip
