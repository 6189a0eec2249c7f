/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vgg;

import static org.bytedeco.pytorch.global.torch.batch_norm;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * VGG-16's features (Simonyan and Zisserman 2014) with one linear layer on the mean of the last: a
 * classifier small enough to train, whose features then serve a {@link PerceptualNetwork}.
 *
 * <p>While it trains, each convolution's output is normalised over the batch (Ioffe and Szegedy
 * 2015), without which thirteen layers hardly learn from a random start. {@link #folded} moves what
 * the normalisation does into the convolutions, so that what is stored is plain VGG-16.
 */
public final class VggClassifier {
  private static final double EPSILON = 1e-5;

  private final VggFeatures features;
  private final Linear head;
  private final Map<VggFeatures.Layer, Normalisation> normalisations = new HashMap<>();

  /**
   * @param root {@code features.N} as torchvision names them, {@code normalisation.N}, and {@code
   *     classifier}
   * @param widths channels of the five stages
   */
  public VggClassifier(Parameters root, long[] widths, long classes) {
    features = VggFeatures.ofWidths(root, widths);
    head = Linear.withBias(root.at("classifier"), widths[widths.length - 1], classes);
    for (VggFeatures.Layer layer : features.layers()) {
      Parameters own = root.at("normalisation").at(layer.number());
      Tensor scale = own.get("weight", Init.ONES, layer.channels());
      Tensor shift = own.get("bias", Init.ZEROS, layer.channels());
      normalisations.put(layer, new Normalisation(scale, shift));
    }
  }

  /**
   * x: [pictures, 3, height, width] in [-1, 1] in, [pictures, classes] out; the pictures are
   * normalised over each other, so that there must be several.
   */
  public Tensor logits(Tensor x) {
    return Torch.tidy(
        () ->
            head.forward(PerceptualNetwork.meanPerChannel(stages(x).get(VggFeatures.STAGES - 1))));
  }

  /** Each stage's output, the batch normalised over itself. */
  List<Tensor> stages(Tensor x) {
    return features.forward(
        PerceptualNetwork.lpipsNormalised(x), VggFeatures.STAGES, this::normalised);
  }

  /** What is learnt of it: [channels] each. */
  private record Normalisation(Tensor scale, Tensor shift) {}

  private Normalisation of(VggFeatures.Layer layer) {
    return Objects.requireNonNull(normalisations.get(layer));
  }

  private Tensor normalised(VggFeatures.Layer layer, Tensor h) {
    return batch_norm(
        h,
        new TensorOptional(of(layer).scale()),
        new TensorOptional(of(layer).shift()),
        Torch.none(),
        Torch.none(),
        true,
        0,
        EPSILON,
        false);
  }

  /**
   * Weights of a plain VGG-16 that computes what this one does with the means and variances of
   * {@code pictures}: {@code features.N.weight}, {@code features.N.bias}, which the caller closes.
   *
   * @param pictures [pictures, 3, height, width] in [-1, 1]; as many as memory holds
   */
  public Map<String, Tensor> folded(Tensor pictures) {
    Map<String, Tensor> plain = new LinkedHashMap<>();
    try (NoGradGuard guard = new NoGradGuard()) {
      features.forward(
          PerceptualNetwork.lpipsNormalised(pictures),
          VggFeatures.STAGES,
          (layer, h) -> {
            fold(layer, h, plain);
            return normalised(layer, h);
          });
    }
    return plain;
  }

  private void fold(VggFeatures.Layer layer, Tensor h, Map<String, Tensor> plain) {
    long[] others = {0, 2, 3};
    Tensor mean = h.mean(others, false, new ScalarTypeOptional());
    Tensor variance =
        h.sub(mean.view(1, -1, 1, 1)).square().mean(others, false, new ScalarTypeOptional());
    Tensor scale = of(layer).scale().div(variance.add(Torch.scalar(EPSILON)).sqrt());
    Tensor weight = layer.convolution().weight().mul(scale.view(-1, 1, 1, 1));
    Tensor before = Objects.requireNonNull(layer.convolution().bias());
    Tensor bias = before.sub(mean).mul(scale).add(of(layer).shift());
    plain.put("features." + layer.number() + ".weight", Torch.keep(weight));
    plain.put("features." + layer.number() + ".bias", Torch.keep(bias));
  }
}
