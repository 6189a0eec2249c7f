# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""The rows of check_gpu.py: on the disk as soon as they are known, readable whenever the run was cut off."""

import json
import os
from pathlib import Path


class Rows:
    """Appends rows to DIR/rows.jsonl, each in one write that has reached the disk when add returns."""

    def __init__(self, folder, step):
        self.path, self.step = Path(folder) / "rows.jsonl", step

    def add(self, what, **figures):
        line = json.dumps({"step": self.step, "what": what, **figures}) + "\n"
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, line.encode())
            os.fsync(file)
        finally:
            os.close(file)


def read(folder):
    """All rows; one that was cut off in the middle is the last of its process, and left out."""
    path = Path(folder) / "rows.jsonl"
    rows = []
    for line in path.read_text().splitlines() if path.is_file() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows


def table(rows):
    """What a person reads: a line a row, and what became of each step."""
    lines = []
    for row in rows:
        figures = []
        for name, value in row.items():
            if name not in ("step", "what", "output"):
                figures.append(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}")
        lines.append(f"{row['step']}: {row['what']}" + (": " + ", ".join(figures) if figures else ""))
    ended = {row["step"] for row in rows if row["what"] in ("done", "failed")}
    for step in dict.fromkeys(row["step"] for row in rows if row["what"] == "begun"):
        if step not in ended:
            lines.append(f"{step}: CUT OFF")
    return "\n".join(lines)


def wrong(rows):
    """Steps that failed, and rows that say that something is not right."""
    return [row for row in rows if row["what"] == "failed" or row.get("right") is False]
