/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.data.nano.NanoArchive;
import org.dsvlm.data.nano.NanoWorld;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.run.TrainingListener;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parts that start from what an earlier training has stored. */
class StartedPartTest {
  private static final List<String> SHORT =
      List.of(
          "clip.steps=2",
          "clip.batch_size=4",
          "vision.steps=2",
          "vision.batch_size=4",
          "language.steps=2",
          "language.batch_size=2",
          "vae.steps=2",
          "vae.batch_size=2",
          "unet.steps=2",
          "unet.batch_size=2");

  @TempDir private static Path shared;

  private static Path world;
  private static Path first;
  private static Path second;
  private static Path third;
  private static Path fourth;
  private static Path fifth;

  @BeforeAll
  static void train() {
    world = shared.resolve("world");
    NanoArchive.writeWorld(world, new NanoWorld.Size(1, 64, 20, 20, 2));
    first = shared.resolve("first");
    second = shared.resolve("second");
    third = shared.resolve("third");
    fourth = shared.resolve("fourth");
    fifth = shared.resolve("fifth");
    for (String part : List.of("tokenizer", "clip")) {
      List.of(first, second, third, fourth, fifth).forEach(folder -> train(folder, part));
    }
  }

  private static Path train(Path into, String part, String... settings) {
    List<String> all = new ArrayList<>(SHORT);
    all.addAll(List.of(settings));
    Pretraining training = new Pretraining(part, "nano", all, world, into);
    assertThat(training.run(TrainingListener.NONE, () -> false)).isTrue();
    return training.folder();
  }

  private static Map<String, float[]> weights(Path folder) {
    Map<String, float[]> weights = new TreeMap<>();
    try (PointerScope scope = new PointerScope();
        WeightSource stored = WeightFolder.open(folder)) {
      stored.names().forEach(name -> weights.put(name, Torch.floats(stored.read(name))));
    }
    return weights;
  }

  @Test
  void aLanguageModelStartsFromItsFolder() {
    Path start = train(first, "language");
    Map<String, float[]> again =
        weights(train(second, "language", "language.start=" + start, "language.learning_rate=0"));
    weights(start)
        .forEach((name, values) -> assertThat(again.get(name)).as(name).isEqualTo(values));
  }

  @Test
  void aUNetStartsFromItsFolder() {
    for (String part : List.of("vision", "vae")) {
      List.of(fourth, fifth).forEach(folder -> train(folder, part));
    }
    Path start = train(fourth, "unet");
    Map<String, float[]> again =
        weights(train(fifth, "unet", "unet.start=" + start, "unet.learning_rate=0"));
    weights(start)
        .forEach((name, values) -> assertThat(again.get(name)).as(name).isEqualTo(values));
  }

  /** The UNet is told the states of a lower block, which have to stay what they were. */
  @Test
  void lowerBlocksOfTheTowerStayAsTheyAre() {
    Path start = train(first, "vision");
    Map<String, float[]> again =
        weights(train(second, "vision", "vision.start=" + start, "vision.fixed_blocks=2"));
    weights(start)
        .forEach(
            (name, values) -> {
              boolean fixed =
                  name.matches(".*(embeddings|pre_layrnorm|encoder\\.layers\\.[01])\\..*");
              if (fixed) {
                assertThat(again.get(name)).as(name).isEqualTo(values);
              } else if (name.matches(".*encoder\\.layers\\.[2-4]\\.mlp.*weight")) {
                assertThat(again.get(name)).as(name).isNotEqualTo(values);
              }
            });
  }

  @Test
  void moreBlocksThanThereAre() {
    assertThatThrownBy(() -> train(third, "vision", "vision.fixed_blocks=7"))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("pretraining recipe: 'fixed_blocks' is 7; the tower has 6 blocks");
    assertThatThrownBy(() -> train(third, "vision", "vision.levels={low: 2, high: 7}"))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("pretraining recipe: levels: 'high' is 7; the tower has 6 blocks");
    assertThatThrownBy(() -> train(third, "vision", "vision.levels={}"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("names no block of the vision tower");
  }
}
