/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.distributed.CollectiveTrial;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.tensor.Devices;

/** Versions of the libraries that LibTorch computes with, as far as they can be read. */
final class LibraryVersions {
  private static final Pattern ONEDNN = Pattern.compile("MKL-DNN v([\\d.]+)");
  private static final int THOUSAND = 1000;

  private LibraryVersions() {}

  /** One version of a library; asking may fail. */
  @FunctionalInterface
  interface Question {
    Optional<String> answer();
  }

  /** One line for people. gpu: whether there is one, whose libraries are named as well. */
  static String line(boolean gpu) {
    List<String> found = new ArrayList<>();
    add(found, "oneDNN", () -> first(ONEDNN, torch.show_config().getString()));
    add(found, "OpenBLAS", () -> Optional.of(ofBinding("openblas")));
    if (gpu) {
      add(found, "CUDA", () -> Optional.of(ofRuntime(Context.versionCUDART())));
      add(found, "cuDNN", () -> Optional.of(ofCuDnn(Context.versionRuntimeCuDNN())));
      add(found, "cuBLAS", () -> ofFile("cublas", Devices.loadedFiles()));
      add(found, "NCCL", () -> Optional.of(CollectiveTrial.ncclVersion()));
    }
    return String.join(", ", found);
  }

  /** Adds name and version; or, of a library that does not load, why. */
  static void add(List<String> found, String name, Question question) {
    try {
      question.answer().ifPresent(version -> found.add(name + " " + version));
    } catch (RuntimeException | LinkageError e) {
      found.add(name + " unknown (" + Excerpt.firstLine(e) + ")");
    }
  }

  /** Of the JAR that brings it. */
  private static String ofBinding(String artifact) {
    try {
      return Loader.getVersion("org.bytedeco", artifact);
    } catch (IOException e) {
      throw new DsVlmException("its JAR does not say: " + e.getMessage(), e);
    }
  }

  /** 13030 is 13.3. */
  static String ofRuntime(long version) {
    return version / THOUSAND + "." + version % THOUSAND / 10;
  }

  /** 92501 is 9.25.1: from cuDNN 9 on the minor number has two digits, as has the patch. */
  static String ofCuDnn(long version) {
    return version / 10_000 + "." + version / 100 % 100 + "." + version % 100;
  }

  /** The version in the name of the library's file; a file may have its first number alone. */
  static Optional<String> ofFile(String library, String maps) {
    return first(Pattern.compile("/lib" + library + "\\.so\\.(\\d[\\d.]*)"), maps);
  }

  private static Optional<String> first(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }
}
