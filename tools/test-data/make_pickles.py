# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the small files that PickledWeightsTest reads, with PyTorch itself.

    python3 tools/test-data/make_pickles.py src/test/resources/pickles

Made with torch 2.13.
"""

import sys
from collections import OrderedDict
from pathlib import Path

import torch


class Greeting:
    """A class of the file's own, as a pickle of a whole model would hold."""


def tensors():
    """One tensor of each kind that weights come in."""
    base = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    return OrderedDict(
        float64=base.double() / 4,
        float32=base,
        float16=base.half() / 2,
        bfloat16=base.bfloat16() * 100,
        int64=base.long() - 3,
        int32=base.int() - 3,
        int16=base.short() - 3,
        int8=base.to(torch.int8) - 3,
        uint8=base.to(torch.uint8) + 250,
        bool=base > 2,
        scalar=torch.tensor(1.5),
        empty=torch.zeros(0, 4),
        transposed=base.t(),
        column=base[:, 1],
        tied=base,
        parameter=torch.nn.Parameter(base.clone()),
    )


def main(out):
    every = tensors()
    torch.save(every, out / "zip.bin")
    torch.save(every, out / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save(every, out / "protocol4.bin", pickle_protocol=4)
    torch.save(torch.nn.Linear(3, 2).state_dict(), out / "module.pth")
    torch.save({"half_byte": torch.tensor([1, 2]).to(torch.float8_e4m3fn)}, out / "untyped.pt")
    torch.save(
        {"epoch": 3, "state_dict": {"a": torch.ones(2)}, "optimizer": {"m": torch.zeros(3)}},
        out / "checkpoint.bin",
        _use_new_zipfile_serialization=False,
    )
    torch.save({"model": Greeting()}, out / "object.bin")
    torch.save({"unfolded": torch.ones(1).expand(1000)}, out / "unfolded.bin")
    torch.jit.script(torch.nn.ReLU()).save(str(out / "script.pt"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
