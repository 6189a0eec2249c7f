# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""The head of LPIPS (Zhang et al. 2018) in eager PyTorch."""

import torch

import peer

EPSILON = 1e-10
VGG_WIDTHS = [64, 128, 256, 512, 512]


def shapes(text):
    """Shapes joined by +, or vgg16:4x192, the layers that LPIPS compares."""
    if text.startswith("vgg16:"):
        batch, side = peer.sizes(text.removeprefix("vgg16:"))
        return [(batch, width, side >> i, side >> i) for i, width in enumerate(VGG_WIDTHS)]
    return [peer.sizes(layer) for layer in text.split("+")]


def direction(features):
    return features / (features.square().sum(1, keepdim=True).sqrt() + EPSILON)


class PerceptualDistance(peer.Operator):
    def draw(self, inputs, shape):
        self.layers = []
        for layer in shapes(shape):
            features = inputs.leaf(inputs.uniform(*layer))
            target = inputs.uniform(*layer)
            self.layers.append((features, target, inputs.uniform(layer[1]).view(1, -1, 1, 1)))

    def result(self):
        total = 0
        for features, target, weights in self.layers:
            difference = (direction(features) - direction(target)).square()
            total = total + (difference * weights).sum(1).mean((1, 2))
        return total


if __name__ == "__main__":
    peer.serve(PerceptualDistance)
