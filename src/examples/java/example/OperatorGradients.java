/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package example;

import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.kernels.MoeCrossAttention;
import org.dsvlm.kernels.PerceptualDistance;
import org.dsvlm.kernels.Ssim;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/**
 * Three of the native operators on one's own tensors, with gradients. Each has a {@code reference}
 * beside it that gives the same from LibTorch's own operators.
 *
 * <pre>
 *   tools/dsvlm --version                          # builds what is missing
 *   java -cp "target/classes:$(cat target/launcher.classpath)" \
 *     src/examples/java/example/OperatorGradients.java
 * </pre>
 */
public final class OperatorGradients {
  private OperatorGradients() {}

  /** No arguments. */
  public static void main(String[] arguments) {
    RandomState random = new RandomState(1);
    try (PointerScope scope = new PointerScope()) {
      // Queries [batch, queries, heads, width] attend to two contexts of 5 and of 9 tokens.
      Tensor query = leaf(random, "query", 2, 7, 4, 16);
      List<Tensor> keys = List.of(leaf(random, "k0", 2, 5, 4, 16), leaf(random, "k1", 2, 9, 4, 16));
      List<Tensor> values =
          List.of(leaf(random, "v0", 2, 5, 4, 16), leaf(random, "v1", 2, 9, 4, 16));
      Tensor weights = leaf(random, "router", 2, 2);
      Tensor mixed = MoeCrossAttention.forward(query, keys, values, weights.softmax(-1));
      mixed.square().mean().backward();
      tell("mixed attention", query, keys.get(0), values.get(1), weights);

      // Pictures [batch, channels, height, width] in [0, 1].
      Tensor picture = leaf(random, "picture", 2, 3, 32, 32);
      Tensor target = random.fork("target").normal(2, 3, 32, 32).sigmoid();
      Tensor similarity = Ssim.perSample(picture.sigmoid(), target, Ssim.Border.VALID, 1.0);
      similarity.mean().neg().backward();
      tell("similarity", picture);

      // Features [batch, channels, height, width] of any network, a weight a channel.
      Tensor features = leaf(random, "features", 2, 8, 4, 4);
      Tensor channels = random.fork("channels").normal(8).square();
      Tensor goal = random.fork("goal").normal(2, 8, 4, 4);
      PerceptualDistance.perSample(features, goal, channels).mean().backward();
      tell("perceptual distance", features);
    }
  }

  private static Tensor leaf(RandomState random, String name, long... shape) {
    return random.fork(name).normal(shape).set_requires_grad(true);
  }

  private static void tell(String operator, Tensor... leaves) {
    System.out.print(operator + ": gradients of norm");
    for (Tensor leaf : leaves) {
      System.out.printf(Locale.ROOT, " %.3g", Torch.item(leaf.grad().norm()));
    }
    System.out.println();
  }
}
