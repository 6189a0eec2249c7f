/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.text.Turn;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CollatorTest {
  private static final int VECTORS = 3;
  private static final long IGNORED = -100;
  private static Tokenizer tokenizer;
  private static ImageProcessor processor;

  @BeforeAll
  static void open() throws JsonProcessingException {
    tokenizer = Tokenizer.open(Path.of("src/main/resources/org/dsvlm/recipes/nano"));
    processor =
        ImageProcessor.parse(
            new ObjectMapper()
                .readTree(
                    "{\"image_processor_type\": \"CLIPImageProcessor\","
                        + " \"size\": {\"shortest_edge\": 2},"
                        + " \"crop_size\": {\"height\": 2, \"width\": 2},"
                        + " \"image_mean\": [0, 0, 0], \"image_std\": [1, 1, 1]}"),
            "test");
  }

  private static int indexOf(long id, long[] ids) {
    int place = 0;
    while (ids[place] != id) {
      place++;
    }
    return place;
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  static Collator collator(ConversationTemplate template, int maxLength) {
    return collator(template, maxLength, BatchLength.LONGEST);
  }

  private static Collator collator(
      ConversationTemplate template, int maxLength, BatchLength length) {
    return new Collator(
        template,
        tokenizer,
        processor,
        new ReconstructionTarget(8),
        new Collator.Layout(
            tokenizer.id("<image>"), VECTORS, tokenizer.id("<pad>"), maxLength, length));
  }

  static LlavaRecord shown(String question, String... answersAndQuestions) {
    return record("picture", "<image>\n" + question, answersAndQuestions);
  }

  static LlavaRecord record(String image, String first, String... others) {
    List<Turn> turns = new ArrayList<>(List.of(Turn.human(first)));
    for (int i = 0; i < others.length; i++) {
      turns.add(i % 2 == 0 ? Turn.assistant(others[i]) : Turn.human(others[i]));
    }
    return new LlavaRecord("x", image == null ? List.of() : List.of(image), turns);
  }

  @Test
  void severalPicturesOfARecordStandInTheirPlaces() {
    LlavaRecord several =
        new LlavaRecord(
            "x",
            List.of("first", "second"),
            List.of(Turn.human("Here <image> and <image> there?"), Turn.assistant("red")));
    MemorySource source = new MemorySource(List.of(several, shown("What is this?", "pepper")));
    Collator collator = collator(ConversationTemplate.VICUNA_V1, 200);
    try (Batch batch = collator.batch(source, new int[] {0, 1}, 0)) {
      assertThat(batch.pictures()).containsExactly(2, 1);
      assertThat(batch.pictureIds()).containsExactly("0", "0/1", "1");
      assertThat(Torch.describe(batch.pixelValues())).isEqualTo("float32 [3, 3, 2, 2]");
      assertThat(Torch.floats(batch.pixelValues().narrow(0, 0, 2).select(1, 0).flatten()))
          .startsWith(0f)
          .endsWith(100 / 255f);
      long image = tokenizer.id("<image>");
      long[] ids = Torch.longs(batch.inputIds().select(0, 0));
      int first = indexOf(image, ids);
      assertThat(Arrays.copyOfRange(ids, first, first + VECTORS)).containsOnly(image);
      assertThat(Arrays.stream(ids).filter(id -> id == image)).hasSize(2 * VECTORS);
      assertThat(ids[first + VECTORS]).isNotEqualTo(image);
    }
  }

  @Test
  void aRoundedBatchHasTheSameTokensAndMaskedPaddingBehind() {
    MemorySource source =
        new MemorySource(
            List.of(
                shown("What is this?", "pepper"),
                record(null, "How many are there of them?", "three of them, and one more")));
    int[] both = {0, 1};
    try (Batch plain = collator(ConversationTemplate.VICUNA_V1, 200).batch(source, both, 0);
        Batch rounded =
            collator(ConversationTemplate.VICUNA_V1, 200, BatchLength.on("cuda:1", 4096))
                .batch(source, both, 0)) {
      long tokens = plain.inputIds().size(1);
      long width = rounded.inputIds().size(1);
      assertThat(tokens % 64).isNotZero();
      assertThat(width).isEqualTo((tokens + 63) / 64 * 64);
      assertThat(Torch.longs(rounded.inputIds().narrow(1, 0, tokens)))
          .isEqualTo(Torch.longs(plain.inputIds()));
      assertThat(Torch.longs(rounded.labels().narrow(1, 0, tokens)))
          .isEqualTo(Torch.longs(plain.labels()));
      assertThat(Torch.longs(rounded.attentionMask().narrow(1, 0, tokens)))
          .isEqualTo(Torch.longs(plain.attentionMask()));
      assertThat(Torch.longs(rounded.attentionMask().narrow(1, tokens, width - tokens)))
          .containsOnly(0);
      assertThat(Torch.longs(rounded.labels().narrow(1, tokens, width - tokens)))
          .containsOnly(-100);
    }
  }

  @Test
  void lengthsAreRoundedOnAGpuAloneAndNotBeyondTheModelsContext() {
    assertThat(BatchLength.on("cpu", 4096).of(577)).isEqualTo(577);
    BatchLength cuda = BatchLength.on("cuda", 1000);
    assertThat(cuda.of(1)).isEqualTo(64);
    assertThat(cuda.of(640)).isEqualTo(640);
    assertThat(cuda.of(641)).isEqualTo(704);
    assertThat(cuda.of(961)).isEqualTo(1000);
    assertThat(cuda.of(1010)).as("the model itself refuses it").isEqualTo(1010);
  }

  @Test
  void aConversationBecomesTokensWithRoomForThePicture() {
    MemorySource source =
        new MemorySource(
            List.of(shown("What is this?", "hot pepper", "What colour is it?", "red")));
    try (Batch batch = collator(ConversationTemplate.VICUNA_V1, 256).batch(source, new int[1], 0)) {
      long[] ids = Torch.longs(batch.inputIds());
      long[] labels = Torch.longs(batch.labels());
      assertThat(batch.inputIds().scalar_type().intern()).isEqualTo(ScalarType.Long);
      assertThat(ids[0]).isEqualTo(tokenizer.id("<s>"));
      int first = indexOf(ids, tokenizer.id("<image>"));
      assertThat(Arrays.copyOfRange(ids, first, first + VECTORS))
          .containsOnly(tokenizer.id("<image>"));
      assertThat(ids[first + VECTORS]).isNotEqualTo(tokenizer.id("<image>"));
      assertThat(tokenizer.decode(ids, false))
          .endsWith(
              "USER: <image><image><image>\nWhat is this? ASSISTANT: hot pepper</s>"
                  + "USER: What colour is it? ASSISTANT: red</s>");
      assertThat(tokenizer.decode(learned(labels), false)).isEqualTo(" hot pepper</s> red</s>");
      for (int i = 0; i < ids.length; i++) {
        assertThat(labels[i]).isIn(IGNORED, ids[i]);
      }
    }
  }

  @Test
  void aCaptionIsLearnedWhole() {
    MemorySource source = new MemorySource(List.of(record("picture", "<image>", "hot pepper")));
    try (Batch batch = collator(ConversationTemplate.PLAIN, 256).batch(source, new int[1], 0)) {
      assertThat(tokenizer.decode(Torch.longs(batch.inputIds()), false))
          .isEqualTo("<s><image><image><image>hot pepper\n");
      assertThat(tokenizer.decode(learned(Torch.longs(batch.labels())), false))
          .isEqualTo("hot pepper\n");
    }
  }

  @Test
  @BadInput(
      number = 52,
      value = "a batch with records of text alone",
      then = "accepted; the batch marks which records have a picture")
  void textAloneStandsBesidePictures() {
    MemorySource source =
        new MemorySource(
            List.of(
                shown("What is this?", "a"),
                record(null, "Say a long sentence about nothing at all.", "no"),
                shown("What?", "b")));
    Collator collator = collator(ConversationTemplate.VICUNA_V1, 256);
    try (Batch batch = collator.batch(source, new int[] {2, 1, 0}, 7)) {
      assertThat(batch.size()).isEqualTo(3);
      assertThat(batch.pictures()).containsExactly(1, 0, 1);
      assertThat(batch.sampleIds()).containsExactly(2, 1, 0);
      assertThat(batch.pictureIds()).containsExactly("2", "0");
      assertThat(Torch.describe(batch.pixelValues())).isEqualTo("float32 [2, 3, 2, 2]");
      assertThat(Torch.describe(batch.picture())).isEqualTo("float32 [2, 3, 8, 8]");
      assertThat(Torch.floats(batch.pixelValues())).startsWith(27 / 255f).endsWith(7 / 255f);
      assertThat(Torch.floats(batch.picture()))
          .startsWith(27 / 127.5f - 1)
          .endsWith(7 / 127.5f - 1);
      assertPaddedOnTheRight(batch);
    }
    try (Batch batch = collator.batch(source, new int[] {1}, 0)) {
      assertThat(batch.pixelValues()).isNull();
      assertThat(batch.picture()).isNull();
      assertThat(batch.pictureIds()).isEmpty();
      assertThat(tokenizer.decode(learned(Torch.longs(batch.labels())), false))
          .isEqualTo(" no</s>");
    }
  }

  private static void assertPaddedOnTheRight(Batch batch) {
    long columns = batch.inputIds().size(1);
    try (PointerScope scope = new PointerScope()) {
      boolean padded = false;
      for (long row = 0; row < batch.size(); row++) {
        long[] ids = Torch.longs(batch.inputIds().select(0, row));
        long[] mask = Torch.longs(batch.attentionMask().select(0, row));
        long[] labels = Torch.longs(batch.labels().select(0, row));
        int length = (int) Arrays.stream(mask).sum();
        assertThat(ids[length - 1]).isEqualTo(tokenizer.id("</s>"));
        for (int column = 0; column < columns; column++) {
          assertThat(mask[column]).isEqualTo(column < length ? 1 : 0);
          if (column >= length) {
            padded = true;
            assertThat(ids[column]).isEqualTo(tokenizer.id("<pad>"));
            assertThat(labels[column]).isEqualTo(IGNORED);
          }
        }
      }
      assertThat(padded).isTrue();
    }
  }

  @Test
  void longRecordsAreCutAtTheEnd() {
    MemorySource source =
        new MemorySource(List.of(shown("What?", "one two three four five six seven eight")));
    try (Batch whole = collator(ConversationTemplate.VICUNA_V1, 256).batch(source, new int[1], 0)) {
      int length = (int) whole.inputIds().size(1);
      try (Batch cut =
          collator(ConversationTemplate.VICUNA_V1, length - 2).batch(source, new int[1], 0)) {
        assertThat(Torch.longs(cut.inputIds()))
            .isEqualTo(Arrays.copyOf(Torch.longs(whole.inputIds()), length - 2));
      }
    }
  }

  @Test
  @BadInput(
      number = 49,
      value = "a record whose labels are all masked",
      then = "a bad record with this reason")
  void nothingLeftToLearn() {
    // 33 tokens stand before the picture, and the question ends beyond the cut.
    refused(ConversationTemplate.VICUNA_V1, 40, shown("What do you see in this picture?", "a"))
        .hasMessageContaining("nothing is left to learn within 40 tokens");
  }

  @Test
  @BadInput(
      number = 50,
      value = "a record whose cut falls inside the picture's tokens",
      then = "a bad record with this reason")
  void aCutInsideThePicture() {
    refused(ConversationTemplate.VICUNA_V1, 34, shown("What?", "a"))
        .hasMessageContaining("falls inside the pictures' 3");
    refused(ConversationTemplate.PLAIN, 3, record("picture", "<image>", "a"))
        .hasMessageContaining("falls inside the pictures' 3");
  }

  @Test
  void aRecordThatTheTemplateRefusesIsNamed() {
    refused(ConversationTemplate.PLAIN, 256, shown("What?", "a", "Why?", "b"))
        .hasMessageContaining("plain template");
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> refused(
      ConversationTemplate template, int maxLength, LlavaRecord record) {
    MemorySource source = new MemorySource(List.of(record));
    return assertThatThrownBy(() -> collator(template, maxLength).batch(source, new int[1], 0))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("record 0 (id id0): ");
  }

  private static long[] learned(long[] labels) {
    return Arrays.stream(labels).filter(label -> label != IGNORED).toArray();
  }

  private static int indexOf(long[] ids, long id) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] == id) {
        return i;
      }
    }
    throw new AssertionError("no " + id + " in " + Arrays.toString(ids));
  }
}
