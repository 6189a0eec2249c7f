/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LibraryVersionsTest {
  @Test
  void numbersAreReadAsTheLibrariesMakeThem() {
    assertThat(LibraryVersions.ofRuntime(13030)).isEqualTo("13.3");
    assertThat(LibraryVersions.ofCuDnn(92501)).isEqualTo("9.25.1");
    String maps = "7f00 r-xp 00000000 08:01 5 /usr/lib/libcublas.so.13.1.0.3\n7f01 r-xp\n";
    assertThat(LibraryVersions.ofFile("cublas", maps)).contains("13.1.0.3");
    assertThat(LibraryVersions.ofFile("nccl", maps)).isEmpty();
  }

  @Test
  void aLibraryThatDoesNotLoadIsNamed() {
    List<String> found = new ArrayList<>();
    LibraryVersions.add(found, "cuBLAS", Optional::empty);
    LibraryVersions.add(
        found,
        "NCCL",
        () -> {
          throw new UnsatisfiedLinkError("libnccl.so.2: cannot open\nmore");
        });
    assertThat(found).containsExactly("NCCL unknown (libnccl.so.2: cannot open)");
  }
}
