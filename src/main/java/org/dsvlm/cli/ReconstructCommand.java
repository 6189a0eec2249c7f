/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.dsvlm.image.Picture;
import org.dsvlm.report.PictureSheet;
import org.dsvlm.train.Reconstructor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Shows what the diffusion model makes of a picture's features. */
@Command(
    name = "reconstruct",
    description =
        "Draws the way from noise to picture under the features of --image, the original last.",
    mixinStandardHelpOptions = true)
final class ReconstructCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "RUN",
      description = "Folder of a finished run.")
  private Path model;

  @Option(names = "--image", required = true, paramLabel = "FILE", description = "The picture.")
  private Path image;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The PNG file to write.")
  private Path out;

  @Option(
      names = "--steps",
      split = ",",
      paramLabel = "N",
      defaultValue = "0,10,20,30,40,50",
      description = "After how many steps to look, rising. Default: ${DEFAULT-VALUE}.")
  private int[] stepsDone;

  @Option(
      names = "--sampler-steps",
      paramLabel = "N",
      defaultValue = "50",
      description = "Steps of the DDIM sampler. Default: ${DEFAULT-VALUE}.")
  private int samplerSteps;

  @Option(
      names = "--side",
      paramLabel = "PIXELS",
      defaultValue = "256",
      description = "Width and height of each picture. Default: ${DEFAULT-VALUE}.")
  private int side;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of the noise. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Override
  public Integer call() {
    if (!out.toString().toLowerCase(Locale.ROOT).endsWith(".png")) {
      throw new ParameterException(
          spec.commandLine(), "--out is '" + out + "', but a PNG is written; name it .png");
    }
    PictureSheet.requireSide(side);
    Picture picture = Picture.read(image);
    try (Reconstructor reconstructor = Reconstructor.open(model)) {
      List<Picture> pictures =
          new ArrayList<>(reconstructor.strip(picture, samplerSteps, stepsDone, seed));
      pictures.add(reconstructor.seen(picture));
      PictureSheet.write(out, List.of(pictures), side);
    }
    spec.commandLine().getOut().println(out);
    return 0;
  }
}
