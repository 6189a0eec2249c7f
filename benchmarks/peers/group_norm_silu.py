# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Group normalisation and SiLU, one after the other in eager PyTorch."""

import torch.nn.functional as F

import peer

GROUPS, EPS = 32, 1e-5


class GroupNormSilu(peer.Operator):
    def draw(self, inputs, shape):
        shape = peer.sizes(shape)
        self.map = inputs.leaf(inputs.normal(*shape))
        self.weight = inputs.leaf(inputs.normal(shape[1]))
        self.bias = inputs.leaf(inputs.normal(shape[1]))
        self.gradient = inputs.normal(*shape)

    def result(self):
        return F.silu(F.group_norm(self.map, GROUPS, self.weight, self.bias, EPS))

    def backward(self, result):
        result.backward(self.gradient)


if __name__ == "__main__":
    peer.serve(GroupNormSilu)
