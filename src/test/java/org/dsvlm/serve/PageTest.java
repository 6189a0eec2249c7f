/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jsoup.nodes.Attribute;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.parser.Parser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The page that the server shows at {@code /}: its files belong together, and nothing in them asks
 * for what the server's content security policy forbids. {@code tools/check-page} drives it in a
 * browser.
 */
class PageTest {
  private static final Path FOLDER = Path.of("src/main/resources/org/dsvlm/serve/page");

  /** Elements that the scripts look up by themselves or by a list of names. */
  private static final Pattern ELEMENT = Pattern.compile("\\b(?:element|copyOf)\\('([\\w-]+)'\\)");

  private static final Pattern PART = Pattern.compile("\\bparts\\.(\\w+)");
  private static final Pattern IMPORT = Pattern.compile("\\bfrom '\\./([^']+)'");
  private static final Pattern ADDRESS = Pattern.compile("(?:\\w+:)?//[\\w.-]+\\.\\w+[^\\s'\"`)]*");

  static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files.sorted().toList();
    }
  }

  private static List<Path> scripts() throws IOException {
    return files().stream().filter(file -> file.toString().endsWith(".js")).toList();
  }

  @Test
  void htmlParsesWithoutError() throws IOException {
    Parser parser = Parser.htmlParser().setTrackErrors(100);
    Document page = parser.parseInput(Files.readString(FOLDER.resolve("index.html")), "");
    assertThat(parser.getErrors()).isEmpty();
    assertThat(page.select("html").attr("lang")).isEqualTo("en");
    assertThat(page.title()).isNotEmpty();
    assertThat(page.select("meta[name=viewport]")).hasSize(1);
  }

  @Test
  void everyIdStandsOnce() throws IOException {
    assertThat(index().select("[id]").eachAttr("id")).doesNotHaveDuplicates();
  }

  @Test
  void everyFileIsThereAndEveryFileIsUsed() throws IOException {
    Set<String> used = new TreeSet<>(Set.of("index.html"));
    used.addAll(index().select("link[href], a[href]").eachAttr("href"));
    used.addAll(index().select("[src]").eachAttr("src"));
    used.removeIf(address -> address.startsWith("#"));
    for (Path script : scripts()) {
      used.addAll(found(IMPORT, script));
    }
    assertThat(files().stream().map(file -> file.getFileName().toString()))
        .containsExactlyInAnyOrderElementsOf(used);
  }

  @Test
  void scriptsAskForWhatThePageHas() throws IOException {
    Document page = index();
    Set<String> ids = new TreeSet<>(page.select("[id]").eachAttr("id"));
    Set<String> parts = new TreeSet<>(page.select("template [data-part]").eachAttr("data-part"));
    Set<String> wanted = new TreeSet<>();
    Set<String> wantedParts = new TreeSet<>();
    for (Path script : scripts()) {
      wanted.addAll(found(ELEMENT, script));
      wantedParts.addAll(found(PART, script));
    }
    assertThat(wanted).isNotEmpty();
    assertThat(ids).containsAll(wanted);
    assertThat(parts).isEqualTo(wantedParts);
  }

  @Test
  void referencesWithinThePageLeadSomewhere() throws IOException {
    Document page = index();
    for (String name : List.of("for", "aria-labelledby", "aria-describedby")) {
      for (String id : page.select("[" + name + "]").eachAttr(name)) {
        assertThat(page.getElementById(id)).as("%s=%s", name, id).isNotNull();
      }
    }
    for (Element link : page.select("a[href^=#]")) {
      assertThat(page.getElementById(link.attr("href").substring(1))).as("%s", link).isNotNull();
    }
  }

  @Test
  void everyFieldHasALabelAndEveryButtonATypeAndAName() throws IOException {
    Document page = index();
    for (Element field : page.select("input:not([hidden]), textarea")) {
      boolean labelled =
          field.closest("label") != null || !page.select("label[for=" + field.id() + "]").isEmpty();
      assertThat(labelled).as("%s has a label", field).isTrue();
    }
    for (Element button : page.select("button")) {
      assertThat(button.attr("type")).as("%s", button).isIn("button", "submit");
      // The script names a button of a template.
      assertThat(button.hasText() || button.closest("template") != null).as("%s", button).isTrue();
    }
    for (Element image : page.select("img")) {
      assertThat(image.hasAttr("alt")).as("%s", image).isTrue();
    }
  }

  @Test
  void htmlHasNoScriptAndNoStyleOfItsOwn() throws IOException {
    Document page = index();
    assertThat(page.select("style, script:not([src])")).isEmpty();
    assertThat(page.select("script")).allMatch(script -> script.data().isBlank());
    for (Element element : page.getAllElements()) {
      for (Attribute attribute : element.attributes()) {
        assertThat(attribute.getKey())
            .as("%s", element)
            .isNotEqualTo("style")
            .doesNotStartWith("on");
        assertThat(attribute.getValue())
            .as("%s", element)
            .doesNotStartWithIgnoringCase("javascript:");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void noFileNamesAnAddressOutside(Path file) throws IOException {
    String text =
        Files.readString(file)
            .replace("xmlns=\"http://www.w3.org/2000/svg\"", "")
            .replaceAll("(?m)^ \\* .*$", ""); // an explanation may name a standard
    assertThat(ADDRESS.matcher(text).results().map(found -> found.group())).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("files")
  void noScriptMakesHtmlOrCodeOfText(Path file) throws IOException {
    assertThat(Files.readString(file))
        .doesNotContainPattern("innerHTML|outerHTML|insertAdjacentHTML|document\\.write|DOMParser")
        .doesNotContainPattern(
            "\\beval\\(|new Function|setAttribute\\('style'|@import|localStorage");
  }

  private static Document index() throws IOException {
    return Parser.htmlParser().parseInput(Files.readString(FOLDER.resolve("index.html")), "");
  }

  private static Set<String> found(Pattern pattern, Path file) throws IOException {
    Set<String> found = new TreeSet<>();
    Matcher matcher = pattern.matcher(Files.readString(file));
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }
}
