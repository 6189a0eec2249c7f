/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vgg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.testing.PickleFiles;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PerceptualNetworkTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/perceptual");

  private static final long[] WIDTHS = {2, 3, 4, 5, 6};

  @Test
  void randomWeightsAreFixedByTheSeed() {
    try (PointerScope scope = new PointerScope();
        PerceptualNetwork first = random(1);
        PerceptualNetwork same = random(1);
        PerceptualNetwork other = random(2)) {
      Tensor x = picture("x");
      Tensor y = picture("y");
      double distance = Torch.item(first.lpips(x, y));
      assertThat(distance).isPositive();
      assertThat(Torch.item(same.lpips(x, y))).isEqualTo(distance);
      assertThat(Torch.item(other.lpips(x, y))).isNotEqualTo(distance);
    }
  }

  @Test
  void onlyTheFirstPictureGetsAGradient() {
    try (PointerScope scope = new PointerScope();
        PerceptualNetwork network = random(1)) {
      Tensor x = picture("x").set_requires_grad(true);
      Tensor target = picture("y").set_requires_grad(true);
      network.lpips(x, target).sum().backward();
      assertThat(Torch.item(x.grad().abs().max())).isPositive();
      assertThat(target.grad().defined()).isFalse();
    }
  }

  @Test
  void rejectsAnotherNumberOfStages() {
    assertThatThrownBy(
            () ->
                PerceptualNetwork.random(
                    new RandomState(1), new long[] {4, 4}, ScalarType.Float, "cpu"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("five stage widths");
  }

  @Test
  void namesTheFileAndTensorThatIsMissing(@TempDir Path folder) {
    try (PointerScope scope = new PointerScope()) {
      Path vgg = folder.resolve("vgg.safetensors");
      Path lpips = folder.resolve("lpips.safetensors");
      Map<String, Tensor> half = new TreeMap<>();
      half.put("features.0.weight", torch.zeros(2, 3, 3, 3));
      half.put("features.0.bias", torch.zeros(2));
      SafetensorsWriter.write(vgg, half);
      SafetensorsWriter.write(lpips, Map.of("lin0.model.1.weight", torch.zeros(1, 2, 1, 1)));
      assertThatThrownBy(() -> PerceptualNetwork.open(vgg, lpips, ScalarType.Float, "cpu"))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("vgg.safetensors")
          .hasMessageContaining("features.2.weight");
    }
  }

  /** Torchvision and the LPIPS project give out pickles. */
  @Test
  void readsPthFiles(@TempDir Path folder) throws IOException {
    Map<String, Path> pth = new TreeMap<>();
    try (PointerScope scope = new PointerScope()) {
      for (String part : new String[] {"vgg", "lpips"}) {
        try (Safetensors stored = Safetensors.open(GOLDEN.resolve(part + ".safetensors"))) {
          Map<String, Tensor> tensors = new TreeMap<>();
          stored.names().forEach(name -> tensors.put(name, stored.read(name)));
          pth.put(part, folder.resolve(part + ".pth"));
          PickleFiles.save(pth.get(part), tensors);
        }
      }
      try (PerceptualNetwork safe =
              PerceptualNetwork.open(
                  GOLDEN.resolve("vgg.safetensors"),
                  GOLDEN.resolve("lpips.safetensors"),
                  ScalarType.Float,
                  "cpu");
          PerceptualNetwork pickled =
              PerceptualNetwork.open(pth.get("vgg"), pth.get("lpips"), ScalarType.Float, "cpu")) {
        Tensor distance = pickled.lpips(picture("x"), picture("y"));
        assertThat(distance.equal(safe.lpips(picture("x"), picture("y")))).isTrue();
        assertThat(Torch.item(distance.sum())).isPositive();
      }
    }
  }

  private static PerceptualNetwork random(long seed) {
    return PerceptualNetwork.random(new RandomState(seed), WIDTHS, ScalarType.Float, "cpu");
  }

  private static Tensor picture(String purpose) {
    return new RandomState(9).fork(purpose).normal(1, 3, 20, 18);
  }

  @Test
  @Closes(PerceptualNetwork.class)
  void aClosedNetworkSaysSo() {
    try (PointerScope scope = new PointerScope()) {
      PerceptualNetwork network = random(1);
      Tensor x = picture("x");
      Closed.saysSo(
          network,
          network::heads,
          () -> network.lpips(x, x),
          () -> network.lpipsLayers(x, x),
          () -> network.lpipsFeatures(x),
          () -> network.lpipsDifferences(x, List.of(x)),
          () -> network.relu3L1(x, x));
    }
  }
}
