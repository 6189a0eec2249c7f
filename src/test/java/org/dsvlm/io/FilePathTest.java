/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.dsvlm.BadInput;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilePathTest {
  @TempDir Path folder;

  @Test
  @BadInput(
      number = 28,
      value = "a path in a recipe, an option or the environment that is none",
      then = "an error that names key and value, the value cut to a length")
  void keyAndValueAreNamed() {
    assertThat(FilePath.of("recipe: data.pictures", "a/b")).isEqualTo(Path.of("a/b"));
    assertThatThrownBy(() -> FilePath.of("recipe: data.pictures", "a\0b"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("recipe: data.pictures is 'a\0b', which is no path");
    assertThatThrownBy(() -> FilePath.of("XDG_CACHE_HOME", "\0" + "x".repeat(5000)))
        .hasMessageEndingWith("x… (5001 characters)', which is no path");
  }

  @Test
  void aRepositoryOfTheHubsCacheStandsForItsSnapshot() throws IOException {
    assertThat(FilePath.model(folder)).isEqualTo(folder);
    Path one = Files.createDirectories(folder.resolve("snapshots").resolve("one"));
    assertThat(FilePath.model(folder)).isEqualTo(one);
    Path two = Files.createDirectories(folder.resolve("snapshots").resolve("two"));
    assertThatThrownBy(() -> FilePath.model(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("with 2 snapshots; name one of the folders in");
    Files.createDirectories(folder.resolve("refs"));
    Files.writeString(folder.resolve("refs").resolve("main"), "two\n");
    assertThat(FilePath.model(folder)).isEqualTo(two);
    Files.writeString(folder.resolve("config.json"), "{}");
    assertThat(FilePath.model(folder)).as("a model that has such a folder").isEqualTo(folder);
  }

  @Test
  void longValuesAreCut() {
    assertThat(Excerpt.of("short")).isEqualTo("short");
    assertThat(Excerpt.of("x".repeat(79) + "🐈")).endsWith("x… (81 characters)").hasSize(96);
  }

  /** So that no path of a user's fails without the name of its key. */
  @Test
  void pathsThatAreNoLiteralsAreMadeInOnePlace() throws IOException {
    Pattern direct = Pattern.compile("\\bPath\\.of\\((?!\")");
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      List<String> elsewhere =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> !file.endsWith("FilePath.java"))
              .filter(file -> direct.matcher(text(file)).find())
              .map(file -> file.getFileName().toString())
              .toList();
      assertThat(elsewhere).isEmpty();
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
