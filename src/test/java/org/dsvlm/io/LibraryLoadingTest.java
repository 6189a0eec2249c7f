/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LibraryLoadingTest {
  /** As DJL wraps it under {@code --illegal-native-access=deny} of Java 24 and later. */
  @Test
  void nativeCodeThatIsNotAllowedIsToldThroughOthersExceptions() {
    Throwable wrapped =
        new IllegalStateException("no tokenizer", new IllegalCallerException("from a module"));
    assertThat(LibraryLoading.failure(wrapped).orElseThrow())
        .hasMessageStartingWith("a library cannot be loaded: from a module; allow native code: ")
        .hasMessageContaining("--enable-native-access=ALL-UNNAMED")
        .hasCause(wrapped);
  }

  @Test
  void theReasonIsTheLastCause() {
    Throwable error =
        new ExceptionInInitializerError(new IllegalArgumentException("no space left"));
    assertThat(LibraryLoading.failure(error).orElseThrow())
        .hasMessageStartingWith("a library cannot be loaded: no space left; dsvlm doctor -v");
  }

  @Test
  void otherFaultsAreNoneOfALibrary() {
    assertThat(LibraryLoading.failure(new IllegalStateException("x", new RuntimeException("y"))))
        .isEmpty();
  }
}
