/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.GroupNorm;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/** Transformer blocks over the positions of a feature map, with a residual around all of them. */
final class SpatialTransformer {
  private static final double EPS = 1e-6;

  private final GroupNorm norm;
  private final PositionwiseLinear projectIn;
  private final List<TransformerBlock> blocks = new ArrayList<>();
  private final PositionwiseLinear projectOut;

  SpatialTransformer(Parameters parameters, TransformerShape shape) {
    norm = new GroupNorm(parameters.at("norm"), shape.normGroups(), shape.channels(), EPS);
    projectIn = PositionwiseLinear.of(parameters.at("proj_in"), shape);
    for (int i = 0; i < shape.layers(); i++) {
      blocks.add(new TransformerBlock(parameters.at("transformer_blocks").at(i), shape));
    }
    projectOut = PositionwiseLinear.of(parameters.at("proj_out"), shape);
  }

  /** x: [batch, channels, height, width] in, the same out. */
  Tensor forward(Tensor x, List<Tensor> contexts) {
    return Torch.tidy(
        () -> {
          Tensor positions = norm.forward(x).flatten(2, 3).transpose(1, 2);
          Tensor hiddenStates = projectIn.forward(positions);
          for (TransformerBlock block : blocks) {
            hiddenStates = block.forward(hiddenStates, contexts);
          }
          return x.add(projectOut.forward(hiddenStates).transpose(1, 2).view_as(x));
        });
  }

  List<TransformerBlock> blocks() {
    return blocks;
  }
}
