/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vgg;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.HeldWeights;
import org.junit.jupiter.api.Test;

class VggClassifierTest {
  private static final long[] WIDTHS = {4, 6, 8, 8, 8};

  private final RandomState random = new RandomState(1);

  /** A classifier whose normalisations are not as they start. */
  private void with(BiConsumer<ParameterStore, VggClassifier> test) {
    try (PointerScope scope = new PointerScope();
        ParameterStore store =
            ParameterStore.random(random.fork("weights"), ScalarType.Double, "cpu")) {
      test.accept(store, classifier(store));
    }
  }

  private VggClassifier classifier(ParameterStore store) {
    VggClassifier classifier = new VggClassifier(store.root(), WIDTHS, 3);
    try (NoGradGuard guard = new NoGradGuard()) {
      store
          .tensors()
          .forEach(
              (name, tensor) -> {
                if (name.startsWith("normalisation")) {
                  tensor.add_(random.fork(name).normal(tensor.size(0)).mul(Torch.scalar(0.3)));
                }
              });
    }
    return classifier;
  }

  private Tensor pictures(long count) {
    return random.fork("pictures").normal(count, 3, 32, 32).to(ScalarType.Double);
  }

  @Test
  void foldedWeightsComputeWhatNormalisedOnesDo() {
    with(
        (store, classifier) -> {
          Tensor pictures = pictures(8);
          List<Tensor> expected = classifier.stages(pictures);
          Map<String, Tensor> folded = classifier.folded(pictures);
          assertThat(folded).hasSize(26);
          try (ParameterStore plain =
              ParameterStore.from(new HeldWeights(folded), ScalarType.Double, "cpu")) {
            List<Tensor> found =
                VggFeatures.stored(plain.root())
                    .forward(PerceptualNetwork.lpipsNormalised(pictures), VggFeatures.STAGES);
            for (int stage = 0; stage < VggFeatures.STAGES; stage++) {
              assertThat(torch.allclose(found.get(stage), expected.get(stage), 1e-9, 1e-9, false))
                  .as("stage %d", stage)
                  .isTrue();
            }
          }
          folded.values().forEach(Tensor::close);
        });
  }

  @Test
  void theNormalisationIsTrained() {
    with(
        (store, classifier) -> {
          store.setTrainable(parameter -> true);
          classifier.logits(pictures(4)).square().sum().backward();
          store
              .tensors()
              .forEach(
                  (name, tensor) -> {
                    // what a convolution's bias adds, the mean takes away again
                    if (!name.startsWith("features") || !name.endsWith("bias")) {
                      assertThat(Torch.item(tensor.grad().abs().sum())).as(name).isPositive();
                    }
                  });
        });
  }
}
