/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.dsvlm.data.LlavaJson;
import org.dsvlm.eval.Benchmark;
import org.dsvlm.eval.BenchmarkFile;
import org.dsvlm.eval.Benchmarks;
import org.dsvlm.eval.Judging;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Sha256;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The folder of a small world. */
class NanoWorldTest {
  private static final NanoWorld.Size SIZE = new NanoWorld.Size(5, 64, 60, 50, 4);

  @TempDir private Path folder;

  private Path write(String name, NanoWorld.Size size) {
    Path world = folder.resolve(name);
    NanoWorld.write(world, NanoArchive.get(), Optional.empty(), size);
    return world;
  }

  private static Map<String, String> digests(Path world) throws IOException {
    Map<String, String> digests = new HashMap<>();
    try (Stream<Path> files = Files.walk(world)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        digests.put(world.relativize(file).toString(), Sha256.hex(file));
      }
    }
    return digests;
  }

  @Test
  void theSameSeedGivesTheSameBytesAndAnotherOneOthers() throws IOException {
    Map<String, String> first = digests(write("a", SIZE));
    assertThat(digests(write("b", SIZE))).isEqualTo(first).hasSizeGreaterThan(160);
    NanoWorld.Size other = new NanoWorld.Size(6, 64, 60, 50, 4);
    Map<String, String> changed = digests(write("c", other));
    first.forEach((file, digest) -> assertThat(changed.get(file)).as(file).isNotEqualTo(digest));
  }

  @Test
  void theTestsDoNotDependOnTheNumberOfTrainingScenes() throws IOException {
    Map<String, String> all = digests(write("a", SIZE));
    Map<String, String> without = digests(write("b", new NanoWorld.Size(5, 64, 0, 50, 4)));
    without.keySet().removeIf(file -> file.startsWith("train") || file.equals("world.json"));
    assertThat(without).isNotEmpty();
    without.forEach((file, digest) -> assertThat(all.get(file)).as(file).isEqualTo(digest));
  }

  @Test
  void recordsAreReadAsLlavasAndLabelsAgreeWithThem() throws IOException {
    Path world = write("a", SIZE);
    Set<String> heldOut = codes(world.resolve(NanoWorld.NEW_CONCEPTS));
    assertThat(codes(world.resolve(NanoWorld.TRAIN)))
        .isNotEmpty()
        .doesNotContainAnyElementsOf(heldOut);
    assertThat(codes(world.resolve(NanoWorld.NEW_SCENES))).doesNotContainAnyElementsOf(heldOut);
    Path train = world.resolve(NanoWorld.TRAIN);
    List<JsonNode> labels = labels(train);
    for (String file : List.of("captions.json", "conversations.json")) {
      try (LlavaJson records = LlavaJson.open(train.resolve(file), train.resolve("images"))) {
        assertThat(records.size()).isEqualTo(60);
        for (int i = 0; i < records.size(); i++) {
          assertThat(records.get(i).hasPicture()).isTrue();
          Picture picture = records.pictures(i, 0).get(0);
          assertThat(picture.width()).isEqualTo(64);
          assertThat(records.labels(i)).containsAllEntriesOf(probed(labels.get(i)));
          if (file.startsWith("captions")) {
            assertThat(records.get(i).turns().get(1).text())
                .isEqualTo(labels.get(i).path("caption").asText());
          }
        }
      }
    }
    for (JsonNode label : labels) {
      assertThat(label.path("count").asInt()).isEqualTo(label.path("things").size());
    }
  }

  /** What the instruments' probe asks for. */
  private static Map<String, String> probed(JsonNode label) {
    Map<String, String> known =
        new HashMap<>(
            Map.of("kind", label.path("kind").asText(), "count", label.path("count").asText()));
    if (!label.path("colour").asText().isEmpty()) {
      known.put("colour", label.path("colour").asText());
    }
    return known;
  }

  private static List<JsonNode> labels(Path part) throws IOException {
    List<JsonNode> labels = new ArrayList<>();
    for (String line : Files.readAllLines(part.resolve("labels.jsonl"))) {
      labels.add(new ObjectMapper().readTree(line));
    }
    return labels;
  }

  private static Set<String> codes(Path part) throws IOException {
    Set<String> codes = new HashSet<>();
    for (JsonNode label : labels(part)) {
      label.path("things").forEach(thing -> codes.add(thing.path("code").asText()));
    }
    return codes;
  }

  @Test
  void rightRepliesScoreAllAndWrongOnesNothing() {
    Path world = write("a", SIZE);
    assertThat(score("mmbench", world.resolve("benchmark.tsv"), true)).isEqualTo(100);
    assertThat(score("mmbench", world.resolve("benchmark.tsv"), false)).isZero();
    assertThat(score("mmstar", world.resolve("benchmark.tsv"), true)).isEqualTo(100);
    assertThat(score("exact", world.resolve("short.tsv"), true)).isEqualTo(100);
    assertThat(score("exact", world.resolve("short.tsv"), false)).isZero();
    assertThat(score("hallusionbench", world.resolve("yesno.tsv"), true)).isEqualTo(100);
    assertThat(score("hallusionbench", world.resolve("yesno.tsv"), false)).isZero();
  }

  private static double score(String name, Path file, boolean right) {
    Benchmark benchmark = Benchmarks.named(name);
    try (BenchmarkFile questions = BenchmarkFile.open(benchmark, file)) {
      Map<String, String> replies = new HashMap<>();
      questions
          .rows()
          .forEach(
              (index, row) -> {
                String answer = row.require("answer");
                replies.put(index, right ? answer : other(answer));
              });
      for (int i = 0; i < questions.size(); i++) {
        assertThat(questions.get(i).pictures()).hasSize(1);
        Picture picture = Picture.read(questions.get(i).pictures().get(0).bytes(), "row " + i);
        assertThat(picture.height()).isEqualTo(64);
      }
      return benchmark.score(questions.items(replies), Judging.NONE).headline();
    }
  }

  private static String other(String answer) {
    return switch (answer) {
      case "Yes" -> "No";
      case "No" -> "Yes";
      default -> answer.equals("A") ? "B" : "A";
    };
  }

  @Test
  void aFolderThatIsThereAndImpossibleNumbersAreRefused() throws IOException {
    Path there = Files.createDirectories(folder.resolve("there"));
    assertThatThrownBy(() -> NanoWorld.write(there, NanoArchive.get(), Optional.empty(), SIZE))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("is there already");
    NanoWorld.Size small = new NanoWorld.Size(0, 16, 1, 1, 1);
    assertThatThrownBy(
            () ->
                NanoWorld.write(
                    folder.resolve("small"), NanoArchive.get(), Optional.empty(), small))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("48 or more");
    assertThat(folder.resolve("small")).doesNotExist();
  }
}
