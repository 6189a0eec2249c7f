/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.dsvlm.io.StableApi;
import org.junit.jupiter.api.Test;

/** Holds the API, which is what the module exports, apart from what is internal. */
class ApiTest {
  private static final Path MODULE = Path.of("src/main/module/module-info.java");
  private static final Pattern EXPORTS = Pattern.compile("exports (org\\.dsvlm[\\w.]*);");
  private static final Pattern UNDOCUMENTED =
      Pattern.compile("<excludePackageNames>(.*)</excludePackageNames>");

  private final Set<String> exported = exported();

  @Test
  void noSignatureOfTheApiMentionsWhatIsInternal() {
    Set<String> found = new TreeSet<>();
    for (JavaClass type : ArchitectureTest.PRODUCTION) {
      if (isApi(type)) {
        mentioned(type)
            .flatMap(mentioned -> mentioned.getAllInvolvedRawTypes().stream())
            .map(JavaClass::getBaseComponentType)
            .filter(mentioned -> mentioned.getPackageName().startsWith("org.dsvlm"))
            .filter(mentioned -> !isApi(mentioned))
            .forEach(mentioned -> found.add(type.getName() + " mentions " + mentioned.getName()));
      }
    }
    assertThat(found).isEmpty();
  }

  @Test
  void javadocCoversWhatTheModuleExports() throws IOException {
    List<String> undocumented =
        UNDOCUMENTED
            .matcher(Files.readString(Path.of("pom.xml")))
            .results()
            .flatMap(result -> Stream.of(result.group(1).split(":")))
            .toList();
    Set<String> wrong = new TreeSet<>();
    for (JavaClass type : ArchitectureTest.PRODUCTION) {
      String name = type.getPackageName();
      boolean left = undocumented.stream().anyMatch(each -> covers(each, name));
      if (left == exported.contains(name)) {
        wrong.add(name);
      }
    }
    assertThat(wrong)
        .as("export a package in module-info.java, or leave it out of Javadoc in pom.xml")
        .isEmpty();
  }

  /** A promise about a package that programs cannot see, or read about, would be none. */
  @Test
  void stablePackagesAreExportedAndNamedInThePage() throws IOException {
    Set<String> stable = new TreeSet<>();
    for (JavaClass type : ArchitectureTest.PRODUCTION) {
      if (type.getPackage().isAnnotatedWith(StableApi.class)) {
        stable.add(type.getPackageName());
      }
    }
    assertThat(exported).containsAll(stable);
    String named =
        stable.stream()
            .map(name -> "`" + name.substring(ArchitectureTest.ROOT.length()) + "`")
            .collect(Collectors.joining(", "));
    assertThat(Path.of("docs/architecture.md"))
        .content()
        .contains("Stable packages, marked `@StableApi`: " + named + ".");
  }

  @Test
  void classPathAndModuleProvideTheSameFamilies() throws IOException {
    Matcher provides =
        Pattern.compile("provides org\\.dsvlm\\.models\\.ModelFamily with([^;]*);")
            .matcher(Files.readString(MODULE));
    assertThat(provides.find()).isTrue();
    assertThat(Path.of("src/main/resources/META-INF/services/org.dsvlm.models.ModelFamily"))
        .content()
        .isEqualTo(provides.group(1).replaceAll("\\s", "").replace(",", "\n") + "\n");
  }

  /** Whoever embeds the library does not get them, but may have Logback. */
  @Test
  void onlyTheCommandLineUsesOptionalLibraries() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.dsvlm.cli")
        .and()
        .doNotHaveFullyQualifiedName("org.dsvlm.io.LibraryLogs$Logback")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("picocli..", "me.tongfei..", "ch.qos.logback..")
        .check(ArchitectureTest.PRODUCTION);
  }

  /** They are optional too, and the server is no part of the API. */
  @Test
  void onlyTheServerUsesLibrariesOfServers() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.dsvlm.serve")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.eclipse.jetty..", "io.micrometer..")
        .check(ArchitectureTest.PRODUCTION);
  }

  /** The process belongs to whoever embeds the library; these two put back what they set. */
  @Test
  void onlyTheCommandLineSetsPropertiesOfTheProcess() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.dsvlm.cli")
        .and()
        .doNotHaveFullyQualifiedName("org.dsvlm.text.Tokenizer")
        .and()
        .doNotHaveFullyQualifiedName("org.dsvlm.tensor.JavaCppLog")
        .should()
        .callMethod(System.class, "setProperty", String.class, String.class)
        .orShould()
        .callMethod(System.class, "setProperties", Properties.class)
        .check(ArchitectureTest.PRODUCTION);
  }

  private static boolean covers(String pattern, String name) {
    return pattern.endsWith(".*")
        ? name.startsWith(pattern.substring(0, pattern.length() - 1))
        : name.equals(pattern);
  }

  private boolean isApi(JavaClass type) {
    return exported.contains(type.getPackageName())
        && isPublic(type.getModifiers())
        && type.getEnclosingClass().map(this::isApi).orElse(true);
  }

  private static boolean isPublic(Set<JavaModifier> modifiers) {
    return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
  }

  /** The types in what a caller sees of {@code type}. */
  private static Stream<JavaType> mentioned(JavaClass type) {
    Set<JavaType> types = new HashSet<>(type.getInterfaces());
    type.getSuperclass().ifPresent(types::add);
    for (JavaMember member : type.getMembers()) {
      if (!isPublic(member.getModifiers())) {
        continue;
      }
      if (member instanceof JavaCodeUnit unit) {
        types.add(unit.getReturnType());
        types.addAll(unit.getParameterTypes());
      } else if (member instanceof JavaField field) {
        types.add(field.getType());
      }
    }
    return types.stream();
  }

  private static Set<String> exported() {
    try {
      return EXPORTS
          .matcher(Files.readString(MODULE))
          .results()
          .map(result -> result.group(1))
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
