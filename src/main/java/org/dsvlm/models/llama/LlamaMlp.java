/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import static org.bytedeco.pytorch.global.torch.silu;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;

/** Gated MLP of the Llama family: {@code down(silu(gate(x)) · up(x))}. */
final class LlamaMlp {
  private final Linear gate;
  private final Linear up;
  private final Linear down;

  LlamaMlp(Parameters parameters, LlamaConfig config) {
    Init init = Init.normal(config.initializerRange());
    int width = config.hiddenSize();
    int inner = config.intermediateSize();
    boolean bias = config.mlpBias();
    gate = Linear.of(parameters.at("gate_proj"), init, width, inner, bias);
    up = Linear.of(parameters.at("up_proj"), init, width, inner, bias);
    down = Linear.of(parameters.at("down_proj"), init, inner, width, bias);
  }

  void addTo(DecoderWeights all) {
    all.add(gate);
    all.add(up);
    all.add(down);
  }

  /** hiddenStates: [batch, tokens, hidden] in, the same out. */
  Tensor forward(Tensor hiddenStates) {
    return down.forward(silu(gate.forward(hiddenStates)).mul(up.forward(hiddenStates)));
  }
}
