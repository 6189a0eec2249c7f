/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.text.Turn;
import org.junit.jupiter.api.Test;

class LlavaJsonTest extends RecordFile {
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
      number = 36,
      value = "a record in which a key stands twice",
      then = "a bad record with this reason")
  void aKeyThatStandsTwice() throws IOException {
    String twice = GOOD.replace("\"id\"", "\"image\": \"b.png\", \"id\"");
    try (LlavaJson source = open("[" + GOOD + "," + twice + "," + GOOD + "]")) {
      assertThat(source.get(0)).isEqualTo(source.get(2));
      assertThatThrownBy(() -> source.get(1))
          .isInstanceOf(DsVlmException.class)
          .hasMessage(folder.resolve("data.json") + ": record 1: Duplicate field 'image'");
    }
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
  @Closes(LlavaJson.class)
  void aClosedFileSaysSo() throws IOException {
    LlavaJson source = open("[" + GOOD + "]");
    Closed.saysSo(source, () -> source.get(0), () -> source.pictures(0, 0), () -> source.labels(0));
  }
}
