/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.cost.Tape;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.testing.LibTorchCalls;
import org.dsvlm.testing.ObservedWork;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a plan counts of the connector is what LibTorch runs. */
@ExtendWith(TensorScope.class)
class ConnectorCostTest {
  private static final int PICTURES = 2;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theTapeHoldsWhatRuns(boolean differentiated) {
    LibTorchCalls.assumeRecorded();
    LlavaConfig config = TinyLlava.parsed();
    RandomState random = new RandomState(3);
    try (ParameterStore store = ParameterStore.random(random, ScalarType.Float, "cpu")) {
      Connector connector = new Connector(store.root(), config);
      store.setTrainable(name -> true);
      Tensor features =
          random
              .fork("features")
              .normal(PICTURES, config.imageTokens(), config.connectorInput())
              .set_requires_grad(differentiated);
      Tape tape = new Tape(4);
      config.costOfConnector(tape, PICTURES, differentiated);
      ObservedWork.assertThatTapeHolds(tape, () -> connector.forward(features).square().sum());
    }
  }
}
