/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The packages in {@code docs/architecture.md} are those of the code. */
class PackageGraphTest {
  private static final Path PAGE = Path.of("docs/architecture.md");
  private static final Pattern JAVADOC = Pattern.compile("(?s)/\\*\\*(.*?)\\*/");

  /** Packages in the order of {@link ArchitectureTest#ROWS}, each with its Javadoc. */
  @Test
  void theTableHoldsThePackagesJavadoc() throws IOException {
    Map<String, Set<String>> found = imports();
    StringBuilder table = new StringBuilder("| package | holds |\n|---|---|\n");
    for (Set<String> row : ArchitectureTest.ROWS) {
      for (String name : new TreeSet<>(row)) {
        if (found.containsKey(name)) {
          table.append("| `%s` | %s |\n".formatted(name, javadoc(name)));
        }
      }
    }
    GeneratedText.isPart(PackageGraphTest.class, PAGE, "packages", table.append("\n").toString());
  }

  @Test
  void theGraphHoldsTheImports() throws IOException {
    StringBuilder graph = new StringBuilder("```mermaid\ngraph BT\n");
    reduced(imports())
        .forEach(
            (name, used) ->
                used.forEach(
                    other -> graph.append("  %s --> %s\n".formatted(node(name), node(other)))));
    GeneratedText.isPart(
        PackageGraphTest.class, PAGE, "package graph", graph.append("```\n\n").toString());
  }

  private static String node(String name) {
    return "%s[%s]".formatted(name.replace('.', '_'), name);
  }

  private static String javadoc(String name) throws IOException {
    Path file = Path.of("src/main/java/org/dsvlm", name.replace('.', '/'), "package-info.java");
    assertThat(file).as("each package says what it holds").exists();
    Matcher javadoc = JAVADOC.matcher(Files.readString(file));
    assertThat(javadoc.find()).as("Javadoc of %s", file).isTrue();
    return javadoc
        .group(1)
        .replaceAll("\\s*\n \\* ?", " ")
        .replaceAll("\\{@\\w+ ([^}]*)\\}", "`$1`")
        .strip();
  }

  /** The packages that each imports directly. */
  private static Map<String, Set<String>> imports() {
    Map<String, Set<String>> imports = new TreeMap<>();
    for (JavaClass type : ArchitectureTest.PRODUCTION) {
      Set<String> used = imports.computeIfAbsent(name(type), other -> new TreeSet<>());
      type.getDirectDependenciesFromSelf().stream()
          .map(dependency -> dependency.getTargetClass())
          .filter(target -> target.getPackageName().startsWith(ArchitectureTest.ROOT))
          .map(PackageGraphTest::name)
          .filter(other -> !other.equals(name(type)))
          .forEach(used::add);
    }
    return imports;
  }

  private static String name(JavaClass type) {
    return type.getPackageName().substring(ArchitectureTest.ROOT.length());
  }

  /** Without the arrows that a longer way replaces; there are no circles. */
  private static Map<String, Set<String>> reduced(Map<String, Set<String>> imports) {
    Map<String, Set<String>> reduced = new TreeMap<>();
    imports.forEach(
        (name, used) -> {
          Set<String> kept = new TreeSet<>(used);
          used.forEach(other -> kept.removeAll(reached(other, imports)));
          reduced.put(name, kept);
        });
    return reduced;
  }

  private static Set<String> reached(String name, Map<String, Set<String>> imports) {
    Set<String> reached = new TreeSet<>();
    List<String> next = List.copyOf(imports.getOrDefault(name, Set.of()));
    for (String other : next) {
      reached.add(other);
      reached.addAll(reached(other, imports));
    }
    return reached;
  }
}
