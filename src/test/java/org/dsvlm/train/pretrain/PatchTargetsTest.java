/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.Tokenizer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PatchTargetsTest {
  private static final int PATCHES = 16;
  private static final List<String> CATEGORIES = List.of("animal", "food", "plant");

  private final PointerScope scope = new PointerScope();

  @AfterEach
  void free() {
    scope.close();
  }

  /** 16 patches of 16 pixels. */
  private static VisionConfig vision() throws JsonProcessingException {
    return VisionConfig.parse(
        new ObjectMapper()
            .readTree(
                """
                {"model_type": "clip_vision_model", "hidden_size": 6, "intermediate_size": 6,
                 "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 64,
                 "patch_size": 16}
                """),
        "test");
  }

  /** A thing on gray each, its middle in the patch of row 2 and column {@code i % 4}. */
  private static WorldPart part(int pictures) throws JsonProcessingException {
    List<JsonNode> labels = new ArrayList<>();
    for (int i = 0; i < pictures; i++) {
      labels.add(
          new ObjectMapper()
              .readTree(
                  String.format(
                      "{\"caption\": \"\", \"ground\": [\"gray\"], \"text\": \"\", \"things\": "
                          + "[{\"name\": \"%s\", \"category\": \"%s\", \"colour\": \"\", "
                          + "\"x\": %d, \"y\": 32, \"size\": 15}]}",
                      "thing", CATEGORIES.get(i % CATEGORIES.size()), 16 * (i % 4))));
    }
    return new WorldPart(64, labels, torch.empty(0), List.of());
  }

  @Test
  void lossIsThatOfTheTokensThatNameAPatch() throws JsonProcessingException {
    try (Tokenizer tokenizer = Tokenizer.open(Path.of("src", "main", "nano", "tokenizer"))) {
      PatchTargets targets = PatchTargets.of(part(2), tokenizer, vision());
      int words = (int) tokenizer.size();
      Tensor even = torch.zeros(new long[] {1, PATCHES, words});
      assertThat(Torch.item(targets.loss(even, 1))).isCloseTo(Math.log(words), offset(1e-4));

      float[] sure = new float[PATCHES * words];
      // What is left is that nobody can tell in which of its tokens a patch's name comes.
      double left = 0;
      for (int patch = 0; patch < PATCHES; patch++) {
        String place = (patch % 4 < 2 ? " left" : " right") + (patch < 8 ? " above" : " below");
        String name = patch == 9 ? " thing food" : " gray";
        long[] tokens = tokenizer.encode(name + place, false);
        for (long token : tokens) {
          sure[patch * words + (int) token] = 100;
        }
        left += Math.log(tokens.length) / PATCHES;
      }
      assertThat(Torch.item(targets.loss(Torch.of(sure, 1, PATCHES, words), 1)))
          .isCloseTo(left, offset(1e-4));
    }
  }

  @Test
  void categoriesAreFoundInThePatchAtTheThingsMiddleAlone() throws JsonProcessingException {
    int pictures = 96;
    int width = CATEGORIES.size();
    WorldPart part = part(pictures);
    RandomState random = new RandomState(3);
    for (boolean there : new boolean[] {true, false}) {
      double found =
          PatchTargets.categoryFound(
              part,
              vision(),
              rows -> {
                Tensor all = random.fork(rows[0]).normal(rows.length, PATCHES, width);
                for (int i = 0; i < rows.length; i++) {
                  int patch = 8 + (int) rows[i] % 4;
                  int told = there ? patch : 15 - patch;
                  all.select(0, i)
                      .select(0, told)
                      .select(0, (int) rows[i] % CATEGORIES.size())
                      .add_(Torch.scalar(100));
                }
                return all;
              });
      if (there) {
        assertThat(found).isEqualTo(1);
      } else {
        assertThat(found).isLessThan(0.6);
      }
    }
  }
}
