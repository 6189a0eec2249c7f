/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordLedgerTest {
  @TempDir Path folder;

  @Test
  void writesEachBadRecordOnce() {
    Path file = folder.resolve("run/ledger.jsonl");
    RecordLedger ledger = new RecordLedger(file, 10, 0.5);
    ledger.add(3, "a\"b", "image missing");
    ledger.add(3, "a\"b", "image missing");
    ledger.add(7, "c", "empty");
    assertThat(ledger.size()).isEqualTo(2);
    assertThat(ledger.contains(3)).isTrue();
    assertThat(ledger.contains(4)).isFalse();
    assertThat(file)
        .hasContent(
            "{\"id\":\"a\\\"b\",\"index\":3,\"reason\":\"image missing\"}\n"
                + "{\"id\":\"c\",\"index\":7,\"reason\":\"empty\"}\n");
  }

  @Test
  void aResumedRunGoesOnCounting() {
    Path file = folder.resolve("ledger.jsonl");
    new RecordLedger(file, 10, 0.1).add(3, "a", "bad");
    RecordLedger resumed = new RecordLedger(file, 10, 0.1);
    resumed.add(3, "a", "bad");
    assertThat(resumed.size()).isEqualTo(1);
    assertThatThrownBy(() -> resumed.add(4, "b", "worse"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("2 of 10 records are bad")
        .hasMessageContaining("worse");
    assertThat(file).content().hasLineCount(2);
  }

  @Test
  void aCapOfNoneStopsAtTheFirst() {
    RecordLedger ledger = new RecordLedger(folder.resolve("ledger.jsonl"), 1000, 0);
    assertThatThrownBy(() -> ledger.add(0, "a", "bad")).isInstanceOf(DsVlmException.class);
  }

  /** As a process leaves it that is killed while it writes. */
  @Test
  void halfALineAtTheEndIsDropped() throws IOException {
    Path file = folder.resolve("ledger.jsonl");
    byte[] bytes = "{\"index\":1}\n{\"id\":\"\u00e9".getBytes(StandardCharsets.UTF_8);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
    assertThat(RecordLedger.unwritten(file, 10).size()).isEqualTo(1);
    RecordLedger ledger = new RecordLedger(file, 10, 1);
    assertThat(ledger.contains(1)).isTrue();
    ledger.add(2, "b", "bad");
    assertThat(file).content().hasLineCount(2).contains("\"index\":2");
    assertThat(new RecordLedger(file, 10, 1).size()).isEqualTo(2);
  }

  @Test
  void aDamagedLineIsDroppedAlone() throws IOException {
    Path file = folder.resolve("ledger.jsonl");
    Files.writeString(file, "{\"index\":1}\n{\"ind\n{\"index\":2}\n");
    RecordLedger ledger = new RecordLedger(file, 10, 1);
    assertThat(ledger.size()).isEqualTo(2);
    assertThat(ledger.contains(2)).isTrue();
    assertThat(file).content().isEqualTo("{\"index\":1}\n{\"index\":2}\n");
  }

  @Test
  void itKnowsTheFirstReasonAndWhatLostItsFirstTurn() {
    RecordLedger ledger = new RecordLedger(folder.resolve("ledger.jsonl"), 10, 1);
    ledger.add(3, "x".repeat(5000), "the first");
    ledger.add(1, "b", "the second");
    assertThat(ledger.firstReason()).isEqualTo("the first");
    assertThat(ledger.file()).content().hasSizeLessThan(300);
    assertThat(new RecordLedger(ledger.file(), 10, 1).firstReason()).isEqualTo("the first");
    RecordLedger other = RecordLedger.unwritten(ledger.file(), 10);
    other.noteLostFirst(7);
    other.noteLostFirst(7);
    other.takeUnsent().forEach(ledger::add);
    assertThat(ledger.lostFirst()).isEqualTo(1);
    assertThat(ledger.size()).isEqualTo(2);
  }
}
