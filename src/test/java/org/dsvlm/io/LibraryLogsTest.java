/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.nio.file.Path;
import org.dsvlm.tensor.SmallProgram;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.Tokenizer;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LibraryLogsTest {
  private static final String TOKENIZER =
      "src/main/resources/org/dsvlm/recipes/nano/tokenizer.json";

  private static Logger logger(String name) {
    return (Logger) LoggerFactory.getLogger(name);
  }

  @Test
  void onlyErrorsPass() {
    LibraryLogs.onlyErrors("open.library");
    assertThat(logger("open.library.part").isErrorEnabled()).isTrue();
    assertThat(logger("open.library.part").isWarnEnabled()).isFalse();
  }

  @Test
  void theHostsLevelStays() {
    logger("host.library").setLevel(Level.DEBUG);
    LibraryLogs.onlyErrors("host.library");
    assertThat(logger("host.library").getLevel()).isEqualTo(Level.DEBUG);
    LibraryLogs.onlyErrors("host.library.part");
    assertThat(logger("host.library.part").isDebugEnabled()).isTrue();
  }

  /** Logback unconfigured prints all from DEBUG on. */
  @Test
  void anEmbeddersProgramPrintsItsOwnLinesAlone() throws IOException, InterruptedException {
    assertThat(SmallProgram.run(Program.class)).containsExactly("What is this?", "sum 6.0");
  }

  /** An embedder's program. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) {
      try (Tokenizer tokenizer = Tokenizer.open(Path.of(TOKENIZER))) {
        System.out.println(tokenizer.decode(tokenizer.encode("What is this?", false), true));
      }
      System.out.println("sum " + Torch.item(Torch.of(new float[] {1, 2, 3}, 3).sum()));
      System.out.flush();
    }
  }
}
