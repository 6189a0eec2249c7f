/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.dsvlm.data.nano.NanoArchive;
import org.dsvlm.data.nano.NanoWorld;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The model that this project ships, asked for colours in scenes that no training shows. One in
 * four answers would be right by chance.
 */
class ShippedModelTest {
  @TempDir private static Path folder;
  private static List<String[]> rows;

  @BeforeAll
  static void questions() throws IOException {
    Path world = folder.resolve("world");
    NanoArchive.writeWorld(world, new NanoWorld.Size(0, 64, 0, 250, 24));
    rows =
        Files.readAllLines(world.resolve("short.tsv")).stream()
            .map(line -> line.split("\t", -1))
            .toList();
  }

  private static double right(String name, List<String[]> asked) throws IOException {
    Path file = folder.resolve(name + ".tsv");
    Files.write(file, asked.stream().map(row -> String.join("\t", row)).toList());
    Path out = folder.resolve(name);
    Outcome outcome =
        Outcome.of("eval", "--model=nano", "--benchmark=exact", "--data=" + file, "--out=" + out);
    assertThat(outcome.code()).as(outcome.toString()).isZero();
    return new ObjectMapper()
        .readTree(out.resolve("scores.json").toFile())
        .path(0)
        .path("Overall")
        .asDouble();
  }

  @Test
  void itSeesColoursInThePictureThatItIsAskedAbout() throws IOException {
    List<String> header = Arrays.asList(rows.get(0));
    int category = header.indexOf("\"category\"");
    int image = header.indexOf("\"image\"");
    List<String[]> asked = new ArrayList<>();
    asked.add(rows.get(0));
    rows.stream().filter(row -> row[category].equals("\"colour\"")).forEach(asked::add);
    assertThat(asked).hasSizeGreaterThan(30);
    assertThat(right("own", asked)).isGreaterThan(0.6);

    List<String[]> exchanged = new ArrayList<>();
    exchanged.add(rows.get(0));
    for (int i = 1; i < asked.size(); i++) {
      String[] row = asked.get(i).clone();
      row[image] = asked.get(1 + i % (asked.size() - 1))[image];
      exchanged.add(row);
    }
    assertThat(right("exchanged", exchanged)).isLessThan(0.5);
  }
}
