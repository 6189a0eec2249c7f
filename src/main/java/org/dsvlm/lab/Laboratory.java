/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.train.recipe.RecipeReader;

/**
 * Runs comparisons and writes their pages. Arms that have their file already are not run again, so
 * a laboratory that was killed, or moved to another machine with its files, goes on where it was.
 * An arm that several comparisons have is run once.
 */
public final class Laboratory {
  private static final long WAIT_SECONDS = 2;

  private final LabFolder folder;
  private final List<String> overrides;
  private final long seeds;
  private final Consumer<ObjectNode> prepare;
  private final Consumer<String> log;
  private final BooleanSupplier stop;
  private final ContentHashes contents = new ContentHashes();

  /**
   * @param root the folder of results and pages
   * @param overrides of every arm's recipe, {@code key=value}; an arm's own come after them
   * @param seeds how many seeds each arm is run with; 0: as many as its comparison says
   * @param prepare is given each arm's recipe before the files that it names are looked at
   * @param log hears of each arm
   * @param stop asked after every step of training; true ends the work in order
   */
  public Laboratory(
      Path root,
      List<String> overrides,
      long seeds,
      Consumer<ObjectNode> prepare,
      Consumer<String> log,
      BooleanSupplier stop) {
    this.folder = new LabFolder(root);
    this.overrides = List.copyOf(overrides);
    this.seeds = seeds;
    this.prepare = prepare;
    this.log = log;
    this.stop = stop;
  }

  /** The names of the built-in comparisons. */
  public static List<String> names() {
    return Comparison.NAMES;
  }

  /** Whether the arms of that comparison have to run one at a time, since it measures time. */
  public static boolean runsAlone(String name) {
    return Comparison.named(name).alone();
  }

  /** An arm with one seed. */
  private record Task(Comparison comparison, Arm arm, ArmSettings settings, long seed) {
    String words() {
      return String.format(Locale.ROOT, "%s, %s, seed %d", comparison.key(), arm.name(), seed);
    }
  }

  /** The settings of all arms of a comparison, by name. */
  private Map<String, ArmSettings> settings(Comparison comparison) {
    Map<String, ArmSettings> settings = new LinkedHashMap<>();
    for (Arm arm : comparison.arms()) {
      List<String> all = new ArrayList<>(overrides);
      all.addAll(arm.overrides());
      try {
        ObjectNode tree = RecipeReader.resolve(comparison.recipe(), all);
        RecipeReader.bind(tree);
        prepare.accept(tree);
        settings.put(arm.name(), new ArmSettings(tree, contents));
      } catch (DsVlmException e) {
        throw new DsVlmException(comparison.key() + ", " + arm.name() + ": " + e.getMessage(), e);
      }
    }
    return settings;
  }

  private List<Task> tasks(Comparison comparison) {
    Map<String, ArmSettings> settings = settings(comparison);
    List<Task> tasks = new ArrayList<>();
    // Seed by seed, so that a comparison that is broken off has pairs.
    for (long seed = 1; seed <= seedsOf(comparison); seed++) {
      for (Arm arm : comparison.arms()) {
        ArmSettings own = Objects.requireNonNull(settings.get(arm.name()), arm.name());
        tasks.add(new Task(comparison, arm, own, seed));
      }
    }
    return tasks;
  }

  private long seedsOf(Comparison comparison) {
    return seeds > 0 ? seeds : comparison.seeds();
  }

  /**
   * Runs what is missing of the comparisons.
   *
   * @param names of built-in comparisons, or paths of YAML files
   * @return false if it was stopped before the end
   */
  public boolean run(List<String> names) {
    List<Task> tasks = new ArrayList<>();
    names.forEach(name -> tasks.addAll(tasks(Comparison.named(name))));
    int done = 0;
    List<Task> left = new ArrayList<>(tasks);
    while (!left.isEmpty()) {
      List<Task> held = new ArrayList<>();
      for (Task task : left) {
        if (stop.getAsBoolean()) {
          return false;
        }
        Optional<Boolean> outcome = attempt(task, done + 1, tasks.size());
        if (outcome.isEmpty()) {
          held.add(task);
        } else if (!outcome.get()) {
          return false;
        } else {
          done++;
        }
      }
      left = held;
      if (!left.isEmpty()) {
        pause();
      }
    }
    return true;
  }

  /** Nothing where another process runs the arm; else whether it is done. */
  private Optional<Boolean> attempt(Task task, int number, int total) {
    if (present(task)) {
      return Optional.of(true);
    }
    Optional<LabFolder.Held> lock = folder.lock(task.settings(), task.seed());
    if (lock.isEmpty()) {
      return Optional.empty();
    }
    try (LabFolder.Held held = lock.get()) {
      if (present(task)) {
        return Optional.of(true);
      }
      log.accept(String.format(Locale.ROOT, "%d of %d: %s", number, total, task.words()));
      long start = System.nanoTime();
      boolean done =
          new ArmRun(folder, task.settings(), task.seed()).run(task.comparison().strip(), stop);
      long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
      log.accept(String.format(Locale.ROOT, done ? "done in %d s" : "stopped after %d s", seconds));
      return Optional.of(done);
    }
  }

  private boolean present(Task task) {
    boolean strip = task.comparison().strip();
    if (strip && !Files.exists(folder.strip(task.settings(), task.seed()))) {
      return false;
    }
    return result(task.settings(), task.seed()).isPresent();
  }

  /** A result that was made under other settings, before a default changed, does not count. */
  private Optional<ArmResult> result(ArmSettings settings, long seed) {
    Path file = folder.result(settings, seed);
    Optional<ArmResult> result = ArmResult.read(file);
    if (result.isPresent()) {
      List<String> changes = settings.changes(result.get().settings());
      if (!changes.isEmpty()) {
        log.accept(file + ": made under other settings, does not count: " + changes);
        return Optional.empty();
      }
    }
    return result;
  }

  private static void pause() {
    try {
      TimeUnit.SECONDS.sleep(WAIT_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DsVlmException("interrupted while other processes finish their arms", e);
    }
  }

  /**
   * Writes the pages of the comparisons from the results that there are.
   *
   * @param command that a page names
   * @return the Markdown files
   */
  public List<Path> write(List<String> names, String command) {
    List<Path> pages = new ArrayList<>();
    for (String name : names) {
      Comparison comparison = Comparison.named(name);
      Map<String, ArmSettings> settings = settings(comparison);
      Map<String, SortedMap<Long, ArmResult>> results = new LinkedHashMap<>();
      List<Path> strips = new ArrayList<>();
      settings.forEach(
          (arm, own) -> {
            SortedMap<Long, ArmResult> found = new TreeMap<>();
            for (long seed = 1; seed <= seedsOf(comparison); seed++) {
              long number = seed;
              result(own, seed).ifPresent(result -> found.put(number, result));
              Path strip = folder.strip(own, seed);
              if (comparison.strip() && Files.exists(strip)) {
                Path page = folder.page(comparison.key(), "md");
                strips.add(page.resolveSibling("").relativize(strip));
              }
            }
            results.put(arm, found);
          });
      LabPage page =
          new LabPage(comparison, new Findings(comparison, results), command + " " + name);
      LabPage.write(folder, page, comparison.key(), strips);
      pages.add(folder.page(comparison.key(), "md"));
    }
    return pages;
  }
}
