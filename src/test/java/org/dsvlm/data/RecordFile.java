/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.assertj.core.api.AbstractThrowableAssert;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A file of records beside a picture, as a test writes it. */
abstract class RecordFile {
  static final String TURNS =
      "\"conversations\": [{\"from\": \"human\", \"value\": \"<image>\\nWhat?\"},"
          + " {\"from\": \"gpt\", \"value\": \"A cat.\"}]";
  static final String GOOD = "{\"id\": \"cat\", \"image\": \"a/cat.png\", " + TURNS + "}";
  static final String TEXT_ALONE =
      "{\"id\": \"talk\", \"conversations\": [{\"from\": \"human\", \"value\": \"Hello 🐈\"},"
          + " {\"from\": \"gpt\", \"value\": \"Hi.\"}]}";

  @TempDir Path folder;
  Path pictures;

  @BeforeEach
  void makePictures() throws IOException {
    pictures = Files.createDirectories(folder.resolve("pictures/a")).getParent();
    BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, 0x102030);
    ImageIO.write(image, "png", pictures.resolve("a/cat.png").toFile());
  }

  LlavaJson open(String json) throws IOException {
    Path file = Files.writeString(folder.resolve("data.json"), json);
    return LlavaJson.open(file, pictures);
  }

  static String record(String... turns) {
    StringBuilder json =
        new StringBuilder("{\"id\": \"x\", \"image\": \"a/cat.png\", \"conversations\": [");
    for (int i = 0; i < turns.length; i++) {
      json.append(i == 0 ? "" : ", ")
          .append("{\"from\": ")
          .append(turns[i].replaceFirst("\", \"", "\", \"value\": \""))
          .append("}");
    }
    return json.append("]}").toString();
  }

  /** The record stands between two good ones, which must stay readable. */
  AbstractThrowableAssert<?, ? extends Throwable> bad(String record) throws IOException {
    try (LlavaJson source = open("[" + GOOD + "," + record + "," + GOOD + "]")) {
      assertThat(source.get(0)).isEqualTo(source.get(2));
      return assertThatThrownBy(() -> source.get(1))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("data.json: record 1 (id x)");
    }
  }

  AbstractThrowableAssert<?, ? extends Throwable> badPicture(String image) throws IOException {
    try (LlavaJson source = open("[" + GOOD.replace("a/cat.png", image) + "]")) {
      return assertThatThrownBy(() -> source.pictures(0, 0))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("data.json: record 0 (id cat)");
    }
  }
}
