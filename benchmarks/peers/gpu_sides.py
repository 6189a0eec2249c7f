# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Our side of each operator for check_gpu.py, peers that the CPU's benchmarks lack, and the shapes."""

import torch
import torch.nn.functional as F

import adamw
import gradient_norms
import group_norm_silu
import moe_cross_attention
import peer
import perceptual_distance
import ssim

FOUR = "576+576+576+576"
# Of pictures of 512 and of 256.
ATTENTION = [f"16x{q}x8x{d}:{FOUR}" for q, d in ((4096, 40), (1024, 80), (256, 160), (64, 160))]
ATTENTION += [f"4x{q}x8x{d}:{FOUR}" for q, d in ((1024, 40), (256, 80), (64, 160), (16, 160))]


class OurMoeCrossAttention(moe_cross_attention.MoeCrossAttention):
    def result(self):
        return torch.ops.dsvlm.moe_cross_attention(self.query, self.keys, self.values, self.probabilities)


class BatchedMoeCrossAttention(moe_cross_attention.MoeCrossAttention):
    """All contexts in one call of SDPA; they must be of one length."""

    def result(self):
        heads_first = [torch.cat([x.transpose(1, 2) for x in of]) for of in (self.keys, self.values)]
        queries = self.query.transpose(1, 2).repeat(len(self.keys), 1, 1, 1)
        attended = F.scaled_dot_product_attention(queries, *heads_first).unflatten(0, (len(self.keys), -1))
        return (self.probabilities.t()[:, :, None, None, None] * attended).sum(0).transpose(1, 2)


class OurSsim(ssim.Ssim):
    def result(self):
        return torch.ops.dsvlm.ssim(self.x, self.y)


class OurSameSsim(ssim.Ssim):
    def result(self):
        return torch.ops.dsvlm.ssim(self.x, self.y, "same").mean()


class FusedSsim(ssim.Ssim):
    """github.com/rahul-goel/fused-ssim, where it is installed; gives the mean over the batch."""

    def result(self):
        from fused_ssim import fused_ssim

        return fused_ssim(self.x, self.y, padding="same")


class OurPerceptualDistance(perceptual_distance.PerceptualDistance):
    def result(self):
        return sum(torch.ops.dsvlm.perceptual_distance(f, t, w.flatten()) for f, t, w in self.layers)


class OurGroupNormSilu(group_norm_silu.GroupNormSilu):
    def result(self):
        return torch.ops.dsvlm.group_norm_silu(
            self.map, self.weight, self.bias, group_norm_silu.GROUPS, group_norm_silu.EPS
        )


class OurAdamW(adamw.AdamW):
    def __init__(self, request):
        super().__init__(request)
        self.averages, self.squares = ([torch.zeros_like(p) for p in self.parameters] for _ in range(2))
        self.steps = torch.zeros(len(self.parameters), device="cpu")

    def update(self):
        with torch.no_grad():
            gradients = [parameter.grad for parameter in self.parameters]
            lists = [[p.detach() for p in self.parameters], gradients, self.averages, self.squares, []]
            torch.ops.dsvlm.adamw_(*lists, self.steps, None, 1e-3, 0.9, 0.999, 1e-8, 0.01)


class OurGradientNorms(gradient_norms.GradientNorms):
    def norm(self):
        return torch.ops.dsvlm.gradient_norms(self.gradients).square().sum().sqrt().item()


# A small shape of each operator, for smoke tests and memcheck.
SMALL = {
    "moe_cross_attention": (OurMoeCrossAttention, "1x33x2x40:7+9"),
    "ssim": (OurSsim, "1x3x24x20"),
    "perceptual_distance": (OurPerceptualDistance, "1x5x7x9"),
    "group_norm_silu": (OurGroupNormSilu, "1x64x6x5"),
}

# What the profilers look into, on a GPU.
PROFILED = [
    (OurMoeCrossAttention, ATTENTION[1], "bfloat16"),
    (OurSsim, "16x3x256x256", "float32"),
    (OurGroupNormSilu, "4x640x32x32", "bfloat16"),
]


def attention_flops(shape, mode):
    """Seven matrix products forward and backward, two forward."""
    sizes, tokens = shape.split(":")
    batch, queries, heads, head_dim = peer.sizes(sizes)
    return 2 * (2 if mode == "forward" else 7) * batch * queries * heads * head_dim * sum(map(int, tokens.split("+")))
