# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes folders that look like the public files of docs/reproduce.md, with random weights.

usage: public_folders.py OUT TOKENIZERS [LAYERS]

Names, shapes, formats, shards and layouts are those of the public files; a language model has LAYERS
layers (1), so that it fits a small machine. TOKENIZERS has a folder for each family: llama2 with
tokenizer.model, llama3 and qwen2 with tokenizer.json; a missing tokenizer_config.json is made up. OUT/data
gets a few records for each stage, with pictures in the folders that LLaVA's records name. Run it in the
project's folder.
"""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy
import torch
from PIL import Image
from safetensors.torch import save_file

MODELS = Path("src/main/resources/org/dsvlm/models")
SHAPES = Path("src/test/resources/org/dsvlm/catalogue")
VAE_OF_2022 = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
TOKENIZER_CONFIGS = {
    "llama2": {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "add_eos_token": False},
    "llama3": {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|begin_of_text|>",
        "eos_token": "<|eot_id|>",
    },
    "qwen2": {
        "tokenizer_class": "Qwen2Tokenizer",
        "bos_token": None,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
    },
}
STAGE2 = ["coco/train2017", "gqa/images", "ocr_vqa/images", "textvqa/train_images", "vg/VG_100K", "vg/VG_100K_2"]


def shapes(name, layers=None):
    """The tensors of a list in SHAPES; with layers, only the first ones of a language model."""
    for line in (SHAPES / f"{name}.tsv").read_text().splitlines():
        tensor, shape = line.split("\t")
        sizes = [int(size) for size in re.findall(r"\d+", shape)]
        numbers = re.search(r"\[(\d+)\.\.(\d+)\]", tensor)
        if not numbers:
            yield tensor, sizes
            continue
        for number in range(int(numbers[1]), int(numbers[2]) + 1):
            if layers is None or number < layers:
                yield tensor.replace(numbers[0], str(number)), sizes


def drawn(tensors, dtype):
    """Norms are one, all else is small."""
    weights = {}
    for name, sizes in tensors:
        norm = len(sizes) == 1 and "norm" in name and name.endswith("weight")
        weights[name] = torch.ones(sizes, dtype=dtype) if norm else torch.randn(sizes, dtype=dtype) * 0.02
    return weights


def dump(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2))


def shards(folder, weights, count, stem, ending, save):
    """Several files and an index, as transformers splits a large model."""
    names = list(weights)
    placed = {}
    for number in range(count):
        file = f"{stem}-{number + 1:05d}-of-{count:05d}.{ending}"
        part = names[number * len(names) // count : (number + 1) * len(names) // count]
        save({name: weights[name] for name in part}, folder / file)
        placed.update({name: file for name in part})
    total = sum(tensor.numel() * tensor.element_size() for tensor in weights.values())
    dump(folder / f"{stem}.{ending}.index.json", {"metadata": {"total_size": total}, "weight_map": placed})


def language(out, arch, folder, tokenizer, pickled, count, layers):
    public = json.loads((MODELS / "llama" / f"{arch}.json").read_text())
    dump(out / folder / "config.json", public["config"] | {"num_hidden_layers": layers})
    dump(out / folder / "generation_config.json", public["generation_config"])
    weights = drawn(shapes(f"{arch}.hub", layers), torch.float16 if pickled else torch.bfloat16)
    if pickled:
        shards(out / folder, weights, count, "pytorch_model", "bin", torch.save)
    else:
        shards(out / folder, weights, count, "model", "safetensors", save_file)
    for file in ("tokenizer.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        if (tokenizer / file).exists() and not (pickled and file == "tokenizer.json"):
            shutil.copy(tokenizer / file, out / folder / file)
    if not (out / folder / "tokenizer_config.json").exists():
        dump(out / folder / "tokenizer_config.json", TOKENIZER_CONFIGS[tokenizer.name])


def encoder(out, arch, folder, pickled):
    """Both towers, as the public files have them; the configuration of the picture's is a part of it."""
    public = json.loads((MODELS / "vit" / f"{arch}.json").read_text())
    kind = public["config"]["model_type"].removesuffix("_vision_model")
    dump(out / folder / "config.json", {"model_type": kind, "vision_config": public["config"], "text_config": {}})
    dump(out / folder / "preprocessor_config.json", public["preprocessor_config"])
    weights = drawn(shapes(f"{arch}.hub"), torch.float16)
    if pickled:
        torch.save(weights, out / folder / "pytorch_model.bin")
    else:
        save_file(weights, out / folder / "model.safetensors")


def diffusion(folder):
    public = json.loads((MODELS / "diffusion" / "stable-diffusion-1.5.json").read_text())
    dump(folder / "model_index.json", {"_class_name": "StableDiffusionPipeline"})
    dump(folder / "unet" / "config.json", public["unet"])
    dump(folder / "vae" / "config.json", public["vae"])
    dump(folder / "scheduler" / "scheduler_config.json", public["scheduler"])
    unet = drawn(shapes("stable-diffusion-1.5-unet.diffusers"), torch.float16)
    save_file(unet, folder / "unet" / "diffusion_pytorch_model.safetensors")
    vae = {}
    for name, tensor in drawn(shapes("stable-diffusion-1.5-vae.diffusers"), torch.float32).items():
        if ".attentions." in name:
            for today, before in VAE_OF_2022.items():
                name = name.replace(f".{today}.", f".{before}.")
        vae[name] = tensor
    torch.save(vae, folder / "vae" / "diffusion_pytorch_model.bin")


def perceptual(folder):
    folder.mkdir(parents=True)
    weights, place, channels = {}, 0, 3
    for width, convolutions in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(convolutions):
            weights[f"features.{place}.weight"] = torch.randn(width, channels, 3, 3) * (2 / (9 * channels)) ** 0.5
            weights[f"features.{place}.bias"] = torch.zeros(width)
            place, channels = place + 2, width
        place += 1
    weights["classifier.0.weight"] = torch.zeros(16, 16)
    torch.save(weights, folder / "vgg.pth")
    heads = {f"lin{i}.model.1.weight": torch.rand(1, width, 1, 1) for i, width in enumerate((64, 128, 256, 512, 512))}
    torch.save(heads, folder / "lpips.pth")


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    small = numpy.random.default_rng(sum(path.name.encode())).integers(0, 256, (6, 8, 3), dtype=numpy.uint8)
    Image.fromarray(small).resize((640, 480)).save(path, quality=90)


def data(folder):
    """Pictures of stage 1 lie in numbered folders, those of stage 2 in the folders of their data sets."""
    captions, questions = [], []
    for i in range(8):
        image = f"{i:05d}/{i:09d}.jpg"
        picture(folder / "pictures" / image)
        turns = [{"from": "human", "value": "<image>\nDescribe it."}, {"from": "gpt", "value": "Some colours."}]
        captions.append({"id": f"{i:09d}", "image": image, "conversations": turns})
    for i, place in enumerate(STAGE2):
        image = f"{place}/{i}.jpg"
        picture(folder / "pictures" / image)
        turns = [{"from": "human", "value": "<image>\nWhat is it?"}, {"from": "gpt", "value": "Colours again."}]
        questions.append({"id": str(i), "image": image, "conversations": turns})
    text = [{"from": "human", "value": "What is two and two?"}, {"from": "gpt", "value": "Four."}]
    questions.append({"id": "text", "conversations": text})
    dump(folder / "blip_laion_cc_sbu_558k.json", captions)
    dump(folder / "llava_v1_5_mix665k.json", questions)


def main():
    out, tokenizers = Path(sys.argv[1]), Path(sys.argv[2])
    layers = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    torch.manual_seed(0)
    models = out / "models"
    language(models, "vicuna-7b", "vicuna-7b-v1.5", tokenizers / "llama2", True, 2, layers)
    language(models, "llama-3-8b", "Meta-Llama-3-8B-Instruct", tokenizers / "llama3", False, 4, layers)
    language(models, "qwen2-7b", "Qwen2-7B-Instruct", tokenizers / "qwen2", False, 4, layers)
    encoder(models, "clip-l-336", "clip-vit-large-patch14-336", True)
    encoder(models, "siglip-so400m", "siglip-so400m-patch14-384", False)
    diffusion(models / "stable-diffusion-v1-5")
    perceptual(models / "lpips-vgg16")
    data(out / "data")
    for file in sorted(out.rglob("*")):
        if file.is_file() and "pictures" not in file.parts:
            print(f"{file.stat().st_size:>13,} {file.relative_to(out)}")


if __name__ == "__main__":
    main()
