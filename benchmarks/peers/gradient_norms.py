# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""The norm that PyTorch's clip_grad_norm_ takes of all gradients."""

import torch

import peer


class GradientNorms:
    operations = 1

    def __init__(self, request):
        inputs = peer.Inputs(request["dtype"])
        shapes = [peer.sizes(shape) for shape in request["shape"].split("+")]
        self.gradients = [inputs.normal(*shape) for shape in shapes]

    def norm(self):
        return torch.nn.utils.get_total_norm(self.gradients).item()

    def check(self, mode):
        return [self.norm()]


if __name__ == "__main__":
    peer.serve(GradientNorms)
