/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.distributed.Together;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sums of gradients over two processes, of which one has fewer micro batches than the other. */
class GradientBucketsTest {
  private static final int LAYERS = 8;

  /**
   * Two under way, and two that fill: the last layer's gradient comes with that of the one below.
   */
  private static final int MOST_OPEN = 4;

  private static final int WIDTH = 101;
  private static final int RANKS = 2;
  private static final double[] WEIGHTS = {1.5, -0.25, 3};

  /** A chain of layers; the last but one gets no gradient anywhere, the last one from one rank. */
  private static final class Chain {
    private final List<Tensor> layers = new ArrayList<>();

    Chain(ScalarType dtype) {
      for (int i = 0; i < LAYERS + 2; i++) {
        double[] values = new double[WIDTH];
        for (int k = 0; k < WIDTH; k++) {
          values[k] = 1 + ((i * 7 + k * 3) % 11) / 16.0;
        }
        layers.add(Torch.of(values, WIDTH).to(dtype).requires_grad_(true));
      }
    }

    /** The sum over all elements of the product of all layers, times {@code weight}. */
    Tensor loss(double weight) {
      Tensor product = layers.get(0);
      for (int i = 1; i < LAYERS; i++) {
        product = product.mul(layers.get(i));
      }
      return product.sum().mul(Torch.scalar(weight));
    }

    Tensor lastLoss() {
      return layers.get(LAYERS + 1).sum();
    }

    Map<String, Tensor> backwardOrder() {
      List<Tensor> reversed = new ArrayList<>(layers);
      Collections.reverse(reversed);
      Map<String, Tensor> order = new LinkedHashMap<>();
      reversed.forEach(layer -> order.put("layer" + (LAYERS + 1 - order.size()), layer));
      return order;
    }
  }

  /** Rank 0 has two micro batches, the second of which has two backward passes; rank 1 has one. */
  private static void pass(GradientBuckets buckets, Chain chain, int rank) {
    buckets.begin(2);
    if (rank == 1) {
      buckets.beginMicroBatch(true);
      chain.loss(WEIGHTS[0]).backward();
      chain.lastLoss().backward();
    } else {
      buckets.beginMicroBatch(false);
      chain.loss(WEIGHTS[0]).backward();
      buckets.beginMicroBatch(true);
      chain.loss(WEIGHTS[1]).backward();
      chain.loss(WEIGHTS[2]).backward();
    }
    buckets.finish();
  }

  private static Map<String, double[]> expected() {
    Chain alone = new Chain(ScalarType.Double);
    alone.loss(2 * WEIGHTS[0] + WEIGHTS[1] + WEIGHTS[2]).backward();
    alone.lastLoss().backward();
    Map<String, double[]> gradients = new LinkedHashMap<>();
    alone
        .backwardOrder()
        .forEach(
            (name, layer) ->
                gradients.put(
                    name, layer.grad().defined() ? Torch.doubles(layer.grad()) : new double[0]));
    return gradients;
  }

  @ParameterizedTest
  @EnumSource
  void sumsWhatAllGotInAnyNumberOfPasses(Sharding sharding) throws IOException {
    Together.run(
        RANKS,
        group -> {
          try (PointerScope scope = new PointerScope()) {
            Chain chain = new Chain(ScalarType.Double);
            try (GradientBuckets buckets =
                new GradientBuckets(group, chain.backwardOrder(), 8 * WIDTH, sharding)) {
              for (int step = 0; step < 2; step++) {
                pass(buckets, chain, group.rank());
                check(group, buckets, sharding);
                buckets.drop();
              }
            }
          }
        });
  }

  private static void check(ProcessGroup group, GradientBuckets buckets, Sharding sharding) {
    Map<String, double[]> expected = expected();
    assertThat(buckets.all()).hasSize(LAYERS + 2);
    for (GradientBucket bucket : buckets.all()) {
      GradientBucket.Member member = bucket.members().get(0);
      double[] wanted = expected.get(member.name());
      assertThat(member.used()).as(member.name()).isEqualTo(wanted.length > 0);
      boolean whole = sharding == Sharding.NOTHING;
      assertThat(member.parameter().grad().defined()).isEqualTo(whole && wanted.length > 0);
      double[] found =
          Torch.doubles(whole && member.used() ? member.parameter().grad() : bucket.ownPart());
      int first = whole ? 0 : group.rank() * (int) bucket.partLength();
      for (int i = 0; i < found.length && first + i < WIDTH && member.used(); i++) {
        assertThat(found[i]).as(member.name()).isCloseTo(wanted[first + i], within(1e-11));
      }
    }
  }

  /** Gradients of bfloat16 parameters are summed in float32. */
  @ParameterizedTest
  @EnumSource
  void sumsOfShortGradientsAreWide(Sharding sharding) throws IOException {
    Together.run(
        RANKS,
        group -> {
          try (PointerScope scope = new PointerScope()) {
            Tensor parameter =
                Torch.of(new double[] {1, 1}, 2).to(ScalarType.BFloat16).requires_grad_(true);
            try (GradientBuckets buckets =
                new GradientBuckets(group, Map.of("p", parameter), 4, sharding)) {
              buckets.begin(2);
              buckets.beginMicroBatch(false);
              parameter.sum().mul(Torch.scalar(1024)).backward();
              buckets.beginMicroBatch(true);
              parameter.sum().backward();
              buckets.finish();
              // bfloat16 has 2048 and 2064, and nothing between.
              assertThat(Torch.doubles(buckets.all().get(0).ownPart())).containsOnly(2050);
              buckets.drop();
            }
          }
        });
  }

  /** The larger the model, the more buckets; but no more of them are open at once. */
  @ParameterizedTest
  @EnumSource
  void shardedGradientsAreFreedAsTheyCome(Sharding sharding) throws IOException {
    Together.run(
        RANKS,
        group -> {
          try (PointerScope scope = new PointerScope()) {
            Chain chain = new Chain(ScalarType.Double);
            Map<String, Tensor> order = chain.backwardOrder();
            order.remove("layer" + LAYERS);
            order.remove("layer" + (LAYERS + 1));
            try (GradientBuckets buckets = new GradientBuckets(group, order, 8 * WIDTH, sharding)) {
              buckets.begin(1);
              buckets.beginMicroBatch(true);
              chain.loss(1).backward();
              buckets.finish();
              assertThat(MOST_OPEN).isLessThan(LAYERS);
              assertThat(buckets.mostOpen())
                  .isEqualTo(sharding == Sharding.GRADIENTS ? MOST_OPEN : 0);
            }
          }
        });
  }
}
