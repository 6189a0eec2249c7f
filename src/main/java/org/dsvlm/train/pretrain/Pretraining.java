/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.train.run.TrainingListener;

/**
 * Trains one part and writes it into the folder of all parts, with {@code part.json}: what it is,
 * how it came about, and its figures on the world's tests. A training that was stopped, or killed,
 * goes on from its last checkpoint when it is started again.
 */
public final class Pretraining {
  /** File of a part that says what it is. */
  public static final String DESCRIPTION = "part.json";

  /** Largest relative difference of a figure that is found again. */
  public static final double TOLERANCE = 0.02;

  private static final String FIGURES = "figures";

  private static final List<Pretrainable> PARTS =
      List.of(
          new TokenizerPart(),
          new ClipPart(),
          new VisionPart(),
          new LanguagePart(),
          new ConnectorPart(),
          new VaePart(),
          new UNetPart(),
          new AdaptersPart(),
          new VggPart());

  private final Pretrainable part;
  private final String recipeName;
  private final Workshop workshop;

  /**
   * @param name of the part
   * @param recipe {@code nano}, or a file
   * @param assignments changes of the recipe, {@code key=value}
   * @param world folder of a nano world
   * @param parts folder of all parts
   * @throws DsVlmException for an unknown part, recipe or key
   */
  public Pretraining(String name, String recipe, List<String> assignments, Path world, Path parts) {
    this.part =
        PARTS.stream()
            .filter(one -> one.name().equals(name))
            .findFirst()
            .orElseThrow(() -> new DsVlmException("no part '" + name + "'; there are " + names()));
    this.recipeName = recipe;
    ObjectNode tree = PretrainingRecipe.read(recipe, assignments);
    if (!(tree.get(name) instanceof ObjectNode settings)) {
      throw new DsVlmException("pretraining recipe " + recipe + ": has no section '" + name + "'");
    }
    this.workshop = new Workshop(world, parts, settings, tree.path("seed").asLong());
  }

  /** Names of all parts, in an order in which each finds what it needs. */
  public static List<String> names() {
    return PARTS.stream().map(Pretrainable::name).toList();
  }

  /** Where the part lies. */
  public Path folder() {
    return workshop.part(part.folder());
  }

  /**
   * Trains the part, or goes on with it, unless it is there already.
   *
   * @param stop asked after every step whether to stop; a checkpoint is saved then
   * @return whether the part is done
   */
  public boolean run(TrainingListener listener, BooleanSupplier stop) {
    if (Files.exists(folder().resolve(DESCRIPTION))) {
      throw new DsVlmException(
          folder() + ": is there already; remove it to train it again, or ask for --check");
    }
    for (String needed : part.needs()) {
      if (!Files.isDirectory(workshop.part(needed))) {
        throw new DsVlmException(
            workshop.part(needed) + ": is missing; " + part.name() + " needs it, train it first");
      }
    }
    Path work = workshop.part(part.name() + ".run");
    double seconds;
    long steps = workshop.config().integer("steps", 0);
    try (PartTraining training = part.start(workshop)) {
      PartLoop loop = new PartLoop(training, workshop.config(), work);
      if (!loop.run(listener, stop)) {
        return false;
      }
      seconds = loop.seconds();
      AtomicFiles.folder(folder(), training::write);
      training.complete(workshop.parts());
    } catch (IOException e) {
      throw new DsVlmException(folder() + ": cannot be completed: " + AtomicFiles.reason(e), e);
    }
    describe(steps, seconds);
    return true;
  }

  private void describe(long steps, double seconds) {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("part", part.name()).put("title", part.title());
    json.put("command", "tools/dsvlm pretrain " + part.name() + " --recipe " + recipeName);
    json.put("seed", workshop.seed()).put("steps", steps);
    json.put("training_seconds", Math.round(seconds));
    json.put("processors", Runtime.getRuntime().availableProcessors());
    json.set("settings", workshop.settings());
    json.set("world", JsonConfig.read(workshop.world().resolve("world.json")).json());
    ObjectNode figures = json.putObject(FIGURES);
    part.figures(workshop).forEach(figures::put);
    AtomicFiles.text(folder().resolve(DESCRIPTION), json.toPrettyString() + "\n");
  }

  /** A figure as it was written down, and as it is found now. */
  public record Checked(double stated, double found) {
    /** Whether the two are the same but for {@link #TOLERANCE}. */
    public boolean agrees() {
      return Math.abs(found - stated) <= TOLERANCE * Math.abs(stated);
    }
  }

  /**
   * Measures a part that is there again.
   *
   * @return each figure by name
   * @throws DsVlmException if the part is missing, or was measured on another world
   */
  public Map<String, Checked> check() {
    JsonConfig description = JsonConfig.read(folder().resolve(DESCRIPTION));
    JsonConfig world = JsonConfig.read(workshop.world().resolve("world.json"));
    for (String test : List.of("new-scenes", "new-concepts")) {
      String stated = description.child("world").child("sha256").text(test);
      if (!stated.equals(world.child("sha256").text(test))) {
        throw world.error(
            "sha256." + test,
            "is not that of the world on which "
                + description.where()
                + " was measured; make it with the seed, size and test count named there");
      }
    }
    Map<String, Double> found = part.figures(workshop);
    Map<String, Checked> checked = new TreeMap<>();
    description
        .child(FIGURES)
        .json()
        .properties()
        .forEach(
            figure ->
                checked.put(
                    figure.getKey(),
                    new Checked(
                        figure.getValue().asDouble(),
                        found.getOrDefault(figure.getKey(), Double.NaN))));
    return checked;
  }
}
