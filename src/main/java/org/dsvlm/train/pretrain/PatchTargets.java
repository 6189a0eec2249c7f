/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.train.RidgeProbe;

/** The tokens that name each patch of a part's pictures, as the targets of a classifier. */
final class PatchTargets {
  private static final int AT_ONCE = 50;

  private final List<long[][]> words;
  private final int vocabulary;

  private PatchTargets(List<long[][]> words, int vocabulary) {
    this.words = words;
    this.vocabulary = vocabulary;
  }

  static PatchTargets of(WorldPart part, Tokenizer tokenizer, VisionConfig vision) {
    PatchWords patches = new PatchWords(tokenizer, part.side(), aSide(vision));
    return new PatchTargets(
        part.labels().stream().map(patches::of).toList(), (int) tokenizer.size());
  }

  private static int aSide(VisionConfig vision) {
    return vision.imageSize() / vision.patchSize();
  }

  /**
   * The cross-entropy of the patches' tokens, where all tokens of a patch share its probability.
   *
   * @param logits [rows, patches, vocabulary]
   */
  Tensor loss(Tensor logits, long... rows) {
    int patches = words.get(0).length;
    float[] shares = new float[rows.length * patches * vocabulary];
    for (int i = 0; i < rows.length; i++) {
      long[][] own = words.get((int) rows[i]);
      for (int patch = 0; patch < patches; patch++) {
        for (long token : own[patch]) {
          shares[(i * patches + patch) * vocabulary + (int) token] += 1f / own[patch].length;
        }
      }
    }
    return Torch.tidy(
        () ->
            torch.cross_entropy_loss(
                logits.reshape(-1, vocabulary),
                Torch.of(shares, (long) rows.length * patches, vocabulary)));
  }

  /**
   * How often a linear map finds the category of a thing in the patch at its middle: one patch of
   * each picture with a thing, judged by a fit on those of all other pictures.
   *
   * @param features of pictures by their rows: [rows, patches, width]
   */
  static double categoryFound(
      WorldPart part, VisionConfig vision, Function<long[], Tensor> features) {
    List<String> categories = new ArrayList<>();
    List<Long> rows = new ArrayList<>();
    List<Long> patches = new ArrayList<>();
    for (int i = 0; i < part.size(); i++) {
      JsonNode thing = part.labels().get(i).path("things").path(0);
      if (!thing.isMissingNode()) {
        int half = thing.path("size").asInt() / 2;
        int column = (thing.path("x").asInt() + half) / vision.patchSize();
        int row = (thing.path("y").asInt() + half) / vision.patchSize();
        categories.add(thing.path("category").asText());
        rows.add((long) i);
        patches.add((long) row * aSide(vision) + column);
      }
    }
    try (PointerScope scope = new PointerScope()) {
      List<Tensor> chosen = new ArrayList<>();
      for (int first = 0; first < rows.size(); first += AT_ONCE) {
        int end = Math.min(rows.size(), first + AT_ONCE);
        long[] pictures = rows.subList(first, end).stream().mapToLong(Long::longValue).toArray();
        long[] at = patches.subList(first, end).stream().mapToLong(Long::longValue).toArray();
        chosen.add(
            Torch.withoutGradient(
                () -> {
                  Tensor all = features.apply(pictures);
                  Tensor index = Torch.of(at, at.length, 1, 1).expand(at.length, 1, all.size(2));
                  return all.gather(1, index).squeeze(1);
                }));
      }
      return RidgeProbe.of(Torch.cat(0, chosen.toArray(Tensor[]::new)), categories).accuracy();
    }
  }
}
