/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.data.Prefetcher;
import org.dsvlm.data.RecordSource;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.llava.LoadedLlava;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Threads;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.MetricsLog;
import org.dsvlm.train.run.RunFolder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingStageTest {
  private static final int STAGE = 2;
  private static final int STEPS = 3;

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  /** Two micro batches a step, one of them with a record of text alone. */
  private String[] overPretrained(Path pretrained, boolean supervised) {
    return new String[] {
      "model.llava=" + pretrained.resolve("export"),
      "model.stable_diffusion.path=" + pretrained.resolve("stable_diffusion"),
      "supervision.enabled=" + supervised,
      "instruments.enabled=false",
      "stage1.max_steps=0",
      "stage1.epochs=0.0",
      "stage2.max_steps=" + STEPS,
      "stage2.micro_batch_size=2"
    };
  }

  /** The metrics of the steps that the stage takes alone, over the batches of a run. */
  private List<ObjectNode> alone(ObjectNode tree) throws IOException {
    Recipe recipe = RecipeReader.bind(tree);
    Path run = folder.resolve("alone");
    LlavaConfig config;
    Path llava = Path.of(recipe.model().llava());
    try (LoadedLlava checkpoint =
        LoadedLlava.open(llava, DTypes.parse(recipe.precision()), "cpu")) {
      config = checkpoint.config();
    }
    List<RunData.Step> made = new ArrayList<>();
    // A run takes all that the process may use, LibTorch by itself a thread a core.
    try (Threads.Held threads = Threads.hold(Threads.wanted().count());
        RunFolder opened = RunFolder.create(run, tree);
        RunData data = new RunData(recipe, opened, new RandomState(recipe.seed()));
        RecordSource records = data.records(STAGE);
        Prefetcher<RunData.Step> steps = data.steps(STAGE, records, config, 0, STEPS);
        TrainingStage stage =
            TrainingStage.open(
                recipe,
                STAGE,
                STEPS,
                done -> {
                  made.add(steps.next());
                  return made.get((int) done).microBatches();
                });
        MetricsLog log = MetricsLog.after(0, opened.metrics())) {
      for (long step = 0; step < STEPS; step++) {
        log.write(stage.step().run(step));
      }
    } finally {
      made.forEach(RunData.Step::close);
    }
    return TinyRun.metrics(run);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void itsStepsAreThoseOfARunBitForBit(boolean supervised) throws IOException {
    String[] overrides = overPretrained(tiny.train("pretrained"), supervised);
    Path run = tiny.train("run", overrides);
    List<ObjectNode> expected = TinyRun.metrics(run);
    assertThat(expected).hasSize(STEPS);
    assertThat(expected.get(0).has("loss_reconstruction")).isEqualTo(supervised);
    assertThat(alone(tiny.recipe(overrides))).isEqualTo(expected);
  }

  @Test
  void itNeedsTheModelsFolders() {
    Recipe fresh = RecipeReader.bind(tiny.recipe());
    assertThatThrownBy(() -> TrainingStage.open(fresh, STAGE, STEPS, done -> List.of()))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("recipe: model.llava is empty; set it to the model's folder");
    Recipe withoutDiffusion = RecipeReader.bind(tiny.recipe("model.llava=" + folder));
    assertThatThrownBy(() -> TrainingStage.open(withoutDiffusion, STAGE, STEPS, done -> List.of()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("recipe: model.stable_diffusion.path is empty");
  }

  @Test
  @Closes({TrainingStage.class, Reconstructor.class, RunData.class})
  void whatIsClosedSaysSo() throws IOException {
    Path pretrained = tiny.train("pretrained");
    Recipe recipe = RecipeReader.bind(tiny.recipe(overPretrained(pretrained, true)));
    TrainingStage stage = TrainingStage.open(recipe, STAGE, STEPS, done -> List.of());
    TrainingStep step = stage.step();
    Closed.saysSo(
        stage,
        stage::step,
        () -> step.run(0),
        () -> stage.writeMultiAdapter(folder.resolve("adapter.safetensors")));
    Reconstructor reconstructor = Reconstructor.open(pretrained);
    Picture picture = new Picture(8, 8, new byte[3 * 8 * 8]);
    Closed.saysSo(reconstructor, () -> reconstructor.strip(picture, 1, new int[] {1}, 0));
    try (RunFolder run = RunFolder.create(folder.resolve("closed"), tiny.recipe())) {
      RunData data = new RunData(recipe, run, new RandomState(1));
      Closed.saysSo(data, () -> data.tokenizer().encode("a", false));
    }
  }

  @Test
  @Closes(FixedPictures.class)
  void closedPicturesSaySo() {
    Tensor numbers = Torch.keep(Torch.of(new float[] {1}, 1));
    FixedPictures pictures =
        new FixedPictures(numbers, numbers.clone(), numbers.clone(), List.of("a"));
    Closed.saysSo(pictures, pictures::pixelValues, pictures::picture, pictures::meanPicture);
  }
}
