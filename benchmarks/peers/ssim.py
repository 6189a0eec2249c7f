# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Structural similarity (Wang et al. 2004) as convolutions: a separable window over five maps."""

import torch
import torch.nn.functional as F

import peer

RADIUS, SIGMA = 5, 1.5
C1, C2 = 0.01**2, 0.03**2


class Ssim(peer.Operator):
    def draw(self, inputs, shape):
        shape = peer.sizes(shape)
        self.x = inputs.leaf(inputs.uniform(*shape))
        with torch.no_grad():
            self.y = (self.x + inputs.uniform(*shape)) / 2
        offsets = torch.arange(-RADIUS, RADIUS + 1, dtype=torch.float64)
        weights = torch.exp(-(offsets**2) / (2 * SIGMA**2))
        # Convolutions of five maps in bfloat16 lose the variances: they are computed in float32.
        self.dtype = torch.float32
        window = (weights / weights.sum()).to(self.dtype)
        self.window = window.view(1, 1, 1, -1).expand(shape[1], 1, 1, -1).contiguous()

    def blur(self, maps):
        channels = maps.shape[1]
        rows = F.conv2d(maps, self.window, groups=channels)
        return F.conv2d(rows, self.window.transpose(2, 3), groups=channels)

    def result(self):
        x, y = self.x.to(self.dtype), self.y.to(self.dtype)
        mean_x, mean_y = self.blur(x), self.blur(y)
        variance_x = self.blur(x * x) - mean_x.square()
        variance_y = self.blur(y * y) - mean_y.square()
        covariance = self.blur(x * y) - mean_x * mean_y
        structure = (2 * covariance + C2) / (variance_x + variance_y + C2)
        luminance = (2 * mean_x * mean_y + C1) / (mean_x.square() + mean_y.square() + C1)
        return (luminance * structure).flatten(1).mean(1)


if __name__ == "__main__":
    peer.serve(Ssim)
