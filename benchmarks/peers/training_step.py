# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
"""A supervised training step in PyTorch, with the modules of transformers and diffusers.

The models are those that our side wrote, the batch is drawn as it draws it. A step does what a step
of a run does: fresh timesteps and noise, both losses, the backward pass, the norm of the gradients
and clipping, AdamW with float32 masters of bfloat16 parameters, and the numbers that a trainer logs,
read off the device.
"""

import json
import math
from pathlib import Path

import diffusers
import torch
import torch.nn.functional as F
import transformers
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors.torch import load_file
from transformers import LlavaForConditionalGeneration

import peer

SPECIAL_TOKENS, TEXT_TOKENS, ANSWER_TOKENS = 16, 32, 16
CHECKED_STEPS = 2
LEARNING_RATE, VISION_LEARNING_RATE = 2e-3, 1e-3
BETAS, MAX_GRAD_NORM = (0.9, 0.999), 1.0
IMAGE_LEVELS = ["low", "mid", "high"]
STAGES = [2, 2, 3, 3, 3]


class Experts(torch.nn.Module):
    """One expert a feature in the place of a cross-attention, weighed by a router."""

    def __init__(self, attention, weights, path):
        super().__init__()
        for level in IMAGE_LEVELS:
            for part in ("to_k", "to_v"):
                original = getattr(attention, part)
                linear = torch.nn.Linear(original.in_features, original.out_features, bias=False)
                linear.weight.data = weights[f"{path}.{part}_{level}.weight"]
                self.add_module(f"{part}_{level}", linear)
        self.router = torch.nn.Parameter(weights[f"{path}.router.weight"])

    def __call__(self, attention, hidden_states, encoder_hidden_states=None, **unused):
        heads = attention.heads
        query = attention.to_q(hidden_states)
        probabilities = F.linear(query.mean(1), self.router).softmax(-1)
        split = lambda x: x.unflatten(2, (heads, -1)).transpose(1, 2)
        mixed = 0
        for e, context in enumerate(encoder_hidden_states):
            owner, suffix = (attention, "") if e == 0 else (self, f"_{IMAGE_LEVELS[e - 1]}")
            key = split(getattr(owner, f"to_k{suffix}")(context))
            value = split(getattr(owner, f"to_v{suffix}")(context))
            attended = F.scaled_dot_product_attention(split(query), key, value)
            mixed = mixed + probabilities[:, e, None, None, None] * attended
        return attention.to_out[0](mixed.transpose(1, 2).flatten(2))


class Perceptual:
    """LPIPS on VGG-16."""

    def __init__(self, folder, dtype):
        self.vgg = {name: w.to(dtype) for name, w in load_file(folder / "vgg.safetensors").items()}
        heads = load_file(folder / "lpips.safetensors")
        self.heads = [heads[f"lin{i}.model.1.weight"].to(dtype) for i in range(len(STAGES))]
        self.shift = torch.tensor([-0.03, -0.088, -0.188], dtype=dtype).view(1, 3, 1, 1)
        self.scale = torch.tensor([0.458, 0.448, 0.45], dtype=dtype).view(1, 3, 1, 1)

    def features(self, picture):
        hidden = (picture - self.shift) / self.scale
        outputs, index = [], 0
        for stage, convolutions in enumerate(STAGES):
            if stage > 0:
                hidden = F.max_pool2d(hidden, 2)
            for _ in range(convolutions):
                name = f"features.{index}."
                hidden = F.conv2d(hidden, self.vgg[name + "weight"], self.vgg[name + "bias"], padding=1)
                hidden = F.relu(hidden)
                index += 2
            index += 1
            outputs.append(hidden)
        return outputs

    def distance(self, picture, target):
        direction = lambda f: f / (f.square().sum(1, keepdim=True).sqrt() + 1e-10)
        with torch.no_grad():
            expected = [direction(features) for features in self.features(target)]
        total = 0
        for features, wanted, head in zip(self.features(picture), expected, self.heads):
            total = total + F.conv2d((direction(features) - wanted).square(), head).mean((1, 2, 3))
        return total


class TrainingStep:
    operations = 1

    def __init__(self, request):
        models, dtype = Path(request["models"]), getattr(torch, request["dtype"])
        folder = models / "nano-supervision"
        self.llava = LlavaForConditionalGeneration.from_pretrained(models / "nano", dtype=dtype).train()
        stable_diffusion = folder / "stable_diffusion"
        self.unet = UNet2DConditionModel.from_pretrained(
            stable_diffusion, subfolder="unet", torch_dtype=dtype
        ).train()
        self.vae = AutoencoderKL.from_pretrained(stable_diffusion, subfolder="vae", torch_dtype=dtype)
        self.vae.requires_grad_(False).eval()
        schedule = DDIMScheduler.from_pretrained(stable_diffusion, subfolder="scheduler")
        self.alphas = schedule.alphas_cumprod
        self.config = json.loads((folder / "supervision.json").read_text())
        self.perceptual = Perceptual(folder, dtype)
        self.add_adapters(load_file(folder / "multi_adapter.safetensors"), dtype)
        self.dtype, self.batch = dtype, int(request["shape"].split(":")[1])
        self.draws = models / f"training_step.{self.batch}.safetensors"
        self.optimize()
        self.draw(peer.Inputs("float32"))

    def optimize(self):
        """AdamW over the parameters, or over their masters."""
        vision = list(self.llava.model.vision_tower.parameters())
        seen = {id(parameter) for parameter in vision}
        rest = [p for p in self.llava.parameters() if id(p) not in seen]
        rest += [*self.unet.parameters(), *self.adapters.parameters()]
        self.parameters = vision + rest
        short = self.dtype != torch.float32
        updated = [p.detach().float() for p in self.parameters] if short else self.parameters
        self.masters = updated if short else None
        groups = [
            {"params": updated[: len(vision)], "lr": VISION_LEARNING_RATE},
            {"params": updated[len(vision) :], "lr": LEARNING_RATE},
        ]
        self.optimizer = torch.optim.AdamW(groups, betas=BETAS, weight_decay=0, fused=True)

    def add_adapters(self, weights, dtype):
        self.adapters = torch.nn.ModuleDict()
        for feature in ["text", *IMAGE_LEVELS]:
            weight = weights[f"adapters.{feature}.weight"]
            linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
            linear.weight.data, linear.bias.data = weight, weights[f"adapters.{feature}.bias"]
            self.adapters[feature] = linear
        for path, module in self.unet.named_modules():
            if path.endswith(".attn2"):
                module.set_processor(Experts(module, weights, f"unet.{path}"))
        self.adapters.to(dtype)
        self.unet.to(dtype)

    def draw(self, inputs):
        """The batch, drawn as our side does."""
        vision, text = self.llava.config.vision_config, self.llava.config.text_config
        side, batch = self.config["picture_size"], self.batch
        self.pixel_values = inputs.normal(batch, 3, vision.image_size, vision.image_size)
        self.picture = inputs.uniform(batch, 3, side, side)
        words = torch.rand(batch, TEXT_TOKENS) * (text.vocab_size - SPECIAL_TOKENS)
        words = words.long() + SPECIAL_TOKENS
        places = torch.full((batch, self.llava.config.image_seq_length), self.llava.config.image_token_id)
        self.input_ids = torch.cat([places, words], 1)
        self.attention_mask = torch.ones_like(self.input_ids)
        self.labels = self.input_ids.clone()
        self.labels[:, :-ANSWER_TOKENS] = -100

    def fresh_draw(self):
        """Timesteps, noise and the reconstructed rows of a step that nobody checks."""
        settings = self.config["timesteps"]
        alone = torch.rand(self.batch) < settings["epsilon"]["share"]
        least = torch.where(alone, settings["epsilon"]["min_fraction"], settings["min_fraction"])
        timesteps = ((least + (1 - least) * torch.rand(self.batch)) * len(self.alphas)).long()
        side = self.config["picture_size"] >> (len(self.vae.config.block_out_channels) - 1)
        noise = torch.randn(self.batch, self.vae.config.latent_channels, side, side)
        return timesteps, noise, (~alone).nonzero().flatten()

    def language_loss(self, image_features):
        embeddings = self.llava.get_input_embeddings()(self.input_ids)
        places = (self.input_ids == self.llava.config.image_token_id).unsqueeze(-1)
        embeddings = embeddings.masked_scatter(places, image_features)
        hidden = self.llava.model.language_model(
            inputs_embeds=embeddings, attention_mask=self.attention_mask, use_cache=False
        )[0]
        logits = self.llava.lm_head(hidden)[:, :-1].float()
        return F.cross_entropy(logits.flatten(0, 1), self.labels[:, 1:].flatten(), ignore_index=-100)

    def reconstruction_loss(self, contexts, timesteps, noise, rows):
        """Some pictures are there for the noise's loss alone; the others count for them too."""
        scale, settings = self.vae.config.scaling_factor, self.config["timesteps"]
        picture, noise = self.picture.to(self.dtype), noise.to(self.dtype)
        with torch.no_grad():
            clean = self.vae.encode(picture).latent_dist.mean * scale
        alpha = self.alphas[timesteps].view(-1, 1, 1, 1).to(clean.dtype)
        noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
        noise_hat = self.unet(noisy, timesteps, contexts, return_dict=False)[0]
        clean_hat = (noisy - (1 - alpha).sqrt() * noise_hat) / alpha.sqrt()
        # An error of the noise is amplified in the estimate's gradient by this much at most.
        factor = (settings["max_amplification"] * (alpha / (1 - alpha)).sqrt()).clamp(max=1)
        clean_hat = clean_hat.detach() + (clean_hat - clean_hat.detach()) * factor
        losses = (noise_hat.float() - noise.float()).square().mean((1, 2, 3))
        if len(rows):
            picture_hat = self.vae.decode(clean_hat[rows] / scale, return_dict=False)[0]
            distances = self.perceptual.distance(picture_hat, picture[rows]).float()
            losses = losses.index_add(0, rows, distances / (1 - settings["epsilon"]["share"]))
        return losses.mean()

    def losses(self, timesteps, noise, rows):
        config, pixel_values = self.llava.config, self.pixel_values.to(self.dtype)
        states = self.llava.model.vision_tower(pixel_values, output_hidden_states=True).hidden_states
        image_features = self.llava.model.multi_modal_projector(states[config.vision_feature_layer][:, 1:])
        levels = [states[self.config["levels"][level]][:, 1:] for level in IMAGE_LEVELS]
        features = zip(self.adapters.values(), [image_features, *levels])
        contexts = [adapter(feature) for adapter, feature in features]
        return self.language_loss(image_features), self.reconstruction_loss(contexts, timesteps, noise, rows)

    def update(self):
        """The optimizer's step, by way of the masters where there are any."""
        if self.masters is None:
            self.optimizer.step()
            return
        for master, parameter in zip(self.masters, self.parameters):
            master.grad = None if parameter.grad is None else parameter.grad.float()
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_copy_(self.parameters, self.masters)

    def zero_grad(self):
        self.optimizer.zero_grad()
        if self.masters is not None:
            for parameter in self.parameters:
                parameter.grad = None

    def step(self, draw=None):
        language, reconstruction = self.losses(*(draw or self.fresh_draw()))
        loss = language + self.config["weight"] * reconstruction
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, MAX_GRAD_NORM)
        # What a trainer logs; a step that is not finite is skipped.
        logged = torch.stack([loss, norm.float(), language, reconstruction]).detach().tolist()
        if math.isfinite(logged[0]) and math.isfinite(logged[1]):
            self.update()
        self.zero_grad()
        return logged[0]

    def check(self, mode):
        draws = load_file(self.draws)
        names = ["timesteps", "noise", "reconstructed"]
        return [self.step([draws[f"{name}.{i}"] for name in names]) for i in range(CHECKED_STEPS)]


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    diffusers.utils.logging.disable_progress_bar()
    peer.serve(
        TrainingStep, f", transformers {transformers.__version__}, diffusers {diffusers.__version__}"
    )
