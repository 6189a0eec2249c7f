/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {
  private static final String OPERATORS = "libdsvlm_ops-1.so";
  private static final String CUDA = "libdsvlm_ops_cuda-1.so";
  private static final String BINDING = "libdsvlm_ops_jni-1.so";

  @TempDir Path folder;

  private String version = "1";
  private final Map<String, byte[]> jar = new LinkedHashMap<>();
  private final List<String> loaded = Collections.synchronizedList(new ArrayList<>());

  NativeLibraryTest() {
    for (String name : List.of(OPERATORS, CUDA, BINDING)) {
      byte[] content = new byte[100_000];
      Arrays.fill(content, (byte) name.length());
      jar.put(name, content);
    }
    jar.put(NativeResources.LIST, checksums());
  }

  @Test
  void extractsWholeLibrariesAndLoadsThemInOrder() {
    Path operators = library(ExtractionFolder.at(folder)).load().operators();
    assertThat(loaded).containsExactly(OPERATORS, BINDING);
    assertThat(operators).startsWith(folder).hasFileName(OPERATORS);
  }

  @Test
  void loadsTheCudaKernelsBetweenTheOthersWhereTheyAreWanted() {
    NativeLibrary library =
        new NativeLibrary(null, resources(), List.of(ExtractionFolder.at(folder)), checked(), true);
    assertThat(library.load().cuda()).isTrue();
    assertThat(loaded).containsExactly(OPERATORS, CUDA, BINDING);
  }

  @Test
  void aSecondStartTakesWhatLiesThere() throws IOException {
    Path operators = library(ExtractionFolder.at(folder)).load().operators();
    Object before = Files.readAttributes(operators, "unix:ino").get("ino");
    library(ExtractionFolder.at(folder)).load();
    assertThat(Files.readAttributes(operators, "unix:ino").get("ino")).isEqualTo(before);
  }

  @Test
  @BadInput(
      number = 77,
      value = "a build without native operators for the platform",
      then = "an error that names the platform")
  void anAbsentLibraryIsNamedAsSuch() {
    jar.clear();
    assertThatThrownBy(() -> library(ExtractionFolder.at(folder)).load())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("there are none for test-platform");
    assertThat(loaded).isEmpty();
  }

  @Test
  @BadInput(
      number = 77,
      value = "native operators of another version than the library",
      then = "an error that names both")
  void librariesOfAnotherVersionAreRefused() {
    version = "2";
    assertThatThrownBy(() -> library(ExtractionFolder.at(folder)).load())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(OPERATORS)
        .hasMessageContaining("another version than the library, 2");
    assertThat(loaded).isEmpty();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  @BadInput(
      number = 77,
      value = "a library that was extracted in part or changed",
      then = "it is extracted again")
  void aPartlyExtractedLibraryIsExtractedAgain() throws IOException {
    Path operators = library(ExtractionFolder.at(folder)).load().operators();
    Files.write(operators, Arrays.copyOf(jar.get(OPERATORS), 777));
    loaded.clear();
    library(ExtractionFolder.at(folder)).load();
    assertThat(loaded).containsExactly(OPERATORS, BINDING);
    assertThat(Files.readAllBytes(operators)).isEqualTo(jar.get(OPERATORS));
  }

  @Test
  @BadInput(
      number = 77,
      value = "a library that was extracted in part or changed",
      then = "it is extracted again")
  void aLibraryChangedAtTheSameLengthIsExtractedAgain() throws IOException {
    Path operators = library(ExtractionFolder.at(folder)).load().operators();
    byte[] changed = jar.get(OPERATORS).clone();
    changed[5000] ^= 1;
    Files.write(operators, changed);
    library(ExtractionFolder.at(folder)).load();
    assertThat(Files.readAllBytes(operators)).isEqualTo(jar.get(OPERATORS));
  }

  @Test
  void aDamagedJarIsRefusedAndLeavesNothing() throws IOException {
    jar.get(BINDING)[1] ^= 1;
    assertThatThrownBy(() -> library(ExtractionFolder.at(folder)).load())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(BINDING)
        .hasMessageContaining("checksum");
    assertThat(loaded).isEmpty();
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.map(Path::getFileName).map(Path::toString))
          .doesNotContain(BINDING)
          .noneMatch(name -> name.endsWith(".part"));
    }
  }

  @Test
  void aJarWithoutOneOfTheListedLibrariesIsRefused() {
    jar.remove(OPERATORS);
    assertThatThrownBy(() -> library(ExtractionFolder.at(folder)).load())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(OPERATORS + " is missing");
  }

  @Test
  void aListThatLeadsOutOfTheFolderIsRefused() {
    String list = new String(jar.get(NativeResources.LIST), StandardCharsets.UTF_8);
    jar.put(
        NativeResources.LIST,
        list.replace(BINDING, "../" + BINDING).getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> library(ExtractionFolder.at(folder)).load())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("../" + BINDING);
  }

  @Test
  void aFolderThatCannotBeWrittenGivesWayToTheNext() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    Path next = folder.resolve("next");
    Path operators =
        library(ExtractionFolder.at(file.resolve("cache")), ExtractionFolder.freshBelow(folder))
            .load()
            .operators();
    assertThat(operators.getParent().getParent().getFileName().toString()).startsWith("dsvlm-");
    assertThat(next).doesNotExist();
  }

  @Test
  @BadInput(
      number = 77,
      value = "one folder for extraction that is mounted noexec",
      then = "the next folder is taken")
  void noexecGivesWayToTheNextFolder() {
    Path noexec = folder.resolve("noexec");
    Path operators =
        new NativeLibrary(
                null,
                resources(),
                List.of(ExtractionFolder.at(noexec), ExtractionFolder.at(folder.resolve("good"))),
                refusing(noexec),
                false)
            .load()
            .operators();
    assertThat(operators).startsWith(folder.resolve("good"));
    assertThat(loaded).containsExactly(OPERATORS, BINDING);
  }

  @Test
  @BadInput(
      number = 77,
      value = "folders for extraction that are mounted noexec",
      then = "an error that names the folder and the property to set")
  void noexecEverywhereNamesThePropertyToSet() {
    assertThatThrownBy(
            () ->
                new NativeLibrary(
                        null,
                        resources(),
                        List.of(ExtractionFolder.at(folder)),
                        refusing(folder),
                        false)
                    .load())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("-Ddsvlm.native.cache=DIR")
        .hasMessageContaining("noexec");
  }

  @Test
  void anotherLinkErrorIsNotTriedElsewhere() {
    Consumer<Path> failing =
        file -> {
          checked().accept(file);
          throw new UnsatisfiedLinkError(file + ": undefined symbol: at_something");
        };
    assertThatThrownBy(
            () ->
                new NativeLibrary(
                        null,
                        resources(),
                        List.of(
                            ExtractionFolder.at(folder.resolve("a")),
                            ExtractionFolder.at(folder.resolve("b"))),
                        failing,
                        false)
                    .load())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("undefined symbol");
    assertThat(loaded).containsExactly(OPERATORS);
  }

  @Test
  void aNamedFolderComesBeforeTheJarAndNothingIsExtracted() throws IOException {
    Path named = Files.createDirectory(folder.resolve("named"));
    for (String name : List.of(OPERATORS, BINDING)) {
      Files.write(named.resolve(name), jar.get(name));
    }
    Path cache = folder.resolve("cache");
    NativeLibrary library =
        new NativeLibrary(
            named.toString(), resources(), List.of(ExtractionFolder.at(cache)), checked(), true);
    assertThat(library.load()).isEqualTo(new NativeLibrary.Loaded(named.resolve(OPERATORS), false));
    assertThat(loaded).containsExactly(OPERATORS, BINDING);
    assertThat(cache).doesNotExist();
  }

  @Test
  void aNamedFolderWithoutLibrariesIsAnError() throws IOException {
    for (String path : List.of(folder.resolve("absent").toString(), folder.toString())) {
      NativeLibrary library =
          new NativeLibrary(
              path, resources(), List.of(ExtractionFolder.at(folder)), checked(), false);
      assertThatThrownBy(library::load).isInstanceOf(DsVlmException.class);
    }
    assertThat(loaded).isEmpty();
  }

  @Test
  void startsAtTheSameTimeSeeWholeFiles() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<NativeLibrary.Loaded>> starts = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        starts.add(threads.submit(() -> library(ExtractionFolder.at(folder)).load()));
      }
      for (Future<NativeLibrary.Loaded> start : starts) {
        start.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(loaded).hasSize(64);
  }

  @Test
  void foldersAreSearchedAsDocumented() {
    Properties properties = new Properties();
    properties.setProperty("user.home", "/users/me");
    properties.setProperty("java.io.tmpdir", "/temporary");
    assertThat(ExtractionFolder.searched(properties, Map.of()))
        .extracting(Object::toString)
        .containsExactly("/users/me/.cache/dsvlm/natives", "/temporary");
    assertThat(ExtractionFolder.searched(properties, Map.of("XDG_CACHE_HOME", "/cache")))
        .extracting(Object::toString)
        .containsExactly("/cache/dsvlm/natives", "/temporary");
    properties.setProperty(NativeLibrary.CACHE, "/mine");
    assertThat(ExtractionFolder.searched(properties, Map.of()))
        .extracting(Object::toString)
        .containsExactly("/mine");
  }

  private NativeLibrary library(ExtractionFolder... folders) {
    return new NativeLibrary(null, resources(), List.of(folders), checked(), false);
  }

  private NativeResources resources() {
    return new NativeResources(
        "test-platform",
        version,
        name -> jar.containsKey(name) ? new ByteArrayInputStream(jar.get(name)) : null);
  }

  /** Loads nothing, but fails where the file is not what the JAR holds. */
  private Consumer<Path> checked() {
    return file -> {
      try {
        String name = file.getFileName().toString();
        assertThat(Files.readAllBytes(file)).isEqualTo(jar.get(name));
        loaded.add(name);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }

  private Consumer<Path> refusing(Path noexec) {
    return file -> {
      if (file.startsWith(noexec)) {
        throw new UnsatisfiedLinkError(
            file + ": " + file + ": failed to map segment from shared object");
      }
      checked().accept(file);
    };
  }

  private byte[] checksums() {
    StringBuilder list = new StringBuilder();
    jar.forEach(
        (name, content) -> {
          try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
            list.append(HexFormat.of().formatHex(digest)).append("  ").append(name).append('\n');
          } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
          }
        });
    return list.toString().getBytes(StandardCharsets.UTF_8);
  }
}
