/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;

class SupervisorArgumentsTest {
  private static void refuses(Runnable call, String message) {
    assertThatThrownBy(call::run)
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("Exception raised from");
  }

  @Test
  @BadInput(
      number = 92,
      value =
          "a supervisor's feature, picture, timestep or noise of another shape, missing,"
              + " surplus, null or closed",
      then = "an error that names the argument and both shapes; no trace of C++")
  void everyArgumentIsNamed() {
    try (PointerScope scope = new PointerScope();
        TinyModel model = new TinyModel("{}", ScalarType.Float)) {
      Map<String, Tensor> features = model.features(2);
      Tensor picture = model.random("picture", 2, 3, 16, 16);
      Tensor noise = model.random("noise", 2, 4, 8, 8);
      Tensor times = Torch.of(new long[] {101, 501}, 2);
      DiffusionSupervisor supervisor = model.supervisor;
      refuses(
          () -> supervisor.loss(features, model.random("p", 2, 3, 15, 16), times, noise),
          "supervision: picture has shape [2, 3, 15, 16], but has to have [2, 3, 16, 16]");
      refuses(
          () -> supervisor.loss(features, picture, times, model.random("n", 2, 4, 8)),
          "supervision: noise has shape [2, 4, 8], but has to have [2, 4, 8, 8]");
      refuses(
          () -> supervisor.loss(features, picture, Torch.of(new long[] {1}, 1), noise),
          "supervision: timesteps has shape [1], but has to have [2]");
      for (String key : features.keySet()) {
        Map<String, Tensor> wrong = new HashMap<>(features);
        Tensor right = features.get(key);
        wrong.put(key, model.random("f", 2, right.size(1), right.size(2) + 1));
        refuses(
            () -> supervisor.loss(wrong, picture, times, noise),
            "supervision: feature '" + key + "' has shape");
        wrong.put(key, right.narrow(0, 0, 1));
        refuses(
            () -> supervisor.loss(wrong, picture, times, noise),
            "supervision: feature '" + key + "' has shape [1, ");
        wrong.put(key, null);
        refuses(() -> supervisor.contexts(wrong), "feature '" + key + "'");
        wrong.remove(key);
        refuses(
            () -> supervisor.loss(wrong, picture, times, noise),
            "supervision: feature '" + key + "' is switched on, but only ");
      }
      Map<String, Tensor> surplus = new HashMap<>(features);
      surplus.put("other", picture);
      refuses(
          () -> supervisor.loss(surplus, picture, times, noise),
          "supervision: features [other] were handed over, but are not switched on");
      refuses(() -> supervisor.loss(null, picture, times, noise), "'features' is null");
      refuses(() -> supervisor.loss(features, null, times, noise), "'picture' is null");
      refuses(() -> supervisor.loss(features, picture, null, noise), "'timesteps' is null");
      refuses(() -> supervisor.loss(features, picture, times, null), "'noise' is null");
      supervisor.close();
      refuses(
          () -> supervisor.loss(features, picture, times, noise),
          "the supervisor is closed; open it again");
    }
  }
}
