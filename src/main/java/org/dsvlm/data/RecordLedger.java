/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * Bad records of a run, each written once with its id and the reason to a file of its own. A bad
 * record ends a run only when too many others were bad before it. Safe for use by several threads.
 */
public final class RecordLedger {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final long records;
  private final double cap;
  private final Set<Long> known = new HashSet<>();
  private @Nullable List<String> unsent;

  /**
   * Opens the ledger; a resumed run goes on with its earlier entries.
   *
   * @param records how many records the source has
   * @param cap the largest share of them, in [0, 1], that may be bad
   */
  public RecordLedger(Path file, long records, double cap) {
    this(file, records, cap, null);
  }

  private RecordLedger(Path file, long records, double cap, @Nullable List<String> unsent) {
    this.file = file;
    this.records = records;
    this.cap = cap;
    this.unsent = unsent;
    if (Files.exists(file)) {
      readKnown();
    }
  }

  /**
   * A ledger of a process that does not write {@code file}, but hands its entries to the process
   * that does.
   */
  public static RecordLedger unwritten(Path file, long records) {
    return new RecordLedger(file, records, 1, new ArrayList<>());
  }

  private void readKnown() {
    try {
      byte[] bytes = Files.readAllBytes(file);
      int end = bytes.length;
      while (end > 0 && bytes[end - 1] != '\n') {
        end--;
      }
      String whole = new String(bytes, 0, end, StandardCharsets.UTF_8);
      for (String line : whole.lines().toList()) {
        JsonNode index = JSON.readTree(line).path("index");
        if (!index.isIntegralNumber()) {
          throw new DsVlmException(file + ": line " + (known.size() + 1) + " has no index");
        }
        known.add(index.longValue());
      }
      if (end < bytes.length && unsent == null) {
        // Half a line, as a killed process leaves it: its record is found again.
        AtomicFiles.text(file, whole);
      }
    } catch (IOException e) {
      throw new DsVlmException(
          file
              + ": line "
              + (known.size() + 1)
              + " cannot be read: "
              + e.getMessage()
              + "; delete the file to start a new ledger",
          e);
    }
  }

  /**
   * Notes a bad record; noting it again does nothing.
   *
   * @throws DsVlmException if more than the capped share of records is bad by now
   */
  public synchronized void add(long index, String id, String reason) {
    if (!known.add(index)) {
      return;
    }
    String line =
        JSON.createObjectNode().put("id", id).put("index", index).put("reason", reason).toString();
    if (unsent != null) {
      unsent.add(line);
      return;
    }
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be written: " + e.getMessage(), e);
    }
    if (known.size() > cap * records) {
      throw new DsVlmException(
          file
              + ": "
              + known.size()
              + " of "
              + records
              + " records are bad, above the share of "
              + cap
              + " that the run allows; the last: "
              + reason
              + ". Repair the data, or raise the share");
    }
  }

  /**
   * Notes a bad record that another process found.
   *
   * @param line as {@link #takeUnsent} there gave it
   * @throws DsVlmException if more than the capped share of records is bad by now
   */
  public void add(String line) {
    try {
      JsonNode entry = JSON.readTree(line);
      add(
          entry.path("index").longValue(),
          entry.path("id").asText(),
          entry.path("reason").asText());
    } catch (JsonProcessingException e) {
      throw new DsVlmException("no entry of a ledger: " + line, e);
    }
  }

  /** The entries since the last call, where this process does not write them itself. */
  public synchronized List<String> takeUnsent() {
    if (unsent == null) {
      return List.of();
    }
    List<String> entries = unsent;
    unsent = new ArrayList<>();
    return entries;
  }

  /** Whether the record is known to be bad. */
  public synchronized boolean contains(long index) {
    return known.contains(index);
  }

  /** How many records are bad so far. */
  public synchronized int size() {
    return known.size();
  }
}
