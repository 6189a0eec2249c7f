/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.dsvlm.data.NotoArchive;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Sha256;
import org.dsvlm.tensor.RandomState;
import org.jspecify.annotations.Nullable;

/**
 * Writes the world: training scenes, tests of new scenes, of new concepts and, where its pictures
 * are there, of a new style, and benchmark files over the tests. Each part depends on the seed, the
 * side and its own number of scenes alone.
 */
public final class NanoWorld {
  /** File that describes a world. */
  public static final String DESCRIPTION = "world.json";

  /** Folder of the training scenes. */
  public static final String TRAIN = "train";

  /** Folder of the test scenes whose concepts training shows in other scenes. */
  public static final String NEW_SCENES = "new-scenes";

  /** Folder of the test scenes whose concepts training does not show. */
  public static final String NEW_CONCEPTS = "new-concepts";

  /** Folder of the test scenes like {@link #NEW_SCENES}, drawn in another hand. */
  public static final String NEW_STYLE = "new-style";

  private static final int SMALLEST_SIDE = 48;

  /**
   * How much of it there is.
   *
   * @param seed of all draws
   * @param side the pictures' width and height in pixels, at least 48
   * @param train training scenes
   * @param test scenes of each test
   * @param quota the most benchmark questions of each type and test
   */
  public record Size(long seed, int side, int train, int test, int quota) {
    /** What {@code dsvlm data nano} writes without options. */
    public static final Size USUAL = new Size(0, 64, 12_000, 600, 24);
  }

  private final NotoArchive archive;
  private final Concepts concepts;
  private final Size size;

  private NanoWorld(NotoArchive archive, Size size) {
    this.archive = archive;
    this.concepts = Concepts.of(archive);
    this.size = size;
  }

  /**
   * Writes {@code folder}, which appears whole or not at all.
   *
   * @param fluent the pictures of the new style; empty to leave it out
   * @throws DsVlmException if the folder is there already, or a number is out of range
   */
  public static void write(
      Path folder, NotoArchive archive, Optional<FluentStyle> fluent, Size size) {
    if (Files.exists(folder)) {
      throw new DsVlmException(folder + ": is there already; name another folder, or remove it");
    }
    if (size.side() < SMALLEST_SIDE || size.train() < 0 || size.test() < 0 || size.quota() < 0) {
      throw new DsVlmException(
          "a world of "
              + size
              + " cannot be: the side is "
              + SMALLEST_SIDE
              + " or more, no number is negative");
    }
    NanoWorld world = new NanoWorld(archive, size);
    AtomicFiles.folder(folder, path -> world.write(path, fluent.orElse(null)));
  }

  private void write(Path folder, @Nullable FluentStyle fluent) throws IOException {
    Function<Concept, int[]> noto = concept -> archive.argb(concept.emoji());
    List<Concept> known = concepts.part(false);
    part(folder, TRAIN, size.train(), known, noto, null);
    try (BenchmarkWriter benchmark = new BenchmarkWriter(folder, size.quota())) {
      part(folder, NEW_SCENES, size.test(), known, noto, benchmark);
      part(folder, NEW_CONCEPTS, size.test(), concepts.part(true), noto, benchmark);
    }
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("seed", size.seed()).put("side", size.side());
    json.put("train", size.train()).put("test", size.test()).put("quota", size.quota());
    json.put("concepts", known.size()).put("held_out_concepts", concepts.part(true).size());
    ObjectNode sha256 = json.putObject("sha256");
    for (String part : List.of(TRAIN, NEW_SCENES, NEW_CONCEPTS)) {
      sha256.put(part, Sha256.hex(folder.resolve(part).resolve(RecordWriter.LABELS)));
    }
    if (fluent != null) {
      Path style = Files.createDirectories(folder.resolve(NEW_STYLE));
      List<Concept> both = known.stream().filter(fluent::shows).toList();
      try (BenchmarkWriter benchmark = new BenchmarkWriter(style, size.quota())) {
        part(folder, NEW_STYLE, size.test(), both, fluent::argb, benchmark);
      }
      json.put("concepts_in_new_style", both.size());
    }
    Files.writeString(folder.resolve(DESCRIPTION), json.toPrettyString() + "\n");
  }

  /**
   * Writes one part.
   *
   * @param pool what its scenes may show
   * @param benchmark where questions about a test go; null for training
   */
  private void part(
      Path folder,
      String name,
      int count,
      List<Concept> pool,
      Function<Concept, int[]> looks,
      @Nullable BenchmarkWriter benchmark)
      throws IOException {
    SceneMaker maker = new SceneMaker(pool, benchmark != null, size.side());
    SceneQuestions questions = new SceneQuestions(concepts.part(false), concepts.categories());
    ScenePainter painter = new ScenePainter(looks);
    RandomState random = new RandomState(size.seed()).fork("nano " + name);
    try (RecordWriter records = new RecordWriter(folder.resolve(name))) {
      for (int i = 0; i < count; i++) {
        RandomState own = random.fork(i);
        Scene scene = maker.draw(own.fork("scene"));
        List<Question> about = questions.about(scene, new Dice(own.fork("questions")));
        byte[] png = records.write(scene, painter.paint(scene), about, own.fork("record"));
        if (benchmark != null) {
          benchmark.add(name, png, about, new Dice(own.fork("benchmark")));
        }
      }
    }
  }
}
