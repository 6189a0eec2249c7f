#!/usr/bin/env python3
# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads a run's event files with TensorBoard's own reader and compares them with metrics.jsonl.

    check_events.py RUN

Needs the packages tensorboard and pillow. Every scalar of every step has to be the number of
metrics.jsonl to float32, every step has to be there once, and every picture has to open.
"""
import io
import json
import pathlib
import sys

import numpy
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

# Tags whose key in metrics.jsonl is not the tag with "_" for "/".
KEYS = {"loss/total": "loss", "grad_norm/total": "grad_norm"}
ROUTER = "router_"


def numbers(rows, tag):
    """What metrics.jsonl has for the tag, by step."""
    if tag.startswith(ROUTER):
        # router_low/down.0.1: a list by layer, in the order of the keys router_text, router_low ...
        feature, layer = tag[len(ROUTER):].split("/")
        return {row["step"]: row["router"][layer][features(row).index(feature)]
                for row in rows if "router" in row}
    key = KEYS.get(tag, tag.replace("/", "_"))
    return {row["step"]: row[key] for row in rows if key in row}


def features(row):
    return [key[len(ROUTER):] for key in row if key.startswith(ROUTER)]


def check(folder, metrics):
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    rows = [json.loads(line) for line in metrics.read_text().splitlines()]
    tags = events.Tags()
    compared = 0
    for tag in tags["scalars"]:
        wanted = numbers(rows, tag)
        found = [(scalar.step, scalar.value) for scalar in events.Scalars(tag)]
        if [step for step, _ in found] != list(wanted):
            sys.exit(f"{folder}: {tag}: steps {[step for step, _ in found]}, wanted {list(wanted)}")
        for step, value in found:
            number = wanted[step]
            same = not numpy.isfinite(value) if number is None else value == numpy.float32(number)
            if not same:
                sys.exit(f"{folder}: {tag}: step {step}: {value}, wanted {number}")
            compared += 1
    pictures = [image for tag in tags["images"] for image in events.Images(tag)]
    for picture in pictures:
        size = Image.open(io.BytesIO(picture.encoded_image_string)).size
        if size != (picture.width, picture.height):
            sys.exit(f"{folder}: step {picture.step}: a picture of {size}")
    if not compared:
        sys.exit(f"{folder}: no scalars")
    print(f"{folder}: {len(tags['scalars'])} tags, {len(rows)} steps, {compared} scalars equal,"
          f" pictures of steps {[picture.step for picture in pictures]}")


def main():
    run = pathlib.Path(sys.argv[1])
    check(run / "tensorboard", run / "metrics.jsonl")
    stage0 = run / "tensorboard" / "stage0"
    if stage0.exists():
        check(stage0, run / "metrics_stage0.jsonl")


main()
