# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""A step of PyTorch's own fused AdamW."""

import torch

import peer


class AdamW:
    operations = 1

    def __init__(self, request):
        inputs = peer.Inputs(request["dtype"])
        shapes = [peer.sizes(shape) for shape in request["shape"].split("+")]
        self.parameters = [inputs.normal(*shape).requires_grad_() for shape in shapes]
        for parameter, shape in zip(self.parameters, shapes):
            parameter.grad = inputs.normal(*shape)
        self.optimizer = torch.optim.AdamW(self.parameters, lr=1e-3, weight_decay=0.01, fused=True)

    def update(self):
        self.optimizer.step()

    def check(self, mode):
        self.update()
        self.update()
        with torch.no_grad():
            return [parameter.double().square().mean().item() for parameter in self.parameters]


if __name__ == "__main__":
    peer.serve(AdamW)
