/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.dsvlm.io.InputFiles;

/**
 * Folders that no other user can change: theirs and all above belong to this user or to root, and
 * none can be written by others, but for those like {@code /tmp} in which everyone may change his
 * own alone. Of a library that lies in such a folder nobody can put another one in its place
 * between the check of its hash and its loading.
 */
final class OwnFolder {
  private static final int ROOT = 0;
  private static final int STICKY = 01000;
  private static final int GROUP_WRITES = 020;
  private static final int OTHERS_WRITE = 02;

  private OwnFolder() {}

  private static final Path STATUS = Path.of("/proc/self/status");

  /** Who a file belongs to, and its mode. */
  private record Access(int user, int group, int mode) {
    /** This process's own user and group. */
    static Access self() throws IOException {
      return new Access(effective("Uid:"), effective("Gid:"), 0);
    }

    /** The second of the four numbers behind {@code name}: real, effective, saved, of files. */
    private static int effective(String name) throws IOException {
      for (String line : InputFiles.lines(STATUS)) {
        if (line.startsWith(name)) {
          return Integer.parseUnsignedInt(line.split("\\s+")[2]);
        }
      }
      throw new IOException(STATUS + " does not say whose process this is");
    }

    private static int number(Map<String, Object> known, String name) {
      return (Integer) Objects.requireNonNull(known.get(name), name);
    }

    static Access of(Path path) throws IOException {
      Map<String, Object> known =
          Files.readAttributes(path, "unix:uid,gid,mode", LinkOption.NOFOLLOW_LINKS);
      return new Access(number(known, "uid"), number(known, "gid"), number(known, "mode"));
    }
  }

  /**
   * {@code folder}, made with those above it where they are not there, for this user alone.
   *
   * @throws IOException if it cannot be made, or others may change it, naming the folder at fault
   */
  static Path create(Path folder) throws IOException {
    Path whole = folder.toAbsolutePath().normalize();
    Files.createDirectories(
        whole, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    requireOwn(whole.toRealPath());
    return folder;
  }

  private static void requireOwn(Path folder) throws IOException {
    Access self = Access.self();
    for (Path path = folder; path != null; path = path.getParent()) {
      Access access = Access.of(path);
      if (access.user() != self.user() && access.user() != ROOT) {
        throw new IOException(path + " belongs to another user, who could exchange what is loaded");
      }
      boolean sticky = (access.mode() & STICKY) != 0;
      // Many systems give each user a group of his own, and let it write what he makes.
      boolean ownGroup = access.group() == self.group() && self.group() == self.user();
      boolean group = (access.mode() & GROUP_WRITES) != 0 && !ownGroup && access.group() != ROOT;
      if (!sticky && (group || (access.mode() & OTHERS_WRITE) != 0)) {
        throw new IOException(
            path
                + " can be written by other users, who could exchange what is loaded; take that"
                + " away (chmod go-w)");
      }
    }
  }

  /**
   * Whether {@code file} is a regular one of this user's, or root's, that nobody else may write.
   */
  static boolean isOwn(Path file) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    Access self = Access.self();
    Access access = Access.of(file);
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
    return (access.user() == self.user() || access.user() == ROOT)
        && !permissions.contains(PosixFilePermission.GROUP_WRITE)
        && !permissions.contains(PosixFilePermission.OTHERS_WRITE);
  }
}
