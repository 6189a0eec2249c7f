# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers to a batch of questions with the transformers library, on the model that our side wrote."""

from pathlib import Path

import torch
import transformers
from transformers import AutoTokenizer, LlavaForConditionalGeneration

import peer

QUESTIONS, TOKENS, SHORTEST, LEVELS = 16, 32, 20, 251


class Evaluation:
    operations = QUESTIONS

    def __init__(self, request):
        folder = Path(request["models"]) / request["shape"]
        self.dtype = request["dtype"]
        dtype = getattr(torch, self.dtype)
        self.model = LlavaForConditionalGeneration.from_pretrained(folder, dtype=dtype).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        config = self.model.config
        side = config.vision_config.image_size
        patches = config.image_seq_length
        rows = []
        for question in range(QUESTIONS):
            words = [100 + (7 * i + 13 * question) % 300 for i in range(SHORTEST + 3 * (question % 7))]
            rows.append(words[:5] + [config.image_token_id] * patches + words[5:])
        longest = max(len(row) for row in rows)
        pad = self.tokenizer.pad_token_id or 0
        self.ids = torch.tensor([[pad] * (longest - len(row)) + row for row in rows])
        self.mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
        levels = torch.arange(3 * side * side)
        pictures = [(levels * 37 + 11 * question) % LEVELS / LEVELS - 0.5 for question in range(QUESTIONS)]
        self.pixels = torch.stack(pictures).view(QUESTIONS, 3, side, side).to(dtype)

    def answer(self):
        with torch.inference_mode():
            made = self.model.generate(
                input_ids=self.ids,
                attention_mask=self.mask,
                pixel_values=self.pixels,
                do_sample=False,
                max_new_tokens=TOKENS,
                eos_token_id=-1,
                pad_token_id=0,
            )
        return self.tokenizer.batch_decode(made[:, self.ids.shape[1] :], skip_special_tokens=True)

    def check(self, mode):
        return [len(text) for text in self.answer()] if self.dtype == "float32" else []


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    peer.serve(Evaluation, f", transformers {transformers.__version__}")
