/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Text in {@code docs/} that a test generates: compared with the file, or written into it where the
 * system property {@code dsvlm.docs.write} is true.
 */
final class GeneratedText {
  private static final boolean WRITE = Boolean.getBoolean("dsvlm.docs.write");

  private GeneratedText() {}

  /** Demands that {@code file} is {@code text}, as a whole. */
  static void isFile(Class<?> test, Path file, String text) throws IOException {
    compare(test, file, Files.exists(file) ? Files.readString(file) : "", text);
  }

  /**
   * Demands {@code text} in {@code file} between the lines {@code <!-- generated: NAME -->} and
   * {@code <!-- end of NAME -->}.
   */
  static void isPart(Class<?> test, Path file, String name, String text) throws IOException {
    String whole = Files.readString(file);
    String first = "<!-- generated: " + name + " -->\n";
    String last = "<!-- end of " + name + " -->\n";
    assertThat(whole).as(file + " has the marks of its generated part").contains(first, last);
    String before = whole.substring(0, whole.indexOf(first) + first.length());
    compare(test, file, whole, before + "\n" + text + "\n" + whole.substring(whole.indexOf(last)));
  }

  private static void compare(Class<?> test, Path file, String found, String wanted)
      throws IOException {
    if (WRITE) {
      Files.writeString(file, wanted);
    }
    assertThat(WRITE ? wanted : found)
        .as(
            "%s, which `mvn test -Dtest=%s -Ddsvlm.docs.write=true` writes",
            file, test.getSimpleName())
        .isEqualTo(wanted);
  }
}
