/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.dsvlm.train.run.TrainingListener;

/** A run of the tiny recipe on records and pictures made up in a folder. */
public final class TinyRun {
  /** The recipe's file. */
  public static final String RECIPE = "src/test/resources/org/dsvlm/train/tiny.yaml";

  private static final int RECORDS = 6;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;

  /** Writes the records into {@code folder}. */
  public TinyRun(Path folder) throws IOException {
    this.folder = folder;
    Path pictures = Files.createDirectories(folder.resolve("pictures"));
    ArrayNode captions = JSON.createArrayNode();
    ArrayNode questions = JSON.createArrayNode();
    for (int i = 0; i < RECORDS; i++) {
      BufferedImage picture = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
      for (int pixel = 0; pixel < 256; pixel++) {
        picture.setRGB(pixel % 16, pixel / 16, (pixel * (i + 1) * 0x010305) & 0xFFFFFF);
      }
      ImageIO.write(picture, "png", pictures.resolve(i + ".png").toFile());
      record(captions, i, true, "<image>", "a red dog, number " + i);
      // The last one is text alone.
      boolean seen = i < RECORDS - 1;
      record(questions, i, seen, seen ? "<image>\nWhat is it?" : "What is two?", "number " + i);
    }
    JSON.writeValue(folder.resolve("captions.json").toFile(), captions);
    JSON.writeValue(folder.resolve("questions.json").toFile(), questions);
  }

  private static void record(
      ArrayNode records, int id, boolean picture, String question, String answer) {
    ObjectNode record = records.addObject().put("id", "r" + id);
    if (picture) {
      record.put("image", id + ".png");
    }
    ArrayNode turns = record.putArray("conversations");
    turns.addObject().put("from", "human").put("value", question);
    turns.addObject().put("from", "gpt").put("value", answer);
  }

  /** Overrides that name these records. */
  public List<String> data() {
    return List.of(
        "data.stage1=" + folder.resolve("captions.json"),
        "data.stage2=" + folder.resolve("questions.json"),
        "data.pictures=" + folder.resolve("pictures"));
  }

  /** The words of a command that trains in {@code run}; it resumes where it was begun already. */
  public String[] words(Path run, List<String> overrides) {
    if (Files.exists(run.resolve("recipe.yaml"))) {
      return new String[] {"train", "--resume", "--out", run.toString()};
    }
    List<String> words =
        new ArrayList<>(List.of("train", "--recipe", RECIPE, "--out", run.toString()));
    Stream.concat(data().stream(), overrides.stream())
        .forEach(override -> words.addAll(List.of("--set", override)));
    return words.toArray(String[]::new);
  }

  /** The resolved tiny recipe over these records. */
  public ObjectNode recipe(String... overrides) {
    List<String> all = new ArrayList<>(data());
    all.addAll(List.of(overrides));
    return RecipeReader.resolve(RECIPE, all);
  }

  /** Trains from the beginning in {@code name}; gives the run's folder. */
  public Path train(String name, String... overrides) {
    Path run = folder.resolve(name);
    ObjectNode recipe = recipe(overrides);
    try (RunFolder opened = RunFolder.create(run, recipe)) {
      TrainingRun.run(RecipeReader.bind(recipe), opened, TrainingListener.NONE);
    }
    return run;
  }

  /**
   * Trains in {@code name} until {@code lastStep} has ended, breaks off, and goes on to the end by
   * resuming; gives the run's folder.
   */
  Path trainInTwoParts(String name, long lastStep, String... overrides) {
    Path run = folder.resolve(name);
    ObjectNode recipe = recipe(overrides);
    try (RunFolder opened = RunFolder.create(run, recipe)) {
      assertThatThrownBy(
              () -> TrainingRun.run(RecipeReader.bind(recipe), opened, new StopAfter(lastStep)))
          .isInstanceOf(StopAfter.Stopped.class);
    }
    try (RunFolder opened = RunFolder.resume(run, recipe)) {
      TrainingRun.run(RecipeReader.bind(recipe), opened, TrainingListener.NONE);
    }
    return run;
  }

  /** Demands that two finished runs left bitwise the same results and metrics. */
  public static void assertSame(Path actual, Path expected) throws IOException {
    assertThat(metrics(actual)).isEqualTo(metrics(expected));
    Map<String, byte[]> results = results(actual);
    assertThat(results.keySet()).isEqualTo(results(expected).keySet());
    results(expected)
        .forEach((file, bytes) -> assertThat(results.get(file)).as(file).isEqualTo(bytes));
  }

  /** Everything that a finished run leaves but its metrics, by path: the files' bytes. */
  public static Map<String, byte[]> results(Path run) throws IOException {
    Map<String, byte[]> results = new TreeMap<>();
    for (String part :
        List.of("export", "adapter", "stable_diffusion", "multi_adapter.safetensors")) {
      Path root = run.resolve(part);
      if (Files.exists(root)) {
        try (Stream<Path> files = Files.walk(root).filter(Files::isRegularFile)) {
          for (Path file : files.toList()) {
            results.put(run.relativize(file).toString(), Files.readAllBytes(file));
          }
        }
      }
    }
    return results;
  }

  /** The metrics of a run without what the clock and the machine decide. */
  public static List<ObjectNode> metrics(Path run) throws IOException {
    List<ObjectNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      ObjectNode row = (ObjectNode) JSON.readTree(line);
      row.remove(List.of("samples_per_second", "resident_bytes", "instruments_seconds"));
      rows.add(row);
    }
    return rows;
  }
}
