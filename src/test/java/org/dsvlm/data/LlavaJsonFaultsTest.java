/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;

/** Files and records that are broken: each is named, and the others stay readable. */
class LlavaJsonFaultsTest extends RecordFile {
  @Test
  @BadInput(
      number = 34,
      value = "broken JSON in a file of records",
      then = "an error with the byte at which it breaks; the file is streamed")
  void brokenJson() {
    String json = "[" + GOOD + ", {\"id\": \"x\", ]";
    assertThatThrownBy(() -> open(json).close())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(
            "data.json: broken JSON at byte " + json.indexOf(']', json.length() - 1));
    String cut = ("[" + GOOD).substring(0, 40);
    assertThatThrownBy(() -> open(cut).close())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("data.json: broken JSON at byte 40");
    assertThatThrownBy(() -> open("[" + GOOD + "] {}").close())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("something follows");
    assertThatThrownBy(
            () ->
                LlavaJson.open(
                    Files.write(
                        folder.resolve("utf16.json"), "[1]".getBytes(StandardCharsets.UTF_16LE)),
                    pictures))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("not UTF-8");
  }

  /** The offset counts bytes, not characters, and far beyond what any buffer holds. */
  @Test
  @BadInput(
      number = 34,
      value = "broken JSON in a file of records",
      then = "an error with the byte at which it breaks; the file is streamed")
  void brokenJsonFarIntoAFile() throws IOException {
    Path file = folder.resolve("data.json");
    long begin;
    try (Writer writer = Files.newBufferedWriter(file)) {
      writer.write("[");
      for (int i = 0; i < 30_000; i++) {
        writer.write(GOOD.replace("A cat.", "é".repeat(200)) + ",\n");
      }
      writer.flush();
      begin = Files.size(file);
      writer.write("{\"id\" \"x\"}]");
    }
    assertThat(begin).isGreaterThan(15_000_000);
    assertThatThrownBy(() -> LlavaJson.open(file, pictures))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("data.json: broken JSON at byte " + (begin + 6) + ":");
  }

  @Test
  @BadInput(
      number = 35,
      value = "a file of records that is not a JSON list",
      then = "an error that says so")
  void aFileThatIsNotAList() {
    for (String json : new String[] {"{}", "{\"data\": [" + GOOD + "]}", "3", ""}) {
      assertThatThrownBy(() -> open(json).close())
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("not a JSON list");
    }
  }

  @Test
  @BadInput(
      number = 36,
      value = "a record without a list of conversations, or one that is no object",
      then = "a bad record with this reason")
  void conversationsThatAreMissing() throws IOException {
    bad("{\"id\": \"x\", \"image\": \"a/cat.png\"}")
        .hasMessageContaining("no list 'conversations'");
    bad("{\"id\": \"x\", \"conversations\": \"hi\"}")
        .hasMessageContaining("no list 'conversations'");
    try (LlavaJson source = open("[17]")) {
      assertThatThrownBy(() -> source.get(0))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("record 0 is not a JSON object");
      assertThat(source.id(0)).isEqualTo("0");
    }
  }

  @Test
  @BadInput(
      number = 37,
      value = "an odd number of turns, none, or an empty turn",
      then = "a bad record with this reason")
  void oddOrEmptyTurns() throws IOException {
    bad(record("\"human\", \"<image>\"")).hasMessageContaining("1 turns");
    bad("{\"id\": \"x\", \"conversations\": []}").hasMessageContaining("0 turns");
    bad(record("\"human\", \"<image>\"", "\"gpt\", \" \"")).hasMessageContaining("turn 1 is empty");
  }

  @Test
  @BadInput(
      number = 38,
      value = "turns in the wrong order, or of an unknown role",
      then = "a bad record with this reason")
  void turnsInTheWrongOrder() throws IOException {
    bad(record("\"human\", \"<image>\"", "\"human\", \"Why?\"", "\"gpt\", \"a\"", "\"gpt\", \"b\""))
        .hasMessageContaining("in a row");
    bad(record("\"human\", \"<image>\"", "\"bot\", \"a\"")).hasMessageContaining("'bot'");
  }

  @Test
  @BadInput(
      number = 39,
      value = "an image that is null, a number, empty text or a list of such",
      then = "a bad record with this reason")
  void anImageThatIsNotAPath() throws IOException {
    for (String image : new String[] {"[]", "[3]", "[\"a/cat.png\", null]", "null", "3", "\"\""}) {
      bad("{\"id\": \"x\", \"image\": " + image + ", " + TURNS + "}")
          .hasMessageContaining("not a path");
    }
  }

  @Test
  @BadInput(
      number = 40,
      value = "an image path that leaves the folder: absolute, .., a link, backslashes",
      then = "a bad record with this reason")
  void anImagePathThatLeavesTheFolder() throws IOException {
    Files.copy(pictures.resolve("a/cat.png"), folder.resolve("cat.png"));
    Files.createSymbolicLink(pictures.resolve("link.png"), Path.of("../cat.png"));
    badPicture(folder.resolve("cat.png").toString()).hasMessageContaining("not a plain path");
    badPicture("../cat.png").hasMessageContaining("not a plain path");
    badPicture("a/../../cat.png").hasMessageContaining("not a plain path");
    badPicture("a\\\\cat.png").hasMessageContaining("forward slashes");
    badPicture("link.png").hasMessageContaining("a link out of");
    badPicture("a\\u0000.png").hasMessageContaining("is no path");
  }

  @Test
  void theFolderOfThePicturesMayBeTheCurrentOne() throws IOException {
    String image = "src/test/resources/pictures/alpha.png";
    Path file =
        Files.writeString(
            folder.resolve("here.json"), "[" + GOOD.replace("a/cat.png", image) + "]");
    for (String here : new String[] {".", ""}) {
      try (LlavaJson source = LlavaJson.open(file, Path.of(here))) {
        assertThat(source.pictures(0, 0).get(0).width()).isPositive();
      }
    }
  }

  @Test
  @BadInput(
      number = 41,
      value = "an image that is missing",
      then = "a bad record with image and folder")
  void anImageThatIsMissing() throws IOException {
    badPicture("a/dog.png").hasMessageContaining("image 'a/dog.png' is missing below " + pictures);
    badPicture("a").hasMessageContaining("is missing");
  }

  @Test
  @BadInput(
      number = 42,
      value = "an image of 0 bytes in a record",
      then = "a bad record that names the image")
  void aPictureThatCannotBeDecodedNamesItsRecord() throws IOException {
    Files.write(pictures.resolve("empty.png"), new byte[0]);
    badPicture("empty.png").hasMessageContaining("image 'empty.png'");
  }

  @Test
  @BadInput(
      number = 48,
      value = "<image> twice, absent, inside an answer, or without an image",
      then = "a bad record with this reason")
  void anImageTokenTwiceAbsentOrInTheAnswer() throws IOException {
    bad(record("\"human\", \"<image> and <image>\"", "\"gpt\", \"a\""))
        .hasMessageContaining("2 times");
    bad(record(
            "\"human\", \"<image>\"", "\"gpt\", \"a\"", "\"human\", \"<image>\"", "\"gpt\", \"b\""))
        .hasMessageContaining("2 times");
    bad(record("\"human\", \"What?\"", "\"gpt\", \"a\"")).hasMessageContaining("no <image>");
    bad(record("\"human\", \"<image>\"", "\"gpt\", \"an <image>\""))
        .hasMessageContaining("inside an answer");
    bad(record("\"human\", \"<image>\"", "\"gpt\", \"a\"")
            .replace("\"image\": \"a/cat.png\", ", ""))
        .hasMessageContaining("but no image");
  }

  @Test
  @BadInput(number = 51, value = "two records of one id", then = "accepted as two records")
  void duplicateIdsAreSeparateRecords() throws IOException {
    try (LlavaJson source = open("[" + GOOD + "," + GOOD.replace("A cat.", "Puss.") + "]")) {
      assertThat(source.get(0).turns()).isNotEqualTo(source.get(1).turns());
    }
  }

  @Test
  void aMissingFileOrFolderIsNamed() throws IOException {
    assertThatThrownBy(() -> LlavaJson.open(folder.resolve("none.json"), pictures))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("none.json");
    assertThatThrownBy(() -> LlavaJson.open(folder.resolve("data.json"), folder.resolve("none")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("folder of the pictures is missing");
  }
}
