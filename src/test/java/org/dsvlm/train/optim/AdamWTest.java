/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.optim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.junit.jupiter.api.Test;

class AdamWTest {
  private static AdamW optimizer(Map<String, Tensor> parameters) {
    return new AdamW(List.of(new ParameterGroup("all", parameters, 0.1, 0.01)), 0.9, 0.999, 1e-8);
  }

  private static Tensor leaf(double value) {
    return Torch.of(new double[] {value}, 1).set_requires_grad(true);
  }

  @Test
  void leavesAParameterWithoutGradientAlone() {
    try (PointerScope scope = new PointerScope()) {
      Tensor used = leaf(1);
      Tensor unused = leaf(1);
      try (AdamW optimizer = optimizer(Map.of("used", used, "unused", unused))) {
        used.mul(Torch.scalar(3)).sum().backward();
        optimizer.step(1);
        assertThat(Torch.doubles(used)[0]).isNotEqualTo(1);
        assertThat(Torch.doubles(unused)[0]).isEqualTo(1);
        assertThat(Torch.doubles(optimizer.state().get("unused.step"))).containsExactly(0);
      }
    }
  }

  @Test
  void zeroGradientsDropsThem() {
    try (PointerScope scope = new PointerScope()) {
      Tensor parameter = leaf(1);
      try (AdamW optimizer = optimizer(Map.of("parameter", parameter))) {
        parameter.sum().backward();
        assertThat(optimizer.gradients()).hasSize(1);
        optimizer.zeroGradients();
        assertThat(optimizer.gradients()).isEmpty();
      }
    }
  }

  @Test
  void goesOnBitwiseFromCopiedState() {
    try (PointerScope scope = new PointerScope()) {
      Tensor straight = leaf(1);
      Tensor resumed = leaf(1);
      try (AdamW first = optimizer(Map.of("p", straight));
          AdamW before = optimizer(Map.of("p", resumed))) {
        steps(first, straight, 6);
        steps(before, resumed, 3);
        try (AdamW after = optimizer(Map.of("p", resumed))) {
          after.state().forEach((name, value) -> value.copy_(before.state().get(name)));
          steps(after, resumed, 3);
        }
      }
      assertThat(Torch.doubles(resumed)).containsExactly(Torch.doubles(straight));
    }
  }

  @Test
  void aMasterCarriesOnBitwise() {
    try (PointerScope scope = new PointerScope()) {
      Tensor straight = leaf(1).to(ScalarType.BFloat16).detach().set_requires_grad(true);
      Tensor resumed = straight.detach().clone().set_requires_grad(true);
      try (AdamW first = mastered(straight);
          AdamW before = mastered(resumed)) {
        steps(first, straight, 6);
        steps(before, resumed, 3);
        try (AdamW after = mastered(resumed)) {
          after.state().forEach((name, value) -> value.copy_(before.state().get(name)));
          steps(after, resumed, 3);
          assertThat(Torch.doubles(after.state().get("p.master")))
              .containsExactly(Torch.doubles(first.state().get("p.master")))
              .isNotEqualTo(Torch.doubles(resumed));
        }
      }
      assertThat(Torch.doubles(resumed)).containsExactly(Torch.doubles(straight));
    }
  }

  private static AdamW mastered(Tensor parameter) {
    ParameterGroup group = new ParameterGroup("all", Map.of("p", parameter), 1e-3, 0.01);
    return new AdamW(List.of(group), 0.9, 0.999, 1e-8, true);
  }

  @Test
  void onlyParametersOf16BitsHaveMasters() {
    try (PointerScope scope = new PointerScope()) {
      Tensor shortOne = leaf(1).to(ScalarType.BFloat16).detach().set_requires_grad(true);
      ParameterGroup group =
          new ParameterGroup("all", Map.of("long", leaf(1), "short", shortOne), 0.1, 0);
      try (AdamW with = new AdamW(List.of(group), 0.9, 0.999, 1e-8, true);
          AdamW without = new AdamW(List.of(group), 0.9, 0.999, 1e-8)) {
        assertThat(with.state()).containsKey("short.master").doesNotContainKey("long.master");
        assertThat(with.state().get("short.exp_avg").scalar_type().intern())
            .isEqualTo(ScalarType.Float);
        assertThat(without.state()).doesNotContainKey("short.master");
      }
    }
  }

  private static void steps(AdamW optimizer, Tensor parameter, int count) {
    for (int i = 0; i < count; i++) {
      parameter.square().sum().backward();
      optimizer.step(1);
      optimizer.zeroGradients();
    }
  }

  @Test
  @Closes(AdamW.class)
  void aClosedOptimizerSaysSo() {
    try (PointerScope scope = new PointerScope()) {
      AdamW optimizer = optimizer(Map.of("parameter", leaf(1)));
      Closed.saysSo(optimizer, () -> optimizer.step(1), optimizer::state);
    }
  }
}
