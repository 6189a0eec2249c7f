/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.LoggingEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import org.dsvlm.BadInput;
import org.junit.jupiter.api.Test;

class CleanWriterTest {
  private final StringWriter written = new StringWriter();

  @Test
  @BadInput(
      number = 90,
      value = "control characters in a tensor's name, a model's answer or a message",
      then = "they are shown as \\x1b; a terminal is not steered")
  void controlCharactersAreShown() {
    PrintWriter out = CleanWriter.results(written);
    out.print("a\u001b]0;title\u0007b\r\tc\u009b31m\u202egpj\u007f 世界🐈\n");
    out.write("\u001b[2J".toCharArray(), 0, 4);
    out.flush();
    assertThat(written)
        .hasToString("a\\x1b]0;title\\x07b\\x0d\tc\\x9b31m\\u202egpj\\x7f 世界🐈\n\\x1b[2J");
  }

  @Test
  void messagesAreCutAndResultsAreNot() {
    String line = "x".repeat(10_000);
    PrintWriter err = CleanWriter.messages(written);
    err.println(line);
    err.println("next");
    assertThat(written.toString().lines())
        .containsExactly("x".repeat(CleanWriter.LONGEST_LINE - 1) + "…", "next");
    StringWriter whole = new StringWriter();
    CleanWriter.results(whole).println(line);
    assertThat(whole.toString().strip()).isEqualTo(line);
  }

  /** What files call their tensors stands in warnings too. */
  @Test
  void theLogIsCleanedToo() throws IOException {
    LoggingEvent event = new LoggingEvent();
    event.setMessage("not used: {}");
    event.setArgumentArray(new Object[] {"a\u001b[2J"});
    assertThat(new CleanMessage().convert(event)).isEqualTo("not used: a\\x1b[2J");
    try (InputStream settings = Main.class.getResourceAsStream("logback.xml")) {
      assertThat(new String(settings.readAllBytes(), StandardCharsets.UTF_8))
          .contains(CleanMessage.class.getName(), "<pattern>%clean%n</pattern>")
          .doesNotContain("%m");
    }
  }
}
