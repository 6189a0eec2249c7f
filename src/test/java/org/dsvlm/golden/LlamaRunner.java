/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.llama.CausalLm;
import org.dsvlm.models.llama.Generation;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llama.LlamaConfig;
import org.dsvlm.models.llama.TokenListener;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.safetensors.Safetensors;

/** Decoders of the Llama family: hidden states, logits, loss, gradients and greedy tokens. */
final class LlamaRunner implements GoldenRunner {
  @Override
  public boolean isInput(String name) {
    return Set.of("input_ids", "attention_mask", "labels").contains(name);
  }

  @Override
  public void run(GoldenCase golden) {
    for (String file : List.of("config.json", "config_v5.json")) {
      LlamaConfig config = LlamaConfig.parse(JsonConfig.read(golden.folder().resolve(file)));
      try (Safetensors weights = Safetensors.open(golden.folder().resolve("model.safetensors"));
          ParameterStore store = ParameterStore.from(weights, ScalarType.Float, "cpu")) {
        CausalLm lm = new CausalLm(store.root(), config);
        golden.expectEqual("surplus tensors", new long[] {store.surplus().size()}, new long[] {0});
        store.setTrainable(name -> true);
        compareForward(golden, lm);
        store.tensors().forEach((name, tensor) -> compareGradient(golden, name, tensor));
        compareGeneration(golden, lm);
      }
    }
  }

  private static void compareForward(GoldenCase golden, CausalLm lm) {
    Tensor mask = golden.input("attention_mask");
    Tensor present = mask.unsqueeze(-1).to(ScalarType.Float);
    Tensor embedded = lm.model().embed(golden.input("input_ids"));
    List<Tensor> states = lm.model().hiddenStates(embedded, mask);
    for (int i = 0; i < states.size(); i++) {
      golden.expect("hidden_states." + i, states.get(i).mul(present));
    }
    Tensor last = lm.model().forward(embedded, mask);
    golden.expect("logits", lm.logits(last).mul(present));
    Tensor loss = lm.loss(last, golden.input("labels"));
    golden.expect("loss", loss);
    loss.backward();
  }

  private static void compareGradient(GoldenCase golden, String name, Tensor parameter) {
    if (golden.has("grad." + name)) {
      golden.expect("grad." + name, parameter.grad());
    }
  }

  private static void compareGeneration(GoldenCase golden, CausalLm lm) {
    Tensor expected = golden.input("generated");
    Tensor lengths = golden.input("attention_mask").sum(1L);
    int newTokens = (int) expected.size(1);
    Generation generation =
        new Generation(lm, GenerationSettings.greedy(newTokens, Set.of()), TokenListener.NONE);
    List<Generation.Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < expected.size(0); i++) {
      Tensor ids = golden.input("input_ids").select(0, i).narrow(0, 0, Torch.longs(lengths)[i]);
      Tensor embedded = lm.model().embed(ids.unsqueeze(0)).squeeze(0);
      prompts.add(new Generation.Prompt(embedded, Torch.longs(ids), 0, newTokens));
    }
    List<long[]> together = generation.run(prompts);
    for (int i = 0; i < prompts.size(); i++) {
      long[] tokens = Torch.longs(expected.select(0, i));
      golden.expectEqual("generated", generation.run(List.of(prompts.get(i))).get(0), tokens);
      golden.expectEqual("generated", together.get(i), tokens);
    }
  }
}
