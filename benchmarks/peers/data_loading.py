# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""What a loader makes of a file with Pillow, transformers and tokenizers.

load: the levels that the vision encoder reads. record: a batch of one record, padded to a square, with the
picture that the diffusion reconstructs, and tokens and labels, each round of the conversation tokenized by
itself once more to know its length, as LLaVA's loader does. decode: the picture alone.
"""

import json
from pathlib import Path

import numpy
import PIL
import torch
import transformers
from PIL import Image

import peer

try:  # the processor on Pillow; newer versions of the library also have one on torchvision
    from transformers import CLIPImageProcessorPil as CLIPImageProcessor
except ImportError:
    from transformers import CLIPImageProcessor

IMAGE = "<image>"
IMAGE_TOKENS = 576
IGNORED = -100
SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful,"
    " detailed, and polite answers to the user's questions. "
)
ANSWER = "ASSISTANT:"
END = "</s>"
TARGET_SIDE = 512


class DataLoading:
    operations = 1

    def __init__(self, request):
        models = Path(request["models"])
        self.folder = models / "pictures"
        self.file = self.folder / request["shape"].replace(":", ".")
        self.processor = CLIPImageProcessor.from_pretrained(self.folder)
        self.records = json.loads(self.file.with_name(self.file.name + ".records.json").read_text())
        self.tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(models / "tokenizer.json"))
        self.image_token = self.tokenizer.convert_tokens_to_ids(IMAGE)
        self.background = tuple(int(255 * mean) for mean in self.processor.image_mean)

    def decode(self):
        with Image.open(self.file) as picture:
            return picture.convert("RGB")

    def levels(self, picture):
        return self.processor(picture, return_tensors="pt")["pixel_values"]

    def load(self):
        return self.levels(self.decode())[0]

    def square(self, picture):
        side = max(picture.size)
        square = Image.new("RGB", (side, side), self.background)
        square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
        return square

    def target(self, seen):
        """seen: what the encoder sees, in 8 bits; levels from -1 to 1."""
        resized = seen.resize((TARGET_SIDE, TARGET_SIDE), Image.BICUBIC)
        levels = torch.from_numpy(numpy.asarray(resized).copy()).permute(2, 0, 1)
        return (levels.float() / 127.5 - 1).unsqueeze(0)

    def ids(self, text):
        joined = []
        for i, part in enumerate(text.split(IMAGE)):
            joined += [self.image_token] * (IMAGE_TOKENS if i else 0)
            joined += self.tokenizer(part, add_special_tokens=False).input_ids
        return joined

    def tokens(self, turns):
        rounds = [
            f"USER: {question['value']} {ANSWER} {answer['value']}{END}"
            for question, answer in zip(turns[::2], turns[1::2])
        ]
        begin = [self.tokenizer.convert_tokens_to_ids("<s>")]
        ids = begin + self.ids(SYSTEM + "".join(rounds))
        labels = list(ids)
        at = 0
        for i, text in enumerate(rounds):
            whole = (SYSTEM if i == 0 else "") + text
            question = whole.split(f" {ANSWER} ")[0] + f" {ANSWER}"
            before = len(begin) if i == 0 else 0
            untrained = before + len(self.ids(question))
            labels[at : at + untrained] = [IGNORED] * untrained
            at += before + len(self.ids(whole))
        return torch.tensor([ids]), torch.tensor([labels])

    def record(self):
        record = self.records[0]
        with Image.open(self.folder / record["image"]) as picture:
            square = self.square(picture.convert("RGB"))
        side = self.processor.crop_size["height"]
        seen = square.resize((side, side), Image.BICUBIC)
        ids, labels = self.tokens(record["conversations"])
        return self.levels(seen), self.target(seen), ids, labels

    def check(self, mode):
        if mode == "record":
            pixels, target, ids, labels = self.record()
            results = [pixels, target, ids, labels != IGNORED]
        elif mode == "decode":
            results = [torch.from_numpy(numpy.asarray(self.decode()).copy())]
        else:
            results = [self.load()]
        return [result.double().square().mean().item() for result in results]


if __name__ == "__main__":
    peer.serve(DataLoading, f", transformers {transformers.__version__}, Pillow {PIL.__version__}")
