#!/usr/bin/env python3
# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""All that is to be seen on a GPU, in one call: correctness, refusals, times against PyTorch, the Java program.

    check_gpu.py [LIBRARY [CUDA_LIBRARY]] [--out DIR] [--quick] [--device cpu] [--java COMMAND]

Without libraries it builds native/ against this Python's PyTorch, with nvcc. Each step is run though another fails;
what came of them stands in DIR/gpu.json and in a table at the end, and a failure makes the exit code 1.

--java names the command that runs the Java program, tools/dsvlm or "java … org.dsvlm.cli.Main"; it trains the
nano recipe for a few steps on the device and on the CPU, compares the losses, and probes the model. --device cpu
tries the script itself, with small shapes.
"""

import argparse
import datetime
import json
import os
import shlex
import statistics
import subprocess
import sys
import time
import traceback
from pathlib import Path

import torch

import moe_cross_attention
import peer
import perceptual_distance
import ssim

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

FOUR = "576+576+576+576"
SD_15 = [f"16x{q}x8x{d}:{FOUR}" for q, d in ((4096, 40), (1024, 80), (256, 160), (64, 160))]
SD_21 = [f"16x{q}x{h}x64:{FOUR}" for q, h in ((9216, 5), (2304, 10))]
SHORT_TYPES = ["bfloat16", "float16"]

# Largest relative difference of a mean square between the two sides.
AGREEMENT = {"float32": 1e-3, "bfloat16": 3e-2, "float16": 1e-2}


class OurMoeCrossAttention(moe_cross_attention.MoeCrossAttention):
    def result(self):
        return torch.ops.dsvlm.moe_cross_attention(self.query, self.keys, self.values, self.probabilities)


class OurSsim(ssim.Ssim):
    def result(self):
        return torch.ops.dsvlm.ssim(self.x, self.y)


class FusedSsim(ssim.Ssim):
    """github.com/rahul-goel/fused-ssim, where it is installed; gives the mean over the batch."""

    def result(self):
        from fused_ssim import fused_ssim

        return fused_ssim(self.x.float(), self.y.float(), padding="valid") * self.x.shape[0]


class OurPerceptualDistance(perceptual_distance.PerceptualDistance):
    def result(self):
        return sum(torch.ops.dsvlm.perceptual_distance(f, t, w.flatten()) for f, t, w in self.layers)


def comparisons(quick, small):
    """(operator, ours, peer's name, peer, shape, type) of each comparison."""
    attention = ("moe_cross_attention", OurMoeCrossAttention, "4 x SDPA", moe_cross_attention.MoeCrossAttention)
    convolution = ("ssim", OurSsim, "convolutions", ssim.Ssim)
    perceptual = ("perceptual_distance", OurPerceptualDistance, "eager", perceptual_distance.PerceptualDistance)
    if small:
        for case in (attention + ("1x33x2x40:7+9",), convolution + ("1x3x24x20",), perceptual + ("1x5x7x9",)):
            yield case + ("bfloat16",)
        return
    for dtype in SHORT_TYPES[: 1 if quick else 2]:
        for shape in SD_15 + ([] if quick else SD_21):
            yield attention + (shape, dtype)
    yield attention + (SD_15[1], "float32")
    for shape in ["16x3x256x256", "16x3x512x512"]:
        yield convolution + (shape, "float32")
        yield ("ssim", OurSsim, "fused-ssim", FusedSsim, shape, "float32")
    yield convolution + ("16x3x512x512", "bfloat16")
    for dtype in ["float32", "bfloat16"]:
        yield perceptual + ("vgg16:16x224", dtype)


class Device:
    """Times calls and measures their memory, on a GPU or, to try the script, on the CPU."""

    def __init__(self, name, quick):
        self.name, self.gpu = name, name != "cpu"
        self.calls = 5 if quick else 30

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
            for _ in range(3):
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


def floors(device):
    """Rates of a copy and of matrix products, the ceilings of everything else."""
    size, bytes_each = (8192, 1 << 30) if device.gpu else (256, 1 << 20)
    source = torch.ones(bytes_each, dtype=torch.uint8)
    target = torch.empty_like(source)
    (milliseconds,) = device.alternating([lambda: target.copy_(source)])
    rates = {"copy_gb_s": 2 * bytes_each / milliseconds / 1e6}
    for dtype in ("bfloat16", "float16"):
        a, b = (torch.randn(size, size).to(getattr(torch, dtype)) for _ in range(2))
        (milliseconds,) = device.alternating([lambda: a @ b])
        rates[f"{dtype}_tflop_s"] = 2 * size**3 / milliseconds / 1e9
    return rates


def attention_flops(shape, mode):
    """Seven matrix products forward and backward, two forward."""
    sizes, tokens = shape.split(":")
    batch, queries, heads, head_dim = peer.sizes(sizes)
    return 2 * (2 if mode == "forward" else 7) * batch * queries * heads * head_dim * sum(map(int, tokens.split("+")))


def compare(device, operator, ours, peer_name, theirs, shape, dtype, mode):
    request = {"shape": shape, "dtype": dtype}
    sides = [kind(request) for kind in (ours, theirs)]
    found = [side.check(mode) for side in sides]
    difference = max(abs(a - b) / max(abs(b), 1e-12) for a, b in zip(*found))
    calls = [getattr(side, mode) for side in sides]
    our_ms, peer_ms = device.alternating(calls)
    row = {
        "op": operator, "shape": shape, "dtype": dtype, "mode": mode, "peer": peer_name,
        "ours_ms": our_ms, "peer_ms": peer_ms, "ratio": peer_ms / our_ms,
        "ours_extra_bytes": device.extra_bytes(calls[0]), "peer_extra_bytes": device.extra_bytes(calls[1]),
        "difference": difference, "agrees": difference <= AGREEMENT[dtype],
    }  # fmt: skip
    if operator == "moe_cross_attention":
        row["ours_tflop_s"] = attention_flops(shape, mode) / our_ms / 1e9
    return row


def times(device, arguments, results):
    torch.set_default_device(device.name)
    results["floors"] = floors(device)
    results["times"] = []
    wrong = 0
    for case in comparisons(arguments.quick, not device.gpu):
        for mode in ("forward", "forwardBackward"):
            try:
                row = compare(device, *case, mode)
                wrong += not row["agrees"]
            except ImportError as error:
                row = {"op": case[0], "shape": case[4], "dtype": case[5], "mode": mode, "peer": case[2]}
                row["note"] = str(error)
            results["times"].append(row)
            if device.gpu:
                torch.cuda.empty_cache()
    torch.set_default_device("cpu")
    if wrong:
        raise RuntimeError(f"{wrong} comparisons disagree")


def correctness(device, arguments, results):
    """check_operators.py in a process of its own; on a GPU on another stream too."""
    results["correctness"] = []
    wrong = 0
    for options in [[]] + ([["--other-stream"]] if device.gpu else []):
        command = [sys.executable, HERE / "check_operators.py", *arguments.libraries, *options]
        command += ["--cases", str(2 if not device.gpu else 20 if arguments.quick else 100)]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        results["correctness"].append({"options": options, "exit": done.returncode, "output": done.stdout.splitlines()})
        print(done.stdout + done.stderr[-2000:], flush=True)
        wrong += done.returncode != 0
    if wrong:
        raise RuntimeError("an operator is wrong")


def refusals(device, arguments, results):
    """Bad input 78: tensors of different devices, of no element, of a type that is not taken."""
    query, context = torch.ones(1, 3, 2, 8, device=device.name), torch.ones(1, 5, 2, 8, device=device.name)
    router = torch.ones(1, 1, device=device.name)
    attend = torch.ops.dsvlm.moe_cross_attention
    elsewhere = context.to("cpu" if device.gpu else "meta")
    results["refusals"] = []
    for name, call in {
        "another device": lambda: attend(query, [elsewhere], [context], router),
        "another type": lambda: attend(query, [context.double()], [context], router),
        "integers": lambda: attend(query.long(), [context.long()], [context.long()], router.long()),
        "a head_dim of 257": lambda: attend(*[x.repeat(1, 1, 1, 33)[..., :257] if isinstance(x, torch.Tensor) else
                                              [y.repeat(1, 1, 1, 33)[..., :257] for y in x]
                                              for x in (query, [context], [context])], router),
        "pictures of different shapes": lambda: torch.ops.dsvlm.ssim(query, context),
    }.items():  # fmt: skip
        try:
            call()
            message = None
        except RuntimeError as error:
            message = str(error).splitlines()[0]
        results["refusals"].append({"input": name, "message": message})
        # The CPU has no bound on head_dim.
        if (message is None or not message.startswith("dsvlm::")) and (device.gpu or "257" not in name):
            raise RuntimeError(f"{name}: {message or 'was taken'}")
    if attend(query[:0], [context[:0]], [context[:0]], router[:0]).shape[0] != 0:
        raise RuntimeError("an empty batch gives something")


def java(device, arguments, results):
    """The nano recipe for a few steps on the device and on the CPU, in float32: the same losses."""
    if arguments.java is None:
        return "not asked for: --java is missing"
    command = shlex.split(arguments.java)
    steps = 3 if arguments.quick else 20
    losses = {}
    for where in dict.fromkeys([device.name, "cpu"]):
        run = arguments.out / f"java-{where}"
        options = ["train", "--recipe", "nano-scratch", "--out", run, "--set", f"device={where}"]
        for stage in ("stage0", "stage1", "stage2"):
            options += ["--set", f"{stage}.max_steps={steps}"]
        subprocess.run([*command, *map(str, options)], check=True)
        with open(run / "metrics.jsonl") as lines:
            losses[where] = [row["loss"] for row in map(json.loads, lines) if "loss" in row]
    results["java"] = losses
    first, second = losses[device.name], losses["cpu"]
    if not first or len(first) != len(second):
        raise RuntimeError(f"{len(first)} steps on {device.name}, {len(second)} on the CPU")
    worst = max(abs(a - b) / abs(b) for a, b in zip(first, second))
    if not worst <= 1e-2:
        raise RuntimeError(f"losses differ by {worst:.1e}")
    model = arguments.out / f"java-{device.name}" / "export"
    subprocess.run(
        [*command, "probe", "--model", str(model), "--device", device.name, "--dtype", "bfloat16"], check=True
    )


def build(device, folder):
    """native/ against this Python's PyTorch, which may be another version than the Java side's."""
    torch_folder = Path(torch.__file__).parent
    openmp = next(iter([*torch_folder.glob("lib/libgomp*"), *torch_folder.parent.glob("torch.libs/libgomp*")]), None)
    libraries = folder / "libtorch"
    libraries.mkdir(parents=True, exist_ok=True)
    for library in torch_folder.glob("lib/*.so*"):
        (libraries / library.name).unlink(missing_ok=True)
        (libraries / library.name).symlink_to(library)
    link = libraries / "libgomp.so.1"
    link.unlink(missing_ok=True)
    link.symlink_to(openmp or Path("/usr/lib/x86_64-linux-gnu/libgomp.so.1"))
    cuda = "link" if device.gpu else "off"
    configure = ["cmake", "-S", ROOT / "native", "-B", folder, f"-DDSVLM_CUDA={cuda}"]
    configure += [f"-DDSVLM_LIBTORCH_INCLUDE={torch_folder / 'include'}", f"-DDSVLM_LIBTORCH_LIB={libraries}"]
    for command in (configure, ["cmake", "--build", folder, "--parallel", str(os.cpu_count())]):
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    return [folder / "libdsvlm_ops-dev.so"] + ([folder / "libdsvlm_ops_cuda-dev.so"] if device.gpu else [])


def facts(device):
    found = {"pytorch": torch.__version__, "date": datetime.date.today().isoformat()}
    if device.gpu:
        properties = torch.cuda.get_device_properties(0)
        found |= {"device": properties.name, "multiprocessors": properties.multi_processor_count}
        found |= {"memory": properties.total_memory, "cuda": torch.version.cuda}
    else:
        found["device"] = "cpu"
    return found


def table(results):
    for row in results.get("times", []):
        case = f"{row['op']} {row['shape']} {row['dtype']} {row['mode']}"
        if "note" in row:
            print(f"{case}: not compared with {row['peer']}: {row['note']}")
            continue
        rate = f", {row['ours_tflop_s']:.0f} TFLOP/s" if "ours_tflop_s" in row else ""
        wrong = "" if row["agrees"] else f"  DISAGREES by {row['difference']:.1e}"
        print(f"{case}: {row['ours_ms']:.3f} ms, {row['peer']} {row['peer_ms']:.3f} ms, {row['ratio']:.2f} x{rate}{wrong}")
    for step, outcome in results["steps"].items():
        print(f"{step}: {outcome}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("libraries", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", ROOT / "target" / "gpu")))
    parser.add_argument("--quick", action="store_true", help="fewer shapes, fewer repetitions")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--java", metavar="COMMAND", help="what runs the Java program")
    arguments = parser.parse_args()
    device = Device(arguments.device, arguments.quick)
    if device.gpu and not torch.cuda.is_available():
        parser.error("no GPU; --device cpu tries the script without one")
    arguments.out.mkdir(parents=True, exist_ok=True)
    if not arguments.libraries:
        arguments.libraries = build(device, ROOT / "target" / "gpu-native")
    for library in arguments.libraries:
        torch.ops.load_library(library)
    results = {"facts": facts(device), "steps": {}}
    failed = False
    for step in (correctness, refusals, times, java):
        try:
            results["steps"][step.__name__] = step(device, arguments, results) or "done"
        except Exception as error:
            traceback.print_exc()
            failed = True
            results["steps"][step.__name__] = f"FAILED: {error}".splitlines()[0]
        (arguments.out / "gpu.json").write_text(json.dumps(results, indent=1) + "\n")
    table(results)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
