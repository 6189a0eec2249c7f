/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/bad-inputs.md} says what the tests with {@link BadInput} pin, and nothing else. */
class BadInputsPageTest {
  private static final Path PAGE = Path.of("docs/bad-inputs.md");

  private static final List<Section> SECTIONS =
      List.of(
          new Section("Files of weights", 1, 26),
          new Section("Configurations and tokenizers", 27, 33),
          new Section("Training data", 34, 53),
          new Section("Runs, checkpoints and machines", 54, 66),
          new Section("Evaluation", 67, 76),
          new Section("Native operators", 77, 78),
          new Section("Bounded work, and what strangers send", 79, 93));

  private static final String HEAD =
      """
      # Bad inputs

      <!-- Written by `mvn test -Dtest=BadInputsPageTest -Ddsvlm.docs.write=true`; do not edit. -->

      The program takes each of these inputs as the table says, and a test pins it. An error is one
      message that names the file and, where there is one, the key, offset, line or record; the exit
      code is 1, or 2 for wrong usage. A bad record does not end a run: it is left out, counted, and
      written to the run's ledger with its reason ([training](training.md#the-records)). Numbers stay
      as they are, so other lists can refer to them. `mvn test -Dgroups=bad-input` runs these tests.
      """;

  private record Section(String title, int first, int last) {
    boolean holds(int number) {
      return first <= number && number <= last;
    }
  }

  private record Pinned(List<Integer> numbers, String value, String then) {
    static Pinned of(BadInput input) {
      return new Pinned(
          Arrays.stream(input.number()).sorted().boxed().toList(), input.value(), input.then());
    }
  }

  @Test
  void thePageIsWhatTheTestsPin() throws Exception {
    StringBuilder page = new StringBuilder(HEAD);
    for (Section section : SECTIONS) {
      page.append(section(section, tests()));
    }
    GeneratedText.isFile(BadInputsPageTest.class, PAGE, page.toString());
  }

  @Test
  void everyNumberBelongsToASection() throws Exception {
    for (Pinned pinned : tests().keySet()) {
      assertThat(pinned.numbers()).as(pinned.value()).isNotEmpty();
      assertThat(pinned.numbers())
          .as(pinned.value())
          .allMatch(number -> SECTIONS.stream().anyMatch(section -> section.holds(number)));
    }
  }

  @Test
  void noTestHasANumberForAName() throws Exception {
    assertThat(testMethods())
        .extracting(method -> method.getDeclaringClass().getName() + "." + method.getName())
        .noneMatch(name -> name.matches(".*\\.bad(Input)?\\d.*"));
  }

  private static String section(Section section, Map<Pinned, List<String>> tests) {
    StringBuilder table = new StringBuilder("\n## " + section.title() + "\n\n");
    TreeSet<Integer> open =
        IntStream.rangeClosed(section.first(), section.last())
            .boxed()
            .collect(Collectors.toCollection(TreeSet::new));
    List<Pinned> rows =
        tests.keySet().stream().filter(row -> section.holds(row.numbers().get(0))).toList();
    tests.keySet().forEach(row -> open.removeAll(row.numbers()));
    if (!rows.isEmpty()) {
      table.append("| | input | answer | test |\n|---|---|---|---|\n");
    }
    for (Pinned row : rows) {
      table.append(
          "| %s | %s | %s | %s |\n"
              .formatted(
                  row.numbers().stream().map(String::valueOf).collect(Collectors.joining(", ")),
                  escaped(row.value()),
                  escaped(row.then()),
                  String.join("<br>", tests.get(row))));
    }
    if (!open.isEmpty()) {
      table.append(rows.isEmpty() ? "" : "\n");
      table.append("No test pins these numbers yet: ");
      table.append(open.stream().map(String::valueOf).collect(Collectors.joining(", ")));
      table.append(".\n");
    }
    return table.toString();
  }

  private static String escaped(String text) {
    return text.replace("<", "&lt;").replace("|", "\\|");
  }

  /** The inputs in the order of their numbers, each with the tests that pin it. */
  private static Map<Pinned, List<String>> tests() throws Exception {
    Map<Pinned, List<String>> tests = new LinkedHashMap<>();
    testMethods().stream()
        .filter(method -> method.isAnnotationPresent(BadInput.class))
        .sorted(
            (one, other) ->
                Arrays.compare(
                    one.getAnnotation(BadInput.class).number(),
                    other.getAnnotation(BadInput.class).number()))
        .forEach(
            method ->
                tests
                    .computeIfAbsent(
                        Pinned.of(method.getAnnotation(BadInput.class)), row -> new ArrayList<>())
                    .add(link(method)));
    return tests;
  }

  private static String link(Method method) {
    Class<?> type = method.getDeclaringClass();
    return "[%s](../src/test/java/%s.java) `%s`"
        .formatted(type.getSimpleName(), type.getName().replace('.', '/'), method.getName());
  }

  /**
   * All methods of the test classes, by class and name: reflection gives them in no fixed order.
   */
  static List<Method> testMethods() throws IOException, URISyntaxException {
    Path classes =
        Path.of(BadInput.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (Stream<Path> files = Files.walk(classes)) {
      return files
          .map(file -> classes.relativize(file).toString())
          .filter(name -> name.endsWith("Test.class"))
          .map(name -> name.substring(0, name.length() - ".class".length()).replace('/', '.'))
          .sorted()
          .map(BadInputsPageTest::load)
          .flatMap(
              type ->
                  Arrays.stream(type.getDeclaredMethods())
                      .filter(method -> !method.isSynthetic())
                      .sorted((one, other) -> one.getName().compareTo(other.getName())))
          .toList();
    }
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, BadInput.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(name, e);
    }
  }
}
