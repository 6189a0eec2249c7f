/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.testing.NativeObjects;
import org.dsvlm.weights.WeightSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiffusionSupervisorTest {
  private static final String UNROLLED =
      """
      {"loss": "mae", "reconstruction": {"kind": "unrolled", "steps": 4, "gradient_steps": 2}}""";

  @Test
  void withoutPicturesTheLossIsZeroAndTouchesNothing() {
    try (PointerScope scope = new PointerScope();
        TinyModel model = new TinyModel("{}", ScalarType.Float)) {
      model.trainable();
      DiffusionSupervisor.Result result =
          model.supervisor.loss(
              Map.of(), empty(3, 16, 16), Torch.of(new long[0], 0), empty(4, 8, 8));
      assertThat(Torch.item(result.loss())).isZero();
      assertThat(result.loss().requires_grad()).isFalse();
      assertThat(result.perSample().numel()).isZero();
    }
  }

  @Test
  void onePicturesLossDoesNotDependOnItsNeighbours() {
    try (PointerScope scope = new PointerScope();
        TinyModel model = new TinyModel("{}", ScalarType.Double)) {
      Map<String, Tensor> features = model.features(2);
      Tensor picture = model.random("picture", 2, 3, 16, 16);
      Tensor noise = model.random("noise", 2, 4, 8, 8);
      Tensor timesteps = Torch.of(new long[] {101, 501}, 2);
      DiffusionSupervisor.Result both = model.supervisor.loss(features, picture, timesteps, noise);
      features.replaceAll((name, feature) -> feature.narrow(0, 1, 1));
      DiffusionSupervisor.Result second =
          model.supervisor.loss(
              features, picture.narrow(0, 1, 1), timesteps.narrow(0, 1, 1), noise.narrow(0, 1, 1));
      double[] perSample = Torch.doubles(both.perSample());
      assertThat(Torch.item(second.loss())).isCloseTo(perSample[1], within(1e-12));
      assertThat(Torch.item(both.loss()))
          .isCloseTo((perSample[0] + perSample[1]) / 2, within(1e-12));
    }
  }

  @Test
  void withoutAPictureLossTheDecoderDoesNotRun() {
    try (PointerScope scope = new PointerScope();
        TinyModel model = new TinyModel("{\"loss\": \"epsilon\"}", ScalarType.Float)) {
      assertThat(model.forward(1).pictureHat()).isNull();
    }
  }

  @Test
  void sharedAttentionHasAdaptersAlone() {
    try (PointerScope scope = new PointerScope();
        TinyModel model = new TinyModel("{\"attention\": \"shared\"}", ScalarType.Float)) {
      assertThat(model.adapterStore.tensors().keySet())
          .allMatch(name -> name.startsWith("adapters."))
          .hasSize(8);
      assertThat(model.forward(1).routerProbabilities()).isEmpty();
    }
  }

  @Test
  void subsetsOfFeaturesAreAllThatIsBuilt() {
    try (PointerScope scope = new PointerScope();
        TinyModel model = new TinyModel("{\"features\": [\"mid\"]}", ScalarType.Float)) {
      DiffusionSupervisor.Result result = model.forward(1);
      assertThat(model.adapterStore.tensors().keySet())
          .noneMatch(name -> name.contains("low") || name.contains("text"));
      assertThat(Torch.doubles(result.routerProbabilities().get(0))).containsExactly(1);
    }
  }

  @Test
  void unrolledAgreesWithTheDenoisingThatItShows() {
    try (PointerScope scope = new PointerScope();
        TinyModel model = new TinyModel(UNROLLED, ScalarType.Double)) {
      model.trainable();
      Map<String, Tensor> features = model.features(2);
      Tensor start = model.random("noise", 2, 4, 8, 8);
      List<Tensor> trajectory = model.supervisor.denoise(features, start);
      assertThat(trajectory).hasSize(4).noneMatch(Tensor::requires_grad);
      Tensor shown = model.supervisor.decode(trajectory.get(3));
      Tensor trained =
          model
              .supervisor
              .loss(features, model.random("picture", 2, 3, 16, 16), null, start)
              .pictureHat();
      assertThat(Torch.doubles(trained)).containsExactly(Torch.doubles(shown), within(1e-12));
    }
  }

  @Test
  void everyStepFreesWhatItMade() {
    try (PointerScope scope = new PointerScope();
        TinyModel oneStep = new TinyModel("{}", ScalarType.Float);
        TinyModel unrolled = new TinyModel(UNROLLED, ScalarType.Float)) {
      for (TinyModel model : List.of(oneStep, unrolled)) {
        model.trainable();
        long before = 0;
        for (int step = 0; step < 6; step++) {
          try (PointerScope own = new PointerScope()) {
            model.forward(2).loss().backward();
          }
          if (step == 2) {
            before = NativeObjects.settledCount();
          }
        }
        assertThat(Pointer.totalCount()).isEqualTo(before);
      }
    }
  }

  @Test
  void namesAFeatureThatIsMissing() {
    try (PointerScope scope = new PointerScope();
        TinyModel model = new TinyModel("{}", ScalarType.Float)) {
      Map<String, Tensor> features = model.features(1);
      features.remove("mid");
      Tensor picture = model.random("picture", 1, 3, 16, 16);
      assertThatThrownBy(() -> model.supervisor.contexts(features))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("'mid'");
      assertThat(Torch.shape(model.supervisor.latents(picture))).containsExactly(1, 4, 8, 8);
    }
  }

  @Test
  void theAdapterFileGivesTheSameModelBack(@TempDir Path folder) {
    try (PointerScope scope = new PointerScope();
        TinyModel model = new TinyModel("{}", ScalarType.Float)) {
      double loss = Torch.item(model.forward(1).loss());
      Path file = folder.resolve(MultiAdapterFile.NAME);
      MultiAdapterFile.write(file, model.adapterStore);
      try (WeightSource source = MultiAdapterFile.open(file);
          ParameterStore stored = ParameterStore.from(source, ScalarType.Float, "cpu");
          TinyModel again = new TinyModel("{}", ScalarType.Float, stored)) {
        assertThat(stored.surplus()).isEmpty();
        assertThat(Torch.item(again.forward(1).loss())).isEqualTo(loss);
      }
    }
  }

  @Test
  void drawsDependOnSampleAndStepAlone() {
    try (PointerScope scope = new PointerScope();
        TinyModel model = new TinyModel("{}", ScalarType.Float)) {
      SupervisionDraw.Source source = model.supervisor.draws(new RandomState(5));
      SupervisionDraw both = source.draw(List.of("a", "b"), 3);
      SupervisionDraw alone = model.supervisor.draws(new RandomState(5)).draw(List.of("b"), 3);
      SupervisionDraw later = source.draw(List.of("b"), 4);
      assertThat(Torch.longs(both.timesteps())[1]).isEqualTo(Torch.longs(alone.timesteps())[0]);
      assertThat(Torch.floats(both.noise().select(0, 1)))
          .containsExactly(Torch.floats(alone.noise()));
      assertThat(Torch.floats(later.noise())).isNotEqualTo(Torch.floats(alone.noise()));
      assertThat(Torch.shape(both.noise())).containsExactly(2, 4, 8, 8);
      assertThat(Torch.shape(source.draw(List.of(), 0).noise())).containsExactly(0, 4, 8, 8);
    }
  }

  @Test
  void timestepsLieOnTheGridWithinTheRange() {
    try (PointerScope scope = new PointerScope();
        TinyModel model = new TinyModel("{}", ScalarType.Float)) {
      SupervisionDraw.Source source = model.supervisor.draws(new RandomState(5));
      long[] drawn = new long[400];
      for (int step = 0; step < drawn.length; step++) {
        drawn[step] = Torch.longs(source.draw(List.of("a"), step).timesteps())[0];
      }
      assertThat(Arrays.stream(drawn)).allMatch(t -> t % 20 == 1 && t > 600);
      assertThat(drawn).contains(601).contains(981);
      assertThat(Arrays.stream(drawn).distinct().count()).isEqualTo(20);
    }
  }

  private static Tensor empty(long... shape) {
    return Torch.of(new float[0], 0, shape[0], shape[1], shape[2]);
  }

  @Test
  @Closes(DiffusionSupervisor.class)
  void aClosedSupervisorSaysSo() {
    try (PointerScope scope = new PointerScope();
        TinyModel model = new TinyModel(UNROLLED, ScalarType.Float)) {
      Map<String, Tensor> features = model.features(1);
      Tensor picture = model.random("picture", 1, 3, 16, 16);
      Tensor noise = model.random("noise", 1, 4, 8, 8);
      DiffusionSupervisor supervisor = model.supervisor;
      Closed.saysSo(
          supervisor,
          () -> supervisor.loss(features, picture, null, noise),
          () -> supervisor.contexts(features),
          () -> supervisor.denoise(features, noise),
          () -> supervisor.latents(picture),
          () -> supervisor.decode(noise));
    }
  }
}
