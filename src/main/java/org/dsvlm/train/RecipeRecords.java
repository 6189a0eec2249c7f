/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.function.Supplier;
import org.dsvlm.data.LlavaJson;
import org.dsvlm.data.NotoArchive;
import org.dsvlm.data.NotoSource;
import org.dsvlm.data.RecordSource;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.train.recipe.Recipe;

/** The records that a recipe names, whether or not there is a run yet. */
final class RecipeRecords {
  private RecipeRecords() {}

  /**
   * The records that stage 1 or 2 trains on; of neither, stage 0's: those of the run's first stage.
   *
   * @param noto gives the archive where the recipe wants it
   */
  static RecordSource open(Recipe recipe, int stage, Supplier<NotoArchive> noto) {
    Recipe.Data data = recipe.data();
    switch (data.source()) {
      case "noto":
        return stage == 2
            ? NotoSource.questions(noto.get(), NotoSource.Split.TRAIN, recipe.seed())
            : NotoSource.captions(noto.get(), NotoSource.Split.TRAIN, recipe.seed());
      case "llava":
        boolean second = stage == 2 || (stage == 0 && recipe.stage1().leftOut());
        String file = second ? data.stage2() : data.stage1();
        if (file.isEmpty()) {
          throw new DsVlmException(
              "recipe: data.stage" + (second ? 2 : 1) + " names no file of records");
        }
        String key = "recipe: data.stage" + (second ? 2 : 1);
        LlavaJson records =
            LlavaJson.open(
                FilePath.of(key, file), FilePath.of("recipe: data.pictures", data.pictures()));
        if (records.size() == 0) {
          records.close();
          throw new DsVlmException(
              key + ": " + file + " holds no record, only an empty list; name another file");
        }
        return records;
      default:
        throw new DsVlmException(
            "recipe: data.source is '" + data.source() + "'; known: llava, noto");
    }
  }

  /**
   * The records of the file {@code data.validation}, with their pictures where {@code
   * data.validation_pictures} says, or else where all others lie.
   */
  static LlavaJson validation(Recipe recipe) {
    Recipe.Data data = recipe.data();
    boolean own = !data.validationPictures().isEmpty();
    return LlavaJson.open(
        FilePath.of("recipe: data.validation", data.validation()),
        FilePath.of(
            own ? "recipe: data.validation_pictures" : "recipe: data.pictures",
            own ? data.validationPictures() : data.pictures()));
  }
}
