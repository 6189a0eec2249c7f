/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.dsvlm.BadInput;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.testing.Closes;
import org.dsvlm.train.recipe.RecipeReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  @TempDir private Path root;

  private static ObjectNode recipe(String... overrides) {
    return RecipeReader.resolve("nano-scratch", List.of(overrides));
  }

  @Test
  void holdsTheResolvedRecipe() {
    try (RunFolder run = RunFolder.create(root, recipe("seed=5"))) {
      assertThat(RecipeReader.read(run.recipe())).isEqualTo(recipe("seed=5"));
    }
  }

  @Test
  void aSecondRunInItIsRefused() throws IOException {
    RunFolder.create(root, recipe()).close();
    Files.writeString(root.resolve("data.json"), "{}");
    assertThatThrownBy(() -> RunFolder.create(root, recipe()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(root.toString())
        .hasMessageContaining("--resume");
  }

  @Test
  void aFolderThatHoldsNothingButARecipeIsUsedAgain() {
    RunFolder.create(root, recipe("seed=5")).close();
    try (RunFolder run = RunFolder.create(root, recipe("seed=6"))) {
      assertThat(RecipeReader.read(run.recipe())).isEqualTo(recipe("seed=6"));
    }
  }

  @Test
  @BadInput(
      number = 56,
      value = "a run folder that is deleted while the run goes on",
      then = "an error; the folder is not made anew")
  void aFolderThatVanishesIsNotMadeAnew() throws IOException {
    Path own = root.resolve("run");
    try (RunFolder run = RunFolder.create(own, recipe())) {
      run.requireThere();
      Files.move(own, root.resolve("elsewhere"));
      assertThatThrownBy(run::requireThere)
          .isInstanceOf(DsVlmException.class)
          .hasMessageStartingWith(own + ": the folder was deleted, replaced or unmounted");
      assertThatThrownBy(() -> AtomicFiles.folder(run.checkpoints().resolve("step-4"), path -> {}))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("was deleted, replaced or unmounted");
      assertThat(own).doesNotExist();
      Files.createDirectory(own);
      assertThatThrownBy(run::requireThere).as("another of its name").isNotNull();
    }
    RunFolder.create(own, recipe()).close();
  }

  @Test
  void theLockMayBeSwitchedOff() {
    System.setProperty("dsvlm.run.lock", "none");
    try (RunFolder run = RunFolder.create(root, recipe())) {
      RunFolder.resume(root, recipe()).close();
    } finally {
      System.clearProperty("dsvlm.run.lock");
    }
  }

  /** Nobody, root included, makes folders there. */
  @Test
  @BadInput(
      number = 56,
      value = "a run folder in a read-only place",
      then = "an error that names the folder")
  void aReadOnlyFolder() {
    Path readOnly = Path.of("/proc/dsvlm-run");
    assertThatThrownBy(() -> RunFolder.create(readOnly, recipe()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(readOnly + ": the run folder cannot be made: ");
  }

  @Test
  @BadInput(
      number = 57,
      value = "two runs in one folder",
      then = "an error that another process holds the folder")
  void twoRunsInOneFolder() {
    try (RunFolder run = RunFolder.create(root, recipe())) {
      assertThatThrownBy(() -> RunFolder.resume(root, recipe()))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("another process");
    }
    RunFolder.resume(root, recipe()).close();
  }

  @Test
  void resumingWithAnotherRecipeShowsTheDifference() {
    RunFolder.create(root, recipe("stage1.learning_rate=0.5")).close();
    assertThatThrownBy(() -> RunFolder.resume(root, recipe("stage1.learning_rate=0.25")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("stage1.learning_rate: 0.5 in the run, 0.25 now");
    RunFolder.resume(root, recipe("stage1.learning_rate=0.5")).close();
  }

  @Test
  void resumingWithoutARunIsRefused() {
    assertThatThrownBy(() -> RunFolder.resume(root, recipe()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("no run to resume");
  }

  @Test
  @Closes(RunFolder.class)
  void closingItTwiceLeavesTheNextOneAlone() {
    RunFolder first = RunFolder.create(root, recipe());
    first.close();
    try (RunFolder second = RunFolder.create(root, recipe())) {
      first.close();
      assertThatThrownBy(() -> RunFolder.create(root, recipe()))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining(root.toString());
      second.requireThere();
    }
  }

  @Test
  void aFileInItsPlaceIsNamed() throws IOException {
    Path file = Files.writeString(root.resolve("file"), "x");
    assertThatThrownBy(() -> RunFolder.create(file, RecipeReader.defaults()))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(file + ": is there and is no folder; choose another --out");
  }
}
