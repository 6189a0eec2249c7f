/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.diffusion.PlainCrossAttention;
import org.dsvlm.models.diffusion.UNet;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.testing.NativeObjects;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TensorScope.class)
class MoeAttentionTest {
  private static final long INNER = 8;

  private NoGradGuard guard;
  private ParameterStore unetStore;
  private ParameterStore store;
  private PlainCrossAttention base;

  @BeforeEach
  void build() {
    guard = new NoGradGuard();
    unetStore = ParameterStore.random(new RandomState(1), ScalarType.Double, "cpu");
    store = ParameterStore.random(new RandomState(2), ScalarType.Double, "cpu");
    List<PlainCrossAttention> found = new ArrayList<>();
    UNet unet =
        new UNet(unetStore.root(), UNetConfig.parse(TinyModel.json(TinyModel.UNET), "test"));
    unet.replaceCrossAttention(
        (path, plain) -> {
          found.add(plain);
          return plain;
        });
    base = found.get(0);
  }

  @AfterEach
  void free() {
    unetStore.close();
    store.close();
    guard.close();
  }

  @Test
  void newProjectionsStartAsCopiesOfTheBase() {
    attention(EnumSet.allOf(StandardFeature.class));
    assertThat(store.tensors())
        .containsOnlyKeys(
            "to_k_low.weight",
            "to_v_low.weight",
            "to_k_mid.weight",
            "to_v_mid.weight",
            "to_k_high.weight",
            "to_v_high.weight",
            "router.weight");
    assertThat(Torch.doubles(tensor("to_k_mid"))).containsExactly(doubles(base.toK().weight()));
    assertThat(Torch.doubles(tensor("to_v_high"))).containsExactly(doubles(base.toV().weight()));
    tensor("to_k_mid").zero_();
    assertThat(Torch.doubles(base.toK().weight()))
        .as("copies, not the same memory")
        .containsExactly(doubles(unetStore.tensors().get(baseName("to_k"))));
    assertThat(Torch.item(base.toK().weight().abs().max())).isPositive();
  }

  @Test
  void aCertainRouterLeavesOneExpert() {
    MoeAttention moe = attention(EnumSet.allOf(StandardFeature.class));
    Tensor hidden = random("hidden", 2, 5, INNER);
    List<Tensor> contexts =
        List.of(context("text", 3), context("low", 4), context("mid", 5), context("high", 6));
    for (StandardFeature chosen : StandardFeature.values()) {
      prefer(chosen, hidden);
      Tensor expected = base.forward(hidden, List.of(contexts.get(chosen.ordinal())));
      assertThat(Torch.doubles(moe.forward(hidden, contexts)))
          .as(chosen.key())
          .containsExactly(doubles(expected), within(1e-9));
    }
  }

  @Test
  void theRouterIsTheMeanOverTokensOfItsProducts() {
    MoeAttention moe = attention(EnumSet.allOf(StandardFeature.class));
    tensor("router").copy_(random("router", 4, INNER));
    Tensor hidden = random("hidden", 3, 5, INNER);
    moe.forward(hidden, Collections.nCopies(4, random("context", 3, 2, 8)));
    Tensor q = base.toQ().forward(hidden);
    Tensor expected = q.matmul(tensor("router").t()).mean(1).softmax(-1);
    assertThat(Torch.doubles(moe.lastRouterProbabilities()))
        .containsExactly(doubles(expected), within(1e-12));
  }

  @Test
  void featuresThatAreOffLeaveTheSoftmax() {
    MoeAttention all = attention(EnumSet.allOf(StandardFeature.class));
    MoeAttention two = attention(EnumSet.of(StandardFeature.TEXT, StandardFeature.HIGH));
    tensor("router").copy_(random("router", 4, INNER));
    Tensor hidden = random("hidden", 1, 5, INNER);
    Tensor context = context("context", 3).narrow(0, 0, 1);
    all.forward(hidden, Collections.nCopies(4, context));
    two.forward(hidden, Collections.nCopies(2, context));
    double[] four = Torch.doubles(all.lastRouterProbabilities());
    double sum = four[0] + four[3];
    assertThat(Torch.doubles(two.lastRouterProbabilities()))
        .containsExactly(new double[] {four[0] / sum, four[3] / sum}, within(1e-12));
  }

  @Test
  @Closes(MoeAttention.class)
  void remembersOnlyTheLatestProbabilities() {
    MoeAttention moe = attention(EnumSet.of(StandardFeature.TEXT));
    assertThatThrownBy(moe::lastRouterProbabilities).isInstanceOf(IllegalStateException.class);
    Tensor hidden = random("hidden", 1, 5, INNER);
    Tensor context = context("context", 3).narrow(0, 0, 1);
    long before = 0;
    for (int i = 0; i < 20; i++) {
      try (PointerScope pass = new PointerScope()) {
        moe.forward(hidden, List.of(context));
        moe.lastRouterProbabilities();
      }
      if (i == 0) {
        before = NativeObjects.settledCount();
      }
    }
    assertThat(Pointer.totalCount()).isEqualTo(before);
    Closed.saysSo(moe, moe::lastRouterProbabilities, () -> moe.forward(hidden, List.of(context)));
  }

  /** Makes the router's answer to {@code hidden} all but certain. */
  private void prefer(StandardFeature chosen, Tensor hidden) {
    Tensor meanQuery = base.toQ().forward(hidden).mean(1);
    Tensor rows = tensor("router").zero_();
    // Both pictures' mean queries have a positive product with their sum, if they are not opposed.
    Tensor direction = meanQuery.sum(0);
    rows.select(0, chosen.ordinal()).copy_(direction.mul(Torch.scalar(1e4)));
    assertThat(Torch.item(meanQuery.matmul(direction).min())).isGreaterThan(0.01);
  }

  private MoeAttention attention(Set<StandardFeature> experts) {
    return new MoeAttention(base, store.root(), experts);
  }

  private Tensor tensor(String module) {
    return store.tensors().get(module + ".weight");
  }

  private String baseName(String projection) {
    return unetStore.tensors().keySet().stream()
        .filter(name -> name.endsWith("attn2." + projection + ".weight"))
        .findFirst()
        .orElseThrow();
  }

  private static double[] doubles(Tensor tensor) {
    return Torch.doubles(tensor);
  }

  private static Tensor context(String purpose, long tokens) {
    return random(purpose, 2, tokens, TinyModel.CROSS_WIDTH);
  }

  private static Tensor random(String purpose, long... shape) {
    return new RandomState(4).fork(purpose).normal(shape).to(ScalarType.Double);
  }
}
