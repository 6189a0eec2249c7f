/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.llama.CausalLm;
import org.dsvlm.models.llama.LlamaConfig;
import org.dsvlm.nn.Lora;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.PeftFolder;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;

/** A language model with an adapter as PEFT wrote it: off, on, merged, unmerged. */
final class LoraRunner implements GoldenRunner {
  private static final String PEFT = "base_model.model.";

  @Override
  public boolean isInput(String name) {
    return Set.of("input_ids", "attention_mask", "labels").contains(name);
  }

  @Override
  public void run(GoldenCase golden) {
    Path base = golden.folder().resolve("base");
    for (String file : List.of("config.json", "config_v5.json")) {
      LlamaConfig config = LlamaConfig.parse(JsonConfig.read(base.resolve(file)));
      try (PointerScope scope = new PointerScope();
          WeightSource weights = WeightFolder.open(base);
          ParameterStore store = ParameterStore.from(weights, ScalarType.Float, "cpu")) {
        CausalLm lm = new CausalLm(store.root(), config);
        golden.expect("logits_base", logits(golden, lm));
        try (Lora lora =
            PeftFolder.read(
                golden.folder().resolve("adapter"), store, List.of(UnaryOperator.identity()))) {
          compareTraining(golden, lm, lora);
          compareMerging(golden, lm, lora, store.tensors());
        }
        golden.expect("logits_base", logits(golden, lm));
      }
    }
  }

  private static Tensor logits(GoldenCase golden, CausalLm lm) {
    Tensor mask = golden.input("attention_mask");
    Tensor last = lm.model().forward(lm.model().embed(golden.input("input_ids")), mask);
    return lm.logits(last).mul(mask.unsqueeze(-1).to(ScalarType.Float));
  }

  private static void compareTraining(GoldenCase golden, CausalLm lm, Lora lora) {
    lora.setTraining(true);
    golden.expect("logits", logits(golden, lm));
    Tensor embedded = lm.model().embed(golden.input("input_ids"));
    Tensor last = lm.model().forward(embedded, golden.input("attention_mask"));
    Tensor loss = lm.loss(last, golden.input("labels"));
    golden.expect("loss", loss);
    loss.backward();
    lora.parameters()
        .forEach(
            (name, tensor) -> {
              String stored = "grad." + PEFT + name;
              if (golden.has(stored)) {
                golden.expect(stored, tensor.grad());
              }
            });
  }

  private static void compareMerging(
      GoldenCase golden, CausalLm lm, Lora lora, Map<String, Tensor> weights) {
    try (NoGradGuard guard = new NoGradGuard()) {
      lora.merge();
      golden.expect("logits_merged", logits(golden, lm));
      golden.names().stream()
          .filter(name -> name.startsWith("merged."))
          .forEach(name -> golden.expect(name, weights.get(name.substring("merged.".length()))));
      lora.unmerge();
      golden.expect("logits", logits(golden, lm));
    }
  }
}
