# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""The steps of check_gpu.py. Each runs in a process of its own and adds rows; an exception makes it fail."""

import csv
import datetime
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

import adamw
import gradient_norms
import group_norm_silu
import moe_cross_attention
import perceptual_distance
import ssim
from gpu_device import attention_by
from gpu_peaked import peaked
from gpu_sides import (
    ATTENTION,
    PROFILED,
    SMALL,
    BatchedMoeCrossAttention,
    FusedSsim,
    OurAdamW,
    OurGradientNorms,
    OurGroupNormSilu,
    OurMoeCrossAttention,
    OurPerceptualDistance,
    OurSameSsim,
    OurSsim,
    attention_flops,
)

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

MODES = ("forward", "forwardBackward")

# Largest relative difference of a mean square between the two sides.
AGREEMENT = {"float32": 1e-3, "bfloat16": 3e-2, "float16": 1e-2}


COUNTERS = {
    "gpu__time_duration.sum": "nanoseconds",
    "sm__throughput.avg.pct_of_peak_sustained_elapsed": "arithmetic_percent",
    "sm__inst_executed_pipe_tensor.avg.pct_of_peak_sustained_active": "tensor_percent",
    "dram__throughput.avg.pct_of_peak_sustained_elapsed": "memory_percent",
    "sm__warps_active.avg.pct_of_peak_sustained_active": "warps_percent",
    "launch__registers_per_thread": "registers",
    "launch__grid_size": "blocks",
}


def facts(device, arguments, rows):
    found = {"pytorch": torch.__version__, "date": datetime.date.today().isoformat(), "device": device.name}
    if device.gpu:
        properties = torch.cuda.get_device_properties(0)
        found |= {"device": properties.name, "multiprocessors": properties.multi_processor_count}
        found |= {"memory": properties.total_memory, "cuda": torch.version.cuda}
        found["limits"] = torch.ops.dsvlm._cuda_device(0)
        driver = subprocess.run(["nvidia-smi", "-q", "-i", "0"], capture_output=True, text=True, check=False)
        (arguments.out / "nvidia-smi.txt").write_text(driver.stdout)
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    if commit.returncode == 0:  # a copy of the tree may have no history
        found["commit"] = commit.stdout.strip()
    rows.add("facts", **found)


def floors(device, arguments, rows):
    """Rates of a copy and of matrix products, the ceilings of everything else."""
    size, bytes_each = (8192, 1 << 30) if device.gpu else (128, 1 << 16)
    source = torch.randint(256, (bytes_each,), dtype=torch.uint8)
    target = torch.empty_like(source)
    (milliseconds,) = device.alternating([lambda: target.copy_(source)])
    rows.add("copy", gb_s=2 * bytes_each / milliseconds / 1e6)
    for dtype in ("bfloat16", "float16", "float32"):
        a, b = (torch.randn(size, size).to(getattr(torch, dtype)) for _ in range(2))
        (milliseconds,) = device.alternating([lambda: a @ b])
        rows.add(f"product in {dtype}", tflop_s=2 * size**3 / milliseconds / 1e9)


def smoke(operator):
    """Runs at all, and gives the same bits twice."""

    def step(device, arguments, rows):
        kind, shape = SMALL[operator]
        for dtype in ("float32", "bfloat16"):
            found = []
            for _ in range(2):
                side = kind({"shape": shape, "dtype": dtype})
                result = side.run("forwardBackward")
                found.append([t.detach().clone() for t in side.inputs.left(result)])
            same = all(torch.equal(a, b) for a, b in zip(*found))
            finite = all(t.isfinite().all().item() for t in found[0])
            rows.add(f"{operator} in {dtype}", right=same and finite, same_bits=same, finite=finite)

    return step


def memcheck(device, arguments, rows):
    """NVIDIA's checker of memory on a small case of three operators."""
    program = shutil.which("compute-sanitizer") if device.gpu else None
    if program is None:
        rows.add("not run", why="compute-sanitizer is not installed" if device.gpu else "it checks GPUs alone")
        return
    for operator in list(SMALL)[:3]:
        command = [program, "--tool", "memcheck", "--error-exitcode", "9", sys.executable, HERE / "check_gpu.py"]
        command += [*arguments.libraries, "--out", arguments.out / f"memcheck-{operator}", "--only", f"smoke {operator}"]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        (arguments.out / f"memcheck-{operator}.txt").write_text(done.stdout + done.stderr)
        rows.add(operator, right=done.returncode == 0, exit=done.returncode)


def correctness(cases, *options):
    """check_operators.py on random shapes."""

    def step(device, arguments, rows):
        command = [sys.executable, HERE / "check_operators.py", *arguments.libraries, "--device", device.name, *options]
        command += ["--cases", str(cases if device.gpu else min(cases, 1))]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        output = (done.stdout + done.stderr).splitlines()[-40:]
        rows.add("check_operators", right=done.returncode == 0, exit=done.returncode, output=output)

    return step


def tracing(device, arguments, rows):
    """opcheck, torch.compile and autocast on every operator; minutes of compiling, hence not in the rehearsal."""
    if not device.gpu:
        rows.add("not run", why="check_operators.py does it on the CPU")
        return
    correctness(0)(device, arguments, rows)


def refusals(device, arguments, rows):
    """Bad input 78: tensors of different devices, of no element, of a type that is not taken."""
    query, context = torch.ones(1, 3, 2, 8), torch.ones(1, 5, 2, 8)
    router = torch.ones(1, 1)
    attend = torch.ops.dsvlm.moe_cross_attention
    elsewhere = context.to("cpu" if device.gpu else "meta")
    long_heads = [torch.ones(1, rows_, 2, 257) for rows_ in (3, 5, 5)]
    cases = {
        "another device": lambda: attend(query, [elsewhere], [context], router),
        "another type": lambda: attend(query, [context.double()], [context], router),
        "integers": lambda: attend(query.long(), [context.long()], [context.long()], router.long()),
        "pictures of different shapes": lambda: torch.ops.dsvlm.ssim(query, context),
    }
    if device.gpu:  # the CPU has no bound on head_dim
        cases["a head_dim of 257"] = lambda: attend(long_heads[0], [long_heads[1]], [long_heads[2]], router)
    for name, call in cases.items():
        try:
            call()
            message = "was taken"
        except RuntimeError as error:
            message = str(error).splitlines()[0]
        rows.add(name, right=message.startswith("dsvlm::"), message=message)
    empty = attend(query[:0], [context[:0]], [context[:0]], router[:0])
    rows.add("an empty batch", right=empty.shape[0] == 0)


def compare(device, rows, operator, ours, peer_name, theirs, shape, dtype, mode, backend=None, graph=False):
    """Adds a row, or one that says why the two cannot be compared."""
    case = {"op": operator, "shape": shape, "dtype": dtype, "mode": mode, "peer": peer_name, "graph": graph}
    name = f"{operator} {shape} {dtype} {mode}{' in a graph' if graph else ''} against {peer_name}"
    request = {"shape": shape, "dtype": dtype}
    try:
        with attention_by(backend):
            sides = [kind(request) for kind in (ours, theirs)]
            found = [side.check(mode) for side in sides]
            difference = max(abs(a - b) / max(abs(b), 1e-12) for a, b in zip(*found))
            calls = [getattr(side, mode) for side in sides]
            extra = [device.extra_bytes(call) for call in calls]
            if graph:
                calls = [device.captured(call) for call in calls]
            our_ms, peer_ms = device.alternating(calls)
    except (ImportError, RuntimeError) as error:
        if "dsvlm" in str(error):
            raise
        rows.add(name, **case, note=str(error).splitlines()[0])
        return
    figures = {"ours_ms": our_ms, "peer_ms": peer_ms, "ratio": peer_ms / our_ms, "difference": difference}
    figures |= {"ours_extra_bytes": extra[0], "peer_extra_bytes": extra[1]}
    if operator == "moe_cross_attention":
        figures["ours_tflop_s"] = attention_flops(shape, mode) / our_ms / 1e9
    rows.add(name, **case, right=difference <= AGREEMENT[dtype], **figures)
    device.free()


def attention(device, arguments, rows):
    one_by_one = moe_cross_attention.MoeCrossAttention
    peers = [("SDPA", one_by_one, None), ("SDPA by cuDNN", one_by_one, "CUDNN_ATTENTION")]
    peers += [("SDPA by flash", one_by_one, "FLASH_ATTENTION"), ("batched SDPA", BatchedMoeCrossAttention, None)]
    for shape in ATTENTION if device.gpu else ["1x33x2x40:9+9"]:
        for mode in MODES:
            for peer_name, theirs, backend in peers:
                for graph in (False, True) if backend is None and not arguments.quick else (False,):
                    compare(device, rows, "moe_cross_attention", OurMoeCrossAttention, peer_name, theirs, shape,
                            "bfloat16", mode, backend, graph)  # fmt: skip


def group_norms(device, arguments, rows):
    shapes = ["4x320x64x64", "4x640x32x32", "4x1280x16x16", "1x512x256x256"] if device.gpu else ["1x64x6x5"]
    for shape in shapes:
        for mode in MODES:
            for graph in (False, True):
                compare(device, rows, "group_norm_silu", OurGroupNormSilu, "eager", group_norm_silu.GroupNormSilu,
                        shape, "bfloat16", mode, graph=graph)  # fmt: skip


def similarities(device, arguments, rows):
    for shape in ["16x3x256x256", "4x3x1080x1920"] if device.gpu else ["1x3x24x20"]:
        for mode in MODES:
            compare(device, rows, "ssim", OurSsim, "convolutions", ssim.Ssim, shape, "float32", mode)
            compare(device, rows, "ssim", OurSameSsim, "fused-ssim", FusedSsim, shape, "float32", mode)


def perceptual(device, arguments, rows):
    for dtype in ("float32", "bfloat16"):
        for mode in MODES:
            compare(device, rows, "perceptual_distance", OurPerceptualDistance, "eager",
                    perceptual_distance.PerceptualDistance, "vgg16:16x224" if device.gpu else "1x5x7x9", dtype, mode)  # fmt: skip


def optimizer(device, arguments, rows):
    layer = "+".join(["4096x4096"] * 4 + ["11008x4096"] * 3 + ["4096"] * 2) if device.gpu else "5x4+3"
    compare_plain(device, rows, "adamw", OurAdamW, "fused AdamW", adamw.AdamW, layer, "update")
    compare_plain(device, rows, "gradient_norms", OurGradientNorms, "get_total_norm", gradient_norms.GradientNorms,
                  layer, "norm")  # fmt: skip


def compare_plain(device, rows, operator, ours, peer_name, theirs, shape, mode):
    sides = [kind({"shape": shape, "dtype": "float32"}) for kind in (ours, theirs)]
    found = [side.check(mode) for side in sides]
    difference = max(abs(a - b) / max(abs(b), 1e-12) for a, b in zip(*found))
    our_ms, peer_ms = device.alternating([getattr(side, mode) for side in sides])
    rows.add(f"{operator} against {peer_name}", op=operator, shape=shape, mode=mode, peer=peer_name,
             ours_ms=our_ms, peer_ms=peer_ms, ratio=peer_ms / our_ms, difference=difference,
             right=difference <= AGREEMENT["float32"])  # fmt: skip


def cross_entropy(device, arguments, rows):
    lines, width, vocabulary = (8192, 4096, 32000) if device.gpu else (7, 8, 11)
    dtype = torch.bfloat16
    states, weight = (torch.randn(n, width).to(dtype).div(width**0.5).requires_grad_() for n in (lines, vocabulary))
    labels = torch.randint(vocabulary, (lines,))

    def ours():
        states.grad = weight.grad = None
        torch.ops.dsvlm.linear_cross_entropy(states, weight, labels).backward()

    def eager():
        states.grad = weight.grad = None
        F.cross_entropy((states @ weight.t()).float(), labels).backward()

    gradients = []
    for call in (ours, eager):
        call()
        gradients.append([leaf.grad.float() for leaf in (states, weight)])
    difference = max(((a - b).norm() / b.norm()).item() for a, b in zip(*gradients))
    our_ms, peer_ms = device.alternating([ours, eager])
    shape = f"{lines}x{width}x{vocabulary}"
    rows.add(f"linear_cross_entropy {shape} against eager", op="linear_cross_entropy", shape=shape, dtype="bfloat16",
             mode="forwardBackward", peer="eager", ours_ms=our_ms, peer_ms=peer_ms,
             ratio=peer_ms / our_ms, difference=difference, right=difference <= AGREEMENT["bfloat16"],
             ours_extra_bytes=device.extra_bytes(ours), peer_extra_bytes=device.extra_bytes(eager))  # fmt: skip


def profile(device, arguments, rows):
    """Times of the kernels within three operators, by PyTorch's profiler."""
    activities = [torch.profiler.ProfilerActivity.CUDA if device.gpu else torch.profiler.ProfilerActivity.CPU]
    small = {kind: shape for kind, shape in SMALL.values()}
    for kind, shape, dtype in PROFILED:
        shape = shape if device.gpu else small[kind]
        side = kind({"shape": shape, "dtype": dtype})
        side.forwardBackward()
        with torch.profiler.profile(activities=activities) as profiled:
            side.forwardBackward()
            if device.gpu:
                torch.cuda.synchronize()
        events = sorted(profiled.key_averages(), key=lambda e: -(e.device_time_total if device.gpu else e.cpu_time_total))
        for event in events[:5]:
            time = event.device_time_total if device.gpu else event.cpu_time_total
            rows.add(f"{kind.__name__} {shape}: {event.key[:90]}", microseconds=float(time), calls=event.count)


def counters(device, arguments, rows):
    """The GPU's own counters for our kernels within the same three operators, by Nsight Compute."""
    program = shutil.which("ncu") if device.gpu else None
    if program is None:
        rows.add("not run", why="ncu is not installed" if device.gpu else "it reads GPUs alone")
        return
    command = [program, "--clock-control", "none", "--csv", "--page", "raw", "--metrics", ",".join(COUNTERS)]
    command += ["--kernel-name-base", "demangled", "--kernel-name", "regex:dsvlm", "--print-units", "base"]
    command += [sys.executable, HERE / "gpu_calls.py", *arguments.libraries]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    (arguments.out / "counters.csv").write_text(done.stdout + done.stderr)
    lines = [line for line in done.stdout.splitlines() if line.startswith('"')]
    for kernel in csv.DictReader(lines):
        found = {short: kernel[name].replace(",", "") for name, short in COUNTERS.items() if kernel.get(name)}
        if kernel["ID"]:  # the line after the header holds units
            rows.add(kernel["Kernel Name"].split("(")[0][:90], **found)
    rows.add("ncu", exit=done.returncode)


def java(device, arguments, rows):
    """The nano recipe for a few steps on the device and on the CPU, in float32: the same losses."""
    if arguments.java is None:
        rows.add("not run", why="--java is missing")
        return
    command = shlex.split(arguments.java)
    losses = {}
    for where in dict.fromkeys([device.name, "cpu"]):
        run = arguments.out / f"java-{where}"
        options = ["train", "--recipe", "nano-scratch", "--out", run, "--set", f"device={where}"]
        for stage in ("stage0", "stage1", "stage2"):
            options += ["--set", f"{stage}.max_steps=3"]
        subprocess.run([*command, *map(str, options)], check=True)
        with open(run / "metrics.jsonl") as lines:
            losses[where] = [row["loss"] for row in map(json.loads, lines) if "loss" in row]
    first, second = losses[device.name], losses["cpu"]
    worst = max((abs(a - b) / abs(b) for a, b in zip(first, second)), default=0.0)
    right = bool(first) and len(first) == len(second) and worst <= 1e-2
    rows.add("losses", right=right, steps=len(first), worst=worst)
    model = arguments.out / f"java-{device.name}" / "export"
    subprocess.run([*command, "probe", "--model", str(model), "--device", device.name], check=True)


def build(device, arguments, rows):
    """native/ against this Python's PyTorch, which may be another version than the Java side's."""
    folder = arguments.build
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
    configure = ["cmake", "-S", ROOT / "native", "-B", folder, f"-DDSVLM_CUDA={'link' if device.gpu else 'off'}"]
    configure += [f"-DDSVLM_LIBTORCH_INCLUDE={torch_folder / 'include'}", f"-DDSVLM_LIBTORCH_LIB={libraries}"]
    if device.gpu:
        major, minor = torch.cuda.get_device_capability()
        configure += [f"-DCMAKE_CUDA_ARCHITECTURES={major}{minor}"]
    with open(arguments.out / "build.log", "wb") as log:
        for command in (configure, ["cmake", "--build", folder, "--parallel", str(os.cpu_count())]):
            subprocess.run([str(part) for part in command], check=True, stdout=log, stderr=log)
    rows.add("built", log=str(arguments.out / "build.log"))


# In this order, and the most seconds that each may take.
STEPS = {
    "facts": (facts, 60),
    "floors": (floors, 60),
    **{f"smoke {operator}": (smoke(operator), 60) for operator in SMALL},
    "memcheck": (memcheck, 120),
    "refusals": (refusals, 60),
    "peaked": (peaked, 60),
    "correctness": (correctness(40, "--without-tracing"), 180),
    "correctness on another stream": (correctness(10, "--without-tracing", "--other-stream"), 90),
    "attention": (attention, 240),
    "group norms": (group_norms, 60),
    "similarities": (similarities, 60),
    "perceptual": (perceptual, 60),
    "optimizer": (optimizer, 60),
    "cross entropy": (cross_entropy, 60),
    "profile": (profile, 60),
    "counters": (counters, 90),
    "tracing": (tracing, 180),
    "java": (java, 300),
}
