/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
  @TempDir Path folder;

  @Test
  void aFileIsReplacedWhole() {
    Path target = folder.resolve("a/b/config.json");
    AtomicFiles.text(target, "old");
    AtomicFiles.file(
        target,
        path -> {
          Files.writeString(path, "ne");
          assertThat(target).hasContent("old");
          Files.writeString(path, "new");
        });
    assertThat(target).hasContent("new");
    assertThat(children(target.getParent())).containsExactly("config.json");
  }

  @Test
  void aFailureLeavesWhatStoodThere() {
    Path target = folder.resolve("config.json");
    AtomicFiles.text(target, "old");
    assertThatThrownBy(
            () ->
                AtomicFiles.file(
                    target,
                    path -> {
                      Files.writeString(path, "half");
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(target.toString())
        .hasMessageContaining("No space left on device");
    assertThat(target).hasContent("old");
    assertThat(children(folder)).containsExactly("config.json");
  }

  @Test
  void aFolderIsReplacedWhole() {
    Path target = folder.resolve("export");
    AtomicFiles.folder(target, path -> Files.writeString(path.resolve("old.txt"), "1"));
    AtomicFiles.folder(
        target,
        path -> {
          Files.writeString(path.resolve("new.txt"), "2");
          assertThat(children(target)).containsExactly("old.txt");
        });
    assertThat(children(target)).containsExactly("new.txt");
    assertThat(children(folder)).containsExactly("export");
  }

  @Test
  void aFailedFolderLeavesWhatStoodThere() {
    Path target = folder.resolve("export");
    AtomicFiles.folder(target, path -> Files.writeString(path.resolve("old.txt"), "1"));
    assertThatThrownBy(
            () ->
                AtomicFiles.folder(
                    target,
                    path -> {
                      Files.writeString(path.resolve("new.txt"), "2");
                      throw new IOException("pulled plug");
                    }))
        .isInstanceOf(DsVlmException.class);
    assertThat(children(target)).containsExactly("old.txt");
    assertThat(children(folder)).containsExactly("export");
  }

  @Test
  void leftoversOfADeadProcessAreRemovedOrPutBack() throws IOException {
    Files.createDirectories(folder.resolve(".export.tmp-1-1/part"));
    Files.writeString(folder.resolve(".config.json.tmp-1-2"), "half");
    Files.createDirectories(folder.resolve(".step-5.replaced"));
    Files.writeString(folder.resolve(".step-5.replaced/whole.txt"), "1");
    Files.createDirectories(folder.resolve(".step-6.replaced"));
    Files.createDirectories(folder.resolve("step-6"));
    assertThat(AtomicFiles.removeLeftovers(folder)).hasSize(4);
    assertThat(children(folder)).containsExactly("step-5", "step-6");
    assertThat(folder.resolve("step-5/whole.txt")).hasContent("1");
    assertThat(AtomicFiles.removeLeftovers(folder)).isEmpty();
    assertThat(AtomicFiles.removeLeftovers(folder.resolve("nowhere"))).isEmpty();
  }

  @Test
  void aPlaceThatCannotBeWrittenIsNamed() {
    AtomicFiles.text(folder.resolve("file"), "x");
    Path below = folder.resolve("file/below.txt");
    assertThatThrownBy(() -> AtomicFiles.text(below, "x"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(below + ": cannot be written");
  }

  private static List<String> children(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(path -> path.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
