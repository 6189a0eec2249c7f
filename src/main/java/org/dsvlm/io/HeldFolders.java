/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Folders that this process works in and that have to stay: one that is deleted or unmounted
 * meanwhile is never made anew, since what lay in it is lost.
 */
public final class HeldFolders {
  private static final Map<Path, Object> HELD = new ConcurrentHashMap<>();

  private HeldFolders() {}

  /** Holds {@code folder}, which is there, until {@link #release}. */
  public static void hold(Path folder) throws IOException {
    HELD.put(absolute(folder), key(folder));
  }

  /** Lets {@code folder} be. */
  public static void release(Path folder) {
    HELD.remove(absolute(folder));
  }

  /**
   * Demands that {@code folder}, if it is held, is still the one that was there.
   *
   * @throws DsVlmException if it is gone, or another has taken its name
   */
  public static void require(Path folder) {
    Object known = HELD.get(absolute(folder));
    if (known != null && !isThere(folder, known)) {
      throw new DsVlmException(folder + ": " + GONE);
    }
  }

  private static final String GONE =
      "the folder was deleted, replaced or unmounted while it was worked in. What lay in it is lost"
          + " to this process, which stops and does not make it anew; start again with a folder"
          + " that stays";

  /**
   * Makes {@code folder} and its parents, but no held folder among them.
   *
   * @throws IOException if a held one is gone, or the folder cannot be made
   */
  public static void createDirectories(Path folder) throws IOException {
    Path wanted = absolute(folder);
    for (Map.Entry<Path, Object> held : HELD.entrySet()) {
      if (wanted.startsWith(held.getKey()) && !isThere(held.getKey(), held.getValue())) {
        throw new NoSuchFileException(held.getKey().toString(), null, GONE);
      }
    }
    Files.createDirectories(folder);
  }

  private static boolean isThere(Path folder, Object known) {
    try {
      return known.equals(key(folder));
    } catch (IOException e) {
      return false;
    }
  }

  /** Tells the folder from another of its name. */
  private static Object key(Path folder) throws IOException {
    Object key = Files.readAttributes(folder, BasicFileAttributes.class).fileKey();
    return Objects.requireNonNullElse(key, folder);
  }

  private static Path absolute(Path folder) {
    return folder.toAbsolutePath().normalize();
  }
}
