/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.image.Picture;
import org.dsvlm.models.llava.LlavaPictures;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.TinyRun;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class MainTest {
  @TempDir private Path folder;

  private static Outcome run(String... arguments) {
    return Outcome.of(arguments);
  }

  private static void isUsageError(Outcome outcome, String message) {
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains(message);
    assertThat(outcome.out()).isEmpty();
  }

  private static void isFailure(Outcome outcome, String message) {
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).startsWith("dsvlm: ").contains(message).doesNotContain("\tat ");
    assertThat(outcome.out()).isEmpty();
  }

  /** picocli formats them; a bare percent sign would be a warning before the first line of help. */
  @Test
  void descriptionsAreFormats() {
    for (CommandLine command : new CommandLine(Main.class).getSubcommands().values()) {
      List<String> texts =
          new ArrayList<>(List.of(command.getCommandSpec().usageMessage().description()));
      command.getCommandSpec().args().forEach(arg -> texts.addAll(List.of(arg.description())));
      assertThat(texts)
          .allSatisfy(text -> assertThatCode(() -> text.formatted()).doesNotThrowAnyException());
    }
  }

  /** A default that the help names by a word in capitals was meant to be a variable. */
  @Test
  void helpShowsDefaultsThemselves() {
    for (CommandLine command : new CommandLine(Main.class).getSubcommands().values()) {
      assertThat(command.getUsageMessage()).doesNotContainPattern("Default:\\s+[A-Z-]+\\.");
    }
  }

  @Test
  void helpVersionAndCompletionGoToStandardOutput() {
    assertThat(run("--help").code()).isZero();
    assertThat(run("--help").out()).contains("train", "chat", "reconstruct", "doctor");
    Outcome version = run("--version");
    assertThat(version.code()).isZero();
    assertThat(version.out()).contains("LibTorch 2.13.0", "operators: ", "Java 1");
    Outcome completion = run("generate-completion");
    assertThat(completion.code()).isZero();
    assertThat(completion.out()).contains("complete -F _complete_dsvlm");
  }

  @Test
  void probeRunsAModelWithoutItsTokenizer() {
    String model = "--model=src/test/resources/golden/llava";
    Path file = folder.resolve("probe.safetensors");
    Outcome probe = run("probe", model, "--dtype=float32", "--max-new-tokens=2", "--out=" + file);
    assertThat(probe.err()).isEmpty();
    assertThat(probe.code()).isZero();
    assertThat(probe.out())
        .containsSubsequence("opened", "prompt", "first", "further", "tokens", "memory");
    try (Safetensors written = Safetensors.open(file)) {
      assertThat(written.names())
          .containsExactlyInAnyOrder("input_ids", "pixel_values", "logits", "generated");
      assertThat(written.shape("generated")).containsExactly(1, 2);
    }
    Outcome again = run("probe", model, "--dtype=float32", "--max-new-tokens=2", "--input=" + file);
    assertThat(again.out().lines().filter(line -> line.startsWith("tokens")).toList())
        .isEqualTo(probe.out().lines().filter(line -> line.startsWith("tokens")).toList());
    assertThat(run("probe", model, "--dtype=float32", "--text-only").code()).isZero();
    isUsageError(run("probe", model, "--text-only", "--out=" + file), "--text-only");
    isFailure(run("probe", "--model=" + folder), "config.json is missing");
  }

  @Test
  void initDoesNotReplaceWhatIsThere() {
    isFailure(
        run("init", "--random", "--arch=llava-1.5-7b", "--out=" + folder), "is there already");
  }

  @Test
  void doctorTellsWhatTheMachineOffers() {
    Outcome doctor = run("doctor");
    assertThat(doctor.code()).isZero();
    assertThat(doctor.out())
        .containsSubsequence(
            "dsvlm",
            "Java",
            "LibTorch",
            "operators",
            "devices",
            "libraries",
            "oneDNN",
            "cpu        convolution, matrix product, attention, all-reduce: right",
            "threads",
            "memory");
  }

  @Test
  void wrongUsageIsCodeTwo() {
    isUsageError(run(), "Missing required subcommand");
    isUsageError(run("trian"), "trian");
    isUsageError(run("train", "--fast"), "--fast");
    isUsageError(run("train"), "--recipe is missing");
    isUsageError(run("recipes", "--set", "seed=1"), "--set needs");
    isUsageError(run("plan"), "--recipe");
    isUsageError(run("plan", "--recipe=nano-scratch", "--gpu=z80"), "h100");
    isUsageError(run("plan", "--recipe=nano-scratch", "--gpus=0"), "above 0");
    isUsageError(run("plan", "--recipe=nano-scratch", "--measure", "--gpu=h100"), "--measure");
    isUsageError(run("plan", "--recipe=nano-scratch", "--set=sed=1"), "'seed'");
    isUsageError(run("recipes", "ds-vlm-vicuna-7b-clp"), "'ds-vlm-vicuna-7b-clip'");
    isUsageError(run("train", "--resume"), "--out");
    isUsageError(run("chat", "--model=x", "--prompt=y", "--max-new-tokens=0"), "above 0");
    isUsageError(run("reconstruct", "--model=x"), "--image");
    isUsageError(run("init", "--arch=llava-1.5-7b", "--out=x"), "--random");
    isUsageError(run("init", "--random", "--arch=llava-9b", "--out=x"), "llava-1.5-7b");
    isUsageError(
        run("init", "--random", "--arch=vicuna-7b", "--vision=siglip", "--out=x"), "vicuna-7b");
    isUsageError(
        run("init", "--random", "--arch=llava-1.5-7b", "--vision=vit", "--out=x"),
        "clip or siglip");
    isUsageError(
        run("init", "--random", "--arch=llava-1.5-7b", "--dtype=int8", "--out=x"), "bfloat16");
  }

  @Test
  void unknownRecipesAndKeysNameTheKnownOnes() {
    isUsageError(run("train", "--recipe", "nano-scatch"), "nano-scratch");
    isUsageError(
        run("train", "--recipe", "nano-scratch", "--set", "stage1.max_step=1"),
        "the nearest known one is 'stage1.max_steps'");
    isUsageError(
        run("train", "--recipe", "nano-scratch", "--set", "seed=one"),
        "'seed' takes a whole number");
  }

  @Test
  void recipesAreListedAndShown() throws IOException {
    Outcome list = run("recipes");
    assertThat(list.code()).isZero();
    assertThat(list.out().lines()).contains("nano-scratch", "llava-qwen2-7b-siglip-mini-gemini");
    Outcome shown = run("recipes", "ds-vlm-frozen-vicuna-13b-clip", "--set", "seed=5");
    assertThat(shown.code()).isZero();
    assertThat(shown.out()).contains("seed: 5", "vicuna-13b", "vision_learning_rate: 0.0");
    Path file = Files.writeString(folder.resolve("shown.yaml"), shown.out());
    assertThat(run("recipes", file.toString()).out()).isEqualTo(shown.out());
    isFailure(run("recipes", "nano-scratch", "--set", "checkpoint.keep=0"), "checkpoint.keep");
  }

  @Test
  void aPlanNeedsNoFiles() throws IOException {
    String[] arguments = {"plan", "--recipe", "ds-vlm-llama-3-8b-siglip", "--gpus", "8"};
    Outcome plan = run(arguments);
    assertThat(plan.err()).isEmpty();
    assertThat(plan.code()).isZero();
    assertThat(plan.out())
        .containsSubsequence("8 × H100", "parameters", "language_model", "8,030,261,248")
        .containsSubsequence("stage 1", "2,181 steps", "time", "stage 2", "5,198 steps", "in all");
    String[] json = Arrays.copyOf(arguments, arguments.length + 1);
    json[arguments.length] = "--json";
    JsonNode tree = new ObjectMapper().readTree(run(json).out());
    assertThat(tree.at("/parameters/language_model/count").asLong()).isEqualTo(8_030_261_248L);
    assertThat(tree.at("/stages/stage1/overhead").asDouble()).isGreaterThan(1);
    isFailure(run("plan", "--recipe=nano-scratch", "--set=checkpoint.keep=0"), "checkpoint.keep");
  }

  @Test
  void aBrokenRecipeFileIsCodeOne() throws IOException {
    Path file = Files.writeString(folder.resolve("broken.yaml"), "seed: [1\n");
    isFailure(run("train", "--recipe", file.toString()), "broken.yaml");
  }

  @Test
  void aMissingModelAndABadPictureAreNamed() throws IOException {
    isFailure(
        run("chat", "--model", folder.resolve("none").toString(), "--prompt", "What?"),
        "config.json");
    Files.writeString(folder.resolve("config.json"), "{}");
    Path picture = Files.writeString(folder.resolve("picture.png"), "no picture");
    isFailure(
        run("chat", "--model=" + folder, "--prompt=What?", "--image=" + picture), "picture.png");
    isFailure(
        run("chat", "--model=" + folder, "--prompt=What?", "--image=" + folder.resolve("gone.png")),
        "gone.png");
    Path real = folder.resolve("real.png");
    ImageIO.write(
        new java.awt.image.BufferedImage(8, 8, java.awt.image.BufferedImage.TYPE_INT_RGB),
        "png",
        real.toFile());
    isFailure(
        run(
            "reconstruct",
            "--model=" + folder,
            "--image=" + real,
            "--out=" + folder.resolve("s.png")),
        "recipe.yaml");
  }

  @Test
  void verboseShowsWhereAnErrorCameFrom() {
    Outcome outcome = run("chat", "-v", "--model=" + folder.resolve("none"), "--prompt=What?");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains("DsVlmException", "\tat ");
  }

  @Test
  void trainsThenChatsThenReconstructs() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Path run = folder.resolve("run");
    List<String> arguments = new ArrayList<>(List.of("train", "--recipe", TinyRun.RECIPE));
    tiny.data().forEach(override -> arguments.addAll(List.of("--set", override)));
    arguments.addAll(List.of("--out", run.toString()));
    Path file = Files.write(folder.resolve("arguments"), arguments);

    Outcome trained = run("@" + file);
    assertThat(trained.code()).as(trained.err()).isZero();
    assertThat(trained.out()).isEqualTo(run + System.lineSeparator());
    assertThat(trained.err()).contains("stage 0 2/2", "stage 1 3/3, language ", "stage 2 3/3");

    isFailure(run("@" + file), "--resume");
    assertThat(run("train", "--resume", "--out", run.toString()).code()).isZero();
    isFailure(
        run("train", "--resume", "--out=" + run, "--set", "seed=9"), "seed: 1 in the run, 9 now");

    String picture = folder.resolve("pictures/0.png").toString();
    Path check = folder.resolve("check.safetensors");
    Outcome chat =
        run(
            "chat",
            "--model=" + run,
            "--image",
            picture,
            "--prompt=What is it?",
            "--max-new-tokens=3",
            "--check=" + check);
    assertThat(chat.code()).as(chat.err()).isZero();
    try (Safetensors stored = Safetensors.open(check)) {
      assertThat(stored.shape("generated")).containsExactly(1, 3);
    }
    assertThat(run("chat", "--model=" + run, "--prompt=Hello").code()).isZero();
    chatPadsAsTheRunDidUnlessToldOtherwise(run);
    chatDrawsByItsSeed(run);

    Path strip = folder.resolve("strip.png");
    Outcome drawn =
        run(
            "reconstruct",
            "--model=" + run,
            "--image",
            picture,
            "--out=" + strip,
            "--sampler-steps=3",
            "--steps=0,1,3",
            "--side=16");
    assertThat(drawn.code()).as(drawn.err()).isZero();
    assertThat(ImageIO.read(strip.toFile()).getWidth()).isEqualTo(4 * 16 + 3 * 4);
    isFailure(
        run(
            "reconstruct",
            "--model=" + run,
            "--image",
            picture,
            "--out=" + strip,
            "--sampler-steps=3",
            "--steps=2,1"),
        "have to rise");
  }

  private static void chatDrawsByItsSeed(Path run) {
    String[] drawn = {
      "chat",
      "--model=" + run,
      "--prompt=Hello",
      "--temperature=1.5",
      "--top-k=90",
      "--top-p=0.99",
      "--repetition-penalty=1.1",
      "--seed=3",
      "--max-new-tokens=12"
    };
    Outcome answer = run(drawn);
    assertThat(answer.code()).as(answer.err()).isZero();
    assertThat(run(drawn).out()).as("the same seed").isEqualTo(answer.out());
    drawn[7] = "--seed=4";
    assertThat(run(drawn).out()).as("another seed").isNotEqualTo(answer.out());
    isFailure(run("chat", "--model=" + run, "--prompt=x", "--top-p=2"), "top_p is 2.0");
  }

  private void chatPadsAsTheRunDidUnlessToldOtherwise(Path run) throws IOException {
    Path picture = folder.resolve("wide.png");
    ImageIO.write(new BufferedImage(30, 10, BufferedImage.TYPE_INT_RGB), "png", picture.toFile());
    Path check = folder.resolve("wide.safetensors");
    ImageProcessor processor = LlavaPictures.read(run.resolve("export"));
    for (String option : List.of("", "--pad-to-square", "--no-pad-to-square")) {
      List<String> arguments =
          new ArrayList<>(List.of("chat", "--model=" + run, "--image=" + picture, "--prompt=a"));
      arguments.addAll(List.of("--max-new-tokens=1", "--check=" + check, "--dtype=float32"));
      if (!option.isEmpty()) {
        arguments.add(option);
      }
      assertThat(run(arguments.toArray(String[]::new)).code()).isZero();
      try (PointerScope scope = new PointerScope();
          Safetensors stored = Safetensors.open(check)) {
        ImageProcessor expected = processor.paddedToSquare(!option.startsWith("--no"));
        assertThat(Torch.floats(stored.read("pixel_values")))
            .isEqualTo(Torch.floats(expected.pixelValues(Picture.read(picture))));
      }
    }
  }
}
