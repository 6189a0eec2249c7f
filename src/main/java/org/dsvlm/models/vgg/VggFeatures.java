/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vgg;

import static org.bytedeco.pytorch.global.torch.max_pool2d;
import static org.bytedeco.pytorch.global.torch.relu;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Conv2d;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * The convolutional part of VGG-16 (Simonyan and Zisserman 2014, plan "D") up to its last ReLU,
 * under torchvision's names {@code features.N.weight} and {@code .bias}. The outputs of each
 * stage's last ReLU are the perceptual network's layers: relu1_2, relu2_2, relu3_3, relu4_3,
 * relu5_3.
 */
final class VggFeatures {
  /** Convolutions a stage; between stages stands one 2 × 2 max-pool. */
  private static final int[] CONVOLUTIONS = {2, 2, 3, 3, 3};

  static final int STAGES = CONVOLUTIONS.length;

  private final List<List<Layer>> stages = new ArrayList<>();
  private final List<Long> widths = new ArrayList<>();

  private VggFeatures(Parameters features, ChannelPlan plan) {
    long in = 3;
    int index = 0;
    for (int stage = 0; stage < STAGES; stage++) {
      List<Layer> layers = new ArrayList<>();
      for (int i = 0; i < CONVOLUTIONS[stage]; i++) {
        long out = plan.channels(stage, index);
        layers.add(new Layer(index, convolution(features.at(index), in, out), out));
        in = out;
        index += 2; // the ReLU has a number of its own
      }
      index++; // and so has the pool
      stages.add(layers);
      widths.add(in);
    }
  }

  private static Conv2d convolution(Parameters parameters, long in, long out) {
    if (!parameters.loaded()) {
      // He et al. 2015: keeps the size of what passes through ReLUs, so that random layers all
      // speak.
      parameters.get("weight", Init.normal(Math.sqrt(2.0 / (9 * in))), out, in, 3, 3);
      parameters.get("bias", Init.ZEROS, out);
    }
    return Conv2d.withBias(parameters, in, out, 3, 1, 1);
  }

  /** The network of a checkpoint, which gives the number of channels of each layer. */
  static VggFeatures stored(Parameters root) {
    Parameters features = root.at("features");
    return new VggFeatures(features, (stage, index) -> features.at(index).storedShape("weight")[0]);
  }

  /** A network with {@code widths[stage]} channels; its parameters' store draws them at random. */
  static VggFeatures ofWidths(Parameters root, long... widths) {
    return new VggFeatures(root.at("features"), (stage, index) -> widths[stage]);
  }

  /** How many convolutions a stage has. */
  static int convolutions(int stage) {
    return CONVOLUTIONS[stage];
  }

  /** All convolutions in order. */
  List<Layer> layers() {
    return stages.stream().flatMap(List::stream).toList();
  }

  /**
   * @param number of the convolution in torchvision's names
   * @param channels that it gives
   */
  record Layer(int number, Conv2d convolution, long channels) {}

  /** Channels of each stage's output. */
  List<Long> widths() {
    return widths;
  }

  /**
   * x: [pictures, 3, height, width], normalised as the network was trained; the outputs of the
   * first {@code stages} stages, [pictures, widths[stage], height / 2^stage, width / 2^stage],
   * rounded down.
   */
  List<Tensor> forward(Tensor x, int stages) {
    return forward(x, stages, (layer, h) -> h);
  }

  /** As {@link #forward(Tensor, int)}, with {@code between} each convolution and its ReLU. */
  List<Tensor> forward(Tensor x, int stages, Between between) {
    return Torch.tidyAll(
        () -> {
          List<Tensor> outputs = new ArrayList<>();
          Tensor h = x;
          for (List<Layer> stage : this.stages.subList(0, stages)) {
            if (!outputs.isEmpty()) {
              h = max_pool2d(h, 2, 2);
            }
            for (Layer layer : stage) {
              h = relu(between.apply(layer, layer.convolution().forward(h)));
            }
            outputs.add(h);
          }
          return outputs;
        });
  }

  /** What stands between a convolution and its ReLU. */
  @FunctionalInterface
  interface Between {
    Tensor apply(Layer layer, Tensor h);
  }

  /** Output channels of the convolution with torchvision's number {@code index}. */
  @FunctionalInterface
  private interface ChannelPlan {
    long channels(int stage, int index);
  }
}
