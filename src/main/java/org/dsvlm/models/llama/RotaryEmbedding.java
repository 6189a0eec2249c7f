/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.DeviceConstant;
import org.dsvlm.tensor.Torch;

/**
 * Rotary position embedding (Su et al. 2021) in the half-split form of the Llama checkpoints: entry
 * i of a head and entry i + headDim / 2 turn together by {@code position · theta^(-2i / headDim)}.
 */
final class RotaryEmbedding {

  /**
   * Cosines and sines of the angles of each position, [tokens, headDim] or, where positions differ
   * by record, [batch, 1, tokens, headDim].
   */
  record Angles(Tensor cos, Tensor sin) {}

  private final float[] inverseFrequencies;
  private final DeviceConstant onDevice;

  RotaryEmbedding(LlamaConfig config) {
    int headDim = config.headDim();
    inverseFrequencies = new float[headDim / 2];
    for (int i = 0; i < inverseFrequencies.length; i++) {
      double plain = 1 / Math.pow(config.ropeTheta(), 2.0 * i / headDim);
      inverseFrequencies[i] = (float) config.ropeScaling().apply(plain);
    }
    onDevice = new DeviceConstant(() -> Torch.of(inverseFrequencies, inverseFrequencies.length));
  }

  /** Radians per position of each pair. */
  float[] inverseFrequencies() {
    return inverseFrequencies.clone();
  }

  /**
   * Angles of {@code positions}, int64 [tokens] or [batch, tokens], in the type and on the device
   * of {@code like}. The angle itself is a float32 product whatever that type, as the checkpoints
   * were trained.
   */
  Angles angles(Tensor positions, Tensor like) {
    Tensor frequencies = onDevice.on(like.device(), ScalarType.Float);
    Tensor half = positions.to(ScalarType.Float).unsqueeze(-1).mul(frequencies);
    Tensor angle = Torch.cat(-1, half, half);
    if (positions.dim() == 2) {
      angle = angle.unsqueeze(1);
    }
    ScalarType dtype = like.scalar_type();
    return new Angles(angle.cos().to(dtype), angle.sin().to(dtype));
  }

  /** x: [batch, heads, tokens, headDim] in, the same out, turned by its position. */
  static Tensor rotate(Tensor x, Angles angles) {
    long half = x.size(3) / 2;
    Tensor turned = Torch.cat(-1, x.narrow(3, half, half).neg(), x.narrow(3, 0, half));
    return torch.add(x.mul(angles.cos()), turned.mul(angles.sin()));
  }
}
