/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.testing.GradCheck;
import org.dsvlm.testing.NativeObjects;
import org.dsvlm.testing.TensorScope;
import org.dsvlm.weights.HeldWeights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(TensorScope.class)
class LoraTest {
  private static final RandomState RANDOM = new RandomState(7);
  private static final LoraConfig CONFIG = LoraConfig.of(2, 6, 0, false, "all-linear");

  private static ParameterStore store(ScalarType dtype) {
    return ParameterStore.random(RANDOM, dtype, "cpu");
  }

  private static Lora lora(ParameterStore store, LoraConfig config) {
    return Lora.start(store, config, UnaryOperator.identity(), RANDOM.fork("lora"));
  }

  /** Gives B numbers, so that the adapter changes something. */
  private static void train(Lora lora) {
    lora.parameters()
        .forEach((name, tensor) -> tensor.copy_(RANDOM.fork(name).normal(Torch.shape(tensor))));
  }

  @Test
  void gradientsAgreeWithFiniteDifferences() {
    try (ParameterStore store = store(ScalarType.Double)) {
      Linear linear = Linear.withBias(store.root().at("up"), 3, 4);
      GradCheck.check(
          inputs -> {
            LoraLayer layer = new LoraLayer(linear, "up", inputs.get(1), inputs.get(2), 1.5, 0.25);
            layer.setRows(List.of(RANDOM.fork(1), RANDOM.fork(2)));
            Tensor y = linear.forward(inputs.get(0));
            linear.detach(layer);
            return y;
          },
          List.of(
              RANDOM.fork("x").normal(2, 5, 3).to(ScalarType.Double),
              RANDOM.fork("a").normal(2, 3).to(ScalarType.Double),
              RANDOM.fork("b").normal(4, 2).to(ScalarType.Double)),
          1e-7);
    }
  }

  @Test
  void startsAsPeftDoesAndChangesNothingYet() {
    try (ParameterStore store = store(ScalarType.Float)) {
      Linear linear = Linear.withBias(store.root().at("up"), 64, 32);
      Tensor x = RANDOM.normal(3, 64);
      float[] before = Torch.floats(linear.forward(x));
      try (Lora lora = lora(store, CONFIG)) {
        assertThat(lora.parameters().keySet())
            .containsExactly("up.lora_A.weight", "up.lora_B.weight");
        Tensor a = lora.parameters().get("up.lora_A.weight");
        assertThat(Torch.shape(a)).containsExactly(2, 64);
        assertThat(Torch.item(a.abs().max())).isBetween(0.11, 0.125);
        assertThat(Torch.item(lora.parameters().get("up.lora_B.weight").abs().sum())).isZero();
        assertThat(Torch.floats(linear.forward(x))).isEqualTo(before);
      }
    }
  }

  @Test
  void computesTheUpdateByItsEquation() {
    try (ParameterStore store = store(ScalarType.Double)) {
      Linear linear = Linear.withoutBias(store.root().at("up"), 3, 4);
      Tensor x = RANDOM.normal(5, 3).to(ScalarType.Double);
      for (boolean rankStabilised : new boolean[] {false, true}) {
        try (Lora lora = lora(store, LoraConfig.of(2, 6, 0, rankStabilised, "up"))) {
          train(lora);
          Tensor a = lora.parameters().get("up.lora_A.weight");
          Tensor b = lora.parameters().get("up.lora_B.weight");
          double scaling = rankStabilised ? 6 / Math.sqrt(2) : 3;
          Tensor whole = linear.weight().add(b.matmul(a), Torch.scalar(scaling));
          double[] expected = Torch.doubles(torch.linear(x, whole));
          assertThat(Torch.doubles(linear.forward(x))).containsExactly(expected, within(1e-12));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ScalarType.class,
      names = {"Double", "Float", "BFloat16"})
  void mergingComputesTheSameAndUnmergingRestoresEveryBit(ScalarType dtype) {
    try (ParameterStore store = store(dtype)) {
      Linear linear = Linear.withBias(store.root().at("up"), 16, 8);
      double[] weight = Torch.doubles(linear.weight());
      Tensor x = RANDOM.normal(4, 16).to(dtype);
      double[] plain = Torch.doubles(linear.forward(x));
      try (Lora lora = lora(store, CONFIG)) {
        train(lora);
        double[] adapted = Torch.doubles(linear.forward(x));
        assertThat(adapted).isNotEqualTo(plain);
        lora.merge();
        lora.merge();
        double tolerance = dtype == ScalarType.BFloat16 ? 0.5 : 1e-4;
        assertThat(Torch.doubles(linear.forward(x))).containsExactly(adapted, within(tolerance));
        assertThat(Torch.doubles(linear.weight())).isNotEqualTo(weight);
        lora.unmerge();
        assertThat(Torch.doubles(linear.weight())).isEqualTo(weight);
        assertThat(Torch.doubles(linear.forward(x))).isEqualTo(adapted);
        lora.merge();
      }
      assertThat(Torch.doubles(linear.weight())).as("after closing").isEqualTo(weight);
      assertThat(Torch.doubles(linear.forward(x))).isEqualTo(plain);
    }
  }

  @Test
  void mergingForGoodOutlivesTheAdapter() {
    try (ParameterStore store = store(ScalarType.Double)) {
      Linear linear = Linear.withBias(store.root().at("up"), 16, 8);
      Tensor x = RANDOM.normal(4, 16).to(ScalarType.Double);
      Lora lora = lora(store, CONFIG);
      train(lora);
      double[] adapted = Torch.doubles(linear.forward(x));
      lora.mergeForGood();
      assertThat(Torch.doubles(linear.forward(x))).containsExactly(adapted, within(1e-12));
      lora(store, CONFIG).close();
    }
  }

  @Test
  void matricesOfAModelOfShortNumbersAreFloat32() {
    try (ParameterStore store = store(ScalarType.BFloat16)) {
      Linear linear = Linear.withBias(store.root().at("up"), 16, 8);
      try (Lora lora = lora(store, CONFIG)) {
        train(lora);
        lora.setTraining(true);
        Tensor y = linear.forward(RANDOM.normal(4, 16).to(ScalarType.BFloat16));
        assertThat(y.scalar_type().intern()).isEqualTo(ScalarType.BFloat16);
        y.sum().backward();
        Tensor gradient = lora.parameters().get("up.lora_A.weight").grad();
        assertThat(gradient.scalar_type().intern()).isEqualTo(ScalarType.Float);
        assertThat(linear.weight().grad().defined()).isFalse();
      }
    }
  }

  @Test
  void onlyWhatTakesPartGathersGradients() {
    try (ParameterStore store = store(ScalarType.Double)) {
      Linear linear = Linear.withBias(store.root().at("up"), 16, 8);
      Tensor x = RANDOM.normal(4, 16).to(ScalarType.Double);
      double[] plain = Torch.doubles(linear.forward(x));
      try (Lora lora = lora(store, CONFIG)) {
        train(lora);
        lora.setTraining(false);
        assertThat(Torch.doubles(linear.forward(x))).isEqualTo(plain);
        assertThat(linear.forward(x).requires_grad()).isFalse();
        lora.setTraining(true);
        assertThat(Torch.doubles(linear.forward(x))).isNotEqualTo(plain);
        assertThat(linear.forward(x).requires_grad()).isTrue();
      }
    }
  }

  @Test
  void dropoutFollowsTheRowsStateWhateverTheBatch() {
    try (ParameterStore store = store(ScalarType.Double)) {
      Linear linear = Linear.withoutBias(store.root().at("up"), 64, 8);
      try (Lora lora = lora(store, LoraConfig.of(2, 6, 0.5, false, "up"))) {
        train(lora);
        Tensor x = RANDOM.normal(2, 50, 64).to(ScalarType.Double);
        Tensor second = x.narrow(0, 1, 1).narrow(1, 0, 20);
        double[] whole = Torch.doubles(linear.forward(x));
        lora.setDropout(List.of(RANDOM.fork(1), RANDOM.fork(2)));
        Tensor together = linear.forward(x);
        assertThat(Torch.doubles(linear.forward(x))).isEqualTo(Torch.doubles(together));
        assertThat(Torch.doubles(together)).isNotEqualTo(whole);
        lora.setDropout(List.of(RANDOM.fork(2)));
        assertThat(Torch.doubles(linear.forward(second)))
            .containsExactly(
                Torch.doubles(together.narrow(0, 1, 1).narrow(1, 0, 20)), within(1e-12));
        assertThatThrownBy(() -> linear.forward(x))
            .isInstanceOf(DsVlmException.class)
            .hasMessageContaining("LoRA on 'up'")
            .hasMessageContaining("for 1 rows");
        lora.setDropout(null);
        assertThat(Torch.doubles(linear.forward(x))).isEqualTo(whole);
      }
    }
  }

  @Test
  void dropoutKeepsTheMean() {
    try (ParameterStore store = store(ScalarType.Double)) {
      Linear linear = Linear.withoutBias(store.root().at("up"), 1000, 1);
      try (Lora lora = lora(store, LoraConfig.of(1, 1, 0.25, false, "up"))) {
        lora.parameters().values().forEach(tensor -> tensor.fill_(Torch.scalar(1)));
        lora.setDropout(List.of(RANDOM.fork(1)));
        Tensor x = torch.ones(new long[] {1, 200, 1000}, Torch.options(ScalarType.Double));
        Tensor change = linear.forward(x).sub(torch.linear(x, linear.weight()));
        assertThat(Torch.item(change.mean())).isCloseTo(1000, within(5.0));
        // Each sum of 1000 inputs, 0 or 4/3, varies by 1000 · 0.25 / 0.75.
        assertThat(Torch.item(change.std())).isBetween(15.0, 22.0);
      }
    }
  }

  @Test
  void targetsOfNoLayerAndASecondAdapterAreErrors() {
    try (ParameterStore store = store(ScalarType.Double)) {
      Linear.withoutBias(store.root().at("up"), 4, 4);
      assertThatThrownBy(() -> lora(store, LoraConfig.of(2, 6, 0, false, "q_proj, v_proj")))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("target_modules [q_proj, v_proj] fits none")
          .hasMessageContaining("such as up");
      try (Lora lora = lora(store, CONFIG)) {
        assertThatThrownBy(() -> lora(store, CONFIG))
            .isInstanceOf(DsVlmException.class)
            .hasMessageContaining("has a LoRA adapter already");
      }
      assertThatThrownBy(() -> LoraConfig.of(0, 6, 0, false, "up"))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("rank");
      assertThatThrownBy(() -> LoraConfig.of(1, 6, 1, false, "up"))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("dropout");
    }
  }

  @Test
  void leavesNoNativeObjectBehind() {
    try (ParameterStore store = store(ScalarType.Float)) {
      Linear linear = Linear.withBias(store.root().at("up"), 16, 8);
      long before = NativeObjects.settledCount();
      try (PointerScope own = new PointerScope();
          Lora lora = lora(store, CONFIG)) {
        lora.merge();
        lora.unmerge();
        linear.forward(RANDOM.normal(4, 16));
        lora.merge();
      }
      assertThat(NativeObjects.settledCount()).isEqualTo(before);
    }
  }

  @Test
  @Closes(Lora.class)
  void aClosedAdapterSaysSo() {
    try (ParameterStore store = store(ScalarType.Float)) {
      Linear linear = Linear.withBias(store.root().at("up"), 16, 8);
      Tensor weight = linear.weight().clone();
      Lora lora = lora(store, CONFIG);
      train(lora);
      lora.merge();
      Closed.saysSo(
          lora,
          lora::merge,
          lora::unmerge,
          lora::mergeForGood,
          lora::parameters,
          lora::paths,
          () -> lora.setActive(true),
          () -> lora.setTraining(true),
          () -> lora.setDropout(null),
          () -> lora.replace("up.weight", weight, "a test"));
      assertThat(linear.weight().equal(weight)).as("unmerged").isTrue();
    }
  }

  @Test
  void anAdapterMayOutliveItsModel() {
    ParameterStore store = store(ScalarType.Float);
    Linear linear = Linear.withBias(store.root().at("up"), 16, 8);
    Lora lora = lora(store, CONFIG);
    lora.replace("up.bias", linear.weight().select(1, 0), "a test");
    lora.merge();
    long before = NativeObjects.settledCount();
    store.close();
    lora.close();
    assertThat(NativeObjects.settledCount()).isLessThan(before);
  }

  @Test
  @Closes(MergedWeights.class)
  void closedMergedWeightsSaySo() {
    Map<String, Tensor> base = Map.of("up.weight", RANDOM.normal(8, 16));
    MergedWeights merged =
        new MergedWeights(
            new HeldWeights(base),
            root -> Linear.withoutBias(root.at("up"), 16, 8),
            shapes -> lora(shapes, CONFIG));
    assertThat(Torch.shape(merged.read("up.weight"))).containsExactly(8, 16);
    Closed.saysSo(merged, () -> merged.read("up.weight"));
  }
}
