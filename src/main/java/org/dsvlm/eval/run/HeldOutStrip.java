/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.dsvlm.eval.Benchmark;
import org.dsvlm.eval.BenchmarkFile;
import org.dsvlm.eval.EncodedPicture;
import org.dsvlm.image.Picture;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.report.PictureSheet;
import org.dsvlm.train.Reconstructor;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.run.FilmStrip;
import org.dsvlm.train.run.RunFolder;

/** The film strip of pictures that the training never saw: the first ones of the questions. */
final class HeldOutStrip {
  /** Of the sheet, in pixels. */
  private static final int SIDE = 96;

  private static final long SEED = 0;

  private HeldOutStrip() {}

  /** Writes the strip of a supervised run, unless the recipe wants none. */
  static void write(Recipe recipe, RunFolder run, Map<Benchmark, Path> questions) {
    if (!recipe.supervised() || recipe.evaluation().pictures() == 0) {
      return;
    }
    List<Picture> pictures = pictures(questions, recipe.evaluation().pictures());
    int steps = recipe.report().samplerSteps();
    int[] looks = FilmStrip.looks(steps);
    List<List<Picture>> rows = new ArrayList<>();
    try (Reconstructor reconstructor = Reconstructor.open(run.root())) {
      for (Picture picture : pictures) {
        List<Picture> row = new ArrayList<>(reconstructor.strip(picture, steps, looks, SEED));
        row.add(reconstructor.seen(picture));
        rows.add(row);
      }
    }
    AtomicFiles.folder(
        run.heldOutStrip(),
        folder -> {
          for (int i = 0; i < rows.size(); i++) {
            Path own = Files.createDirectories(folder.resolve("picture-" + (i + 1)));
            write(own, rows.get(i), looks);
          }
          PictureSheet.write(folder.resolve("sheet.png"), rows, SIDE);
        });
  }

  private static void write(Path folder, List<Picture> row, int[] looks) {
    for (int i = 0; i < row.size(); i++) {
      String name = i < looks.length ? "step-" + looks[i] : "original";
      Picture picture = row.get(i);
      PictureSheet.write(folder.resolve(name + ".png"), List.of(List.of(picture)), picture.width());
    }
  }

  /** The first {@code count} pictures that differ, taken from the files in turn. */
  private static List<Picture> pictures(Map<Benchmark, Path> files, int count) {
    List<Picture> pictures = new ArrayList<>();
    Set<Integer> seen = new HashSet<>();
    for (Map.Entry<Benchmark, Path> one : files.entrySet()) {
      try (BenchmarkFile file = BenchmarkFile.open(one.getKey(), one.getValue())) {
        for (int i = 0; i < file.size() && pictures.size() < count; i++) {
          for (EncodedPicture encoded : file.get(i).pictures()) {
            if (pictures.size() < count && seen.add(Arrays.hashCode(encoded.bytes()))) {
              pictures.add(encoded.picture());
            }
          }
        }
      }
    }
    return pictures;
  }
}
