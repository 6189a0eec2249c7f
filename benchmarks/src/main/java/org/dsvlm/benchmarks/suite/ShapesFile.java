/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.dsvlm.benchmarks.AttentionShape;
import org.dsvlm.benchmarks.MapShape;

/**
 * Shapes that a user wants compared, a JSON list. Attention: {@code {"op": "moe_cross_attention",
 * "batch": 1, "queries": 4096, "heads": 8, "head_dim": 40, "tokens": [576, 576], "dtype":
 * "float32"}}. Pictures and feature maps: {@code {"op": "ssim", "batch": 4, "channels": 3,
 * "height": 256, "width": 256, "dtype": "float32"}}, or another op on maps. Parameters of {@code
 * adamw} and {@code gradient_norms} are written as maps are.
 */
final class ShapesFile {
  /** The kernels take no larger heads and no more contexts. */
  private static final int MAX_HEAD_DIM = 256;

  private static final int MAX_CONTEXTS = 8;

  /** Of {@code group_norm_silu}. */
  private static final int GROUPS = 32;

  /** SSIM's window. */
  private static final int WINDOW = 11;

  private static final Set<String> TYPES = new TreeSet<>(Set.of("float32", "bfloat16"));

  private final ObjectMapper mapper =
      new ObjectMapper().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
  private final Path file;

  private ShapesFile(Path file) {
    this.file = file;
  }

  /**
   * The cases of {@code file}, each shape forward and backward and forward alone.
   *
   * @throws UsageException naming file, entry and key of what is wrong
   */
  static List<Case> read(Path file) {
    return new ShapesFile(file).cases();
  }

  private List<Case> cases() {
    JsonNode list = json();
    if (!list.isArray() || list.isEmpty()) {
      throw new UsageException(file + ": has to be a JSON list of at least one shape");
    }
    Set<Case> cases = new LinkedHashSet<>();
    for (int i = 0; i < list.size(); i++) {
      Entry entry = new Entry(list.get(i), file + ", entry " + i);
      Operation operation = entry.operation();
      String shape = entry.shape(operation);
      String dtype = entry.dtype();
      operation.modes().forEach(mode -> cases.add(new Case(operation, mode, shape, dtype)));
    }
    return List.copyOf(cases);
  }

  private JsonNode json() {
    try {
      return mapper.readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new UsageException(
          file
              + ": is no JSON: line "
              + (e.getLocation() == null ? "?" : e.getLocation().getLineNr())
              + ": "
              + e.getOriginalMessage(),
          e);
    } catch (IOException e) {
      throw new UsageException(file + ": cannot be read: " + e, e);
    }
  }

  /** One shape of the list. */
  private record Entry(JsonNode json, String where) {
    Operation operation() {
      if (!json.isObject()) {
        throw new UsageException(where + ": is no JSON object");
      }
      String op = text("op");
      Operation operation = Operation.named(op, where);
      if (!Operation.shapedStems().contains(op)) {
        throw new UsageException(
            where
                + ": op '"
                + op
                + "' has no shape to choose; these have: "
                + Operation.shapedStems());
      }
      return operation;
    }

    String shape(Operation operation) {
      return operation.form() == Operation.Form.ATTENTION ? attention() : maps(operation);
    }

    private String attention() {
      knownKeys(List.of("op", "batch", "queries", "heads", "head_dim", "tokens", "dtype"));
      long headDim = size("head_dim");
      atMost("head_dim", headDim, MAX_HEAD_DIM);
      JsonNode tokens = json.path("tokens");
      if (!tokens.isArray() || tokens.isEmpty()) {
        throw error("tokens", "has to be a list with the tokens of each context");
      }
      atMost("tokens", tokens.size(), MAX_CONTEXTS);
      List<Long> contexts = new ArrayList<>();
      for (JsonNode count : tokens) {
        contexts.add(size("tokens", count));
      }
      return new AttentionShape(size("batch"), size("queries"), size("heads"), headDim, contexts)
          .toString();
    }

    private String maps(Operation operation) {
      knownKeys(List.of("op", "batch", "channels", "height", "width", "dtype"));
      MapShape shape = new MapShape(size("batch"), size("channels"), size("height"), size("width"));
      if (operation == Operation.SSIM && Math.min(shape.height(), shape.width()) < WINDOW) {
        throw error("height", "and width have to be " + WINDOW + " or more: SSIM's window");
      }
      if (operation == Operation.GROUP_NORM_SILU && shape.channels() % GROUPS != 0) {
        throw error("channels", "have to be a multiple of the " + GROUPS + " groups");
      }
      return shape.toString();
    }

    String dtype() {
      String dtype = text("dtype");
      if (!TYPES.contains(dtype)) {
        throw error("dtype", "is '" + dtype + "'; known: " + TYPES);
      }
      return dtype;
    }

    private void knownKeys(List<String> known) {
      json.fieldNames()
          .forEachRemaining(
              key -> {
                if (!known.contains(key)) {
                  throw error(key, "is no key of this op; known: " + known);
                }
              });
    }

    private String text(String key) {
      JsonNode value = json.path(key);
      if (!value.isTextual()) {
        throw error(key, value.isMissingNode() ? "is missing" : "is " + value + ", not a text");
      }
      return value.textValue();
    }

    private long size(String key) {
      return size(key, json.path(key));
    }

    private long size(String key, JsonNode value) {
      if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 1) {
        throw error(
            key,
            value.isMissingNode()
                ? "is missing"
                : "is " + value + ", not a whole number from 1 up");
      }
      return value.intValue();
    }

    private void atMost(String key, long value, int most) {
      if (value > most) {
        throw error(key, "is " + value + "; the operator takes at most " + most);
      }
    }

    private UsageException error(String key, String problem) {
      return new UsageException(where + ": '" + key + "' " + problem);
    }
  }
}
