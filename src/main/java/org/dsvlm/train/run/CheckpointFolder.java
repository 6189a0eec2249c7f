/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;

/**
 * The checkpoints of a run, each a folder {@code step-N} that appears whole or not at all: {@code
 * model.safetensors}, {@code optimizer.safetensors}, {@code position.json}, and the checksums of
 * these in {@code manifest.json}.
 *
 * <p>Random numbers are drawn by seed, sample and step, so the position stands for their state.
 */
public final class CheckpointFolder {
  private static final String MODEL = "model.safetensors";
  private static final String OPTIMIZER_STEM = "optimizer";
  private static final String OPTIMIZER = OPTIMIZER_STEM + ".safetensors";
  private static final String POSITION = "position.json";
  private static final String PREFIX = "step-";
  private static final Pattern NAME = Pattern.compile(PREFIX + "(\\d{1,18})");

  /**
   * The position of a run.
   *
   * @param stage 1 or 2
   * @param stageStep steps done in that stage
   * @param step steps done in stages 1 and 2
   * @param skipped of these, how many were skipped
   * @param skippedInARow of these, how many were the last ones
   */
  public record Position(int stage, long stageStep, long step, long skipped, int skippedInARow) {}

  private final Path folder;
  private final int keep;
  private long best = -1;

  public CheckpointFolder(Path folder, int keep) {
    this.folder = folder;
    this.keep = keep;
  }

  /**
   * Keeps the checkpoint of {@code step} steps beside the latest ones, and none that was kept so
   * before. It may be yet to be saved.
   */
  public void protect(long step) {
    best = step;
  }

  /** Writes a checkpoint, then removes all but the latest ones and the one that is protected. */
  public void save(Position position, Map<String, Tensor> model, WeightSource optimizer) {
    AtomicFiles.folder(
        folder.resolve(PREFIX + position.step()),
        path -> {
          SafetensorsWriter.write(path.resolve(MODEL), model);
          SafetensorsWriter.writeFolder(path, OPTIMIZER_STEM, optimizer, Long.MAX_VALUE);
          String json =
              new ObjectMapper()
                  .createObjectNode()
                  .put("stage", position.stage())
                  .put("stage_step", position.stageStep())
                  .put("step", position.step())
                  .put("skipped", position.skipped())
                  .put("skipped_in_a_row", position.skippedInARow())
                  .toPrettyString();
          Files.writeString(path.resolve(POSITION), json);
          Manifest.write(path);
        });
    Collection<Path> all = byStep(folder).values();
    Path protectedOne = folder.resolve(PREFIX + best);
    all.stream()
        .limit(Math.max(0, all.size() - keep))
        .filter(path -> !path.equals(protectedOne))
        .forEach(CheckpointFolder::delete);
  }

  /**
   * The position of the latest checkpoint, if there is one.
   *
   * @throws DsVlmException if it is not what was saved
   */
  public Optional<Position> latest() {
    AtomicFiles.removeLeftovers(folder);
    Map.Entry<Long, Path> last = byStep(folder).lastEntry();
    if (last == null) {
      return Optional.empty();
    }
    Manifest.verify(last.getValue(), List.of(MODEL, OPTIMIZER, POSITION));
    return Optional.of(at(last.getKey()));
  }

  /** Where the checkpoint of {@code step} steps stands. */
  public Position at(long step) {
    JsonConfig json = JsonConfig.read(folder.resolve(PREFIX + step).resolve(POSITION));
    return new Position(
        json.integer("stage", 0),
        json.integer("stage_step", 0),
        json.integer("step", 0),
        json.integer("skipped", 0),
        json.integer("skipped_in_a_row", 0));
  }

  /** The latest checkpoint of fewer than {@code step} steps, if there is one. */
  public Optional<Path> lastBefore(long step) {
    return Optional.ofNullable(byStep(folder).lowerEntry(step)).map(Map.Entry::getValue);
  }

  /** Copies the model's tensors of the checkpoint at {@code position} into {@code model}. */
  public void loadModel(Position position, Map<String, Tensor> model) {
    load(folder.resolve(PREFIX + position.step()).resolve(MODEL), model, (name, whole) -> whole);
  }

  /**
   * Copies the optimizer's tensors of the checkpoint at {@code position} into {@code optimizer}.
   *
   * @param portion what is wanted of a tensor, given its name and the whole
   */
  public void loadOptimizer(
      Position position,
      Map<String, Tensor> optimizer,
      BiFunction<String, Tensor, Tensor> portion) {
    load(folder.resolve(PREFIX + position.step()).resolve(OPTIMIZER), optimizer, portion);
  }

  private static void load(
      Path file, Map<String, Tensor> into, BiFunction<String, Tensor, Tensor> portion) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard();
        Safetensors stored = Safetensors.open(file)) {
      into.forEach(
          (name, tensor) -> {
            Tensor value = portion.apply(name, stored.read(name));
            if (!Arrays.equals(Torch.shape(value), Torch.shape(tensor))) {
              throw new DsVlmException(
                  file
                      + ": '"
                      + name
                      + "' is "
                      + Torch.describe(value)
                      + ", the run has "
                      + Torch.describe(tensor));
            }
            tensor.copy_(value);
          });
    }
  }

  /** The checkpoints in {@code folder}, which need not be there, by their steps. */
  static NavigableMap<Long, Path> byStep(Path folder) {
    NavigableMap<Long, Path> checkpoints = new TreeMap<>();
    if (!Files.isDirectory(folder)) {
      return checkpoints;
    }
    try (Stream<Path> children = Files.list(folder)) {
      for (Path child : children.toList()) {
        Matcher name = NAME.matcher(child.getFileName().toString());
        if (name.matches()) {
          checkpoints.put(Long.parseLong(name.group(1)), child);
        }
      }
    } catch (IOException e) {
      throw new DsVlmException(folder + ": cannot be listed: " + e.getMessage(), e);
    }
    return checkpoints;
  }

  private static void delete(Path checkpoint) {
    try (Stream<Path> tree = Files.walk(checkpoint)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new DsVlmException(checkpoint + ": cannot be removed: " + e.getMessage(), e);
    }
  }
}
