/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The published archive; what an archive that is missing or another says is in NotoSourceTest. */
class NotoArchiveTest {
  /** Of all pictures' pixels in the index's order, pasted on white by Pillow's alpha_composite. */
  private static final String PILLOWS_PIXELS =
      "e119376b8f84e35527288557753026add7885b3609cf8b1bc01b84aa6f9b816a";

  @Test
  void picturesAreThoseThatPillowCuts() throws NoSuchAlgorithmException {
    Path file = Path.of("target", "noto", "emoji-google-android.zip");
    Assumptions.assumeTrue(
        Files.exists(file), file + " is missing: 'mvn process-resources' brings it");
    NotoArchive archive = NotoArchive.open(file);
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    archive.emoji().forEach(emoji -> digest.update(archive.picture(emoji).rgb()));
    assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(PILLOWS_PIXELS);
  }
}
