/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.data.NotoArchive;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code data nano} and {@code pretrain}, as they are typed. */
class PretrainCommandTest {
  private static final String[] SHORT = {
    "--set", "vae.steps=3", "--set", "vae.batch_size=4", "--set", "vae.checkpoint_every=1"
  };

  @TempDir private Path folder;

  private Path world() {
    Assumptions.assumeTrue(
        Files.exists(Path.of("target/noto/emoji-google-android.zip"))
            || System.getProperty(NotoArchive.PROPERTY) != null,
        "the Noto pictures are missing: 'mvn process-resources' brings them");
    Path world = folder.resolve("world");
    Outcome outcome =
        Outcome.of(
            "data",
            "nano",
            "--out",
            world.toString(),
            "--train",
            "20",
            "--test",
            "10",
            "--questions",
            "1");
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out().strip()).isEqualTo(world.toString());
    return world;
  }

  private String[] pretrain(String part, Path world, String... more) {
    String[] first = {"pretrain", part, "--data", world.toString(), "--out", parts().toString()};
    String[] all = new String[first.length + more.length];
    System.arraycopy(first, 0, all, 0, first.length);
    System.arraycopy(more, 0, all, first.length, more.length);
    return all;
  }

  private Path parts() {
    return folder.resolve("parts");
  }

  @Test
  void aPartIsTrainedShownAndChecked() {
    Path world = world();
    Outcome trained = Outcome.of(pretrain("vae", world, SHORT));
    assertThat(trained.code()).as(trained.err()).isZero();
    assertThat(trained.err()).contains("vae: 3 steps", "vae 3/3, ");
    assertThat(trained.out().strip()).isEqualTo(parts().resolve("stable_diffusion/vae").toString());
    assertThat(parts().resolve("vae.run/metrics.jsonl")).exists();
    Outcome checked = Outcome.of(pretrain("vae", world, "--check"));
    assertThat(checked.code()).isZero();
    assertThat(checked.out()).contains("psnr_db new-concepts", "agrees").doesNotContain("DIFFERS");
  }

  /** Killed with SIGKILL after some steps, wherever that is, the part is the same in the end. */
  @Test
  void aTrainingThatWasKilledGoesOn() throws Exception {
    Path world = world();
    String[] steps = {
      "--set", "vae.steps=30", "--set", "vae.batch_size=4", "--set", "vae.checkpoint_every=2"
    };
    assertThat(Outcome.of(pretrain("vae", world, steps)).code()).isZero();
    Path weights = Path.of("stable_diffusion/vae/diffusion_pytorch_model.safetensors");
    byte[] inOneGo = Files.readAllBytes(parts().resolve(weights));
    Path first = Files.move(parts(), folder.resolve("first"));
    try (ChildProcess process =
        ChildProcess.start(folder.resolve("log"), pretrain("vae", world, steps))) {
      process.awaitLines(parts().resolve("vae.run/metrics.jsonl"), 7);
      process.signal("KILL");
      assertThat(process.exitCode()).isEqualTo(128 + 9);
    }
    assertThat(parts().resolve(weights)).doesNotExist();
    Outcome rest = Outcome.of(pretrain("vae", world, steps));
    assertThat(rest.code()).as(rest.err()).isZero();
    assertThat(rest.err()).doesNotContain("vae: 30 steps");
    assertThat(Files.readAllBytes(parts().resolve(weights))).isEqualTo(inOneGo);
    assertThat(first).exists();
  }

  @Test
  void aPartThatThereIsNotIsWrongUsage() {
    Outcome outcome = Outcome.of(pretrain("vea", folder));
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains("no part 'vea'; there are [tokenizer, clip,");
  }
}
