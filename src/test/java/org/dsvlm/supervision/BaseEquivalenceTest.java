/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.diffusion.UNet;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;

/**
 * Before the first training step the experts add nothing of their own: with the same context for
 * all, the UNet computes what it did without them, whatever the routers say.
 */
class BaseEquivalenceTest {
  @Test
  void float32() {
    check(ScalarType.Float, 1e-5);
  }

  @Test
  void float64() {
    check(ScalarType.Double, 1e-12);
  }

  private static void check(ScalarType dtype, double tolerance) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard();
        TinyModel model = new TinyModel("{}", dtype);
        ParameterStore untouched =
            ParameterStore.random(new RandomState(1).fork("x"), dtype, "cpu")) {
      Parameters weights = model.stableDiffusion.unetStore().root();
      UNetConfig shape = model.stableDiffusion.unet().config();
      UNet base = new UNet(weights, shape);
      UNet withExperts = new UNet(weights, shape);
      MultiAdapter multiAdapter =
          new MultiAdapter(
              model.config,
              untouched.root(),
              withExperts,
              TinyModel.TEXT_WIDTH,
              TinyModel.VISION_WIDTH);
      Tensor sample = model.random("sample", 2, 4, TinyModel.LATENT, TinyModel.LATENT);
      Tensor timesteps = Torch.of(new long[] {21, 701}, 2);
      Tensor context = model.random("context", 2, 5, TinyModel.CROSS_WIDTH);
      Tensor expected = base.forward(sample, timesteps, List.of(context));
      for (int router = 0; router < 4; router++) {
        setRouters(untouched, router);
        Tensor actual = withExperts.forward(sample, timesteps, Collections.nCopies(4, context));
        double error =
            Torch.item(actual.sub(expected).abs().max()) / Torch.item(expected.abs().max());
        assertThat(error).as("relative error, routers %d", router).isLessThan(tolerance);
        assertThat(Torch.doubles(multiAdapter.routerProbabilities().get(0)))
            .as("routers %d are what they were set to", router)
            .satisfies(p -> assertThat(p[0] == 0.25).isEqualTo(untrained(p)));
      }
      multiAdapter.close();
    }
  }

  private static boolean untrained(double[] probabilities) {
    return probabilities[1] == 0.25 && probabilities[2] == 0.25 && probabilities[3] == 0.25;
  }

  /** The first time as they start, then at random, larger each time. */
  private static void setRouters(ParameterStore store, int round) {
    store
        .tensors()
        .forEach(
            (name, tensor) -> {
              if (name.endsWith(".router.weight")) {
                Tensor values = new RandomState(round).fork(name).normal(Torch.shape(tensor));
                tensor.copy_(values.mul(Torch.scalar(round)));
              }
            });
  }
}
