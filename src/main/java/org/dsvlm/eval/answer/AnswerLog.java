/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.answer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.HeldFolders;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.StrictJson;

/**
 * Replies in a file that grows by a line of JSON for each, so that a run that is killed loses none.
 * The first line says what was asked of whom. A last line that was not written whole is dropped.
 */
final class AnswerLog implements AutoCloseable {
  private static final ObjectMapper JSON = StrictJson.json();
  private static final long SYNC_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Path file;
  private final FileChannel channel;
  private final Map<String, ObjectNode> replies = new LinkedHashMap<>();
  private long syncedAt = System.nanoTime();

  private AnswerLog(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Opens the log, going on with what a run before has left in it.
   *
   * @param asked model, data and settings; a log of others is refused
   * @throws DsVlmException naming file and line, if it is unsound or of another evaluation
   */
  static AnswerLog open(Path file, ObjectNode asked) {
    try {
      HeldFolders.createDirectories(file.toAbsolutePath().resolveSibling(""));
      FileChannel channel =
          InputFiles.channel(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      AnswerLog log = new AnswerLog(file, channel);
      try {
        log.resume(InputFiles.bytes(file), asked);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
      return log;
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be opened: " + AtomicFiles.reason(e), e);
    }
  }

  private void resume(byte[] bytes, ObjectNode asked) throws IOException {
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] != '\n') {
      end--;
    }
    channel.truncate(end).position(end);
    String text = new String(Arrays.copyOf(bytes, end), StandardCharsets.UTF_8);
    int number = 0;
    for (String line : (Iterable<String>) text.lines()::iterator) {
      number++;
      ObjectNode json = parsed(line, number);
      if (number == 1) {
        checkSame(json, asked);
      } else {
        replies.put(json.path("index").asText(), json);
      }
    }
    if (number == 0) {
      append(asked);
    }
  }

  private ObjectNode parsed(String line, int number) {
    try {
      JsonNode json = JSON.readTree(line);
      boolean reply = json.path("index").isTextual() && json.path("reply").isTextual();
      if (json instanceof ObjectNode object && (number == 1 || reply)) {
        return object;
      }
    } catch (JsonProcessingException e) {
      // The message below says it.
    }
    throw new DsVlmException(
        file + ": line " + number + " is no reply; delete the line, and its row is asked again");
  }

  private void checkSame(ObjectNode before, ObjectNode asked) {
    for (Map.Entry<String, JsonNode> one : asked.properties()) {
      JsonNode other = before.path(one.getKey());
      // As texts: a small number is read as another type than it was written as.
      if (!other.asText().equals(one.getValue().asText())) {
        throw new DsVlmException(
            String.format(
                Locale.ROOT,
                "%s: holds replies of another evaluation: its %s is %s, not %s; name another --out",
                file,
                one.getKey(),
                other.isMissingNode() ? "not there" : other,
                one.getValue()));
      }
    }
  }

  /** The reply to the row {@code index}, if there is one; it may be empty. */
  synchronized Optional<String> get(String index) {
    return Optional.ofNullable(replies.get(index)).map(json -> json.get("reply").textValue());
  }

  /** Keeps a reply. Several threads may write at once. */
  void put(String index, String reply) {
    add(JSON.createObjectNode().put("index", index).put("reply", reply));
  }

  /** Keeps that a row could not be asked; its reply is empty. */
  void fail(String index, String why) {
    add(JSON.createObjectNode().put("index", index).put("reply", "").put("error", why));
  }

  /** Why rows could not be asked, by their index. */
  synchronized Map<String, String> failures() {
    Map<String, String> failures = new LinkedHashMap<>();
    replies.forEach(
        (index, json) -> {
          if (json.has("error")) {
            failures.put(index, json.get("error").textValue());
          }
        });
    return failures;
  }

  private synchronized void add(ObjectNode json) {
    replies.put(json.get("index").textValue(), json);
    try {
      append(json);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be written: " + AtomicFiles.reason(e), e);
    }
  }

  private void append(ObjectNode json) throws IOException {
    ByteBuffer line = ByteBuffer.wrap((json + "\n").getBytes(StandardCharsets.UTF_8));
    while (line.hasRemaining()) {
      channel.write(line);
    }
    if (System.nanoTime() - syncedAt > SYNC_EVERY_NANOS) {
      channel.force(false);
      syncedAt = System.nanoTime();
    }
  }

  /** Waits until all is on disk. */
  void sync() {
    try {
      channel.force(false);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be written: " + AtomicFiles.reason(e), e);
    }
  }

  /** Takes over the replies of {@code other} that are not here. */
  void addAll(AnswerLog other) {
    other.replies.forEach(
        (index, json) -> {
          if (!replies.containsKey(index)) {
            add(json);
          }
        });
  }

  /** Writes the log anew, replies in the order of {@code indices}: the same after any run. */
  synchronized void arrange(ObjectNode asked, Iterable<String> indices) {
    StringBuilder text = new StringBuilder(asked + "\n");
    for (String index : indices) {
      if (replies.containsKey(index)) {
        text.append(replies.get(index)).append('\n');
      }
    }
    AtomicFiles.text(file, text.toString());
  }

  @Override
  public void close() {
    try {
      channel.force(false);
      channel.close();
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be closed: " + AtomicFiles.reason(e), e);
    }
  }
}
