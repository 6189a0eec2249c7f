/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What tools/environment, which the launcher sources, makes of variables that are set already. */
class EnvironmentTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "OTHER=1, /expandable_segments:True",
    "PYTORCH_ALLOC_CONF=max_split_size_mb:512, /max_split_size_mb:512",
    "PYTORCH_ALLOC_CONF=, /",
    "PYTORCH_CUDA_ALLOC_CONF=max_split_size_mb:512, max_split_size_mb:512/"
  })
  void cudaAllocatorsSettingIsKept(String given, String expected)
      throws IOException, InterruptedException {
    Path log = folder.resolve("log");
    new ProcessBuilder(
            "env",
            "-u",
            "PYTORCH_ALLOC_CONF",
            "-u",
            "PYTORCH_CUDA_ALLOC_CONF",
            given,
            "bash",
            "-c",
            "source tools/environment && echo \"$PYTORCH_CUDA_ALLOC_CONF/$PYTORCH_ALLOC_CONF\"")
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .redirectOutput(log.toFile())
        .start()
        .waitFor();
    assertThat(Files.readString(log).strip()).isEqualTo(expected);
  }
}
