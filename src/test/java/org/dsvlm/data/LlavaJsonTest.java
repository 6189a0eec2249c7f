/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.assertj.core.api.AbstractThrowableAssert;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.text.Turn;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LlavaJsonTest {
  private static final String TURNS =
      "\"conversations\": [{\"from\": \"human\", \"value\": \"<image>\\nWhat?\"},"
          + " {\"from\": \"gpt\", \"value\": \"A cat.\"}]";
  private static final String GOOD = "{\"id\": \"cat\", \"image\": \"a/cat.png\", " + TURNS + "}";
  private static final String TEXT_ALONE =
      "{\"id\": \"talk\", \"conversations\": [{\"from\": \"human\", \"value\": \"Hello 🐈\"},"
          + " {\"from\": \"gpt\", \"value\": \"Hi.\"}]}";

  @TempDir Path folder;
  private Path pictures;

  @BeforeEach
  void makePictures() throws IOException {
    pictures = Files.createDirectories(folder.resolve("pictures/a")).getParent();
    BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, 0x102030);
    ImageIO.write(image, "png", pictures.resolve("a/cat.png").toFile());
  }

  private LlavaJson open(String json) throws IOException {
    Path file = Files.writeString(folder.resolve("data.json"), json);
    return LlavaJson.open(file, pictures);
  }

  @Test
  void readsRecordsInAnyOrder() throws IOException {
    try (LlavaJson source = open("[" + TEXT_ALONE + ",\n " + GOOD + " ]\n")) {
      assertThat(source.size()).isEqualTo(2);
      LlavaRecord cat = source.get(1);
      assertThat(cat.id()).isEqualTo("cat");
      assertThat(cat.hasPicture()).isTrue();
      assertThat(cat.turns())
          .containsExactly(Turn.human("<image>\nWhat?"), Turn.assistant("A cat."));
      assertThat(source.pictures(1, 0).get(0).width()).isEqualTo(3);
      LlavaRecord talk = source.get(0);
      assertThat(talk.hasPicture()).isFalse();
      assertThat(talk.turns()).first().isEqualTo(Turn.human("Hello 🐈"));
      assertThat(source.id(0)).isEqualTo("talk");
    }
    try (LlavaJson source = open("\uFEFF[" + GOOD + "]")) {
      assertThat(source.get(0).id()).as("after a byte order mark").isEqualTo("cat");
    }
    try (LlavaJson source = open("[]")) {
      assertThat(source.size()).isZero();
    }
  }

  @Test
  void severalPicturesOfARecordKeepTheirOrderAndPlaces() throws IOException {
    ImageIO.write(
        new BufferedImage(5, 4, BufferedImage.TYPE_INT_RGB),
        "png",
        pictures.resolve("dog.png").toFile());
    String json =
        record("\"human\", \"<image> or <image>?\"", "\"gpt\", \"The first.\"")
            .replace("\"a/cat.png\"", "[\"dog.png\", \"a/cat.png\"]");
    try (LlavaJson source = open("[" + json + "]")) {
      assertThat(source.get(0).images()).containsExactly("dog.png", "a/cat.png");
      assertThat(source.get(0).turns().get(0)).isEqualTo(Turn.human("<image> or <image>?"));
      assertThat(source.pictures(0, 0).stream().map(picture -> picture.width()))
          .containsExactly(5, 3);
      assertThat(source.pictured(0)).isTrue();
    }
    bad(json.replace(" or <image>", ""))
        .hasMessageContaining("1 times, but its images are 2; each needs its place");
  }

  @Test
  void tidiesAsLlavaDoes() throws IOException {
    String json =
        "[{\"id\": 12, \"image\": \"a/cat.png\", \"conversations\": ["
            + "{\"from\": \"gpt\", \"value\": \"Welcome.\"},"
            + "{\"from\": \"human\", \"value\": \" What is <image> here? \"},"
            + "{\"from\": \"gpt\", \"value\": \"A cat.\"}]}]";
    try (LlavaJson source = open(json)) {
      assertThat(source.get(0).id()).isEqualTo("12");
      assertThat(source.get(0).turns())
          .containsExactly(Turn.human("<image>\nWhat is  here?"), Turn.assistant("A cat."));
      assertThat(source.get(0).lostFirst()).isTrue();
    }
  }

  @Test
  void recordsOnLinesAreRead() throws IOException {
    try (LlavaJson source = open(TEXT_ALONE + "\n" + GOOD + "\n")) {
      assertThat(source.size()).isEqualTo(2);
      assertThat(source.id(1)).isEqualTo("cat");
      assertThat(source.pictures(1, 0).get(0).width()).isEqualTo(3);
      assertThat(source.pictured(0)).isFalse();
    }
    try (LlavaJson source = open(GOOD)) {
      assertThat(source.size()).as("one line").isEqualTo(1);
    }
  }

  /** As ms-swift and LLaMA-Factory write them. */
  @Test
  void recordsOfMessagesAreRead() throws IOException {
    String messages =
        "\"messages\": [{\"role\": \"user\", \"content\": \"<image>Which one?\"},"
            + " {\"role\": \"assistant\", \"content\": \"The cat.\"}]";
    String text = messages.replace("<image>", "");
    try (LlavaJson source =
        open("[{\"images\": [\"a/cat.png\"], " + messages + "}, {\"images\": [], " + text + "}]")) {
      assertThat(source.get(0).images()).containsExactly("a/cat.png");
      assertThat(source.get(0).turns())
          .containsExactly(Turn.human("<image>\nWhich one?"), Turn.assistant("The cat."));
      assertThat(source.pictured(0)).isTrue();
      assertThat(source.words(0)).isEqualTo(source.words(1)).isGreaterThan(3);
      assertThat(source.pictured(1)).isFalse();
      assertThat(source.get(1).hasPicture()).isFalse();
    }
  }

  @Test
  @BadInput(
      number = 34,
      value = "NaN in a file of records, as Python writes it",
      then = "accepted where nobody reads it; else a bad record with this reason")
  void notANumber() throws IOException {
    String score = GOOD.substring(0, GOOD.length() - 1) + ", \"score\": NaN, \"x\": -Infinity}";
    String image = GOOD.replace("\"a/cat.png\"", "NaN");
    try (LlavaJson source = open("[" + score + ", " + image + "]")) {
      assertThat(source.get(0).turns()).hasSize(2);
      assertThatThrownBy(() -> source.get(1))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("has an image that is not a path but NaN");
    }
  }

  @Test
  @BadInput(
      number = 37,
      value = "an answer that is a number, or a list of parts",
      then = "a bad record that names the value")
  void answersThatAreNoText() throws IOException {
    String answered =
        "{\"id\": \"x\", \"conversations\": [{\"from\": \"human\", \"value\": \"How many?\"},"
            + " {\"from\": \"gpt\", \"value\": %s}]}";
    bad(answered.formatted("3"))
        .hasMessageContaining("turn 1 is 3, a number; write it as text, in quotes");
    bad(answered.formatted("[1]"))
        .hasMessageContaining("turn 1 is of type array; a turn is one text");
    bad("{\"id\": \"x\", \"instruction\": \"a\", \"output\": \"b\"}")
        .hasMessageContaining("has neither 'conversations' nor 'messages'");
  }

  @Test
  @BadInput(
      number = 39,
      value = "a data: URI or a URL as image",
      then = "a bad record that says so, the value cut to 80 characters")
  void anImageThatIsAnAddress() throws IOException {
    badPicture("data:image/png;base64," + "A".repeat(100_000))
        .hasMessageContaining("is a data: URI; paths below " + pictures + " are read")
        .message()
        .hasSizeLessThan(600);
    badPicture("https://example.org/" + "a".repeat(3000) + ".png")
        .hasMessageContaining("is a URL")
        .message()
        .hasSizeLessThan(600);
  }

  @Test
  void manyRecordsAreFoundAgain() throws IOException {
    StringBuilder json = new StringBuilder("[");
    for (int i = 0; i < 5000; i++) {
      json.append(i == 0 ? "" : ",").append(GOOD.replace("A cat.", "é" + i));
    }
    try (LlavaJson source = open(json.append("]").toString())) {
      assertThat(source.size()).isEqualTo(5000);
      for (int i : new int[] {0, 1, 511, 512, 513, 4999}) {
        assertThat(source.get(i).turns().get(1).text()).isEqualTo("é" + i);
      }
    }
  }

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

  private static String record(String... turns) {
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
  private AbstractThrowableAssert<?, ? extends Throwable> bad(String record) throws IOException {
    try (LlavaJson source = open("[" + GOOD + "," + record + "," + GOOD + "]")) {
      assertThat(source.get(0)).isEqualTo(source.get(2));
      return assertThatThrownBy(() -> source.get(1))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("data.json: record 1 (id x)");
    }
  }

  private AbstractThrowableAssert<?, ? extends Throwable> badPicture(String image)
      throws IOException {
    try (LlavaJson source = open("[" + GOOD.replace("a/cat.png", image) + "]")) {
      return assertThatThrownBy(() -> source.pictures(0, 0))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("data.json: record 0 (id cat)");
    }
  }
}
