/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.dsvlm.train.recipe.RecipeReader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A look at all that a run would read, over the folders of a finished tiny run. */
class RunCheckTest {
  @TempDir private static Path shared;
  @TempDir private Path folder;
  private TinyRun tiny;
  private static Path run;

  @BeforeEach
  void models() throws IOException {
    tiny = new TinyRun(folder);
    if (run == null) {
      run = new TinyRun(shared).train("run", "stage1.max_steps=1", "stage2.max_steps=1");
    }
  }

  private List<RunCheck.Finding> check(Path llava, Path diffusion, String... overrides) {
    List<String> all =
        Stream.concat(
                Stream.of("model.llava=" + llava, "model.stable_diffusion.path=" + diffusion),
                Stream.of(overrides))
            .toList();
    return RunCheck.of(RecipeReader.bind(tiny.recipe(all.toArray(String[]::new))));
  }

  private static List<String> faults(List<RunCheck.Finding> findings) {
    return findings.stream()
        .filter(finding -> !finding.sound())
        .map(finding -> finding.key() + ": " + finding.text())
        .toList();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }

  @Test
  void whatARunCanUseIsSound() {
    List<RunCheck.Finding> found =
        check(run.resolve("export"), run.resolve("stable_diffusion"), "model.tokenizer=");
    assertThat(faults(found)).isEmpty();
    assertThat(found)
        .extracting(RunCheck.Finding::text)
        .anyMatch(text -> text.startsWith("6 records; of 6 looked at, 5 pictures were decoded"))
        .anyMatch(text -> text.contains("LLaVA of CLIP"))
        .anyMatch(text -> text.contains("a tokenizer of 1024 tokens"));
  }

  @Test
  void allThatIsMissingIsToldAtOnce() throws IOException {
    Path llava = folder.resolve("llava");
    Path diffusion = folder.resolve("sd");
    copy(run.resolve("export"), llava);
    copy(run.resolve("stable_diffusion"), diffusion);
    Files.delete(llava.resolve("model.safetensors"));
    Files.delete(llava.resolve("tokenizer.json"));
    Files.delete(diffusion.resolve("vae/config.json"));
    Files.delete(diffusion.resolve("scheduler/scheduler_config.json"));
    Files.writeString(diffusion.resolve("unet/diffusion_pytorch_model.safetensors"), "cut off");
    Files.delete(folder.resolve("pictures/0.png"));
    Files.delete(folder.resolve("pictures/1.png"));
    Path vgg = Files.createDirectories(folder.resolve("vgg"));
    Files.copy(run.resolve("multi_adapter.safetensors"), vgg.resolve("lpips.safetensors"));
    assertThat(
            faults(
                check(
                    llava,
                    diffusion,
                    "model.tokenizer=",
                    "model.perceptual.path=" + vgg,
                    "device=cuda:9")))
        .satisfiesExactly(
            text -> assertThat(text).startsWith("device: ").contains("cuda:9"),
            text -> assertThat(text).startsWith("model.llava: " + llava).contains("no weights"),
            text -> assertThat(text).startsWith("model.llava: " + llava).contains("tokenizer"),
            text -> assertThat(text).startsWith("model.stable_diffusion.path: " + diffusion),
            text -> assertThat(text).contains("vae", "config.json"),
            text -> assertThat(text).contains("scheduler_config.json"),
            text -> assertThat(text).contains("holds neither vgg.pth nor vgg.safetensors"),
            text -> assertThat(text).contains("lacks lin0.model.1.weight", "the LPIPS package"),
            text ->
                assertThat(text).startsWith("data.stage1: ").contains("and 1 more of 6 like it"),
            text -> assertThat(text).startsWith("data.stage2: ").contains("and 1 more of 6"));
  }

  @Test
  void filesOfRecordsAreMissedBesideTheirPictures() {
    assertThat(
            faults(
                check(
                    run.resolve("export"),
                    run.resolve("stable_diffusion"),
                    "data.pictures=" + folder.resolve("none"),
                    "data.stage2=" + folder.resolve("none.json"))))
        .satisfiesExactly(
            text -> assertThat(text).startsWith("data.pictures: ").contains("none"),
            text -> assertThat(text).startsWith("data.stage2: ").contains("none.json"));
  }

  @Test
  void nothingIsWritten() throws IOException {
    try (Stream<Path> before = Files.walk(folder)) {
      List<Path> files = before.toList();
      check(run.resolve("export"), run.resolve("stable_diffusion"));
      try (Stream<Path> after = Files.walk(folder)) {
        assertThat(after.toList()).isEqualTo(files);
      }
    }
  }
}
