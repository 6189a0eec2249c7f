/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.llava.LlavaLora;
import org.dsvlm.models.llava.LoadedLlava;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.dsvlm.train.run.TrainingListener;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that train LoRA adapters of the language model. */
class LoraTrainingTest {
  private static final String[] LORA = {
    "model.language.trainable=false", "model.language.lora.rank=2", "stage2.learning_rate=0.05"
  };
  private static final String LANGUAGE = "model.language_model.";
  private static final String UP = LANGUAGE + "layers.0.mlp.up_proj.weight";

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  private static String[] lora(String... further) {
    String[] all = Arrays.copyOf(LORA, LORA.length + further.length);
    System.arraycopy(further, 0, all, LORA.length, further.length);
    return all;
  }

  private Path untrained() {
    return tiny.train(
        "untrained",
        "stage1.epochs=0",
        "stage1.max_steps=0",
        "stage2.epochs=0",
        "stage2.max_steps=0",
        "supervision.enabled=false");
  }

  @Test
  void theExportIsTheStartWithTheAdapterMerged() {
    Path run = tiny.train("run", lora());
    Path start = untrained();
    try (PointerScope scope = new PointerScope();
        LoadedLlava base = LoadedLlava.open(start.resolve("export"), ScalarType.Double, "cpu");
        LoadedLlava trained = LoadedLlava.open(run.resolve("export"), ScalarType.Double, "cpu")) {
      String up = "language_model.model.layers.0.mlp.up_proj.weight";
      double[] before = Torch.doubles(base.parameters().tensors().get(up));
      LlavaLora.merge(run.resolve("adapter"), base.parameters());
      double[] merged = Torch.doubles(base.parameters().tensors().get(up));
      assertThat(merged).isNotEqualTo(before);
      base.parameters()
          .tensors()
          .forEach(
              (name, tensor) -> {
                if (name.startsWith("language_model.")) {
                  assertThat(Torch.doubles(trained.parameters().tensors().get(name)))
                      .as(name)
                      .containsExactly(Torch.doubles(tensor), within(1e-12));
                }
              });
    }
    JsonConfig config = JsonConfig.read(run.resolve("adapter/adapter_config.json"));
    assertThat(config.integer("r", 0)).isEqualTo(2);
    assertThat(config.has("base_model_name_or_path")).as("drawn at random").isFalse();
  }

  @Test
  void theAdapterFitsTheLlavaThatTheRunStartedFrom() {
    Path start = untrained().resolve("export");
    Path run =
        tiny.train(
            "run", lora("model.llava=" + start, "model.tokenizer=", "supervision.enabled=false"));
    JsonConfig config = JsonConfig.read(run.resolve("adapter/adapter_config.json"));
    assertThat(config.text("base_model_name_or_path")).isEqualTo(start.toString());
    try (Safetensors weights = Safetensors.open(run.resolve("adapter/adapter_model.safetensors"))) {
      assertThat(weights.names())
          .contains("base_model.model.model.language_model.layers.0.mlp.up_proj.lora_A.weight");
    }
  }

  /** Interrupted within stage 1, at its end, and twice within stage 2. */
  @ParameterizedTest
  @ValueSource(longs = {2, 3, 4, 5})
  void aResumedRunIsBitwiseTheOneThatWasNeverStopped(long lastStep) throws IOException {
    String[] settings = lora("model.language.lora.dropout=0.3", "supervision.enabled=false");
    Path straight = tiny.train("straight", settings);
    Path resumed = tiny.trainInTwoParts("resumed", lastStep, settings);
    assertThat(straight.resolve("adapter/adapter_model.safetensors")).exists();
    TinyRun.assertSame(resumed, straight);
  }

  @Test
  void stageOneIsTheSameWithAndWithout() throws IOException {
    Path with = tiny.train("with", lora());
    Path without = tiny.train("without", "model.language.trainable=false");
    assertThat(TinyRun.metrics(with).subList(0, 3))
        .isEqualTo(TinyRun.metrics(without).subList(0, 3));
    assertThat(without.resolve("adapter")).doesNotExist();
    try (PointerScope scope = new PointerScope();
        Safetensors trained = Safetensors.open(with.resolve("export/model.safetensors"));
        Safetensors frozen = Safetensors.open(without.resolve("export/model.safetensors"))) {
      assertThat(Torch.doubles(trained.read(UP))).isNotEqualTo(Torch.doubles(frozen.read(UP)));
      String table = LANGUAGE + "embed_tokens.weight";
      assertThat(Torch.doubles(trained.read(table))).isEqualTo(Torch.doubles(frozen.read(table)));
    }
  }

  @Test
  void activationCheckpointingDrawsTheSameDropoutAgain() throws IOException {
    String dropout = "model.language.lora.dropout=0.3";
    String plain = "supervision.enabled=false";
    Path kept = tiny.train("kept", lora(dropout, plain));
    Path recomputed =
        tiny.train("recomputed", lora(dropout, plain, "activation_checkpointing=true"));
    TinyRun.assertSame(recomputed, kept);
  }

  @Test
  void dropoutOfARecordDoesNotDependOnItsMicroBatch() throws IOException {
    String dropout = "model.language.lora.dropout=0.3";
    String[] thin = {dropout, "supervision.enabled=false", "stage2.micro_batch_size=1"};
    String[] wide = {dropout, "supervision.enabled=false", "stage2.micro_batch_size=4"};
    List<ObjectNode> expected = TinyRun.metrics(tiny.train("wide", lora(wide)));
    List<ObjectNode> actual = TinyRun.metrics(tiny.train("thin", lora(thin)));
    List<ObjectNode> without =
        TinyRun.metrics(tiny.train("without", lora("supervision.enabled=false")));
    double last = expected.get(5).get("loss_language").asDouble();
    assertThat(actual.get(5).get("loss_language").asDouble()).isCloseTo(last, within(1e-10));
    assertThat(without.get(5).get("loss_language").asDouble()).isNotCloseTo(last, within(1e-8));
  }

  @Test
  @BadInput(
      number = 58,
      value = "a run resumed with another LoRA rank",
      then = "an error with the key and both values; the files stay as they are")
  void resumingWithAnotherLoraRank() throws IOException {
    Path run = tiny.train("run", lora("supervision.enabled=false"));
    ObjectNode other = tiny.recipe(lora("supervision.enabled=false", "model.language.lora.rank=3"));
    assertThatThrownBy(() -> RunFolder.resume(run, other).close())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(run.toString())
        .hasMessageContaining("model.language.lora.rank: 2 in the run, 3 now");
    // Nor does it help to change the run's own record of its recipe.
    Files.writeString(run.resolve("recipe.yaml"), RecipeReader.yaml(other));
    byte[] adapter = Files.readAllBytes(run.resolve("adapter/adapter_model.safetensors"));
    try (RunFolder opened = RunFolder.resume(run, other)) {
      assertThatThrownBy(
              () -> TrainingRun.run(RecipeReader.bind(other), opened, TrainingListener.NONE))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("step-6")
          .hasMessageContaining(".lora_A.weight' is float64 [2, 8], the run has float64 [3, 8]");
    }
    assertThat(run.resolve("adapter/adapter_model.safetensors")).hasBinaryContent(adapter);
  }

  @Test
  void settingsThatCannotBeAreNamed() {
    assertThatThrownBy(() -> tiny.train("both", "model.language.lora.rank=2"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("trainable is true")
        .hasMessageContaining("not both");
    assertThatThrownBy(() -> tiny.train("rank", lora("model.language.lora.rank=-1")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("model.language.lora.rank");
    String none = "model.language.lora.target_modules=query_key_value";
    assertThatThrownBy(() -> tiny.train("target", lora(none)))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("recipe: model.language.lora")
        .hasMessageContaining("[query_key_value] fits none")
        .hasMessageContaining("such as model.layers.0");
    assertThatThrownBy(() -> tiny.train("dropout", lora("model.language.lora.dropout=1")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("recipe: model.language.lora")
        .hasMessageContaining("dropout");
  }
}
