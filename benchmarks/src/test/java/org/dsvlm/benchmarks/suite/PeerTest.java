/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The protocol, spoken by a shell script in the place of Python. */
class PeerTest {
  private static final Effort EFFORT = new Effort(1, 0, 1, 0.001);
  private static final Case SSIM = new Case(Operation.SSIM, "forward", "1x1x16x16", "float32");

  @TempDir private Path folder;

  private Peer peer(String script) throws IOException {
    Path python = Files.writeString(folder.resolve("python"), "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(python, PosixFilePermissions.fromString("rwx------"));
    return new Peer(python.toString(), folder, folder, 3, folder.resolve("log"));
  }

  @Test
  void answersAreRead() throws IOException {
    try (Peer peer =
        peer(
            """
            echo '{"ready": "PyTorch 9"}'
            read request; echo "$request" > "$(dirname "$0")/request"
            echo '{"samples_ms": [1.5, 2.5]}'
            """)) {
      assertThat(peer.time(SSIM, EFFORT)).containsExactly(1.5, 2.5);
      assertThat(peer.versions()).containsExactly("PyTorch 9");
      assertThat(Files.readString(folder.resolve("request")))
          .contains("\"task\":\"time\"", "\"shape\":\"1x1x16x16\"", "\"threads\":3");
    }
  }

  @Test
  void aProbeHasAProcessWithItsOwnAllocator() throws IOException {
    try (Peer peer =
        peer(
            """
            echo '{"ready": "PyTorch 9"}'
            while read request; do
              echo "{\\"extra_bytes\\": ${MALLOC_MMAP_THRESHOLD_:-0}, \\"check\\": [0.5, 3]}"
            done
            """)) {
      peer.time(SSIM, EFFORT);
      assertThat(peer.probe(SSIM)).isEqualTo(new Side.Probed(65536, List.of(0.5, 3.0)));
    }
  }

  @Test
  void anErrorThatIsAnsweredIsPassedOn() throws IOException {
    try (Peer peer =
        peer(
            """
            echo '{"ready": "PyTorch 9"}'
            while read request; do echo '{"error": "RuntimeError: no memory"}'; done
            """)) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> peer.time(SSIM, EFFORT))
            .isInstanceOf(Side.MeasurementException.class)
            .hasMessage("RuntimeError: no memory");
      }
    }
  }

  @Test
  void anAnswerThatIsNoJsonEndsItsCaseAlone() throws IOException {
    try (Peer peer =
        peer(
            """
            echo '{"ready": "PyTorch 9"}'
            while read request; do echo 'a warning'; done
            """)) {
      assertThatThrownBy(() -> peer.time(SSIM, EFFORT))
          .isInstanceOf(Side.MeasurementException.class)
          .hasMessageContaining("ssim.py answers no JSON");
    }
  }

  @Test
  void aPeerThatDoesNotStartIsNamed() throws IOException {
    try (Peer peer = peer("exit 1\n")) {
      assertThatThrownBy(() -> peer.time(SSIM, EFFORT))
          .isInstanceOf(Side.MeasurementException.class)
          .hasMessageContaining("ssim.py did not start");
    }
  }

  @Test
  void aPythonWithoutPyTorchSaysWhy() throws IOException {
    peer("echo \"ModuleNotFoundError: No module named 'torch'\" >&2; exit 1\n").close();
    assertThat(Peer.missing(folder.resolve("python").toString()))
        .isEqualTo("ModuleNotFoundError: No module named 'torch'");
    assertThat(Peer.missing("true")).isEmpty();
  }
}
