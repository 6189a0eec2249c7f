# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""From a file to what the vision encoder reads, with Pillow and the transformers library."""

from pathlib import Path

import PIL
import torch
import transformers
from PIL import Image

import peer

try:  # the processor on Pillow; newer versions of the library also have one on torchvision
    from transformers import CLIPImageProcessorPil as CLIPImageProcessor
except ImportError:
    from transformers import CLIPImageProcessor


class DataLoading:
    operations = 1

    def __init__(self, request):
        folder = Path(request["models"]) / "pictures"
        self.file = folder / request["shape"].replace(":", ".")
        self.processor = CLIPImageProcessor.from_pretrained(folder)

    def load(self):
        with Image.open(self.file) as picture:
            return self.processor(picture.convert("RGB"), return_tensors="pt")["pixel_values"][0]

    def check(self, mode):
        return [self.load().double().square().mean().item()]


if __name__ == "__main__":
    peer.serve(DataLoading, f", transformers {transformers.__version__}, Pillow {PIL.__version__}")
