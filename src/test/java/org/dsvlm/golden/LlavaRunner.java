/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llama.TokenListener;
import org.dsvlm.models.llava.Features;
import org.dsvlm.models.llava.ImageTokens;
import org.dsvlm.models.llava.Llava;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.llava.LlavaLayouts;
import org.dsvlm.models.llava.LoadedLlava;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.Safetensors;

/** A whole LLaVA in each of the layouts that the case holds. */
final class LlavaRunner implements GoldenRunner {
  private static final Set<String> INPUTS =
      Set.of(
          "pixel_values",
          "input_ids",
          "attention_mask",
          "labels",
          "original.input_ids",
          "original.attention_mask",
          "original.labels");

  @Override
  public boolean isInput(String name) {
    return INPUTS.contains(name);
  }

  @Override
  public void run(GoldenCase golden) {
    Path folder = golden.folder();
    for (String weights : List.of("model.safetensors", "model_v5.safetensors")) {
      for (String config : List.of("config.json", "config_v5.json")) {
        if (Files.exists(folder.resolve(weights)) && Files.exists(folder.resolve(config))) {
          runHuggingFace(golden, folder.resolve(config), folder.resolve(weights));
        }
      }
    }
    if (Files.exists(folder.resolve("original"))) {
      runOriginal(golden);
    }
  }

  private static void runHuggingFace(GoldenCase golden, Path configFile, Path weightsFile) {
    JsonConfig json = JsonConfig.read(configFile);
    LlavaConfig config = LlavaConfig.parse(json.json(), json.where());
    try (PointerScope scope = new PointerScope();
        WeightSource weights = LlavaLayouts.read(Safetensors.open(weightsFile));
        ParameterStore store = ParameterStore.from(weights, ScalarType.Float, "cpu")) {
      Llava llava = new Llava(store.root(), config);
      expectNoSurplus(golden, store);
      store.setTrainable(name -> true);
      Tensor ids = golden.input("input_ids");
      Tensor mask = golden.input("attention_mask");
      Tensor pixels = golden.leaf("pixel_values");
      Features features = llava.encode(pixels);
      golden.expect("image_features", features.imageFeatures());
      Tensor present = mask.unsqueeze(-1).to(ScalarType.Float);
      golden.expect("logits", llava.logits(ids, mask, features).mul(present));
      Tensor loss = llava.loss(ids, mask, golden.input("labels"), features);
      golden.expect("loss", loss);
      loss.backward();
      golden.expect("grad.pixel_values", pixels.grad());
      store
          .tensors()
          .forEach(
              (name, tensor) -> {
                if (golden.has("grad." + name)) {
                  golden.expect("grad." + name, tensor.grad());
                }
              });
      List<long[]> rows = new ArrayList<>();
      for (int i = 0; i < ids.size(0); i++) {
        rows.add(Torch.longs(ids.select(0, i)));
      }
      compareGeneration(golden, llava, features, rows);
    }
  }

  /** Checkpoint and ids of the original project: one −200 a picture, no row for it. */
  private static void runOriginal(GoldenCase golden) {
    Path folder = golden.folder().resolve("original");
    try (PointerScope scope = new PointerScope();
        LoadedLlava checkpoint = LoadedLlava.open(folder, ScalarType.Float, "cpu")) {
      expectNoSurplus(golden, checkpoint.parameters());
      Llava llava = checkpoint.model();
      Features features = llava.encode(golden.input("pixel_values"));
      golden.expect("image_features", features.imageFeatures());
      List<long[]> rows = new ArrayList<>();
      List<Tensor> ids = new ArrayList<>();
      List<Tensor> labels = new ArrayList<>();
      List<Tensor> masks = new ArrayList<>();
      Tensor markedIds = golden.input("original.input_ids");
      for (int i = 0; i < markedIds.size(0); i++) {
        long[] marked = Torch.longs(markedIds.select(0, i));
        int count = checkpoint.config().imageTokens();
        long token = checkpoint.config().imageToken();
        long[] expanded = ImageTokens.expand(marked, token, token, count);
        rows.add(expanded);
        ids.add(Torch.of(expanded, expanded.length));
        long[] ownLabels = Torch.longs(golden.input("original.labels").select(0, i));
        long[] ownMask = Torch.longs(golden.input("original.attention_mask").select(0, i));
        labels.add(
            Torch.of(ImageTokens.expandLabels(ownLabels, marked, token, count), expanded.length));
        long[] longMask = new long[expanded.length];
        int padding = (int) Arrays.stream(ownMask).filter(value -> value == 0).count();
        Arrays.fill(longMask, 0, longMask.length - padding, 1);
        masks.add(Torch.of(longMask, longMask.length));
      }
      Tensor batch = Torch.stack(0, ids.toArray(Tensor[]::new));
      Tensor mask = Torch.stack(0, masks.toArray(Tensor[]::new));
      Tensor loss =
          llava.loss(batch, mask, Torch.stack(0, labels.toArray(Tensor[]::new)), features);
      golden.expect("original.loss", loss);
      compareGeneration(golden, llava, features, rows);
    }
  }

  private static void expectNoSurplus(GoldenCase golden, ParameterStore store) {
    golden.expectEqual("surplus tensors", new long[] {store.surplus().size()}, new long[] {0});
  }

  private static void compareGeneration(
      GoldenCase golden, Llava llava, Features features, List<long[]> rows) {
    Tensor expected = golden.input("generated");
    List<long[]> prompts = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      int length = golden.description().path("generation_prompt_lengths").get(i).asInt();
      prompts.add(Arrays.copyOf(rows.get(i), length));
    }
    GenerationSettings greedy = GenerationSettings.greedy((int) expected.size(1), Set.of());
    List<long[]> together = llava.generate(prompts, features, greedy, TokenListener.NONE);
    for (int i = 0; i < rows.size(); i++) {
      long[] tokens = Torch.longs(expected.select(0, i));
      Features own = new Features(List.of(), features.imageFeatures().narrow(0, i, 1));
      golden.expectEqual(
          "generated",
          llava.generate(List.of(prompts.get(i)), own, greedy, TokenListener.NONE).get(0),
          tokens);
      golden.expectEqual("generated", together.get(i), tokens);
    }
  }
}
