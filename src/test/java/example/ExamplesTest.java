/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.ChatRequest;
import org.dsvlm.image.Picture;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.supervision.MultiAdapterFile;
import org.dsvlm.weights.WeightSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs each program of {@code src/examples} with the models that are shipped. */
class ExamplesTest {
  private static final String MODEL = "src/main/nano/llava";
  private static final String PICTURE = "src/test/resources/pictures/lossy.webp";
  private static final String OTHER = "src/test/resources/pictures/gray.jpg";
  private static final String QUESTION = "What colour is the background?";

  /** A program of an example. */
  private interface Program {
    void run(String[] arguments) throws Exception;
  }

  @Test
  void everyExampleIsRunHereAndSaysHow() throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.list(Path.of("src/examples/java/example"))) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString().replace(".java", "");
        names.add(name);
        assertThat(Files.readString(file)).contains("src/examples/java/example/" + name + ".java");
      }
    }
    String tests = Files.readString(Path.of("src/test/java/example/ExamplesTest.java"));
    assertThat(names).isNotEmpty().allMatch(name -> tests.contains(name + "::main"));
  }

  @Test
  void askAPicture() throws Exception {
    assertThat(out(AskAPicture::main, MODEL, PICTURE, QUESTION)).containsExactly(answer(PICTURE));
  }

  @Test
  void askABatch() throws Exception {
    assertThat(out(AskABatch::main, MODEL, QUESTION, PICTURE, OTHER))
        .containsExactly("lossy.webp: " + answer(PICTURE), "gray.jpg: " + answer(OTHER));
  }

  @Test
  void streamAnAnswer() throws Exception {
    List<String> lines = out(StreamAnAnswer::main, MODEL, PICTURE, QUESTION, "How many shapes?");
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0)).isEqualTo(answer(PICTURE));
    assertThat(lines.get(1)).matches("\\d+ tokens in, \\d+ out, ended by STOP");
    assertThat(lines.get(2)).isNotBlank();
    assertThat(tokensIn(lines.get(3))).isGreaterThan(tokensIn(lines.get(1)));
  }

  @Test
  void superviseOwnFeatures(@TempDir Path folder) throws Exception {
    Path untaught = folder.resolve("untaught.safetensors");
    Path taught = folder.resolve("taught.safetensors");
    String diffusion = "src/main/nano/stable_diffusion";
    assertThat(out(SuperviseOwnFeatures::main, diffusion, untaught.toString(), "0")).isEmpty();
    assertThat(out(SuperviseOwnFeatures::main, diffusion, taught.toString(), "3"))
        .hasSize(3)
        .allMatch(line -> line.matches("step \\d: loss 0\\.\\d{4}"));
    try (WeightSource before = MultiAdapterFile.open(untaught);
        WeightSource after = MultiAdapterFile.open(taught)) {
      assertThat(after.names())
          .contains("adapters.p3.weight", "adapters.p4.weight")
          .isEqualTo(before.names());
    }
    assertThat(Files.mismatch(untaught, taught)).as("what was learned").isNotNegative();
  }

  @Test
  void operatorGradients() throws Exception {
    List<String> lines = out(OperatorGradients::main);
    assertThat(lines).hasSize(3);
    for (String line : lines) {
      List<Double> norms =
          Arrays.stream(line.replaceAll(".*norm ", "").split(" "))
              .map(Double::valueOf)
              .collect(Collectors.toList());
      assertThat(norms).as(line).allMatch(norm -> norm > 0 && norm < 10);
    }
  }

  private static String answer(String picture) {
    try (ChatModel model = ChatModel.open(Path.of(MODEL), LlavaChatOptions.DEFAULTS)) {
      return model.ask(ChatRequest.of(Picture.read(Path.of(picture)), QUESTION)).text();
    }
  }

  private static int tokensIn(String line) {
    return Integer.parseInt(line.replaceAll(" .*", ""));
  }

  /** The lines that a program prints. */
  private static List<String> out(Program program, String... arguments) throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream caught = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      System.setOut(caught);
      program.run(arguments);
    } finally {
      System.setOut(before);
    }
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }
}
