/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs every case folder below {@code -Ddsvlm.golden=DIR} (default: the project's own). A case of a
 * kind that nothing here knows is a failure.
 */
class GoldenTest {
  private static final Map<String, GoldenRunner> RUNNERS =
      Map.ofEntries(
          Map.entry("clip_vision", new ClipVisionRunner()),
          Map.entry("ds_vlm_step", new DsVlmStepRunner()),
          Map.entry("evaluation", new EvaluationRunner()),
          Map.entry("image_processing", new ImageProcessingRunner()),
          Map.entry("llama", new LlamaRunner()),
          Map.entry("llama3", new LlamaRunner()),
          Map.entry("llama3_rope_scaling", new LlamaRunner()),
          Map.entry("llava", new LlavaRunner()),
          Map.entry("lora", new LoraRunner()),
          Map.entry("moe_cross_attention", new MoeCrossAttentionRunner()),
          Map.entry("optim", new OptimRunner()),
          Map.entry("perceptual", new PerceptualRunner()),
          Map.entry("qwen2", new LlamaRunner()),
          Map.entry("schedulers", new SchedulersRunner()),
          Map.entry("sd_unet", new SdUnetRunner()),
          Map.entry("sd_vae", new SdVaeRunner()),
          Map.entry("siglip_vision", new SiglipVisionRunner()),
          Map.entry("ssim", new SsimRunner()),
          Map.entry("tokenization", new TokenizationRunner()));

  @TestFactory
  Stream<DynamicTest> cases() throws IOException {
    Path root = Path.of(System.getProperty("dsvlm.golden", "src/test/resources/golden"));
    List<Path> folders;
    try (Stream<Path> found = Files.walk(root)) {
      folders =
          found
              .filter(file -> file.getFileName().toString().equals("case.json"))
              .map(Path::getParent)
              .sorted()
              .toList();
    }
    assertThat(folders).as("case folders below %s", root).isNotEmpty();
    return folders.stream()
        .map(folder -> DynamicTest.dynamicTest(folder.getFileName().toString(), () -> run(folder)));
  }

  private static void run(Path folder) throws Exception {
    try (PointerScope scope = new PointerScope();
        GoldenCase golden = new GoldenCase(folder)) {
      GoldenRunner runner = RUNNERS.get(golden.kind());
      if (runner == null) {
        throw new AssertionError(folder + ": no runner for kind '" + golden.kind() + "'");
      }
      runner.run(golden);
      Set<String> forgotten = new TreeSet<>(golden.names());
      forgotten.removeIf(runner::isInput);
      forgotten.removeAll(golden.checked());
      assertThat(golden.failures()).as("differences in %s", folder).isEmpty();
      assertThat(forgotten).as("tensors of %s that no one compared", folder).isEmpty();
    }
  }
}
