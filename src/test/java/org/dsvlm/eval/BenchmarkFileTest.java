/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import org.dsvlm.BadInput;
import org.dsvlm.eval.table.TsvTable;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchmarkFileTest {
  private static final String HEAD = "index\timage\tquestion\tA\tB\tanswer";
  private static final String REST = "\tWhat?\tcat\tdog\tA";

  @TempDir private Path folder;

  private BenchmarkFile open(String... lines) throws IOException {
    return BenchmarkFile.open(
        Benchmarks.named("mmstar"), TestFile.write(folder.resolve("MMStar.tsv"), lines));
  }

  @Test
  void rowsShareAPictureOrHaveSeveral() throws IOException {
    String picture = TestFile.PICTURE;
    try (BenchmarkFile file =
        open(
            HEAD,
            "7\t" + picture + REST,
            "8\t7" + REST,
            "9\t['" + picture + "', '" + picture + "']" + REST,
            "10\t" + REST)) {
      assertThat(file.size()).as("a row without a picture is passed over").isEqualTo(3);
      assertThat(file.get(1).pictures()).hasSize(1);
      assertThat(file.get(1).pictures().get(0).picture().width()).isEqualTo(16);
      assertThat(file.get(2).pictures()).hasSize(2);
      assertThat(file.get(2).pictures().get(1).where()).contains("row 3", "picture 2");
      assertThat(file.get(2).content())
          .startsWith(" <image>  <image> What?\nA. cat\nB. dog\nAnswer with");
    }
  }

  @Test
  void picturesMayBeFilesBesideIt() throws IOException {
    Files.createDirectories(folder.resolve("images/MMStar"));
    byte[] bytes = Base64.getDecoder().decode(TestFile.PICTURE);
    Files.write(folder.resolve("images/MMStar/a.png"), bytes);
    Files.write(folder.resolve("b.png"), bytes);
    try (BenchmarkFile file =
        open(
            "index\timage_path\tquestion",
            "1\ta.png\tWhat?",
            "2\t['b.png', 'a.png']\tWhat?",
            "3\tc.png\tWhat?")) {
      assertThat(file.get(0).pictures().get(0).picture().height()).isEqualTo(16);
      assertThat(file.get(1).pictures()).hasSize(2);
      assertThat(file.get(0).content()).endsWith("What?\nAnswer the question directly.");
      assertThatThrownBy(() -> file.get(2))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContainingAll("row 3", "'image_path'", "no such picture", "c.png");
    }
  }

  @Test
  @BadInput(
      number = 68,
      value = "a picture cell that is broken base64, or no picture",
      then = "error: file, row, index and column")
  void namesTheRowOfABrokenPicture() throws IOException {
    try (BenchmarkFile file =
        open(HEAD, "1\t" + "A".repeat(69) + REST, "2\t" + "QUJD".repeat(20) + REST)) {
      assertThatThrownBy(() -> file.get(0).pictures().get(0).picture())
          .isInstanceOf(DsVlmException.class)
          .hasMessageContainingAll("MMStar.tsv", "row 1", "index 1", "'image'", "no base64");
      assertThatThrownBy(() -> file.get(1).pictures().get(0).picture())
          .isInstanceOf(DsVlmException.class)
          .hasMessageContainingAll("MMStar.tsv", "row 2", "'image'");
    }
  }

  @Test
  @BadInput(
      number = 69,
      value = "a picture cell that points to a row that is missing, to itself or in a cycle",
      then = "error: file, row, column and the index it points to")
  void namesTheRowThatPointsToNoPicture() throws IOException {
    try (BenchmarkFile file =
        open(HEAD, "1\t99" + REST, "2\t2" + REST, "3\t4" + REST, "4\t3" + REST)) {
      assertThatThrownBy(() -> file.get(0))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContainingAll("row 1", "'image'", "points to row '99'", "does not have");
      for (int i = 1; i < 4; i++) {
        int position = i;
        assertThatThrownBy(() -> file.get(position))
            .isInstanceOf(DsVlmException.class)
            .hasMessageContainingAll("row " + (i + 1), "holds no picture");
      }
    }
  }

  @Test
  void repliesBelongToRows() throws IOException {
    try (BenchmarkFile file = open(HEAD, "1\t" + TestFile.PICTURE + REST)) {
      assertThatThrownBy(() -> file.items(Map.of("2", "A")))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("has no row '2'");
      assertThatThrownBy(() -> file.items(Map.of()))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("no reply");
    }
    assertThatThrownBy(() -> open(HEAD, "1\tx" + REST, "1\tx" + REST))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("row 2", "twice");
  }

  @Test
  @Closes({BenchmarkFile.class, TsvTable.class})
  void aClosedFileSaysSo() throws IOException {
    BenchmarkFile file = open(HEAD, "7\t" + TestFile.PICTURE.repeat(60) + REST);
    Closed.saysSo(file, () -> file.get(0).pictures().get(0).bytes());
  }
}
