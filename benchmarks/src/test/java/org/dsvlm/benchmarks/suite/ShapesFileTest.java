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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapesFileTest {
  private static final String ATTENTION =
      """
      {"op": "moe_cross_attention", "batch": 2, "queries": 64, "heads": 8, "head_dim": 40,
       "tokens": [77, 576], "dtype": "bfloat16"}""";

  private static final String PICTURES =
      """
      {"op": "ssim", "batch": 4, "channels": 3, "height": 64, "width": 48, "dtype": "float32"}""";

  @TempDir private Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("shapes.json"), text);
  }

  @Test
  void everyShapeIsMeasuredInBothModes() throws IOException {
    assertThat(ShapesFile.read(file("[" + ATTENTION + "," + PICTURES + "]")))
        .extracting(Case::name)
        .containsExactly(
            "moe_cross_attention.forwardBackward 2x64x8x40:77+576 bfloat16",
            "moe_cross_attention.forward 2x64x8x40:77+576 bfloat16",
            "ssim.forwardBackward 4x3x64x48 float32",
            "ssim.forward 4x3x64x48 float32");
  }

  @Test
  void aShapeThatIsThereTwiceIsMeasuredOnce() throws IOException {
    assertThat(ShapesFile.read(file("[" + PICTURES + "," + PICTURES + "]"))).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'batch\": 2' | 'batch\": 0' | 'batch' is 0, not a whole number from 1 up",
        "'batch\": 2' | 'batch\": 2.5' | 'batch' is 2.5, not a whole number from 1 up",
        "'batch\": 2' | 'batch\": 99999999999' | 'batch' is 99999999999, not a whole number",
        "'batch\": 2' | 'batches\": 2' | 'batches' is no key of this op; known: [op, batch",
        "'head_dim\": 40' | 'head_dim\": 257' | 'head_dim' is 257; the operator takes at most 256",
        "'[77, 576]' | '[]' | 'tokens' has to be a list with the tokens of each context",
        "'[77, 576]' | '576' | 'tokens' has to be a list with the tokens of each context",
        "'[77, 576]' | '[77, -1]' | 'tokens' is -1, not a whole number from 1 up",
        "'[77, 576]' | '[1,1,1,1,1,1,1,1,1]' | 'tokens' is 9; the operator takes at most 8",
        "'bfloat16' | 'float8' | 'dtype' is 'float8'; known: [bfloat16, float32]",
        "', \"dtype\": \"bfloat16\"' | '' | 'dtype' is missing",
        "'\"bfloat16\"' | '16' | 'dtype' is 16, not a text",
        "'moe_cross' | 'cross' | unknown op 'cross_attention'; known: [moe_cross_attention, ssim",
        "'moe_cross_attention' | 'generation' | op 'generation' has no shape to choose",
      },
      quoteCharacter = '\0')
  void namesFileEntryAndKeyOfWhatIsWrong(String right, String wrong, String message)
      throws IOException {
    String entry =
        ATTENTION.replace("\n", "").replaceAll(" +", " ").replace(bare(right), bare(wrong));
    Path file = file("[" + PICTURES + "," + entry + "]");
    assertThatThrownBy(() -> ShapesFile.read(file))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith(file + ", entry 1: ")
        .hasMessageContaining(message);
  }

  private static String bare(String quoted) {
    return quoted.substring(1, quoted.length() - 1);
  }

  @Test
  void picturesMustHoldTheWindow() throws IOException {
    Path file = file("[" + PICTURES.replace("64", "10") + "]");
    assertThatThrownBy(() -> ShapesFile.read(file)).hasMessageContaining("11 or more");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | JSON list",
        "[] | JSON list",
        "[1] | entry 0: is no JSON object",
        "[{ | no JSON"
      })
  void whatIsNoListOfObjectsIsAnError(String text, String message) throws IOException {
    Path file = file(text);
    assertThatThrownBy(() -> ShapesFile.read(file))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(message);
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    Path file = folder.resolve("none.json");
    assertThatThrownBy(() -> ShapesFile.read(file))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith(file + ": cannot be read");
  }
}
