/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Paths that a user names: in an option, a recipe, a file or the environment. */
public final class FilePath {
  private static final String SNAPSHOTS = "snapshots";

  private FilePath() {}

  /**
   * {@code value} as a path.
   *
   * @param key where it stands, such as {@code recipe: data.pictures}
   * @throws DsVlmException if it is none, naming key and value
   */
  public static Path of(String key, String value) {
    try {
      return Path.of(value);
    } catch (InvalidPathException e) {
      throw new DsVlmException(
          key + " is '" + Excerpt.of(value) + "', which is no path" + why(value), e);
    }
  }

  /** As {@link #of}, for the folder of a model; see {@link #model(Path)}. */
  public static Path model(String key, String value) {
    return model(of(key, value));
  }

  /**
   * The folder in which the model's files are: {@code folder} itself or, where that is a repository
   * in the cache of the Hugging Face hub ({@code models--OWNER--NAME}), its snapshot: that of
   * {@code refs/main}, else the only one.
   *
   * @throws DsVlmException if it has several snapshots and does not say which is meant
   */
  public static Path model(Path folder) {
    Path snapshots = folder.resolve(SNAPSHOTS);
    if (!Files.isDirectory(snapshots) || Files.exists(folder.resolve("config.json"))) {
      return folder;
    }
    Path main = folder.resolve("refs").resolve("main");
    try (Stream<Path> children = Files.list(snapshots)) {
      if (Files.isRegularFile(main)) {
        Path named = snapshots.resolve(InputFiles.text(main).strip());
        if (Files.isDirectory(named)) {
          return named;
        }
      }
      List<Path> all =
          children.filter(Files::isDirectory).sorted(Comparator.naturalOrder()).toList();
      if (all.size() == 1) {
        return all.get(0);
      }
      throw new DsVlmException(
          folder
              + ": is a repository of the hub's cache with "
              + all.size()
              + " snapshots; name one of the folders in "
              + snapshots);
    } catch (IOException | InvalidPathException e) {
      throw new DsVlmException(snapshots + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** The reason that lies in the machine's settings rather than in {@code value}, if it does. */
  private static String why(String value) {
    Charset names = encoding();
    return names.newEncoder().canEncode(value)
        ? ""
        : ": this process encodes the names of files as "
            + names
            + ", which lacks some of its characters; start it with LC_ALL=C.UTF-8 in the"
            + " environment";
  }

  /** How this process encodes the names of files; the locale of its start decides. */
  public static Charset encoding() {
    String name = System.getProperty("sun.jnu.encoding", "UTF-8");
    return Charset.isSupported(name) ? Charset.forName(name) : StandardCharsets.UTF_8;
  }
}
