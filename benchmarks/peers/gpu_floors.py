# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""What bounds the mixture of cross-attentions on an H200: the least time that each unit needs, by shape.

    python benchmarks/peers/gpu_floors.py

prints the table of docs/performance.md. Needs nothing but Python. The kernel multiplies with mma.sync, whose
operands go from shared memory through registers; each warp owns 16 queries and reads all keys and values. The
rates are stated below; where units overlap wholly, the largest column is the time, where not at all, the sum.
"""

MULTIPROCESSORS = 132
CLOCK = 1.83e9  # Hz under load
# Of 989e12 in dense bfloat16, mma.sync reaches about 63 % on Hopper (microbenchmarks of the public literature).
MMA_SYNC = 0.63 * 989e12
WGMMA = 771e12  # that a product of torch reached on the H200, benchmarks/results/2026-11-29-h200.md
EXPONENTIALS = 16 * MULTIPROCESSORS * CLOCK
SHARED = 128 * MULTIPROCESSORS * CLOCK  # bytes/s
MEMORY = 4.11e12  # bytes/s of a copy, the same page

CONTEXTS, TOKENS = 4, 576
QUERIES_OF_A_WARP = 16
BYTES = 2
SHAPES = [
    (16, 4096, 8, 40),
    (16, 1024, 8, 80),
    (16, 256, 8, 160),
    (16, 64, 8, 160),
    (4, 1024, 8, 40),
    (4, 256, 8, 80),
    (4, 64, 8, 160),
    (4, 16, 8, 160),
]


def up(value, step):
    return -(-value // step) * step


def forward(batch, queries, heads, dim):
    """Milliseconds of each unit. The scores' product has dim padded to 16, that of the values to 8."""
    scores = batch * heads * queries * CONTEXTS * TOKENS
    operations = 2 * scores * (up(dim, 16) + up(dim, 8))
    rows = up(queries, QUERIES_OF_A_WARP) / QUERIES_OF_A_WARP
    shared = batch * heads * rows * CONTEXTS * TOKENS * (up(dim, 16) + up(dim, 8)) * BYTES
    memory = BYTES * batch * heads * dim * 2 * (queries + CONTEXTS * TOKENS)
    return {
        "mma.sync": 1e3 * operations / MMA_SYNC,
        "wgmma": 1e3 * operations / WGMMA,
        "shared memory": 1e3 * shared / SHARED,
        "exponentials": 1e3 * scores / EXPONENTIALS,
        "memory": 1e3 * memory / MEMORY,
    }


def both(shape):
    """With the backward pass: five products beside two, the exponentials and all that is read once more."""
    factors = {"mma.sync": 3.5, "wgmma": 3.5, "shared memory": 3.5, "exponentials": 2, "memory": 3}
    return {unit: factors[unit] * time for unit, time in forward(*shape).items()}


def main():
    units = list(forward(*SHAPES[0]))
    print("| batch × queries × heads × head_dim | " + " | ".join(units) + " |")
    print("|---|" + "--:|" * len(units))
    for shape in SHAPES:
        cells = [f"{a:.3f}, {b:.3f}" for a, b in zip(forward(*shape).values(), both(shape).values())]
        print("| " + " × ".join(map(str, shape)) + " | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
