# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks LoRA adapters against the peft library, both ways, on small random models.

usage: check_adapter.py [DIR [FAMILY...]]

For a LLaVA of each FAMILY (llama, llama3, qwen2; default all) this project trains an adapter; peft
loads it onto the exported LLaVA and has to give the logits and tokens that `dsvlm chat --adapter`
gives. Then peft makes adapters and `dsvlm chat --adapter` has to give what peft gives. The language
model's merged weights have to be those of the run's export, and the adapter of a bare language model
has to load onto it. DIR keeps what was made; without it a temporary folder is used. One line a
check; exit code 1 if one fails.
"""

import json
import sys
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, LlavaForConditionalGeneration

import checks
from checks import dsvlm, report

NEW_TOKENS = 8

TEXT = dict(checks.TEXT, vocab_size=1024)
LLAMA_3_SCALING = dict(checks.LLAMA_3_SCALING, original_max_position_embeddings=64)
LLAMA_3 = dict(
    model_type="llama",
    num_key_value_heads=2,
    rope_theta=500000.0,
    rope_scaling=LLAMA_3_SCALING,
)
QWEN_2 = dict(model_type="qwen2", num_key_value_heads=2, tie_word_embeddings=True)
FAMILIES = {
    "llama": ("clip", dict(TEXT, model_type="llama")),
    "llama3": ("siglip", dict(TEXT, **LLAMA_3)),
    "qwen2": ("clip", dict(TEXT, **QWEN_2)),
}
VISION = {
    "clip": (
        dict(model_type="clip_vision_model"),
        dict(
            image_processor_type="CLIPImageProcessor",
            size=dict(shortest_edge=16),
            crop_size=dict(height=16, width=16),
        ),
    ),
    "siglip": (
        dict(model_type="siglip_vision_model"),
        dict(image_processor_type="SiglipImageProcessor", size=dict(height=16, width=16)),
    ),
}

def write_data(work):
    """Records of one picture each, in LLaVA's JSON."""
    pictures = work / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    records = []
    for i in range(4):
        picture = Image.new("RGB", (16, 16))
        picture.putdata([((p * (i + 3)) % 256, (p * p) % 256, 40 * i) for p in range(256)])
        picture.save(pictures / f"{i}.png")
        turns = [
            {"from": "human", "value": "<image>\nWhat is it?"},
            {"from": "gpt", "value": f"a dog, number {i}"},
        ]
        records.append({"id": str(i), "image": f"{i}.png", "conversations": turns})
    (work / "records.json").write_text(json.dumps(records))


def recipe(work, name, model, steps):
    """A recipe file (JSON is YAML) without supervision."""
    stage = dict(batch_size=4, micro_batch_size=4, learning_rate=0.02)
    tree = dict(
        model=model,
        data=dict(
            stage1=str(work / "records.json"),
            stage2=str(work / "records.json"),
            pictures=str(work / "pictures"),
        ),
        stage1=dict(stage, epochs=0.0),
        stage2=dict(stage, epochs=0.0, max_steps=steps),
        supervision=dict(enabled=False),
    )
    file = work / f"{name}.yaml"
    file.write_text(json.dumps(tree))
    return file


def run(work, name, model, steps=0):
    folder = work / name
    if not folder.exists():
        dsvlm("train", "--recipe", recipe(work, name, model, steps), "--out", folder)
    return folder


def ours(work, name, base, adapter):
    """What this project makes of one prompt about a picture."""
    file = work / f"{name}.safetensors"
    prompt = ["--image", work / "pictures" / "1.png", "--prompt", "What is it?"]
    dsvlm(
        *["chat", "--model", base, "--adapter", adapter, "--check", file],
        *["--max-new-tokens", NEW_TOKENS, *prompt],
    )
    return load_file(file)


def load(kind, folder):
    model, problems = checks.open_model(folder, kind)
    if problems:
        sys.exit(f"{folder}: {problems}")
    return model


def compare(check, model, expected):
    """peft's model against the figures of this project."""
    problems, figures = checks.compare(model, expected)
    with torch.no_grad(), model.disable_adapter():
        ids, pixels = expected["input_ids"], expected["pixel_values"].float()
        plain = model(input_ids=ids, pixel_values=pixels).logits
    effect = (expected["logits"] - plain).abs().max().item()
    if not effect > 100 * checks.TOLERANCE:
        problems.append(f"the adapter changes the logits by {effect:.1e} alone, which shows nothing")
    report(check, problems, f"{figures} (the adapter moves logits by {effect:.1e})")


def randomise(model):
    """Numbers for lora_B, which starts at zero."""
    generator = torch.Generator().manual_seed(3)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.3 * torch.randn(parameter.shape, generator=generator)


def language_weights(model):
    """By name below the decoder, and the head's."""
    found = {}
    for name, tensor in model.state_dict().items():
        for prefix in ("model.language_model.", "model."):
            if name.startswith(prefix) and "vision" not in name and "projector" not in name:
                found[name.removeprefix(prefix)] = tensor
                break
    return found


def compare_merged(check, merged, exported):
    expected, actual = language_weights(exported), language_weights(merged)
    problems = []
    if expected.keys() != actual.keys():
        problems.append(f"names differ: {sorted(expected.keys() ^ actual.keys())}")
    else:
        # The export may have rows of its own for the image token.
        differences = [
            (tensor[: actual[name].shape[0]] - actual[name]).abs().max().item()
            for name, tensor in expected.items()
        ]
        worst = max(differences)
        if not worst <= 1e-6:
            problems.append(f"weights differ by {worst:.1e}, more than 1e-6")
    report(check, problems, f"{len(expected)} weights within {worst:.1e}")


def check_llava(work, family):
    tower, text = FAMILIES[family]
    vision, preprocessor = VISION[tower]
    shape = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2)
    vision = dict(vision, **shape, image_size=16, patch_size=8)
    parts = dict(
        vision=dict(config=vision, preprocessor=preprocessor),
        language=dict(config=text, trainable=False),
        tokenizer="nano",
    )
    base = run(work, "base", parts) / "export"
    lora = dict(rank=4, alpha=8.0, dropout=0.1, target_modules="all-linear")
    whole = dict(llava=str(base), language=dict(lora=lora))
    trained = run(work, "trained", whole, steps=8)
    about = f"{family} with {tower}"

    model = PeftModel.from_pretrained(
        load(LlavaForConditionalGeneration, base), trained / "adapter"
    ).eval()
    expected = ours(work, "ours", base, trained / "adapter")
    compare(f"{about}, our adapter in peft", model, expected)
    exported = load(LlavaForConditionalGeneration, trained / "export")
    compare_merged(f"{about}, merged by peft and by us", model.merge_and_unload(), exported)

    theirs = {
        "all-linear, rank-stabilised": dict(target_modules="all-linear", use_rslora=True),
        "a list, ranks and alphas of single layers": dict(
            target_modules=["q_proj", "fc1", "up_proj"],
            rank_pattern={"up_proj": 2},
            alpha_pattern={"layers.0.self_attn.q_proj": 3},
        ),
        "an expression": dict(target_modules=r".*language_model.*\.(v_proj|o_proj|down_proj)"),
        "one layer alone": dict(target_modules=["q_proj", "gate_proj"], layers_to_transform=[1]),
    }
    chosen = list(theirs.items())[: len(theirs) if family == "llama" else 1]
    for number, (what, settings) in enumerate(chosen):
        config = LoraConfig(r=3, lora_alpha=6, task_type="CAUSAL_LM", **settings)
        model = get_peft_model(load(LlavaForConditionalGeneration, base), config).eval()
        randomise(model)
        folder = work / f"peft{number}"
        model.save_pretrained(folder)
        expected = ours(work, f"peft{number}", base, folder)
        compare(f"{about}, peft's adapter in ours ({what})", model, expected)

    check_language(work, about, dict(parts, language=dict(lora=lora)), base)


def check_language(work, about, parts, llava):
    """The adapter of a run that starts from a bare language model."""
    model = load(LlavaForConditionalGeneration, llava)
    bare = AutoModelForCausalLM.from_config(model.config.text_config)
    bare.model.load_state_dict(model.model.language_model.state_dict())
    bare.lm_head.load_state_dict(model.lm_head.state_dict())
    folder = work / "language"
    bare.save_pretrained(folder)
    parts["language"]["path"] = str(folder)
    trained = run(work, "bare", parts, steps=8)
    model = PeftModel.from_pretrained(load(AutoModelForCausalLM, folder), trained / "adapter")
    exported = load(LlavaForConditionalGeneration, trained / "export")
    compare_merged(f"{about}, language model's adapter", model.merge_and_unload(), exported)


def main():
    families = sys.argv[2:] or list(FAMILIES)
    if len(sys.argv) > 1 and sys.argv[1].startswith("-") or not set(families) <= set(FAMILIES):
        sys.exit(__doc__)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(sys.argv[1] if len(sys.argv) > 1 else temporary).resolve()
        for family in families:
            work = root / family
            work.mkdir(parents=True, exist_ok=True)
            write_data(work)
            try:
                check_llava(work, family)
            except RuntimeError as error:
                report(family, [str(error)], "")
    checks.finish()


if __name__ == "__main__":
    main()
