# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the native operators work with PyTorch's tracers and autocast; see check_operators.py."""

import torch
from torch._dynamo.testing import CompileCounterWithBackend

ops = torch.ops.dsvlm


def arguments(device):
    """Arguments for every operator of the library, by its name."""
    generator = torch.Generator().manual_seed(1)

    def make(*shape, leaf=False, dtype=torch.float32):
        drawn = torch.rand(shape, generator=generator).to(device, dtype)
        return drawn.requires_grad_() if leaf else drawn

    def attention(leaf):
        contexts = [make(2, tokens, 2, 8, leaf=leaf) for tokens in (3, 5, 3, 5)]
        return make(2, 7, 2, 8, leaf=leaf), contexts[:2], contexts[2:], make(2, 2, leaf=leaf)

    def pictures(leaf):
        return make(2, 3, 14, 17, leaf=leaf), make(2, 3, 14, 17, leaf=leaf)

    def features(leaf):
        return make(2, 6, 5, 4, leaf=leaf), make(2, 6, 5, 4, leaf=leaf), make(6, leaf=leaf)

    def normalised(leaf):
        return make(2, 6, 5, 4, leaf=leaf), make(6, leaf=leaf), make(6, leaf=leaf)

    def classified(leaf):
        labels = torch.tensor([0, 4, 2, 8, 1], device=device)
        return make(5, 6, leaf=leaf), make(9, 6, leaf=leaf), labels

    def decoded():
        width, inner, heads, head_dim, vocabulary = 12, 10, 2, 6, 9
        rows = [(12, width), (6, width), (6, width), (width, 12), (inner, width), (inner, width), (width, inner)]
        layer = [make(*shape) for shape in rows]
        weights = [make(vocabulary, width), make(width), *layer[:4], make(width), *layer[4:]]
        weights += [make(width), make(vocabulary, width)]
        cache = [make(2, 1, 5, head_dim) for _ in range(2)]
        ids, starts = torch.tensor([3, 8]), torch.tensor([0, 1])
        return ids, weights, [], cache, make(5, head_dim), make(5, head_dim), starts, 3, heads, 1e-5

    def updated():
        lists = [[make(3, 4), make(5)] for _ in range(4)]
        return *lists, [], torch.zeros(2), make(1), 0.1, 0.9, 0.99, 1e-8, 0.1

    attended, resembling = attention(False), pictures(False)
    distant, silu = features(False), normalised(False)
    output, logsumexp, kept = ops._moe_cross_attention_forward(*attended, 0.4, False)
    _, mean, deviation = ops._group_norm_silu_forward(*silu, 3, 1e-5)
    found = {
        "moe_cross_attention": [attention(True), attention(False)],
        "_moe_cross_attention_forward": [(*attended, 0.4, False)],
        "_moe_cross_attention_backward": [(torch.ones_like(output), *attended, logsumexp, kept, 0.4)],
        "ssim": [(*pictures(True), "valid", 1.0), (*pictures(False), "same", 2.0)],
        "ssim_l1": [(*pictures(True), 0.3, 0.7)],
        "_ssim_forward": [(*resembling, True, 1.0, [0.0, 1.0, 0.0], wanted) for wanted in ([True, True], [False, True])],
        "_ssim_backward": [(make(2), make(2, 3, 4, 5), torch.bfloat16)],
        "perceptual_distance": [features(True), features(False)],
        "_perceptual_distance_forward": [distant],
        "_perceptual_distance_backward": [(make(2), *distant, [True, False, True])],
        "group_norm_silu": [(*normalised(True), 3)],
        "_group_norm_silu_forward": [(*silu, 3, 1e-5)],
        "_group_norm_silu_backward": [(make(2, 6, 5, 4), *silu, mean, deviation, [True, True, False])],
        "linear_cross_entropy": [classified(True), (*classified(False), 2)],
        "_linear_cross_entropy_forward": [(*classified(False), 0, [True, True]), (*classified(False), 2, [False, True])],
        # Small and large enough for each of the two ways.
        "linear": [
            (make(2, 3, 4, leaf=True), make(5, 4, leaf=True), make(5, leaf=True)),
            (make(2, 64, 128, leaf=True), make(128, 128, leaf=True)),
        ],
        "gradient_norms": [([make(3), None, make(2, 4, dtype=torch.float64)],)],
        "_gradient_norms": [([make(3), None, make(2, 4)],)],
        "adamw_": [updated()],
        "_adamw_": [updated()],
    }
    if device == "cpu":
        found["llama_decode"] = [decoded()]
    return found


def check_registrations(device):
    """torch.library.opcheck on every operator; yields the operator and what is wrong, or None."""
    found = arguments(device)
    registered = {name for name in torch._C._dispatch_get_all_op_names() if name.startswith("dsvlm::")}
    for name in sorted(full.removeprefix("dsvlm::") for full in registered):
        if name not in found:
            if device == "cpu":
                yield name, "no arguments to check it with: add some to tracing.py"
            continue
        problem = None
        for values in found[name]:
            try:
                torch.library.opcheck(getattr(ops, name).default, values)
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
        yield name, problem


def compiled_cases(device):
    """Name, function, inputs of two sizes."""

    def make(*shape):
        return torch.rand(shape, device=device).requires_grad_()

    # Sizes that are equal by chance count as one symbol, so the batch is not that of heads or contexts.
    yield (
        "moe_cross_attention",
        lambda q, k, l, v, w, p: ops.moe_cross_attention(q, [k, l], [v, w], p),
        [[make(b, 7 + b, 2, 16), *(make(b, t + b, 2, 16) for t in (2, 5, 2, 5)), make(b, 2)] for b in (3, 4)],
    )
    yield "ssim", ops.ssim, [[make(b, 3, 12 + b, 20), make(b, 3, 12 + b, 20)] for b in (2, 4)]
    yield (
        "ssim_l1",
        lambda x, y: ops.ssim_l1(x, y, 0.3, 0.7),
        [[make(b, 3, 12 + b, 20), make(b, 3, 12 + b, 20)] for b in (2, 4)],
    )
    yield (
        "perceptual_distance",
        ops.perceptual_distance,
        [[make(b, 6, 5 + b, 4), make(b, 6, 5 + b, 4), make(6)] for b in (2, 4)],
    )
    yield (
        "group_norm_silu",
        lambda x, w, b: ops.group_norm_silu(x, w, b, 3),
        [[make(b, 6, 5 + b, 4), make(6), make(6)] for b in (2, 4)],
    )
    yield (
        "linear_cross_entropy",
        lambda h, w: ops.linear_cross_entropy(h, w, torch.zeros(h.shape[0], dtype=torch.int64, device=h.device)),
        [[make(3 + rows, 6), make(9, 6)] for rows in (2, 4)],
    )
    # No pieces and no oneDNN in what is traced, so digits may differ from 2^20 multiplications on.
    yield "linear", ops.linear, [[make(b, 6, 16), make(12, 16), make(12)] for b in (2, 4)]


def check_compiled(device):
    """torch.compile with dynamic shapes, value and gradients; yields the operator and what is wrong, or None."""
    for name, function, sizes in compiled_cases(device):
        torch._dynamo.reset()
        counter = CompileCounterWithBackend("aot_eager")
        compiled = torch.compile(function, backend=counter, fullgraph=True, dynamic=True)
        problem = None
        for inputs in sizes:
            try:
                results = []
                for candidate in (function, compiled):
                    out = candidate(*inputs)
                    results.append([out, *torch.autograd.grad(out.sum(), inputs)])
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
                break
            if not all(torch.equal(ours, traced) for ours, traced in zip(*results)):
                problem = "differs from what is not compiled"
        if problem is None and counter.frame_count != 1:
            problem = f"compiled {counter.frame_count} times for two sizes"
        yield name, problem


def check_autocast(device):
    """Results under autocast against those of inputs cast by hand; yields the operator and what is wrong, or None."""
    lower, full = torch.bfloat16, torch.float32
    generator = torch.Generator().manual_seed(2)

    def make(*shape):
        return torch.rand(shape, generator=generator).to(device)

    maps = [make(2, 6, 12, 13), make(2, 6, 12, 13)]
    labels = torch.tensor([0, 4, 2], device=device)
    split = lambda i: ops.moe_cross_attention(i[0], i[1:3], i[3:5], i[5])
    attention = [make(2, 7, 2, 8), *(make(2, t, 2, 8) for t in (3, 5, 3, 5)), make(2, 2)]
    cases = [
        ("moe_cross_attention", split, attention, full, lower, lower),
        ("linear", lambda i: ops.linear(*i), [make(2, 64, 128), make(128, 128), make(128)], full, lower, lower),
        ("linear_cross_entropy", lambda i: ops.linear_cross_entropy(*i, labels), [make(3, 6), make(9, 6)], full, lower, full),
        ("ssim", lambda i: ops.ssim(*i), maps, lower, full, full),
        ("ssim_l1", lambda i: ops.ssim_l1(*i, 0.3, 0.7), maps, lower, full, full),
        ("perceptual_distance", lambda i: ops.perceptual_distance(*i), [*maps, make(6)], lower, full, full),
        ("group_norm_silu", lambda i: ops.group_norm_silu(*i, 3), [maps[0], make(6), make(6)], lower, full, full),
    ]
    for name, function, inputs, given, computed, returned in cases:
        leaves = [tensor.to(given).requires_grad_() for tensor in inputs]
        by_hand = [leaf.detach().to(computed).requires_grad_() for leaf in leaves]
        with torch.autocast(device, dtype=lower):
            out = function(leaves)
        expected = function(by_hand)
        grads = torch.autograd.grad(out.float().sum(), leaves)
        wanted = torch.autograd.grad(expected.float().sum(), by_hand)
        problem = None
        if out.dtype != returned or not torch.equal(out, expected):
            problem = f"is not computed in {computed} and returned in {returned}, but in {out.dtype}"
        elif not all(g.dtype == given and torch.equal(g, w.to(given)) for g, w in zip(grads, wanted)):
            problem = "gradients are not those of inputs cast by hand"
        yield name, problem


def check(device):
    """Runs all of them; prints what is wrong and a line for each; returns how many failed."""
    wrong = 0
    for title, run in (("opcheck", check_registrations), ("torch.compile", check_compiled), ("autocast", check_autocast)):
        names = []
        for name, problem in run(device):
            names.append(name)
            if problem:
                wrong += 1
                print(f"WRONG {device} {title} {name}: {problem}")
        print(f"{device} {title}: {len(names)} operators: {', '.join(names)}", flush=True)
    return wrong
