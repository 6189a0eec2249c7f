/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.TinyRun;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An adapter from the run that trains it to the model that it is merged into. */
class AdapterCommandsTest {
  @TempDir private Path folder;

  private void succeeds(String... arguments) {
    Outcome outcome = Outcome.of(arguments);
    assertThat(outcome.code()).as(outcome.err()).isZero();
  }

  private void train(TinyRun tiny, String name, String... overrides) {
    List<String> arguments = new ArrayList<>(List.of("train", "--recipe", TinyRun.RECIPE));
    List<String> all = new ArrayList<>(tiny.data());
    all.addAll(List.of("stage1.max_steps=0", "stage1.epochs=0", "stage2.epochs=0"));
    all.addAll(List.of("supervision.enabled=false", "model.language.trainable=false"));
    all.addAll(List.of(overrides));
    all.forEach(override -> arguments.addAll(List.of("--set", override)));
    arguments.addAll(List.of("--out", folder.resolve(name).toString()));
    succeeds(arguments.toArray(String[]::new));
  }

  private double[] logits(Path model, String... further) {
    Path check = folder.resolve("check.safetensors");
    List<String> arguments = new ArrayList<>(List.of("chat", "--model=" + model));
    arguments.add("--image=" + folder.resolve("pictures/0.png"));
    arguments.addAll(List.of("--prompt=What is it?", "--max-new-tokens=2", "--check=" + check));
    arguments.addAll(List.of(further));
    succeeds(arguments.toArray(String[]::new));
    try (PointerScope scope = new PointerScope();
        Safetensors stored = Safetensors.open(check)) {
      return Torch.doubles(stored.read("logits"));
    }
  }

  @Test
  void chatsWithAnAdapterAsWithTheModelThatItIsMergedInto() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    train(tiny, "base", "stage2.max_steps=0");
    Path base = folder.resolve("base/export");
    train(
        tiny,
        "tuned",
        "model.llava=" + base,
        "model.tokenizer=",
        "model.language.lora.rank=2",
        "stage2.learning_rate=0.05");
    Path adapter = folder.resolve("tuned/adapter");

    double[] adapted = logits(base, "--adapter=" + adapter);
    assertThat(adapted).isNotEqualTo(logits(base));
    Path merged = folder.resolve("merged");
    succeeds(
        "export",
        "--model=" + base,
        "--merge-adapter=" + adapter,
        "--dtype=float32",
        "--out=" + merged);
    assertThat(logits(merged)).containsExactly(adapted, within(1e-5));

    Outcome none = Outcome.of("chat", "--model=" + base, "--prompt=a", "--adapter=" + folder);
    assertThat(none.code()).isEqualTo(1);
    assertThat(none.err()).contains("adapter_config.json: no such file");
  }
}
