/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.BadInput;
import org.dsvlm.io.FilePath;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever the locale: none is set in most containers. */
class LocaleTest {
  @TempDir Path folder;

  @Test
  @BadInput(
      number = 66,
      value = "arguments with characters that the locale of the process lacks",
      then = "an error that names argument and encoding, and the locale to set")
  void argumentsThatTheLocaleLacksAreRefused() throws IOException, InterruptedException {
    Assumptions.assumeTrue(
        FilePath.encoding().equals(StandardCharsets.UTF_8),
        "a JVM without a UTF-8 locale cannot hand the characters to another one");
    Path log = folder.resolve("log");
    try (ChildProcess process =
        ChildProcess.start(
            List.of("env", "LC_ALL=C"), log, "chat", "--model", "m", "--prompt", "Was heißt 图?")) {
      assertThat(process.exitCode()).isEqualTo(1);
    }
    assertThat(Files.readString(log))
        .startsWith("dsvlm: the argument 'Was hei")
        .contains("cannot be read in this process's encoding", "start it with LC_ALL=C.UTF-8");
  }

  @Test
  void outputIsUtf8() throws IOException, InterruptedException {
    Path model = Files.createDirectory(folder.resolve("modell"));
    Files.writeString(model.resolve("config.json"), "{\"model_type\": \"größe\"}");
    Path log = folder.resolve("log");
    try (ChildProcess process =
        ChildProcess.start(List.of("env", "LC_ALL=C"), log, "inspect", model.toString())) {
      assertThat(process.exitCode()).isEqualTo(1);
    }
    assertThat(Files.readString(log, StandardCharsets.UTF_8)).contains("'model_type' is 'größe'");
  }

  /** As in an embedding program; ArchitectureTest holds the rest. */
  @Test
  void namesOfFilesHaveTheUsualDigits() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try (PointerScope scope = new PointerScope()) {
      assertThat(String.format("%d", 12)).as("the locale's own digits").isNotEqualTo("12");
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      tensors.put("a", Torch.of(new float[4], 4));
      tensors.put("b", Torch.of(new float[4], 4));
      SafetensorsWriter.writeFolder(folder, "model", tensors, 16);
    } finally {
      Locale.setDefault(before);
    }
    assertThat(folder.resolve("model-00002-of-00002.safetensors")).exists();
  }
}
