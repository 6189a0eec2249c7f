/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
    assertThat(
            sourced(
                List.of("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"),
                given,
                "$PYTORCH_CUDA_ALLOC_CONF/$PYTORCH_ALLOC_CONF"))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "LC_ALL=C, C.UTF-8",
    "LC_ALL=POSIX, C.UTF-8",
    "LANG=, C.UTF-8",
    "LC_ALL=de_DE.ISO-8859-1, C.UTF-8",
    "LC_ALL=xx_XX.UTF-8, C.UTF-8",
    "LC_ALL=C.utf8, C.UTF-8",
    "LANG=C.utf8, C.UTF-8"
  })
  void theLauncherSetsALocale(String given, String expected)
      throws IOException, InterruptedException {
    assertThat(sourced(List.of("LC_ALL", "LC_CTYPE", "LANG"), given, "$LC_ALL"))
        .isEqualTo(expected);
  }

  /** What {@code words} are where it was sourced with {@code given}, and without {@code unset}. */
  private String sourced(List<String> unset, String given, String words)
      throws IOException, InterruptedException {
    Path log = folder.resolve("log");
    List<String> command = new ArrayList<>(List.of("env"));
    unset.forEach(name -> command.addAll(List.of("-u", name)));
    String script = "source tools/environment && echo \"" + words + "\"";
    command.addAll(List.of(given, "bash", "-c", script));
    new ProcessBuilder(command)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .redirectOutput(log.toFile())
        .start()
        .waitFor();
    return Files.readString(log).strip();
  }
}
