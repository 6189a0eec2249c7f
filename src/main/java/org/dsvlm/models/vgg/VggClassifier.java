/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vgg;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * VGG-16's features (Simonyan and Zisserman 2014) with one linear layer on the mean of the last: a
 * classifier small enough to train, whose features then serve a {@link PerceptualNetwork}.
 */
public final class VggClassifier {
  private final VggFeatures features;
  private final Linear head;

  /**
   * @param root {@code features.N} as torchvision names them, and {@code classifier}
   * @param widths channels of the five stages
   */
  public VggClassifier(Parameters root, long[] widths, long classes) {
    features = VggFeatures.ofWidths(root, widths);
    head = Linear.withBias(root.at("classifier"), widths[widths.length - 1], classes);
  }

  /** x: [pictures, 3, height, width] in [-1, 1] in, [pictures, classes] out. */
  public Tensor logits(Tensor x) {
    return Torch.tidy(
        () -> {
          List<Tensor> stages =
              features.forward(PerceptualNetwork.lpipsNormalised(x), VggFeatures.STAGES);
          Tensor last = stages.get(VggFeatures.STAGES - 1);
          return head.forward(PerceptualNetwork.meanPerChannel(last));
        });
  }
}
