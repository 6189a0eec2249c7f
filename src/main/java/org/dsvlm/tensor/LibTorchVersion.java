/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.io.IOException;
import org.bytedeco.javacpp.Loader;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * Checks that the LibTorch on the class path has the version of the build. The binding of another
 * version may lack methods, and its library does not fit the native operators.
 */
public final class LibTorchVersion {
  /** The LibTorch version of the build, without the binding's own version behind the hyphen. */
  static final String BUILT_FOR = "2.13.0";

  static {
    // Before anything of JavaCPP is called.
    JavaCppLog.toSlf4j();
  }

  private LibTorchVersion() {}

  /**
   * Demands the version of the build; loads nothing.
   *
   * @throws DsVlmException naming both versions
   */
  public static void require() {
    try {
      require(Loader.getVersion("org.bytedeco", "pytorch"));
    } catch (IOException e) {
      // A repackaged JAR may not state its version; that does not make it another one.
      return;
    }
  }

  static void require(@Nullable String found) {
    if (found != null && !found.startsWith(BUILT_FOR + "-")) {
      throw new DsVlmException(
          "the class path holds org.bytedeco:pytorch "
              + found
              + ", but this is built for LibTorch "
              + BUILT_FOR
              + "; set the dependency to version "
              + BUILT_FOR
              + "-*");
    }
  }
}
