# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""What the PyTorch peers of the benchmarks have in common: the protocol and the measurement.

A peer reads one request a line from its standard input, a JSON object, and answers each with one
line. It first says what it runs on: {"ready": "PyTorch 2.13.0"}. Requests:

    {"task": "time", "mode": ..., "shape": ..., "dtype": ..., "threads": 2,
     "warmups": 3, "iterations": 5, "seconds": 1.0, "models": DIR}
        -> {"samples_ms": [...]}: as JMH does, the mean time of one operation in each iteration
    {"task": "probe", ...}
        -> {"extra_bytes": ..., "check": ...}: memory at the peak of one call beyond inputs, result
           and gradients, and numbers that must agree with those that our side computes from the
           same inputs

An error is answered with {"error": ...}. Every request runs in a process of its own, forked before
PyTorch has started any thread, so that none finds the memory or the caches of another.
"""

import gc
import json
import os
import statistics
import sys
import time
import traceback

import torch

SEED = 20


class Inputs:
    """Random inputs, the same as our side's, which draws in the same order."""

    def __init__(self, dtype):
        self.dtype = getattr(torch, dtype)
        self.leaves = []
        torch.manual_seed(SEED)

    def normal(self, *shape):
        return torch.randn(*shape).to(self.dtype)

    def uniform(self, *shape):
        return torch.rand(*shape).to(self.dtype)

    def leaf(self, tensor):
        self.leaves.append(tensor.requires_grad_(True))
        return tensor

    def drop_gradients(self):
        for leaf in self.leaves:
            leaf.grad = None

    def summary(self, result):
        """Mean square of the result, and of each gradient where there is one."""
        with torch.no_grad():
            return [tensor.double().square().mean().item() for tensor in self.left(result)]

    def left(self, result):
        """The result, and each gradient where there is one."""
        return [result] + [leaf.grad for leaf in self.leaves if leaf.grad is not None]


class Operator:
    """An operator, alone and with its backward pass; a subclass draws the inputs and calls it."""

    operations = 1  # that one call of a mode counts as

    def __init__(self, request):
        self.inputs = Inputs(request["dtype"])
        self.draw(self.inputs, request["shape"])

    def draw(self, inputs, shape):
        """Draws the inputs, in the order of our side, and makes leaves of those that want gradients."""
        raise NotImplementedError

    def result(self):
        """Calls the operator."""
        raise NotImplementedError

    def backward(self, result):
        """The backward pass from what result() made: from the sum, unless overridden."""
        result.sum().backward()

    def forward(self):
        with torch.no_grad():
            return self.result()

    def forwardBackward(self):
        self.backward(self.result())
        self.inputs.drop_gradients()

    def run(self, mode):
        result = self.result()
        if mode == "forwardBackward":
            self.backward(result)
        return result

    def check(self, mode):
        summary = self.inputs.summary(self.run(mode))
        self.inputs.drop_gradients()
        return summary

    def kept_bytes(self, mode):
        """Bytes that a call leaves: its result, and the gradients of its inputs."""
        kept = sum(tensor.nbytes for tensor in self.inputs.left(self.run(mode)))
        self.inputs.drop_gradients()
        return kept


def sizes(text):
    return [int(size) for size in text.split("x")]


def status(name):
    """A figure of /proc/self/status in bytes."""
    with open("/proc/self/status") as lines:
        for line in lines:
            if line.startswith(name + ":"):
                return 1024 * int(line.split()[1])
    raise OSError(f"/proc/self/status has no {name}")


def samples(call, operations, request):
    """Milliseconds of one operation, one mean for each iteration."""
    measured = []
    for iteration in range(request["warmups"] + request["iterations"]):
        calls = 0
        start = time.perf_counter()
        while True:
            call()
            calls += 1
            elapsed = time.perf_counter() - start
            if elapsed >= request["seconds"]:
                break
        if iteration >= request["warmups"]:
            measured.append(1000 * elapsed / calls / operations)
    return measured


def extra_bytes(call, kept):
    """Memory at the peak of a call beyond what it leaves, and what was there before."""
    call()  # what is made once, such as code that is mapped and threads that are started
    call()
    extra = []
    for _ in range(5):
        gc.collect()
        before = status("VmRSS")
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # the peak counts from here
        call()
        extra.append(status("VmHWM") - before - kept)
    return max(0, statistics.median(extra))


def answer(operation, request):
    torch.set_num_threads(request["threads"])
    benchmark = operation(request)
    call = getattr(benchmark, request["mode"])
    if request["task"] == "time":
        return {"samples_ms": samples(call, benchmark.operations, request)}
    check = benchmark.check(request["mode"])
    kept = benchmark.kept_bytes(request["mode"]) if isinstance(benchmark, Operator) else 0
    return {"extra_bytes": extra_bytes(call, kept), "check": check}


def run_apart(operation, request, out):
    """Answers in a forked process."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            row = answer(operation, request)
        except Exception as error:
            traceback.print_exc()
            row = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        with os.fdopen(writer, "w") as pipe:
            json.dump(row, pipe)
        sys.stderr.flush()
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    _, code = os.waitpid(child, 0)
    if not text:
        text = json.dumps({"error": f"the process ended with status {code}"})
    out.write(text + "\n")
    out.flush()


def serve(operation, ready=""):
    """Answers requests until the input ends; operation is the class that is measured."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is none of the answers
    out.write(json.dumps({"ready": f"PyTorch {torch.__version__}{ready}"}) + "\n")
    out.flush()
    for line in sys.stdin:
        run_apart(operation, json.loads(line), out)
