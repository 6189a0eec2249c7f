/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * Reads recipes: the defaults, over them the recipe's file, over that the command line's {@code
 * key=value}. A key that the defaults lack is an error. What a file {@code extends} (a name or a
 * list of names: recipes, their parts such as {@code language/qwen2-7b}, or other files) comes
 * before its own keys, in the order given.
 */
public final class RecipeReader {
  private static final String FOLDER = "/org/dsvlm/recipes/";
  private static final String DEFAULTS = "defaults";
  private static final String EXTENDS = "extends";

  /** Names of recipes and parts; a file's ending is none of theirs. */
  private static final Pattern BUILT_IN = Pattern.compile("([a-z0-9-]+/)?[a-z0-9.-]+");

  private static final YAMLMapper YAML = StrictJson.yaml();

  private static final JsonMapper BINDER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .build();

  private RecipeReader() {}

  /** Recipes that come with the library. */
  public static List<String> names() {
    return RecipeCatalogue.names();
  }

  /** Whether {@code recipe} is a name of {@link #names()} or a file. */
  public static boolean exists(String recipe) {
    return names().contains(recipe) || Files.isRegularFile(FilePath.of("the recipe", recipe));
  }

  /**
   * The resolved tree of {@code recipe}, a name of {@link #names()} or the path of a YAML file.
   *
   * @param overrides {@code key=value}, keys dotted, values of the default's type
   * @throws DsVlmException for an unknown recipe, an unknown key (naming the nearest known one), or
   *     a value of another type
   */
  public static ObjectNode resolve(String recipe, List<String> overrides) {
    RecipeTree tree = new RecipeTree(defaults());
    if (!exists(recipe)) {
      throw unknown(recipe);
    }
    lay(tree, recipe, null, List.of());
    overrides.forEach(tree::override);
    return tree.root();
  }

  /** The values of {@code recipe} by dotted key, in its order. */
  public static Map<String, JsonNode> leaves(ObjectNode recipe) {
    Map<String, JsonNode> leaves = new LinkedHashMap<>();
    collect(recipe, "", leaves);
    return leaves;
  }

  private static void collect(ObjectNode tree, String path, Map<String, JsonNode> leaves) {
    for (Map.Entry<String, JsonNode> entry : tree.properties()) {
      if (entry.getValue() instanceof ObjectNode below) {
        collect(below, path + entry.getKey() + ".", leaves);
      } else {
        leaves.put(path + entry.getKey(), entry.getValue());
      }
    }
  }

  /** Every key with its default. */
  public static ObjectNode defaults() {
    return builtIn(DEFAULTS);
  }

  /** The error for a recipe that does not exist; it names the nearest that does. */
  public static DsVlmException unknown(String recipe) {
    return new DsVlmException(
        "no recipe '"
            + recipe
            + "': the nearest is '"
            + Nearest.to(recipe, names())
            + "' (dsvlm recipes lists them all), or give the path of a YAML file");
  }

  /**
   * Lays what {@code name} extends over {@code tree}, then its own keys.
   *
   * @param from the file that extends it; null for the recipe itself and for built-in ones
   * @param above what is being extended, for messages and to find circles
   */
  private static void lay(RecipeTree tree, String name, @Nullable Path from, List<String> above) {
    Path named = FilePath.of((from == null ? "recipe" : from.toString()) + ": extends", name);
    Path file = from == null ? named : from.resolveSibling(named);
    boolean isFile = !isBuiltIn(name) && Files.isRegularFile(file);
    if (!isFile && !isBuiltIn(name)) {
      throw new DsVlmException(
          above.get(above.size() - 1)
              + ": extends '"
              + name
              + "', which is neither a recipe, nor a part of one, nor the file "
              + file);
    }
    String where = isFile ? file.toString() : "recipe " + name;
    if (above.contains(where)) {
      throw new DsVlmException(where + ": extends itself, by way of " + above);
    }
    ObjectNode own = isFile ? read(file) : builtIn(name);
    List<String> path = new ArrayList<>(above);
    path.add(where);
    for (String base : bases(own, where)) {
      lay(tree, base, isFile ? file : null, path);
    }
    tree.merge(own, where);
  }

  /** Takes out of {@code own} what it extends. */
  private static List<String> bases(ObjectNode own, String where) {
    JsonNode bases = own.remove(EXTENDS);
    if (bases == null) {
      return List.of();
    }
    List<String> names = new ArrayList<>();
    for (JsonNode base : bases.isArray() ? bases : List.of(bases)) {
      if (!base.isTextual()) {
        throw new DsVlmException(
            where + ": '" + EXTENDS + "' takes a name or a list of names, not " + bases);
      }
      names.add(base.textValue());
    }
    return names;
  }

  /** The tree in the YAML file {@code file}, as it stands. */
  public static ObjectNode read(Path file) {
    try {
      return parse(InputFiles.text(file), file.toString());
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** {@code tree} as YAML text. */
  public static String yaml(ObjectNode tree) {
    try {
      return YAML.writeValueAsString(tree);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The typed recipe of a resolved tree, the prefixes of {@link Place} replaced.
   *
   * @throws DsVlmException for a value that makes no sense, naming its key
   */
  public static Recipe bind(ObjectNode tree) {
    Recipe recipe = typed(tree);
    try {
      new StageRules(recipe).check();
    } catch (DsVlmException e) {
      throw new DsVlmException("recipe: " + e.getMessage(), e);
    }
    return recipe;
  }

  private static Recipe typed(ObjectNode tree) {
    try {
      return BINDER.treeToValue(Place.resolved(tree), Recipe.class);
    } catch (JsonProcessingException e) {
      String place = place(e);
      if (e.getCause() instanceof DsVlmException reason) {
        String section = place.isEmpty() ? "" : place + ".";
        throw new DsVlmException("recipe: " + section + reason.getMessage(), e);
      }
      throw new DsVlmException("recipe: " + place + ": " + StrictJson.problem(e), e);
    }
  }

  /** The dotted key at which binding failed; empty at the top. */
  private static String place(JsonProcessingException e) {
    return e instanceof JsonMappingException mapping
        ? mapping.getPath().stream()
            .map(JsonMappingException.Reference::getFieldName)
            .filter(Objects::nonNull)
            .collect(Collectors.joining("."))
        : "";
  }

  /** The mapping in the YAML {@code text}, which messages call {@code where}. */
  public static ObjectNode parse(String text, String where) {
    try {
      JsonNode tree = StrictJson.yaml(text);
      if (tree instanceof ObjectNode object) {
        return object;
      }
      throw new DsVlmException(where + ": not a YAML mapping of keys to values");
    } catch (JsonProcessingException e) {
      String line = e.getLocation() == null ? "" : " in line " + e.getLocation().getLineNr();
      throw new DsVlmException(where + ": broken YAML" + line + ": " + StrictJson.problem(e), e);
    }
  }

  /** A scalar or list as YAML reads it. */
  static JsonNode value(String text, String where) {
    try {
      return StrictJson.yaml(text);
    } catch (JsonProcessingException e) {
      throw new DsVlmException(where + ": '" + text + "' is no value: " + StrictJson.problem(e), e);
    }
  }

  private static boolean isBuiltIn(String name) {
    return RecipeCatalogue.parts(name) != null
        || (BUILT_IN.matcher(name).matches()
            && RecipeReader.class.getResource(FOLDER + name + ".yaml") != null);
  }

  private static ObjectNode builtIn(String name) {
    List<String> parts = RecipeCatalogue.parts(name);
    if (parts != null) {
      ObjectNode composed = YAML.createObjectNode();
      parts.forEach(composed.putArray(EXTENDS)::add);
      return composed;
    }
    try (InputStream stream = RecipeReader.class.getResourceAsStream(FOLDER + name + ".yaml")) {
      if (stream == null) {
        throw new DsVlmException("recipe " + name + " is missing from this build");
      }
      return parse(new String(stream.readAllBytes(), StandardCharsets.UTF_8), "recipe " + name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
