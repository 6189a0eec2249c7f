#!/usr/bin/env python3
# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Compares the native operators with the same computation in PyTorch, forward and backward.

    check_operators.py libdsvlm_ops.so [libdsvlm_ops_cuda.so] [--seed N] [--cases N] [--device cpu|cuda]
                       [--other-stream] [--without-tracing]

Runs on the CPU, and on the GPU too where there is one and the second library is given. The reference is
computed in float64 from the same numbers. An error beyond the tolerance is wrong, unless PyTorch's own
operators make at least half of it with the same numbers in the same type: then it is the type's. Then
torch.library.opcheck, torch.compile and autocast on every operator, see tracing.py. Exits with 1 if anything differs.
"""

import argparse
import math
import random
import sys

import torch
import torch.nn.functional as F

import tracing

# Largest |difference| / max(largest |expected|, 0.1) that a type may show.
TOLERANCE = {torch.float64: 1e-11, torch.float32: 3e-5, torch.bfloat16: 2e-2, torch.float16: 3e-3}


def moe_cross_attention(query, keys, values, router):
    out = 0
    for e, (k, v) in enumerate(zip(keys, values)):
        heads_first = [x.transpose(1, 2) for x in (query, k, v)]
        scores = heads_first[0] @ heads_first[1].transpose(2, 3) / math.sqrt(query.shape[-1])
        attended = (scores.softmax(-1) @ heads_first[2]).transpose(1, 2)
        out = out + router[:, e].view(-1, 1, 1, 1) * attended
    return out


def ssim(x, y, border, data_range):
    channels = x.shape[1]
    distance = torch.arange(11, dtype=x.dtype, device=x.device) - 5
    gaussian = torch.exp(-distance**2 / (2 * 1.5**2))
    gaussian = gaussian / gaussian.sum()
    kernel = torch.outer(gaussian, gaussian).expand(channels, 1, 11, 11)

    def window(z):
        return F.conv2d(z, kernel, padding=5 if border == "same" else 0, groups=channels)

    mx, my = window(x), window(y)
    sx, sy, sxy = window(x * x) - mx**2, window(y * y) - my**2, window(x * y) - mx * my
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    return ((2 * mx * my + c1) * (2 * sxy + c2) / ((mx**2 + my**2 + c1) * (sx + sy + c2))).mean((1, 2, 3))


def perceptual_distance(features, target, weights):
    def direction(f):
        return f / (f.square().sum(1, keepdim=True).sqrt() + 1e-10)

    squares = (direction(features) - direction(target)).square()
    return (squares * weights.view(1, -1, 1, 1)).sum(1).mean((1, 2))


def llama_decode(ids, weights, biases, cache, cos, sin, starts, length, heads, eps):
    """Logits after one more token of each record; cache holds keys and values of each layer."""

    def norm(x, weight):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * weight

    def turned(x, record):
        at = length - starts[record]
        first, second = x.chunk(2, -1)
        return x * cos[at] + torch.cat([-second, first], -1) * sin[at]

    stream = weights[0][ids]
    for i in range(len(cache) // 2):
        input_norm, q, k, v, o, post_norm, gate, up, down = weights[1 + 9 * i : 10 + 9 * i]
        b = [bias if bias.numel() else 0 for bias in biases[7 * i : 7 * i + 7]] or [0] * 7
        keys, values = cache[2 * i], cache[2 * i + 1]
        x = norm(stream, input_norm)
        attended = []
        for record in range(len(ids)):
            split = [(x[record] @ w.t() + c).view(-1, cos.shape[1]) for w, c in zip((q, k, v), b)]
            seen = slice(starts[record], length)
            all_keys = torch.cat([keys[record, :, seen], turned(split[1], record)[:, None]], 1)
            all_values = torch.cat([values[record, :, seen], split[2][:, None]], 1)
            group = heads // keys.shape[1]
            all_keys, all_values = (t.repeat_interleave(group, 0) for t in (all_keys, all_values))
            scores = (all_keys @ turned(split[0], record)[:, :, None]).squeeze(-1) / math.sqrt(cos.shape[1])
            attended.append((scores.softmax(-1)[:, None] @ all_values).flatten())
        stream = stream + torch.stack(attended) @ o.t() + b[3]
        x = norm(stream, post_norm)
        stream = stream + (F.silu(x @ gate.t() + b[4]) * (x @ up.t() + b[5])) @ down.t() + b[6]
    return norm(stream, weights[-2]) @ weights[-1].t()


def decode_case(rng, generator, dtype):
    layers, batch, vocabulary = rng.randint(1, 3), rng.randint(1, 16), rng.randint(1, 300)
    width, inner = rng.choice([1, 7, 64, 300, 2500]), rng.choice([1, 6, 96, 500])
    key_heads, head_dim = rng.randint(1, 4), rng.choice([2, 6, 16, 64, 128])
    heads, length = key_heads * rng.randint(1, 4), rng.choice([0, 1, 5, 40])
    biased = rng.random() < 0.5

    def make(*shape):
        return torch.randn(shape, generator=generator).div(math.sqrt(shape[-1])).to(dtype)

    q, k = heads * head_dim, key_heads * head_dim
    products = [(q, width), (k, width), (k, width), (width, q), (inner, width), (inner, width), (width, inner)]
    weights, biases, cache = [make(vocabulary, width)], [], []
    for _ in range(layers):
        made = [make(*shape) for shape in products]
        weights += [make(width), *made[:4], make(width), *made[4:]]
        biases += [make(out) if rng.random() < 0.5 else make(0) for out, _ in products] if biased else []
        cache += [make(batch, key_heads, length + 2, head_dim) for _ in range(2)]
    weights += [make(width), make(vocabulary, width)]
    ids, starts = ([rng.randint(0, last) for _ in range(batch)] for last in (vocabulary - 1, length))
    cos, sin = make(length + 1, head_dim), make(length + 1, head_dim)

    def decode(function, convert):
        lists = [[convert(tensor) for tensor in tensors] for tensors in (weights, biases, cache)]
        whole = [torch.tensor(numbers) for numbers in (ids, starts)]
        return function(whole[0], *lists, convert(cos), convert(sin), whole[1], length, heads, 1e-5)

    return (
        f"llama_decode {[layers, batch, vocabulary, width, inner, heads, key_heads, head_dim, length]}",
        lambda i: decode(torch.ops.dsvlm.llama_decode, lambda tensor: tensor),
        lambda i: decode(llama_decode, lambda tensor: tensor.double()),
        [],
    )


def gradients(function, inputs):
    out = function(inputs)
    if not inputs:
        return [out]  # an operator without gradients
    upstream = torch.linspace(-1, 2, out.numel(), dtype=torch.float64, device=out.device).view(out.shape)
    return [out] + list(torch.autograd.grad((out.double() * upstream).sum(), inputs))


def strided(rng, shape, device, dtype, generator, uniform=False):
    """A tensor of that shape, at random with strides that are not the contiguous ones."""
    order = list(range(len(shape)))
    if rng.random() < 0.5:
        rng.shuffle(order)
    draw = torch.rand if uniform else torch.randn
    base = draw([shape[i] for i in order], generator=generator).to(device, dtype)
    return base.permute([order.index(i) for i in range(len(shape))]).requires_grad_()


def cases(rng, generator, device, dtype):
    def make(*shape, uniform=False):
        return strided(rng, shape, device, dtype, generator, uniform)

    batch, heads, dim = rng.randint(1, 3), rng.randint(1, 4), rng.choice([1, 3, 8, 16, 40, 64, 80, 160, 256])
    queries, experts = rng.choice([1, 2, 7, 64, 65, 200, 600]), rng.randint(1, 8)
    tokens = [rng.choice([1, 2, 9, 16, 33, 77, 257]) for _ in range(experts)]
    contexts = [make(batch, t, heads, dim) for t in tokens + tokens]
    router = make(batch, experts, uniform=True)
    query = make(batch, queries, heads, dim)

    def split(function):
        return lambda i: function(i[0], i[1 : 1 + experts], i[1 + experts : 1 + 2 * experts], i[-1])

    yield (
        f"moe_cross_attention {[batch, queries, heads, dim]} tokens {tokens}",
        split(torch.ops.dsvlm.moe_cross_attention),
        split(moe_cross_attention),
        [query, *contexts, router],
    )

    border, data_range = rng.choice(["valid", "same"]), rng.choice([1.0, 2.0])
    low = 11 if border == "valid" else 1
    shape = [rng.randint(1, 3), rng.randint(1, 4), rng.randint(low, 150), rng.randint(low, 90)]
    yield (
        f"ssim {shape} {border}",
        lambda i: torch.ops.dsvlm.ssim(i[0], i[1], border, data_range),
        lambda i: ssim(i[0], i[1], border, data_range),
        [make(*shape, uniform=True), make(*shape, uniform=True)],
    )
    yield (
        f"ssim_l1 {shape} {border}",
        lambda i: torch.ops.dsvlm.ssim_l1(i[0], i[1], 0.3, 0.7, border, data_range),
        lambda i: 0.3 * (1 - ssim(i[0], i[1], border, data_range)) + 0.7 * (i[0] - i[1]).abs().mean((1, 2, 3)),
        [make(*shape, uniform=True), make(*shape, uniform=True)],
    )

    # Features keep away from 0: there a direction has no derivative, and with one channel its gradient near 0
    # is the difference of two equal terms of any size, which no float32 computation gets right.
    shape = [rng.randint(1, 3), rng.choice([1, 3, 64, 130, 512]), rng.randint(1, 40), rng.randint(1, 40)]
    maps = [make(*shape), make(*shape)]
    for values in maps:
        values.data += 0.2 * torch.sign(values.data)
    yield (
        f"perceptual_distance {shape}",
        lambda i: torch.ops.dsvlm.perceptual_distance(*i),
        lambda i: perceptual_distance(*i),
        [*maps, make(shape[1], uniform=True)],
    )

    groups = rng.randint(1, 8)
    shape = [rng.randint(1, 3), groups * rng.randint(1, 12), rng.randint(1, 40), rng.randint(4, 40)]
    yield (
        f"group_norm_silu {shape} in {groups} groups",
        lambda i: torch.ops.dsvlm.group_norm_silu(*i, groups, 1e-3),
        lambda i: F.silu(F.group_norm(i[0], groups, i[1], i[2], 1e-3)),
        [make(*shape), make(shape[1]), make(shape[1])],
    )

    rows, width, classes, chunk = rng.randint(1, 60), rng.randint(1, 40), rng.randint(1, 300), rng.choice([0, 1, 7])
    labels = torch.tensor([rng.randrange(classes) for _ in range(rows)], device=device)
    yield (
        f"linear_cross_entropy {[rows, width, classes]} chunks of {chunk}",
        lambda i: torch.ops.dsvlm.linear_cross_entropy(i[0], i[1], labels, chunk),
        lambda i: F.cross_entropy(i[0] @ i[1].t(), labels),
        [make(rows, width), make(classes, width)],
    )

    rows, width, out = rng.choice([1, 2, 40, 300]), rng.choice([1, 30, 512]), rng.choice([1, 50, 700])
    yield (
        f"linear {[2, rows, width, out]}",
        lambda i: torch.ops.dsvlm.linear(i[0], i[1], i[2] if len(i) > 2 else None),
        lambda i: F.linear(*i),
        [make(2, rows, width), make(out, width)] + ([make(out)] if rng.random() < 0.5 else []),
    )

    if device == "cpu":
        yield decode_case(rng, generator, dtype)


def check_in_place(rng, generator, device, dtype):
    """The operators that no gradient flows through; yields a name, what came of it and what should."""

    def make(*shape):
        return torch.randn(shape, generator=generator).to(device, dtype)

    shapes = [rng.choice([(1,), (7, 3), (40000,), (0, 5), (33, 17, 3)]) for _ in range(rng.randint(1, 60))]
    gradients = [None if rng.random() < 0.2 else make(*shape) for shape in shapes]
    if dtype == torch.float16:
        # The second moment of a smaller one rounds to 0, and the step that it divides is any number.
        gradients = [None if g is None else g + 0.1 * torch.sign(g) for g in gradients]
    expected = [torch.zeros([], dtype=torch.float64) if g is None else g.double().norm() for g in gradients]
    norms = torch.ops.dsvlm.gradient_norms(gradients)
    yield f"gradient_norms of {len(shapes)}", norms.cpu(), torch.stack([e.cpu() for e in expected])

    masters = dtype == torch.float32 and rng.random() < 0.5
    parameters = [make(*shape) for shape in shapes]
    moments = [[torch.zeros_like(p) for p in parameters] for _ in range(2)]
    rounded = [p.bfloat16() for p in parameters] if masters else []
    steps = torch.zeros(len(shapes))
    scale = torch.tensor(0.3, dtype=torch.float64, device=device)
    peers = [p.double().clone().requires_grad_() for p in parameters]
    peer = torch.optim.AdamW(peers, lr=0.1, betas=(0.9, 0.99), weight_decay=0.1)
    for _ in range(3):
        for p, g in zip(peers, gradients):
            p.grad = None if g is None else 0.3 * g.double()
        peer.step()
        torch.ops.dsvlm.adamw_(
            parameters, gradients, *moments, rounded, steps, scale, 0.1, 0.9, 0.99, weight_decay=0.1
        )
    flat = lambda tensors: torch.cat([t.detach().double().flatten().cpu() for t in tensors])
    yield f"adamw_ of {len(shapes)}", flat(parameters), flat(peers)
    if masters:
        yield f"adamw_ of {len(shapes)}, rounded", flat(rounded), flat([p.bfloat16() for p in parameters])


def worst(actual, expected):
    if actual.shape != expected.shape or not torch.isfinite(actual).all():
        return math.inf
    if expected.numel() == 0:
        return 0.0
    return ((actual.double() - expected).abs().max() / expected.abs().max().clamp_min(0.1)).item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("libraries", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=20, help="for each operator, type and device")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="this one alone")
    parser.add_argument("--without-tracing", action="store_true", help="no opcheck, torch.compile and autocast")
    parser.add_argument("--other-stream", action="store_true", help="on a GPU, run on a stream of its own")
    arguments = parser.parse_args()
    for library in arguments.libraries:
        torch.ops.load_library(library)
    devices = ["cpu"]
    if torch.cuda.is_available() and len(arguments.libraries) > 1:
        devices.append("cuda")
        if arguments.other_stream:
            torch.cuda.set_stream(torch.cuda.Stream())
    if arguments.device:
        if arguments.device not in devices:
            parser.error(f"--device {arguments.device}: no GPU, or its library is not given")
        devices = [arguments.device]
    wrong = 0
    for device in devices:
        for dtype in [t for t in TOLERANCE if device == "cuda" or t != torch.float16]:
            rng = random.Random(arguments.seed)
            generator = torch.Generator().manual_seed(arguments.seed)
            largest = {}

            def note(name, error, eager=None):
                nonlocal wrong
                operator = name.split()[0]
                largest[operator] = max(largest.get(operator, 0), error)
                if error > TOLERANCE[dtype]:
                    of_type = eager() if eager else 0.0
                    told = f"{device} {dtype} {name}: {error:.2e}, PyTorch's own {of_type:.2e}"
                    wrong += error > 2 * of_type
                    print("WRONG" if error > 2 * of_type else "rounded", told)

            for _ in range(arguments.cases):
                for name, ours, peer, inputs in cases(rng, generator, device, dtype):
                    expected = gradients(peer, [i.detach().double().requires_grad_() for i in inputs])
                    actual = gradients(ours, inputs)

                    def error_of(found):
                        return max(worst(a, e) for a, e in zip(found, expected))

                    note(name, error_of(actual), lambda: error_of(gradients(peer, inputs)))
                for name, actual, expected in check_in_place(rng, generator, device, dtype):
                    note(name, worst(actual, expected))
            figures = ", ".join(f"{operator} {error:.1e}" for operator, error in largest.items())
            print(f"{device} {dtype}: {arguments.cases} shapes each; largest error {figures}")
        if not arguments.without_tracing:
            wrong += tracing.check(device)
    if devices == ["cpu"]:
        print("CUDA was not checked:", "no GPU" if len(arguments.libraries) > 1 else "its library was not given")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
