/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files and folders that appear whole or not at all: they are written under a temporary name beside
 * their place, synced to disk (fsync), and renamed. A process that dies midway leaves the earlier
 * content in place, and a temporary name that {@link #removeLeftovers} removes.
 */
public final class AtomicFiles {
  /** Marks temporary names; the suffix after it makes them unique. */
  private static final String TEMPORARY = ".tmp-";

  /** Marks a folder that is being replaced; see {@link #folder}. */
  private static final String REPLACED = ".replaced";

  private static final AtomicLong COUNTER = new AtomicLong();

  private static final Logger LOG = LoggerFactory.getLogger(AtomicFiles.class);

  /** File systems of which it was said that they do not sync folders. */
  private static final Set<String> UNSYNCED = ConcurrentHashMap.newKeySet();

  private AtomicFiles() {}

  /** Writes a file, or fills a folder, at the path it is given. */
  @FunctionalInterface
  public interface Body {
    void write(Path path) throws IOException;
  }

  /**
   * Writes the file {@code target} as {@code body} fills it; an older file is replaced in one
   * instant. Readers that have the older file mapped or open keep seeing its bytes.
   *
   * @throws DsVlmException if it cannot be written; {@code target} is then as it was
   */
  public static void file(Path target, Body body) {
    Path temporary = temporary(target);
    try {
      HeldFolders.createDirectories(temporary.resolveSibling(""));
      body.write(temporary);
      sync(temporary);
      move(temporary, target);
      sync(temporary.resolveSibling(""));
    } catch (IOException e) {
      throw failed(target, e);
    } finally {
      deleteQuietly(temporary);
    }
  }

  /** Writes {@code text} as UTF-8 into the file {@code target}, as {@link #file} does. */
  public static void text(Path target, String text) {
    file(target, path -> Files.writeString(path, text));
  }

  /**
   * Writes the folder {@code target} as {@code body} fills it. An older folder is moved aside (to
   * its name with {@code .replaced} added) before the new one takes its place, then deleted: no
   * instant exists at which neither is complete on disk, and {@link #removeLeftovers} puts the
   * older one back if the process died between the two renames.
   *
   * @throws DsVlmException if it cannot be written; {@code target} is then as it was
   */
  public static void folder(Path target, Body body) {
    Path temporary = temporary(target);
    Path replaced = sibling(target, REPLACED);
    try {
      HeldFolders.createDirectories(temporary);
      body.write(temporary);
      syncTree(temporary);
      if (Files.exists(target)) {
        deleteTree(replaced);
        move(target, replaced);
      }
      move(temporary, target);
      sync(temporary.resolveSibling(""));
      deleteTree(replaced);
    } catch (IOException e) {
      restore(target, replaced);
      throw failed(target, e);
    } finally {
      deleteQuietly(temporary);
    }
  }

  /**
   * Cleans {@code folder} after a process that died: puts back a folder that was moved aside with
   * nothing in its place, and deletes temporary names. Only for the one process that writes there.
   *
   * @return what was removed or put back
   */
  public static List<Path> removeLeftovers(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> children = Files.list(folder)) {
      List<Path> leftovers = children.filter(AtomicFiles::isLeftover).sorted().toList();
      for (Path leftover : leftovers) {
        String name = leftover.getFileName().toString();
        if (name.endsWith(REPLACED)) {
          restore(
              leftover.resolveSibling(name.substring(1, name.length() - REPLACED.length())),
              leftover);
        }
        deleteTree(leftover);
      }
      return leftovers;
    } catch (IOException e) {
      throw new DsVlmException(folder + ": leftovers cannot be removed: " + reason(e), e);
    }
  }

  private static boolean isLeftover(Path path) {
    String name = path.getFileName().toString();
    return name.startsWith(".") && (name.contains(TEMPORARY) || name.endsWith(REPLACED));
  }

  /** Puts {@code replaced} back if nothing took its place. */
  private static void restore(Path target, Path replaced) {
    if (Files.exists(replaced) && Files.notExists(target)) {
      try {
        move(replaced, target);
      } catch (IOException e) {
        throw new DsVlmException(
            target
                + ": stands complete under "
                + replaced
                + ", but cannot be moved back: "
                + reason(e)
                + "; rename it by hand",
            e);
      }
    }
  }

  private static Path temporary(Path target) {
    return sibling(
        target, TEMPORARY + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet());
  }

  private static Path sibling(Path target, String suffix) {
    Path absolute = target.toAbsolutePath();
    return absolute.resolveSibling("." + absolute.getFileName() + suffix);
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException("the file system cannot rename in one step: " + e.getMessage(), e);
    }
  }

  /** A folder is synced where its file system can, which some network file systems cannot. */
  private static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      if (!Files.isDirectory(path) || !isUnsupported(e)) {
        throw e;
      }
      if (UNSYNCED.add(Files.getFileStore(path).toString())) {
        LOG.warn(
            "{}: its file system cannot sync a folder ({}); files are synced, and a crash of the"
                + " machine may lose the last renaming",
            path,
            reason(e));
      }
    }
  }

  /** Whether the file system lacks an operation (EINVAL, ENOTSUP) rather than failing in it. */
  static boolean isUnsupported(IOException e) {
    String reason = reason(e);
    return reason.contains("Invalid argument")
        || reason.contains("not supported")
        || reason.contains("Function not implemented");
  }

  private static void syncTree(Path folder) throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.toList()) {
        sync(path);
      }
    }
  }

  /** Deletes {@code root} and all that is in it, if it is there. */
  public static void deleteTree(Path root) throws IOException {
    if (Files.notExists(root)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /**
   * Deletes the remains of a failed write without an error of its own: the caller sees the first
   * one.
   */
  private static void deleteQuietly(Path root) {
    try {
      deleteTree(root);
    } catch (IOException e) {
      root.toFile().deleteOnExit();
    }
  }

  private static DsVlmException failed(Path target, IOException e) {
    return new DsVlmException(
        target
            + ": cannot be written: "
            + reason(e)
            + "; what stood there before is untouched. Check free space and permissions",
        e);
  }

  /** The reason of a failure. File system exceptions without a reason hold nothing but the path. */
  public static String reason(IOException e) {
    boolean bare = e instanceof FileSystemException system && system.getReason() == null;
    return bare
        ? e.getClass().getSimpleName() + " " + e.getMessage()
        : String.valueOf(e.getMessage());
  }
}
