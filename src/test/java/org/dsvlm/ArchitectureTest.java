/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.core.importer.resolvers.SelectedClassResolverFromClasspath;
import java.io.FileInputStream;
import java.io.FileReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.StrictJson;
import org.dsvlm.models.Families;
import org.dsvlm.models.ModelFamily;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.vit.VisionFamily;
import org.dsvlm.models.vit.VisionTower;
import org.dsvlm.supervision.ConditionUse;
import org.dsvlm.tensor.Devices;
import org.dsvlm.tensor.MemoryFigures;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.recipe.RecipeReader;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Holds the order of the packages: each may use those of the rows above its own, and itself. */
class ArchitectureTest {
  static final String ROOT = "org.dsvlm.";

  /** Packages of one row do not know one another. */
  static final List<Set<String>> ROWS =
      List.of(
          Set.of("io"),
          Set.of("tensor"),
          Set.of("weights"),
          Set.of("weights.safetensors"),
          Set.of("weights.pickle"),
          Set.of("weights.files"),
          Set.of("kernels", "distributed"),
          Set.of("text", "image"),
          Set.of("nn"),
          Set.of("nn.cost"),
          Set.of("models"),
          Set.of("models.vit", "models.llama", "models.diffusion", "models.vgg"),
          Set.of("models.llava", "supervision"),
          Set.of("catalogue"),
          Set.of("chat"),
          Set.of("data"),
          Set.of("train.optim"),
          Set.of("train.recipe"),
          Set.of("train.parallel"),
          Set.of("train.run"),
          Set.of("train"),
          Set.of("plan", "report", "train.pretrain"),
          Set.of("eval.table", "eval.judge"),
          Set.of("eval", "data.nano"),
          Set.of("eval.result", "eval.answer"),
          Set.of("eval.run"),
          Set.of("lab"),
          Set.of("serve"),
          Set.of("cli"));

  /** What reads a file by its name. */
  private static final Set<String> READS =
      Set.of(
          "readAllBytes",
          "readString",
          "readAllLines",
          "lines",
          "newInputStream",
          "newBufferedReader",
          "newByteChannel");

  static final JavaClasses PRODUCTION = production();

  @TestFactory
  List<DynamicTest> packagesUseOnlyThoseAboveThem() {
    List<DynamicTest> tests = new ArrayList<>();
    forbiddenByPackage()
        .forEach(
            (name, forbidden) ->
                tests.add(
                    DynamicTest.dynamicTest(
                        name,
                        () ->
                            noClasses()
                                .that()
                                .resideInAPackage(ROOT + name)
                                .should()
                                .dependOnClassesThat()
                                .resideInAnyPackage(forbidden)
                                .allowEmptyShould(true)
                                .check(PRODUCTION))));
    return tests;
  }

  /** A training step hands all its work to the device and waits once, at its end. */
  @Test
  void noModelReadsWhatTheDeviceComputes() {
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + "nn..", ROOT + "models.vit..", ROOT + "models.diffusion..")
        .or()
        .resideInAPackage(ROOT + "supervision..")
        .and()
        // An instrument reads its figures, once for all, between two steps.
        .doNotBelongToAnyOf(ConditionUse.class)
        .should()
        .callMethodWhere(
            describe("it reads a tensor on the host", ArchitectureTest::readsOnTheHost))
        .check(PRODUCTION);
  }

  private static boolean readsOnTheHost(JavaMethodCall call) {
    String name = call.getName();
    return call.getTargetOwner().isEquivalentTo(Torch.class)
        ? Set.of("item", "doubles", "floats", "longs").contains(name)
        : name.startsWith("item_") || name.startsWith("const_data_ptr");
  }

  /** A pipe or a device would be read without end; /proc is the system's own. */
  @Test
  void filesAreReadThroughInputFiles() {
    noClasses()
        .that()
        .doNotBelongToAnyOf(InputFiles.class, MemoryFigures.class, Devices.class)
        .and()
        .doNotHaveSimpleName("DoctorCommand")
        .and()
        .doNotHaveSimpleName("SessionLog")
        .should()
        .callCodeUnitWhere(describe("it reads a file by its name", ArchitectureTest::readsAFile))
        .check(PRODUCTION);
  }

  /** Of two values of one key, or two documents, one would be lost. */
  @Test
  void jsonAndYamlAreReadStrictly() {
    DescribedPredicate<JavaClass> reads =
        describe(
            "read a tree or a value",
            type ->
                type.getMethodCallsFromSelf().stream()
                    .anyMatch(
                        call ->
                            call.getTargetOwner().isAssignableTo(ObjectMapper.class)
                                && Set.of("readTree", "readValue", "readerFor", "reader")
                                    .contains(call.getName())));
    noClasses()
        .that(reads)
        .and()
        .doNotBelongToAnyOf(StrictJson.class)
        .should()
        .callCodeUnitWhere(describe("it makes a mapper", ArchitectureTest::makesAMapper))
        .check(PRODUCTION);
  }

  /**
   * ImageIO's own streams of bytes go through a temporary file and register a shutdown hook, which
   * fails where a stopped run writes its report.
   */
  @Test
  void picturesGoThroughMemory() {
    noClasses()
        .should()
        .callMethodWhere(describe("it opens a cached stream", ArchitectureTest::opensACachedStream))
        .check(PRODUCTION);
  }

  private static boolean opensACachedStream(JavaCall<?> call) {
    List<JavaClass> types = call.getTarget().getRawParameterTypes();
    JavaClass last = types.isEmpty() ? null : types.get(types.size() - 1);
    return call.getTargetOwner().isEquivalentTo(ImageIO.class)
        && (call.getName().equals("createImageOutputStream")
            || last != null
                && (last.isAssignableTo(OutputStream.class)
                    || last.isAssignableTo(InputStream.class)
                    || last.isAssignableTo(URL.class)));
  }

  /** The binder of recipes is given trees that were read strictly. */
  private static boolean makesAMapper(JavaCall<?> call) {
    return call.getTargetOwner().isAssignableTo(ObjectMapper.class)
        && (call.getName().equals("<init>") || call.getName().equals("builder"))
        && !call.getOriginOwner().isEquivalentTo(RecipeReader.class);
  }

  private static boolean readsAFile(JavaCall<?> call) {
    String owner = call.getTargetOwner().getFullName();
    return (owner.equals(Files.class.getName()) && READS.contains(call.getName()))
        || owner.equals(FileInputStream.class.getName())
        || owner.equals(FileReader.class.getName());
  }

  /** Other programs read what is written: under an Arabic locale a number has other digits. */
  @Test
  void textsAreFormattedWithoutTheLocaleOfTheProcess() {
    noClasses()
        .should()
        .callMethodWhere(
            describe("it asks for the process's locale", ArchitectureTest::asksForTheLocale))
        .check(PRODUCTION);
  }

  private static boolean asksForTheLocale(JavaMethodCall call) {
    List<JavaClass> given = call.getTarget().getRawParameterTypes();
    boolean named = !given.isEmpty() && given.get(0).isEquivalentTo(Locale.class);
    String owner = call.getTargetOwner().getFullName();
    boolean text =
        owner.equals(String.class.getName())
            && Set.of("format", "formatted", "toLowerCase", "toUpperCase").contains(call.getName());
    boolean printed =
        Set.of("java.io.PrintWriter", "java.io.PrintStream").contains(owner)
            && Set.of("printf", "format").contains(call.getName());
    boolean asked = owner.equals(Locale.class.getName()) && call.getName().equals("getDefault");
    return asked || ((text || printed) && !named);
  }

  /** Others ask the registry, see {@link Families}: a family is known in its own package alone. */
  @TestFactory
  Stream<DynamicTest> noOneKnowsAFamilyButItsPackage() {
    return PRODUCTION.stream()
        .filter(ArchitectureTest::isOneOfSeveralFamilies)
        .map(
            family ->
                DynamicTest.dynamicTest(
                    family.getSimpleName(),
                    () ->
                        noClasses()
                            .that()
                            .resideOutsideOfPackage(family.getPackageName())
                            .should()
                            .dependOnClassesThat()
                            .areAssignableTo(family.getName())
                            .check(PRODUCTION)));
  }

  private static boolean isOneOfSeveralFamilies(JavaClass type) {
    return !type.isInterface()
        && (type.isAssignableTo(ModelFamily.class) || type.isAssignableTo(VisionTower.class));
  }

  /** Names of families in texts, which the rule above cannot see. */
  @Test
  void noOneNamesAFamilyButItsPackage() throws IOException {
    Pattern names = Pattern.compile(familyNames());
    List<String> found = new ArrayList<>();
    Path main = Path.of("src/main/java/org/dsvlm");
    try (Stream<Path> files = Files.walk(main)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        boolean own = file.startsWith(main.resolve("models"));
        // The classes of image processors are named in one table, in the files' own spelling.
        boolean table = file.endsWith("image/ProcessorClass.java");
        // Conversation templates go by the name of the model that they were made for.
        boolean template = file.endsWith("text/ConversationTemplate.java");
        // What is pretrained goes by its family's name on the command line.
        boolean pretrained = file.endsWith("train/pretrain/ClipPart.java");
        if (!own && !table && !template && !pretrained) {
          Matcher text = Pattern.compile("\"([^\"\n]*)\"").matcher(Files.readString(file));
          while (text.find()) {
            if (names.matcher(text.group(1)).find()) {
              found.add(main.relativize(file) + ": " + text.group());
            }
          }
        }
      }
    }
    assertThat(found).isEmpty();
  }

  /** Model types, keys and public models of all families but LLaVA, which is of its own kind. */
  private static String familyNames() {
    Set<String> names = new TreeSet<>();
    for (ModelFamily<?> family : Families.all()) {
      if (family.configType() != LlavaConfig.class) {
        names.addAll(family.modelTypes());
        family.presets().forEach(preset -> names.add(preset.name()));
      }
    }
    for (VisionFamily family : Families.all(VisionFamily.class)) {
      names.addAll(List.of(family.key(), family.name()));
    }
    assertThat(names).contains("siglip", "SigLIP", "siglip-so400m", "qwen2", "AutoencoderKL");
    return names.stream().map(Pattern::quote).collect(joining("|", "(?<![\\w-])(", ")(?![\\w-])"));
  }

  /** {@code Part} is a part of a model; nothing else is called by these words alone. */
  @Test
  void aWordHasOneMeaning() {
    List<String> named =
        PRODUCTION.stream()
            .filter(
                type ->
                    Set.of("Part", "Settings", "Kind", "Checkpoint").contains(type.getSimpleName()))
            .map(JavaClass::getName)
            .toList();
    assertThat(named).containsExactly("org.dsvlm.nn.cost.Part");
  }

  @Test
  void everyPackageStandsInTheOrder() {
    Set<String> known = ROWS.stream().flatMap(Set::stream).collect(Collectors.toSet());
    Set<String> found = new TreeSet<>();
    for (JavaClass type : PRODUCTION) {
      found.add(type.getPackageName().substring(ROOT.length()));
    }
    assertThat(found).isNotEmpty().isSubsetOf(known);
  }

  @Test
  void everyExceptionIsOfOneType() {
    classes()
        .that()
        .areAssignableTo(Throwable.class)
        .should()
        .beAssignableTo(DsVlmException.class)
        .check(PRODUCTION);
  }

  /** Where a package is not, the profile {@code nullness} would look at none of its classes. */
  @Test
  void everyPackageSaysWhereNullMayBe() {
    Set<String> unmarked = new TreeSet<>();
    for (JavaClass type : PRODUCTION) {
      if (!type.getPackage().isAnnotatedWith(NullMarked.class.getName())) {
        unmarked.add(type.getPackageName());
      }
    }
    assertThat(unmarked).as("annotate package-info.java with @NullMarked").isEmpty();
  }

  private static Map<String, String[]> forbiddenByPackage() {
    Map<String, String[]> forbidden = new LinkedHashMap<>();
    for (int row = 0; row < ROWS.size(); row++) {
      Set<String> below = new TreeSet<>();
      ROWS.subList(row, ROWS.size()).forEach(below::addAll);
      for (String name : new TreeSet<>(ROWS.get(row))) {
        forbidden.put(
            name,
            below.stream()
                .filter(other -> !other.equals(name))
                .map(other -> ROOT + other)
                .toArray(String[]::new));
      }
    }
    // Nothing may use the command line, and the command line may use everything.
    forbidden.remove("cli");
    return forbidden;
  }

  private static JavaClasses production() {
    // Of foreign classes the JDK's alone, for the exceptions' ancestry: LibTorch's binding is huge.
    ArchConfiguration.get().setClassResolver(SelectedClassResolverFromClasspath.class);
    ArchConfiguration.get().setClassResolverArguments("java");
    return new ClassFileImporter()
        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
        .withImportOption(ArchitectureTest::isOurs)
        .importPackages("org.dsvlm");
  }

  private static boolean isOurs(Location location) {
    return location.contains("/org/dsvlm/");
  }
}
