/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.dsvlm.BadInput;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnFolderTest {
  @TempDir Path temporary;

  private Path folder;

  @BeforeEach
  void own() throws IOException {
    folder = OwnFolder.create(temporary.resolve("natives"));
  }

  private static void permit(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  @Test
  void aNewFolderIsForThisUserAlone() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
        .isEqualTo("rwx------");
    assertThat(OwnFolder.create(folder)).isEqualTo(folder);
    permit(folder, "rwxr-xr-x");
    assertThat(OwnFolder.create(folder.resolve("a/b"))).isDirectory();
  }

  @Test
  @BadInput(
      number = 89,
      value = "a folder of native libraries, or one above it, that other users can write",
      then = "it is passed over with its name; nothing is loaded from it")
  void aFolderThatOthersCanWrite() throws IOException {
    permit(folder, "rwxrwxrwx");
    for (Path path : new Path[] {folder, folder.resolve("below/it")}) {
      assertThatThrownBy(() -> OwnFolder.create(path))
          .isInstanceOf(IOException.class)
          .hasMessage(
              folder.toRealPath()
                  + " can be written by other users, who could exchange what is loaded; take that"
                  + " away (chmod go-w)");
    }
    Path link = Files.createSymbolicLink(temporary.resolve("link"), folder);
    assertThatThrownBy(() -> OwnFolder.create(link.resolve("x"))).isInstanceOf(IOException.class);
  }

  @Test
  void aFolderOfAnotherUser() throws IOException {
    Assumptions.assumeTrue(
        Files.getAttribute(temporary, "unix:uid").equals(0), "only root can give a folder away");
    Files.setAttribute(folder, "unix:uid", 65534);
    assertThatThrownBy(() -> OwnFolder.create(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("belongs to another user");
  }

  @Test
  void aFileThatOthersCanWriteIsExtractedAgain() throws IOException {
    Path file = Files.writeString(folder.resolve("lib.so"), "x");
    permit(file, "rw-r--r--");
    assertThat(OwnFolder.isOwn(file)).isTrue();
    permit(file, "rw-rw-rw-");
    assertThat(OwnFolder.isOwn(file)).isFalse();
    assertThat(OwnFolder.isOwn(folder.resolve("none"))).isFalse();
    Path link = Files.createSymbolicLink(folder.resolve("link.so"), file);
    assertThat(OwnFolder.isOwn(link)).isFalse();
  }
}
