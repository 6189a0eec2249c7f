/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordIndexCacheTest {
  private static final String JSON =
      "[{\"image\": \"a\", \"conversations\": [{\"value\": \"a b\"}]}, {\"id\": 2}, 3]";
  private static final FileTime OLD = FileTime.fromMillis(0);

  @TempDir Path folder;
  private Path file;
  private RecordIndexCache cache;

  @BeforeEach
  void write() throws IOException {
    file = Files.writeString(folder.resolve("data.json"), JSON);
    cache = new RecordIndexCache(folder.resolve("cache"), JSON.length());
  }

  private List<Path> kept() {
    Path indexes = folder.resolve("cache");
    if (!Files.exists(indexes)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(indexes)) {
      return files.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void isTheFilesOwn(RecordIndex index) {
    RecordIndex expected = RecordIndex.of(file);
    assertThat(index).usingRecursiveComparison().isEqualTo(expected);
  }

  /** Whether the next call leaves the kept index, whose time says so, as it is. */
  private boolean isTakenAsItIs() throws IOException {
    Files.setLastModifiedTime(kept().get(0), OLD);
    isTheFilesOwn(cache.of(file));
    assertThat(kept()).hasSize(1);
    return Files.getLastModifiedTime(kept().get(0)).equals(OLD);
  }

  @Test
  void anIndexIsKeptAndTakenAgain() throws IOException {
    isTheFilesOwn(cache.of(file));
    assertThat(kept()).hasSize(1);
    assertThat(kept().get(0).getFileName().toString()).matches("data\\.json-[0-9a-f]{16}\\.index");
    assertThat(isTakenAsItIs()).isTrue();
  }

  @Test
  void aChangedFileIsIndexedAgain() throws IOException {
    cache.of(file);
    // Of the same size and time.
    FileTime time = Files.getLastModifiedTime(file);
    Files.writeString(file, JSON.replace("a b", "abc"));
    Files.setLastModifiedTime(file, time);
    assertThat(isTakenAsItIs()).isFalse();
    Files.writeString(file, JSON.replace("3]", "3, 4]"));
    assertThat(isTakenAsItIs()).isFalse();
  }

  @Test
  void aDamagedIndexIsMadeAgain() throws IOException {
    cache.of(file);
    byte[] whole = Files.readAllBytes(kept().get(0));
    for (int at = 0; at < whole.length; at += 7) {
      byte[] damaged = whole.clone();
      damaged[at] ^= 1;
      Files.write(kept().get(0), damaged);
      assertThat(isTakenAsItIs()).as("byte %d changed", at).isFalse();
      Files.write(kept().get(0), Arrays.copyOf(whole, at));
      assertThat(isTakenAsItIs()).as("cut to %d bytes", at).isFalse();
    }
    assertThat(isTakenAsItIs()).isTrue();
  }

  @Test
  void smallFilesAreNotKept() {
    isTheFilesOwn(new RecordIndexCache(folder.resolve("cache"), JSON.length() + 1).of(file));
    assertThat(kept()).isEmpty();
  }

  @Test
  void aFolderThatCannotBeWrittenIsDoneWithout() throws IOException {
    Path blocked = Files.createFile(folder.resolve("file"));
    isTheFilesOwn(new RecordIndexCache(blocked.resolve("below"), 0).of(file));
  }

  @Test
  void liesWhereThePropertySaysOrInTheUsersCache() {
    Properties properties = new Properties();
    properties.setProperty("user.home", "/users/me");
    assertThat(RecordIndexCache.folder(properties, Map.of()))
        .isEqualTo(Path.of("/users/me/.cache/dsvlm/indexes"));
    assertThat(RecordIndexCache.folder(properties, Map.of("XDG_CACHE_HOME", "/caches")))
        .isEqualTo(Path.of("/caches/dsvlm/indexes"));
    properties.setProperty(RecordIndexCache.PROPERTY, "/named");
    assertThat(RecordIndexCache.folder(properties, Map.of("XDG_CACHE_HOME", "/caches")))
        .isEqualTo(Path.of("/named"));
  }
}
