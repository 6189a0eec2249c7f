/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.io.Sha256;

/** The list of a folder's files with their lengths and SHA-256, in {@code manifest.json}. */
final class Manifest {
  private static final String FILE = "manifest.json";
  private static final String BYTES = "bytes";
  private static final String SHA256 = "sha256";

  private Manifest() {}

  /** Lists what {@code folder} holds now. */
  static void write(Path folder) throws IOException {
    ObjectNode manifest = new ObjectMapper().createObjectNode();
    try (Stream<Path> children = Files.list(folder)) {
      for (Path file : children.sorted().toList()) {
        manifest
            .putObject(file.getFileName().toString())
            .put(BYTES, Files.size(file))
            .put(SHA256, Sha256.hex(file));
      }
    }
    Files.writeString(folder.resolve(FILE), manifest.toPrettyString());
  }

  /**
   * Compares {@code folder} with its list.
   *
   * @param demanded files that the list has to have
   * @throws DsVlmException if a file is not listed, missing, of another length or of another
   *     content
   */
  static void verify(Path folder, List<String> demanded) {
    JsonNode manifest = JsonConfig.read(folder.resolve(FILE)).json();
    for (String name : demanded) {
      if (!manifest.path(name).isObject()) {
        throw new DsVlmException(
            folder.resolve(FILE)
                + ": does not list "
                + name
                + ", so nothing tells whether it is whole; delete "
                + folder
                + " to go on from what is before it");
      }
    }
    for (Map.Entry<String, JsonNode> entry : manifest.properties()) {
      Path file = folder.resolve(entry.getKey());
      String fault = fault(file, entry.getValue());
      if (!fault.isEmpty()) {
        throw new DsVlmException(
            file + ": " + fault + "; delete " + folder + " to go on from what is before it");
      }
    }
  }

  private static String fault(Path file, JsonNode listed) {
    try {
      if (!Files.isRegularFile(file)) {
        return "is missing";
      }
      long bytes = listed.path(BYTES).asLong(-1);
      if (Files.size(file) != bytes) {
        return "has " + Files.size(file) + " bytes, but " + FILE + " says " + bytes;
      }
      String sha256 = listed.path(SHA256).asText();
      String found = Sha256.hex(file);
      return found.equals(sha256)
          ? ""
          : "is damaged: SHA-256 " + found + ", but " + FILE + " says " + sha256;
    } catch (IOException e) {
      return "cannot be read: " + e.getMessage();
    }
  }
}
