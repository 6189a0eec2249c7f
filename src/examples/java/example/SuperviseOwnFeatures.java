/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package example;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.models.diffusion.StableDiffusionFolder;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.supervision.DiffusionSupervisor;
import org.dsvlm.supervision.MultiAdapterFile;
import org.dsvlm.supervision.SupervisionConfig;
import org.dsvlm.supervision.SupervisionDraw;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.optim.AdamW;
import org.dsvlm.train.optim.ParameterGroup;

/**
 * Teaches an encoder of one's own by diffusion supervision: a frozen Stable Diffusion has to
 * reconstruct the pictures from two features, {@code p3} and {@code p4}, and its error flows back
 * into the encoder. The encoder is two matrices over patches, the pictures are random stripes; put
 * yours in their place.
 *
 * <pre>
 *   tools/dsvlm --version                          # builds what is missing
 *   java -cp "target/classes:$(cat target/launcher.classpath)" \
 *     src/examples/java/example/SuperviseOwnFeatures.java \
 *     src/main/nano/stable_diffusion target/own.safetensors 20
 * </pre>
 */
public final class SuperviseOwnFeatures {
  private static final int SIDE = 64;
  private static final List<String> NAMES = List.of("a", "b", "c", "d");

  private SuperviseOwnFeatures() {}

  /** A Stable Diffusion's folder, the file of adapters to write, the number of steps. */
  public static void main(String[] arguments) {
    SupervisionConfig config =
        SupervisionConfig.builder()
            .feature("p3", 24)
            .feature("p4", 48)
            .loss("mae")
            .pictureSize(SIDE)
            .build();
    RandomState random = new RandomState(1);
    try (PointerScope scope = new PointerScope();
        StableDiffusion frozen =
            StableDiffusionFolder.open(Path.of(arguments[0]), ScalarType.Float, "cpu");
        ParameterStore encoder = ParameterStore.random(random, ScalarType.Float, "cpu");
        ParameterStore adapters = ParameterStore.random(random, ScalarType.Float, "cpu");
        DiffusionSupervisor supervisor =
            new DiffusionSupervisor(config, frozen, config.loss().build(null), adapters.root())) {
      frozen.unetStore().setTrainable(name -> false);
      frozen.vaeStore().setTrainable(name -> false);
      Linear small = Linear.withBias(encoder.root().at("p3"), 3 * 8 * 8, 24);
      Linear large = Linear.withBias(encoder.root().at("p4"), 3 * 16 * 16, 48);
      Map<String, Tensor> trained = new LinkedHashMap<>(encoder.setTrainable(name -> true));
      trained.putAll(adapters.setTrainable(name -> true));
      Tensor pictures = stripes(random);
      SupervisionDraw.Source draws = supervisor.draws(random);
      try (AdamW optimizer =
          new AdamW(List.of(new ParameterGroup("all", trained, 1e-3, 0)), 0.9, 0.999, 1e-8)) {
        for (int step = 0; step < Integer.parseInt(arguments[2]); step++) {
          try (PointerScope own = new PointerScope()) {
            Map<String, Tensor> features =
                Map.of(
                    "p3", small.forward(patches(pictures, 8)),
                    "p4", large.forward(patches(pictures, 16)));
            Tensor loss = supervisor.loss(features, pictures, draws.draw(NAMES, step)).loss();
            loss.backward();
            optimizer.step(1);
            optimizer.zeroGradients();
            System.out.printf(Locale.ROOT, "step %d: loss %.4f%n", step, Torch.item(loss));
          }
        }
      }
      MultiAdapterFile.write(Path.of(arguments[1]), adapters);
    }
  }

  /** [pictures, 3, side, side] in rows of patches, [pictures, patches, 3 · patch²]. */
  private static Tensor patches(Tensor pictures, int patch) {
    return torch.pixel_unshuffle(pictures, patch).flatten(2, -1).transpose(1, 2);
  }

  /** One picture a name, in [-1, 1]. */
  private static Tensor stripes(RandomState random) {
    return random.fork("stripes").normal(NAMES.size(), 3, 1, SIDE).tanh().repeat(1, 1, SIDE, 1);
  }
}
