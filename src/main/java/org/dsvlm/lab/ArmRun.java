/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.eval.answer.AnswerListener;
import org.dsvlm.eval.run.RunEvaluation;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.train.TrainingRun;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.dsvlm.train.run.TrainingListener;

/** Trains and evaluates one arm with one seed, going on where an earlier process was killed. */
final class ArmRun {
  /** Set by the launcher: the source tree's commit. */
  private static final String COMMIT = "dsvlm.commit";

  private final LabFolder folder;
  private final ArmSettings settings;
  private final long seed;

  ArmRun(LabFolder folder, ArmSettings settings, long seed) {
    this.folder = folder;
    this.settings = settings;
    this.seed = seed;
  }

  /**
   * Runs it to its end.
   *
   * @param strip whether to keep the film strips of held-out pictures
   * @param stop asked after every step; once it says true, a checkpoint is saved
   * @return false if it was stopped
   */
  boolean run(boolean strip, BooleanSupplier stop) {
    long start = System.nanoTime();
    ObjectNode tree = settings.recipe().deepCopy().put("seed", seed);
    if (!strip) {
      ((ObjectNode) tree.get("evaluation")).put("pictures", 0);
    }
    Recipe recipe = RecipeReader.bind(tree);
    RunEvaluation.check(recipe);
    try (RunFolder run = open(tree)) {
      if (!TrainingRun.run(recipe, run, TrainingListener.NONE, stop)) {
        return false;
      }
      RunEvaluation.run(ProcessGroup.alone(), recipe, run, AnswerListener.NONE);
      Path sheet = run.heldOutStrip().resolve("sheet.png");
      if (strip && Files.exists(sheet)) {
        copy(sheet, folder.strip(settings, seed));
      }
      double minutes = (System.nanoTime() - start) / 60e9;
      new ArmResult(seed, RunFigures.of(run), settings.values(), made(minutes))
          .write(folder.result(settings, seed));
    }
    folder.deleteRun(settings, seed);
    return true;
  }

  /** A run of an older recipe is begun anew: what it would yield is another arm's. */
  private RunFolder open(ObjectNode tree) {
    Path root = folder.run(settings, seed);
    Path recipe = root.resolve("recipe.yaml");
    if (Files.exists(recipe)) {
      if (RecipeReader.leaves(RecipeReader.read(recipe)).equals(RecipeReader.leaves(tree))) {
        return RunFolder.resume(root, tree);
      }
      folder.deleteRun(settings, seed);
    }
    return RunFolder.create(root, tree);
  }

  private static void copy(Path from, Path to) {
    AtomicFiles.file(to, path -> Files.copy(from, path, StandardCopyOption.REPLACE_EXISTING));
  }

  private static Map<String, String> made(double minutes) {
    Map<String, String> made = new TreeMap<>();
    made.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    made.put("minutes", String.format(Locale.ROOT, "%.1f", minutes));
    made.put("commit", System.getProperty(COMMIT, ""));
    made.put("threads", Integer.toString(torch.get_num_threads()));
    made.put("java", Runtime.version().toString());
    return made;
  }
}
