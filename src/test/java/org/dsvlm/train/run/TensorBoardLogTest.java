/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.train.StopAfter;
import org.dsvlm.train.TinyRun;
import org.dsvlm.train.TrainingRun;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.EventReader.Field;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardLogTest {
  @TempDir private Path folder;

  private static Path file(Path tensorBoard, int number) {
    return tensorBoard.resolve("events.out.tfevents.000" + number + ".dsvlm");
  }

  private static long step(List<Field> event) {
    return (Long) event.get(1).value();
  }

  /** The values of an event by tag: a scalar, or an image's fields. */
  private static Map<String, Object> values(List<Field> event) {
    Map<String, Object> values = new TreeMap<>();
    Field summary = event.get(2);
    assertThat(summary.number()).isEqualTo(5);
    for (Field value : summary.message()) {
      List<Field> parts = value.message();
      boolean image = parts.get(1).number() == 4;
      values.put(parts.get(0).text(), image ? parts.get(1).message() : parts.get(1).value());
    }
    return values;
  }

  private static void isStartOfFile(List<List<Field>> events, long firstStep) {
    assertThat(events.get(0).get(2).number()).isEqualTo(3);
    assertThat(events.get(0).get(2).text()).isEqualTo("brain.Event:2");
    assertThat(step(events.get(1))).isEqualTo(firstStep);
    assertThat(events.get(1).get(2).number()).isEqualTo(7);
    assertThat(events.get(1).get(2).message()).containsExactly(new Field(1, 1L));
  }

  @Test
  void theReaderOfThisTestComputesTheChecksumOfTheSpecification() {
    assertThat(EventReader.crc32c("123456789".getBytes(StandardCharsets.US_ASCII)))
        .isEqualTo(0xE3069283);
  }

  @Test
  void fieldsOfEveryKindCanBeReadBack() {
    byte[] message =
        new ProtobufMessage()
            .integer(1, 0)
            .integer(2, 300)
            .integer(3, -1)
            .number(16, 0.1)
            .single(5, 0.1f)
            .text(6, "Müller")
            .message(7, new ProtobufMessage().integer(1, 5))
            .toByteArray();
    List<Field> fields = EventReader.fields(message);
    assertThat(fields).extracting(Field::number).containsExactly(1, 2, 3, 16, 5, 6, 7);
    assertThat(fields.subList(0, 5))
        .extracting(Field::value)
        .containsExactly(0L, 300L, -1L, 0.1, 0.1f);
    assertThat(fields.get(5).text()).isEqualTo("Müller");
    assertThat(fields.get(6).message()).containsExactly(new Field(1, 5L));
  }

  @Test
  @Closes(TensorBoardLog.class)
  void nothingIsWrittenBeforeTheFirstStepOrWhenClosed() {
    TensorBoardLog log = new TensorBoardLog(folder.resolve("tensorboard"));
    Closed.saysSo(log, () -> log.add(1, "tag", new PictureGrid(1, 1, new byte[0])));
    assertThat(folder.resolve("tensorboard")).doesNotExist();
  }

  @Test
  void aPictureAndItsReconstructionStandBelowEachOther() throws IOException {
    try (PointerScope scope = new PointerScope();
        TensorBoardLog events = new TensorBoardLog(folder)) {
      ReconstructionLog log = new ReconstructionLog(folder.resolve("pictures"), 2, events);
      double[] values = new double[3 * 2 * 2];
      values[0] = -1; // of the first pixel red, and then green, and blue
      values[4] = 1;
      values[8] = 7;
      Tensor original = Torch.of(values, 1, 3, 2, 2);
      Tensor reconstruction = original.neg();
      assertThat(log.isDue(2)).isFalse();
      assertThat(log.isDue(3)).isTrue();
      Map<String, Tensor> rows = new LinkedHashMap<>();
      rows.put("original", original);
      rows.put("t = 301", reconstruction);
      log.write(3, rows);
    }
    List<List<Field>> events = EventReader.events(file(folder, 1));
    isStartOfFile(events, 3);
    assertThat(events).hasSize(3);
    List<Field> image = image(values(events.get(2)).get("reconstruction"));
    assertThat(image.subList(0, 3))
        .containsExactly(new Field(1, 4L), new Field(2, 2L), new Field(3, 3L));
    byte[] png = (byte[]) image.get(3).value();
    assertThat(folder.resolve("pictures/step-3.png")).hasBinaryContent(png);
    assertThat(new String(png, StandardCharsets.ISO_8859_1))
        .contains("tEXtDescription\0original, t = 301");
    BufferedImage picture = ImageIO.read(new ByteArrayInputStream(png));
    assertThat(picture.getWidth()).isEqualTo(2);
    assertThat(picture.getHeight()).isEqualTo(4);
    assertThat(picture.getRGB(0, 0)).isEqualTo(0xFF00FFFF);
    assertThat(picture.getRGB(1, 1)).isEqualTo(0xFF808080);
    assertThat(picture.getRGB(0, 2)).isEqualTo(0xFFFF0000);
  }

  @SuppressWarnings("unchecked")
  private static List<Field> image(Object value) {
    return (List<Field>) value;
  }

  @Test
  void aRunWritesItsMetricsAndAResumedOneBeginsAnotherFile() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Path run = folder.resolve("run");
    ObjectNode recipe = tiny.recipe("tensorboard.pictures_every_steps=2");
    try (RunFolder opened = RunFolder.create(run, recipe)) {
      assertThatThrownBy(() -> TrainingRun.run(RecipeReader.bind(recipe), opened, new StopAfter(5)))
          .isInstanceOf(StopAfter.Stopped.class);
    }
    try (RunFolder opened = RunFolder.resume(run, recipe)) {
      TrainingRun.run(RecipeReader.bind(recipe), opened, TrainingListener.NONE);
    }
    Path tensorBoard = run.resolve("tensorboard");
    isStartOfFile(EventReader.events(file(tensorBoard.resolve("stage0"), 1)), 1);
    List<List<Field>> first = EventReader.events(file(tensorBoard, 1));
    isStartOfFile(first, 1);
    List<List<Field>> second = EventReader.events(file(tensorBoard, 2));
    isStartOfFile(second, 5);

    Map<Long, Map<String, Object>> steps = new TreeMap<>();
    List<List<Field>> all = new ArrayList<>(first.subList(2, first.size()));
    all.addAll(second.subList(2, second.size()));
    List<Long> pictured = new ArrayList<>();
    for (List<Field> event : all) {
      Map<String, Object> values = values(event);
      if (values.containsKey("reconstruction")) {
        pictured.add(step(event));
      } else {
        steps.computeIfAbsent(step(event), number -> new TreeMap<>()).putAll(values);
      }
    }
    assertThat(pictured).containsExactly(1L, 3L, 5L, 5L);
    List<ObjectNode> rows = TinyRun.metrics(run);
    assertThat(steps).hasSize(6);
    for (ObjectNode row : rows) {
      Map<String, Object> values = steps.get(row.get("step").asLong());
      assertThat(values.containsKey("condition_use")).isEqualTo(row.has("condition_use"));
      Map.of(
              "loss/total", "loss",
              "loss/language", "loss_language",
              "loss/reconstruction", "loss_reconstruction",
              "learning_rate", "learning_rate",
              "grad_norm/total", "grad_norm",
              "grad_norm/connector", "grad_norm_connector",
              "learning_rate/unet", "learning_rate_unet",
              "skipped", "skipped",
              "router/text", "router_text")
          .forEach(
              (tag, key) ->
                  assertThat(values.get(tag)).as(tag).isEqualTo(row.get(key).floatValue()));
      assertThat(row.get("router").properties())
          .extracting(Map.Entry::getKey)
          .containsExactly("down.0.0", "mid.0", "up.1.0", "up.1.1");
      List<String> features = List.of("text", "low", "mid", "high");
      for (Map.Entry<String, JsonNode> layer : row.get("router").properties()) {
        for (int i = 0; i < features.size(); i++) {
          String tag = "router_" + features.get(i) + "/" + layer.getKey();
          assertThat(values.get(tag)).as(tag).isEqualTo(layer.getValue().get(i).floatValue());
        }
      }
    }
  }
}
