/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/recipes.md against the keys that there are. */
class RecipePageTest {
  private static final Pattern ROW =
      Pattern.compile("\\| `([a-z0-9_.]+)` \\| ([a-z ]+) \\| `(.+?)` \\| (.+) \\|");

  /** A row of the page. */
  private record Row(String type, JsonNode value) {}

  @Test
  void thePageListsEveryKeyWithItsTypeAndDefault() throws IOException {
    Map<String, Row> documented = new LinkedHashMap<>();
    for (String line : Files.readAllLines(Path.of("docs/recipes.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        Row before =
            documented.put(
                row.group(1),
                new Row(row.group(2), RecipeReader.value(row.group(3), "docs/recipes.md")));
        assertThat(before).as("second row of " + row.group(1)).isNull();
      }
    }
    Map<String, Row> known = new LinkedHashMap<>();
    collect(RecipeReader.defaults(), "", known);
    assertThat(documented).containsExactlyInAnyOrderEntriesOf(known);
    assertThat(documented.keySet()).as("order").containsExactlyElementsOf(known.keySet());
  }

  private static void collect(ObjectNode tree, String path, Map<String, Row> known) {
    for (Map.Entry<String, JsonNode> entry : tree.properties()) {
      JsonNode value = entry.getValue();
      if (value instanceof ObjectNode below && !below.isEmpty()) {
        collect(below, path + entry.getKey() + ".", known);
      } else {
        known.put(path + entry.getKey(), new Row(type(value), value));
      }
    }
  }

  private static String type(JsonNode value) {
    return switch (value.getNodeType()) {
      case BOOLEAN -> "true or false";
      case ARRAY -> "list";
      case OBJECT -> "mapping";
      case NULL -> "number or null";
      case NUMBER -> value.isIntegralNumber() ? "whole number" : "number";
      default -> "text";
    };
  }
}
