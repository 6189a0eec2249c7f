/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import org.dsvlm.io.DsVlmException;

/** A Git LFS pointer: the short text in place of a large file that git did not fetch. */
public final class GitLfsPointer {
  private static final byte[] START =
      "version https://git-lfs.github.com/spec".getBytes(StandardCharsets.US_ASCII);

  private GitLfsPointer() {}

  /**
   * @throws DsVlmException if {@code file} is such a text
   */
  public static void refuse(String file, FileChannel channel) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(START.length);
    while (start.hasRemaining() && channel.read(start, start.position()) >= 0) {
      // reads on
    }
    if (start.flip().equals(ByteBuffer.wrap(START))) {
      throw new DsVlmException(
          file
              + ": a Git LFS pointer stands in place of the weights; run 'git lfs pull' in its "
              + "folder, or fetch the file itself");
    }
  }
}
