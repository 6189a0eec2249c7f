/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** References come from tools/test-data/make_pictures.py. */
class ImageProcessorTest {
  private static final Path PICTURES = Path.of("src/test/resources/pictures");
  private static final String CLIP =
      "{'image_processor_type': 'CLIPImageProcessor', 'size': {'shortest_edge': 20},"
          + " 'crop_size': {'height': 20, 'width': 20}}";
  private static final String SIGLIP =
      "{'image_processor_type': 'SiglipImageProcessor', 'size': {'height': 20, 'width': 20}}";

  private static ImageProcessor processor(String json) {
    try {
      return ImageProcessor.parse(
          new ObjectMapper().readTree(json.replace('\'', '"')), "preprocessor_config.json");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static AbstractThrowableAssert<?, ?> fails(String json) {
    return assertThatThrownBy(() -> processor(json)).isInstanceOf(DsVlmException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"rgb.png", "one_pixel.png", "one_column.png", "very_wide.png", "gray_16bit.png"})
  void resizesAsPillowDoes(String name) throws IOException {
    Picture picture = Picture.read(PICTURES.resolve(name));
    ImageProcessor clip = processor(CLIP);
    expect(clip.resized(picture), name + ".crop");
    expect(clip.paddedToSquare(true).resized(picture), name + ".pad");
    expect(processor(SIGLIP).resized(picture), name + ".squash");
  }

  private static void expect(Picture actual, String name) throws IOException {
    Picture expected = PortablePixmap.read(PICTURES.resolve("processed").resolve(name + ".ppm"));
    assertThat(actual.width()).isEqualTo(expected.width());
    assertThat(actual.height()).isEqualTo(expected.height());
    assertThat(actual.rgb()).as(name).isEqualTo(expected.rgb());
  }

  @Test
  void levelsBecomeNormalisedPlanes() {
    byte[] rgb = new byte[3 * 20 * 20];
    for (int i = 0; i < rgb.length; i += 3) {
      rgb[i] = (byte) 255;
      rgb[i + 1] = 51;
    }
    try (PointerScope scope = new PointerScope()) {
      Tensor clip = processor(CLIP).pixelValues(new Picture(20, 20, rgb));
      assertThat(Torch.describe(clip)).isEqualTo("float32 [3, 20, 20]");
      float[] values = Torch.floats(clip);
      assertThat(values[0]).isCloseTo((float) ((1 - 0.48145466) / 0.26862954), within(1e-6f));
      assertThat(values[400 + 7])
          .isCloseTo((float) ((0.2 - 0.4578275) / 0.26130258), within(1e-6f));
      assertThat(values[799 + 400]).isCloseTo((float) (-0.40821073 / 0.27577711), within(1e-6f));
      float[] siglip = Torch.floats(processor(SIGLIP).pixelValues(new Picture(20, 20, rgb)));
      assertThat(siglip[0]).isCloseTo(1, within(1e-6f));
      assertThat(siglip[800]).isCloseTo(-1, within(1e-6f));
    }
  }

  @Test
  void oldFilesGiveOneNumberForASize() {
    ImageProcessor old =
        processor(
            "{'feature_extractor_type': 'CLIPFeatureExtractor', 'size': 20, 'crop_size': 16}");
    Picture resized = old.resized(new Picture(40, 60, new byte[3 * 40 * 60]));
    assertThat(resized.width()).isEqualTo(16);
    assertThat(resized.height()).isEqualTo(16);
  }

  @Test
  void padsWhereTheFileSaysSo() throws IOException {
    ImageProcessor llava =
        processor(CLIP.replace("CLIPImageProcessor'", "LlavaImageProcessor', 'do_pad': true"));
    expect(llava.resized(Picture.read(PICTURES.resolve("rgb.png"))), "rgb.png.pad");
  }

  /** Where CLIP's or SigLIP's own processor has do_pad it pads a batch of unequal pictures. */
  @Test
  void onlyLlavasOwnProcessorPads() {
    assertThat(processor(CLIP.replace("}}", "}, 'do_pad': true}")).padsToSquare()).isFalse();
    assertThat(processor(SIGLIP.replace("}}", "}, 'do_pad': true}")).padsToSquare()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        CLIP,
        SIGLIP,
        "{'image_processor_type': 'CLIPImageProcessor', 'do_resize': false, 'do_rescale': false,"
            + " 'do_center_crop': false, 'do_normalize': false, 'image_std': [0.1, 0.2, 0.3]}"
      })
  void whatIsWrittenIsReadAgain(String json) {
    Picture picture = Picture.read(PICTURES.resolve("rgb.png"));
    for (boolean pad : new boolean[] {false, true}) {
      ImageProcessor written = processor(json).paddedToSquare(pad);
      ImageProcessor read = ImageProcessor.parse(written.toJson(), "written");
      assertThat(read.toJson()).isEqualTo(written.toJson());
      assertThat(read.padsToSquare()).isEqualTo(pad);
      try (PointerScope scope = new PointerScope()) {
        assertThat(Torch.floats(read.pixelValues(picture)))
            .isEqualTo(Torch.floats(written.pixelValues(picture)));
      }
    }
  }

  @Test
  void padsInTheNameOfLlavasProcessor() {
    assertThat(processor(SIGLIP).toJson().path("image_processor_type").asText())
        .isEqualTo("SiglipImageProcessor");
    JsonNode padded = processor(SIGLIP).paddedToSquare(true).toJson();
    assertThat(padded.path("image_processor_type").asText()).isEqualTo("LlavaImageProcessor");
    assertThat(padded.path("do_pad").asBoolean()).isTrue();
    assertThat(padded.path("do_center_crop").asBoolean()).isFalse();
    assertThat(padded.path("image_mean").toString()).isEqualTo("[0.5,0.5,0.5]");
  }

  @Test
  void servesManyThreads() {
    Picture picture = Picture.read(PICTURES.resolve("rgb.jpg"));
    ImageProcessor processor = processor(CLIP).paddedToSquare(true);
    byte[] alone = processor.resized(picture).rgb();
    boolean same =
        IntStream.range(0, 64)
            .parallel()
            .mapToObj(i -> processor.resized(Picture.read(PICTURES.resolve("rgb.jpg"))).rgb())
            .allMatch(rgb -> Arrays.equals(rgb, alone));
    assertThat(same).isTrue();
  }

  @Test
  void anExtremeRatioNeedsNoMemory() {
    Picture line = new Picture(2_000_000, 1, new byte[6_000_000]);
    assertThat(processor(CLIP).resized(line).width()).isEqualTo(20);
    assertThatThrownBy(() -> processor(CLIP).paddedToSquare(true).resized(line))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("2000000 x 1 pixels is too long to be padded");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "'image_processor_type': 'BlipImageProcessor' | image_processor_type | supported are",
        "'resample': 2                              | resample             | only 3 is supported",
        "'image_mean': [0.5, 0.5]                   | image_mean | not a list of three numbers",
        "'image_std': [0.5, 0, 0.5]                 | image_std            | none of them can be 0",
        "'crop_size': {'height': 30, 'width': 30}   | crop_size            | larger than size",
        "'image_grid_pinpoints': [[336, 672]]       | image_grid_pinpoints | not computed here",
        "'size': {'longest_edge': 20}               | size.longest_edge    | not computed here"
      })
  void whatIsNotComputedIsNamed(String setting, String key, String problem) {
    // The later of two equal keys counts.
    fails(CLIP.substring(0, CLIP.length() - 1) + ", " + setting + "}")
        .hasMessageStartingWith("preprocessor_config.json: '" + key + "' ")
        .hasMessageContaining(problem);
  }
}
