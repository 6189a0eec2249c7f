/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.HeldWeights;
import org.dsvlm.weights.RenamedWeights;
import org.dsvlm.weights.WeightSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class UnusedTensorsTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(UnusedTensors.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final Level level = logger.getLevel();

  @BeforeEach
  void listen() {
    logger.setLevel(Level.INFO);
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void leave() {
    logger.detachAppender(log);
    logger.setLevel(level);
  }

  private static void with(Consumer<WeightSource> body, String... names) {
    try (PointerScope scope = new PointerScope()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (String name : names) {
        tensors.put(name, Torch.of(new float[] {1}, 1));
      }
      try (WeightSource source = new HeldWeights(tensors)) {
        body.accept(source);
      }
    }
  }

  private static RenamedWeights tower(WeightSource source) {
    return new RenamedWeights(source, name -> name.startsWith("vision_model.") ? name : null);
  }

  @Test
  void theTextHalfOfAClipIsInformationAndTheRestAWarning() {
    with(
        source -> UnusedTensors.sayHidden(tower(source)),
        "vision_model.a",
        "text_model.embeddings.position_ids",
        "text_model.b",
        "text_projection.weight",
        "visual_projection.weight",
        "logit_scale",
        "logit_bias",
        "adapter.text_model.c");
    assertThat(log.list)
        .extracting(event -> event.getLevel() + " " + event.getFormattedMessage())
        .satisfiesExactly(
            line -> assertThat(line).startsWith("INFO ").contains("not used: 5 tensors, such as"),
            line ->
                assertThat(line)
                    .startsWith("WARN ")
                    .endsWith("not used: a tensor 'adapter.text_model.c'"));
  }

  @Test
  void whatBelongsToTheModelIsRefusedAndWhatDoesNotIsNamed() {
    Consumer<Parameters> model = root -> root.get("layer.0", Init.ZEROS, 1);
    with(
        source -> {
          assertThatThrownBy(
                  () ->
                      UnusedTensors.check(
                          source, model, "config.json", name -> name.startsWith("layer.")))
              .isInstanceOf(DsVlmException.class)
              .hasMessageContaining(
                  "a tensor 'layer.1' that the model of config.json does not have");
          UnusedTensors.check(source, model, "config.json", name -> false);
        },
        "layer.0",
        "layer.1");
    assertThat(log.list).extracting(ILoggingEvent::getLevel).isEqualTo(List.of(Level.WARN));
  }
}
