/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.HeldFolders;
import org.dsvlm.io.InputFiles;
import org.dsvlm.supervision.MultiAdapterFile;
import org.dsvlm.train.recipe.RecipeReader;
import org.jspecify.annotations.Nullable;

/**
 * The folder that holds everything of one training run:
 *
 * <pre>
 * recipe.yaml                every key that decided the run
 * data.json                  the hashes of the records
 * metrics.jsonl              one object a step of stages 1 and 2; metrics_stage0.jsonl for stage 0
 * tensorboard/               the same for TensorBoard; tensorboard/stage0 for stage 0
 * sessions.jsonl             when processes took up and left each stage, and their versions
 * reconstructions/step-N.png pictures of a step, what the supervision made of them below
 * bad_records_stageN.jsonl   records that could not be used, if there were any
 * tokenizer/                 the recipe's own tokenizer, if it has one
 * checkpoints/step-N/        what --resume goes on from
 * export/                    the trained LLaVA in Hugging Face's layout, adapters merged
 * adapter/                   LoRA of the language model in PEFT's layout, where the run trained it
 * stable_diffusion/          the diffusion model, where the run trained it
 * film_strip/picture-N/      how a picture appears from noise under the trained model's features
 * multi_adapter.safetensors  the supervisor's own parameters
 * evaluation.json            accuracy on held-out questions, beside chance and the majority answer
 * evaluation/                the replies, and the scores of each benchmark
 * held_out_strip/            the same as film_strip of pictures that the training never saw
 * report.html                all of it on one page
 * </pre>
 *
 * One run at a time holds the folder; of its processes, the first one writes here.
 */
public final class RunFolder implements AutoCloseable {
  private static final String RECIPE = "recipe.yaml";
  private static final String LOCK_FILE = ".lock";

  /** System property; {@code none} switches the lock off. */
  private static final String LOCK = "dsvlm.run.lock";

  private final Path root;
  private final @Nullable FileChannel lockFile;
  private final @Nullable FileLock lock;

  private RunFolder(Path root) {
    if (Files.exists(root) && !Files.isDirectory(root)) {
      throw new DsVlmException(root + ": is there and is no folder; choose another --out");
    }
    this.root = root;
    FileChannel file;
    try {
      Files.createDirectories(root);
      file =
          InputFiles.channel(
              root.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new DsVlmException(
          root + ": the run folder cannot be made: " + AtomicFiles.reason(e), e);
    }
    lockFile = file;
    lock = lock(root, file);
    try {
      HeldFolders.hold(root);
    } catch (IOException e) {
      closeQuietly(file);
      throw new DsVlmException(root + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private RunFolder(Path root, @Nullable FileChannel lockFile, @Nullable FileLock lock) {
    this.root = root;
    this.lockFile = lockFile;
    this.lock = lock;
  }

  /**
   * The folder that another process of the same run has made and holds. It has to be the same for
   * both: machines share the file system that it lies on.
   *
   * @throws DsVlmException if it is not there, or the other process was started with another recipe
   */
  public static RunFolder join(Path root, ObjectNode recipe) {
    if (!Files.isRegularFile(root.resolve(RECIPE))) {
      throw new DsVlmException(
          root
              + ": is not to be seen by this process; let --out name a folder that all machines of"
              + " the run share");
    }
    RunFolder folder = new RunFolder(root, null, null);
    refuseAnother(folder, recipe);
    return folder;
  }

  /** Null where locks are switched off. */
  private static @Nullable FileLock lock(Path root, FileChannel file) {
    if (System.getProperty(LOCK, "").equals("none")) {
      return null;
    }
    FileLock held = null;
    try {
      held = file.tryLock();
    } catch (OverlappingFileLockException e) {
      // another run of this process: the message below fits
    } catch (IOException e) {
      closeQuietly(file);
      throw new DsVlmException(
          root
              + ": cannot be locked: "
              + e.getMessage()
              + ". Choose a folder on a file system with locks; or, if surely no other process"
              + " trains there, switch the lock off with JAVA_OPTS=-D"
              + LOCK
              + "=none",
          e);
    }
    if (held == null) {
      closeQuietly(file);
      throw new DsVlmException(
          root + ": another process is training here; wait for it or choose another folder");
    }
    return held;
  }

  /**
   * Makes the folder of a new run and writes the recipe into it. A folder that holds nothing but a
   * recipe, as a run leaves it that ended before its first file, is used again.
   *
   * @throws DsVlmException if a run is there already
   */
  public static RunFolder create(Path root, ObjectNode recipe) {
    RunFolder folder = new RunFolder(root);
    if (Files.exists(folder.recipe()) && !holdsNothingElse(root)) {
      folder.close();
      throw new DsVlmException(
          root + ": holds a run already; --resume continues it, or choose another --out");
    }
    AtomicFiles.text(folder.recipe(), RecipeReader.yaml(recipe));
    return folder;
  }

  private static boolean holdsNothingElse(Path root) {
    try (Stream<Path> children = Files.list(root)) {
      return children
          .map(child -> child.getFileName().toString())
          .allMatch(name -> name.equals(RECIPE) || name.equals(LOCK_FILE));
    } catch (IOException e) {
      throw new DsVlmException(root + ": cannot be listed: " + e.getMessage(), e);
    }
  }

  /**
   * Demands that the folder is still there, which a run that writes to it asks after every step.
   *
   * @throws DsVlmException if it was deleted, replaced or unmounted
   */
  public void requireThere() {
    HeldFolders.require(root);
  }

  /**
   * Opens the folder of a run to go on with it.
   *
   * @throws DsVlmException if there is no run, or it was started with another recipe: the message
   *     shows each key that differs
   */
  public static RunFolder resume(Path root, ObjectNode recipe) {
    if (!Files.isRegularFile(root.resolve(RECIPE))) {
      throw new DsVlmException(root + ": holds no run to resume: " + RECIPE + " is missing");
    }
    RunFolder folder = new RunFolder(root);
    refuseAnother(folder, recipe);
    AtomicFiles.removeLeftovers(root);
    return folder;
  }

  private static void refuseAnother(RunFolder folder, ObjectNode recipe) {
    String difference = difference(RecipeReader.read(folder.recipe()), recipe);
    if (!difference.isEmpty()) {
      folder.close();
      throw new DsVlmException(
          folder.root
              + ": the run was started with another recipe:"
              + difference
              + "\nresume it with the same one, or start another run");
    }
  }

  /**
   * The folder of a run for reading only, even while another process trains there.
   *
   * @throws DsVlmException if there is no run
   */
  public static RunFolder reading(Path root) {
    if (!Files.isRegularFile(root.resolve(RECIPE))) {
      throw new DsVlmException(root + ": holds no run: " + RECIPE + " is missing");
    }
    return new RunFolder(root, null, null);
  }

  private static String difference(ObjectNode before, ObjectNode now) {
    Map<String, JsonNode> old = RecipeReader.leaves(before);
    Map<String, JsonNode> wanted = RecipeReader.leaves(now);
    TreeSet<String> keys = new TreeSet<>(old.keySet());
    keys.addAll(wanted.keySet());
    StringBuilder text = new StringBuilder();
    for (String key : keys) {
      JsonNode was = old.get(key);
      JsonNode is = wanted.get(key);
      if (was == null || !was.equals(is)) {
        text.append("\n  ").append(key).append(": ").append(was).append(" in the run, ");
        text.append(is).append(" now");
      }
    }
    return text.toString();
  }

  /** The folder itself. */
  public Path root() {
    return root;
  }

  /** The resolved recipe. */
  public Path recipe() {
    return root.resolve(RECIPE);
  }

  /** The hashes of the records. */
  public Path data() {
    return root.resolve("data.json");
  }

  /** One JSON object a step of stages 1 and 2. */
  public Path metrics() {
    return root.resolve("metrics.jsonl");
  }

  /** Event files of stages 1 and 2. */
  public Path tensorBoard() {
    return root.resolve("tensorboard");
  }

  /** Event files of the autoencoder's fit. */
  public Path autoencoderTensorBoard() {
    return tensorBoard().resolve("stage0");
  }

  /** One JSON object a step of the autoencoder's fit. */
  public Path autoencoderMetrics() {
    return root.resolve("metrics_stage0.jsonl");
  }

  /** When processes took up and left each stage; see {@link SessionLog}. */
  public Path sessions() {
    return root.resolve("sessions.jsonl");
  }

  /** Pictures {@code step-N.png}; see {@link ReconstructionLog}. */
  public Path reconstructions() {
    return root.resolve("reconstructions");
  }

  /** Pictures as they appear from noise; see {@link FilmStrip}. */
  public Path filmStrip() {
    return root.resolve("film_strip");
  }

  /** Pictures of the held-out questions as they appear from noise. */
  public Path heldOutStrip() {
    return root.resolve("held_out_strip");
  }

  /** The accuracy on the recipe's held-out questions; written last. */
  public Path evaluation() {
    return root.resolve("evaluation.json");
  }

  /** Parent of the replies to the held-out questions, a folder for each benchmark. */
  public Path answers() {
    return root.resolve("evaluation");
  }

  /** The page about the run. */
  public Path report() {
    return root.resolve("report.html");
  }

  /** Bad records of {@code stage}; see {@link org.dsvlm.data.RecordLedger}. */
  public Path ledger(int stage) {
    return root.resolve("bad_records_stage" + stage + ".jsonl");
  }

  /** The tokenizer, where it comes with the recipe. */
  public Path tokenizer() {
    return root.resolve("tokenizer");
  }

  /** Bad records among those that {@code stage} evaluates. */
  public Path validationLedger(int stage) {
    return root.resolve("bad_records_validation_stage" + stage + ".jsonl");
  }

  /** Parent of the checkpoints. */
  public Path checkpoints() {
    return root.resolve("checkpoints");
  }

  /** The checkpoints that there are, by the steps of stages 1 and 2 done. */
  public NavigableMap<Long, Path> checkpointsByStep() {
    return CheckpointFolder.byStep(checkpoints());
  }

  /** The trained LLaVA. */
  public Path export() {
    return root.resolve("export");
  }

  /** The trained LoRA adapter. */
  public Path adapter() {
    return root.resolve("adapter");
  }

  /** The trained diffusion model in diffusers' layout. */
  public Path stableDiffusion() {
    return root.resolve("stable_diffusion");
  }

  /** The supervisor's own parameters. */
  public Path multiAdapter() {
    return root.resolve(MultiAdapterFile.NAME);
  }

  private static void closeQuietly(FileChannel file) {
    try {
      file.close();
    } catch (IOException e) {
      // closing a file that holds nothing: there is nothing to lose
    }
  }

  @Override
  public void close() {
    if (lockFile == null || !lockFile.isOpen()) {
      return;
    }
    HeldFolders.release(root);
    try {
      if (lock != null) {
        lock.release();
      }
    } catch (IOException e) {
      throw new DsVlmException(root + ": the lock cannot be released: " + e.getMessage(), e);
    } finally {
      closeQuietly(lockFile);
    }
  }
}
