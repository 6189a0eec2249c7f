/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.AtomicFiles;

/**
 * Writes reconstructions at intervals: the first pictures of a step's first micro batch with the
 * originals above, in a file {@code step-N.png} and in TensorBoard.
 */
public final class ReconstructionLog implements ReconstructionListener {
  private static final int MOST_PICTURES = 4;

  private final Path folder;
  private final long everySteps;
  private final TensorBoardLog events;
  private long lastShown;

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

  @Override
  public void reconstructed(long stepsBefore, Tensor pictures, Tensor reconstructions) {
    long step = stepsBefore + 1;
    if (everySteps == 0 || stepsBefore % everySteps != 0 || step == lastShown) {
      return;
    }
    lastShown = step;
    PictureGrid grid = PictureGrid.of(MOST_PICTURES, pictures, reconstructions);
    AtomicFiles.file(
        folder.resolve("step-" + step + ".png"), path -> Files.write(path, grid.png()));
    events.add(step, "reconstruction", grid);
  }
}
