/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.judge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.HeldFolders;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.Sha256;
import org.dsvlm.io.StrictJson;

/**
 * The judge's replies in a file, a line of JSON for each, written as they come. A run that was
 * stopped finds there what it need not ask again; a line that was cut off is dropped.
 */
final class ReplyLog implements AutoCloseable {
  private static final ObjectMapper MAPPER = StrictJson.json();

  private final Path file;
  private final FileChannel channel;
  private final Map<String, String> replies = new HashMap<>();

  ReplyLog(Path file) {
    this.file = file;
    try {
      HeldFolders.createDirectories(file.toAbsolutePath().resolveSibling(""));
      channel =
          InputFiles.channel(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      readBack();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void readBack() throws IOException {
    byte[] bytes = InputFiles.bytes(file);
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] != '\n') {
      end--;
    }
    channel.truncate(end);
    channel.position(end);
    int number = 0;
    for (String line : new String(bytes, 0, end, StandardCharsets.UTF_8).split("\n")) {
      number++;
      if (!line.isBlank()) {
        JsonNode json = json(line, number);
        String key = key(json.path("row").asText(), json.path("asked").asText());
        replies.put(key, json.path("reply").asText());
      }
    }
  }

  private JsonNode json(String line, int number) {
    try {
      return MAPPER.readTree(line);
    } catch (JsonProcessingException e) {
      throw new DsVlmException(
          file + ": line " + number + " is no JSON; delete that line, its row is asked again", e);
    }
  }

  /** The reply to that row, if it was asked the same before. */
  synchronized Optional<String> get(JudgeRequest request) {
    return Optional.ofNullable(replies.get(key(request.row(), hash(request))));
  }

  synchronized void put(JudgeRequest request, String model, String reply) {
    String hash = hash(request);
    String line =
        MAPPER
                .createObjectNode()
                .put("row", request.row())
                .put("reply", reply)
                .put("model", model)
                .put("asked", hash)
                .toString()
            + "\n";
    try {
      ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw failed(e);
    }
    replies.put(key(request.row(), hash), reply);
  }

  Path file() {
    return file;
  }

  private static String key(String row, String hash) {
    return hash + " " + row;
  }

  /** Names what the judge was told about a row. */
  static String hash(JudgeRequest request) {
    byte[] digest = Sha256.digest().digest(request.text().getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest, 0, 8);
  }

  private DsVlmException failed(IOException e) {
    return new DsVlmException(
        file + ": the judge's replies cannot be kept: " + AtomicFiles.reason(e), e);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
