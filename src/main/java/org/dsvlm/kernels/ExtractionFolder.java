/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.dsvlm.io.FilePath;

/** A place for extracted libraries, made when it is first wanted. */
interface ExtractionFolder {
  /** The folder, which exists then. */
  Path open() throws IOException;

  /** The folder of that name, shared by all JVMs that may write it. */
  static ExtractionFolder at(Path folder) {
    return new ExtractionFolder() {
      @Override
      public Path open() throws IOException {
        return OwnFolder.create(folder);
      }

      @Override
      public String toString() {
        return folder.toString();
      }
    };
  }

  /**
   * A new folder below {@code parent}, this JVM's own: others who may write there cannot exchange
   * what lies in it. It goes when the JVM ends.
   */
  static ExtractionFolder freshBelow(Path parent) {
    return new ExtractionFolder() {
      @Override
      public Path open() throws IOException {
        Path folder = Files.createTempDirectory(parent, "dsvlm-");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
        return folder;
      }

      @Override
      public String toString() {
        return parent.toString();
      }
    };
  }

  private static void delete(Path folder) {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      // The JVM is ending; what stays is the business of whoever cleans the temporary folder.
    }
  }

  /** The search order that {@link NativeLibrary} documents. */
  static List<ExtractionFolder> searched(Properties properties, Map<String, String> environment) {
    String named = properties.getProperty(NativeLibrary.CACHE);
    if (named != null) {
      return List.of(at(FilePath.of(NativeLibrary.CACHE, named)));
    }
    String caches = environment.get("XDG_CACHE_HOME");
    Path cache =
        caches == null || caches.isEmpty()
            ? FilePath.of("user.home", properties.getProperty("user.home")).resolve(".cache")
            : FilePath.of("XDG_CACHE_HOME", caches);
    return List.of(
        at(cache.resolve("dsvlm").resolve("natives")),
        freshBelow(FilePath.of("java.io.tmpdir", properties.getProperty("java.io.tmpdir"))));
  }
}
