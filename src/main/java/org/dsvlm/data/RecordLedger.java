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
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.HeldFolders;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.StrictJson;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bad records of a run, each written once with its id and the reason to a file of its own. A bad
 * record ends a run only when too many others were bad before it. Records that are used though the
 * file of a picture is damaged have a line there, too. Safe for use by several threads.
 */
public final class RecordLedger {
  private static final Logger LOG = LoggerFactory.getLogger(RecordLedger.class);
  private static final ObjectMapper JSON = StrictJson.json();
  private static final String LOST_FIRST = "lost_first";

  /** The key of a line about a record that is used; those of bad ones have a reason. */
  public static final String WARNING = "warning";

  private final Path file;
  private final long records;
  private final double cap;
  private final Set<Long> known = new HashSet<>();
  private final Set<Long> lostFirst = new HashSet<>();
  private final Set<Long> damaged = new HashSet<>();
  private String firstReason = "";
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
      byte[] bytes = InputFiles.bytes(file);
      int end = bytes.length;
      while (end > 0 && bytes[end - 1] != '\n') {
        end--;
      }
      StringBuilder sound = new StringBuilder();
      for (String line : new String(bytes, 0, end, StandardCharsets.UTF_8).lines().toList()) {
        if (readEntry(line)) {
          sound.append(line).append('\n');
        } else {
          LOG.warn("{}: a line is no entry and is dropped; its record is found again", file);
        }
      }
      // Also half a line, as a killed process leaves it: its record is found again.
      if (unsent == null
          && sound.toString().getBytes(StandardCharsets.UTF_8).length < bytes.length) {
        AtomicFiles.text(file, sound.toString());
      }
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private boolean readEntry(String line) {
    try {
      JsonNode entry = JSON.readTree(line);
      JsonNode index = entry.path("index");
      if (index.isIntegralNumber() && entry.has(WARNING)) {
        damaged.add(index.longValue());
        return true;
      }
      if (index.isIntegralNumber()) {
        known.add(index.longValue());
        keepFirst(entry.path("reason").asText());
        return true;
      }
      return false;
    } catch (JsonProcessingException e) {
      return false;
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
    keepFirst(reason);
    write(index, id, "reason", reason);
    if (unsent == null && known.size() > cap * records) {
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

  private void write(long index, String id, String key, String text) {
    String line =
        JSON.createObjectNode()
            .put("id", Excerpt.of(id))
            .put("index", index)
            .put(key, text)
            .toString();
    if (unsent != null) {
      unsent.add(line);
      return;
    }
    try {
      HeldFolders.createDirectories(file.toAbsolutePath().resolveSibling(""));
      Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be written: " + e.getMessage(), e);
    }
  }

  /**
   * Notes a record that is used though the file of a picture is damaged; noting it again does
   * nothing.
   *
   * @param warning what is damaged, and in which file
   */
  public synchronized void noteDamaged(long index, String id, String warning) {
    if (damaged.add(index)) {
      write(index, id, WARNING, warning);
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
      if (entry.has(LOST_FIRST)) {
        noteLostFirst(entry.get(LOST_FIRST).longValue());
        return;
      }
      long index = entry.path("index").longValue();
      String id = entry.path("id").asText();
      if (entry.has(WARNING)) {
        noteDamaged(index, id, entry.get(WARNING).asText());
        return;
      }
      add(index, id, entry.path("reason").asText());
    } catch (JsonProcessingException e) {
      throw new DsVlmException("no entry of a ledger: " + Excerpt.of(line), e);
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

  /**
   * Notes a record whose first turn was left out, being the assistant's; the record itself is used.
   */
  public synchronized void noteLostFirst(long index) {
    if (lostFirst.add(index) && unsent != null) {
      unsent.add(JSON.createObjectNode().put(LOST_FIRST, index).toString());
    }
  }

  /** How many records lost their first turn since this process began. */
  public synchronized int lostFirst() {
    return lostFirst.size();
  }

  private void keepFirst(String reason) {
    if (firstReason.isEmpty()) {
      firstReason = reason;
    }
  }

  /** Why the first record on record is bad; empty if none is. */
  public synchronized String firstReason() {
    return firstReason;
  }

  /** The file that the entries are written to. */
  public Path file() {
    return file;
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
