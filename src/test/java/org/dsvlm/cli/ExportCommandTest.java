/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.llava.LlavaFolder;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFile;
import org.dsvlm.weights.files.WeightFolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportCommandTest {
  private static final String LLAVA = "src/test/resources/golden/llava";

  @TempDir Path folder;

  private Outcome export(String... more) {
    String[] arguments = new String[more.length + 3];
    arguments[0] = "export";
    arguments[1] = "--model=" + LLAVA;
    arguments[2] = "--out=" + folder.resolve("out");
    System.arraycopy(more, 0, arguments, 3, more.length);
    return Outcome.of(arguments);
  }

  @Test
  void writesTheOriginalLayoutInShards() {
    Outcome outcome = export("--layout=original", "--dtype=float16", "--max-shard-size=100KB");
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.code()).isZero();
    Path out = folder.resolve("out");
    assertThat(outcome.out().strip()).isEqualTo(out.toString());
    assertThat(out.resolve("model.safetensors.index.json")).exists();
    assertThat(out.resolve("vision_tower/config.json")).exists();
    try (WeightSource weights = WeightFolder.open(out)) {
      assertThat(weights.names()).contains("model.mm_projector.2.bias", "lm_head.weight");
      assertThat(weights.dtype("lm_head.weight")).isEqualTo(ScalarType.Half);
    }
  }

  @Test
  void writesWhatTransformersReadsByDefault() throws IOException {
    Files.createDirectory(folder.resolve("out"));
    assertThat(export().code()).as("into an empty folder").isZero();
    try (WeightSource weights = WeightFolder.open(folder.resolve("out"))) {
      assertThat(weights.names()).contains("model.multi_modal_projector.linear_2.bias");
      assertThat(weights.dtype("lm_head.weight")).isEqualTo(ScalarType.BFloat16);
    }
    Outcome again = export();
    assertThat(again.code()).isEqualTo(1);
    assertThat(again.err()).contains("is there and not empty");
  }

  /** As {@code model.start.connector} takes it. */
  @Test
  void writesTheConnectorAlone() {
    assertThat(export("--layout=connector", "--dtype=float32").code()).isZero();
    assertThat(export("--layout=hf").err()).as("again").contains("is there and not empty");
    try (WeightSource whole = LlavaFolder.open(Path.of(LLAVA)).weights();
        WeightSource connector =
            WeightFile.open(folder.resolve("out").resolve("mm_projector.safetensors"))) {
      assertThat(connector.names())
          .containsExactlyInAnyOrder(
              "model.mm_projector.0.weight",
              "model.mm_projector.0.bias",
              "model.mm_projector.2.weight",
              "model.mm_projector.2.bias");
      assertThat(Torch.floats(connector.read("model.mm_projector.2.weight")))
          .isEqualTo(Torch.floats(whole.read("multi_modal_projector.linear_2.weight")));
    }
  }

  @Test
  void wrongUsageWritesNothing() {
    assertThat(export("--layout=new").err())
        .contains("--layout is hf, original or connector, not 'new'");
    assertThat(export("--layout=connector", "--merge-adapter=x").err())
        .contains("--merge-adapter changes no connector");
    assertThat(export("--dtype=int8").err()).contains("float32, not 'int8'");
    assertThat(export("--max-shard-size=5 apples").err()).contains("no size such as 5GB");
    assertThat(export("--max-shard-size=0").code()).isEqualTo(2);
    assertThat(folder.resolve("out")).doesNotExist();
    Outcome outcome = export("--merge-adapter=" + folder);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains("adapter_config.json");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void sizesAreReadAsUsersWriteThem() {
    ByteSize size = new ByteSize();
    assertThat(size.convert("5GB")).isEqualTo(5_000_000_000L);
    assertThat(size.convert("1.5 MiB")).isEqualTo(3 << 19);
    assertThat(size.convert("64")).isEqualTo(64);
  }
}
