/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.models.llava.TinyLlava;
import org.dsvlm.testing.Closes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that is closed while it is asked. */
class ChatModelCloseTest {
  private static final Path PICTURE = Path.of("src/test/resources/pictures/gray.png");

  @TempDir Path temporary;

  private Path folder;

  @BeforeEach
  void export() {
    folder = temporary.resolve("model");
    TinyLlava.export(folder, TinyLlava.files());
  }

  @Test
  @Closes(ChatModel.class)
  void aClosedModelSaysSo() {
    ChatModel model = ChatModel.open(folder, LlavaChatOptions.DEFAULTS);
    ChatRequest request = ChatRequest.of(Picture.read(PICTURE), "What is this?");
    assertThat(model.ask(request).text()).isNotBlank();
    model.close();
    model.close();
    assertThatThrownBy(() -> model.ask(request))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(folder + ": the model is closed; open it again");
  }
}
