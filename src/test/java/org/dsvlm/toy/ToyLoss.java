/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.toy;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.supervision.LossCost;
import org.dsvlm.supervision.NamedLoss;
import org.dsvlm.supervision.Reconstruction;
import org.dsvlm.supervision.ReconstructionLoss;
import org.dsvlm.tensor.Torch;

/** A loss that the library does not know: the mean squared difference of the pictures. */
public final class ToyLoss implements NamedLoss, ReconstructionLoss {
  @Override
  public String key() {
    return "toy_squared";
  }

  @Override
  public boolean comparesPictures() {
    return true;
  }

  @Override
  public ReconstructionLoss build(PerceptualNetwork network) {
    return this;
  }

  @Override
  public void cost(LossCost cost) {
    cost.difference();
  }

  @Override
  public Tensor perSample(Reconstruction r) {
    return Torch.tidy(
        () -> PerceptualNetwork.meanPerSample(r.pictureHat().sub(r.picture()).square()));
  }
}
