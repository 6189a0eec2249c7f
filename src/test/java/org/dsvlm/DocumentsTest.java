/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Links, paths and tests that the documents name exist, and the index has every document; {@link
 * DocumentedCommandsTest} has their commands.
 */
class DocumentsTest {
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern CODE = Pattern.compile("`([^`\n]+(?:\n[^`\n]+)?)`");
  private static final Pattern PATH =
      Pattern.compile(
          "(?<![\\w./-])(?:docs|src|native|tools|benchmarks|cmake|\\.ci)/[\\w./-]*[\\w/]");
  private static final Pattern TEST = Pattern.compile("\\b([A-Z]\\w+Test)\\b");
  private static final Pattern TYPE = Pattern.compile("[A-Z][a-z]+(?:[A-Z][a-z]+)+");

  /** Documents whose names in code are all the project's own. */
  private static final Set<String> OWN_NAMES = Set.of("architecture.md", "glossary.md", "paper.md");

  private static final Set<String> SOURCES = names("src", "benchmarks/src");

  static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>();
    for (String folder : List.of("", "docs", "benchmarks")) {
      try (Stream<Path> files = Files.list(Path.of(folder))) {
        files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
      }
    }
    return documents;
  }

  @ParameterizedTest
  @MethodSource("documents")
  void linksLeadSomewhere(Path document) throws IOException {
    Matcher link = LINK.matcher(Files.readString(document));
    while (link.find()) {
      String target = link.group(1);
      if (target.contains("://")) {
        continue;
      }
      int mark = target.indexOf('#');
      String path = mark < 0 ? target : target.substring(0, mark);
      Path file = path.isEmpty() ? document : document.resolveSibling(path).normalize();
      assertThat(file).as("%s: link to %s", document, target).exists();
      if (mark >= 0) {
        assertThat(anchors(file))
            .as("%s: link to %s", document, target)
            .contains(target.substring(mark + 1));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("documents")
  void pathsExist(Path document) throws IOException {
    String text = Files.readString(document).replaceAll("\\w+://\\S+", "");
    Matcher path = PATH.matcher(text);
    while (path.find()) {
      boolean pattern = text.startsWith("*", path.end());
      String name =
          pattern ? path.group().substring(0, path.group().lastIndexOf('/')) : path.group();
      assertThat(Stream.of(Path.of(name), document.resolveSibling(name)))
          .as("%s names the path %s", document, path.group())
          .anyMatch(Files::exists);
    }
  }

  @ParameterizedTest
  @MethodSource("documents")
  void testsAndTypesExist(Path document) throws IOException {
    String text = Files.readString(document);
    Set<String> named = new TreeSet<>();
    Matcher test = TEST.matcher(text);
    while (test.find()) {
      named.add(test.group(1));
    }
    if (OWN_NAMES.contains(document.getFileName().toString())) {
      for (String code : inlineCode(text)) {
        Matcher type = TYPE.matcher(code);
        if (type.matches()) {
          named.add(code);
        }
      }
    }
    assertThat(SOURCES).as("Java files that %s names", document).containsAll(named);
  }

  /** The index has four rooms, and every page stands in one of them. */
  @Test
  void theIndexNamesEveryPageOnce() throws IOException {
    Path index = Path.of("docs/README.md");
    List<Path> named =
        LINK.matcher(Files.readString(index))
            .results()
            .map(link -> index.resolveSibling(link.group(1)).normalize())
            .toList();
    List<Path> pages = new ArrayList<>(documents());
    pages.removeAll(List.of(index, Path.of("README.md")));
    assertThat(named).containsExactlyInAnyOrderElementsOf(pages);
    assertThat(Files.readAllLines(index).stream().filter(line -> line.startsWith("## ")))
        .containsExactly("## Use", "## Understand", "## Extend", "## Reference");
  }

  private static List<String> inlineCode(String text) {
    return CODE.matcher(text).results().map(match -> match.group(1)).toList();
  }

  /** The anchors that GitHub gives the headings. */
  private static Set<String> anchors(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .filter(line -> line.matches("#+ .*"))
        .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT))
        .map(line -> line.replaceAll("[^\\w\\s-]", "").replace(' ', '-'))
        .collect(Collectors.toSet());
  }

  /** Names of the types in Java files, nested ones and those of benchmarks included. */
  private static Set<String> names(String... folders) {
    Set<String> names = new TreeSet<>();
    Pattern declared = Pattern.compile("\\b(?:class|interface|record|enum) ([A-Z]\\w*)");
    for (String folder : folders) {
      try (Stream<Path> files = Files.walk(Path.of(folder))) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          Matcher type = declared.matcher(Files.readString(file));
          while (type.find()) {
            names.add(type.group(1));
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return names;
  }
}
