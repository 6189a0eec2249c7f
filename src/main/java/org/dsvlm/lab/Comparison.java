/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.train.recipe.RecipeReader;

/**
 * Arms that are compared: they differ in what their overrides say and in nothing else.
 *
 * @param key its name on the command line
 * @param title the heading of its page
 * @param asks what is asked, in a sentence or two
 * @param recipe the recipe that all arms start from
 * @param seeds how many each arm is run with, unless the command line says otherwise
 * @param alone whether its arms are run one at a time, because time is what is measured
 * @param strip whether the held-out film strips are kept
 * @param measures the columns of its table
 */
record Comparison(
    String key,
    String title,
    String asks,
    String recipe,
    int seeds,
    boolean alone,
    boolean strip,
    List<Arm> arms,
    List<Measure> measures,
    List<Claim> claims,
    PaperTable paper) {
  /** The built-in ones, in the order of the paper. */
  static final List<String> NAMES =
      List.of(
          "table1",
          "table3",
          "table4",
          "table5",
          "table6",
          "table7",
          "table8",
          "table9",
          "figure5",
          "losses",
          "settings");

  private static final Set<String> KEYS =
      Set.of(
          "title",
          "asks",
          "recipe",
          "seeds",
          "alone",
          "strip",
          "arms",
          "measures",
          "claims",
          "paper");

  /** The built-in comparison of that name, or the one that a YAML file describes. */
  static Comparison named(String name) {
    if (NAMES.contains(name)) {
      String file = name + ".yaml";
      try (InputStream stream = Comparison.class.getResourceAsStream(file)) {
        if (stream == null) {
          throw new DsVlmException(file + " is missing from this build");
        }
        String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        return parse(name, RecipeReader.parse(text, file), file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    Path file = FilePath.of("the laboratory's file", name);
    if (!Files.isRegularFile(file)) {
      throw new DsVlmException(
          "no comparison '" + name + "'; known: " + NAMES + ", all, or the path of a YAML file");
    }
    String key = file.getFileName().toString().replaceFirst("\\.ya?ml$", "");
    return parse(key, RecipeReader.read(file), name);
  }

  private static Comparison parse(String key, ObjectNode tree, String where) {
    Set<String> unknown = new TreeSet<>();
    tree.fieldNames().forEachRemaining(unknown::add);
    unknown.removeAll(KEYS);
    if (!unknown.isEmpty()) {
      throw new DsVlmException(where + ": unknown keys " + unknown + "; known: " + KEYS);
    }
    List<Arm> arms = arms(tree.path("arms"), where);
    Set<String> names = new TreeSet<>(arms.stream().map(Arm::name).toList());
    List<Measure> measures =
        texts(tree.path("measures")).stream().map(name -> Measure.named(name, where)).toList();
    if (arms.isEmpty() || measures.isEmpty()) {
      throw new DsVlmException(where + ": needs arms and measures");
    }
    List<Claim> claims = new ArrayList<>();
    for (JsonNode claim : tree.path("claims")) {
      claims.add(
          new Claim(
              arm(claim, "better", names, where),
              arm(claim, "than", names, where),
              Measure.named(claim.path("measure").asText(), where)));
    }
    return new Comparison(
        key,
        tree.path("title").asText(key),
        tree.path("asks").asText(),
        tree.path("recipe").asText("nano-lab"),
        tree.path("seeds").asInt(3),
        tree.path("alone").asBoolean(),
        tree.path("strip").asBoolean(),
        arms,
        measures,
        List.copyOf(claims),
        paper(tree.path("paper"), names, where));
  }

  private static List<Arm> arms(JsonNode tree, String where) {
    List<Arm> arms = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : tree.properties()) {
      if (!entry.getValue().isArray()) {
        throw new DsVlmException(
            where + ": arms." + entry.getKey() + " takes a list of key=value, also an empty one");
      }
      arms.add(new Arm(entry.getKey(), texts(entry.getValue())));
    }
    return List.copyOf(arms);
  }

  private static String arm(JsonNode claim, String key, Set<String> names, String where) {
    String name = claim.path(key).asText();
    if (!names.contains(name)) {
      throw new DsVlmException(
          where + ": claims: " + key + " is '" + name + "', none of the arms " + names);
    }
    return name;
  }

  private static PaperTable paper(JsonNode tree, Set<String> names, String where) {
    Map<String, List<String>> figures = new LinkedHashMap<>();
    List<String> columns = texts(tree.path("columns"));
    for (Map.Entry<String, JsonNode> row : tree.path("figures").properties()) {
      List<String> cells = texts(row.getValue());
      if (!names.contains(row.getKey()) || cells.size() != columns.size()) {
        throw new DsVlmException(
            String.format(
                Locale.ROOT,
                "%s: paper.figures.%s has to be one of the arms %s, with %d cells",
                where,
                row.getKey(),
                names,
                columns.size()));
      }
      figures.put(row.getKey(), cells);
    }
    return new PaperTable(tree.path("says").asText(), columns, figures);
  }

  private static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(item -> texts.add(item.asText()));
    return List.copyOf(texts);
  }
}
