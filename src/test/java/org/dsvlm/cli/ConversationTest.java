/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.image.Picture;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.models.llava.TinyLlava;
import org.dsvlm.text.Turn;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ConversationTest {
  private static final Path PICTURE = Path.of("src/test/resources/pictures/gray.png");

  @TempDir Path folder;

  @Test
  void questionsAreAnsweredWithWhatWasSaidBefore() {
    TinyLlava.export(folder.resolve("model"), TinyLlava.files());
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    try (LlavaChat chat = LlavaChat.open(folder.resolve("model"), LlavaChatOptions.DEFAULTS)) {
      GenerationSettings settings = chat.settings().withMaxNewTokens(8);
      CommandLine command = new CommandLine(Main.class);
      command.setOut(new PrintWriter(out, true));
      command.setErr(new PrintWriter(err, true));
      String input =
          "Hello?\n\nAnd now?\n/picture %s\nWhat is this?\n/picture none.png\n/help\nHei\uFFFDt?\n/clear\nHello?\n"
              .formatted(PICTURE);
      try (ChatModel model = ChatModel.open(folder.resolve("model"), LlavaChatOptions.DEFAULTS)) {
        new Conversation(model, settings, List.of(), command).hold(new StringReader(input));
      }

      List<Turn> turns = new ArrayList<>();
      List<String> expected = new ArrayList<>();
      List<Picture> pictures = new ArrayList<>();
      for (String question : new String[] {"Hello?", "And now?", "<image>\nWhat is this?"}) {
        if (question.startsWith("<image>")) {
          pictures.add(Picture.read(PICTURE));
        }
        turns.add(Turn.human(question));
        String answer = chat.answer(pictures, turns, settings, (record, piece) -> {}).strip();
        turns.add(Turn.assistant(answer));
        expected.add(answer);
      }
      expected.add(expected.get(0));
      assertThat(out.toString().strip()).isEqualTo(String.join("\n", expected).strip());
    }
    assertThat(err.toString().lines())
        .satisfiesExactly(
            line -> assertThat(line).startsWith("dsvlm: none.png: there is no such picture"),
            line ->
                assertThat(line)
                    .isEqualTo("dsvlm: '/help' is no command; known: /picture FILE, /clear"),
            line -> assertThat(line).startsWith("dsvlm: the question has bytes that are no UTF-8"));
  }
}
