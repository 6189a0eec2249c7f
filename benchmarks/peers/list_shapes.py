# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""Lists the name and shape of each tensor of the public models, as the projects they come from do.

usage: list_shapes.py OUT [LLAVA]

Writes OUT/MODEL.LAYOUT.tsv for each model and layout that what is installed can make: a line is a
name, a tab and the shape. Layers that are alike but for their number share a line, the numbers as
[0..31]. The models are built on PyTorch's meta device from their public configurations, so neither
weights nor memory are needed.

  transformers 5        language models, CLIP, SigLIP, and LLaVA as that version saves it
  transformers 4.57     LLaVA as 4.51 and the files on the hub have it (what save_pretrained of 4.57
                        writes) and as 4.52 and later name it in memory
  diffusers             the UNet and the VAE of Stable Diffusion 1.5
  LLAVA                 a checkout of haotian-liu/LLaVA: the layout of the original files

The test resources below src/test/resources/org/dsvlm/catalogue come from transformers 5.17.0, 4.57.6,
diffusers 0.40.0.dev0 and LLaVA c121f04.
"""

import importlib
import re
import sys
import tempfile
import types
from pathlib import Path

import torch

try:
    import transformers
except ImportError:
    # Its list of wanted versions may be older than what is installed beside it; building a model
    # does not depend on them.
    unchecked = types.ModuleType("transformers.dependency_versions_check")
    unchecked.dep_version_check = lambda *_: None
    sys.modules[unchecked.__name__] = unchecked
    import transformers

from safetensors import safe_open
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPVisionConfig,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    Qwen2Config,
    Qwen2ForCausalLM,
    SiglipConfig,
    SiglipModel,
    SiglipVisionConfig,
)



def language(vocabulary, width, between, layers, heads, kv_heads, **others):
    return dict(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=between,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        **others,
    )


def encoder(width, between, layers, heads, **others):
    return dict(
        hidden_size=width,
        intermediate_size=between,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        **others,
    )


VICUNA_7B = language(32000, 4096, 11008, 32, 32, 32)
VICUNA_13B = language(32000, 5120, 13824, 40, 40, 40)
LLAMA_3_8B = language(128256, 4096, 14336, 32, 32, 8)
QWEN2_7B = language(152064, 3584, 18944, 28, 28, 4, tie_word_embeddings=False)
CLIP_L_336 = encoder(1024, 4096, 24, 16, image_size=336, patch_size=14, projection_dim=768)
CLIP_L_TEXT = encoder(
    768, 3072, 12, 12, vocab_size=49408, max_position_embeddings=77, projection_dim=768
)
SIGLIP_SO400M = encoder(1152, 4304, 27, 16, image_size=384, patch_size=14)
SIGLIP_SO400M_TEXT = encoder(1152, 4304, 27, 16, vocab_size=32000, max_position_embeddings=64)
# Language model, its class of configuration, and the rows of its table once it has an image token.
LLAVAS = {
    "llava-1.5-7b": (LlamaConfig, VICUNA_7B, 32064),
    "llava-1.5-13b": (LlamaConfig, VICUNA_13B, 32064),
    "llava-llama-3-8b": (LlamaConfig, LLAMA_3_8B, 128320),
    "llava-qwen2-7b": (Qwen2Config, QWEN2_7B, 152064),
}
TOWERS = {
    "clip": (CLIPVisionConfig, CLIP_L_336),
    "siglip": (SiglipVisionConfig, SIGLIP_SO400M),
}
# Sizes that no name depends on, for a peer that can be saved.
NARROW = dict(
    **dict.fromkeys(["hidden_size", "intermediate_size", "projection_dim"], 8),
    **dict.fromkeys(["num_attention_heads", "num_key_value_heads"], 2),
    vocab_size=128,
    image_size=28,
)


def shapes(build):
    with torch.device("meta"):
        model = build()
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def llava(language, tower, **changes):
    kind, sizes, rows = language
    vision_kind, vision_sizes = tower
    text = {**sizes, "vocab_size": rows, **changes}
    vision = {key: changes.get(key, value) for key, value in vision_sizes.items()}
    return LlavaForConditionalGeneration(
        LlavaConfig(text_config=kind(**text), vision_config=vision_kind(**vision))
    )


def saved_names(language, tower):
    """From a name in memory to the name in the file that save_pretrained writes."""
    model = llava(language, tower, **NARROW)
    names = list(model.state_dict())
    with torch.no_grad():
        for number, parameter in enumerate(model.state_dict().values()):
            parameter.fill_(number)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        with safe_open(Path(folder) / "model.safetensors", "pt") as file:
            return {
                names[int(file.get_tensor(key).flatten()[0])]: key for key in file.keys()
            }


def original(checkout, sizes):
    """LLaVA's own classes; the frozen vision tower is not in its files."""
    for name in ("llava", "llava.model"):
        # Their __init__ would import every model of the project.
        package = types.ModuleType(name)
        package.__path__ = [str(Path(checkout, *name.split(".")))]
        sys.modules.setdefault(name, package)
    sys.path.insert(0, str(checkout))
    module = importlib.import_module("llava.model.language_model.llava_llama")
    with tempfile.TemporaryDirectory() as tower:
        CLIPVisionConfig(**CLIP_L_336).save_pretrained(tower)
        config = module.LlavaConfig(
            **sizes,
            mm_vision_tower=tower,
            mm_hidden_size=CLIP_L_336["hidden_size"],
            mm_projector_type="mlp2x_gelu",
            mm_vision_select_layer=-2,
            mm_vision_select_feature="patch",
            mm_use_im_patch_token=False,
            pretraining_tp=1,
        )
        return shapes(lambda: module.LlavaLlamaForCausalLM(config))


def folded(names):
    """Lines of the file: runs of layers that are alike as one."""
    numbers = {}
    for name, shape in names.items():
        match = re.fullmatch(r"(.*\.layers\.)(\d+)(\..*)", name)
        key = (match[1], match[3], shape) if match else (name, None, shape)
        numbers.setdefault(key, []).append(int(match[2]) if match else None)
    for (head, tail, shape), found in numbers.items():
        if tail is None:
            name = head
        else:
            if found != list(range(len(found))):
                raise ValueError(f"layers of {head}*{tail} are {found}")
            name = f"{head}[0..{len(found) - 1}]{tail}"
        yield f"{name}\t{','.join(map(str, shape))}\n"


def write(out, name, names):
    (out / f"{name}.tsv").write_text("".join(folded(names)))
    total = sum(torch.Size(shape).numel() for shape in names.values())
    print(f"{name}: {len(names)} tensors, {total} parameters")


def write_transformers_5(out):
    for name, (kind, model, sizes) in {
        "vicuna-7b": (LlamaConfig, LlamaForCausalLM, VICUNA_7B),
        "vicuna-13b": (LlamaConfig, LlamaForCausalLM, VICUNA_13B),
        "llama-3-8b": (LlamaConfig, LlamaForCausalLM, LLAMA_3_8B),
        "qwen2-7b": (Qwen2Config, Qwen2ForCausalLM, QWEN2_7B),
    }.items():
        write(out, f"{name}.hub", shapes(lambda: model(kind(**sizes))))
    clip = CLIPConfig(text_config=CLIP_L_TEXT, vision_config=CLIP_L_336, projection_dim=768)
    write(out, "clip-l-336.hub", shapes(lambda: CLIPModel(clip)))
    siglip = SiglipConfig(text_config=SIGLIP_SO400M_TEXT, vision_config=SIGLIP_SO400M)
    write(out, "siglip-so400m.hub", shapes(lambda: SiglipModel(siglip)))


def write_llavas(out, version):
    for name, language in LLAVAS.items():
        for vision, tower in TOWERS.items():
            model = name if vision == "clip" else f"{name}-{vision}"
            found = shapes(lambda: llava(language, tower))
            saved = saved_names(language, tower)
            in_file = {saved[key]: shape for key, shape in found.items()}
            if version < 5:
                write(out, f"{model}.transformers-4.52", found)
                write(out, f"{model}.hub", in_file)
            else:
                write(out, f"{model}.transformers-5", in_file)


def write_diffusers(out):
    from diffusers import AutoencoderKL, UNet2DConditionModel

    levels = 4
    write(
        out,
        "stable-diffusion-1.5-unet.diffusers",
        # Its defaults are those of Stable Diffusion 1.x but for the width of the text.
        shapes(lambda: UNet2DConditionModel(cross_attention_dim=768)),
    )
    write(
        out,
        "stable-diffusion-1.5-vae.diffusers",
        shapes(
            lambda: AutoencoderKL(
                down_block_types=["DownEncoderBlock2D"] * levels,
                up_block_types=["UpDecoderBlock2D"] * levels,
                block_out_channels=[128, 256, 512, 512],
                layers_per_block=2,
                latent_channels=4,
            )
        ),
    )


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    transformers.logging.set_verbosity_error()
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    version = int(transformers.__version__.split(".")[0])
    write_llavas(out, version)
    if version >= 5:
        write_transformers_5(out)
    if len(sys.argv) == 3:
        write(out, "llava-1.5-7b.original", original(sys.argv[2], VICUNA_7B))
        write(out, "llava-1.5-13b.original", original(sys.argv[2], VICUNA_13B))
    if importlib.util.find_spec("diffusers"):
        write_diffusers(out)


if __name__ == "__main__":
    main()
