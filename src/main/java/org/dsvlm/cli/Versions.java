/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.kernels.Kernels;
import org.dsvlm.tensor.Torch;
import picocli.CommandLine.IVersionProvider;

/** Versions of this program and of the libraries it runs on. */
final class Versions implements IVersionProvider {
  @Override
  public String[] getVersion() throws Exception {
    Torch.load();
    return new String[] {
      "dsvlm " + own(),
      "LibTorch " + libTorch() + (torch.hasCUDA() ? ", with CUDA" : ", without CUDA"),
      "operators: " + Kernels.status(),
      "Java " + Runtime.version()
    };
  }

  static String own() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "(not packaged)" : version;
  }

  /** Version of LibTorch and, after the hyphen, of the binding. */
  static String libTorch() throws java.io.IOException {
    return Loader.getVersion("org.bytedeco", "pytorch");
  }
}
