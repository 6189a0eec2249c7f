/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeldFoldersTest {
  @TempDir Path parent;

  @Test
  void aHeldFolderIsNotMadeAnew() throws IOException {
    Path held = Files.createDirectory(parent.resolve("held"));
    HeldFolders.hold(held);
    try {
      HeldFolders.createDirectories(held.resolve("a/b"));
      HeldFolders.require(held);
      Files.move(held, parent.resolve("moved"));
      assertThatThrownBy(() -> HeldFolders.createDirectories(held.resolve("c")))
          .isInstanceOf(NoSuchFileException.class);
      assertThatThrownBy(() -> HeldFolders.require(held)).isInstanceOf(DsVlmException.class);
      assertThat(held).doesNotExist();
      HeldFolders.createDirectories(parent.resolve("other"));
    } finally {
      HeldFolders.release(held);
    }
    HeldFolders.createDirectories(held.resolve("c"));
    HeldFolders.require(held);
  }

  /** What Linux says of a file system without the operation, and of one that fails in it. */
  @Test
  void anOperationThatIsLackingIsToldFromOneThatFails() {
    assertThat(AtomicFiles.isUnsupported(new IOException("Invalid argument"))).isTrue();
    assertThat(AtomicFiles.isUnsupported(new IOException("Operation not supported"))).isTrue();
    assertThat(AtomicFiles.isUnsupported(new IOException("Input/output error"))).isFalse();
    assertThat(AtomicFiles.isUnsupported(new IOException("No space left on device"))).isFalse();
  }
}
