/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.dsvlm.BadInput;
import org.dsvlm.data.LlavaJson;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.image.Picture;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.weights.files.WeightFile;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class InputFilesTest {
  @TempDir Path folder;

  private record Reader(String name, Consumer<Path> read) {}

  private static Stream<Reader> readers() {
    return Stream.of(
        new Reader("picture", Picture::read),
        new Reader("safetensors", Safetensors::open),
        new Reader("weights", WeightFile::open),
        new Reader("tokenizer", Tokenizer::open),
        new Reader("configuration", JsonConfig::read),
        new Reader("image processor", ImageProcessor::read),
        new Reader("recipe", file -> RecipeReader.read(file)),
        new Reader("records", file -> LlavaJson.open(file, file.resolveSibling(""))));
  }

  @TestFactory
  @BadInput(
      number = 84,
      value = "a pipe, or a device such as /dev/zero, in place of a file",
      then = "an error that names it; nothing waits or reads without end")
  Stream<DynamicTest> aPipeOrADeviceInPlaceOfAFile() throws Exception {
    Path pipe = folder.resolve("pipe.json");
    Process made = new ProcessBuilder("mkfifo", pipe.toString()).start();
    assertThat(made.waitFor(1, TimeUnit.MINUTES)).isTrue();
    Path link = Files.createSymbolicLink(folder.resolve("zero.json"), Path.of("/dev/zero"));
    return readers()
        .flatMap(
            reader ->
                Stream.of(pipe, link)
                    .map(
                        file ->
                            DynamicTest.dynamicTest(
                                reader.name() + " " + file.getFileName(),
                                () ->
                                    assertThatThrownBy(() -> reader.read().accept(file))
                                        .isInstanceOf(DsVlmException.class)
                                        .hasMessageContaining(file.toString())
                                        .hasMessageContaining(
                                            "is a pipe, socket or device; write its content to a"
                                                + " file and name that"))));
  }

  @Test
  void aLinkToAFileIsOne() throws IOException {
    Path file = Files.writeString(folder.resolve("a.txt"), "text");
    Path link = Files.createSymbolicLink(folder.resolve("b.txt"), file);
    assertThat(InputFiles.text(link)).isEqualTo("text");
    assertThatThrownBy(() -> InputFiles.text(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(folder + ": is a folder; a file is wanted");
  }

  @Test
  @BadInput(
      number = 84,
      value = "a text file that is not UTF-8, such as a recipe or a template",
      then = "an error that names the file and the line")
  void textThatIsNotUtf8() throws IOException {
    Path file = folder.resolve("latin.txt");
    Files.write(file, "sound\ngr\u00fcn\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> InputFiles.lines(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(file + ": is not UTF-8 in line 2; convert it, such as by iconv -t UTF-8");
    assertThatThrownBy(() -> RecipeReader.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("is not UTF-8 in line 2");
  }

  @Test
  void aByteOrderMarkBelongsToNoText() throws IOException {
    Path file = Files.writeString(folder.resolve("marked.yaml"), "\uFEFFseed: 7\r\nb: \uFEFF1\n");
    assertThat(InputFiles.lines(file)).containsExactly("seed: 7", "b: \uFEFF1");
    assertThat(RecipeReader.read(file).get("seed").asInt()).isEqualTo(7);
  }

  @Test
  void soundLinesOfAFileThatIsAddedToAreRead() throws IOException {
    Path file = folder.resolve("lines.jsonl");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes("{\"a\": 1}\n{\"a\": ".getBytes(StandardCharsets.UTF_8));
    bytes.writeBytes(new byte[] {(byte) 0xc3, '\n'});
    bytes.writeBytes("{\"a\": 3}\n{\"a\": 4".getBytes(StandardCharsets.UTF_8));
    Files.write(file, bytes.toByteArray());
    List<Integer> values = new ArrayList<>();
    JsonLines.read(file, json -> values.add(json.get("a").asInt()));
    assertThat(values).containsExactly(1, 3);
    JsonLines.read(folder.resolve("none.jsonl"), json -> values.add(0));
    assertThat(values).hasSize(2);
  }
}
