/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.AtomicFiles;

/**
 * Writes reconstructions at intervals, in a file {@code step-N.png} and in TensorBoard: a column
 * for each picture, and a row for the originals and for each way to reconstruct them. The file's
 * text {@code Description} names the rows from above.
 */
public final class ReconstructionLog {
  private static final int MOST_PICTURES = 4;

  private final Path folder;
  private final long everySteps;
  private final TensorBoardLog events;

  /**
   * A log in {@code folder} and {@code events}.
   *
   * @param everySteps how often, from the first step on; 0: never
   */
  public ReconstructionLog(Path folder, long everySteps, TensorBoardLog events) {
    this.folder = folder;
    this.everySteps = everySteps;
    this.events = events;
  }

  /** Whether pictures are written after step number {@code step} of stages 1 and 2. */
  public boolean isDue(long step) {
    return everySteps > 0 && (step - 1) % everySteps == 0;
  }

  /**
   * Writes pictures.
   *
   * @param rows by name, from above, each [pictures, 3, S, S], nominally in [-1, 1]
   */
  public void write(long step, Map<String, Tensor> rows) {
    PictureGrid grid = PictureGrid.of(MOST_PICTURES, rows);
    AtomicFiles.file(
        folder.resolve("step-" + step + ".png"), path -> Files.write(path, grid.png()));
    events.add(step, "reconstruction", grid);
  }
}
