# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Greedy generation with the transformers library, on the model that our side wrote."""

from pathlib import Path

import torch
import transformers
from transformers import LlavaForConditionalGeneration

import peer

PROMPT, TOKENS, CHECKED = 32, 64, 16


class Generation:
    operations = TOKENS

    def __init__(self, request):
        self.dtype = request["dtype"]
        self.model = LlavaForConditionalGeneration.from_pretrained(
            Path(request["models"]) / request["shape"], dtype=getattr(torch, self.dtype)
        ).eval()
        self.prompt = torch.tensor([[100 + 7 * i for i in range(PROMPT)]])

    def generate(self):
        with torch.inference_mode():
            return self.model.generate(
                input_ids=self.prompt,
                attention_mask=torch.ones_like(self.prompt),
                do_sample=False,
                max_new_tokens=TOKENS,
                eos_token_id=-1,
                pad_token_id=0,
            )[0, PROMPT:]

    def check(self, mode):
        if self.dtype != "float32":
            return []
        answer = self.generate().tolist()
        assert len(answer) == TOKENS, f"{len(answer)} tokens instead of {TOKENS}"
        return answer[:CHECKED]


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    peer.serve(Generation, f", transformers {transformers.__version__}")
