/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.Torch;

/**
 * One layer of LPIPS (Zhang, Isola, Efros, Shechtman, Wang 2018): both feature maps are divided by
 * their length over the channels, {@code f / (√Σf² + 1e-10)}, and the squared difference is
 * weighted by channel, summed over channels and averaged over positions.
 */
public final class PerceptualDistance {
  private static final double EPSILON = 1e-10;
  private static final long[] CHANNELS = {1};
  private static final long[] SPACE = {1, 2};

  private static final OperatorCall CALL = new OperatorCall("dsvlm::perceptual_distance");

  private PerceptualDistance() {}

  /**
   * Distance of each sample's features to its target's. A position whose channels are all 0 has the
   * direction 0 and receives no gradient.
   *
   * @param features [batch, channels, height, width]
   * @param target like {@code features}
   * @param channelWeights [channels]
   * @return [batch]; float32 for bfloat16 features, differentiable in every argument
   * @throws org.dsvlm.io.DsVlmException if shapes, types or devices do not agree
   */
  public static Tensor perSample(Tensor features, Tensor target, Tensor channelWeights) {
    requireOpen(features, target, channelWeights);
    if (!Kernels.areNativeFor(features)) {
      return reference(features, target, channelWeights);
    }
    return CALL.run(() -> NativeOps.perceptual_distance(features, target, channelWeights));
  }

  /** The same in LibTorch's own operators. */
  public static Tensor reference(Tensor features, Tensor target, Tensor channelWeights) {
    requireOpen(features, target, channelWeights);
    return CALL.run(
        () -> {
          checkArguments(features, target, channelWeights);
          Tensor difference =
              direction(OperatorCall.wide(features)).sub(direction(OperatorCall.wide(target)));
          Tensor weights = OperatorCall.wide(channelWeights).view(1, -1, 1, 1);
          Tensor distance =
              difference.square().mul(weights).sum(CHANNELS, false, new ScalarTypeOptional());
          return features.numel() == 0
              ? distance.sum(SPACE, false, new ScalarTypeOptional())
              : distance.mean(SPACE, false, new ScalarTypeOptional());
        });
  }

  /** features over their length; √ has no derivative at 0, so positions of length 0 are cut off. */
  private static Tensor direction(Tensor features) {
    Tensor squaredLength = features.square().sum(CHANNELS, true, new ScalarTypeOptional());
    Tensor none = squaredLength.eq(Torch.scalar(0));
    Tensor length = torch.sqrt(squaredLength.masked_fill(none, Torch.scalar(1)));
    return features.div(length.add(Torch.scalar(EPSILON))).masked_fill(none, Torch.scalar(0));
  }

  private static void requireOpen(Tensor features, Tensor target, Tensor channelWeights) {
    CALL.requireOpen("features", features);
    CALL.requireOpen("target", target);
    CALL.requireOpen("weights", channelWeights);
  }

  private static void checkArguments(Tensor features, Tensor target, Tensor channelWeights) {
    CALL.requireFloating("features", features);
    CALL.requireShape("features", features, "[batch, channels, height, width]", -1, -1, -1, -1);
    CALL.requireShape("target", target, "shaped like features,", Torch.shape(features));
    CALL.requireLike("target", target, "features", features);
    CALL.requireShape("weights", channelWeights, "[channels]", features.size(1));
    CALL.requireLike("weights", channelWeights, "features", features);
  }
}
