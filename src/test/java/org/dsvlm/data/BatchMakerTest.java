/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.Pointer;
import org.dsvlm.BadInput;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.testing.NativeObjects;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.text.Turn;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchMakerTest {
  private static final int RECORDS = 20;
  private static Tokenizer tokenizer;
  private static Collator collator;

  @TempDir Path folder;

  @BeforeAll
  static void open() {
    tokenizer = Tokenizer.open(Path.of("src/main/resources/org/dsvlm/recipes/nano"));
    ObjectNode settings =
        new ObjectMapper()
            .createObjectNode()
            .put("image_processor_type", "SiglipImageProcessor")
            .put("size", 4);
    collator =
        new Collator(
            ConversationTemplate.PLAIN,
            tokenizer,
            ImageProcessor.parse(settings, "test"),
            new ReconstructionTarget(4),
            new Collator.Layout(
                tokenizer.id("<image>"), 2, tokenizer.id("<pad>"), 64, BatchLength.LONGEST));
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  private BatchMaker maker(double cap, Integer... bad) {
    List<LlavaRecord> records = new ArrayList<>();
    for (int i = 0; i < RECORDS; i++) {
      List<Turn> turns = List.of(Turn.human("<image>"), Turn.assistant("number " + i));
      records.add(
          Arrays.asList(bad).contains(i) ? null : new LlavaRecord("r" + i, List.of("p"), turns));
    }
    return new BatchMaker(
        new MemorySource(records),
        SampleOrder.shuffled(1, RECORDS),
        collator,
        new RecordLedger(folder.resolve("ledger.jsonl"), RECORDS, cap));
  }

  @Test
  void anEpochHoldsEveryRecordInTheLookOfThatEpoch() {
    for (long epoch = 0; epoch < 2; epoch++) {
      try (Batch batch = maker(0).make(epoch * RECORDS, RECORDS)) {
        assertThat(batch.sampleIds()).doesNotHaveDuplicates().hasSize(RECORDS);
        float[] picture = Torch.floats(batch.picture());
        for (int row = 0; row < RECORDS; row++) {
          int level = (int) (10 * batch.sampleIds()[row] + epoch) & 255;
          assertThat(Math.round((picture[row * 48] + 1) * 127.5f)).isEqualTo(level);
        }
      }
    }
  }

  /** The rest of an epoch may be smaller than a batch. */
  @Test
  @BadInput(
      number = 53,
      value = "a last batch that is not full",
      then = "accepted as a smaller batch")
  void theLastBatchMayBePartial() {
    try (Batch batch = maker(0).make(RECORDS - 3L, 3)) {
      assertThat(batch.size()).isEqualTo(3);
    }
  }

  @Test
  void theNextGoodRecordStandsInForABadOne() {
    try (Batch whole = maker(0).make(0, RECORDS);
        Batch batch = maker(0.5, 4, 5, 19).make(0, RECORDS)) {
      for (int row = 0; row < RECORDS; row++) {
        long wanted = whole.sampleIds()[row];
        long expected = wanted == 4 || wanted == 5 ? 6 : wanted == 19 ? 0 : wanted;
        assertThat(batch.sampleIds()[row]).isEqualTo(expected);
      }
    }
    assertThat(folder.resolve("ledger.jsonl"))
        .content()
        .hasLineCount(3)
        .contains("{\"id\":\"id5\",\"index\":5,\"reason\":\"record 5 (id id5) is bad\"}");
  }

  /** What libjpeg reads in spite of broken data, Pillow reads too. */
  @Test
  @BadInput(
      number = 43,
      value = "a JPEG whose compressed data is broken in the middle",
      then = "accepted, as in Pillow; the ledger has a warning with the file's name")
  void aJpegThatIsBrokenWithinStandsInTheLedger() throws IOException {
    Files.write(folder.resolve("broken.jpg"), brokenJpeg());
    String record =
        "{\"id\": \"b\", \"image\": \"broken.jpg\", \"conversations\": [{\"from\": \"human\","
            + " \"value\": \"<image>\"}, {\"from\": \"gpt\", \"value\": \"A cat.\"}]}";
    Path file = Files.writeString(folder.resolve("data.json"), "[" + record + "]");
    Path written = folder.resolve("ledger.jsonl");
    for (int process = 0; process < 2; process++) {
      try (LlavaJson source = LlavaJson.open(file, folder)) {
        RecordLedger ledger = new RecordLedger(written, 1, 0);
        BatchMaker maker = new BatchMaker(source, SampleOrder.shuffled(1, 1), collator, ledger);
        for (int step = 0; step < 2; step++) {
          try (Batch batch = maker.make(step, 1)) {
            assertThat(batch.sampleIds()).containsExactly(0);
          }
        }
        assertThat(ledger.size()).as("bad records").isZero();
        RecordLedger other = RecordLedger.unwritten(folder.resolve("none"), 1);
        new BatchMaker(source, SampleOrder.shuffled(1, 1), collator, other).make(0, 1).close();
        other.takeUnsent().forEach(ledger::add);
      }
    }
    assertThat(written)
        .content()
        .hasLineCount(1)
        .startsWith("{\"id\":\"b\",\"index\":0,\"warning\":\"" + file + ": record 0 (id b): ")
        .contains("image 'broken.jpg': the JPEG is damaged (");
  }

  private static byte[] brokenJpeg() throws IOException {
    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 64 * 64; i++) {
      image.setRGB(i % 64, i / 64, i * 7919);
    }
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    ImageIO.write(image, "jpeg", jpeg);
    byte[] bytes = jpeg.toByteArray();
    // All ones, which is no Huffman code; 0 behind 0xff says that it is no marker.
    for (int i = bytes.length / 2 & ~1; i < bytes.length * 3 / 4; i += 2) {
      bytes[i] = (byte) 0xff;
      bytes[i + 1] = 0;
    }
    return bytes;
  }

  @Test
  void tooManyBadRecordsStopTheRun() {
    assertThatThrownBy(() -> maker(0.1, 1, 2, 3).make(0, RECORDS))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("ledger.jsonl: 3 of 20 records are bad");
  }

  @Test
  void threadsDoNotChangeWhatArrives() {
    BatchMaker alone = maker(0.5, 4, 5, 19);
    BatchMaker shared = maker(0.5, 4, 5, 19);
    try (Prefetcher<Batch> prefetcher =
        new Prefetcher<>(step -> shared.make(4 * step, 4), 0, 20, 3, 4)) {
      for (long step = 0; step < 20; step++) {
        try (Batch expected = alone.make(4 * step, 4);
            Batch actual = prefetcher.next()) {
          assertThat(actual.sampleIds()).isEqualTo(expected.sampleIds());
          assertThat(Torch.longs(actual.inputIds())).isEqualTo(Torch.longs(expected.inputIds()));
          assertThat(Torch.floats(actual.pixelValues()))
              .isEqualTo(Torch.floats(expected.pixelValues()));
        }
      }
    }
  }

  @Test
  @Closes(Batch.class)
  void batchesAreFreed() {
    BatchMaker maker = maker(0);
    maker.make(0, RECORDS).close();
    long before = NativeObjects.settledCount();
    for (long i = 0; i < 100; i++) {
      maker.make(i * RECORDS, RECORDS).close();
    }
    assertThat(Pointer.totalCount()).as("native objects alive").isLessThanOrEqualTo(before);
    Batch batch = maker.make(0, RECORDS);
    assertThat(batch.size()).isEqualTo(RECORDS);
    assertThat(batch.pixelValues().isNull()).isFalse();
    Closed.saysSo(batch, batch::inputIds, batch::attentionMask, batch::labels);
    Closed.saysSo(batch, batch::pixelValues, batch::picture);
  }
}
