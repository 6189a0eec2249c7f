#!/usr/bin/env python3
# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""All that is to be seen on a GPU, in one call: correctness, refusals, times against PyTorch, the Java program.

    check_gpu.py [LIBRARY [CUDA_LIBRARY]] [--out DIR] [--seconds N] [--quick] [--device cpu] [--java COMMAND]
    check_gpu.py --read DIR [--page FILE]
    check_gpu.py [LIBRARY] --rehearse N [--out DIR]

Without libraries it builds native/ against this Python's PyTorch, with nvcc and for this GPU alone; DIR/build.log says
how that went. Every step runs in a process of its own, so that a fault ends one step, and every row is in
DIR/rows.jsonl as soon as it is known: --read shows what there is, whenever the run was cut off, and does so at the end
of each run too. What takes longer than --seconds in all is not begun or is ended. A failure makes the exit code 1.

--java names the command that runs the Java program, tools/dsvlm or "java … org.dsvlm.cli.Main"; it trains the
nano recipe for a few steps on the device and on the CPU, compares the losses, and probes the model. --device cpu
tries the script itself, with small shapes; --rehearse does so, then kills N such runs at random moments and reads what
each left.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

import torch

import gpu_page
import gpu_rows
import gpu_steps
from gpu_device import Device


def run_apart(name, step, arguments, seconds):
    """Runs a step in a forked process, and ends it when its time is over. The parent never touches the GPU."""
    rows = gpu_rows.Rows(arguments.out, name)
    rows.add("begun")
    begun = time.monotonic()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setpgid(0, 0)
            device = Device(arguments.device, arguments.quick)
            if name != "build":
                for library in arguments.libraries:
                    torch.ops.load_library(library)
                torch.set_default_device(device.name)
            step(device, arguments, rows)
            rows.add("done", seconds=time.monotonic() - begun)
            code = 0
        except Exception as error:
            traceback.print_exc()
            rows.add("failed", why=f"{type(error).__name__}: {error}".splitlines()[0])
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() - begun > seconds:
            os.killpg(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            rows.add("failed", why=f"ended after {seconds:.0f} s")
            return
        time.sleep(0.02)
    if os.WIFSIGNALED(status):
        rows.add("failed", why=f"ended by signal {os.WTERMSIG(status)}")


def run(arguments):
    begun = time.monotonic()
    steps = dict(gpu_steps.STEPS)
    if arguments.only:
        steps = {name: steps[name] for name in arguments.only}
    if not arguments.libraries:
        run_apart("build", gpu_steps.build, arguments, arguments.seconds)
        cuda = ["libdsvlm_ops_cuda-dev.so"] if arguments.device != "cpu" else []
        arguments.libraries = [arguments.build / library for library in ["libdsvlm_ops-dev.so", *cuda]]
        if gpu_rows.wrong(gpu_rows.read(arguments.out)):
            return
    for name, (step, most) in steps.items():
        left = arguments.seconds - (time.monotonic() - begun)
        if left < 5:
            gpu_rows.Rows(arguments.out, name).add("not begun", why=f"the {arguments.seconds} s are over")
            continue
        run_apart(name, step, arguments, min(most, left))


def show(folder):
    """Prints what there is; 1 where something is wrong or was cut off."""
    rows = gpu_rows.read(folder)
    table = gpu_rows.table(rows)
    print(table)
    return 1 if gpu_rows.wrong(rows) or "CUT OFF" in table or not rows else 0


def identities(rows):
    return [(row["step"], row["what"]) for row in rows]


def rehearse(arguments):
    """A whole run, then some that are killed: what each leaves are the first rows of the whole one."""

    def start(folder):
        command = [sys.executable, __file__, *arguments.libraries, "--device", "cpu", "--out", folder]
        output = open(arguments.out / (folder.name + ".txt"), "wb")
        return subprocess.Popen([str(part) for part in command], stdout=output, stderr=output, start_new_session=True)

    begun = time.monotonic()
    if start(arguments.out / "whole").wait():
        sys.exit(f"check_gpu: the whole run fails; see {arguments.out / 'whole.txt'}")
    seconds = time.monotonic() - begun
    whole = gpu_rows.read(arguments.out / "whole")
    # The profiler names what the machine happened to do, in an order of its own.
    named = [identity for identity in identities(whole) if identity[0] != "profile"]
    print(f"the whole run: {len(whole)} rows in {seconds:.1f} s", flush=True)
    for i in range(arguments.rehearse):
        folder = arguments.out / f"killed-{i}"
        process = start(folder)
        moment = random.uniform(0.05, 1) * seconds
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            pass
        kill_all_of(process)
        rows = gpu_rows.read(folder)
        read = subprocess.run([sys.executable, __file__, "--read", folder], capture_output=True, text=True, check=False)
        found = [identity for identity in identities(rows) if identity[0] != "profile"]
        if found != named[: len(found)]:
            sys.exit(f"check_gpu: {folder} does not hold the first rows of the whole run")
        if read.stderr or len(read.stdout.splitlines()) < len(rows):
            sys.exit(f"check_gpu: {folder} cannot be read: {read.stderr[-300:]}")
        print(f"killed after {moment:.1f} s: {len(rows)} of {len(whole)} rows, read", flush=True)


def kill_all_of(process):
    """The run and its steps, which have groups of their own."""
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.killpg(process.pid, signal.SIGKILL)
        for child in children:
            os.killpg(int(child), signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        pass  # it has ended by itself
    process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("libraries", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", root / "target" / "gpu")))
    parser.add_argument("--seconds", type=float, default=850, help="for all steps together (850)")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, no graphs")
    parser.add_argument("--only", action="append", metavar="STEP", choices=list(gpu_steps.STEPS), help="a step")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--java", metavar="COMMAND", help="what runs the Java program")
    parser.add_argument("--read", type=Path, metavar="DIR", help="shows what a run has left")
    parser.add_argument("--page", type=Path, metavar="FILE", help="with --read, writes a page of benchmarks/results")
    parser.add_argument("--rehearse", type=int, metavar="N", help="kills N runs on the CPU at random moments")
    arguments = parser.parse_args()
    arguments.build = root / "target" / "gpu-native"
    if arguments.read:
        if arguments.page:
            arguments.page.write_text(gpu_page.page(gpu_rows.read(arguments.read), arguments.page.stem))
        return show(arguments.read)
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.rehearse:
        return rehearse(arguments)
    (arguments.out / "rows.jsonl").unlink(missing_ok=True)
    if arguments.device != "cpu" and not Path("/dev/nvidiactl").exists():
        parser.error("no GPU; --device cpu tries the script without one")
    run(arguments)
    return show(arguments.out)


if __name__ == "__main__":
    sys.exit(main())
