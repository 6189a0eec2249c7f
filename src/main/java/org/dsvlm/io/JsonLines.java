/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Files of one JSON value a line, to which a run adds while it goes. */
public final class JsonLines {
  private static final Logger LOG = LoggerFactory.getLogger(JsonLines.class);
  private static final ObjectMapper JSON = StrictJson.json();

  private JsonLines() {}

  /**
   * Gives {@code each} the values in {@code file}; without the file there are none. A last line
   * that is not whole, as a killed process leaves it, or one that writes just now, is passed over;
   * so is any other that is no JSON, with a line in the log.
   *
   * @throws DsVlmException if the file cannot be read
   */
  public static void read(Path file, Consumer<JsonNode> each) {
    if (!Files.exists(file)) {
      return;
    }
    // Half a line may end in half a character, which a decoder of files would refuse.
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(InputFiles.stream(file), StandardCharsets.UTF_8))) {
      long number = 1;
      for (String line = lines.readLine(); line != null; number++) {
        String next = lines.readLine();
        try {
          each.accept(JSON.readTree(line));
        } catch (JsonProcessingException e) {
          if (next != null) {
            LOG.warn("{}: line {} is no JSON and is passed over", file, number);
          }
        }
        line = next;
      }
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
