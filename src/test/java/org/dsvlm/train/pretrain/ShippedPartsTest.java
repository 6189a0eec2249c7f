/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.dsvlm.data.nano.NanoArchive;
import org.dsvlm.data.nano.NanoWorld;
import org.dsvlm.io.JsonConfig;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The parts that this project ships, measured again on their world's tests. */
class ShippedPartsTest {
  private static final Path PARTS = Path.of("src", "main", "nano");
  private static final long MOST_BYTES = 24L << 20;

  @TempDir private static Path folder;

  @TestFactory
  List<DynamicTest> figuresAreFoundAgain() {
    NanoArchive.get();
    List<DynamicTest> tests = new ArrayList<>();
    for (String part : Pretraining.names()) {
      Pretraining shipped =
          new Pretraining(part, "nano", List.of(), folder.resolve("world"), PARTS);
      if (Files.exists(shipped.folder())) {
        tests.add(DynamicTest.dynamicTest(part, () -> check(shipped)));
      }
    }
    assertThat(tests).isNotEmpty();
    return tests;
  }

  private static void check(Pretraining shipped) {
    Path world = folder.resolve("world");
    if (!Files.exists(world)) {
      JsonConfig stated =
          JsonConfig.read(shipped.folder().resolve(Pretraining.DESCRIPTION)).child("world");
      NanoArchive.writeWorld(
          world,
          new NanoWorld.Size(
              stated.integer("seed", 0), stated.size("side"), 0, stated.size("test"), 0));
    }
    Map<String, Pretraining.Checked> checked = shipped.check();
    assertThat(checked).isNotEmpty();
    checked.forEach((name, figure) -> assertThat(figure.agrees()).as(name + " " + figure).isTrue());
  }

  @Test
  void allTogetherAreSmall() throws IOException {
    try (Stream<Path> files = Files.walk(PARTS)) {
      long bytes = 0;
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        bytes += Files.size(file);
      }
      assertThat(bytes).isLessThan(MOST_BYTES);
    }
  }
}
