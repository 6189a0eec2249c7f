#!/usr/bin/env python3
# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls three operators once on a GPU, for a profiler of kernels such as ncu: gpu_calls.py LIBRARY CUDA_LIBRARY"""

import sys

import torch

import gpu_steps


def main():
    for library in sys.argv[1:]:
        torch.ops.load_library(library)
    torch.set_default_device("cuda")
    for kind, shape, dtype in gpu_steps.PROFILED:
        kind({"shape": shape, "dtype": dtype}).forwardBackward()
    torch.cuda.synchronize()


if __name__ == "__main__":
    main()
