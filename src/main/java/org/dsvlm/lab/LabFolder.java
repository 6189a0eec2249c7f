/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a laboratory:
 *
 * <pre>
 * arms/ADDRESS-seedN.json   the figures of an arm and a seed, to be committed
 * arms/ADDRESS-seedN.png    its held-out film strips, where a comparison keeps them
 * work/ADDRESS-seedN/       its run, while it is under way; git ignores it
 * NAME.md, NAME.html        the page of each comparison
 * </pre>
 *
 * Several processes may work in it: each arm and seed is locked while one runs it.
 */
final class LabFolder {
  private final Path root;

  LabFolder(Path root) {
    this.root = root;
    try {
      Files.createDirectories(arms());
      Files.createDirectories(work());
    } catch (IOException e) {
      throw new DsVlmException(root + ": cannot be made: " + AtomicFiles.reason(e), e);
    }
    Path ignored = work().resolve(".gitignore");
    if (!Files.exists(ignored)) {
      AtomicFiles.text(ignored, "*\n");
    }
  }

  private Path arms() {
    return root.resolve("arms");
  }

  private Path work() {
    return root.resolve("work");
  }

  private static String name(ArmSettings settings, long seed) {
    return settings.address() + "-seed" + seed;
  }

  /** The run of an arm. */
  Path run(ArmSettings settings, long seed) {
    return work().resolve(name(settings, seed));
  }

  /** The results of an arm. */
  Path result(ArmSettings settings, long seed) {
    return arms().resolve(name(settings, seed) + ".json");
  }

  /** Its film strips. */
  Path strip(ArmSettings settings, long seed) {
    return arms().resolve(name(settings, seed) + ".png");
  }

  /** The page of a comparison. */
  Path page(String key, String ending) {
    return root.resolve(key + "." + ending);
  }

  /** A held lock. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  /** Locks an arm for this process; nothing where another one runs it. */
  Optional<Held> lock(ArmSettings settings, long seed) {
    Path file = work().resolve(name(settings, seed) + ".lock");
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = tryLock(channel);
      if (lock == null) {
        channel.close();
        return Optional.empty();
      }
      return Optional.of(() -> release(channel, file));
    } catch (IOException e) {
      throw new DsVlmException(
          file
              + ": cannot be locked: "
              + AtomicFiles.reason(e)
              + ". Choose an --out on a file system with locks",
          e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Another thread of this process has it.
      return null;
    }
  }

  private static void release(FileChannel channel, Path file) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be unlocked: " + AtomicFiles.reason(e), e);
    }
  }

  /** Deletes the run of an arm. */
  void deleteRun(ArmSettings settings, long seed) {
    Path run = run(settings, seed);
    if (Files.notExists(run)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(run)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new DsVlmException(run + ": cannot be deleted: " + AtomicFiles.reason(e), e);
    }
  }
}
