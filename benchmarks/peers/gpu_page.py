# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""The rows of check_gpu.py as a page of benchmarks/results."""

import math

import peer
from gpu_sides import attention_flops

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


def least_bytes(row):
    """Each input read once and each result written once; None where no such figure is kept."""
    operator, sizes, backward = row["op"], row["shape"], row.get("mode") == "forwardBackward"
    each = BYTES.get(row.get("dtype", "float32"))
    if operator == "moe_cross_attention":
        query, tokens = sizes.split(":")
        batch, queries, heads, head_dim = peer.sizes(query)
        keys = sum(map(int, tokens.split("+")))
        # Query and result; keys and values. Backward: they and the upstream again, and the gradients.
        rows = 2 * queries + 2 * keys + (3 * queries + 4 * keys if backward else 0)
        return each * batch * heads * head_dim * rows
    if operator == "group_norm_silu":
        return each * math.prod(peer.sizes(sizes)) * (5 if backward else 2)
    if operator == "ssim":
        return each * math.prod(peer.sizes(sizes)) * (3 if backward else 2)
    if operator == "adamw":
        return 4 * 7 * sum(math.prod(peer.sizes(size)) for size in sizes.split("+"))
    if operator == "gradient_norms":
        return 4 * sum(math.prod(peer.sizes(size)) for size in sizes.split("+"))
    return None


def floor_ms(row, copy_gb_s, product_tflop_s):
    """The larger of bytes over the copy's rate and operations over the product's; None where neither is known."""
    if row["op"] == "linear_cross_entropy":
        rows_, width, classes = peer.sizes(row["shape"])
        return 6 * rows_ * width * classes / product_tflop_s / 1e9
    moved = least_bytes(row)
    if moved is None:
        return None
    flops = attention_flops(row["shape"], row["mode"]) if row["op"] == "moe_cross_attention" else 0
    return max(moved / copy_gb_s / 1e6, flops / product_tflop_s / 1e9)


def short_shape(shape):
    return shape if len(shape) < 45 else f"{shape.count('+') + 1} tensors"


def comparisons(rows, copy, product):
    lines = ["| operator | shape | type | what | ours | peer | | ratio | of the floor |", "|---|---|---|---|--:|--:|---|--:|--:|"]
    for row in rows:
        if "ours_ms" not in row:
            continue
        floor = floor_ms(row, copy, product)
        what = row.get("mode", "") + (", in a graph" if row.get("graph") else "")
        share = f"{100 * floor / row['ours_ms']:.0f} %" if floor else "–"
        lines.append(
            f"| {row['op']} | {short_shape(row['shape'])} | {row.get('dtype', 'float32')} | {what} "
            f"| {row['ours_ms']:.4g} ms | {row['peer_ms']:.4g} ms | {row['peer']} | {row['ratio']:.2f} | {share} |"
        )
    return lines


def page(rows, title):
    found = {(row["step"], row["what"]): row for row in rows}
    facts = found[("facts", "facts")]
    copy = found[("floors", "copy")]["gb_s"]
    product = found[("floors", "product in bfloat16")]["tflop_s"]
    lines = [f"# {title}", "", "Written by `benchmarks/peers/check_gpu.py --page`. Times are medians of 30 calls, in turns;",
              "in a graph, of replays. Shares of the floor are of bytes by the copy, or operations by the bfloat16 product.", ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| {name} | {facts.get(name, '–')} |" for name in ("date", "commit", "device", "pytorch", "cuda", "multiprocessors")]
    lines += [f"| copy | {copy:.0f} GB/s, read and written |"]
    lines += [
        f"| {row['what']} | {row['tflop_s']:.0f} TFLOP/s |" for row in rows if row["step"] == "floors" and "tflop_s" in row
    ]
    lines += ["", *comparisons(rows, copy, product), "", "## Right or not", ""]
    lines += [
        f"- {row['step']}, {row['what']}: " + ("right" if row["right"] else "**not right**")
        for row in rows
        if "right" in row and "ours_ms" not in row
    ]
    lines += [f"- {row['step']}: **failed**, {row['why']}" for row in rows if row["what"] == "failed"]
    counted = [row for row in rows if row["step"] == "counters" and "nanoseconds" in row]
    if counted:
        names = [name for name in counted[0] if name not in ("step", "what")]
        lines += ["", "## Counters of Nsight Compute", "", "| kernel | " + " | ".join(names) + " |"]
        lines += ["|---|" + "--:|" * len(names)]
        lines += [f"| `{row['what']}` | " + " | ".join(str(row.get(name, "–")) for name in names) + " |" for row in counted]
    return "\n".join(lines) + "\n"
