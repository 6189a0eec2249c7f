/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TsvTableTest {
  @TempDir private Path folder;

  private TsvTable table(String text) throws IOException {
    return table(text.getBytes(StandardCharsets.UTF_8));
  }

  private TsvTable table(byte[] bytes) throws IOException {
    Path file = folder.resolve("data.tsv");
    Files.write(file, bytes);
    return TsvTable.open(file, Set.of("image"));
  }

  private static List<String> column(TsvTable table, String name) {
    return table.rows().stream().map(row -> String.valueOf(row.get(name))).toList();
  }

  @Test
  @BadInput(
      number = 67,
      value = "a TSV file with CR LF, quoted cells, line breaks and tabs within them, a BOM",
      then = "is read as pandas reads it; a row with too many cells is named by number and line")
  void readsQuotedCellsAsPandasDoes() throws IOException {
    String text =
        "\uFEFFindex\tquestion\tanswer\r\n"
            + "1\t\"two\nlines, a\ttab and \"\"quotes\"\"\"\tyes\r\n"
            + "\r\n   \r\n"
            + "2\tan \"inner\" quote\t\"closed\" and more\n"
            + "3\t\"carriage\rreturn\"\tlast\r"
            + "4\tno line end";
    try (TsvTable table = table(text)) {
      assertThat(column(table, "index")).containsExactly("1", "2", "3", "4");
      assertThat(column(table, "question"))
          .containsExactly(
              "two\nlines, a\ttab and \"quotes\"",
              "an \"inner\" quote",
              "carriage\rreturn",
              "no line end");
      assertThat(column(table, "answer")).containsExactly("yes", "closed and more", "last", "null");
      assertThat(table.rows().get(1).where("answer"))
          .contains("row 2 (line 6, index 2), column 'answer'");
    }
    assertThatThrownBy(() -> table("a\tb\n1\t2\n1\t2\t3\n"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("data.tsv", "row 2 (line 3) has 3 cells, the first line 2");
    assertThatThrownBy(() -> table("a\tb\n1\t\"2\n3\t4\n"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("cell 2", "line 2", "no end");
    assertThatThrownBy(() -> table(new byte[] {'a', '\n', (byte) 0xC3, '\n'}))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("cell 1", "line 2", "not UTF-8");
  }

  @Test
  void columnsTakeTheTypesThatPandasGivesThem() throws IOException {
    String text =
        "whole\tgaps\treal\tmixed\ttruth\n"
            + "007\t12\t1.50\t12\ttrue\n"
            + "-3\t\t2\tx\tFalse\n"
            + "8\tNaN\t1e16\tNone\ttrue\n";
    try (TsvTable table = table(text)) {
      assertThat(column(table, "whole")).containsExactly("7", "-3", "8");
      assertThat(column(table, "gaps")).containsExactly("12.0", "null", "null");
      assertThat(column(table, "real")).containsExactly("1.5", "2.0", "1e+16");
      assertThat(column(table, "mixed")).containsExactly("12", "x", "null");
      assertThat(column(table, "truth")).containsExactly("True", "False", "True");
      assertThat(table.rows().get(0).raw("whole")).isEqualTo("007");
    }
  }

  @Test
  void longCellsOfLazyColumnsAreReadFromTheFile() throws IOException {
    String picture = "A".repeat(70_000);
    String list = "['" + "B".repeat(5000) + "', \"it's\"]";
    String text =
        "index\timage\tquestion\n1\t"
            + picture
            + "\tä\n2\t\""
            + list.replace("\"", "\"\"")
            + "\"\tö\n3\t1\tü\n";
    try (TsvTable table = table(text)) {
      assertThat(table.rows())
          .extracting(row -> row.isLong("image"))
          .containsExactly(true, true, false);
      assertThat(table.rows().get(0).get("image")).isEqualTo(picture);
      assertThat(table.rows().get(1).get("image")).isEqualTo(list);
      assertThat(table.rows().get(2).get("image")).isEqualTo("1");
      assertThat(column(table, "question")).containsExactly("ä", "ö", "ü");
    }
  }

  @Test
  void saysWhatIsWrongWithTheHeader() {
    assertThatThrownBy(() -> table("")).hasMessageContaining("the file is empty");
    assertThatThrownBy(() -> table("a\ta\n")).hasMessageContaining("'a' stands twice");
    assertThatThrownBy(() -> TsvTable.open(folder.resolve("none.tsv"), Set.of()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("there is no such file");
  }
}
