/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.dsvlm.train.TinyRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A laboratory that is killed, and one of several processes. */
class KilledLaboratoryTest {
  private static final int KILLED = 128 + 9;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;
  private Path comparison;
  private List<String> data;

  @BeforeEach
  void write() throws IOException {
    data = new TinyRun(folder).data();
    comparison =
        Files.writeString(
            folder.resolve("mine.yaml"),
            """
            recipe: %s
            seeds: 2
            arms: {plain: [supervision.enabled=false], supervised: []}
            measures: [language]
            paper: {says: "It says nothing."}
            """
                .formatted(TinyRun.RECIPE));
  }

  private String[] words(String out, String... more) {
    List<String> words = new ArrayList<>(List.of("lab", comparison.toString(), "--out"));
    words.add(folder.resolve(out).toString());
    data.forEach(override -> words.addAll(List.of("--set", override)));
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }

  /** The figures of each arm's file, but for times. */
  private Map<String, ObjectNode> figures(String out) throws IOException {
    Map<String, ObjectNode> figures = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder.resolve(out).resolve("arms"))) {
      for (Path file : files.toList()) {
        ObjectNode own = (ObjectNode) JSON.readTree(file.toFile()).get("figures");
        own.remove(List.of("seconds_stage1", "seconds_stage2"));
        figures.put(file.getFileName().toString(), own);
      }
    }
    return figures;
  }

  /** The step that a run under way has come to. */
  private Path metrics() throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("killed"))) {
      return files
          .filter(file -> file.endsWith("metrics.jsonl"))
          .findFirst()
          .orElse(folder.resolve("none"));
    }
  }

  @Test
  void goesOnAfterAKillAndEndsInTheSameFigures() throws IOException, InterruptedException {
    assertThat(Outcome.of(words("straight")).code()).isZero();
    try (ChildProcess process = ChildProcess.start(folder.resolve("log"), words("killed"))) {
      while (Files.notExists(folder.resolve("killed")) || Files.notExists(metrics())) {
        assertThat(process.endsWithin(1)).as(process.output()).isFalse();
      }
      process.signal("KILL");
      assertThat(process.exitCode()).as(process.output()).isEqualTo(KILLED);
    }
    Outcome again = Outcome.of(words("killed"));
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(figures("straight")).hasSize(4);
    assertThat(figures("killed")).isEqualTo(figures("straight"));
    assertThat(again.out().lines().toList())
        .containsExactly(folder.resolve("killed/mine.md").toString());
    assertThat(Files.readString(folder.resolve("killed/mine.md"))).contains("| plain | 2 |");
  }

  @Test
  void twoProcessesShareTheArms() throws IOException, InterruptedException {
    assertThat(Outcome.of(words("straight")).code()).isZero();
    try (ChildProcess process =
        ChildProcess.start(folder.resolve("log"), words("shared", "--jobs", "2"))) {
      assertThat(process.exitCode()).as(process.output()).isZero();
      assertThat(process.output().lines().filter(line -> line.startsWith("done in"))).hasSize(4);
    }
    assertThat(figures("shared").keySet()).isEqualTo(figures("straight").keySet());
    Outcome pages = Outcome.of(words("shared", "--pages"));
    assertThat(pages.code()).as(pages.err()).isZero();
    assertThat(pages.err()).isEmpty();
  }
}
