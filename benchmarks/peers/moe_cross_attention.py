# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""The mixture of cross-attentions as one writes it in PyTorch: one attention a context, a weighted sum."""

import torch
import torch.nn.functional as F

import peer


class MoeCrossAttention(peer.Operator):
    def draw(self, inputs, shape):
        sizes, tokens = shape.split(":")
        batch, queries, heads, head_dim = peer.sizes(sizes)
        self.query = inputs.normal(batch, queries, heads, head_dim)
        self.keys, self.values = [], []
        for count in map(int, tokens.split("+")):
            self.keys.append(inputs.normal(batch, count, heads, head_dim))
            self.values.append(inputs.normal(batch, count, heads, head_dim))
        self.probabilities = inputs.normal(batch, len(self.keys)).softmax(-1)
        self.gradient = inputs.normal(batch, queries, heads, head_dim)
        for leaf in [self.query, *self.keys, *self.values, self.probabilities]:
            inputs.leaf(leaf)

    def result(self):
        query = self.query.transpose(1, 2)
        mixed = 0
        for e, (key, value) in enumerate(zip(self.keys, self.values)):
            attended = F.scaled_dot_product_attention(query, key.transpose(1, 2), value.transpose(1, 2))
            mixed = mixed + self.probabilities[:, e, None, None, None] * attended
        return mixed.transpose(1, 2)

    def backward(self, result):
        result.backward(self.gradient)


if __name__ == "__main__":
    peer.serve(MoeCrossAttention)
