# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""The device of check_gpu.py: a GPU, or the CPU in its place to try the script."""

import contextlib
import statistics
import time

import torch


class Device:
    """Times calls and measures their memory."""

    def __init__(self, name, quick):
        self.name, self.gpu = name, name != "cpu"
        self.calls = 2 if not self.gpu else 5 if quick else 30

    def milliseconds(self, call):
        if not self.gpu:
            start = time.perf_counter()
            call()
            return 1000 * (time.perf_counter() - start)
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        call()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end)

    def alternating(self, calls):
        """The median times of several calls, taken in turns after each has warmed up."""
        for call in calls:
            for _ in range(3 if self.gpu else 1):
                call()
        samples = [[self.milliseconds(call) for call in calls] for _ in range(self.calls)]
        return [statistics.median(of_call) for of_call in zip(*samples)]

    def extra_bytes(self, call):
        if not self.gpu:
            return None
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before

    def captured(self, call):
        """The call as a CUDA graph; the CPU, which has none, gives the call itself."""
        if not self.gpu:
            return call
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                call()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            call()
        return graph.replay

    def free(self):
        if self.gpu:
            torch.cuda.empty_cache()


@contextlib.contextmanager
def attention_by(backend):
    """SDPA by one backend of torch.nn.attention.SDPBackend, or as PyTorch chooses."""
    if backend is None:
        yield
        return
    from torch.nn.attention import SDPBackend, sdpa_kernel

    with sdpa_kernel(getattr(SDPBackend, backend)):
        yield
