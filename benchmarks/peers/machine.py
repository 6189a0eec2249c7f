# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""What the machine can do at most: a large matrix product, and a copy that no cache can hold."""

import torch

import peer


class Machine:
    operations = 1

    def __init__(self, request):
        self.inputs = peer.Inputs(request["dtype"])
        side = int(request["shape"])
        self.source = self.inputs.normal(side, side)
        self.other = self.inputs.normal(side, side)
        self.destination = self.inputs.normal(side, side)

    def matmul(self):
        torch.mm(self.source, self.other, out=self.destination)

    def copy(self):
        self.destination.copy_(self.source)

    def read(self):
        self.source.max()

    def check(self, mode):
        return self.inputs.summary(self.source)


if __name__ == "__main__":
    peer.serve(Machine)
