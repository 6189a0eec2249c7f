/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class AnswerPrinterTest {
  @Test
  void leavesOutBlankSpaceAroundTheAnswerAlone() {
    StringWriter printed = new StringWriter();
    AnswerPrinter printer = new AnswerPrinter(new PrintWriter(printed));
    for (String text : new String[] {" ", "\n", " A", " cat", " ", "\n\n", "and", " dog \n"}) {
      printer.print(text);
    }
    assertThat(printed).hasToString("A cat \n\nand dog");
    printer.end();
    assertThat(printed).hasToString("A cat \n\nand dog" + System.lineSeparator());
  }
}
