# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Holds what `dsvlm plan --measure` says of a recipe against a run of it on the same machine.

usage: check_plan.py DSVLM [RECIPE [TIMES]]

DSVLM is the launcher, tools/dsvlm; RECIPE is nano-scratch unless given. Plans and short runs take
turns, TIMES (3) of each. Compared are the median time of a stage's steps in its second half, when the virtual
machine has compiled what is called often, and the largest resident size that metrics.jsonl has up to the stage's
end: what one stage took, malloc keeps for the next. The machine should have nothing else to do. Exit code 1 if the
median of the turns' ratios is more than 15 % off.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TOLERANCE = 0.15
STEPS = {0: 60, 1: 120, 2: 120}


def overrides():
    return [word for stage, steps in STEPS.items() for word in ("--set", f"stage{stage}.max_steps={steps}")]


def planned(launcher, recipe):
    """Seconds of a step and bytes by stage."""
    command = [launcher, "plan", "--measure", "--json", "--recipe", recipe, *overrides()]
    plan = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    stages = {}
    memory = 0
    for name, stage in plan["stages"].items():
        memory = max(memory, stage["memory"]["total"])
        stages[int(name.removeprefix("stage"))] = (stage["seconds_per_step"], memory)
    return stages


def measured(launcher, recipe):
    """The same of a run."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [launcher, "train", "--recipe", recipe, "--out", str(run), *overrides()]
        subprocess.run(command, check=True, capture_output=True)
        steps = {}
        for file in ("metrics_stage0.jsonl", "metrics.jsonl"):
            if (run / file).exists():
                for line in (run / file).read_text().splitlines():
                    step = json.loads(line)
                    steps.setdefault(step["stage"], []).append(step)
    stages = {}
    memory = 0
    for stage, of_stage in sorted(steps.items()):
        memory = max(memory, max(step["resident_bytes"] for step in of_stage))
        seconds = [step["samples"] / step["samples_per_second"] for step in of_stage[len(of_stage) // 2 :]]
        stages[stage] = (statistics.median(seconds), memory)
    return stages


def main():
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    launcher = sys.argv[1]
    recipe = sys.argv[2] if len(sys.argv) > 2 else "nano-scratch"
    times = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    ratios = {}
    for _ in range(times):
        plan = planned(launcher, recipe)
        run = measured(launcher, recipe)
        for stage, (seconds, memory) in run.items():
            ratio = (plan[stage][0] / seconds, plan[stage][1] / memory)
            ratios.setdefault(stage, []).append(ratio)
            print(
                f"stage {stage}: {plan[stage][0]:.3f} s a step planned, {seconds:.3f} measured ({ratio[0] - 1:+.0%}); "
                f"{plan[stage][1] / 1e9:.3f} GB planned, {memory / 1e9:.3f} measured ({ratio[1] - 1:+.0%})",
                flush=True,
            )
    failed = False
    for stage, of_stage in ratios.items():
        off = [statistics.median(column) - 1 for column in zip(*of_stage)]
        failed |= any(abs(part) > TOLERANCE for part in off)
        print(f"stage {stage}, median: time {off[0]:+.0%}, memory {off[1]:+.0%}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
