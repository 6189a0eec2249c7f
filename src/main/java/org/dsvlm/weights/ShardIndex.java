/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.InputFiles;

/** Which file of a folder holds which tensor: {@code model.safetensors.index.json}. */
public final class ShardIndex {
  private ShardIndex() {}

  /**
   * Reads the index.
   *
   * @return the shard of each tensor, in the index's order
   * @throws DsVlmException if it is damaged, names a missing shard or points out of its folder
   */
  public static Map<String, Path> read(Path index) {
    Map<String, Path> shardOfTensor = new LinkedHashMap<>();
    Map<String, Path> known = new LinkedHashMap<>();
    stringsOf(index)
        .forEach(
            (name, value) ->
                shardOfTensor.put(
                    name, known.computeIfAbsent(value, shard -> shard(index, name, shard))));
    return shardOfTensor;
  }

  private static Map<String, String> stringsOf(Path index) {
    JsonFactory factory =
        JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // Names are the caller's: canonicalizing them would keep every name ever read.
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();
    Map<String, String> strings = new LinkedHashMap<>();
    boolean found = false;
    try (JsonParser json = factory.createParser(InputFiles.regular(index).toFile())) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new DsVlmException(index + ": is not a JSON object; fetch it again");
      }
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String field = json.currentName();
        JsonToken value = json.nextToken();
        if (field.equals("weight_map") && value == JsonToken.START_OBJECT) {
          found = true;
          readStrings(index, json, strings);
        } else {
          json.skipChildren();
        }
      }
      if (json.nextToken() != null) {
        throw new DsVlmException(index + ": something follows the JSON object; fetch it again");
      }
    } catch (IOException e) {
      String text = String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
      throw new DsVlmException(index + ": cannot be read: " + text + "; fetch it again", e);
    }
    if (!found) {
      throw new DsVlmException(
          index + ": has no object 'weight_map' that gives each tensor its file; fetch it again");
    }
    if (strings.isEmpty()) {
      throw new DsVlmException(index + ": weight_map names no tensor; fetch it again");
    }
    return strings;
  }

  private static void readStrings(Path index, JsonParser json, Map<String, String> strings)
      throws IOException {
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = json.currentName();
      if (json.nextToken() != JsonToken.VALUE_STRING) {
        throw new DsVlmException(
            index + ": weight_map entry '" + name + "' is not a file name; fetch it again");
      }
      strings.put(name, json.getText());
    }
  }

  private static Path shard(Path index, String name, String value) {
    String entry =
        index + ": weight_map entry '" + Excerpt.of(name) + "' names '" + Excerpt.of(value) + "'";
    Path folder = index.toAbsolutePath().resolveSibling("");
    Path relative = FilePath.of(index + ": weight_map entry '" + name + "'", value);
    Path shard = folder.resolve(relative).normalize();
    if (relative.isAbsolute()
        || value.contains("\\")
        || shard.equals(folder)
        || !shard.startsWith(folder.normalize())) {
      throw new DsVlmException(
          entry
              + ", which lies outside the folder; an index may name files of its own folder alone");
    }
    if (!Files.isRegularFile(shard)) {
      throw new DsVlmException(entry + ", which is missing; fetch that file into " + folder);
    }
    refuseEscapingLink(entry, folder, shard);
    return shard;
  }

  private static void refuseEscapingLink(String entry, Path folder, Path shard) {
    try {
      Path real = shard.toRealPath();
      for (Path root : roots(folder.toRealPath())) {
        if (real.startsWith(root)) {
          return;
        }
      }
      throw new DsVlmException(
          entry
              + ", a link to "
              + real
              + " outside the folder; copy the file itself into the folder");
    } catch (IOException e) {
      throw new DsVlmException(entry + ", which cannot be resolved: " + e.getMessage(), e);
    }
  }

  /**
   * The folders in which shards may lie: the index's own and, for a snapshot in the Hugging Face
   * hub's cache ({@code REPOSITORY/snapshots/REVISION}) or any folder in it, the repository's
   * blobs, to which the snapshot links.
   */
  private static List<Path> roots(Path folder) {
    List<Path> roots = new ArrayList<>(List.of(folder));
    for (Path above = folder.getParent(); above != null; above = above.getParent()) {
      if (above.endsWith("snapshots") && above.getParent() != null) {
        roots.add(above.resolveSibling("blobs"));
      }
    }
    return roots;
  }

  /** The index as the public tools write it: keys sorted, the total of the tensors' bytes. */
  public static String write(Map<String, String> shardOfTensor, long totalBytes) {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.putObject("metadata").put("total_size", totalBytes);
    ObjectNode map = root.putObject("weight_map");
    new TreeMap<>(shardOfTensor).forEach(map::put);
    return root.toPrettyString() + "\n";
  }
}
