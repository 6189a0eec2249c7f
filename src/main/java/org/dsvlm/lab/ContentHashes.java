/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Stream;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.Sha256;
import org.dsvlm.train.recipe.Place;

/** The files and folders that recipes name, told by their content; each is read once. */
final class ContentHashes {
  private static final int DIGITS = 12;

  private final Map<Path, String> known = new HashMap<>();

  /** {@code text}, or where it is the path of something that is there, a hash of its content. */
  String of(String text) {
    if (text.isBlank()) {
      return text;
    }
    try {
      String place = Place.resolved(text);
      Path path = FilePath.of("recipe", place);
      return place.indexOf('/') >= 0 && Files.exists(path)
          ? "content " + known.computeIfAbsent(path, ContentHashes::hash)
          : text;
    } catch (InvalidPathException e) {
      return text;
    }
  }

  /** Of the names and bytes of all files below {@code path}. */
  private static String hash(Path path) {
    MessageDigest digest = Sha256.digest();
    try (Stream<Path> tree = Files.walk(path)) {
      for (Path file : tree.filter(Files::isRegularFile).sorted().toList()) {
        digest.update(path.relativize(file).toString().getBytes(StandardCharsets.UTF_8));
        digest.update(Sha256.of(file));
      }
    } catch (IOException e) {
      throw new DsVlmException(path + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
    return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
  }
}
