/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** docs/paper.md against the recipes and keys that there are. */
class PaperPageTest {
  private static final Path PAGE = Path.of("docs/paper.md");
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");
  private static final Pattern TABLE = Pattern.compile("\\| (\\d) \\| ([^|]+) \\| ([^|]+) \\|");
  private static final Pattern CHOICE = Pattern.compile("\\{([^{}]*)\\}");
  private static final Pattern RECIPE = Pattern.compile("(llava|ds-vlm)-[a-z0-9.-]+");
  private static final Pattern KEY = Pattern.compile("[a-z0-9_]+(\\.[a-z0-9_]+)+");

  /** Recipes of each table of the paper: its rows, times encoders, language models and data. */
  private static final Map<Integer, Integer> RECIPES_OF_TABLE =
      Map.of(1, 32, 3, 30, 4, 6, 5, 4, 6, 6, 7, 6, 8, 4, 9, 4);

  private static List<String> expanded(String name) {
    Matcher choice = CHOICE.matcher(name);
    if (!choice.find()) {
      return List.of(name);
    }
    List<String> all = new ArrayList<>();
    for (String word : choice.group(1).split(",")) {
      all.addAll(expanded(name.substring(0, choice.start()) + word + name.substring(choice.end())));
    }
    return all;
  }

  private static List<String> recipesIn(String text) {
    List<String> recipes = new ArrayList<>();
    Matcher code = CODE.matcher(text);
    while (code.find()) {
      expanded(code.group(1)).stream()
          .filter(name -> RECIPE.matcher(name).matches())
          .forEach(recipes::add);
    }
    return recipes;
  }

  static Set<String> named() throws IOException {
    return new TreeSet<>(recipesIn(Files.readString(PAGE)));
  }

  @ParameterizedTest
  @MethodSource("named")
  void everyRecipeThatThePageNamesIsThere(String name) {
    RecipeReader.bind(RecipeReader.resolve(name, List.of()));
  }

  @Test
  void everyRowOfThePapersTablesHasItsRecipes() throws IOException {
    Map<Integer, Integer> found = new TreeMap<>();
    for (String line : Files.readAllLines(PAGE)) {
      Matcher row = TABLE.matcher(line);
      if (row.matches()) {
        List<String> recipes = recipesIn(row.group(3));
        assertThat(recipes).as(line).isNotEmpty().doesNotHaveDuplicates();
        found.merge(Integer.parseInt(row.group(1)), recipes.size(), Integer::sum);
      }
    }
    assertThat(found).containsExactlyInAnyOrderEntriesOf(RECIPES_OF_TABLE);
  }

  /** A variant that no page names would not be found. */
  @Test
  void everyVariantIsNamed() throws IOException {
    Set<String> variants = new TreeSet<>();
    for (String name : RecipeReader.names()) {
      List<String> parts = RecipeCatalogue.parts(name);
      if (parts != null && parts.stream().anyMatch(part -> part.startsWith("variant/"))) {
        variants.add(name);
      }
    }
    assertThat(named()).containsAll(variants);
    assertThat(variants).hasSize(2 * (14 + 8));
  }

  @Test
  void everyKeyThatThePageNamesIsThere() throws IOException {
    String page = Files.readString(PAGE);
    String settings = page.substring(page.indexOf("\n## Settings"));
    Set<String> keys = RecipeReader.leaves(RecipeReader.defaults()).keySet();
    Matcher code = CODE.matcher(settings);
    int count = 0;
    while (code.find()) {
      if (KEY.matcher(code.group(1)).matches()) {
        assertThat(keys).contains(code.group(1));
        count++;
      }
    }
    assertThat(count).isGreaterThan(10);
  }
}
