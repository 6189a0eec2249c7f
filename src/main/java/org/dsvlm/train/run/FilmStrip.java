/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.models.diffusion.DenoisingStrip;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.tensor.Torch;

/**
 * Pictures as they appear from noise under a trained model's features (the paper's Figure 5): for
 * each picture a folder {@code picture-N} with {@code step-S.png} after S sampler steps, and {@code
 * original.png}.
 */
public final class FilmStrip {
  /** Looks at the noise, at the end, and at equal distances between them. */
  private static final int LOOKS = 6;

  private final StableDiffusion diffusion;
  private final int samplerSteps;
  private final int[] looks;

  public FilmStrip(StableDiffusion diffusion, int samplerSteps) {
    this.diffusion = diffusion;
    this.samplerSteps = samplerSteps;
    this.looks = looks(samplerSteps);
  }

  /** Numbers of steps done at which a strip looks: 0, the end, and equal distances between. */
  public static int[] looks(int samplerSteps) {
    return IntStream.range(0, LOOKS)
        .map(i -> Math.round((float) i * samplerSteps / (LOOKS - 1)))
        .distinct()
        .toArray();
  }

  /**
   * Draws the strips into the new folder {@code target}.
   *
   * @param originals [pictures, 3, S, S] in [-1, 1]
   * @param contexts what the UNet attends to, each [pictures, tokens, cross width]
   * @param noise [pictures, latent channels, h, w], standard normal, of the UNet's type
   */
  public void write(Path target, Tensor originals, List<Tensor> contexts, Tensor noise) {
    DenoisingStrip strip =
        new DenoisingStrip(diffusion.unet(), diffusion.vae(), diffusion.schedule(), samplerSteps);
    AtomicFiles.folder(
        target,
        folder -> {
          for (int picture = 0; picture < originals.size(0); picture++) {
            Path own = Files.createDirectories(folder.resolve("picture-" + (picture + 1)));
            try (PointerScope scope = new PointerScope()) {
              long row = picture;
              List<Tensor> ownContexts =
                  contexts.stream().map(context -> context.narrow(0, row, 1)).toList();
              List<Tensor> frames = strip.pictures(noise.narrow(0, row, 1), ownContexts, looks);
              for (int i = 0; i < looks.length; i++) {
                Tensor levels = frames.get(i).mul(Torch.scalar(2)).sub(Torch.scalar(1));
                write(own.resolve("step-" + looks[i] + ".png"), levels.unsqueeze(0));
              }
              write(own.resolve("original.png"), originals.narrow(0, row, 1));
            }
          }
        });
  }

  private static void write(Path file, Tensor picture) throws IOException {
    Files.write(file, PictureGrid.of(1, picture).png());
  }
}
