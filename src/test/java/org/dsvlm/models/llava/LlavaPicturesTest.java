/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LlavaPicturesTest {
  private static final String CLIP =
      """
      {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 20},
       "crop_size": {"height": 20, "width": 20}}
      """;

  @TempDir Path folder;

  @Test
  void aHuggingFaceFolderSaysItInItsProcessor() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"text_config\": {}}");
    Path file = Files.writeString(folder.resolve("preprocessor_config.json"), CLIP);
    assertThat(LlavaPictures.read(folder).padsToSquare()).isFalse();
    Files.writeString(
        file, CLIP.replace("CLIPImageProcessor\"", "LlavaImageProcessor\", \"do_pad\": true"));
    assertThat(LlavaPictures.read(folder).padsToSquare()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"'\"pad\"', true", "'\"square\"', false", "null, false"})
  void theOriginalLayoutSaysItInItsConfig(String ratio, boolean pads) throws IOException {
    original(ratio);
    assertThat(LlavaPictures.read(folder).padsToSquare()).isEqualTo(pads);
  }

  @Test
  void otherRatiosAreRefused() throws IOException {
    original("\"anyres\"");
    assertThatThrownBy(() -> LlavaPictures.read(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(
            folder.resolve("config.json")
                + ": 'image_aspect_ratio' is 'anyres'; computed here are pad and square");
  }

  private void original(String ratio) throws IOException {
    Path tower = Files.createDirectory(folder.resolve("tower"));
    Files.writeString(tower.resolve("preprocessor_config.json"), CLIP);
    Files.writeString(
        folder.resolve("config.json"),
        "{\"mm_vision_tower\": \"tower\", \"image_aspect_ratio\": " + ratio + "}");
  }

  @Test
  void theReferenceInTheOriginalLayoutPads() {
    assertThat(LlavaPictures.read(TinyLlava.FOLDER.resolve("original")).padsToSquare()).isTrue();
  }
}
